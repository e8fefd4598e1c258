/* The question about one futex word while it is worked out, and how an answer is put down.  Only the files of
 * naming use it. */
#ifndef HEAPWAIT_INQUIRY_H
#define HEAPWAIT_INQUIRY_H

#include "probes/names/allocators.h"
#include "probes/names/naming.h"

/* What is being worked out for one word. */
struct inquiry {
    struct naming *naming;
    const struct word_facts *facts;
    const struct module *module; /* NULL: in no file */
    uint64_t own;                /* the word's address in the module */
    struct word_name *out;
    bool failed; /* memory ran out: the answer is not to be used */
};

/* Replaces *text, a string of the answer.  Without memory it becomes NULL, and q->failed true. */
void inquiry_put(struct inquiry *q, char **text, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Answers that the word is a lock of the allocator `a`. */
void inquiry_malloc(struct inquiry *q, const struct allocator *a);

/* Answers that the word is no allocator's. */
void inquiry_other(struct inquiry *q);

/* Puts the word's place where its name would stand: "unnamed word in MODULE .bss+OFFSET". */
void inquiry_place(struct inquiry *q);

/* Names the word by `symbol`, which begins `offset` bytes before it. */
void inquiry_symbol(struct inquiry *q, const char *symbol, uint64_t offset);

#endif
