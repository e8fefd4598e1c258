/* heapwait-bench: what looking costs.  It serves who develops heapwait, and is not installed.
 *
 * All is measured in one interleaved session: in each round every method has a turn, in random order, and is
 * compared to the untraced turn of the same round.  A turn is the median of a few runs of the password
 * program: to attach takes longer than to run it, and what a single run takes depends on how its threads
 * happen to meet.  A run counts if the machine ran at its best pace just before and just after it; else it is
 * repeated.  The time is the program's own (elapsed_ns), so that no tool's start is counted. */
#include "analysis/base/number.h"
#include "cli/bench/bench_beside.h"
#include "cli/bench/bench_table.h"
#include "cli/bench/pace.h"
#include "cli/study/study_capture.h"
#include "cli/study/study_output.h"
#include "cli/study/variants.h"
#include "cli/terminal/arguments.h"
#include "cli/terminal/command.h"
#include "cli/terminal/random.h"
#include "probes/host/checks.h"
#include "probes/host/host.h"
#include "probes/host/program.h"
#include "probes/run/calibrate.h"
#include "probes/run/measure.h"
#include "probes/session/empty_probes.h"
#include "probes/session/session.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char usage[] =
    "usage: heapwait-bench [--rounds N] [--runs N] [--passwords N] [--quick] [--no-tools] [--write FILE]\n"
    "\n"
    "Compares what looking costs: empty programs on the same hooks, mode waits, mode ledger, and the tools "
    "that are\n"
    "installed, on musl (contended) and glibc (uncontended) with 4 threads, as ratios to untraced runs.\n"
    "\n"
    "      --rounds N      turns of each (9)\n"
    "      --runs N        runs a turn, of which the median counts (3; a tool's turn is one run)\n"
    "      --passwords N   passwords per run (500000)\n"
    "      --quick         3 rounds of one run of 200000\n"
    "      --no-tools      heapwait and its floors only\n"
    "      --write FILE    the table as Markdown, too\n"
    "  -h, --help\n";

enum { THREADS = 4, MAX_WORDS = 24, MOST_RUNS = 100, MOST_PASSWORDS = 1000000000, MOST_TRIES = 20 };
#define PACE_SEARCH_NS       10000000000ULL
#define PACE_SEARCH_QUICK_NS 2000000000ULL

enum kind { UNTRACED, FLOOR_WAITS, FLOOR_LEDGER, WAITS, LEDGER, TOOL };

static const char bpftrace_program[] =
    "tracepoint:syscalls:sys_enter_futex { @start[tid] = nsecs; } "
    "tracepoint:syscalls:sys_exit_futex /@start[tid]/ { @ns = hist(nsecs - @start[tid]); @calls = count(); "
    "delete(@start[tid]); }";

/* `words` come before the command; bpftrace takes it as one word behind -c. */
static const struct method {
    const char *name;
    enum kind kind;
    const char *words[8];
} methods[BENCH_METHODS] = {
    {"untraced", UNTRACED, {NULL}},
    {"empty programs on the hooks of waits", FLOOR_WAITS, {NULL}},
    {"heapwait -m waits", WAITS, {NULL}},
    {"empty programs on the hooks of ledger", FLOOR_LEDGER, {NULL}},
    {"heapwait -m ledger", LEDGER, {NULL}},
    {"perf record -e cpu-clock -g",
     TOOL,
     {"perf", "record", "-q", "-o", "/dev/null", "-e", "cpu-clock", "-g"}},
    {"bpftrace, futex calls and histogram", TOOL, {"bpftrace", "-e", bpftrace_program, "-c"}},
    {"perf trace -s", TOOL, {"perf", "trace", "-s", "-o", "/dev/null"}},
    {"strace -f -c", TOOL, {"strace", "-f", "-c", "-o", "/dev/null"}},
};

struct bench_options {
    uint64_t rounds, runs, passwords, pace_search_ns;
    struct pace *pace;
    bool tools;
    const char *file;
};

