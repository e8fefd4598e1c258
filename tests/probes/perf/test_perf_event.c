/* What a session says of its events: what they are, which part of each was recorded, which of them are one
 * clock. */
#include "probes/perf/perf_clocks.h"
#include "probes/perf/perf_event.h"
#include "probes/perf/perf_session.h"
#include "tests/probes/cmocka_test.h"

#include <stdio.h>
#include <string.h>

static void names(void **state)
{
    static const char *const all[][3] = {
        {"cycles", "cycles", ""},
        {"cycles:u", "cycles", ""},
        {"cycles:ppp", "cycles", ""},
        {"cpu-clock/freq=99,call-graph=fp/", "cpu-clock", ""},
        {"cpu-clock/freq=99/u", "cpu-clock", ""},
        {"cpu_core/cycles/", "cycles", "cpu_core"},
        {"cpu_atom/cycles/u", "cycles", "cpu_atom"},
        {"cpu_atom/cycles,period=1000/", "cycles", "cpu_atom"},
        {"cpu/event=0x3c,umask=0x0/", "cpu", ""},
        {"sched:sched_switch", "sched:sched_switch", ""},
        {"sched:sched_switch:u", "sched:sched_switch", ""},
        {"syscalls:sys_enter_futex/call-graph=fp/", "syscalls:sys_enter_futex", ""},
        {"syscalls:sys_enter_futex:k", "syscalls:sys_enter_futex", ""},
        {"r3c:u", "r3c", ""},
        {"", "", ""},
        {":", "", ""},
        {"/", "", ""},
        {"a//", "a", ""},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
        char base[96], pmu[16];
        perf_event_base(all[i][0], base, sizeof(base), pmu, sizeof(pmu));
        if (strcmp(base, all[i][1]) != 0 || strcmp(pmu, all[i][2]) != 0)
            fail_msg("'%s': '%s' of '%s'", all[i][0], base, pmu);
    }
}

static void attributes(void **state)
{
    struct perf_event_facts e;
    (void)state;
    perf_event_read(
        "name = syscalls:sys_enter_futex, , id = { 4, 5 }, type = 2, size = 128, config = 0x20a, "
        "{ sample_period, sample_freq } = 99, sample_type = IP|TID|TIME|CALLCHAIN|PERIOD|RAW, freq = 1, "
        "exclude_kernel = 1",
        &e);
    assert_string_equal(e.name, "syscalls:sys_enter_futex");
    assert_true(e.tracepoint && e.frequency && e.exclude_kernel && e.call_paths && e.periods);
    assert_false(e.exclude_user || e.stacks || e.context_switches);
    assert_int_equal(e.rate, 99);
    assert_true(perf_event_is_sampled(&e));
    assert_false(
        perf_event_is_excluded(&e)); /* a call is the user's, though its tracepoint is in the kernel */
    perf_event_read("name = sched:sched_switch:u, , id = { 4 }, type = 2 (PERF_TYPE_TRACEPOINT), size = 136, "
                    "{ sample_period, sample_freq } = 1, sample_type = IP|TID|TIME|RAW, exclude_kernel = 1",
                    &e);
    assert_true(e.tracepoint);
    assert_false(perf_event_is_sampled(&e));
    assert_true(perf_event_is_excluded(&e));
    perf_event_read(
        "name = cpu-clock/freq=251,call-graph=dwarf/, , id = { 1 }, type = 1, { sample_period, sample_freq } "
        "= 251, sample_type = IP|CALLCHAIN|REGS_USER|STACK_USER, freq = 1, context_switch = 1",
        &e);
    assert_string_equal(e.name, "cpu-clock/freq=251,call-graph=dwarf/");
    assert_true(e.stacks && e.call_paths && e.context_switches);
    assert_false(e.tracepoint || e.periods);
    perf_event_read(
        "name = a:b, , id = { 1 }, type = 2, { sample_period, sample_freq } = 100, sample_type = IP|PERIOD",
        &e);
    assert_false(
        perf_event_is_sampled(&e)); /* the kernel makes a sample each time, and tells a period of 1 */
    perf_event_read(
        "name = a:b, , id = { 1 }, type = 2, { sample_period, sample_freq } = 100, sample_type = IP", &e);
    assert_true(perf_event_is_sampled(&e));
    perf_event_read("", &e);
    assert_string_equal(e.name, "");
    assert_false(perf_event_is_sampled(&e));
}

static struct perf_session session;

static void session_of(const char *command, const char *const *events)
{
    char line[1024];
    perf_session_free(&session);
    session = (struct perf_session){.cores = 0};
    snprintf(line, sizeof(line), "# cmdline : /usr/bin/perf record %s ", command);
    perf_session_line(&session, line);
    for (; *events; events++) {
        snprintf(line, sizeof(line), "# event : name = %s", *events);
        perf_session_line(&session, line);
    }
}

#define ALL "type = 2, { sample_period, sample_freq } = 1, sample_type = IP|TID|TIME|RAW"

