/* Attaching to programs that run already, which do known things when they are told to: exact counts, in both
 * modes. What happens while it is measured is done in the callback that says that it has begun.  Needs the
 * privilege to trace: without it the whole file ends with 77, which CTest counts as skipped. */
#include "probes/checks.h"
#include "probes/identity.h"
#include "probes/measure.h"
#include "probes/session.h"
#include "probes/target.h"
#include "tests/probes/subject_parts.h"
#include "tests/probes/trial.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static struct measure_options plain = {.stdout_fd = -1,
                                       .stderr_fd = -1,
                                       .sample_period_ns = SAMPLE_PERIOD_NS,
                                       .timeline_after_ns = 1000000,
                                       .timeline_length_ns = TIMELINE_LENGTH_NS};

/* ---- the programs that are told ---- */

struct subject {
    pid_t pid;
    FILE *to, *from;
};

static void subject_start(struct subject *s)
{
    int to[2], from[2];
    assert_int_equal(pipe2(to, O_CLOEXEC), 0);
    assert_int_equal(pipe2(from, O_CLOEXEC), 0);
    s->pid = fork();
    if (!s->pid) {
        dup2(to[0], 0);
        dup2(from[1], 1);
        execl(ATTACH_SUBJECT, ATTACH_SUBJECT, (char *)NULL);
        _exit(127);
    }
    close(to[0]);
    close(from[1]);
    s->to = fdopen(to[1], "w");
    s->from = fdopen(from[0], "r");
    char line[32] = "";
    assert_non_null(fgets(line, sizeof(line), s->from));
    assert_int_equal(atoi(line), s->pid);
}

static void subject_tell(struct subject *s, const char *what)
{
    char line[32] = "";
    fprintf(s->to, "%s\n", what);
    fflush(s->to);
    assert_non_null(fgets(line, sizeof(line), s->from));
    if (strcmp(what, "exec")) /* which answers with its number */
        assert_string_equal(line, "ok\n");
}

/* The program goes on as it was: it ends with the status that it is told. */
static void subject_end(struct subject *s, int expected)
{
    int status = 0;
    if (expected >= 0) {
        fprintf(s->to, "exit %d\n", expected);
        fflush(s->to);
    }
    assert_int_equal(waitpid(s->pid, &status, 0), s->pid);
    if (expected >= 0) {
        assert_true(WIFEXITED(status));
        assert_int_equal(WEXITSTATUS(status), expected);
    }
    fclose(s->to);
    fclose(s->from);
}

/* ---- a measurement ---- */

struct script {
    struct subject *subjects;
    size_t count;
    void (*act)(struct script *script, const struct measure_options *options);
    const char *folder;
};

static void script_act(void *context, const struct measure_options *options)
{
    struct script *script = context;
    script->act(script, options);
}

/* A session of its own where the target needs another kind than the one that all share. */
static void target_measure(struct trial *t, struct target *target, struct script *script,
                           uint64_t duration_ns)
{
    struct measure_options options = plain;
    struct error err = {""};
    bool exec_failed;
    options.target = target;
    options.begun = script_act;
    options.context = script;
    options.duration_ns = duration_ns;
    options.machine = target->scope == FOLLOW_ALL;
    options.cgroup = target->scope == FOLLOW_CGROUP;
    if (target->scope != FOLLOW_PROCESSES)
        options.session = NULL;
    t->output[0] = 0;
    if (measurement_take(&options, &t->m, &exec_failed, &err))
        fail_msg("%s", err.text);
    assert_true(t->m->outcome.attached);
    assert_false(t->m->outcome.interrupted);
    assert_int_equal(t->m->outcome.exit_status, -1);
    if (options.probes == PROBES_LEDGER)
        ledger_check(t->m, &options);
}

static struct target *target_of(const struct subject *subjects, size_t count)
{
    struct target *target = NULL;
    struct error err = {""};
    pid_t pids[8];
    for (size_t i = 0; i < count; i++)
        pids[i] = subjects[i].pid;
    if (target_processes(pids, count, &target, &err))
        fail_msg("%s", err.text);
    return target;
}

