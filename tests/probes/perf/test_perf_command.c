/* What was measured, by perf's command line: perf's options are told from the command, and their values from
 * both. */
#include "probes/perf/perf_command.h"
#include "probes/perf/perf_head.h"
#include "tests/probes/cmocka_test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static char *words[MAX_PERF_WORDS];
static size_t count;
static struct perf_command c;

/* Reads "/usr/bin/perf record" and what is behind it; words with blanks between them. */
static void read_line(const char *line)
{
    static char text[4096];
    snprintf(text, sizeof(text), "/usr/bin/perf %s", line);
    count = 0;
    for (char *rest = text, *word; (word = strsep(&rest, " "));)
        if (*word)
            words[count++] = word;
    perf_command_read(words, count, &c);
}

/* What is told of the line, for people. */
static void told(const char *line, bool measured, const char *text)
{
    read_line(line);
    char *said = perf_command_text(&c, words, count);
    assert_non_null(said);
    if (strcmp(said, text) != 0 || perf_command_is_measured(&c, count) != measured)
        fail_msg("'%s': '%s' and not '%s', measured %d", line, said, text,
                 perf_command_is_measured(&c, count));
    free(said);
}

static void commands(void **state)
{
    (void)state;
    told("record -- ./prog a", true, "./prog a");
    told("record ./prog -- arg", true, "./prog -- arg");
    told("record -- ./prog -- arg", true, "./prog -- arg");
    told("record -e cycles -F 99 -g ./prog -e x", true, "./prog -e x");
    told("record -ecycles -F99 -g -o out.data ./prog", true, "./prog");
    told("record -gF 99 ./prog", true, "./prog");
    told("record --event=cycles --freq 99 --call-graph dwarf,4096 ./prog", true, "./prog");
    told("record --ev cycles --out x ./prog", true, "./prog"); /* shortened */
    told("record -z -I --switch-output --user-regs=ip ./prog 1", true, "./prog 1");
    told("record -z9 -Iax,bx -m 4M,1M -k CLOCK_MONOTONIC -j any ./prog", true, "./prog");
    told("record -i -s -W ./prog", true, "./prog");
    told("record --no-buildid-cache --buildid-all --switch-events ./prog", true, "./prog");
    told("record -m 1 -q -D 100 ./prog", true, "./prog");
    assert_true(c.delayed);
    told("trace record ./prog", true, "./prog");
}

static void attached(void **state)
{
    (void)state;
    told("record -p 12 -- sleep 1", false, "process 12, while: sleep 1");
    told("record -gp 12,13 sleep 1", false, "process 12,13, while: sleep 1");
    told("record --pid=12", false, "process 12");
    told("record -t 14", false, "thread 14");
    told("record -u somebody -- sleep 1", false, "processes of user somebody, while: sleep 1");
    told("record -a", false, "all processes");
    told("record -ag -- sleep 1", false, "all processes, while: sleep 1");
    told("record --all-cpus sleep 1", false, "all processes, while: sleep 1");
    told("record -C 0-3 sleep 1", false, "all processes, while: sleep 1");
    told("record -a -G /docker sleep 1", false, "all processes, while: sleep 1");
    told("sched record -- ./prog", false, "all processes, while: ./prog");
}

static void strange_lines(void **state)
{
    (void)state;
    told("", false, "not told: perf's command line is not in the session");
    told("record", false, "not told: perf's command line is not in the session");
    told("record -e", false, "not told: perf's command line is not in the session");
    told("record --", false, "not told: perf's command line is not in the session");
    told("record -p", false,
         "not told: perf's command line is not in the session"); /* no value: no process */
    told("report -i x", false, "not told: perf's command line is not in the session");
    char perf[] = "perf", record[] = "record", blank[] = "./a b", quote[] = "don't";
    char *const quoted[] = {perf, record, blank, quote};
    perf_command_read(quoted, 4, &c);
    char *text = perf_command_text(&c, quoted, 4);
    assert_string_equal(text, "'./a b' 'don'\\''t'");
    free(text);
    perf_command_read(quoted, 0, &c);
    assert_int_equal(c.at, 0);
}

static void filters(void **state)
{
    (void)state;
    read_line("record -e a:b,syscalls:sys_enter_futex --filter op==1 -e syscalls:sys_exit_futex x");
    assert_true(perf_command_filters(&c, "syscalls:sys_enter_futex"));
    assert_false(perf_command_filters(&c, "a:b"));
    assert_false(perf_command_filters(&c, "enter_futex"));
    assert_false(perf_command_filters(&c, "syscalls:sys_exit_futex"));
    read_line("record -e syscalls:sys_*_futex --filter=ret==0 x");
    assert_true(perf_command_filters(&c, "syscalls:sys_exit_futex"));
    read_line("record -e sched:sched_switch --exclude-perf x");
    assert_false(perf_command_filters(&c, "sched:sched_switch"));
    read_line("record --filter nothing x");
    assert_true(perf_command_filters(&c, "sched:sched_switch")); /* which one can't be told */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(commands),
        cmocka_unit_test(attached),
        cmocka_unit_test(strange_lines),
        cmocka_unit_test(filters),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
