/* Running programs: by argv, in a folder, in silence or not at all; never through a shell. */
#include "plots/tool.h"

#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

static void arguments_are_text(void **state)
{
    (void)state;
    struct tool_output out;
    struct error err = {""};
    assert_int_equal(
        tool_run("/", 0, (const char *const[]){"printf", "%s", "$(id) `id` ; id", NULL}, &out, &err), 0);
    assert_string_equal(out.text, "$(id) `id` ; id");
    assert_int_equal(out.status, 0);
    tool_output_free(&out);
}

static void folder_and_date(void **state)
{
    (void)state;
    struct tool_output out;
    setenv("GNUTERM", "x11", 1);
    assert_int_equal(
        tool_run("/usr", 86400,
                 (const char *const[]){"sh", "-c", "pwd; echo $SOURCE_DATE_EPOCH $TZ [$GNUTERM]", NULL}, &out,
                 NULL),
        0);
    assert_string_equal(out.text, "/usr\n86400 UTC0 []\n");
    tool_output_free(&out);
}

static void missing_program(void **state)
{
    (void)state;
    struct error err = {""};
    setenv("PATH_BEFORE", getenv("PATH"), 1);
    setenv("PATH", "/nowhere", 1);
    assert_int_equal(tool_must("/", 0, (const char *const[]){"gnuplot", NULL}, &err), -ENOENT);
    assert_false(tool_exists("sh"));
    setenv("PATH", getenv("PATH_BEFORE"), 1);
    assert_true(tool_exists("sh"));
    assert_non_null(strstr(err.text, "gnuplot-nox"));
}

static void complaint_is_failure(void **state)
{
    (void)state;
    struct error err = {""};
    assert_int_equal(
        tool_must("/", 0, (const char *const[]){"sh", "-c", "echo first >&2; echo last >&2", NULL}, &err),
        -EPROTO);
    assert_string_equal(err.text, "sh failed: last");
    err.text[0] = '\0';
    assert_int_equal(tool_must("/", 0, (const char *const[]){"sh", "-c", "exit 3", NULL}, &err), -EPROTO);
    assert_string_equal(err.text, "sh failed with status 3");
}

static void interrupted(void **state)
{
    (void)state;
    sigset_t held, before;
    sigemptyset(&held);
    sigaddset(&held, SIGTERM);
    sigprocmask(SIG_BLOCK, &held, &before);
    raise(SIGTERM);
    struct error err = {""};
    assert_int_equal(tool_must("/", 0, (const char *const[]){"true", NULL}, &err), -EINTR);
    int number;
    sigwait(&held, &number);
    sigprocmask(SIG_SETMASK, &before, NULL);
}

/* Whatever ends heapwait, as kill -9 does, ends the program that it runs: that holds the pipe's other end. */
static void ends_with_heapwait(void **state)
{
    (void)state;
    int held[2];
    char byte, script[64];
    assert_int_equal(pipe(held), 0);
    snprintf(script, sizeof script, "echo >&%d; exec sleep 100000", held[1]);
    const pid_t heapwait = fork();
    if (heapwait == 0) {
        struct tool_output out;
        close(held[0]);
        tool_run("/", 0, (const char *const[]){"sh", "-c", script, NULL}, &out, NULL);
        _exit(0);
    }
    close(held[1]);
    assert_int_equal(read(held[0], &byte, 1), 1); /* it runs */
    kill(heapwait, SIGKILL);
    assert_int_equal(read(held[0], &byte, 1), 0);
    waitpid(heapwait, NULL, 0);
    close(held[0]);
}

static void bounded(void **state)
{
    (void)state;
    struct tool_output out;
    struct error err = {""};
    assert_int_equal(
        tool_run("/", 0,
                 (const char *const[]){"sh", "-c", "ulimit -t; ulimit -d; ulimit -f; ulimit -c", NULL}, &out,
                 &err),
        0);
    long cpu, data, file, core;
    assert_int_equal(sscanf(out.text, "%ld\n%ld\n%ld\n%ld", &cpu, &data, &file, &core), 4);
    assert_in_range(cpu, 1, 300);
    assert_in_range(data, 1, 2 << 20);
    assert_in_range(file, 1, 2 << 20);
    assert_int_equal(core, 0);
    tool_output_free(&out);
    assert_int_equal(tool_must("/", 0, (const char *const[]){"sh", "-c", "kill -XCPU $$", NULL}, &err),
                     -EPROTO);
    assert_non_null(strstr(err.text, "CPU time"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(arguments_are_text),
        cmocka_unit_test(folder_and_date),
        cmocka_unit_test(missing_program),
        cmocka_unit_test(complaint_is_failure),
        cmocka_unit_test(interrupted),
        cmocka_unit_test(ends_with_heapwait),
        cmocka_unit_test(bounded),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