/* Calls on known_word in the process; in all others when pid is negative. */
static uint64_t wakes_of(const struct trial *t, pid_t pid)
{
    uint64_t n = 0;
    for (size_t i = 0; i < t->m->lock_count; i++) {
        const struct lock *l = &t->m->locks[i];
        if (!strcmp(l->name, "known_word") &&
            (pid < 0 ? l->tgid != (uint32_t)-pid : l->tgid == (uint32_t)pid))
            n += calls_of_word(l);
    }
    return n;
}

/* ---- one process ---- */

static void act_all(struct script *script, const struct measure_options *options)
{
    struct subject *s = script->subjects;
    (void)options;
    subject_tell(s, "wake 7");
    subject_tell(s, "old 11");
    subject_tell(s, "new 13");
    subject_tell(s, "child 17");
    subject_tell(s, "unpark");
}

static void every_thread_and_child(void **state)
{
    struct subject s;
    struct trial t;
    (void)state;
    subject_start(&s);
    subject_tell(&s, "start");
    subject_tell(&s, "park 0");
    subject_tell(&s, "park 1");
    subject_tell(&s, "wake 1000"); /* before: not counted */
    subject_tell(&s, "old 1000");
    struct target *target = target_of(&s, 1);
    struct script script = {.subjects = &s, .count = 1, .act = act_all};
    target_measure(&t, target, &script, 1);

    assert_int_equal(wakes_of(&t, s.pid), 7 + 11 + 13);
    assert_int_equal(wakes_of(&t, -s.pid), 17);
    assert_int_equal(calls(&t, "known_word", "wake", "woke_none"), 7 + 11 + 13 + 17);
    /* waits that had begun before: of one that ended, and of one that goes on */
    assert_int_equal(calls(&t, "parked_word", "wait", "under_way"), 1);
    assert_int_equal(calls(&t, "parked_word", "wake", "woke_some"), 1);
    assert_int_equal(calls_of_word(lock_named(&t, "parked_word")), 2);
    assert_int_equal(calls(&t, "left_word", "wait", "under_way"), 1);
    assert_int_equal(calls_of_word(lock_named(&t, "left_word")), 1);
    struct lock_outcome left = outcome_sum(t.m, "left_word", "wait", "under_way");
    assert_true(left.blocked_ns <= t.m->outcome.wall_ns);
    assert_int_equal(lock_named(&t, "left_word")->bucket_count, 0); /* how long it took is not known */
    assert_nothing_lost(&t);
    assert_string_equal(lock_named(&t, "known_word")->evidence, "symbol of the file");
    assert_string_equal(t.m->libc, "glibc");
    if (plain.probes == PROBES_LEDGER) {
        /* five of the process (main, worker, two parked, a new one), one of the child */
        assert_int_equal(t.m->ledger->thread_count, 6);
        assert_true(total_ns(&t, "futex_blocked_other") >= left.blocked_ns);
    }
    measurement_free(t.m);
    target_free(target);
    subject_end(&s, 42);
}

static void act_nothing(struct script *script, const struct measure_options *options)
{
    (void)script;
    (void)options;
}

/* Nothing happens: a thread that computes, one that sleeps in a wait, one that reads have their time all the
 * same. */
