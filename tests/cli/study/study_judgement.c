/* What `heapwait study` makes of a run: what the program said, and whether the run counts. */
#include "cli/study/study_output.h"
#include "cli/study/study_run.h"

#include <errno.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

/* clang-format off */
#include <cmocka.h>
/* clang-format on */

static void said_is(const char *text, int rc, int64_t passwords, int64_t threads, int64_t ns)
{
    struct said said;
    assert_int_equal(study_output_read(text, &said), rc);
    assert_int_equal(said.passwords, passwords);
    assert_int_equal(said.threads, threads);
    assert_int_equal(said.elapsed_ns, ns);
}

static void output_reads_the_line(void **state)
{
    said_is("Generating 1000000 passwords with 22 threads took 56 ms\n", 0, 1000000, 22, 56000000);
    said_is("hello\nGenerating 1 passwords with 1 threads took 0 ms\nbye\n", 0, 1, 1, 0);
    said_is(
        "Generating 1 passwords with 1 threads took 1 ms\nGenerating 2 passwords with 2 threads took 2 ms", 0,
        2, 2, 2000000);
    said_is("Generating 5 passwords with 2 threads took 7 ms\r\n", 0, 5, 2, 7000000);
    (void)state;
}

static void output_refuses_nonsense(void **state)
{
    said_is("", -ENOENT, -1, -1, -1);
    said_is("passwords\n", -ENOENT, -1, -1, -1);
    said_is("Generating -1 passwords with 22 threads took 56 ms", -EINVAL, -1, -1, -1);
    said_is("Generating 1 passwords with 22 threads took 56 seconds", -EINVAL, -1, -1, -1);
    said_is("Generating 1 passwords with 22 threads took 56 ms more", -EINVAL, -1, -1, -1);
    said_is("Generating 99999999999999999999 passwords with 22 threads took 56 ms", -EINVAL, -1, -1, -1);
    said_is("Generating 1 passwords with 22 threads took 9223372036854775807 ms", -EINVAL, -1, -1, -1);
    said_is("Generating 1 passwords with 22 threads to", -EINVAL, -1, -1, -1);
    (void)state;
}

static void output_reads_json(void **state)
{
    said_is("{\"passwords\":10,\"threads\":4,\"elapsed_ns\":123}\n", 0, 10, 4, 123);
    said_is("{\"elapsed_ns\":123}", 0, -1, -1, 123);
    said_is("{\"elapsed_ns\":\"123\"}", -EINVAL, -1, -1, -1);
    said_is("{\"elapsed_ns\":-5}", -EINVAL, -1, -1, -1);
    said_is("{\"elapsed_ns\":123", -EINVAL, -1, -1, -1);
    said_is("{}", -EINVAL, -1, -1, -1);
    (void)state;
}

static void judged(struct study_ending e, const char *expected)
{
    char failure[256];
    e.timeout_ns = 2000000000;
    if (!e.complaint)
        e.complaint = "";
    study_run_judge(&e, failure, sizeof(failure));
    assert_string_equal(failure, expected);
}

static void runs_are_judged(void **state)
{
    const struct run_outcome good = {0}, three = {.exit_status = 3},
                             killed = {.exit_status = -1, .term_signal = SIGSEGV},
                             late = {.exit_status = -1, .term_signal = SIGKILL, .timed_out = true};
    const struct said nothing = {-1, -1, -1}, all = {.threads = 4, .passwords = 10, .elapsed_ns = 1};
    judged((struct study_ending){&good, NULL, 0, 0, all, 4, 10, true}, "");
    judged((struct study_ending){&good, NULL, 0, -ENOENT, nothing, 4, 10, false}, "");
    judged((struct study_ending){&three, "no luck", 0, 0, all, 4, 10, true}, "exit status 3: no luck");
    judged((struct study_ending){&killed, NULL, 0, 0, all, 4, 10, true}, "died by signal 11 (SIGSEGV)");
    judged((struct study_ending){&late, NULL, 0, 0, all, 4, 10, true},
           "still running after 2 s, killed (--timeout)");
    judged((struct study_ending){&good, NULL, 0, 0, all, 4, 11, true},
           "it says that it made the run with 10 passwords, but was asked for 11");
    judged((struct study_ending){&good, NULL, 0, 0, all, 5, 10, false},
           "it says that it made the run with 4 threads, but was asked for 5");
    judged((struct study_ending){&good, NULL, 0, -ENOENT, nothing, 4, 10, true},
           "it ended well without saying how many passwords it made, how and in what time");
    judged((struct study_ending){&good, NULL, 0, -EINVAL, nothing, 4, 10, false},
           "its line about the time it took can't be read");
    (void)state;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(output_reads_the_line),
        cmocka_unit_test(output_refuses_nonsense),
        cmocka_unit_test(output_reads_json),
        cmocka_unit_test(runs_are_judged),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
