/* See measure.h.  The order matters: probes are attached and the sideband opened while the child is held
 * before its exec; the kernel's maps are read after session_stop(), with the programs still attached; names
 * come last, from files. */
#include "probes/run/measure.h"

#include "probes/host/clock.h"
#include "probes/host/signals.h"
#include "probes/mappings/sideband.h"
#include "probes/measurement/call_tree.h"
#include "probes/perf/perf_record.h"
#include "probes/run/collect.h"
#include "probes/run/launch.h"
#include "probes/run/ledger.h"
#include "probes/run/observe.h"
#include "probes/session/session.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* What a run is made of. */
struct run {
    const struct measure_options *options;
    struct session *session;        /* NULL: untraced */
    struct sideband *sideband;      /* NULL until the probes are on */
    struct launch *launch;          /* NULL: no command */
    struct perf_record_child *perf; /* NULL: none */
    struct measurement *m;
};

static void run_tend(void *context)
{
    const struct run *r = context;
    if (r->options->target)
        observe_tend(r->options->target, r->session, r->sideband);
    else
        sideband_read(r->sideband);
}

static int probes_begin(struct run *r, struct error *err)
{
    const struct target *target = r->options->target;
    const pid_t pid = target ? 0 : launch_pid(r->launch);
    int rc = target ? observe_follow(target, r->session, &r->sideband, &r->m->note, err)
                    : sideband_open(&pid, 1, &r->sideband, err);
    return rc ? rc : session_follow(r->session, launch_pidfd(r->launch), err);
}

static void begun_tell(const struct run *r)
{
    if (r->options->target && r->options->begun)
        r->options->begun(r->options->context, r->options);
}

static void cpus_begin(struct run *r, uint64_t at_ns)
{
    if (r->session && r->m->probes == PROBES_LEDGER)
        session_cpus_begin(r->session, at_ns);
}

static int cpus_end(struct run *r, struct error *err)
{
    int rc = r->session && r->m->probes == PROBES_LEDGER ? session_cpus_end(r->session) : 0;
    return rc ? error_set(err, rc, "can't read what the CPUs did: %s", strerror(-rc)) : 0;
}

/* Ends a run with a target.  What lives on has its account from its marking to the stop: that is the time
 * measured. */
static int run_stop(struct run *r, uint64_t start_ns, struct error *err)
{
    int rc = session_stop(r->session, err);
    if (!rc)
        rc = cpus_end(r, err);
    r->m->outcome.started_ns = start_ns;
    r->m->outcome.wall_ns = session_stopped(r->session) - start_ns;
    return rc;
}

static int command_run(struct run *r, bool *exec_failed, struct error *err)
{
    struct launch_watch watch = {.ready = run_tend, .context = r};
    if (r->sideband)
        watch.fds = sideband_fds(r->sideband, &watch.count);
    if (!r->options->target)
        cpus_begin(r, clock_monotonic_ns());
    int rc = launch_release(r->launch, err);
    *exec_failed = launch_exec_failed(r->launch);
    if (!rc)
        rc = launch_wait(r->launch, r->sideband ? &watch : NULL, &r->m->outcome, err);
    return rc || r->options->target ? rc : cpus_end(r, err);
}

/* Returns the process that was measured, without its children; 0: there is not exactly one. */
static pid_t run_process(const struct run *r)
{
    const struct target *target = r->options->target;
    if (r->launch)
        return launch_pid(r->launch);
    return target->count == 1 ? target->pids[0] : 0;
}

static int probes_bring(struct run *r, struct error *err)
{
    int rc = sideband_finish(r->sideband);
    if (rc)
        return error_set(err, rc, "out of memory for the processes' mappings");
    return collect(r->session, r->sideband, run_process(r), r->options->perf_file, r->m, err);
}

static int perf_begin(struct run *r, struct error *err)
{
    const struct measure_options *o = r->options;
    const pid_t pid = r->launch ? launch_pid(r->launch) : 0;
    if (!o->perf_file || !r->session)
        return 0;
    return pid ? perf_record_start(&pid, 1, o->perf_file, &r->perf, err)
               : perf_record_start(o->target->pids, o->target->count, o->perf_file, &r->perf, err);
}

