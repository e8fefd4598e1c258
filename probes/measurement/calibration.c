/* See calibration.h. */
#include "probes/measurement/calibration.h"

const char *const calibration_kind_names[CALL_KINDS] = {"null", "wake", "wait"};