static void threads_without_any_event(void **state)
{
    struct subject s;
    struct trial t;
    (void)state;
    subject_start(&s);
    subject_tell(&s, "start");
    subject_tell(&s, "park 1");
    asleep_await(s.pid, s.pid, SYS_read); /* it has answered, but may not have come back for more yet */
    struct target *target = target_of(&s, 1);
    struct script script = {.act = act_nothing};
    target_measure(&t, target, &script, 20000000);
    assert_int_equal(t.m->lock_count, 1);
    assert_int_equal(calls(&t, "left_word", "wait", "under_way"), 1);
    assert_nothing_lost(&t);
    if (plain.probes == PROBES_LEDGER) {
        const struct ledger *l = t.m->ledger;
        assert_int_equal(l->thread_count, 3);
        for (size_t i = 0; i < l->thread_count; i++) {
            const struct thread_account *a = &l->threads[i];
            assert_true(a->lifetime_ns >= 20000000);
            assert_true(a->lifetime_ns <= t.m->outcome.wall_ns);
            assert_int_equal(a->syscalls, 0);
            uint64_t asleep = state_ns(a, "blocked") + state_ns(a, "futex_blocked_other");
            assert_true(asleep == a->lifetime_ns || oncpu_ns(a) + runnable_ns(a) == a->lifetime_ns);
        }
        assert_true(total_ns(&t, "futex_blocked_other") > 0);
        assert_true(total_ns(&t, "blocked") > 0);
        assert_true(total_ns(&t, "user") > 0);
        assert_int_equal(total_ns(&t, "syscall"), 0);
    }
    measurement_free(t.m);
    target_free(target);
    subject_end(&s, 3);
}

/* ---- several ---- */

static void act_several(struct script *script, const struct measure_options *options)
{
    static const char *const what[] = {"wake 3", "wake 5", "wake 11"};
    (void)options;
    for (size_t i = 0; i < script->count; i++)
        subject_tell(&script->subjects[i], what[i]);
}

static void several_processes(void **state)
{
    struct subject s[3];
    struct trial t;
    (void)state;
    for (int i = 0; i < 3; i++)
        subject_start(&s[i]);
    struct target *target = target_of(s, 2); /* the third is none of ours */
    struct script script = {.subjects = s, .count = 3, .act = act_several};
    target_measure(&t, target, &script, 1);
    assert_int_equal(wakes_of(&t, s[0].pid), 3);
    assert_int_equal(wakes_of(&t, s[1].pid), 5);
    assert_int_equal(wakes_of(&t, s[2].pid), 0);
    assert_int_equal(calls(&t, "known_word", "wake", "woke_none"), 8);
    assert_nothing_lost(&t);
    assert_null(t.m->libc); /* there is not the one program */
    measurement_free(t.m);
    target_free(target);
    for (int i = 0; i < 3; i++)
        subject_end(&s[i], i);
}

/* The same again, in the same session: nothing of the first is left. */
static void attached_twice(void **state)
{
    struct subject s;
    (void)state;
    subject_start(&s);
    for (int i = 0; i < 2; i++) {
        struct trial t;
        struct target *target = target_of(&s, 1);
        struct script script = {.subjects = &s, .count = 1, .act = act_several};
        target_measure(&t, target, &script, 1);
        assert_int_equal(calls(&t, "known_word", "wake", "woke_none"), 3);
        assert_int_equal(t.m->lock_count, 1);
        assert_nothing_lost(&t);
        measurement_free(t.m);
        target_free(target);
        subject_tell(&s, "wake 100");
    }
    subject_end(&s, 7);
}

/* ---- ends ---- */

static void act_exit(struct script *script, const struct measure_options *options)
{
    (void)options;
    for (size_t i = 0; i < script->count; i++) {
        subject_tell(&script->subjects[i], "wake 2");
        fprintf(script->subjects[i].to, "exit 5\n");
        fflush(script->subjects[i].to);
    }
}

static void ends_with_the_processes(void **state)
{
    struct subject s[2];
    struct trial t;
    (void)state;
    for (int i = 0; i < 2; i++)
        subject_start(&s[i]);
    struct target *target = target_of(s, 2);
    struct script script = {.subjects = s, .count = 2, .act = act_exit};
    target_measure(&t, target, &script, 0);
    assert_int_equal(calls(&t, "known_word", "wake", "woke_none"), 4);
    assert_nothing_lost(&t);
    measurement_free(t.m);
    target_free(target);
    for (int i = 0; i < 2; i++)
        subject_end(&s[i], -1);
}

