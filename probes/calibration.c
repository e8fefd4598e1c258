/* See calibration.h. */
#include "probes/calibration.h"

const char *const calibration_kind_names[CALL_KINDS] = {"null", "wake", "wait"};
