/* heapwait record: one command, traced, into a recording, with a table of its locks at the end. */
#include "analysis/datadir.h"
#include "cli/command.h"
#include "cli/lock_table.h"
#include "cli/record_perf.h"
#include "probes/calibrate.h"
#include "probes/host.h"
#include "probes/libc_archive.h"
#include "probes/measure.h"
#include "probes/perf_record.h"
#include "probes/recording.h"
#include "probes/session.h"

#include <errno.h>
#include <getopt.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct record_options {
    const char *output;
    enum probe_mode mode;
    uint32_t max_words;
    const char *libc;
    bool calibrate;
    bool by_perf; /* the collector */
    bool perf;
    const char *perf_file; /* NULL: named after the recording */
    char *const *command;
};

static const char usage[] =
    "usage: heapwait record [-o FILE] [-m waits|ledger] [OPTION...] -- COMMAND [ARG...]\n"
    "\n"
    "Runs COMMAND under probes that count every futex call by word and outcome, and writes a recording.\n"
    "Ends with COMMAND's own exit status; 125 when heapwait itself failed, 126 when COMMAND can't be "
    "executed,\n"
    "127 when it isn't found.\n"
    "\n"
    "  -o, --output FILE     the recording (default heapwait.db; an older one is kept as FILE.old)\n"
    "  -m, --mode MODE       waits: count and time futex calls; ledger: that, and account for every "
    "nanosecond of\n"
    "                        every thread\n"
    "      --max-words N     room for N pairs of futex word and outcome (default 262144)\n"
    "      --libc FILE       musl's libc.a that a stripped program was linked with: names its malloc's lock\n"
    "      --calibrate       let the kernel count runs and time of the probes (costs time itself)\n"
    "      --perf[=FILE]     run `perf record` beside the probes: samples with call paths, for a flame "
    "graph; its\n"
    "                        file is kept (default OUTPUT.perf.data)\n"
    "      --collector NAME  bpf (the default), or perf: through `perf record`, where BPF is not permitted\n"
    "  -h, --help\n";

__attribute__((format(printf, 1, 2))) static int usage_error(const char *format, ...)
{
    va_list args;
    fputs("heapwait record: ", stderr);
    va_start(args, format);
    vfprintf(stderr, format, args);
    va_end(args);
    fputs("; `heapwait record --help` tells the options\n", stderr);
    return EXIT_USAGE;
}

static bool number_parse(const char *text, uint32_t *out)
{
    char *end;
    errno = 0;
    unsigned long n = strtoul(text, &end, 10);
    if (errno || end == text || *end || text[0] == '-' || n == 0 || n > 1u << 24)
        return false;
    *out = (uint32_t)n;
    return true;
}

/* -1: go on; else the exit code. */
static int options_parse(int argc, char **argv, struct record_options *o)
{
    static const struct option longs[] = {
        {"output", required_argument, NULL, 'o'},
        {"mode", required_argument, NULL, 'm'},
        {"max-words", required_argument, NULL, 'w'},
        {"libc", required_argument, NULL, 'l'},
        {"calibrate", no_argument, NULL, 'c'},
        {"collector", required_argument, NULL, 'C'},
        {"perf", optional_argument, NULL, 'p'},
        {"help", no_argument, NULL, 'h'},
        {NULL, 0, NULL, 0},
    };
    optind = 1;
    for (int c; (c = getopt_long(argc, argv, "+:o:m:h", longs, NULL)) != -1;) {
        switch (c) {
        case 'o':
            o->output = optarg;
            break;
        case 'm':
            if (strcmp(optarg, "waits") && strcmp(optarg, "ledger"))
                return usage_error("there is no mode '%s' (waits and ledger are)", optarg);
            o->mode = strcmp(optarg, "ledger") ? PROBES_WAITS : PROBES_LEDGER;
            break;
        case 'w':
            if (!number_parse(optarg, &o->max_words))
                return usage_error("--max-words takes a number from 1 to 16777216, not '%s'", optarg);
            break;
        case 'l':
            o->libc = optarg;
            break;
        case 'c':
            o->calibrate = true;
            break;
        case 'C':
            if (strcmp(optarg, "bpf") && strcmp(optarg, "perf"))
                return usage_error("there is no collector '%s' (bpf and perf are)", optarg);
            o->by_perf = !strcmp(optarg, "perf");
            break;
        case 'p':
            o->perf = true;
            o->perf_file = optarg;
            break;
        case 'h':
            fputs(usage, stdout);
            return EXIT_OK;
        case ':':
            return usage_error("'%s' wants a value", argv[optind - 1]);
        default:
            return usage_error("there is no option '%s'", argv[optind - 1]);
        }
    }
    if (optind >= argc)
        return usage_error("there is no command to run");
    if (o->by_perf && (o->mode == PROBES_LEDGER || o->calibrate || o->perf))
        return usage_error(
            "--collector perf counts and times futex calls: ledger, --calibrate and --perf want bpf");
    o->command = argv + optind;
    return -1;
}

/* The command as one line for reading: words with anything but plain characters are quoted as a shell would.
 */
