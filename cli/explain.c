/* heapwait explain: the losses, the verdict and the tables of a recording, in the terminal; or all of it as
 * JSON. Computes nothing: the sentences come from analysis/verdict.c, the numbers from the views.  A table is
 * a row of `sections` below: its SELECT, and how each of its columns is written. */
#include "analysis/database.h"
#include "analysis/json.h"
#include "analysis/verdict.h"
#include "cli/command.h"
#include "cli/table.h"

#include <errno.h>
#include <getopt.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum {
    WIDTH_LEAST = 40,
    WIDTH_MOST = 1000,
    WIDTH_WIDE = 100, /* from here on columns marked `wide` are shown too */
    COLUMN_MAX = 12,
};

struct explain_options {
    const char *path;
    bool json;
    unsigned width;
};

/* Whether a column may be shortened, and whether it is left out of narrow tables. */
enum { SHRINK = 1, WIDE = 2 };

/* How a column is written, and from how many columns of the SELECT. */
enum cell_kind {
    CELL_END,
    CELL_TEXT,
    CELL_FILE, /* the last part of a path */
    CELL_COUNT,
    CELL_NS,
    CELL_BYTES,
    CELL_RATIO,
    CELL_SHARE,
    CELL_RATE,
    CELL_NS_RANGE,
    CELL_RATIO_RANGE,
    CELL_BYTES_RANGE
};

struct cell_column {
    const char *title;
    enum cell_kind kind;
    unsigned flags;
};

struct section {
    const char *heading;
    const char *note; /* a sentence below the table, or NULL */
    const char *sql;
    struct cell_column columns[COLUMN_MAX];
};

#define ORDER_OF(view)                                                                                       \
    " ORDER BY (SELECT position FROM variant WHERE name = " view ".variant), " view ".variant, " view        \
    ".threads"