static void act_signal(struct script *script, const struct measure_options *options)
{
    act_several(script, options);
    kill(getpid(), SIGINT);
}

static void a_signal_ends_it(void **state)
{
    struct subject s;
    struct trial t;
    (void)state;
    subject_start(&s);
    struct target *target = target_of(&s, 1);
    struct script script = {.subjects = &s, .count = 1, .act = act_signal};
    target_measure(&t, target, &script, 0);
    assert_int_equal(calls(&t, "known_word", "wake", "woke_none"), 3);
    measurement_free(t.m);
    target_free(target);
    subject_end(&s, 0);
}

/* Found, but gone before it could be marked. */
static void ended_while_attaching(void **state)
{
    struct measure_options options = plain;
    struct measurement *m = NULL;
    struct error err = {""};
    struct subject s;
    bool exec_failed;
    (void)state;
    subject_start(&s);
    options.target = target_of(&s, 1);
    subject_end(&s, 1);
    assert_int_equal(measurement_take(&options, &m, &exec_failed, &err), -ESRCH);
    assert_false(exec_failed);
    assert_non_null(strstr(err.text, "ended while heapwait attached"));
    target_free((struct target *)options.target);
}

static void one_of_two_ended_while_attaching(void **state)
{
    struct subject s[2];
    struct trial t;
    (void)state;
    for (int i = 0; i < 2; i++)
        subject_start(&s[i]);
    struct target *target = target_of(s, 2);
    subject_end(&s[1], 1);
    struct script script = {.subjects = s, .count = 1, .act = act_several};
    target_measure(&t, target, &script, 1);
    assert_int_equal(calls(&t, "known_word", "wake", "woke_none"), 3);
    assert_non_null(t.m->note);
    assert_non_null(strstr(t.m->note, "1 of 2 processes ended"));
    measurement_free(t.m);
    target_free(target);
    subject_end(&s[0], 1);
}

/* ---- the machine, a cgroup ---- */

static void whole_machine(void **state)
{
    struct subject s[2];
    struct target *target = NULL;
    struct error err = {""};
    struct trial t;
    (void)state;
    for (int i = 0; i < 2; i++)
        subject_start(&s[i]);
    assert_int_equal(target_machine(&target, &err), 0);
    struct script script = {.subjects = s, .count = 2, .act = act_several};
    target_measure(&t, target, &script, 1);
    assert_int_equal(wakes_of(&t, s[0].pid), 3);
    assert_int_equal(wakes_of(&t, s[1].pid), 5);
    for (size_t i = 0; i < t.m->lock_count; i++)
        assert_int_not_equal(t.m->locks[i].tgid, getpid()); /* itself never */
    for (size_t i = 0; t.m->ledger && i < t.m->ledger->thread_count; i++)
        assert_int_not_equal(t.m->ledger->threads[i].tid, getpid());
    measurement_free(t.m);
    target_free(target);
    for (int i = 0; i < 2; i++)
        subject_end(&s[i], i);
}

/* A folder of our own where cgroup v2 is mounted; false: none, or it can't be written to. */
static bool cgroup_make(char *path, size_t size)
{
    char line[1024], device[256], folder[256], type[64];
    bool made = false;
    FILE *mounts = fopen("/proc/self/mounts", "re");
    while (mounts && !made && fgets(line, sizeof(line), mounts)) {
        if (sscanf(line, "%255s %255s %63s", device, folder, type) != 3 || strcmp(type, "cgroup2"))
            continue;
        snprintf(path, size, "%s/heapwait-test-%d", folder, (int)getpid());
        made = !mkdir(path, 0755);
    }
    if (mounts)
        fclose(mounts);
    return made;
}

static void cgroup_enter(const char *folder, pid_t pid)
{
    char path[320];
    snprintf(path, sizeof(path), "%s/cgroup.procs", folder);
    FILE *f = fopen(path, "we");
    assert_non_null(f);
    fprintf(f, "%d\n", (int)pid);
    assert_int_equal(fclose(f), 0);
}

