/* See trial.h. */
#include "tests/probes/run/trial.h"

#include "analysis/base/error.h"
#include "probes/host/checks.h"
#include "probes/measurement/call_tree.h"
#include "probes/run/measure.h"
#include "probes/session/session.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

void trial_run(struct trial *t, const struct measure_options *base, const char *program, const char *mode,
               const char *argument)
{
    char *argv[] = {(char *)program, (char *)mode, (char *)argument, NULL};
    struct measure_options options = *base;
    struct error err = {""};
    bool exec_failed;
    int out = memfd_create("output", MFD_CLOEXEC);
    assert_true(out >= 0);
    options.argv = argv;
    options.stdout_fd = out;
    options.stderr_fd = -1;
    options.timeout_ns = 60000000000;
    if (measure_run(&options, &t->m, &exec_failed, &err))
        fail_msg("%s", err.text);
    ssize_t n = pread(out, t->output, sizeof(t->output) - 1, 0);
    t->output[n > 0 ? n : 0] = 0;
    close(out);
    measurement_check(t->m, &options);
}

int trial_main(const struct CMUnitTest *tests, size_t count, struct measure_options *base, const char *mode,
               const char *filter)
{
    struct error err = {""};
    if (checks_require(&err)) {
        printf("SKIPPED, all of them: %s\n", err.text);
        return 77;
    }
    if (mode)
        base->probes = !strcmp(mode, "ledger")    ? PROBES_LEDGER
                       : !strcmp(mode, "profile") ? PROBES_PROFILE
                                                  : PROBES_WAITS;
    if (filter)
        cmocka_set_test_filter(filter);
    if (session_open(base, &base->session, &err)) {
        printf("%s\n", err.text);
        return 1;
    }
    static const char *const groups[] = {
        [PROBES_WAITS] = "waits", [PROBES_LEDGER] = "ledger", [PROBES_PROFILE] = "profile"};
    int failed = _cmocka_run_group_tests(groups[base->probes], tests, count, NULL, NULL);
    session_close(base->session);
    return failed;
}

struct lock_outcome outcome_sum(const struct measurement *m, const char *name, const char *op,
                                const char *outcome)
{
    struct lock_outcome s = {.op = op, .outcome = outcome};
    for (size_t i = 0; i < m->lock_count; i++) {
        const struct lock *l = &m->locks[i];
        for (size_t k = 0; (!name || !strcmp(l->name, name)) && k < l->outcome_count; k++) {
            const struct lock_outcome *o = &l->outcomes[k];
            if (strcmp(o->op, op) || strcmp(o->outcome, outcome))
                continue;
            s.calls += o->calls;
            s.total_ns += o->total_ns;
            s.oncpu_ns += o->oncpu_ns;
            s.blocked_ns += o->blocked_ns;
            s.runnable_ns += o->runnable_ns;
            s.woken += o->woken;
        }
    }
    return s;
}

uint64_t calls(const struct trial *t, const char *name, const char *op, const char *outcome)
{
    return outcome_sum(t->m, name, op, outcome).calls;
}

const struct lock *lock_named(const struct trial *t, const char *name)
{
    for (size_t i = 0; i < t->m->lock_count; i++)
        if (!strcmp(t->m->locks[i].name, name))
            return &t->m->locks[i];
    fail_msg("no lock is named %s", name);
    return NULL;
}

uint64_t calls_of_word(const struct lock *l)
{
    uint64_t n = 0;
    for (size_t i = 0; i < l->outcome_count; i++)
        n += l->outcomes[i].calls;
    return n;
}

static uint64_t lost_of(const struct measurement *m, const char *reason)
{
    for (size_t i = 0; i < m->loss_count; i++)
        if (!strcmp(m->losses[i].reason, reason))
            return m->losses[i].count;
    fail_msg("no loss is called %s", reason);
    return 0;
}

uint64_t lost(const struct trial *t, const char *reason)
{
    return lost_of(t->m, reason);
}

/* One that had begun before it was followed has no known duration. */
static void histograms_check(const struct measurement *m)
{
    uint64_t waits = 0, held = lost_of(m, "waits without room in the histograms");
    if (lost_of(m, "futex calls without room in the table of words"))
        return; /* then a histogram may stand without its word, and a word without some of its calls */
    for (size_t i = 0; i < m->lock_count; i++) {
        const struct lock *l = &m->locks[i];
        for (size_t k = 0; k < l->outcome_count; k++)
            if (!strcmp(l->outcomes[k].op, "wait") && strcmp(l->outcomes[k].outcome, "under_way"))
                waits += l->outcomes[k].calls;
        for (size_t k = 0; k < l->bucket_count; k++)
            held += l->buckets[k].calls;
    }
    assert_int_equal(waits, held);
}

