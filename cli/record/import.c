/* heapwait import: a perf session into a recording.  Here are the options; reading and writing are
 * perf_keep.h's. */
#include "cli/record/perf_keep.h"
#include "cli/terminal/arguments.h"
#include "cli/terminal/command.h"
#include "cli/terminal/stop.h"
#include "probes/elf/debug_file.h"
#include "probes/perf/perf_script.h"

#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

static const char usage[] =
    "usage: heapwait import [OPTION]... PERF.DATA...\n"
    "\n"
    "Fills a recording's tables from a session of `perf record`, as far as it tells.\n"
    "`heapwait doctor --perf` prints the line that records everything needed.\n"
    "PERF.DATA is a file or folder of perf record, packed or not, a pipe, or - for\n"
    "standard input.  Several are the pieces of one session (--switch-output).  The\n"
    "perf of another machine prints text that is read as well, by:\n"
    "  " PERF_SCRIPT_COMMAND_BEGIN " \\\n"
    "    " PERF_SCRIPT_COMMAND_END "\n"
    "\n"
    "  -o, --output FILE  the recording (default heapwait.db; an older one is kept as\n"
    "                     FILE.old)\n"
    "      --libc FILE    musl's libc.a that a stripped program was linked with:\n"
    "                     names its malloc's lock\n"
    "      --symfs DIR    where the files of the session's machine are\n"
    "      --debug-file FILE\n"
    "                     the program, or a library of its, as it was before\n"
    "                     `strip`, or a copy of it\n"
    "  -h, --help         this text\n";

struct import_options {
    const char *output, *libc, *symfs;
    const char *const *sessions;
    size_t session_count;
    struct debug_files *debug_files;
};

static int usage_error(const char *what, const char *which)
{
    fprintf(stderr, "heapwait import: %s%s; `heapwait import --help`\n", what, which);
    return EXIT_USAGE;
}

/* Returns -1: go on; else the exit code. */
static int options_parse(int argc, char **argv, struct import_options *o)
{
    static const struct option longs[] = {
        {"output", required_argument, NULL, 'o'}, {"libc", required_argument, NULL, 'l'},
        {"symfs", required_argument, NULL, 's'},  {"debug-file", required_argument, NULL, 'D'},
        {"help", no_argument, NULL, 'h'},         {NULL, 0, NULL, 0}};
    char unknown[ARGUMENT_TEXT];
    optind = 1;
    for (int c; (c = getopt_long(argc, argv, ":o:h", longs, NULL)) != -1;) {
        if (c == 'h') {
            fputs(usage, stdout);
            return EXIT_OK;
        }
        if (c == ':')
            return usage_error("it wants a value: ", argv[optind - 1]);
        if (c == '?')
            return usage_error(argument_unknown(unknown, argv, longs), "");
        if (c == 'D' && argument_debug_file(optarg, &o->debug_files))
            return EXIT_HEAPWAIT;
        if (c != 'D')
            *(c == 'l' ? &o->libc : c == 's' ? &o->symfs : &o->output) = optarg;
    }
    if (argc == optind)
        return usage_error("which perf.data", "");
    o->sessions = (const char *const *)argv + optind;
    o->session_count = (size_t)(argc - optind);
    return -1;
}

int import_main(int argc, char **argv)
{
    struct import_options options = {.output = "heapwait.db"};
    struct error err = {""};
    int code = options_parse(argc, argv, &options);
    if (code >= 0) {
        debug_files_free(options.debug_files);
        return code;
    }
    stop_catch();
    signal(SIGPIPE, SIG_IGN);
    const struct perf_keep_options keep = {.sessions = options.sessions,
                                           .session_count = options.session_count,
                                           .output = options.output,
                                           .libc = options.libc,
                                           .symfs = options.symfs,
                                           .debug_files = options.debug_files};
    code = perf_keep(&keep, &err);
    for (size_t i = 0; i < debug_files_count(options.debug_files); i++) {
        char *complaint = code ? NULL : debug_files_complaint(options.debug_files, i);
        if (complaint)
            fprintf(stderr, "heapwait: %s\n", complaint);
        free(complaint);
    }
    debug_files_free(options.debug_files);
    if (code)
        fprintf(stderr, "heapwait: %s\n", err.text);
    return code;
}
