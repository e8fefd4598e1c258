/* The heapwait command: finds the subcommand and hands over to it.  The table of subcommands is here; each
 * has a room. */
#include "analysis/base/output.h"
#include "cli/terminal/arguments.h"
#include "cli/terminal/command.h"
#include "cli/terminal/output.h"
#include "cli/terminal/suggestion.h"
#include "probes/host/caller.h"
#include "probes/host/program.h"
#include "probes/run/calibrate.h"

#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#ifndef HEAPWAIT_VERSION
#define HEAPWAIT_VERSION "unknown"
#endif

static const struct command {
    const char *name;
    int (*run)(int argc, char **argv);
    bool traces; /* needs the rights that heapwait's file may lend it */
    const char *summary;
} commands[] = {
    {"doctor", doctor_main, true, "what this machine can measure, and the remedy for what it can't"},
    {"record", record_main, true, "a command, or what runs already, under probes into a recording"},
    {"import", import_main, false, "a session of perf record into the same tables"},
    {"study", study_main, true, "every variant of the password program, many times; a recording"},
    {"try", try_main, true, "one program under each allocator library that is installed"},
    {"top", top_main, true, "which processes pay for malloc's locks, live"},
    {"report", report_main, false, "a recording as PDF and HTML, with its figures and data"},
    {"explain", explain_main, false, "what a recording says, on one screen or in full"},
    {"export", export_main, false, "the call paths of a recording for other viewers"},
    {NULL, NULL, false, NULL},
};

static void usage_print(FILE *out)
{
    fputs("usage: heapwait COMMAND [OPTION...]\n\n", out);
    for (const struct command *c = commands; c->name; c++)
        fprintf(out, "  %-9s %s\n", c->name, c->summary);
    fputs("\n`heapwait help COMMAND` tells a command's options; `man heapwait` has it all.\n", out);
}

/* What reads files of others does so without what was lent for tracing. */
static int command_run(const struct command *c, int argc, char **argv)
{
    if (!c->traces && caller_is_lent())
        caller_rights_drop();
    const int code = c->run(argc, argv);
    if (output_ungiven())
        fprintf(stderr,
                "heapwait: what was made stays root's, since it can't be given to who called sudo: %s\n",
                strerror(output_ungiven()));
    return code;
}

static void nothing_do(int number)
{
    (void)number;
}

/* A file that would be larger than `ulimit -f` permits is an error of the write, which is told and tidied up
 * after, and not the end of heapwait.  It is a handler, since these don't outlive exec: a command gets what
 * heapwait was given. */
static void size_limit_survive(void)
{
    struct sigaction before, handler = {.sa_handler = nothing_do, .sa_flags = SA_RESTART};
    if (!sigaction(SIGXFSZ, NULL, &before) && before.sa_handler == SIG_DFL)
        sigaction(SIGXFSZ, &handler, NULL);
}

static const struct command *command_find(const char *name)
{
    for (const struct command *c = commands; c->name; c++)
        if (!strcmp(name, c->name))
            return c;
    return NULL;
}

/* Says that there is no such option, and which may have been meant. */
static int option_unknown(const char *name)
{
    char text[SUGGESTION_TEXT];
    struct suggestion s = suggestion_begin(name + strspn(name, "-"));
    suggestion_offer(&s, "help");
    suggestion_offer(&s, "version");
    fprintf(stderr,
            "heapwait: there is no option '%s'%s; a command comes first: `heapwait --help` lists them\n",
            name, suggestion_write(&s, "--", text));
    return EXIT_USAGE;
}

/* Says that there is no such command, and what may have been meant: another one, or to record a program. */
static int command_unknown(const char *name)
{
    char text[SUGGESTION_TEXT];
    struct suggestion s = suggestion_begin(name);
    for (const struct command *c = commands; c->name; c++)
        suggestion_offer(&s, c->name);
    suggestion_offer(&s, "help");
    fprintf(stderr, "heapwait: there is no command '%s'%s; `heapwait --help` lists them\n", name,
            suggestion_write(&s, "", text));
    if (s.count)
        return EXIT_USAGE;
    if (strchr(name, '/') ? !access(name, X_OK) : program_in_path(name))
        fprintf(stderr, "heapwait: to record a program: `heapwait record -- %s`\n", name);
    else
        suggestion_here_tell("record", name);
    return EXIT_USAGE;
}

/* `heapwait help`, `heapwait help COMMAND`; argv[0] is "help". */
static int help_run(int argc, char **argv)
{
    if (argc < 2 || !strcmp(argv[1], "help") || !strcmp(argv[1], "--help") || !strcmp(argv[1], "-h")) {
        usage_print(stdout);
        return output_end(EXIT_OK);
    }
    if (argc > 2)
        return argument_error("help", "it takes one command, not '%s' as well", argv[2]);
    const struct command *c = command_find(argv[1]);
    if (!c)
        return command_unknown(argv[1]);
    char option[] = "--help", *words[] = {argv[1], option, NULL};
    return command_run(c, 2, words);
}

int main(int argc, char **argv)
{
    struct error err = {""};
    size_limit_survive();
    if (caller_check(&err))
        return output_failed(&err, EXIT_HEAPWAIT);
    if (argc < 2) {
        usage_print(stderr);
        return EXIT_USAGE;
    }
    if (!strcmp(argv[1], "help"))
        return help_run(argc - 1, argv + 1);
    if (!strcmp(argv[1], "--help") || !strcmp(argv[1], "-h")) {
        usage_print(stdout);
        return output_end(EXIT_OK);
    }
    if (!strcmp(argv[1], "--version") || !strcmp(argv[1], "-V")) {
        puts("heapwait " HEAPWAIT_VERSION);
        return output_end(EXIT_OK);
    }
    if (argc == 4 && !strcmp(argv[1], "calibration-loop"))
        return calibrate_loop(argv[2], argv[3]); /* heapwait runs itself: see probes/run/calibrate.h */
    const struct command *c = command_find(argv[1]);
    if (c)
        return command_run(c, argc - 1, argv + 1);
    return argv[1][0] == '-' ? option_unknown(argv[1]) : command_unknown(argv[1]);
}