/* The second comes while it is measured, and is known at once when it execs; the third stays outside. */
static void act_cgroup(struct script *script, const struct measure_options *options)
{
    struct subject *s = script->subjects;
    (void)options;
    subject_tell(&s[0], "wake 3");
    subject_tell(&s[0], "child 4");
    cgroup_enter(script->folder, s[1].pid);
    subject_tell(&s[1], "exec");
    subject_tell(&s[1], "wake 5");
    subject_tell(&s[2], "wake 11");
}

static void cgroup_present_and_future(void **state)
{
    char folder[300];
    struct subject s[3];
    struct target *target = NULL;
    struct error err = {""};
    struct trial t;
    (void)state;
    if (!cgroup_make(folder, sizeof(folder))) {
        print_message("SKIPPED: there is no cgroup v2 folder that can be written to\n");
        skip();
    }
    assert_int_equal(target_cgroup(folder, false, &target, &err), -ESRCH); /* nobody is there yet */
    assert_non_null(strstr(err.text, "no process in the cgroup"));
    for (int i = 0; i < 3; i++)
        subject_start(&s[i]);
    cgroup_enter(folder, s[0].pid);
    err.text[0] = 0;
    if (target_cgroup(folder, false, &target, &err))
        fail_msg("%s", err.text);
    struct script script = {.subjects = s, .count = 3, .act = act_cgroup, .folder = folder};
    target_measure(&t, target, &script, 1);
    assert_int_equal(wakes_of(&t, s[0].pid), 3);
    assert_int_equal(wakes_of(&t, s[1].pid), 5);
    assert_int_equal(calls(&t, "known_word", "wake", "woke_none"), 3 + 4 + 5);
    assert_nothing_lost(&t);
    measurement_free(t.m);
    for (int i = 0; i < 3; i++)
        subject_end(&s[i], i);
    assert_true(target_cgroup_empty(target));
    target_free(target);
    assert_int_equal(rmdir(folder), 0);
}

/* ---- with a command ---- */

/* The command is `true`, and the whole machine is measured while it runs. */
static void machine_while_a_command_runs(void **state)
{
    char *argv[] = {(char *)"sh", (char *)"-c", (char *)"exit 9", NULL};
    struct measure_options options = plain;
    struct target *target = NULL;
    struct error err = {""};
    struct subject s;
    struct trial t;
    bool exec_failed;
    (void)state;
    subject_start(&s);
    assert_int_equal(target_machine(&target, &err), 0);
    struct script script = {.subjects = &s, .count = 1, .act = act_several};
    options.argv = argv;
    options.target = target;
    options.session = NULL;
    options.machine = true;
    options.begun = script_act;
    options.context = &script;
    if (measurement_take(&options, &t.m, &exec_failed, &err))
        fail_msg("%s", err.text);
    assert_int_equal(t.m->outcome.exit_status, 9);
    assert_false(t.m->outcome.attached);
    assert_int_equal(wakes_of(&t, s.pid), 3);
    if (options.probes == PROBES_LEDGER)
        ledger_check(t.m, &options);
    measurement_free(t.m);
    target_free(target);
    subject_end(&s, 0);
}

static void as_somebody_else(void **state)
{
    char *argv[] = {(char *)"sh", (char *)"-c", (char *)"id -un; id -gn; id -G; echo $USER $LOGNAME $HOME",
                    NULL};
    struct measure_options options = plain;
    struct identity *nobody = NULL;
    struct error err = {""};
    struct trial t;
    bool exec_failed;
    (void)state;
    if (geteuid() != 0) {
        print_message("SKIPPED: only root can become somebody else\n");
        skip();
    }
    assert_int_equal(identity_find("nobody", &nobody, &err), 0);
    int out = memfd_create("output", MFD_CLOEXEC);
    options.argv = argv;
    options.user = nobody;
    options.stdout_fd = out;
    if (measurement_take(&options, &t.m, &exec_failed, &err))
        fail_msg("%s", err.text);
    ssize_t n = pread(out, t.output, sizeof(t.output) - 1, 0);
    t.output[n > 0 ? n : 0] = 0;
    close(out);
    assert_string_equal(t.output, "nobody\nnogroup\n65534\nnobody nobody /nonexistent\n");
    assert_int_equal(t.m->outcome.exit_status, 0);
    assert_string_equal(t.m->libc, "glibc");
    measurement_free(t.m);
    identity_free(nobody);
}

