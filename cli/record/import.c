/* heapwait import: a perf session into a recording.  Here are the options; reading and writing are
 * perf_keep.h's. */
#include "cli/record/perf_keep.h"
#include "cli/terminal/command.h"
#include "cli/terminal/stop.h"

#include <getopt.h>
#include <signal.h>
#include <stdio.h>

static const char usage[] =
    "usage: heapwait import [-o FILE] [--libc FILE] PERF.DATA\n"
    "\n"
    "Fills a recording's tables from a session of `perf record`, as far as it tells.  `heapwait doctor "
    "--perf`\n"
    "prints the line that records everything needed.\n"
    "\n"
    "  -o, --output FILE  the recording (default heapwait.db; an older one is kept as FILE.old)\n"
    "      --libc FILE    musl's libc.a that a stripped program was linked with: names its malloc's lock\n"
    "  -h, --help         this text\n";

struct import_options {
    const char *output, *session, *libc;
};

static int usage_error(const char *what, const char *which)
{
    fprintf(stderr, "heapwait import: %s%s; `heapwait import --help`\n", what, which);
    return EXIT_USAGE;
}

/* Returns -1: go on; else the exit code. */
static int options_parse(int argc, char **argv, struct import_options *o)
{
    static const struct option longs[] = {{"output", required_argument, NULL, 'o'},
                                          {"libc", required_argument, NULL, 'l'},
                                          {"help", no_argument, NULL, 'h'},
                                          {NULL, 0, NULL, 0}};
    optind = 1;
    for (int c; (c = getopt_long(argc, argv, ":o:h", longs, NULL)) != -1;) {
        if (c == 'h') {
            fputs(usage, stdout);
            return EXIT_OK;
        }
        if (c == ':')
            return usage_error("it wants a value: ", argv[optind - 1]);
        if (c == '?')
            return usage_error("there is no option ", argv[optind - 1]);
        *(c == 'l' ? &o->libc : &o->output) = optarg;
    }
    if (argc - optind != 1)
        return usage_error(argc == optind ? "which perf.data" : "one perf.data at a time", "");
    o->session = argv[optind];
    return -1;
}

int import_main(int argc, char **argv)
{
    struct import_options options = {.output = "heapwait.db"};
    struct error err = {""};
    int code = options_parse(argc, argv, &options);
    if (code >= 0)
        return code;
    stop_catch();
    signal(SIGPIPE, SIG_IGN);
    const struct perf_keep_options keep = {
        .session = options.session, .output = options.output, .libc = options.libc};
    code = perf_keep(&keep, &err);
    if (code)
        fprintf(stderr, "heapwait: %s\n", err.text);
    return code;
}
