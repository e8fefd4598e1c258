/* The heapwait command: finds the subcommand and hands over to it.  The table of subcommands is here; each
 * has a room. */
#include "cli/terminal/command.h"
#include "probes/run/calibrate.h"

#include <stddef.h>
#include <stdio.h>
#include <string.h>

#ifndef HEAPWAIT_VERSION
#define HEAPWAIT_VERSION "unknown"
#endif

static const struct command {
    const char *name;
    int (*run)(int argc, char **argv);
    const char *summary;
} commands[] = {
    {"doctor", doctor_main, "what this machine can measure, line by line, and the remedy for what it can't"},
    {"record", record_main, "run a command under probes, or attach to what runs, and write a recording"},
    {"import", import_main, "a session of perf record into the same tables"},
    {"study", study_main, "run every variant of the password program, many times, into one recording"},
    {"try", try_main, "one program under each allocator library that is installed, side by side"},
    {"top", top_main, "which processes pay for malloc's locks, live"},
    {"report", report_main, "a recording as PDF and HTML, with its figures and their data"},
    {"explain", explain_main, "the verdict and the tables of a recording, in the terminal"},
    {"export", export_main, "the call paths of a recording for other viewers"},
    {NULL, NULL, NULL},
};

static void usage_print(FILE *out)
{
    fputs("usage: heapwait COMMAND [OPTION...]\n\n", out);
    for (const struct command *c = commands; c->name; c++)
        fprintf(out, "  %-9s %s\n", c->name, c->summary);
    fputs("\n`heapwait COMMAND --help` tells a command's options; `man heapwait` has the whole.\n", out);
}

int main(int argc, char **argv)
{
    if (argc < 2) {
        usage_print(stderr);
        return EXIT_USAGE;
    }
    if (!strcmp(argv[1], "--help") || !strcmp(argv[1], "-h") || !strcmp(argv[1], "help")) {
        usage_print(stdout);
        return EXIT_OK;
    }
    if (!strcmp(argv[1], "--version") || !strcmp(argv[1], "-V")) {
        puts("heapwait " HEAPWAIT_VERSION);
        return EXIT_OK;
    }
    if (argc == 4 && !strcmp(argv[1], "calibration-loop"))
        return calibrate_loop(argv[2], argv[3]); /* heapwait runs itself: see probes/run/calibrate.h */
    for (const struct command *c = commands; c->name; c++)
        if (!strcmp(argv[1], c->name))
            return c->run(argc - 1, argv + 1);
    fprintf(stderr, "heapwait: there is no command '%s'; `heapwait --help` lists them\n", argv[1]);
    return EXIT_USAGE;
}
