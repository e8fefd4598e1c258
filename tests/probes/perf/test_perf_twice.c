/* Sessions with records that perf wrote twice, and such as only look alike. */
#include "probes/perf/perf_calls.h"
#include "probes/perf/perf_script.h"
#include "probes/perf/perf_twice.h"
#include "tests/probes/cmocka_test.h"

#include <string.h>

static void copies_are_of_one_thread_and_time(void **state)
{
    struct perf_twice t = {.time_ns = 0};
    (void)state;
    assert_false(perf_twice_take(&t, 1, 5, "a"));
    assert_true(perf_twice_take(&t, 1, 5, "a"));
    assert_false(perf_twice_take(&t, 2, 5, "a"));
    assert_true(perf_twice_take(&t, 1, 5, "a")); /* although another thread's stands between them */
    assert_false(perf_twice_take(&t, 1, 5, "b"));
    assert_false(perf_twice_take(&t, 1, 5, "a")); /* not after another one of its own */
    assert_false(perf_twice_take(&t, 1, 6, "a"));
    assert_false(perf_twice_take(&t, 1, 5, "a")); /* pieces overlap: time may go back */
    assert_false(perf_twice_take(&t, 3, 0, "a")); /* of no time: what was there before the session */
    assert_false(perf_twice_take(&t, 3, 0, "a"));
    assert_int_equal(t.copies, 2);
}

/* More threads than there is room for: the last ones' copies are not found, and nothing is written outside.
 */
static void many_threads_at_a_time(void **state)
{
    struct perf_twice t = {.time_ns = 0};
    (void)state;
    for (uint32_t tid = 0; tid < 3 * TWICE_THREADS; tid++)
        assert_false(perf_twice_take(&t, tid, 5, "a"));
    for (uint32_t tid = 0; tid < 3 * TWICE_THREADS; tid++)
        assert_int_equal(perf_twice_take(&t, tid, 5, "a"), tid < TWICE_THREADS);
    assert_int_equal(t.copies, TWICE_THREADS);
}

struct counted {
    struct perf_calls *calls;
    unsigned clocks, lost, frames;
};

static void record_take(void *context, const struct perf_record *r)
{
    struct counted *c = context;
    if (r->kind == PERF_SAMPLE && r->trace.kind == TRACE_CALL_ENTER)
        perf_calls_enter(c->calls, r->tid, 0, r->time_ns, &r->trace, 0);
    else if (r->kind == PERF_SAMPLE && r->trace.kind == TRACE_CALL_EXIT)
        perf_calls_exit(c->calls, r->tid, r->time_ns, &r->trace);
    else if (r->kind == PERF_SAMPLE)
        c->clocks++;
    c->lost += r->kind == PERF_LOST ? (unsigned)r->lost : 0;
    c->frames += (unsigned)r->frame_count;
}

/* Reads the session; returns how many copies were in it. */
static uint64_t session_read(const char *text, struct counted *c)
{
    struct perf_script *p = perf_script_new(record_take, c);
    assert_non_null(p);
    *c = (struct counted){.calls = perf_calls_new(false, false)};
    assert_non_null(c->calls);
    perf_script_feed(p, text, strlen(text));
    perf_script_end(p);
    assert_int_equal(perf_script_strange(p), 0);
    const uint64_t copies = perf_script_copies(p);
    perf_script_free(p);
    perf_calls_finish(c->calls, 20000000000u);
    return copies;
}

#define BEGIN "syscalls:sys_enter_futex: uaddr: 0x10, op: 0x80, val: 0x1, utime: 0x0\n"
#define END   "syscalls:sys_exit_futex: 0xfffffffffffffff5\n"

/* As perf 6.1 wrote it: the buffer was read up to the record, and the next time from the record on. */
static void a_copy_is_no_call(void **state)
{
    struct counted c;
    (void)state;
    assert_int_equal(session_read("7/7 10.000000100: " BEGIN "7/7 10.000000200: " END
                                  "7/7 10.000000300: " BEGIN "7/7 10.000000300: " BEGIN
                                  "7/7 10.000000400: " END "7/7 10.000000500: " BEGIN "7/7 10.000000600: " END
                                  "7/7 10.000000600: " END "7/7 10.000000700: " BEGIN
                                  "7/7 10.000000800: " END,
                                  &c),
                     2);
    const struct perf_calls_loss *l = perf_calls_losses(c.calls);
    assert_int_equal(l->begun, 4);
    assert_int_equal(l->edges.endless + l->edges.unmatched + l->edges.outside, 0);
    perf_calls_free(c.calls);
}

/* Samples with their paths, and what tells of losses. */
static void a_copy_is_no_time(void **state)
{
    static const char text[] = "7/7 10.000000100: cpu-clock:\n"
                               "\t7f43 inner (/opt/app)\n"
                               "\t7f44 outer (/opt/app)\n\n"
                               "7/7 10.000000100: cpu-clock:\n"
                               "\t7f43 inner (/opt/app)\n"
                               "\t7f44 outer (/opt/app)\n\n"
                               "7/7 10.000000200: PERF_RECORD_LOST lost 3\n"
                               "7/7 10.000000200: PERF_RECORD_LOST lost 3\n"
                               "8/8 10.000000200: cpu-clock:  7f43 inner (/opt/app)\n";
    struct counted c;
    (void)state;
    assert_int_equal(session_read(text, &c), 2);
    assert_int_equal(c.clocks, 2);
    assert_int_equal(c.frames, 3);
    assert_int_equal(c.lost, 3);
    perf_calls_free(c.calls);
}

/* Times to the microsecond, as perf script prints them without --ns: two calls may well have the same. */
static void coarse_times_tell_nothing(void **state)
{
    struct counted c;
    (void)state;
    assert_int_equal(session_read("7/7 10.000001: " BEGIN "7/7 10.000001: " END "7/7 10.000002: " BEGIN
                                  "7/7 10.000002: " BEGIN "7/7 10.000003: " END,
                                  &c),
                     0);
    const struct perf_calls_loss *l = perf_calls_losses(c.calls);
    assert_int_equal(l->begun, 3);
    assert_int_equal(l->edges.endless, 1);
    perf_calls_free(c.calls);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(copies_are_of_one_thread_and_time),
        cmocka_unit_test(many_threads_at_a_time),
        cmocka_unit_test(a_copy_is_no_call),
        cmocka_unit_test(a_copy_is_no_time),
        cmocka_unit_test(coarse_times_tell_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
