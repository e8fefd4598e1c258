/* Starting a command in two steps, and how it ends: by itself, by a signal, by a timeout, by an interruption;
 * the commands that can't be executed.  Nothing here needs privilege. */
#include "probes/run/launch.h"
#include "tests/probes/cmocka_test.h"
#include "tests/probes/folder.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

enum { MAX_WORDS = 8 };

/* One command, and what it wrote. */
struct command {
    struct measure_options options;
    char *argv[MAX_WORDS];
    struct run_outcome outcome;
    struct error err;
    char out[512], complaints[512];
};

static void text_take(int fd, char *text, size_t size)
{
    ssize_t n = pread(fd, text, size - 1, 0);
    text[n > 0 ? n : 0] = 0;
    close(fd);
}

static void command_set(struct command *c, const char *const *words)
{
    size_t count = 0;
    for (; words[count]; count++)
        c->argv[count] = (char *)words[count];
    c->argv[count] = NULL;
    c->options.argv = c->argv;
    c->options.stdout_fd = memfd_create("out", MFD_CLOEXEC);
    c->options.stderr_fd = memfd_create("err", MFD_CLOEXEC);
}

/* What launch_release() gave. */
static int command_run(struct command *c, const char *const *words)
{
    struct launch *l = NULL;
    command_set(c, words);
    assert_int_equal(launch_prepare(&c->options, &l, &c->err), 0);
    int rc = launch_release(l, &c->err);
    if (!rc)
        assert_int_equal(launch_wait(l, NULL, &c->outcome, &c->err), 0);
    launch_free(l);
    text_take(c->options.stdout_fd, c->out, sizeof(c->out));
    text_take(c->options.stderr_fd, c->complaints, sizeof(c->complaints));
    return rc;
}

#define RUN(c, ...) command_run(c, (const char *const[]){__VA_ARGS__, NULL})

static void by_itself(void **state)
{
    struct command c = {.options = {.timeout_ns = 0}};
    (void)state;
    assert_int_equal(RUN(&c, "sh", "-c", "echo said; echo complained >&2; exit 7"), 0);
    assert_int_equal(c.outcome.exit_status, 7);
    assert_int_equal(c.outcome.term_signal, 0);
    assert_false(c.outcome.timed_out || c.outcome.interrupted);
    assert_string_equal(c.out, "said\n");
    assert_string_equal(c.complaints, "complained\n");
    assert_true(c.outcome.max_rss_bytes > 100000);
    assert_true(c.outcome.minor_faults > 0);
    assert_true(c.outcome.wall_ns > 0);
    assert_int_equal(strlen(c.outcome.started_at), strlen("2025-01-01T00:00:00Z"));
    assert_int_equal(c.outcome.started_at[19], 'Z');
}

static void time_is_measured(void **state)
{
    struct command c = {.options = {.timeout_ns = 0}};
    (void)state;
    assert_int_equal(RUN(&c, "sleep", "0.05"), 0);
    assert_true(c.outcome.wall_ns >= 50000000);
    assert_true(c.outcome.voluntary_switches >= 1);
    assert_true(c.outcome.user_ns + c.outcome.system_ns < c.outcome.wall_ns);
}

static void by_a_signal(void **state)
{
    struct command c = {.options = {.timeout_ns = 0}};
    (void)state;
    assert_int_equal(RUN(&c, "sh", "-c", "kill -SEGV $$"), 0);
    assert_int_equal(c.outcome.exit_status, -1);
    assert_int_equal(c.outcome.term_signal, SIGSEGV);
}

