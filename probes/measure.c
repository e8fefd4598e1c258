/* See measure.h.  The order matters: probes are attached and the sideband opened while the child is held
 * before its exec; the maps are read after the programs are detached; names come last, from files. */
#include "probes/measure.h"

#include "probes/call_tree.h"
#include "probes/collect.h"
#include "probes/launch.h"
#include "probes/ledger.h"
#include "probes/perf_record.h"
#include "probes/session.h"
#include "probes/sideband.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static uint64_t monotonic_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec;
}

static void sideband_ready(void *context)
{
    sideband_read(context);
}

static int probes_begin(struct launch *launch, struct session *session, struct sideband **sideband,
                        struct error *err)
{
    int rc = sideband_open(launch_pid(launch), sideband, err);
    return rc ? rc : session_follow(session, launch_pidfd(launch), err);
}

static int command_run(struct launch *launch, struct session *session, struct sideband *sideband,
                       struct measurement *m, bool *exec_failed, struct error *err)
{
    struct launch_watch watch = {.ready = sideband_ready, .context = sideband};
    if (sideband)
        watch.fds = sideband_fds(sideband, &watch.count);
    if (session && m->probes == PROBES_LEDGER)
        session_cpus_begin(session, monotonic_ns());
    int rc = launch_release(launch, err);
    if (rc) {
        *exec_failed = true;
        return rc;
    }
    rc = launch_wait(launch, sideband ? &watch : NULL, &m->outcome, err);
    if (!rc && session && m->probes == PROBES_LEDGER && (rc = session_cpus_end(session)))
        error_set(err, rc, "can't read what the CPUs did: %s", strerror(-rc));
    return rc;
}

static int probes_end(struct session *session, struct sideband *sideband, pid_t pid, const char *perf_file,
                      struct measurement *m, struct error *err)
{
    int rc = session_stop(session, err);
    if (rc)
        return rc;
    rc = sideband_finish(sideband);
    if (rc)
        return error_set(err, rc, "out of memory for the processes' mappings");
    return collect(session, sideband, pid, perf_file, m, err);
}

/* Whatever becomes of perf, what the probes have measured is kept. */
static void perf_end(struct perf_record_child *perf, struct measurement *m)
{
    struct error err = {""};
    if (perf_record_finish(perf, &err))
        m->perf_failure = strdup(err.text);
}

/* The session is the caller's, or this run's own. */
static int session_take(const struct measure_options *options, struct session **session, struct error *err)
{
    *session = options->probes == PROBES_NONE ? NULL : options->session;
    return options->probes == PROBES_NONE || *session ? 0 : session_open(options, session, err);
}

int measurement_take(const struct measure_options *options, struct measurement **out, bool *exec_failed,
                     struct error *err)
{
    struct session *session = NULL;
    struct sideband *sideband = NULL;
    struct launch *launch = NULL;
    struct perf_record_child *perf = NULL;
    struct measurement *m = calloc(1, sizeof(*m));
    int rc = m ? 0 : error_set(err, -ENOMEM, "out of memory");
    *exec_failed = false;
    if (!rc) {
        m->probes = options->probes;
        m->libc_archive = options->libc_archive;
        rc = session_take(options, &session, err);
    }
    if (!rc)
        rc = launch_prepare(options, &launch, err);
    if (!rc && session)
        rc = probes_begin(launch, session, &sideband, err);
    if (!rc && session && options->perf_file)
        rc = perf_record_start(launch_pid(launch), options->perf_file, &perf, err);
    if (!rc)
        rc = command_run(launch, session, sideband, m, exec_failed, err);
    if (!rc && perf)
        perf_end(perf, m);
    if (!rc && session)
        rc = probes_end(session, sideband, launch_pid(launch), options->perf_file, m, err);
    perf_record_free(perf);
    launch_free(launch);
    sideband_close(sideband);
    if (session && session == options->session)
        session_reset(session);
    else
        session_close(session);
    if (rc) {
        measurement_free(m);
        return rc;
    }
    *out = m;
    return 0;
}

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

void measurement_free(struct measurement *m)
{
    if (!m)
        return;
    for (size_t i = 0; i < m->lock_count; i++)
        lock_free(&m->locks[i]);
    free(m->locks);
    ledger_free(m->ledger);
    call_tree_free(m->paths);
    free(m->perf_failure);
    free(m->losses);
    free(m->probe_stats);
    free(m);
}

uint64_t measurement_lost(const struct measurement *m)
{
    uint64_t sum = 0;
    for (size_t i = 0; i < m->loss_count; i++)
        sum += m->losses[i].count;
    return sum;
}
