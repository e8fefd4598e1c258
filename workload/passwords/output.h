/* What the program prints when it has succeeded. */
#ifndef PASSWORDS_OUTPUT_H
#define PASSWORDS_OUTPUT_H

#include "workload/passwords/generator.h"
#include "workload/passwords/options.h"

/* The passwords where asked for, then the line (or the JSON object) that tells the time.  Negative errno when
 * it could not all be written. */
int output_write(const struct options *options, const struct generation *generation);

#endif
