/* Rows of the table of words: their order, and their end.  See session.h. */
#include "probes/session.h"

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