/* ---- while it runs ---- */

struct snapshot {
    struct word_row *rows;
    size_t count;
};

static struct snapshot snapshot_take(struct session *session)
{
    struct snapshot s = {0};
    struct error err = {""};
    if (session_snapshot(session, &s.rows, &s.count, &err))
        fail_msg("%s", err.text);
    return s;
}

static uint64_t rows_calls(const struct snapshot *s)
{
    uint64_t n = 0;
    for (size_t i = 0; i < s->count; i++)
        n += s->rows[i].value.totals.calls;
    return n;
}

static void act_snapshots(struct script *script, const struct measure_options *options)
{
    struct subject *s = script->subjects;
    struct snapshot before = snapshot_take(options->session);
    assert_int_equal(rows_calls(&before), 0);
    for (int i = 1; i <= 5; i++) {
        char what[32];
        snprintf(what, sizeof(what), "%s %d", i % 2 ? "wake" : "old", 100 * i);
        subject_tell(s, what);
        struct snapshot now = snapshot_take(options->session), copy = snapshot_take(options->session);
        assert_int_equal(rows_calls(&now), rows_calls(&copy));
        copy.count = word_rows_subtract(copy.rows, copy.count, before.rows, before.count);
        assert_int_equal(rows_calls(&copy), 100 * i);
        word_rows_free(copy.rows, copy.count);
        word_rows_free(before.rows, before.count);
        before = now;
    }
    word_rows_free(before.rows, before.count);
}

static void snapshots_are_exact(void **state)
{
    struct subject s;
    struct trial t;
    (void)state;
    subject_start(&s);
    subject_tell(&s, "start");
    struct target *target = target_of(&s, 1);
    struct script script = {.subjects = &s, .count = 1, .act = act_snapshots};
    target_measure(&t, target, &script, 1);
    assert_int_equal(calls(&t, "known_word", "wake", "woke_none"), 1500); /* and nothing was lost by it */
    assert_nothing_lost(&t);
    measurement_free(t.m);
    target_free(target);
    subject_end(&s, 0);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_thread_and_child),
        cmocka_unit_test(threads_without_any_event),
        cmocka_unit_test(several_processes),
        cmocka_unit_test(attached_twice),
        cmocka_unit_test(ends_with_the_processes),
        cmocka_unit_test(a_signal_ends_it),
        cmocka_unit_test(ended_while_attaching),
        cmocka_unit_test(one_of_two_ended_while_attaching),
        cmocka_unit_test(whole_machine),
        cmocka_unit_test(cgroup_present_and_future),
        cmocka_unit_test(machine_while_a_command_runs),
        cmocka_unit_test(as_somebody_else),
        cmocka_unit_test(snapshots_are_exact),
    };
    struct error err = {""};
    if (checks_require(&err)) {
        printf("SKIPPED, all of them: %s\n", err.text);
        return 77;
    }
    plain.probes = argc > 1 && !strcmp(argv[1], "ledger") ? PROBES_LEDGER : PROBES_WAITS;
    if (session_open(&plain, &plain.session, &err)) {
        printf("%s\n", err.text);
        return 1;
    }
    int failed =
        cmocka_run_group_tests_name(plain.probes == PROBES_LEDGER ? "ledger" : "waits", tests, NULL, NULL);
    session_close(plain.session);
    return failed;
}