/* Joins the words with blanks.  Returns false if they don't fit, or one has a blank. */
static bool command_join(char *const *command, char *joined, size_t size)
{
    size_t length = 0;
    *joined = 0;
    for (size_t i = 0; command[i]; i++) {
        int n = snprintf(joined + length, size - length, "%s%s", i ? " " : "", command[i]);
        if (n < 0 || (size_t)n >= size - length || strchr(command[i], ' '))
            return false;
        length += (size_t)n;
    }
    return true;
}

/* Fills argv[] with the method's words, then the command's.  Returns false if the method can't run this
 * command. */
static bool command_make(const struct method *m, char *const *command, char *joined, size_t size, char **argv)
{
    size_t n = 0;
    while (n < 8 && m->words[n]) {
        argv[n] = (char *)m->words[n];
        n++;
    }
    if (n && !strcmp(m->words[n - 1], "-c")) { /* bpftrace itself cuts it at blanks */
        argv[n++] = joined;
        argv[n] = NULL;
        return command_join(command, joined, size);
    }
    if (n)
        argv[n++] = (char *)"--";
    if (n && m->words[0] && !strcmp(m->words[0], "strace"))
        n--; /* strace stops at the first word that is no option; older ones don't know -- */
    for (size_t i = 0; command[i]; i++)
        argv[n++] = command[i];
    argv[n] = NULL;
    return true;
}

/* Finds the program's line of JSON among what a tool prints on the same stdout; "" if there is none. */
static void program_line(const char *text, char *line, size_t size)
{
    *line = 0;
    for (const char *at = text; at && *at; at = strchr(at, '\n') ? strchr(at, '\n') + 1 : NULL)
        if (!strncmp(at, "{\"passwords\"", 12))
            snprintf(line, size, "%.*s", (int)strcspn(at, "\n"), at);
}

/* Runs the command once.  Returns the program's own time in ns; negative: the run failed. */
static double run_time(struct measure_options *options, struct error *err)
{
    struct capture *capture = NULL;
    struct measurement *m = NULL;
    struct said said = {-1, -1, -1};
    bool exec_failed;
    double ns = -1;
    if (capture_start(&capture, err))
        return -1;
    options->stdout_fd = capture_stdout_fd(capture);
    options->stderr_fd = capture_stderr_fd(capture);
    if (!measure_run(options, &m, &exec_failed, err)) {
        capture_finish(capture);
        char line[512];
        program_line(capture_stdout(capture), line, sizeof(line));
        bool good = !study_output_read(line, &said) && said.elapsed_ns > 0;
        ns = good && m->outcome.exit_status == 0 ? (double)said.elapsed_ns : -1;
    }
    measurement_free(m);
    capture_free(capture);
    return ns;
}

/* Returns the time of one run that counts, in ns; negative: it failed.  With a single try it is taken as it
 * comes. */
static double steady_time(struct pace *pace, struct measure_options *options, unsigned tries, bool beside,
                          struct error *err)
{
    struct pace_counts *counts = pace_counts(pace);
    for (unsigned left = tries;; left--) {
        bool best = pace_wait(pace);
        double ns = beside ? bench_beside_time(options, err) : run_time(options, err);
        best = best && pace_is_best(pace);
        if (!best && left > 1 && ns >= 0) {
            counts->repeated++;
            continue;
        }
        counts->runs += tries > 1;
        counts->disturbed += tries > 1 && !best;
        return ns;
    }
}

/* Runs the command as often as a turn wants.  Returns the median in ns; negative: a run failed.  A tool is
 * run once: some take a hundred times as long, and meet both paces. */
static double turn_time(const struct bench_options *o, struct measure_options *options, bool tool,
                        bool beside, struct error *err)
{
    double ns[MOST_RUNS];
    uint64_t runs = tool ? 1 : o->runs;
    for (uint64_t i = 0; i < runs; i++) {
        ns[i] = steady_time(o->pace, options, tool ? 1 : MOST_TRIES, beside, err);
        if (ns[i] < 0)
            return -1;
    }
    return number_median(ns, runs);
}

