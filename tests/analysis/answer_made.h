/* Answers made by hand, for the tests of the answer's views: one of each conclusion, and what a recording can
 * do to them. */
#ifndef HEAPWAIT_ANSWER_MADE_H
#define HEAPWAIT_ANSWER_MADE_H

#include "analysis/answer/answer.h"

enum answer_made_kind {
    MADE_MALLOC,    /* musl's lock, sampled, with three cures, of which one is measured */
    MADE_ARENAS,    /* five of glibc's, one row of them; the lower end of the cost alone */
    MADE_MEMORY,    /* memory calls */
    MADE_OWN,       /* the program's mutex, beside waits for work and an end: a ledger */
    MADE_SPINNING,  /* by samples */
    MADE_NOT,       /* arithmetic, with a little malloc */
    MADE_CANNOT,    /* a busy machine, calls that are missing */
    MADE_STUDY,     /* musl against glibc, with a cure */
    MADE_PROCESSES, /* two processes, attached to */
    MADE_TWO,       /* malloc's lock and the program's own cost as much */
    MADE_UNKNOWN,   /* a malloc lock of which no number, no text and no count is known */
    MADE_EMPTY,     /* a conclusion without a cause */
    MADE_HOSTILE,   /* names that are escape sequences, markup and very long */
    MADE_KINDS
};

/* Returns an answer to be freed with answer_free(); ends the test if memory runs out. */
struct answer *answer_made(enum answer_made_kind kind);

#endif