static const struct section sections[] = {
    {.heading = "Time from exec to end, untraced runs",
     .note = "Median, its distribution-free interval, and the ratio to the baseline within the interleaved "
             "rounds.",
     .sql = "SELECT t.variant, t.threads, t.runs, t.median_ns, iif(t.coverage > 0, t.low_ns, NULL), "
            "t.high_ns, t.coverage, "
            "r.ratio, iif(r.coverage > 0, r.low, NULL), r.high, p.median_ns FROM wall_time AS t "
            "LEFT JOIN wall_ratio AS r ON r.variant IS t.variant AND r.threads IS t.threads "
            "LEFT JOIN reported_time AS p ON p.variant IS t.variant AND p.threads IS t.threads AND p.probes "
            "= t.probes "
            "WHERE t.probes = 'none' AND t.variant IS NOT NULL" ORDER_OF("t"),
     .columns = {{"variant", CELL_TEXT, SHRINK},
                 {"threads", CELL_COUNT, 0},
                 {"runs", CELL_COUNT, 0},
                 {"median", CELL_NS, 0},
                 {"interval", CELL_NS_RANGE, 0},
                 {"covers", CELL_SHARE, WIDE},
                 {"ratio", CELL_RATIO, 0},
                 {"interval", CELL_RATIO_RANGE, 0},
                 {"own clock", CELL_NS, WIDE}}},
    {.heading = "Futex calls for malloc's locks, per password",
     .note = "Medians over the traced runs. \"calls\" is per run; EAGAIN and slept are waits, empty and "
             "waking are wakes; "
             "idle: the share of all calls that neither slept nor woke anybody.",
     .sql = "SELECT w.variant, w.threads, w.calls, "
            "max(k.calls_per_password) FILTER (WHERE k.kind = 'eagain'), "
            "max(k.calls_per_password) FILTER (WHERE k.kind = 'slept'), "
            "max(k.calls_per_password) FILTER (WHERE k.kind = 'empty_wake'), "
            "max(k.calls_per_password) FILTER (WHERE k.kind = 'waking_wake'), "
            "max(k.calls_per_password) FILTER (WHERE k.kind = 'other'), iif(w.calls > 0, w.idle_share, "
            "NULL), w.blocked_ns "
            "FROM malloc_wait AS w JOIN futex_kind_per_password AS k "
            "ON k.variant IS w.variant AND k.threads IS w.threads AND k.class = 'malloc' "
            "WHERE w.variant IS NOT NULL GROUP BY w.variant, w.threads" ORDER_OF("w"),
     .columns = {{"variant", CELL_TEXT, SHRINK},
                 {"threads", CELL_COUNT, 0},
                 {"calls", CELL_COUNT, 0},
                 {"EAGAIN", CELL_RATE, 0},
                 {"slept", CELL_RATE, 0},
                 {"empty", CELL_RATE, 0},
                 {"waking", CELL_RATE, 0},
                 {"other", CELL_RATE, WIDE},
                 {"idle", CELL_SHARE, 0},
                 {"blocked", CELL_NS, WIDE}}},
    {.heading = "Locks, the three with the most futex calls",
     .note = "Sums over the traced runs of a variant and thread count, divided by their number.",
     .sql = "SELECT h.variant, h.threads, h.name, h.module, iif(h.is_malloc, 'yes', 'no'), h.calls * 1.0 / "
            "h.runs, "
            "h.share, h.evidence FROM hottest_lock AS h WHERE h.variant IS NOT NULL AND h.rank <= 3" ORDER_OF(
                "h") ", h.rank",
     .columns = {{"variant", CELL_TEXT, SHRINK},
                 {"threads", CELL_COUNT, 0},
                 {"lock", CELL_TEXT, SHRINK},
                 {"module", CELL_FILE, SHRINK},
                 {"malloc's", CELL_TEXT, 0},
                 {"calls", CELL_COUNT, 0},
                 {"share", CELL_SHARE, 0},
                 {"evidence", CELL_TEXT, SHRINK | WIDE}}},
    {.heading = "Locks, the twenty with the most futex calls",
     .note = "EAGAIN and slept are waits, empty and waking are wakes; blocked: thread time asleep in waits.",
     .sql = "SELECT h.name, h.module, iif(h.is_malloc, 'yes', 'no'), h.eagain, h.slept, h.empty_wakes, "
            "h.waking_wakes, "
            "h.other_calls, h.blocked_ns, h.evidence FROM hottest_lock AS h WHERE h.variant IS NULL AND "
            "h.rank <= 20 "
            "ORDER BY h.threads, h.rank",
     .columns = {{"lock", CELL_TEXT, SHRINK},
                 {"module", CELL_FILE, SHRINK},
                 {"malloc's", CELL_TEXT, 0},
                 {"EAGAIN", CELL_COUNT, 0},
                 {"slept", CELL_COUNT, 0},
                 {"empty", CELL_COUNT, 0},
                 {"waking", CELL_COUNT, 0},
                 {"other", CELL_COUNT, 0},
                 {"blocked", CELL_NS, 0},
                 {"evidence", CELL_TEXT, SHRINK | WIDE}}},
    {.heading = "Memory: peak resident set, untraced runs",
     .sql = "SELECT m.variant, m.threads, m.runs, m.median_bytes, iif(m.coverage > 0, m.low_bytes, NULL), "
            "m.high_bytes FROM memory AS m "
            "WHERE m.probes = 'none' AND m.variant IS NOT NULL" ORDER_OF("m"),
     .columns = {{"variant", CELL_TEXT, SHRINK},
                 {"threads", CELL_COUNT, 0},
                 {"runs", CELL_COUNT, 0},
                 {"median", CELL_BYTES, 0},
                 {"interval", CELL_BYTES_RANGE, 0}}},
    {.heading = "What measuring cost: traced beside untraced runs",
     .sql = "SELECT o.variant, o.threads, o.untraced_ns, o.traced_ns, o.ratio FROM overhead AS o "
            "WHERE o.variant IS NOT NULL" ORDER_OF("o") ", o.probes",
     .columns = {{"variant", CELL_TEXT, SHRINK},
                 {"threads", CELL_COUNT, 0},
                 {"untraced", CELL_NS, 0},
                 {"traced", CELL_NS, 0},
                 {"ratio", CELL_RATIO, 0}}},
    {.heading = "How it was measured",
     .sql = "SELECT key, value FROM main.host UNION ALL SELECT 'study: ' || key, value FROM main.study "
            "UNION ALL SELECT 'runs that count', count(*) || ' of ' || (SELECT count(*) FROM run) FROM "
            "counted_run "
            "UNION ALL SELECT 'other processes'' share', printf('%.1f %%', 100 * foreign_share) FROM "
            "noise_total "
            "WHERE foreign_share IS NOT NULL "
            "UNION ALL SELECT 'highest load average', printf('%.2f', max_load_average) FROM noise_total "
            "WHERE max_load_average IS NOT NULL",
     .columns = {{"fact", CELL_TEXT, 0}, {"value", CELL_TEXT, SHRINK}}},
};

