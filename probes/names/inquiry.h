/* The question about one futex word while it is worked out, and how an answer is put down.  Not for use
 * outside of the naming. */
#ifndef HEAPWAIT_INQUIRY_H
#define HEAPWAIT_INQUIRY_H

#include "probes/names/allocators.h"
#include "probes/names/naming.h"

/* What is being worked out for one word. */
struct inquiry {
    struct naming *naming;
    const struct word_facts *facts;
    const struct module *module; /* NULL: in no file */
    uint64_t own;                /* the address in the module */
    struct word_name *out;
    bool failed;
};

/* Replaces a text of the answer. */
void inquiry_put(struct inquiry *q, char **text, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
void inquiry_malloc(struct inquiry *q, const struct allocator *a);
void inquiry_other(struct inquiry *q);
/* "unnamed word in MODULE .bss+OFFSET": where it is, which is no name. */
void inquiry_place(struct inquiry *q);
/* A symbol that lies `offset` bytes before the word. */
void inquiry_symbol(struct inquiry *q, const char *symbol, uint64_t offset);

#endif
