/* See futex_split.h. */
#include "probes/names/futex_split.h"

#include "probes/bpf/terms.h"

#include <stdlib.h>

struct futex_split {
    uint32_t threads;
    struct split_part parts[];
};

struct futex_split *futex_split_new(uint32_t threads)
{
    struct futex_split *split = calloc(1, sizeof(*split) + (threads + 1ul) * sizeof(split->parts[0]));
    if (split)
        split->threads = threads;
    return split;
}

void futex_split_free(struct futex_split *split)
{
    free(split);
}

void futex_split_add(struct futex_split *split, const struct word_row *row)
{
    const struct word_totals *t = &row->value.totals;
    if (row->key.thread > split->threads)
        return;
    struct split_part *p = &split->parts[row->key.thread];
    uint64_t oncpu = term_totals_oncpu(t);
    if (!term_op_waits(row->key.op)) {
        p->ns[SPLIT_WAKE] += oncpu;
        p->entries[SPLIT_WAKE] += t->calls;
        return;
    }
    p->ns[SPLIT_WAIT] += oncpu;
    p->ns[SPLIT_BLOCKED] += t->blocked_ns;
    p->ns[SPLIT_RUNNABLE] += t->runnable_ns;
    p->entries[SPLIT_WAIT] += t->calls;
    if (t->blocked_ns) {
        p->entries[SPLIT_BLOCKED] += t->calls;
        p->entries[SPLIT_RUNNABLE] += t->calls;
    }
}

const struct split_part *futex_split_of(const struct futex_split *split, uint32_t thread)
{
    static const struct split_part nothing;
    return thread <= split->threads ? &split->parts[thread] : &nothing;
}
