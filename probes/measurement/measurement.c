/* See measurement.h. */
#include "probes/measurement/measurement.h"

#include "probes/measurement/call_tree.h"

#include <stdlib.h>

static void lock_free(struct lock *l)
{
    free(l->name);
    free(l->module);
    free(l->evidence);
    free(l->outcomes);
    free(l->buckets);
    free(l->handoffs);
    free(l->waiters);
}

void ledger_free(struct ledger *l)
{
    if (!l)
        return;
    for (size_t i = 0; i < l->sample_count; i++) {
        free(l->samples[i].symbol);
        free(l->samples[i].module);
    }
    free(l->threads);
    free(l->samples);
    free(l->timeline);
    free(l);
}

void measurement_free(struct measurement *m)
{
    if (!m)
        return;
    for (size_t i = 0; i < m->lock_count; i++)
        lock_free(&m->locks[i]);
    free(m->locks);
    free(m->allocator_evidence);
    ledger_free(m->ledger);
    call_tree_free(m->paths);
    free(m->losses);
    free(m->probe_stats);
    free(m->note);
    free(m->perf_failure);
    free(m);
}

uint64_t measurement_lost(const struct measurement *m)
{
    uint64_t sum = 0;
    for (size_t i = 0; i < m->loss_count; i++)
        sum += m->losses[i].count;
    return sum;
}
