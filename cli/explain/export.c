/* `heapwait export`: the call paths of a recording for other viewers.  Owns its options, exit codes and where
 * the result goes; the formats are analysis/flame/flame.c's.  A file appears under its name only when it is
 * whole. */
#include "analysis/base/output.h"
#include "analysis/base/text.h"
#include "analysis/database.h"
#include "analysis/flame/flame.h"
#include "cli/terminal/arguments.h"
#include "cli/terminal/command.h"

#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct export_options {
    const char *recording, *output; /* output NULL: to standard output */
    bool folded, speedscope;
    struct flame_choice choice;
};

static const char usage[] = "usage: heapwait export [FILE] --folded|--speedscope [-o OUT] [--variant V]\n"
                            "                       [--threads N]\n\n"
                            "Writes the call paths of a recording in the format of another viewer.\n\n"
                            "  FILE               the recording; heapwait.db when left out\n"
                            "  --folded           one line for each path and its samples, for flamegraph.pl\n"
                            "                     and its kin\n"
                            "  --speedscope       JSON for https://www.speedscope.app\n"
                            "  -o, --output OUT   into this file; else to standard output\n"
                            "  --variant V        of a study: only this variant\n"
                            "  --threads N        of a study: only this number of threads\n"
                            "  -h, --help         this text\n";

static const struct option longs[] = {
    {"folded", no_argument, NULL, 'f'},
    {"speedscope", no_argument, NULL, 's'},
    {"output", required_argument, NULL, 'o'},
    {"variant", required_argument, NULL, 'v'},
    {"threads", required_argument, NULL, 't'},
    {"help", no_argument, NULL, 'h'},
    {NULL, 0, NULL, 0},
};

/* -1: go on; else the exit code. */
static int option_take(int c, char **argv, struct export_options *o)
{
    char unknown[ARGUMENT_TEXT];
    uint64_t threads;
    switch (c) {
    case 'f':
        o->folded = true;
        return -1;
    case 's':
        o->speedscope = true;
        return -1;
    case 'o':
        o->output = optarg;
        return *optarg ? -1 : argument_error("export", "'%s' needs a file", argv[optind - 1]);
    case 'v':
        o->choice.variant = optarg;
        return -1;
    case 't':
        if (!argument_number(optarg, 1, INT64_MAX, &threads))
            return argument_error("export", "--threads takes a whole number from 1, not '%s'", optarg);
        o->choice.threads = (int64_t)threads;
        return -1;
    case 'h':
        fputs(usage, stdout);
        return EXIT_OK;
    case ':':
        return argument_error("export", "'%s' wants a value", argv[optind - 1]);
    default:
        return argument_error("export", "%s", argument_unknown(unknown, argv, longs));
    }
}

/* -1: go on; else the exit code. */
static int options_parse(int argc, char **argv, struct export_options *o)
{
    *o = (struct export_options){.recording = "heapwait.db", .choice = {NULL, -1}};
    optind = 0;
    for (int c; (c = getopt_long(argc, argv, ":o:h", longs, NULL)) != -1;) {
        const int code = option_take(c, argv, o);
        if (code >= 0)
            return code;
    }
    if (o->folded == o->speedscope)
        return argument_error("export", "one of --folded and --speedscope is needed");
    if (argc - optind > 1)
        return argument_error("export", "one recording at a time, '%s' is too many", argv[optind + 1]);
    if (optind < argc)
        o->recording = argv[optind];
    return -1;
}

static int export_write(struct database *db, const struct export_options *o, FILE *out, struct error *err)
{
    const char *slash = strrchr(o->recording, '/');
    int rc = o->folded ? flame_write_folded(db, &o->choice, out, err)
                       : flame_write_speedscope(db, &o->choice, slash ? slash + 1 : o->recording,
                                                "heapwait " HEAPWAIT_VERSION, out, err);
    if (rc == 0 && (fflush(out) || ferror(out)))
        rc = -errno;
    return rc;
}

