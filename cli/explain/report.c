/* `heapwait report`: a recording as PDF, HTML, figures and the data behind them.  Owns its options and exit
 * codes; everything else is plots/'s. */
#include "analysis/database.h"
#include "cli/terminal/arguments.h"
#include "cli/terminal/command.h"
#include "cli/terminal/output.h"
#include "plots/render.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>

#define DEFAULT_FOLDER "heapwait-report"

struct report_options {
    const char *recording, *folder;
};

static void usage_print(FILE *out)
{
    fputs("usage: heapwait report [-o DIR] [FILE]\n\n"
          "Makes DIR/report.pdf and DIR/report.html (one self-contained page) from a\n"
          "recording, with the figures under DIR/figures and the numbers behind each under\n"
          "DIR/data.  The PDF needs Typst: without it the page is all.\n\n"
          "  FILE              the recording (heapwait.db)\n"
          "  -o, --output DIR  where the report goes (" DEFAULT_FOLDER ")\n"
          "  -h, --help        this text\n",
          out);
}

/* Returns -1: go on; else the exit code. */
static int options_parse(int argc, char **argv, struct report_options *options)
{
    static const struct option longs[] = {
        {"output", required_argument, NULL, 'o'}, {"help", no_argument, NULL, 'h'}, {NULL, 0, NULL, 0}};
    *options = (struct report_options){"heapwait.db", DEFAULT_FOLDER};
    char text[ARGUMENT_TEXT];
    optind = 0;
    for (int c; (c = getopt_long(argc, argv, ":o:h", longs, NULL)) != -1;) {
        if (c == 'o' && *optarg) {
            options->folder = optarg;
        } else if (c == 'h') {
            usage_print(stdout);
            return EXIT_OK;
        } else if (c == '?') {
            return argument_error("report", "%s", argument_unknown(text, argv, longs));
        } else {
            return argument_error("report", "'%s' needs a folder", c == 'o' ? "-o" : argv[optind - 1]);
        }
    }
    if (argc - optind > 1)
        return argument_error("report", "one recording at a time, '%s' is too much", argv[optind + 1]);
    if (optind < argc)
        options->recording = argv[optind];
    return -1;
}

enum { ENOUGH_FILES = 64 }; /* open at a time: heapwait's and those of the programs that it runs */

static int fail(const struct error *err, enum exit_code code)
{
    struct rlimit files;
    fprintf(stderr, "heapwait report: %s\n", err->text);
    if (code == EXIT_HEAPWAIT && !getrlimit(RLIMIT_NOFILE, &files) && files.rlim_cur < ENOUGH_FILES)
        fprintf(stderr,
                "heapwait report: only %llu files can be open at a time, which may be why: raise that limit "
                "(`ulimit -n 1024`)\n",
                (unsigned long long)files.rlim_cur);
    return code;
}

/* Whether the recording is to blame, or heapwait and the machine. */
static enum exit_code blame(int rc)
{
    return rc == -EIO || rc == -EBUSY || rc == -EINVAL ? EXIT_DATA : EXIT_HEAPWAIT;
}

static void result_print(const struct report *report, const struct report_options *options)
{
    for (size_t i = 0; i < report_sentences(report); i++)
        printf("%s\n", report_sentence(report, i));
    const char *without = report_without_pdf(report);
    putchar('\n');
    if (without)
        printf("%s/report.html alone: %s\n", options->folder, without);
    else
        printf("%s/report.pdf\n%s/report.html\n", options->folder, options->folder);
}

int report_main(int argc, char **argv)
{
    struct report_options options;
    struct error err = {""};
    struct database *db = NULL;
    struct report *report = NULL;
    const int parsed = options_parse(argc, argv, &options);
    if (parsed >= 0)
        return parsed;
    int rc = database_open(options.recording, &db, &err);
    if (rc < 0)
        return fail(&err, rc == -ENOMEM ? EXIT_HEAPWAIT : EXIT_DATA);
    rc = report_collect(db, options.folder, &report, &err);
    database_close(db); /* drawing is slow, and a study may wait for the file */
    if (rc < 0)
        return fail(&err, blame(rc));
    rc = report_draw(report, &err);
    if (rc == 0)
        result_print(report, &options);
    report_free(report);
    return rc < 0 ? fail(&err, EXIT_HEAPWAIT) : output_end(EXIT_OK);
}
