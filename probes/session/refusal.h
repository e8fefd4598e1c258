/* Why the kernel refused BPF programs, in one sentence.  libbpf tells it in warnings, line by line, and the
 * kernel's verifier in a log of any length among them; what is needed for the sentence is picked out as they
 * come.  What is missing is told apart: a map, a program that the verifier refuses, a type or a field that
 * the kernel hasn't got (CO-RE), an event. */
#ifndef HEAPWAIT_REFUSAL_H
#define HEAPWAIT_REFUSAL_H

#include "analysis/base/error.h"

#include <bpf/libbpf.h>
#include <stdarg.h>
#include <stdbool.h>

struct refusal {
    char map[64];       /* that libbpf spoke of last; "": it spoke of none */
    char program[64];   /* the same */
    char words[256];    /* the first line about it: later ones only say that it failed */
    char verifier[256]; /* the last line of the verifier's log; "": it wrote none */
    bool types;         /* a relocation (CO-RE) found nothing in this kernel */
};

/* From now on libbpf's warnings go to *r, which is cleared, from all threads; with HEAPWAIT_DEBUG in the
 * environment to stderr as well.  *r must live until refusal_end(). */
void refusal_listen(struct refusal *r);
void refusal_end(void);

/* Takes one warning of libbpf's.  Called by libbpf after refusal_listen(). */
void refusal_take(struct refusal *r, const char *text);

/* Makes the sentence of what *r has heard; `code` is libbpf's negative errno.  `object` tells the types of
 * maps; NULL: unknown.  Returns `code`. */
int refusal_set(const struct refusal *r, const struct bpf_object *object, int code, struct error *err);

/* The same, for programs that were loaded and can't be attached. */
int refusal_set_attach(const struct refusal *r, int code, struct error *err);

#endif