static void cannot_be_executed(void **state)
{
    static const char script[] = "#!/nonexistent/interpreter\n", text[] = "no program at all\n";
    static const struct {
        const char *file;
        const char *content;
        int mode, error;
        const char *word;
    } cases[] = {{"nothing", NULL, 0, -ENOENT, "no such command"},
                 {"plain", text, 0644, -EACCES, "chmod +x"},
                 {"interpreted", script, 0755, -ENOENT, "interpreter"},
                 {"binary", "\177ELF and no more", 0755, -ENOEXEC, "format"}};
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct command c = {.options = {.timeout_ns = 0}};
        const char *path = folder_path(cases[i].file);
        if (cases[i].content) {
            folder_file_write(path, cases[i].content, strlen(cases[i].content));
            assert_int_equal(chmod(path, (mode_t)cases[i].mode), 0);
        }
        int rc = RUN(&c, path);
        if (cases[i].error == -ENOEXEC && !rc)
            continue; /* execvp hands what it doesn't know to the shell */
        assert_int_equal(rc, cases[i].error);
        assert_non_null(strstr(c.err.text, path));
        assert_non_null(strstr(c.err.text, cases[i].word));
    }
    struct command c = {.options = {.timeout_ns = 0}};
    assert_int_equal(RUN(&c, "heapwait-no-such-command"), -ENOENT); /* searched for in PATH */
    assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);               /* and nobody is left behind */
    assert_int_equal(errno, ECHILD);
}

static void sees_no_descriptor_of_ours(void **state)
{
    struct command c = {.options = {.timeout_ns = 0}};
    (void)state;
    assert_int_equal(RUN(&c, "ls", "/proc/self/fd"), 0);
    assert_string_equal(c.out, "0\n1\n2\n3\n"); /* the last is ls's own */
}

/* The command and its child, both asleep; the child's number comes through the command's output. */
static void timeout_ends_the_group(void **state)
{
    struct command c = {.options = {.timeout_ns = 200000000, .own_group = true}};
    int status = 0;
    (void)state;
    assert_int_equal(prctl(PR_SET_CHILD_SUBREAPER, 1), 0);
    assert_int_equal(RUN(&c, "sh", "-c", "sleep 100 & echo $!; wait"), 0);
    assert_true(c.outcome.timed_out);
    assert_int_equal(c.outcome.exit_status, -1);
    assert_int_equal(c.outcome.term_signal, SIGKILL);
    assert_true(c.outcome.wall_ns >= 200000000);
    pid_t child = (pid_t)atoi(c.out);
    assert_true(child > 0);
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
    assert_int_equal(prctl(PR_SET_CHILD_SUBREAPER, 0), 0);
}

static void in_time(void **state)
{
    struct command c = {.options = {.timeout_ns = 60000000000, .own_group = true}};
    (void)state;
    assert_int_equal(RUN(&c, "true"), 0);
    assert_false(c.outcome.timed_out);
    assert_int_equal(c.outcome.exit_status, 0);
}

static sigset_t mask_now(void)
{
    sigset_t mask;
    sigprocmask(SIG_BLOCK, NULL, &mask);
    return mask;
}

/* The signal is for heapwait; the command gets it too, and its end is waited for. */
static void interrupted(void **state)
{
    struct command c = {.options = {.timeout_ns = 0}};
    struct launch *l = NULL;
    sigset_t before = mask_now(), after;
    (void)state;
    command_set(&c, (const char *const[]){"sleep", "100", NULL});
    assert_int_equal(launch_prepare(&c.options, &l, &c.err), 0);
    assert_int_equal(launch_release(l, &c.err), 0);
    kill(getpid(), SIGTERM);
    assert_int_equal(launch_wait(l, NULL, &c.outcome, &c.err), 0);
    launch_free(l);
    assert_true(c.outcome.interrupted);
    assert_false(c.outcome.timed_out);
    assert_int_equal(c.outcome.term_signal, SIGTERM);
    after = mask_now();
    for (int s = 1; s < 32; s++)
        assert_int_equal(sigismember(&before, s), sigismember(&after, s));
    close(c.options.stdout_fd);
    close(c.options.stderr_fd);
}

/* A command that ignores SIGTERM goes on: of how it ends and what it uses nothing is known, and nothing said.
 */