static const char unseen[] = "task switches not shown by the kernel";

uint64_t switches_unseen(const struct trial *t)
{
    uint64_t count = 0;
    for (size_t i = 0; i < t->m->loss_count; i++)
        count += strcmp(t->m->losses[i].reason, unseen) ? 0 : t->m->losses[i].count;
    return count;
}

void assert_nothing_lost(const struct trial *t)
{
    for (size_t i = 0; i < t->m->loss_count; i++)
        if (t->m->losses[i].count && strcmp(t->m->losses[i].reason, unseen))
            fail_msg("lost: %llu %s", (unsigned long long)t->m->losses[i].count, t->m->losses[i].reason);
}

static const char *const oncpu_states[] = {
    "user",   "futex_wait_malloc", "futex_wait_other", "futex_wake_malloc", "memory",      "futex_wake_other",
    "random", "syscall",           "exiting",          "mmap_lock",         "kernel_lock", "page_fault",
    NULL};
static const char *const runnable_states[] = {"preempted", "woken", "futex_runnable_malloc",
                                              "futex_runnable_other", NULL};
static const char *const asleep_states[] = {
    "blocked",           "futex_blocked_malloc", "futex_blocked_other",
    "mmap_lock_blocked", "kernel_lock_blocked",  NULL};

static uint64_t states_ns(const struct thread_account *a, const char *const *states)
{
    uint64_t ns = 0;
    for (; *states; states++)
        ns += state_ns(a, *states);
    return ns;
}

void account_print(const struct thread_account *a)
{
    fprintf(stderr, "thread %u (%s): lifetime %llu, %llu calls, %llu faults;", a->thread, a->comm,
            (unsigned long long)a->lifetime_ns, (unsigned long long)a->syscalls,
            (unsigned long long)a->faults);
    for (size_t i = 0; i < a->state_count; i++)
        fprintf(stderr, " %s %llu (%llu)", a->states[i].state, (unsigned long long)a->states[i].ns,
                (unsigned long long)a->states[i].entries);
    fprintf(stderr, "\n");
}

/* To the nanosecond, and by the documented names alone: a state of another name would be missing here. */
static void account_check(const struct thread_account *a)
{
    uint64_t sum = 0, documented = oncpu_ns(a) + runnable_ns(a) + states_ns(a, asleep_states);
    bool each = true;
    for (size_t i = 0; i < a->state_count; i++) {
        each &= a->states[i].ns <= a->lifetime_ns;
        sum += a->states[i].ns;
    }
    if (!each || sum != a->lifetime_ns || documented != a->lifetime_ns)
        account_print(a);
    assert_true(each);
    assert_int_equal(sum, a->lifetime_ns);
    assert_int_equal(documented, a->lifetime_ns);
    assert_true(a->lifetime_ns < 120000000000ull);
}

/* wall * cores = on-CPU + idle + other + a small rest, between two clocks' readings.  On most runs it is 0
 * us. */
static void core_check(const struct measurement *m)
{
    const struct ledger *l = m->ledger;
    int64_t whole = (int64_t)(m->outcome.wall_ns * l->core.cores), known = 0;
    for (size_t i = 0; i < l->thread_count; i++)
        known += (int64_t)oncpu_ns(&l->threads[i]);
    int64_t rest = whole - known - (int64_t)l->core.idle_ns - (int64_t)l->core.other_ns;
    int64_t allowed = whole / 200 > 500000 ? whole / 200 : 500000;
    if (rest <= allowed && rest >= -allowed)
        return;
    for (size_t i = 0; i < l->thread_count; i++)
        account_print(&l->threads[i]);
    fail_msg("of %lld us of core time %lld are not accounted for (%lld on-CPU, %llu idle, %llu other; "
             "%llu switches unseen)",
             (long long)whole / 1000, (long long)rest / 1000, (long long)known / 1000,
             (unsigned long long)l->core.idle_ns / 1000, (unsigned long long)l->core.other_ns / 1000,
             (unsigned long long)lost_of(m, "task switches not shown by the kernel"));
}

/* Each stretch of a thread begins where the one before ended. */
static void timeline_check(const struct ledger *l, int64_t length_ns)
{
    for (size_t i = 0; i < l->stretch_count; i++) {
        const struct stretch *s = &l->timeline[i];
        assert_true(s->from_ns <= s->until_ns);
        assert_true(s->from_ns <= length_ns);
        assert_true(s->until_ns >= 0);
        assert_true(s->thread >= 1);
        if (i && s[-1].thread == s->thread)
            assert_int_equal(s[-1].until_ns, s->from_ns);
    }
}

