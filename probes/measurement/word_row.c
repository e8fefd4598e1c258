/* See word_row.h. */
#include "probes/measurement/word_row.h"

#include <stdlib.h>

int word_row_compare(const void *a, const void *b)
{
    const struct word_key *x = &((const struct word_row *)a)->key, *y = &((const struct word_row *)b)->key;
    if (x->space != y->space)
        return x->space < y->space ? -1 : 1;
    if (x->address != y->address)
        return x->address < y->address ? -1 : 1;
    if (x->op != y->op)
        return (int)x->op - (int)y->op;
    if (x->outcome != y->outcome)
        return (int)x->outcome - (int)y->outcome;
    return x->thread < y->thread ? -1 : x->thread > y->thread;
}

void word_rows_free(struct word_row *rows, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        free(rows[i].stack);
        free(rows[i].histogram);
        free(rows[i].handoff);
    }
    free(rows);
}

void word_row_totals_subtract(struct word_totals *from, const struct word_totals *what)
{
    from->calls -= what->calls;
    from->timed -= what->timed;
    from->oncpu_ns -= what->oncpu_ns;
    from->blocked_ns -= what->blocked_ns;
    from->runnable_ns -= what->runnable_ns;
    from->kernel_lock_ns -= what->kernel_lock_ns;
    from->woken -= what->woken;
}

size_t word_rows_subtract(struct word_row *rows, size_t count, const struct word_row *before,
                          size_t before_count)
{
    size_t kept = 0;
    for (size_t i = 0, k = 0; i < count; i++) {
        while (k < before_count && word_row_compare(&before[k], &rows[i]) < 0)
            k++;
        if (k < before_count && !word_row_compare(&before[k], &rows[i]))
            word_row_totals_subtract(&rows[i].value.totals, &before[k].value.totals);
        if (rows[i].value.totals.calls)
            rows[kept++] = rows[i];
    }
    return kept;
}
