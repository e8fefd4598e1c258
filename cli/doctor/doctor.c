/* heapwait doctor: what this machine can measure, line by line, each lack with its remedy.  The checks are
 * those that the session itself requires, and the last of them opens a session. */
#include "cli/doctor/doctor_perf.h"
#include "cli/study/variants.h"
#include "cli/terminal/arguments.h"
#include "cli/terminal/command.h"
#include "cli/terminal/output.h"
#include "cli/terminal/table.h"
#include "cli/terminal/terminal.h"
#include "probes/host/checks.h"
#include "probes/host/program.h"
#include "probes/run/calibrate.h"
#include "probes/session/session.h"

#include <getopt.h>
#include <pwd.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char usage[] =
    "usage: heapwait doctor [--calibrate | --perf]\n"
    "\n"
    "Tells what this machine and this user allow, line by line, each lack with its\n"
    "remedy.  Ends with 0 when everything needed for tracing is there, else with 1.\n"
    "\n"
    "      --calibrate  also measure what a system call costs here, without probes\n"
    "                   and with them\n"
    "      --perf       print the perf record line that `heapwait import` wants, and\n"
    "                   what it is made of\n"
    "  -h, --help       this text\n";

/* A remedy stays on its line, since it may hold a command to be copied. */
static void line_print(const char *word, const char *name, const char *detail, const char *remedy)
{
    char first[64], indent[64];
    snprintf(first, sizeof(first), "%-8s %-20s ", word, name);
    snprintf(indent, sizeof(indent), "%-8s %-20s ", "", "");
    table_paragraph_print(detail, first, indent, stdout, terminal_width(stdout));
    if (remedy && *remedy)
        printf("%-8s %-20s   -> %s\n", "", "", remedy);
}

static bool checks_print(void)
{
    static const char *const words[] = {
        [CHECK_OK] = "ok", [CHECK_MISSING] = "MISSING", [CHECK_LIMITED] = "limited"};
    bool good = true;
    for (const struct check *c = checks_all(); c->name; c++) {
        struct check_result r = {0};
        c->run(&r);
        line_print(words[r.state], c->name, r.detail, r.remedy);
        good &= !c->required || r.state != CHECK_MISSING;
    }
    return good;
}

static bool session_print(void)
{
    const struct measure_options options = {.probes = PROBES_WAITS};
    struct session *session = NULL;
    struct error err = {""};
    bool good = !session_open(&options, &session, &err);
    char detail[128];
    if (good)
        snprintf(detail, sizeof(detail), "the programs load and attach (%s)", session_hooks(session));
    line_print(good ? "ok" : "MISSING", "probes", good ? detail : err.text, NULL);
    session_close(session);
    return good;
}

/* Tells who the commands of `record` run as. */
static void user_print(void)
{
    const char *sudo = getenv("SUDO_USER");
    const struct passwd *own = getpwuid(geteuid());
    char detail[160], name[64], remedy[160] = "";
    snprintf(name, sizeof(name), "%s", own ? own->pw_name : "a user without a name");
    bool by_sudo = !geteuid() && sudo && getpwnam(sudo) && strcmp(sudo, name) != 0;
    snprintf(detail, sizeof(detail), "%s%s", name,
             by_sudo ? ", since heapwait runs under sudo (perf does the same)" : "");
    if (by_sudo)
        snprintf(remedy, sizeof(remedy), "`heapwait record -u %.32s -- COMMAND` runs it as %.32s", sudo,
                 sudo);
    line_print("ok", "commands run as", detail, remedy);
}

static void tools_print(void)
{
    static const struct {
        const char *name, *package, *purpose;
    } tools[] = {
        {"gnuplot", "gnuplot-nox", "figures"},
        {"pdftocairo", "poppler-utils", "figures for HTML"},
        {"node", "nodejs", "the report, by Typst"},
    };
    for (size_t i = 0; i < sizeof(tools) / sizeof(tools[0]); i++) {
        char remedy[128];
        bool found =
            program_in_path(tools[i].name) || (!strcmp(tools[i].name, "node") && program_in_path("typst"));
        snprintf(remedy, sizeof(remedy), "apt-get install %s (needed for `heapwait report` only)",
                 tools[i].package);
        line_print(found ? "ok" : "limited", tools[i].name, tools[i].purpose, found ? NULL : remedy);
    }
}

static void variants_print(void)
{
    struct variant_list list = {0};
    struct error err = {""};
    if (variants_load(&list, &err)) {
        line_print("limited", "variants", err.text, NULL);
        return;
    }
    for (size_t i = 0; i < list.count; i++) {
        const struct variant *v = &list.items[i];
        char name[64], detail[512];
        snprintf(name, sizeof(name), "%s", v->name);
        snprintf(detail, sizeof(detail), "%s, %s, %s%s%s", v->libc ? v->libc : "?",
                 v->linkage ? v->linkage : "?", v->allocator ? v->allocator : "?",
                 v->absent_reason ? ": absent: " : "", v->absent_reason ? v->absent_reason : "");
        line_print(v->absent_reason ? "limited" : "ok", name, detail, NULL);
    }
    variants_free(&list);
}

static bool calibration_print(void)
{
    struct calibration c;
    struct error err = {""};
    if (calibrate_take("/proc/self/exe", CALIBRATION_ROUNDS, &c, &err)) {
        line_print("MISSING", "calibration", err.text, NULL);
        return false;
    }
    for (int kind = 0; kind < CALL_KINDS; kind++) {
        static const char *const names[CALL_KINDS] = {"null system call", "empty wake", "EAGAIN wait"};
        const struct call_cost *k = &c.calls[kind];
        char detail[160];
        snprintf(
            detail, sizeof(detail),
            "%.0f ns untraced, %.0f ns in mode ledger (%.2f times as long), of which the probes see %.0f ns",
            k->untraced, k->traced, k->untraced > 0 ? k->traced / k->untraced : 0, k->seen);
        line_print("ok", names[kind], detail, NULL);
    }
    return true;
}

/* Returns -1: go on with *calibrate and *perf; else the exit code. */
static int options_parse(int argc, char **argv, bool *calibrate, bool *perf)
{
    static const struct option longs[] = {{"calibrate", no_argument, NULL, 'c'},
                                          {"perf", no_argument, NULL, 'p'},
                                          {"help", no_argument, NULL, 'h'},
                                          {NULL, 0, NULL, 0}};
    char unknown[ARGUMENT_TEXT];
    optind = 0;
    for (int c; (c = getopt_long(argc, argv, ":h", longs, NULL)) != -1;) {
        if (c == 'h') {
            fputs(usage, stdout);
            return EXIT_OK;
        }
        if (c == '?')
            return argument_error("doctor", "%s", argument_unknown(unknown, argv, longs));
        *(c == 'p' ? perf : calibrate) = true;
    }
    if (optind < argc || (*perf && *calibrate))
        return argument_error("doctor", "it takes one option at most, --calibrate or --perf, not '%s'",
                              argv[argc - 1]);
    return -1;
}

int doctor_main(int argc, char **argv)
{
    bool perf = false, calibrate = false;
    const int code = options_parse(argc, argv, &calibrate, &perf);
    if (code >= 0)
        return code;
    if (perf)
        return doctor_perf();
    bool good = checks_print();
    if (good)
        good = session_print();
    if (good && calibrate)
        good = calibration_print();
    user_print();
    tools_print();
    variants_print();
    printf("%s\n",
           good ? "This machine can trace." : "This machine or this user can't trace: see MISSING above.");
    return output_end(good ? EXIT_OK : EXIT_DATA);
}