static void left_behind(void **state)
{
    struct command c = {.options = {.timeout_ns = 0}};
    struct launch *l = NULL;
    const char *ready = folder_path("ready");
    char byte;
    (void)state;
    assert_int_equal(mkfifo(ready, 0600), 0);
    command_set(
        &c, (const char *const[]){"sh", "-c", "trap '' TERM; echo > \"$0\"; exec sleep 100", ready, NULL});
    assert_int_equal(launch_prepare(&c.options, &l, &c.err), 0);
    assert_int_equal(launch_release(l, &c.err), 0);
    int told = open(ready, O_RDONLY | O_CLOEXEC);
    assert_int_equal(read(told, &byte, 1), 1);
    close(told);
    kill(getpid(), SIGTERM);
    const pid_t pid = launch_pid(l);
    assert_int_equal(launch_wait(l, NULL, &c.outcome, &c.err), 0);
    launch_free(l);
    assert_int_equal(kill(pid, SIGKILL), 0); /* it was there */
    assert_int_equal(waitpid(pid, NULL, 0), pid);
    assert_true(c.outcome.interrupted && c.outcome.attached);

    assert_int_equal(c.outcome.left_behind, pid);
    assert_int_equal(c.outcome.exit_status, -1);
    assert_int_equal(c.outcome.term_signal, 0);
    assert_true(c.outcome.wall_ns >= 4000000000);
    close(c.options.stdout_fd);
    close(c.options.stderr_fd);
}

/* The command has the mask that heapwait had, not the one that heapwait has while it runs. */
static void signal_mask_is_the_callers(void **state)
{
    struct command c = {.options = {.timeout_ns = 0}};
    char expected[64];
    unsigned long long bits = 0;
    sigset_t mask = mask_now();
    (void)state;
    for (int s = 1; s < 64; s++)
        bits |= sigismember(&mask, s) == 1 ? 1ull << (s - 1) : 0;
    snprintf(expected, sizeof(expected), "SigBlk:\t%016llx\n", bits);
    assert_int_equal(RUN(&c, "grep", "SigBlk", "/proc/self/status"), 0);
    assert_string_equal(c.out, expected);
}

static void given_up_before_it_began(void **state)
{
    struct command c = {.options = {.timeout_ns = 0}};
    struct launch *l = NULL;
    const char *trace = folder_path("ran");
    (void)state;
    command_set(&c, (const char *const[]){"touch", trace, NULL});
    assert_int_equal(launch_prepare(&c.options, &l, &c.err), 0);
    assert_true(launch_pid(l) > 0);
    assert_true(launch_pidfd(l) >= 0);
    launch_free(l);
    assert_int_not_equal(access(trace, F_OK), 0);
    assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
    launch_free(NULL);
    close(c.options.stdout_fd);
    close(c.options.stderr_fd);
}

static int watched_calls;

static void watched(void *context)
{
    char bytes[16];
    if (read(*(int *)context, bytes, sizeof(bytes)) > 0)
        watched_calls++;
}

static void others_are_looked_after(void **state)
{
    struct command c = {.options = {.timeout_ns = 0}};
    struct launch *l = NULL;
    int ends[2];
    (void)state;
    assert_int_equal(pipe2(ends, 0x800 /* O_NONBLOCK */), 0);
    assert_int_equal(write(ends[1], "x", 1), 1);
    command_set(&c, (const char *const[]){"sleep", "0.02", NULL});
    struct launch_watch watch = {.fds = &ends[0], .count = 1, .ready = watched, .context = &ends[0]};
    assert_int_equal(launch_prepare(&c.options, &l, &c.err), 0);
    assert_int_equal(launch_release(l, &c.err), 0);
    assert_int_equal(launch_wait(l, &watch, &c.outcome, &c.err), 0);
    launch_free(l);
    assert_int_equal(watched_calls, 1);
    close(ends[0]);
    close(ends[1]);
    close(c.options.stdout_fd);
    close(c.options.stderr_fd);
}

static int begin(void **state)
{
    (void)state;
    folder_make();
    return (int)syscall(SYS_close_range, 3u, ~0u,
                        4u /* CLOSE_RANGE_CLOEXEC */); /* whoever runs the test leaves some */
}

static int end(void **state)
{
    (void)state;
    folder_remove();
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(by_itself),
        cmocka_unit_test(time_is_measured),
        cmocka_unit_test(by_a_signal),
        cmocka_unit_test(cannot_be_executed),
        cmocka_unit_test(sees_no_descriptor_of_ours),
        cmocka_unit_test(timeout_ends_the_group),
        cmocka_unit_test(in_time),
        cmocka_unit_test(interrupted),
        cmocka_unit_test(left_behind),
        cmocka_unit_test(signal_mask_is_the_callers),
        cmocka_unit_test(given_up_before_it_began),
        cmocka_unit_test(others_are_looked_after),
    };
    return cmocka_run_group_tests(tests, begin, end);
}
