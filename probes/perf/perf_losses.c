/* See perf_losses.h. */
#include "probes/perf/perf_losses.h"

#include "probes/bpf/terms.h"
#include "probes/perf/perf_script.h"

/* Returns how many of the samples and calls that were read are in no row and under no loss.  That is never
 * so, unless heapwait is at fault: then the import says it. */
static uint64_t not_accounted(const struct importer *im, const struct measurement *m)
{
    const struct perf_calls_loss *l = perf_calls_losses(im->calls);
    uint64_t samples = im->idle + im->other_clock, calls = l->edges.endless + l->words;
    for (size_t i = 0; m->ledger && i < m->ledger->sample_count; i++)
        samples += m->ledger->samples[i].samples;
    for (size_t i = 0; i < m->lock_count; i++)
        calls += lock_calls(&m->locks[i]);
    if (m->probes == PROBES_NONE)
        calls = l->begun;
    return (samples > im->read ? samples - im->read : im->read - samples) +
           (calls > l->begun ? calls - l->begun : l->begun - calls);
}

int perf_losses_add(const struct importer *im, struct measurement *m, uint64_t no_room)
{
    const struct perf_calls_loss *l = perf_calls_losses(im->calls);
    const bool paths = im->samples || l->paths || im->session->call_paths, waits = m->probes != PROBES_NONE,
               sleeps = im->session->switches && im->session->wakeups && im->session->inherits;
    const struct {
        bool watched; /* else there is no row */
        struct loss loss;
    } all[] = {
        {true, {"records that perf lost", im->lost_records, NULL}},
        {true, {"lines of perf script that made no sense", perf_script_strange(im->script), NULL}},
        {true, {"mapping records dropped", im->lost_mappings, NULL}},
        {true,
         {"samples and calls read and not accounted for (a fault of heapwait's: report it)",
          not_accounted(im, m), NULL}},
        {true, {"missing end of the session", im->cut != PERF_WHOLE, NULL}},
        {true, {"warnings of perf's while it read the session", im->reading.warning_count, NULL}},
        {im->read,
         {"samples of another clock, which would count the same time twice", im->other_clock, NULL}},
        {true,
         {"kinds of futex events of which perf recorded only some",
          (uint64_t)im->session->begins_partly + im->session->ends_partly, NULL}},
        {im->session->timeless, {"system calls and switches without a time", im->timeless, NULL}},
        {paths, {"call stacks not kept", perf_paths_lost(im->paths) + l->paths, NULL}},
        {paths, {"samples without room for their call path", no_room, NULL}},
        {waits, loss_make(LOSS_UNMATCHED, l->edges.unmatched)},
        {waits, loss_make(LOSS_UNENDED, l->edges.endless)},
        {waits, loss_make(LOSS_WORD, l->words)},
        {waits, loss_make(LOSS_HISTOGRAM, l->histograms)},
        {waits, loss_make(LOSS_TASK, l->threads)},
        {waits, loss_make(LOSS_CLOCK, l->clock)},
        {waits,
         {"futex_waitv and futex_requeue calls, whose words perf doesn't record", l->arrays, LOSS_UNIT_CALL}},
        {waits && sleeps, loss_make(LOSS_WAKEUP, l->wakeups)},
        {waits && im->started_ns && im->session->inherits,
         {"threads still running at the end", perf_family_count(im->family), NULL}},
    };
    int rc = 0;
    for (size_t i = 0; i < sizeof(all) / sizeof(all[0]) && !rc; i++)
        rc = all[i].watched ? measurement_losses_add(m, &all[i].loss, 1) : 0;
    return rc;
}
