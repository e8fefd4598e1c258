/* See calibrate.h. */
#include "probes/run/calibrate.h"

#include "analysis/base/number.h"
#include "probes/host/clock.h"
#include "probes/host/host.h"
#include "probes/run/measure.h"
#include "probes/session/session.h"

#include <errno.h>
#include <linux/futex.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

enum { BATCHES = 3, MOST_BATCHES = CALIBRATION_ROUNDS * BATCHES, CALLS = 20000 };

static uint64_t cpu_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t); /* others may use this CPU meanwhile */
    return (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec;
}

double calibrate_cost(enum call_kind kind, long calls)
{
    static uint32_t word;
    uint64_t start = cpu_ns();
    if (kind == CALL_NULL)
        for (long i = 0; i < calls; i++)
            syscall(SYS_getppid);
    else if (kind == CALL_WAKE)
        for (long i = 0; i < calls; i++)
            syscall(SYS_futex, &word, FUTEX_WAKE_PRIVATE, 1, NULL, NULL, 0);
    else
        for (long i = 0; i < calls; i++)
            syscall(SYS_futex, &word, FUTEX_WAIT_PRIVATE, 1, NULL, NULL, 0);
    return calls > 0 ? (double)(cpu_ns() - start) / (double)calls : 0;
}

static int idle_run(void)
{
    printf("idle %ld\n", (long)getpid());
    fflush(stdout);
    pause();
    return 0;
}

int calibrate_loop(const char *kind, const char *count)
{
    if (!strcmp(kind, "idle"))
        return idle_run();
    for (int i = 0; i < CALL_KINDS; i++)
        if (!strcmp(kind, calibration_kind_names[i]))
            return printf("%.3f\n", calibrate_cost(i, strtol(count, NULL, 10))) < 0;
    return 2;
}

/* Returns the ns that the run's threads spent in the state, whatever words it was for. */
static uint64_t state_ns(const struct measurement *m, const char *state)
{
    uint64_t ns = 0;
    for (size_t i = 0; m && m->ledger && i < m->ledger->thread_count; i++)
        for (size_t k = 0; k < m->ledger->threads[i].state_count; k++)
            if (!strcmp(m->ledger->threads[i].states[k].state, state))
                ns += m->ledger->threads[i].states[k].ns;
    return ns;
}

static int batch_run(const struct measure_options *base, const char *program, enum call_kind kind, long calls,
                     double *cost, struct measurement **m, struct error *err)
{
    char count[32], text[64] = "";
    char *argv[] = {(char *)program, (char *)"calibration-loop", (char *)calibration_kind_names[kind], count,
                    NULL};
    struct measure_options options = *base;
    bool exec_failed;
    int out = memfd_create("heapwait-calibration", MFD_CLOEXEC);
    if (out < 0)
        return error_set(err, -errno, "can't calibrate: no memory file: %s", strerror(errno));
    snprintf(count, sizeof(count), "%ld", calls);
    options.argv = argv;
    options.stdout_fd = out;
    options.stderr_fd = -1;
    int rc = measure_run(&options, m, &exec_failed, err);
    if (!rc && pread(out, text, sizeof(text) - 1, 0) <= 0)
        rc = error_set(err, -EIO, "can't calibrate: '%s' printed nothing", program);
    *cost = strtod(text, NULL);
    close(out);
    return rc;
}

/* What was measured of one kind of call, in ns per call: a value for each batch of each round. */
struct batches {
    double untraced[MOST_BATCHES], traced[MOST_BATCHES], seen[MOST_BATCHES];
};

static int untraced_take(const char *program, enum call_kind kind, double *costs, struct error *err)
{
    static const struct measure_options none = {.probes = PROBES_NONE};
    int rc = 0;
    for (int i = 0; i < BATCHES && !rc; i++) {
        struct measurement *m = NULL;
        rc = batch_run(&none, program, kind, CALLS, &costs[i], &m, err);
        measurement_free(m);
    }
    return rc;
}

/* Runs batches with probes.  The account of a run has what the program does beside the loop, too.  So an
 * empty loop is run as well: the difference of the two accounts is the loop's. */
static int traced_take(const struct measure_options *ledger, const char *program, enum call_kind kind,
                       double *costs, double *seen, struct error *err)
{
    static const char *const states[CALL_KINDS] = {"syscall", "futex_wake_other", "futex_wait_other"};
    int rc = 0;
    for (int i = 0; i < BATCHES && !rc; i++) {
        struct measurement *m = NULL, *empty = NULL;
        double ignored;
        rc = batch_run(ledger, program, kind, CALLS, &costs[i], &m, err);
        if (!rc)
            rc = batch_run(ledger, program, kind, 0, &ignored, &empty, err);
        if (!rc)
            seen[i] = ((double)state_ns(m, states[kind]) - (double)state_ns(empty, states[kind])) / CALLS;
        measurement_free(m);
        measurement_free(empty);
    }
    return rc;
}

void calibrate_hooks(const struct session *session, char *text, size_t size)
{
    snprintf(text, size, "%s%s%s", session_hooks(session), session_sees_locks(session) ? ", locks" : "",
             session_sees_faults(session) ? ", faults" : "");
}

/* Runs the batches of one round, without and with probes close together: a machine is slower for seconds at a
 * time, and both have to be in such a time or both out of it. */
static int round_take(const char *program, unsigned round, struct batches *all, struct calibration *c,
                      struct error *err)
{
    struct measure_options ledger = {
        .probes = PROBES_LEDGER, .sample_period_ns = SAMPLE_PERIOD_NS, .no_sample_paths = true};
    const size_t at = (size_t)round * BATCHES;
    int rc = 0;
    for (int kind = 0; kind < CALL_KINDS && !rc; kind++)
        rc = untraced_take(program, kind, &all[kind].untraced[at], err);
    if (!rc)
        rc = session_open(&ledger, &ledger.session, err);
    if (!rc)
        calibrate_hooks(ledger.session, c->hooks, sizeof(c->hooks));
    for (int kind = 0; kind < CALL_KINDS && !rc; kind++)
        rc = traced_take(&ledger, program, kind, &all[kind].traced[at], &all[kind].seen[at], err);
    session_close(ledger.session);
    return rc;
}

int calibrate_take(const char *program, unsigned rounds, struct calibration *c, struct error *err)
{
    struct batches all[CALL_KINDS];
    int rc = 0;
    *c = (struct calibration){.load_average = host_load_average()};
    clock_date(c->taken_at, sizeof(c->taken_at));
    for (unsigned round = 0; round < rounds && !rc; round++)
        rc = round_take(program, round, all, c, err);
    for (int kind = 0; kind < CALL_KINDS && !rc; kind++)
        c->calls[kind] =
            (struct call_cost){.untraced = number_median(all[kind].untraced, (size_t)rounds * BATCHES),
                               .traced = number_median(all[kind].traced, (size_t)rounds * BATCHES),
                               .seen = number_median(all[kind].seen, (size_t)rounds * BATCHES)};
    return rc;
}