/* Returns the time of a method's turn in ns; negative: it failed.  `beside`: of the loop beside the command.
 */
static double method_time(const struct bench_options *o, const struct method *m, char *const *command,
                          bool beside, struct error *err)
{
    char joined[4096], *argv[MAX_WORDS];
    struct measure_options options = {.probes = m->kind == LEDGER ? PROBES_LEDGER : PROBES_WAITS,
                                      .sample_period_ns = SAMPLE_PERIOD_NS,
                                      .own_group = true,
                                      .timeout_ns = 300000000000};
    struct floor *floor = NULL;
    bool own = m->kind == WAITS || m->kind == LEDGER;
    if (!command_make(m, command, joined, sizeof(joined), argv))
        return -1;
    if (m->kind == FLOOR_WAITS || m->kind == FLOOR_LEDGER
            ? floor_open(m->kind == FLOOR_LEDGER, &floor, err) != 0
            : own && session_open(&options, &options.session, err))
        return -1;
    options.argv = argv;
    if (!own)
        options.probes = PROBES_NONE;
    double ns = turn_time(o, &options, m->kind == TOOL, beside, err);
    floor_close(floor);
    session_close(options.session);
    return ns;
}

/* Gives each method a turn, in random order. */
static int round_run(const struct bench_options *o, char *const *command, unsigned round, uint64_t *seed,
                     struct bench_case *out, struct error *err)
{
    unsigned order[BENCH_METHODS];
    int rc = 0;
    for (unsigned i = 0; i < BENCH_METHODS; i++)
        order[i] = i;
    random_shuffle(order, BENCH_METHODS, sizeof(order[0]), seed);
    for (unsigned i = 0; i < BENCH_METHODS && !rc; i++) {
        const struct method *m = &methods[order[i]];
        bool able = m->kind != TOOL || (o->tools && program_in_path(m->words[0]));
        out->ns[order[i]][round] = able ? method_time(o, m, command, !out->variant, err) : -1;
        if (m->kind != TOOL && out->ns[order[i]][round] < 0)
            rc = error_set(err, -EIO, "the run '%s' of the case '%s' failed", m->name, out->title);
    }
    fprintf(stderr, "heapwait-bench: %s, round %u of %u\n", out->title, round + 1, (unsigned)o->rounds);
    return rc;
}

/* Runs the rounds of a case.  Its command is the variant's, or, for a loop beside it, this program itself,
 * idle. */
static int case_run(const struct bench_options *o, struct bench_case *out, struct error *err)
{
    struct variant_list list = {0};
    char number[32], self[4096] = "";
    int rc = variants_load(&list, err);
    const struct variant *v = rc || !out->variant ? NULL : variants_find(&list, out->variant);
    if (!rc && out->variant && (!v || !v->path))
        rc = error_set(err, -ENOENT, "there is no variant %s to measure with (`heapwait doctor` says why)",
                       out->variant);
    if (!rc && readlink("/proc/self/exe", self, sizeof(self) - 1) < 0)
        rc = error_set(err, -errno, "can't find this program's own file: %s", strerror(errno));
    snprintf(number, sizeof(number), "%llu", (unsigned long long)o->passwords);
    char *const made[] = {v ? v->path : NULL,
                          (char *)"--threads",
                          (char *)"4",
                          (char *)"--passwords",
                          number,
                          (char *)"--json",
                          NULL};
    char *const idle[] = {self, (char *)"calibration-loop", (char *)"idle", (char *)"0", NULL};
    uint64_t seed = 1;
    if (!rc)
        rc = random_seed(&seed);
    for (unsigned round = 0; round < o->rounds && !rc; round++)
        rc = round_run(o, out->variant ? made : idle, round, &seed, out, err);
    variants_free(&list);
    return rc;
}