static int cell_columns(enum cell_kind kind)
{
    return kind == CELL_NS_RANGE || kind == CELL_RATIO_RANGE || kind == CELL_BYTES_RANGE ? 2 : 1;
}

static uint64_t rounded(double value)
{
    return value > 0 ? (uint64_t)llround(value) : 0;
}

static char *number_write(char *buffer, enum cell_kind kind, double value)
{
    switch (kind) {
    case CELL_COUNT:
        return format_count(buffer, rounded(value));
    case CELL_NS:
    case CELL_NS_RANGE:
        return format_ns(buffer, rounded(value));
    case CELL_BYTES:
    case CELL_BYTES_RANGE:
        return format_bytes(buffer, rounded(value));
    case CELL_SHARE:
        return format_share(buffer, value);
    case CELL_RATE:
        return format_rate(buffer, value);
    default:
        return format_ratio(buffer, value);
    }
}

/* The cell from column `at` on; NULL: not measured.  `buffer` holds it unless it is text of SQLite's. */
static const char *cell_write(sqlite3_stmt *row, int at, enum cell_kind kind, char *buffer, size_t size)
{
    if (sqlite3_column_type(row, at) == SQLITE_NULL)
        return NULL;
    if (kind == CELL_TEXT)
        return (const char *)sqlite3_column_text(row, at);
    if (kind == CELL_FILE) {
        const char *path = (const char *)sqlite3_column_text(row, at), *slash = strrchr(path, '/');
        return slash ? slash + 1 : path;
    }
    char low[32], high[32];
    number_write(low, kind, sqlite3_column_double(row, at));
    if (cell_columns(kind) == 2)
        snprintf(buffer, size, "%s to %s", low, number_write(high, kind, sqlite3_column_double(row, at + 1)));
    else
        snprintf(buffer, size, "%s", low);
    return buffer;
}

static bool column_shown(const struct cell_column *column, unsigned width)
{
    return !(column->flags & WIDE) || width >= WIDTH_WIDE;
}

static struct table *section_table(const struct section *s, unsigned width)
{
    struct table_column columns[COLUMN_MAX];
    size_t count = 0;
    for (const struct cell_column *c = s->columns; c->kind != CELL_END; c++)
        if (column_shown(c, width))
            columns[count++] = (struct table_column){c->title, c->kind != CELL_TEXT && c->kind != CELL_FILE,
                                                     (c->flags & SHRINK) != 0};
    return table_new(columns, count);
}

static void row_add(struct table *t, const struct section *s, sqlite3_stmt *row, unsigned width)
{
    char buffers[COLUMN_MAX][80];
    const char *cells[COLUMN_MAX];
    size_t count = 0;
    int at = 0;
    for (const struct cell_column *c = s->columns; c->kind != CELL_END; at += cell_columns(c->kind), c++)
        if (column_shown(c, width)) {
            cells[count] = cell_write(row, at, c->kind, buffers[count], sizeof(buffers[count]));
            count++;
        }
    table_add(t, cells);
}

static void heading_print(const char *text, FILE *out)
{
    bool bold = heading_is_bold(out);
    fprintf(out, "\n%s%s%s\n\n", bold ? "\033[1m" : "", text, bold ? "\033[0m" : "");
}

/* A section without rows is left out. */
static int section_print(struct database *db, const struct section *s, unsigned width, struct error *err)
{
    sqlite3_stmt *statement = database_prepare(db, s->sql, err);
    if (!statement)
        return -EIO;
    struct table *t = section_table(s, width);
    size_t rows = 0;
    int rc;
    for (; (rc = database_step(db, statement, err)) == 1; rows++)
        row_add(t, s, statement, width);
    sqlite3_finalize(statement);
    if (!rc && rows) {
        heading_print(s->heading, stdout);
        table_print(t, stdout, width);
        if (s->note)
            paragraph_print(s->note, "", "", stdout, width);
    }
    table_free(t);
    return rc;
}

