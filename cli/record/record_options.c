/* See record_options.h. */
#include "cli/record/record_options.h"

#include "cli/terminal/arguments.h"
#include "cli/terminal/command.h"

#include <errno.h>
#include <getopt.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MOST_WORDS = 1 << 24 };
#define LONGEST_S 86400e3 /* a thousand days */

static const char usage[] =
    "usage: heapwait record [OPTION...] [-u USER] -- COMMAND [ARG...]\n"
    "       heapwait record [OPTION...] -p PID[,PID...] [--duration S]\n"
    "       heapwait record [OPTION...] -a | --cgroup PATH\n"
    "                       [--duration S | -- COMMAND [ARG...]]\n"
    "\n"
    "Runs COMMAND under probes that count every futex call by word and outcome, and\n"
    "writes a recording; or attaches to what runs already, until Ctrl-C, until S\n"
    "seconds are over, or until it has ended.  With -a or --cgroup it measures while\n"
    "COMMAND runs.\n"
    "Ends with COMMAND's own exit status, 0 without one; 125 when heapwait itself\n"
    "failed, 126 when COMMAND can't be executed, 127 when it isn't found.\n"
    "\n"
    "  -o, --output FILE     the recording (default heapwait.db; an older one is kept\n"
    "                        as FILE.old)\n"
    "  -m, --mode MODE       profile (the default): count and time futex calls, and\n"
    "                        sample what the program runs; waits: only count and time\n"
    "                        futex calls; ledger: all of that, and account for every\n"
    "                        nanosecond of every thread\n"
    "  -p, --pid PID         attach to these processes, all their threads and\n"
    "                        children to come\n"
    "      --cgroup PATH     attach to the processes of this cgroup v2 folder and\n"
    "                        below, also those to come\n"
    "  -a, --all             attach to all processes\n"
    "      --duration S      measure for S seconds (0.5 and the like will do)\n"
    "  -u, --user USER       run COMMAND as USER\n"
    "      --max-words N     room for N pairs of futex word and outcome\n"
    "                        (default 262144)\n"
    "      --debug-file FILE the program, or a library of its, as it was before\n"
    "                        `strip`: names locks by its symbols and debug\n"
    "                        information; may be given several times\n"
    "      --libc FILE       musl's libc.a that a stripped program was linked with:\n"
    "                        names its malloc's lock\n"
    "      --calibrate       let the kernel count runs and time of the probes (costs\n"
    "                        time itself); in mode ledger measure anew what system\n"
    "                        calls and probes cost here, which is kept until the\n"
    "                        next boot\n"
    "      --perf[=FILE]     run `perf record` beside the probes: samples with call\n"
    "                        paths, for a flame graph; its file is kept (default\n"
    "                        OUTPUT.perf.data)\n"
    "      --collector NAME  bpf (the default), or perf: through `perf record`, where\n"
    "                        BPF is not permitted\n"
    "  -h, --help            this text\n";

/* Reads a list of numbers, and adds them to those of an earlier -p. */
static bool pids_parse(const char *text, struct record_options *o)
{
    for (;;) {
        char *end;
        errno = 0;
        long n = strtol(text, &end, 10);
        if (errno || end == text || n <= 0 || n > INT_MAX || o->pid_count == WANTED_PROCESSES)
            return false;
        o->pids[o->pid_count++] = (pid_t)n;
        if (!*end)
            return true;
        if (*end != ',')
            return false;
        text = end + 1;
    }
}

/* Takes note of what is followed: only one of -p, -a and --cgroup makes sense. */
static int scope_take(struct record_options *o, enum follow_scope scope)
{
    if (o->scope != FOLLOW_COMMAND && o->scope != scope)
        return argument_error("record", "of -p, -a and --cgroup only one can be given");
    o->scope = scope;
    return -1;
}

static int mix_check(const struct record_options *o)
{
    if (o->scope == FOLLOW_COMMAND && !o->command)
        return argument_error("record",
                              "there is no command to run, and nothing to attach to (-p, --cgroup, -a)");
    if (o->scope == FOLLOW_PROCESSES && o->command)
        return argument_error(
            "record",
            "-p goes with no command ('%s' would be one): it measures until the processes end, for "
            "--duration, or until Ctrl-C",
            o->command[0]);
    if (o->duration_ns && o->command)
        return argument_error(
            "record",
            "--duration goes with -p, --cgroup or -a without a command (`timeout %s COMMAND` ends "
            "one)",
            "SECONDS");
    if (o->perf && (o->scope == FOLLOW_CGROUP || o->scope == FOLLOW_ALL))
        return argument_error("record",
                              "--perf goes with a command of its own or -p, not with --cgroup or -a");
    if (o->by_perf && o->scope != FOLLOW_COMMAND)
        return argument_error(
            "record", "--collector perf runs a command; to attach, use the line of `heapwait doctor --perf` "
                      "with -p or -a, and import its file");
    if (o->by_perf && ((o->mode_given && o->mode != PROBES_WAITS) || o->calibrate || o->perf))
        return argument_error("record", "--collector perf counts and times futex calls: profile, ledger, "
                                        "--calibrate and --perf want bpf");
    if (o->user && !o->command)
        return argument_error("record", "-u is for the command that is run, and there is none");
    return -1;
}

