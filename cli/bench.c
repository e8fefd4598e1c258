/* heapwait bench: what looking costs.  Everything in one interleaved session: in each round every method runs
 * the password program once, in random order, and is compared to the untraced run of the same round.  The
 * time is the program's own (elapsed_ns), so that no tool's start is counted. */
#include "cli/bench_table.h"
#include "cli/command.h"
#include "cli/random.h"
#include "cli/study_capture.h"
#include "cli/study_output.h"
#include "cli/variants.h"
#include "probes/floor.h"
#include "probes/host.h"
#include "probes/session.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char usage[] =
    "usage: heapwait bench [--rounds N] [--passwords N] [--quick] [--no-tools] [--write FILE]\n"
    "\n"
    "Compares what looking costs: empty programs on the same hooks, mode waits, mode ledger, and the tools "
    "that are\n"
    "installed, on musl (contended) and glibc (uncontended) with 4 threads, as ratios to untraced runs.\n"
    "\n"
    "      --rounds N      runs of each (9)\n"
    "      --passwords N   passwords per run (500000)\n"
    "      --quick         3 rounds of 200000\n"
    "      --no-tools      heapwait and its floors only\n"
    "      --write FILE    the table as Markdown, too\n"
    "  -h, --help\n";

enum { THREADS = 4, MAX_WORDS = 24 };

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
    unsigned rounds;
    uint64_t passwords;
    bool tools;
    const char *file;
};

static bool tool_installed(const char *name)
{
    const char *value = getenv("PATH");
    char *path = strdup(value ? value : "/usr/bin:/bin"), *rest = path, *folder;
    bool found = false;
    char file[4096];
    while (path && !found && (folder = strsep(&rest, ":"))) {
        int n = snprintf(file, sizeof(file), "%s/%s", folder, name);
        found = n > 0 && (size_t)n < sizeof(file) && !access(file, X_OK);
    }
    free(path);
    return found;
}

/* The method's words, then the program's.  false: the method can't run this program. */
static bool command_make(const struct method *m, char *program, char *passwords, char *joined, size_t size,
                         char **argv)
{
    char *const words[] = {program,   (char *)"--threads", (char *)"4", (char *)"--passwords",
                           passwords, (char *)"--json"};
    size_t n = 0;
    while (n < 8 && m->words[n]) {
        argv[n] = (char *)m->words[n];
        n++;
    }
    if (n && m->words[n - 1] && !strcmp(m->words[n - 1], "-c")) { /* bpftrace cuts it at blanks itself */
        snprintf(joined, size, "%s --threads 4 --passwords %s --json", program, passwords);
        argv[n++] = joined;
        argv[n] = NULL;
        return !strchr(program, ' ');
    }
    if (n)
        argv[n++] = (char *)"--";
    if (n && m->words[0] && !strcmp(m->words[0], "strace"))
        n--; /* strace stops at the first word that is no option; older ones don't know -- */
    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
        argv[n++] = words[i];
    argv[n] = NULL;
    return true;
}

/* The program's line of JSON, from among what a tool prints on the same stdout. */
static void program_line(const char *text, char *line, size_t size)
{
    *line = 0;
    for (const char *at = text; at && *at; at = strchr(at, '\n') ? strchr(at, '\n') + 1 : NULL)
        if (!strncmp(at, "{\"passwords\"", 12))
            snprintf(line, size, "%.*s", (int)strcspn(at, "\n"), at);
}

/* The program's own time in ns; negative: the run failed. */
static double run_time(char *const *argv, enum probe_mode probes, struct session *session, struct error *err)
{
    struct capture *capture = NULL;
    struct measurement *m = NULL;
    struct said said = {-1, -1, -1};
    bool exec_failed;
    double ns = -1;
    if (capture_start(&capture, err))
        return -1;
    const struct measure_options options = {
        .session = session,
        .argv = argv,
        .probes = probes,
        .stdout_fd = capture_stdout_fd(capture),
        .stderr_fd = capture_stderr_fd(capture),
        .own_group = true,
        .timeout_ns = 300000000000,
        .sample_period_ns = SAMPLE_PERIOD_NS,
    };
    if (!measurement_take(&options, &m, &exec_failed, err)) {
        capture_finish(capture);
        char line[512];
        program_line(capture_stdout(capture), line, sizeof(line));
        bool good = !output_read(line, &said) && said.elapsed_ns > 0;
        ns = good && m->outcome.exit_status == 0 ? (double)said.elapsed_ns : -1;
    }
    measurement_free(m);
    capture_free(capture);
    return ns;
}

