/* Attaching to the machine and to a cgroup, beside a command or without; commands of another user; snapshots.
 * As test_attach.c, which has the processes. */
#include "probes/host/identity.h"
#include "probes/run/measure.h"
#include "probes/session/session.h"
#include "tests/probes/run/attach_trial.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

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
    struct measure_options options = attach_plain;
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
    if (measure_run(&options, &t.m, &exec_failed, &err))
        fail_msg("%s", err.text);
    assert_int_equal(t.m->outcome.exit_status, 9);
    assert_false(t.m->outcome.attached);
    assert_int_equal(wakes_of(&t, s.pid), 3);
    measurement_check(t.m, &options);
    measurement_free(t.m);
    target_free(target);
    subject_end(&s, 0);
}

static void as_somebody_else(void **state)
{
    char *argv[] = {(char *)"sh", (char *)"-c", (char *)"id -un; id -gn; id -G; echo $USER $LOGNAME $HOME",
                    NULL};
    struct measure_options options = attach_plain;
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
    if (measure_run(&options, &t.m, &exec_failed, &err))
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
        cmocka_unit_test(whole_machine),
        cmocka_unit_test(cgroup_present_and_future),
        cmocka_unit_test(machine_while_a_command_runs),
        cmocka_unit_test(as_somebody_else),
        cmocka_unit_test(snapshots_are_exact),
    };
    return trial_main(tests, TEST_COUNT(tests), &attach_plain, argc > 1 ? argv[1] : "waits", NULL);
}
