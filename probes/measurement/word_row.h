/* The rows of the table of words, as they are brought back from the probes or made of a perf session: one per
 * word, operation, outcome and, in mode ledger, thread. */
#ifndef HEAPWAIT_WORD_ROW_H
#define HEAPWAIT_WORD_ROW_H

#include "probes/bpf/abi.h"

#include <stddef.h>

/* One row of the table of words.  `stack`, `histogram` and `handoff` are NULL when there is none; what
 * threads share (mode ledger has a row for each) is with the first of their rows. */
struct word_row {
    struct word_key key;
    struct word_value value;
    struct stack_value *stack;
    struct histogram_value *histogram;
    struct histogram_value *handoff; /* with wait/slept */
};

/* The order of rows, for qsort(): by space, address, operation, outcome, thread. */
int word_row_compare(const void *a, const void *b);

/* Frees the rows and what they hold; NULL is fine. */
void word_rows_free(struct word_row *rows, size_t count);

/* Leaves what came between two snapshots: subtracts `before` from `rows`, drops the rows that have no calls
 * left, and returns how many rows stay.  Both are ordered by word_row_compare().  What rows hold is not
 * freed. */
size_t word_rows_subtract(struct word_row *rows, size_t count, const struct word_row *before,
                          size_t before_count);

/* Subtracts `what` from the totals. */
void word_row_totals_subtract(struct word_totals *from, const struct word_totals *what);

#endif