static int words_take(struct record_options *o, const char *text)
{
    uint64_t number;
    if (!argument_number(text, 1, MOST_WORDS, &number))
        return argument_error("record", "--max-words takes a number from 1 to %d, not '%s'", MOST_WORDS,
                              text);
    o->max_words = (uint32_t)number;
    return -1;
}

static const struct option longs[] = {
    {"output", required_argument, NULL, 'o'},
    {"mode", required_argument, NULL, 'm'},
    {"pid", required_argument, NULL, 'p'},
    {"cgroup", required_argument, NULL, 'g'},
    {"all", no_argument, NULL, 'a'},
    {"duration", required_argument, NULL, 'd'},
    {"user", required_argument, NULL, 'u'},
    {"max-words", required_argument, NULL, 'w'},
    {"debug-file", required_argument, NULL, 'D'},
    {"libc", required_argument, NULL, 'l'},
    {"calibrate", no_argument, NULL, 'c'},
    {"perf", optional_argument, NULL, 'f'},
    {"collector", required_argument, NULL, 'C'},
    {"help", no_argument, NULL, 'h'},
    {NULL, 0, NULL, 0},
};

static int mode_take(struct record_options *o, const char *text)
{
    static const struct {
        const char *name;
        enum probe_mode mode;
    } modes[] = {{"profile", PROBES_PROFILE}, {"waits", PROBES_WAITS}, {"ledger", PROBES_LEDGER}};
    for (size_t i = 0; i < sizeof(modes) / sizeof(modes[0]); i++)
        if (!strcmp(text, modes[i].name)) {
            o->mode = modes[i].mode;
            o->mode_given = true;
            return -1;
        }
    return argument_error("record", "there is no mode '%s' (profile, waits and ledger are)", text);
}

/* Takes one option.  Returns -1: go on; else the exit code. */
static int option_take(int c, char *const *argv, struct record_options *o)
{
    char unknown[ARGUMENT_TEXT];
    switch (c) {
    case 'o':
        if (!*optarg)
            return argument_error("record", "-o takes the name of a file");
        o->output = optarg;
        return -1;
    case 'm':
        return mode_take(o, optarg);
    case 'p':
        if (!pids_parse(optarg, o))
            return argument_error("record", "-p takes process numbers, as in -p 123 or -p 123,456, not '%s'",
                                  optarg);
        return scope_take(o, FOLLOW_PROCESSES);
    case 'g':
        if (o->cgroup)
            return argument_error("record", "--cgroup can be given once: it takes in all folders below");
        o->cgroup = optarg;
        return scope_take(o, FOLLOW_CGROUP);
    case 'a':
        return scope_take(o, FOLLOW_ALL);
    case 'd':
        return argument_seconds(optarg, 1e-9, LONGEST_S, &o->duration_ns)
                   ? -1
                   : argument_error("record", "--duration takes seconds above 0, as in 10 or 0.5, not '%s'",
                                    optarg);
    case 'u':
        o->user = optarg;
        return -1;
    case 'w':
        return words_take(o, optarg);
    case 'D':
        return argument_debug_file(optarg, &o->debug_files) ? EXIT_HEAPWAIT : -1;
    case 'l':
        o->libc = optarg;
        return -1;
    case 'c':
        o->calibrate = true;
        return -1;
    case 'f':
        o->perf = true;
        o->perf_file = optarg;
        return -1;
    case 'C':
        if (strcmp(optarg, "bpf") && strcmp(optarg, "perf"))
            return argument_error("record", "there is no collector '%s' (bpf and perf are)", optarg);
        o->by_perf = !strcmp(optarg, "perf");
        return -1;
    case 'h':
        fputs(usage, stdout);
        return EXIT_OK;
    case ':':
        return argument_error("record", "'%s' wants a value", argv[optind - 1]);
    default:
        return argument_error("record", "%s", argument_unknown(unknown, argv, longs));
    }
}

int record_options_parse(int argc, char **argv, struct record_options *o)
{
    optind = 1;
    for (int c; (c = getopt_long(argc, argv, "+:o:m:p:au:h", longs, NULL)) != -1;) {
        int code = option_take(c, argv, o);
        if (code >= 0)
            return code;
    }
    if (optind < argc) {
        o->command = argv + optind;
        argument_behind_tell("record", argv, optind, longs);
    }
    return mix_check(o);
}
