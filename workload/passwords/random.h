/* Where a thread's random bytes come from.  Each thread opens its own. */
#ifndef PASSWORDS_RANDOM_H
#define PASSWORDS_RANDOM_H

#include "workload/passwords/options.h"

#include <stddef.h>
#include <stdint.h>

struct random_source {
    enum source_kind kind;
    int fd;         /* urandom only */
    uint64_t state; /* prng only */
};

/* `stream` numbers the prng's sequences; the other kinds ignore it.  Negative errno when it can't be opened.
 */
int random_open(struct random_source *source, enum source_kind kind, uint64_t stream);

/* Fills `bytes` whole, without buffering: one system call per password.  -ENODATA: the source ended. */
int random_read(struct random_source *source, unsigned char *bytes, size_t size);

void random_close(struct random_source *source);

#endif