static double method_time(const struct method *m, char *program, uint64_t passwords, struct error *err)
{
    char number[32], joined[4096], *argv[MAX_WORDS];
    struct measure_options options = {.probes = m->kind == LEDGER ? PROBES_LEDGER : PROBES_WAITS,
                                      .sample_period_ns = SAMPLE_PERIOD_NS};
    struct floor *floor = NULL;
    bool own = m->kind == WAITS || m->kind == LEDGER;
    snprintf(number, sizeof(number), "%llu", (unsigned long long)passwords);
    if (!command_make(m, program, number, joined, sizeof(joined), argv))
        return -1;
    if (m->kind == FLOOR_WAITS || m->kind == FLOOR_LEDGER
            ? floor_open(m->kind == FLOOR_LEDGER, &floor, err) != 0
            : own && session_open(&options, &options.session, err))
        return -1;
    double ns = run_time(argv, own ? options.probes : PROBES_NONE, options.session, err);
    floor_close(floor);
    session_close(options.session);
    return ns;
}

static int case_run(const struct bench_options *o, const char *variant, struct bench_case *out,
                    struct error *err)
{
    struct variant_list list = {0};
    int rc = variants_load(&list, err);
    const struct variant *v = rc ? NULL : variants_find(&list, variant);
    if (!rc && (!v || !v->path))
        rc = error_set(err, -ENOENT, "there is no variant %s to measure with (`heapwait doctor` says why)",
                       variant);
    uint64_t seed = 1;
    if (!rc)
        rc = random_seed(&seed);
    for (unsigned round = 0; round < o->rounds && !rc; round++) {
        unsigned order[BENCH_METHODS];
        for (unsigned i = 0; i < BENCH_METHODS; i++)
            order[i] = i;
        random_shuffle(order, BENCH_METHODS, sizeof(order[0]), &seed);
        for (unsigned i = 0; i < BENCH_METHODS && !rc; i++) {
            const struct method *m = &methods[order[i]];
            bool able = m->kind != TOOL || (o->tools && tool_installed(m->words[0]));
            out->ns[order[i]][round] = able ? method_time(m, v->path, o->passwords, err) : -1;
            if (m->kind != TOOL && out->ns[order[i]][round] < 0)
                rc = error_set(err, -EIO, "the run '%s' of %s failed", m->name, variant);
        }
        fprintf(stderr, "heapwait: %s, round %u of %u\n", variant, round + 1, o->rounds);
    }
    variants_free(&list);
    return rc;
}

static int options_parse(int argc, char **argv, struct bench_options *o)
{
    static const struct option longs[] = {{"rounds", required_argument, NULL, 'r'},
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
            o->passwords = 200000;
        } else if (c == 'n') {
            o->tools = false;
        } else if (c == 'w') {
            o->file = optarg;
        } else if (c == 'r') {
            o->rounds = (unsigned)strtoul(optarg, NULL, 10);
        } else if (c == 'p') {
            o->passwords = strtoull(optarg, NULL, 10);
        } else {
            return EXIT_USAGE;
        }
    }
    if (optind < argc || o->rounds < 1 || o->rounds > BENCH_ROUNDS || o->passwords < 1 ||
        o->passwords > 1000000000) {
        fprintf(
            stderr,
            "heapwait bench: rounds from 1 to %d, passwords from 1 to 1000000000; `heapwait bench --help`\n",
            BENCH_ROUNDS);
        return EXIT_USAGE;
    }
    return -1;
}

int bench_main(int argc, char **argv)
{
    static struct bench_case cases[BENCH_CASES] = {{.name = "musl"}, {.name = "glibc"}};
    struct bench_options o = {.rounds = 9, .passwords = 500000, .tools = true};
    struct error err = {""};
    int code = options_parse(argc, argv, &o), rc = 0;
    if (code >= 0)
        return code;
    const char *names[BENCH_METHODS];
    for (size_t i = 0; i < BENCH_METHODS; i++)
        names[i] = methods[i].name;
    const struct bench_results results = {
        .cases = cases, .methods = names, .rounds = o.rounds, .passwords = o.passwords, .threads = THREADS};
    for (size_t i = 0; i < BENCH_CASES && !rc; i++)
        rc = case_run(&o, cases[i].name, &cases[i], &err);
    if (!rc)
        bench_table_print(&results, stdout);
    if (!rc && o.file)
        rc = bench_table_write(&results, o.file, &err);
    if (rc)
        fprintf(stderr, "heapwait: %s\n", err.text);
    return rc ? EXIT_HEAPWAIT : EXIT_OK;
}