/* Ends perf.  Whatever becomes of it, what the probes have measured is kept; why perf failed is in
 * m->perf_failure.  Returns `rc`; if that is 0 and there is no memory for the reason, -ENOMEM. */
static int perf_end(struct run *r, int rc, struct error *err)
{
    struct error why = {""};
    if (r->perf && perf_record_finish(r->perf, &why) && !(r->m->perf_failure = strdup(why.text)) && !rc)
        return error_set(err, -ENOMEM, "out of memory");
    return rc;
}

static int command_measure(struct run *r, bool *exec_failed, struct error *err)
{
    uint64_t start_ns = 0;
    int rc = launch_prepare(r->options, &r->launch, err);
    if (!rc && r->options->target)
        cpus_begin(r, start_ns = clock_monotonic_ns());
    if (!rc && r->session)
        rc = probes_begin(r, err);
    if (!rc)
        rc = perf_begin(r, err);
    if (!rc)
        begun_tell(r);
    if (!rc)
        rc = command_run(r, exec_failed, err);
    rc = perf_end(r, rc, err);
    if (rc || !r->session)
        return rc;
    rc = start_ns ? run_stop(r, start_ns, err) : session_stop(r->session, err);
    return rc ? rc : probes_bring(r, err);
}

static int target_measure(struct run *r, struct signals *signals, struct error *err)
{
    const struct measure_options *o = r->options;
    struct run_outcome *out = &r->m->outcome;
    uint64_t start_ns = clock_monotonic_ns();
    *out = (struct run_outcome){.exit_status = -1, .attached = true};
    clock_date(out->started_at, sizeof(out->started_at));
    cpus_begin(r, start_ns);
    int rc = observe_follow(o->target, r->session, &r->sideband, &r->m->note, err);
    if (!rc)
        rc = perf_begin(r, err);
    if (!rc)
        begun_tell(r);
    if (!rc)
        rc = observe_wait(o->target, r->session, r->sideband, signals,
                          o->duration_ns ? clock_monotonic_ns() + o->duration_ns : 0, err);
    rc = perf_end(r, rc, err);
    if (!rc)
        rc = run_stop(r, start_ns, err);
    return rc ? rc : probes_bring(r, err);
}

static int target_measure_alone(struct run *r, struct error *err)
{
    struct signals signals = {.fd = -1};
    int rc = signals_take(&signals);
    rc = rc ? error_set(err, rc, "can't take signals: %s", strerror(-rc)) : target_measure(r, &signals, err);
    signals_give_back(&signals);
    return rc;
}

/* Sets *session to the caller's session, or to one of this run's own; NULL: the run is not traced. */
static int session_take(const struct measure_options *options, struct session **session, struct error *err)
{
    *session = options->probes == PROBES_NONE ? NULL : options->session;
    return options->probes == PROBES_NONE || *session ? 0 : session_open(options, session, err);
}

int measure_run(const struct measure_options *options, struct measurement **out, bool *exec_failed,
                struct error *err)
{
    struct run r = {.options = options, .m = calloc(1, sizeof(*r.m))};
    int rc = r.m ? 0 : error_set(err, -ENOMEM, "out of memory");
    *exec_failed = false;
    if (!rc) {
        r.m->probes = options->probes;
        r.m->goes_on = options->target != NULL;
        r.m->libc_archive = options->libc_archive;
        r.m->debug_files = options->debug_files;
        rc = session_take(options, &r.session, err);
    }
    if (!rc)
        rc = options->argv ? command_measure(&r, exec_failed, err) : target_measure_alone(&r, err);
    perf_record_free(r.perf);
    launch_free(r.launch);
    sideband_close(r.sideband);
    if (r.session && r.session == options->session)
        session_reset(r.session);
    else
        session_close(r.session);
    if (rc) {
        measurement_free(r.m);
        return rc;
    }
    *out = r.m;
    return 0;
}