/* Returns true if the output is replaced as a file.  What is no plain file (a pipe, /dev/null) is written to
 * as it is. */
static bool is_replaced(const char *path)
{
    struct stat st;
    return stat(path, &st) < 0 || S_ISREG(st.st_mode);
}

/* Writes into a file beside the output, which then takes its name. */
static int file_replace(struct database *db, const struct export_options *o, struct error *err)
{
    char *made = NULL;
    if (output_refuse_link(AT_FDCWD, o->output, o->output, "file", err))
        return -EEXIST;
    if (asprintf(&made, "%s.XXXXXX", o->output) < 0)
        return error_set(err, -ENOMEM, "out of memory");
    const int fd = mkstemp(made);
    FILE *out = fd < 0 ? NULL : fdopen(fd, "w");
    int rc = out ? 0 : -errno;
    if (rc == 0) {
        const mode_t mask = umask(0);
        umask(mask);
        rc = export_write(db, o, out, err);
        if (rc == 0 && fchmod(fd, 0666 & ~mask) < 0)
            rc = -errno;
        output_give_owner(fd);
        if (fclose(out) && rc == 0)
            rc = -errno;
    }
    if (rc == 0 && rename(made, o->output) < 0)
        rc = -errno;
    if (rc < 0 && fd >= 0)
        unlink(made);
    free(made);
    return rc < 0 ? error_set(err, rc, "can't write '%s': %s", o->output, strerror(-rc)) : 0;
}

static int export_run(struct database *db, const struct export_options *o, struct error *err)
{
    if (o->output && is_replaced(o->output))
        return file_replace(db, o, err);
    FILE *out = o->output ? fopen(o->output, "we") : stdout;
    int rc = out ? export_write(db, o, out, err) : -errno;
    if (out && out != stdout && fclose(out) && rc == 0)
        rc = -errno;
    return rc < 0 ? error_set(err, rc, "can't write to %s: %s", o->output ? o->output : "standard output",
                              strerror(-rc))
                  : 0;
}

/* Tells why a choice has nothing: the recording has no call paths at all, or none of that name. */
static void nothing_tell(struct database *db, const struct export_options *o)
{
    struct error err = {""};
    sqlite3_stmt *row = database_prepare(
        db,
        "SELECT group_concat(name, ', ') FROM (SELECT DISTINCT coalesce(variant, 'a plain recording') || "
        "coalesce(' with ' || threads || iif(threads = 1, ' thread', ' threads'), '') AS name FROM flame)",
        &err);
    const char *found =
        row && database_step(db, row, &err) == 1 ? (const char *)sqlite3_column_text(row, 0) : NULL;
    char *names = found ? strdup(found) : NULL;
    if (names)
        fprintf(stderr, "heapwait export: '%s' has no call paths of that choice; it has: %s\n", o->recording,
                text_clean(names));
    else
        fprintf(stderr,
                "heapwait export: '%s' has no samples with call paths; `heapwait record --perf` takes them\n",
                o->recording);
    free(names);
    sqlite3_finalize(row);
}

/* Whether the recording is to blame, or heapwait and the machine. */
static enum exit_code blame(int rc, bool is_open)
{
    return !is_open || rc == -EIO || rc == -EBUSY || rc == -EINVAL || rc == -ENODATA ? EXIT_DATA
                                                                                     : EXIT_HEAPWAIT;
}

int export_main(int argc, char **argv)
{
    struct export_options options;
    struct error err = {""};
    struct database *db = NULL;
    const int parsed = options_parse(argc, argv, &options);
    if (parsed >= 0)
        return parsed;
    int rc = database_open(options.recording, &db, &err);
    if (rc == 0)
        rc = export_run(db, &options, &err);
    if (rc == -ENODATA)
        nothing_tell(db, &options);
    else if (rc < 0)
        fprintf(stderr, "heapwait export: %s\n", err.text);
    const int code = rc < 0 ? (int)blame(rc, db != NULL) : EXIT_OK;
    database_close(db);
    return code;
}