static int options_parse(int argc, char **argv, struct bench_options *o)
{
    static const struct option longs[] = {{"rounds", required_argument, NULL, 'r'},
                                          {"runs", required_argument, NULL, 'k'},
                                          {"passwords", required_argument, NULL, 'p'},
                                          {"quick", no_argument, NULL, 'q'},
                                          {"write", required_argument, NULL, 'w'},
                                          {"no-tools", no_argument, NULL, 'n'},
                                          {"help", no_argument, NULL, 'h'},
                                          {NULL, 0, NULL, 0}};
    optind = 1;
    for (int c; (c = getopt_long(argc, argv, "h", longs, NULL)) != -1;) {
        if (c == 'h') {
            fputs(usage, stdout);
            return EXIT_OK;
        } else if (c == 'q') {
            o->rounds = 3;
            o->runs = 1;
            o->passwords = 200000;
            o->pace_search_ns = PACE_SEARCH_QUICK_NS;
        } else if (c == 'n') {
            o->tools = false;
        } else if (c == 'w') {
            o->file = optarg;
        } else if (c == 'r') {
            if (!argument_number(optarg, 1, BENCH_ROUNDS, &o->rounds))
                return argument_error("bench", "--rounds takes a number from 1 to %d, not '%s'", BENCH_ROUNDS,
                                      optarg);
        } else if (c == 'k') {
            if (!argument_number(optarg, 1, MOST_RUNS, &o->runs))
                return argument_error("bench", "--runs takes a number from 1 to %d, not '%s'", MOST_RUNS,
                                      optarg);
        } else if (c == 'p') {
            if (!argument_number(optarg, 1, MOST_PASSWORDS, &o->passwords))
                return argument_error("bench", "--passwords takes a number from 1 to %d, not '%s'",
                                      MOST_PASSWORDS, optarg);
        } else {
            return EXIT_USAGE;
        }
    }
    if (optind < argc)
        return argument_error("bench", "it takes options only, not '%s'", argv[optind]);
    return -1;
}

static int bench_run(int argc, char **argv)
{
    static struct bench_case cases[BENCH_CASES] = {{.title = "musl, contended", .variant = "musl"},
                                                   {.title = "glibc, uncontended", .variant = "glibc"},
                                                   {.title = "untraced, beside it"}};
    struct bench_options o = {
        .rounds = 9, .runs = 3, .passwords = 500000, .pace_search_ns = PACE_SEARCH_NS, .tools = true};
    struct error err = {""};
    int code = options_parse(argc, argv, &o), rc = 0;
    if (code >= 0)
        return code;
    const char *names[BENCH_METHODS];
    for (size_t i = 0; i < BENCH_METHODS; i++)
        names[i] = methods[i].name;
    struct bench_results results = {.cases = cases,
                                    .methods = names,
                                    .rounds = o.rounds,
                                    .runs = o.runs,
                                    .passwords = o.passwords,
                                    .threads = THREADS};
    rc = o.file ? bench_table_writable(o.file, &err) : 0;
    if (!rc)
        rc = checks_require(&err);
    if (!rc)
        rc = pace_open(o.pace_search_ns, &o.pace, &err);
    for (size_t i = 0; i < BENCH_CASES && !rc; i++)
        rc = case_run(&o, &cases[i], &err);
    if (!rc) {
        results.pace = *pace_counts(o.pace);
        bench_table_print(&results, stdout);
    }
    if (!rc && o.file)
        rc = bench_table_write(&results, o.file, &err);
    if (rc)
        fprintf(stderr, "heapwait-bench: %s\n", err.text);
    pace_free(o.pace);
    return rc ? EXIT_HEAPWAIT : EXIT_OK;
}

int main(int argc, char **argv)
{
    if (argc == 4 && !strcmp(argv[1], "calibration-loop"))
        return calibrate_loop(argv[2], argv[3]); /* it runs itself: see probes/run/calibrate.h */
    return bench_run(argc, argv);
}