/* The first lines of the output: what was lost, or that nothing was. */
static int losses_print(struct database *db, const struct verdict *v, unsigned width, struct error *err)
{
    size_t lost = 0;
    for (; lost < v->count && !strcmp(v->sentences[lost].topic, "loss"); lost++)
        paragraph_print(v->sentences[lost].text, "", "", stdout, width);
    if (lost)
        return 0;
    sqlite3_stmt *statement = database_prepare(
        db,
        "SELECT (SELECT count(*) FROM counted_run WHERE probes <> 'none'), (SELECT count(*) FROM loss_total)",
        err);
    int rc = statement ? database_step(db, statement, err) : -EIO;
    char line[160];
    if (rc == 1 && sqlite3_column_int64(statement, 0) == 0)
        snprintf(line, sizeof(line), "No run was traced, so there was nothing to lose.");
    else if (rc == 1)
        snprintf(line, sizeof(line), "Lost: nothing (reasons watched for: %lld; traced runs: %lld).",
                 sqlite3_column_int64(statement, 1), sqlite3_column_int64(statement, 0));
    if (rc == 1)
        paragraph_print(line, "", "", stdout, width);
    sqlite3_finalize(statement);
    return rc < 0 ? rc : 0;
}

static int text_print(struct database *db, unsigned width, struct error *err)
{
    struct verdict *v = NULL;
    int rc = verdict_make(db, &v, err);
    if (!rc)
        rc = losses_print(db, v, width, err);
    if (!rc)
        heading_print("Verdict", stdout);
    for (size_t i = 0; !rc && i < v->count; i++)
        if (strcmp(v->sentences[i].topic, "loss") != 0)
            paragraph_print(v->sentences[i].text, "- ", "  ", stdout, width);
    for (size_t i = 0; !rc && i < sizeof(sections) / sizeof(*sections); i++)
        rc = section_print(db, &sections[i], width, err);
    verdict_free(v);
    return rc;
}

static int json_print(struct database *db, struct error *err)
{
    char *json = NULL;
    int rc = analysis_json(db, &json, err);
    if (!rc)
        fputs(json, stdout);
    free(json);
    return rc;
}

static void usage_print(FILE *out)
{
    fputs("usage: heapwait explain [FILE] [--json] [--width N]\n\n"
          "Prints what a recording says: what was lost, the verdict, and the tables behind it.\n\n"
          "  FILE       the recording; heapwait.db when left out\n"
          "  --json     everything as one JSON document (docs/recording.md has its shape)\n"
          "  --width N  fit the text into N columns; else the terminal's width, or 120\n",
          out);
}

static bool width_parse(const char *text, unsigned *width)
{
    char *end;
    errno = 0;
    long n = strtol(text, &end, 10);
    if (errno || end == text || *end || n < WIDTH_LEAST || n > WIDTH_MOST)
        return false;
    *width = (unsigned)n;
    return true;
}

/* -1: go on with *options; else the exit code. */
static int options_parse(int argc, char **argv, struct explain_options *options)
{
    static const struct option known[] = {
        {"json", no_argument, NULL, 'j'},
        {"width", required_argument, NULL, 'w'},
        {"help", no_argument, NULL, 'h'},
        {0},
    };
    for (int c; (c = getopt_long(argc, argv, "h", known, NULL)) != -1;) {
        if (c == 'h') {
            usage_print(stdout);
            return EXIT_OK;
        }
        if (c == 'j')
            options->json = true;
        else if (c != 'w')
            return EXIT_USAGE;
        else if (!width_parse(optarg, &options->width)) {
            fprintf(stderr, "heapwait explain: --width takes a number from %d to %d, not '%s'\n", WIDTH_LEAST,
                    WIDTH_MOST, optarg);
            return EXIT_USAGE;
        }
    }
    if (argc - optind > 1) {
        fprintf(stderr, "heapwait explain: one recording at a time, '%s' is too many\n", argv[optind + 1]);
        return EXIT_USAGE;
    }
    if (optind < argc)
        options->path = argv[optind];
    return -1;
}

int explain_main(int argc, char **argv)
{
    struct explain_options parsed = {.path = "heapwait.db"};
    int code = options_parse(argc, argv, &parsed);
    if (code >= 0)
        return code;
    const struct explain_options options = parsed;
    struct error err = {0};
    struct database *db = NULL;
    int rc = database_open(options.path, &db, &err);
    if (!rc)
        rc = options.json ? json_print(db, &err)
                          : text_print(db, options.width ? options.width : table_width(stdout), &err);
    database_close(db);
    if (!rc && (fflush(stdout) || ferror(stdout)))
        rc = error_set(&err, -EIO, "can't write to standard output: %s", strerror(errno));
    if (rc)
        fprintf(stderr, "heapwait explain: %s\n", err.text[0] ? err.text : strerror(-rc));
    return rc ? EXIT_DATA : EXIT_OK;
}