static void ledger_check(const struct measurement *m, const struct measure_options *options)
{
    const struct ledger *l = m->ledger;
    assert_non_null(l);
    for (size_t i = 0; i < l->thread_count; i++) {
        account_check(&l->threads[i]);
        assert_true(!i || l->threads[i].thread > l->threads[i - 1].thread);
    }
    assert_int_equal(lost_of(m, "times that went backwards"), 0);
    assert_int_equal(lost_of(m, "stretches of the timeline without room"), 0);
    timeline_check(l, (int64_t)options->timeline_length_ns);
    /* Of a switch that the kernel hides (and which is counted as lost) the one who left is told late: where
     * others than one command's threads are followed, that may be anybody, and its time is counted twice. */
    if (!lost_of(m, "threads without room for their account") && !(m->goes_on && lost_of(m, unseen)))
        core_check(m);
}

static bool class_is_documented(const char *class)
{
    static const char *const documented[] = {
        "program",           "allocator",         "lock",          "copy",          "unknown",
        "page_fault",        "kernel:exiting",    "kernel:memory", "kernel:random", "kernel:syscall",
        "kernel:futex_wait", "kernel:futex_wake", "kernel:unknown"};
    for (size_t i = 0; i < TEST_COUNT(documented); i++)
        if (!strcmp(class, documented[i]))
            return true;
    return false;
}

/* The paths that were kept stand for all samples. */
static void paths_check(const struct measurement *m, const struct measure_options *options)
{
    const bool none = options->no_paths || options->no_sample_paths || options->perf_file;
    uint64_t taken = 0, on_paths = 0;
    for (size_t i = 0; m->ledger && i < m->ledger->sample_count; i++)
        taken += m->ledger->samples[i].samples;
    for (uint32_t i = 1; i <= call_tree_count(m->paths); i++)
        on_paths += call_tree_node(m->paths, i)->samples;
    assert_int_equal(on_paths, none ? 0 : taken);
}

static void profile_check(const struct measurement *m)
{
    for (size_t i = 0; m->ledger && i < m->ledger->sample_count; i++)
        assert_true(class_is_documented(m->ledger->samples[i].class));
}

void measurement_check(const struct measurement *m, const struct measure_options *options)
{
    histograms_check(m);
    if (options->probes == PROBES_LEDGER)
        ledger_check(m, options);
    if (options->probes == PROBES_PROFILE)
        profile_check(m);
    if (options->probes != PROBES_WAITS)
        paths_check(m, options);
}

size_t threads_named(const struct trial *t, const char *comm)
{
    size_t count = 0;
    for (size_t i = 0; i < t->m->ledger->thread_count; i++)
        count += !strcmp(t->m->ledger->threads[i].comm, comm);
    return count;
}

const struct thread_account *thread_named(const struct trial *t, const char *comm)
{
    const struct ledger *l = t->m->ledger;
    if (threads_named(t, comm) != 1)
        fail_msg("%zu threads are called %s", threads_named(t, comm), comm);
    for (size_t i = 0; i < l->thread_count; i++)
        if (!strcmp(l->threads[i].comm, comm))
            return &l->threads[i];
    return NULL;
}

uint64_t state_ns(const struct thread_account *a, const char *state)
{
    for (size_t i = 0; i < a->state_count; i++)
        if (!strcmp(a->states[i].state, state))
            return a->states[i].ns;
    return 0;
}

uint64_t state_entries(const struct thread_account *a, const char *state)
{
    for (size_t i = 0; i < a->state_count; i++)
        if (!strcmp(a->states[i].state, state))
            return a->states[i].entries;
    return 0;
}

uint64_t oncpu_ns(const struct thread_account *a)
{
    return states_ns(a, oncpu_states);
}

uint64_t runnable_ns(const struct thread_account *a)
{
    return states_ns(a, runnable_states);
}

uint64_t total_ns(const struct trial *t, const char *state)
{
    uint64_t ns = 0;
    for (size_t i = 0; i < t->m->ledger->thread_count; i++)
        ns += state_ns(&t->m->ledger->threads[i], state);
    return ns;
}

uint64_t said(const struct trial *t, const char *key)
{
    size_t length = strlen(key);
    for (const char *line = t->output; line; line = strchr(line, '\n')) {
        line += *line == '\n';
        if (!strncmp(line, key, length) && line[length] == '=')
            return strtoull(line + length + 1, NULL, 10);
    }
    fail_msg("the program didn't say %s, but:\n%s", key, t->output);
    return 0;
}
