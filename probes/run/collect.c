/* See collect.h. */
#include "probes/run/collect.h"

#include "probes/bpf/terms.h"
#include "probes/names/locks.h"
#include "probes/names/naming.h"
#include "probes/run/ledger.h"
#include "probes/run/memory_calls.h"
#include "probes/run/perf_stacks.h"
#include "probes/run/samples.h"
#include "probes/run/waiters.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* Returns true if the outcome's calls are in the histogram: waits, but for those that had begun before they
 * were followed, of which nobody knows how long they took. */
static bool outcome_is_timed(const struct lock_outcome *o)
{
    return !strcmp(o->op, "wait") && o->outcome != term_outcome(OUTCOME_UNDER_WAY);
}

/* Returns how many waits are missing in the histograms.  A bucket has 32 bits: one that is full shows as a
 * difference to the calls. */
static uint64_t histogram_lost(const struct measurement *m)
{
    uint64_t waits = 0, in_buckets = 0;
    for (size_t i = 0; i < m->lock_count; i++) {
        const struct lock *l = &m->locks[i];
        for (size_t k = 0; k < l->outcome_count; k++)
            waits += outcome_is_timed(&l->outcomes[k]) ? l->outcomes[k].calls : 0;
        for (size_t k = 0; k < l->bucket_count; k++)
            in_buckets += l->buckets[k].calls;
    }
    return waits > in_buckets ? waits - in_buckets : 0;
}

static int losses_add(struct session *session, const struct sideband *sideband, uint64_t paths_lost,
                      struct measurement *m)
{
    struct loss losses[LOSS_COUNT];
    for (unsigned i = 0; i < LOSS_COUNT; i++)
        losses[i] = loss_make(i, session_loss(session, i));
    losses[LOSS_STACK].count += paths_lost;
    const uint64_t in_full_table = losses[LOSS_HISTOGRAM].count, missing = histogram_lost(m);
    losses[LOSS_HISTOGRAM].count = missing > in_full_table ? missing : in_full_table;
    const struct loss others[] = {
        {"probe runs that the kernel skipped", session_missed(session), LOSS_UNIT_RUN},
        {"mapping records dropped", sideband_lost(sideband), NULL},
        m->goes_on /* then threads that live on are no loss */
            ? (struct loss){"processes whose mappings may not be read", sideband_unread(sideband), NULL}
            : (struct loss){"threads still running at the end", session_living(session), NULL},
    };
    int rc = measurement_losses_add(m, losses, LOSS_COUNT);
    return rc ? rc : measurement_losses_add(m, others, sizeof(others) / sizeof(others[0]));
}

/* What the functions below need to find a word's address space and its waiters. */
struct probed {
    struct session *session;
    struct sideband *sideband;
    struct waiters *waiters;
};

static const struct address_space *probed_space(void *context, uint32_t number, uint32_t *tgid)
{
    const struct probed *p = context;
    struct space_info info = {0};
    if (session_space(p->session, number, &info))
        return NULL;
    *tgid = info.tgid;
    return sideband_space(p->sideband, info.tgid, info.born_ns);
}

static int probed_made(void *context, struct lock *lock, uint32_t number, const struct address_space *space,
                       struct word_paths *paths)
{
    const struct probed *p = context;
    return waiters_of(p->waiters, number, space, lock, paths);
}

int collect(struct session *session, struct sideband *sideband, pid_t pid, const char *perf_file,
            struct measurement *m, struct error *err)
{
    struct word_row *rows = NULL;
    size_t count = 0;
    struct probed probed = {session, sideband, NULL};
    struct lock_source c = {.naming = naming_new(),
                            .split = futex_split_new(session_thread_count(session)),
                            .kernel_locks = m->probes == PROBES_LEDGER && session_sees_locks(session),
                            .context = &probed,
                            .space = probed_space,
                            .made = probed_made};
    m->paths = call_tree_new(0);
    if (c.naming) {
        naming_refer(c.naming, m->libc_archive);
        naming_debug_files(c.naming, m->debug_files);
    }
    int rc =
        c.naming && c.split && m->paths ? waiters_new(session, c.naming, m->paths, &probed.waiters) : -ENOMEM;
    if (!rc)
        rc = session_words(session, &rows, &count, err);
    if (!rc)
        rc = locks_make(&c, rows, count, m);
    if (!rc)
        rc = losses_add(session, sideband, waiters_lost(probed.waiters), m);
    if (!rc && m->probes == PROBES_LEDGER)
        rc = ledger_collect(session, sideband, c.naming, c.split, m);
    if (!rc)
        rc = memory_calls_collect(session, m);
    if (!rc && m->probes == PROBES_PROFILE)
        rc = samples_collect(session, sideband, c.naming, m);
    if (!rc && perf_file && !m->perf_failure)
        rc = perf_stacks_collect(perf_file, sideband, c.naming, m);
    if (!rc)
        rc = session_stats(session, &m->probe_stats, &m->probe_stat_count);
    m->hooks = session_hooks(session);
    m->sees_locks = session_sees_locks(session);
    m->sees_faults = session_sees_faults(session);
    if (!rc)
        rc = locks_program(&c, sideband_space(sideband, (uint32_t)pid, UINT64_MAX), m);
    if (rc)
        error_set(err, rc, "can't bring back what was measured: %s", strerror(-rc));
    waiters_free(probed.waiters);
    naming_free(c.naming);
    futex_split_free(c.split);
    word_rows_free(rows, count);
    return rc;
}
