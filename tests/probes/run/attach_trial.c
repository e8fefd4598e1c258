/* See attach_trial.h. */
#include "tests/probes/run/attach_trial.h"

#include "probes/run/measure.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

struct measure_options attach_plain = {.stdout_fd = -1,
                                       .stderr_fd = -1,
                                       .sample_period_ns = SAMPLE_PERIOD_NS,
                                       .timeline_after_ns = 1000000,
                                       .timeline_length_ns = TIMELINE_LENGTH_NS};

void subject_start(struct subject *s)
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

void subject_tell(struct subject *s, const char *what)
{
    char line[32] = "";
    fprintf(s->to, "%s\n", what);
    fflush(s->to);
    assert_non_null(fgets(line, sizeof(line), s->from));
    if (strcmp(what, "exec")) /* which answers with its number */
        assert_string_equal(line, "ok\n");
}

/* The program goes on as it was: it ends with the status that it is told. */
void subject_end(struct subject *s, int expected)
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

void script_act(void *context, const struct measure_options *options)
{
    struct script *script = context;
    script->act(script, options);
}

/* A session of its own where the target needs another kind than the one that all share. */
void target_measure(struct trial *t, struct target *target, struct script *script, uint64_t duration_ns)
{
    struct measure_options options = attach_plain;
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
    if (measure_run(&options, &t->m, &exec_failed, &err))
        fail_msg("%s", err.text);
    assert_true(t->m->outcome.attached);
    assert_false(t->m->outcome.interrupted);
    assert_int_equal(t->m->outcome.exit_status, -1);
    measurement_check(t->m, &options);
}

struct target *target_of(const struct subject *subjects, size_t count)
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
uint64_t wakes_of(const struct trial *t, pid_t pid)
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

void act_several(struct script *script, const struct measure_options *options)
{
    static const char *const what[] = {"wake 3", "wake 5", "wake 11"};
    (void)options;
    for (size_t i = 0; i < script->count; i++)
        subject_tell(&script->subjects[i], what[i]);
}