static char *command_line(char *const *argv)
{
    char *text = NULL;
    size_t size;
    FILE *out = open_memstream(&text, &size);
    for (size_t i = 0; out && argv && argv[i]; i++) {
        bool plain =
            argv[i][0] && !argv[i][strspn(argv[i], "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                                   "0123456789_-+=./:,@%")];
        fputs(i ? " " : "", out);
        if (!plain)
            fputc('\'', out);
        for (const char *c = argv[i]; *c; c++)
            fputs(*c == '\'' && !plain ? "'\\''" : (char[]){*c, 0}, out);
        if (!plain)
            fputc('\'', out);
    }
    if (out)
        fclose(out);
    return text;
}

static int recording_write(const struct record_options *o, const struct measurement *m,
                           const struct calibration *calibration, double load, struct error *err)
{
    struct recording *recording = NULL;
    static struct host_facts facts;
    char *line = command_line(o->command);
    int rc = line ? recording_open(o->output, RECORDING_WHOLE, &recording, err) : -ENOMEM;
    host_facts_read(&facts, "");
    if (!rc)
        rc = host_store(recording, &facts, HEAPWAIT_VERSION, err);
    struct run_info info = {
        .command = line,
        .threads = -1,
        .passwords = -1,
        .rep = -1,
        .position = -1,
        .reported_ns = -1,
        .foreign_cpu_ns = -1,
        .load_average = load,
    };
    if (!rc)
        rc = recording_add_run(recording, &info, m, err);
    if (!rc && m->ledger)
        rc = calibration_store(recording, calibration, err);
    if (!rc && o->perf)
        rc = perf_record_store(recording, o->perf_file, err);
    if (!rc)
        rc = host_store_end(recording, err);
    if (!rc)
        rc = recording_finish(recording, err);
    recording_close(recording);
    free(line);
    return rc;
}

static int by_perf(const struct record_options *o)
{
    char *line = command_line(o->command);
    const struct record_perf_options options = {
        .output = o->output, .command = o->command, .command_line = line ? line : "?", .libc = o->libc};
    int code = record_by_perf(&options);
    free(line);
    return code;
}

static int exit_of_exec(int rc)
{
    return rc == -ENOENT ? EXIT_NOT_FOUND : EXIT_NOT_EXECUTABLE;
}

/* What the command ended with, as a shell would say it. */
static int exit_of_command(const struct run_outcome *o)
{
    return o->exit_status >= 0 ? o->exit_status : 128 + o->term_signal;
}

static int failure_tell(int rc, bool exec_failed, const struct error *err)
{
    fprintf(stderr, "heapwait: %s\n", err->text);
    return exec_failed ? exit_of_exec(rc) : EXIT_HEAPWAIT;
}

static int measurement_keep(const struct record_options *o, const struct measurement *m,
                            const struct calibration *calibration, double load)
{
    struct error err = {""};
    signal(SIGPIPE, SIG_IGN); /* whoever reads the table may stop before its end: the recording comes first */
    lock_table_print(m, stderr);
    if (recording_write(o, m, calibration, load, &err)) {
        fprintf(stderr, "heapwait: %s\n", err.text);
        return EXIT_HEAPWAIT;
    }
    fprintf(stderr, "recording: %s (`heapwait explain %s`)\n", o->output, o->output);
    if (m->perf_failure) {
        fprintf(stderr, "heapwait: the recording has no samples of perf's: %s\n", m->perf_failure);
        return EXIT_HEAPWAIT;
    }
    if (o->perf)
        fprintf(stderr, "perf's own file: %s (`perf report -i %s`)\n", o->perf_file, o->perf_file);
    return exit_of_command(&m->outcome);
}

/* Where perf's file goes, beside the recording unless told otherwise; what is to be freed. */
static char *perf_file_name(struct record_options *o)
{
    char *name = NULL;
    if (!o->perf || o->perf_file || asprintf(&name, "%s.perf.data", o->output) < 0)
        return NULL;
    o->perf_file = name;
    return name;
}

int record_main(int argc, char **argv)
{
    struct record_options options = {.output = "heapwait.db", .mode = PROBES_WAITS};
    int code = options_parse(argc, argv, &options);
    if (code >= 0)
        return code;
    if (options.by_perf)
        return by_perf(&options);
    struct error err = {""};
    struct measurement *m = NULL;
    bool exec_failed;
    char *perf_file = perf_file_name(&options);
    struct measure_options measure = {
        .argv = options.command,
        .probes = options.mode,
        .stdout_fd = -1,
        .stderr_fd = -1,
        .max_words = options.max_words,
        .sample_period_ns = SAMPLE_PERIOD_NS,
        .timeline_after_ns = TIMELINE_AFTER_NS,
        .timeline_length_ns = TIMELINE_LENGTH_NS,
        .calibrate = options.calibrate,
        .perf_file = options.perf_file,
    };
    double load = host_load_average();
    char *schema = datadir_path("schema.sql", &err); /* without it the measuring would be in vain */
    free(schema);
    struct libc_archive *libc = NULL;
    if (!schema || (options.libc && libc_archive_open(options.libc, &libc, &err))) {
        fprintf(stderr, "heapwait: %s\n", err.text);
        return EXIT_HEAPWAIT;
    }
    measure.libc_archive = libc;
    struct calibration calibration = {0};
    int rc = options.mode == PROBES_LEDGER ? calibration_take("/proc/self/exe", &calibration, &err) : 0;
    if (!rc)
        rc = session_open(&measure, &measure.session, &err);
    if (rc) {
        fprintf(stderr, "heapwait: %s\n", err.text);
        return EXIT_HEAPWAIT;
    }
    rc = measurement_take(&measure, &m, &exec_failed, &err);
    code = rc ? failure_tell(rc, exec_failed, &err) : measurement_keep(&options, m, &calibration, load);
    session_close(measure.session); /* last: to detach takes the kernel most of a second */
    measurement_free(m);
    free(perf_file);
    libc_archive_close(libc);
    return code;
}