static void limits(void **state)
{
    (void)state;
    session_of("-- x", (const char *[]){"syscalls:sys_enter_futex, , id = { 1 }, " ALL,
                                        "syscalls:sys_exit_futex, , id = { 2 }, " ALL,
                                        "sched:sched_switch, , id = { 3 }, " ALL,
                                        "sched:sched_waking, , id = { 4 }, " ALL, NULL});
    assert_true(session.futex_begins && session.futex_calls && session.switches && session.wakeups);
    assert_false(session.begins_partly || session.ends_partly);
    assert_string_equal(session.limits, "");
    session_of("-c 100 -e x --filter y -- x",
               (const char *[]){
                   "syscalls:sys_enter_futex, , id = { 1 }, type = 2, { sample_period, sample_freq } = 100",
                   "syscalls:sys_exit_futex, , id = { 2 }, " ALL ", exclude_user = 1",
                   "sched:sched_switch, , id = { 3 }, type = 2, { sample_period, sample_freq } = 100",
                   "sched:sched_waking:u, , id = { 4 }, " ALL ", exclude_kernel = 1",
                   "cycles:u, , id = { 5 }, type = 0, freq = 1, exclude_kernel = 1", NULL});
    assert_true(session.futex_begins && session.begins_partly);
    assert_false(session.futex_calls || session.switches || session.wakeups);
    assert_string_equal(
        session.limits,
        "syscalls:sys_enter_futex: perf sampled it, one of 100\n"
        "syscalls:sys_exit_futex is not in it: perf was told to leave out the user's code, where it "
        "happens\n"
        "sched:sched_switch: perf sampled it, one of 100\n"
        "sched:sched_waking:u is not in it: perf was told to leave out the kernel's code, where it "
        "happens\n"
        "cycles:u: perf was told to leave out the kernel's code");
    session_of("-e syscalls:sys_exit_futex --filter ret!=0 -- x",
               (const char *[]){"syscalls:sys_enter_futex, , id = { 1 }, " ALL,
                                "syscalls:sys_exit_futex, , id = { 2 }, " ALL, NULL});
    assert_true(session.ends_partly && !session.begins_partly && session.futex_calls);
    assert_string_equal(session.limits,
                        "syscalls:sys_exit_futex: perf recorded those that pass its --filter");
    perf_session_free(&session);
}

/* Whom events follow, and of which there is only a count.  An older perf
 * tells neither the size of attributes nor who is followed: then its default counts. */
static void followed(void **state)
{
    (void)state;
    session_of("-- x", (const char *[]){"a:b, , id = { 1 }, type = 2, sample_type = IP|TID|TIME|RAW", NULL});
    assert_true(session.inherits && !session.alone);
    session_of("-- x", (const char *[]){
                           "a:b, , id = { 1 }, type = 2, size = 128, sample_type = IP|TID|TIME|RAW", NULL});
    assert_true(!session.inherits && session.alone && !session.timeless);
    session_of("-- x",
               (const char *[]){"a:b, , id = { 1 }, type = 2, size = 128, sample_type = IP|TID|RAW",
                                "c:d:S, , id = { 2 }, type = 2, size = 128, sample_type = IP|TID|TIME|READ, "
                                "inherit = 1",
                                "e:f, , id = { 3 }, type = 2, size = 128, sample_type = IP|TID|READ", NULL});
    assert_true(session.inherits && session.alone && session.timeless);
    assert_string_equal(session.counted, " c:d:S e:f ");
    perf_session_free(&session);
}

/* Which of three clocks count, as "110". */
static void counts(const char *a, const char *b, const char *c, const char *which)
{
    struct perf_clocks clocks = {.count = 0};
    const char *const events[] = {a, b, c};
    char got[4] = "";
    bool failed = false;
    for (size_t i = 0; i < 3; i++)
        got[i] = perf_clocks_take(&clocks, &session, events[i], &failed) ? '1' : '0';
    for (size_t i = 0; i < 3; i++) /* asked again, the same */
        assert_int_equal(perf_clocks_take(&clocks, &session, events[i], &failed), got[i] == '1');
    perf_clocks_free(&clocks);
    assert_false(failed);
    if (strcmp(got, which) != 0)
        fail_msg("%s, %s, %s: %s and not %s", a, b, c, got, which);
}

static void one_clock(void **state)
{
    (void)state;
    session_of("-- x", (const char *[]){"cycles:u, , id = { 1 }, type = 0, exclude_kernel = 1",
                                        "cycles:k, , id = { 2 }, type = 0, exclude_user = 1",
                                        "cycles, , id = { 3 }, type = 0", NULL});
    counts("cpu_core/cycles/", "cpu_atom/cycles/", "cpu-clock", "110");
    counts("cpu_atom/cycles/P", "cpu_core/cycles/P", "cpu_core/ref-cycles/", "110");
    counts("cpu-clock", "cycles", "task-clock", "100");
    counts("cycles:u", "cycles:k", "cycles", "110");
    counts("cycles", "cycles:u", "cycles:k", "100");
    counts("a:cycles", "b/cycles/", "b/cycles/u", "100");
    perf_session_free(&session);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names),    cmocka_unit_test(attributes), cmocka_unit_test(limits),
        cmocka_unit_test(followed), cmocka_unit_test(one_clock),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
