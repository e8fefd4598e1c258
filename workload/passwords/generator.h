/* The work itself: threads that generate passwords, and the main thread that gathers them.
 * Every allocation is a plain malloc, realloc or free, so that the variant's allocator sees what it would see
 * from the Rust original: one 36-byte block per password, and each thread's growing vector. */
#ifndef PASSWORDS_GENERATOR_H
#define PASSWORDS_GENERATOR_H

#include "workload/passwords/options.h"
#include "workload/passwords/vector.h"

#include <stdint.h>

struct generation {
    struct password_vector passwords; /* empty with FREE_IMMEDIATELY */
    uint64_t count;                   /* passwords generated, kept or not */
    uint64_t elapsed_ns;              /* from before the first thread starts to after the last extend */
};

/* Runs options->threads threads (not 0).  Free *out with generation_free().
 * Negative errno with one sentence in `message`: nothing is kept. */
int generation_run(const struct options *options, struct generation *out, char *message, size_t size);

void generation_free(struct generation *generation);

#endif
