/* heapwait explain: the answer of a recording on one screen, or the losses, the verdict and all tables; or
 * all of it as JSON, or the answer in Markdown.  Computes nothing: the answer is analysis/answer/answer.c's,
 * the sentences analysis/verdict/verdict.c's, the numbers the views', the tables explain_sections.c's. */
#include "analysis/answer/answer.h"
#include "analysis/answer/answer_markdown.h"
#include "analysis/base/text.h"
#include "analysis/database.h"
#include "analysis/verdict/json.h"
#include "analysis/verdict/verdict.h"
#include "cli/explain/explain_answer.h"
#include "cli/explain/explain_sections.h"
#include "cli/terminal/arguments.h"
#include "cli/terminal/command.h"
#include "cli/terminal/output.h"
#include "cli/terminal/table.h"
#include "cli/terminal/terminal.h"

#include <errno.h>
#include <getopt.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum {
    WIDTH_LEAST = 40,
    WIDTH_MOST = 1000,
    WIDTH_WIDE = 100, /* with that many, columns marked WIDE are shown too */
    BAR_MOST = 20,    /* cells */
};

/* What is printed. */
enum explain_what { EXPLAIN_ANSWER, EXPLAIN_ALL, EXPLAIN_JSON, EXPLAIN_MARKDOWN };

struct explain_options {
    const char *path;
    enum explain_what what;
    unsigned width;
};

static int cell_columns(enum cell_kind kind)
{
    return kind == CELL_NS_RANGE || kind == CELL_RATIO_RANGE || kind == CELL_BYTES_RANGE ? 2 : 1;
}

static uint64_t rounded(double value)
{
    return value > 0 ? (uint64_t)llround(value) : 0;
}

/* Writes a bar of `fraction` of `most` cells, in eighths of a cell; what is not zero shows.  Returns
 * `buffer`. */
static char *bar_write(char *buffer, double fraction, unsigned most)
{
    static const char *const parts[] = {"",       "\u258f", "\u258e", "\u258d",
                                        "\u258c", "\u258b", "\u258a", "\u2589"};
    double cells = fmin(fabs(fraction), 1) * most;
    unsigned eighths = fraction < 0 ? 8 * (unsigned)lround(fmax(cells, 1)) : (unsigned)lround(8 * cells);
    if (fraction > 0 && !eighths)
        eighths = 1;
    char *end = buffer;
    for (unsigned i = 0; i < eighths / 8; i++)
        end = stpcpy(end, fraction < 0 ? "\u2591" : "\u2588");
    stpcpy(end, parts[eighths % 8]);
    return buffer;
}

/* Writes a number that may be below zero.  Returns `buffer`. */
static char *signed_write(char *buffer, enum cell_kind kind, double value)
{
    char number[32];
    if (kind == CELL_SHARE)
        number_share(number, fabs(value));
    else
        number_ns(number, rounded(fabs(value)));
    const char *sign = value < 0 ? "\u2212" : kind == CELL_DELTA && value > 0 ? "+" : "";
    snprintf(buffer, 40, "%s%s", sign, number);
    return buffer;
}

static char *number_write(char *buffer, enum cell_kind kind, double value)
{
    switch (kind) {
    case CELL_COUNT:
        return number_count(buffer, rounded(value));
    case CELL_NS:
    case CELL_DELTA:
    case CELL_SHARE:
        return signed_write(buffer, kind, value);
    case CELL_NS_RANGE:
        return number_ns(buffer, rounded(value));
    case CELL_BYTES:
    case CELL_BYTES_RANGE:
        return number_bytes(buffer, rounded(value));
    case CELL_RATE:
        return number_rate(buffer, value);
    default:
        return number_ratio(buffer, value);
    }
}

/* Returns the cell from column `at` on: in `buffer`, or a text of SQLite's; NULL: not measured. */
static const char *cell_write(sqlite3_stmt *row, int at, enum cell_kind kind, unsigned bar, char *buffer,
                              size_t size)
{
    if (sqlite3_column_type(row, at) == SQLITE_NULL)
        return kind == CELL_BAR ? "" : NULL;
    if (kind == CELL_BAR)
        return bar_write(buffer, sqlite3_column_double(row, at), bar);
    if (kind == CELL_TEXT)
        return (const char *)sqlite3_column_text(row, at);
    if (kind == CELL_FILE) {
        const char *path = (const char *)sqlite3_column_text(row, at), *slash = strrchr(path, '/');
        return slash ? slash + 1 : path;
    }
    char low[40], high[40];
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

/* What {subject}, {baseline} and {at threads} stand for.  The last is " at 4 threads", or nothing if the
 * number is not known. */
struct names {
    char *subject, *baseline, *at_threads;
};

static char *column_copy(sqlite3_stmt *row, int at)
{
    const char *text = (const char *)sqlite3_column_text(row, at);
    char *copy = strdup(text ? text : "?");
    return copy ? text_clean(copy) : NULL;
}

static void names_free(struct names *n)
{
    free(n->subject);
    free(n->baseline);
    free(n->at_threads);
}

static int names_read(struct database *db, struct names *n, struct error *err)
{
    sqlite3_stmt *row = database_prepare(db,
                                         "SELECT variant, baseline, coalesce(' at ' || threads || "
                                         "iif(threads = 1, ' thread', ' threads'), '') FROM "
                                         "subject",
                                         err);
    int rc = row ? database_step(db, row, err) : -EIO;
    if (rc == 1)
        *n = (struct names){column_copy(row, 0), column_copy(row, 1), column_copy(row, 2)};
    if (rc == 1 && (!n->subject || !n->baseline || !n->at_threads))
        rc = error_set(err, -ENOMEM, "out of memory");
    sqlite3_finalize(row);
    return rc < 0 ? rc : 0;
}

/* Returns `text` with the names put in, malloc'd. */
static char *names_insert(const char *text, const struct names *n)
{
    const struct {
        const char *place, *name;
    } places[] = {{"{subject}", n->subject}, {"{baseline}", n->baseline}, {"{at threads}", n->at_threads}};
    char *out = NULL;
    size_t size = 0;
    FILE *memory = open_memstream(&out, &size);
    while (memory && *text) {
        size_t skip = 0;
        for (size_t i = 0; !skip && i < sizeof(places) / sizeof(*places); i++)
            if (!strncmp(text, places[i].place, strlen(places[i].place))) {
                fputs(places[i].name ? places[i].name : "?", memory);
                skip = strlen(places[i].place);
            }
        if (!skip)
            fputc(*text, memory);
        text += skip ? skip : 1;
    }
    if (memory && fclose(memory)) {
        free(out);
        return NULL;
    }
    return out;
}

static const char *title_of(const struct cell_column *c, const struct names *n)
{
    if (!strcmp(c->title, "{subject}") && n->subject)
        return n->subject;
    return !strcmp(c->title, "{baseline}") && n->baseline ? n->baseline : c->title;
}

static bool kind_is_left(enum cell_kind kind)
{
    return kind == CELL_TEXT || kind == CELL_FILE || kind == CELL_BAR;
}

static struct table *section_table(const struct section *s, const struct names *names, unsigned width)
{
    struct table_column columns[COLUMN_MAX];
    size_t count = 0;
    for (const struct cell_column *c = s->columns; c->kind != CELL_END; c++)
        if (column_shown(c, width))
            columns[count++] =
                (struct table_column){title_of(c, names), !kind_is_left(c->kind), (c->flags & SHRINK) != 0};
    return table_new(columns, count);
}

static unsigned bar_cells(unsigned width)
{
    return width < WIDTH_WIDE ? BAR_MOST / 2 : width < 120 ? BAR_MOST * 3 / 5 : BAR_MOST;
}

static void row_add(struct table *t, const struct section *s, sqlite3_stmt *row, unsigned width)
{
    char buffers[COLUMN_MAX][4 * BAR_MOST + 16]; /* a cell of a bar takes three bytes */
    const char *cells[COLUMN_MAX];
    size_t count = 0;
    int at = 0;
    for (const struct cell_column *c = s->columns; c->kind != CELL_END; at += cell_columns(c->kind), c++)
        if (column_shown(c, width)) {
            cells[count] =
                cell_write(row, at, c->kind, bar_cells(width), buffers[count], sizeof(buffers[count]));
            count++;
        }
    table_add(t, cells);
}

static void heading_print(const char *text, FILE *out)
{
    bool bold = terminal_has_colour(out);
    fprintf(out, "\n%s%s%s\n\n", bold ? "\033[1m" : "", text, bold ? "\033[0m" : "");
}

/* Prints a section; one without rows is left out. */
static int section_print(struct database *db, const struct section *s, const struct names *names,
                         unsigned width, struct error *err)
{
    sqlite3_stmt *statement = database_prepare(db, s->sql, err);
    if (!statement)
        return -EIO;
    struct table *t = section_table(s, names, width);
    size_t rows = 0;
    int rc;
    for (; (rc = database_step(db, statement, err)) == 1; rows++)
        row_add(t, s, statement, width);
    sqlite3_finalize(statement);
    if (!rc && rows) {
        char *heading = names_insert(s->heading, names);
        heading_print(heading ? heading : s->heading, stdout);
        free(heading);
        table_print(t, stdout, width);
        if (s->note)
            table_paragraph_print(s->note, "", "", stdout, width);
    }
    table_free(t);
    return rc;
}

/* Prints the first lines of the output: what was lost, or that nothing was. */
static int losses_print(struct database *db, const struct verdict *v, unsigned width, struct error *err)
{
    size_t lost = 0;
    for (; lost < v->count && !strcmp(v->sentences[lost].topic, "loss"); lost++)
        table_paragraph_print(v->sentences[lost].text, "", "", stdout, width);
    if (lost)
        return 0;
    sqlite3_stmt *statement = database_prepare(
        db,
        "SELECT (SELECT count(*) FROM counted_run WHERE probes <> 'none'), (SELECT count(*) FROM loss_total)",
        err);
    int rc = statement ? database_step(db, statement, err) : -EIO;
    char line[160];
    if (rc == 1 && sqlite3_column_int64(statement, 0) == 0 && sqlite3_column_int64(statement, 1) == 0)
        snprintf(line, sizeof(line), "No run was traced, so there was nothing to lose.");
    else if (rc == 1 && sqlite3_column_int64(statement, 0) == 0)
        snprintf(line, sizeof(line), "Lost: nothing (reasons watched for: %lld; no run was traced).",
                 sqlite3_column_int64(statement, 1));
    else if (rc == 1)
        snprintf(line, sizeof(line), "Lost: nothing (reasons watched for: %lld; traced runs: %lld).",
                 sqlite3_column_int64(statement, 1), sqlite3_column_int64(statement, 0));
    if (rc == 1)
        table_paragraph_print(line, "", "", stdout, width);
    sqlite3_finalize(statement);
    return rc < 0 ? rc : 0;
}

static int text_print(struct database *db, unsigned width, struct error *err)
{
    struct verdict *v = NULL;
    struct names names = {0};
    size_t count;
    const struct section *sections = explain_sections(&count);
    int rc = verdict_make(db, &v, err);
    if (!rc)
        rc = names_read(db, &names, err);
    if (!rc)
        rc = losses_print(db, v, width, err);
    for (size_t i = 0; !rc && i < count; i++)
        rc = section_print(db, &sections[i], &names, width, err);
    if (!rc)
        heading_print("Verdict", stdout); /* last: it stays on the screen */
    for (size_t i = 0; !rc && i < v->count; i++)
        if (strcmp(v->sentences[i].topic, "loss") != 0)
            table_paragraph_print(v->sentences[i].text, "- ", "  ", stdout, width);
    names_free(&names);
    verdict_free(v);
    return rc;
}

static int json_print(struct database *db, struct error *err)
{
    char *json = NULL;
    int rc = json_all(db, &json, err);
    if (!rc)
        fputs(json, stdout);
    free(json);
    return rc;
}

/* Returns when the recording was made, as it says itself, malloc'd; NULL: that is not known. */
static char *recorded_at(struct database *db, struct error *err)
{
    sqlite3_stmt *row = database_prepare(
        db, "SELECT started_at FROM run WHERE started_at IS NOT NULL ORDER BY id LIMIT 1", err);
    char *text = row && database_step(db, row, err) == 1 ? column_copy(row, 0) : NULL;
    sqlite3_finalize(row);
    return text;
}

static int answer_print(struct database *db, const struct explain_options *o, unsigned width,
                        struct error *err)
{
    struct answer *answer = NULL;
    int rc = answer_make(db, &answer, err);
    char *recorded = rc ? NULL : recorded_at(db, err);
    if (!rc && o->what == EXPLAIN_MARKDOWN)
        answer_markdown_write(answer, stdout);
    else if (!rc)
        explain_answer_write(answer, o->path, recorded, stdout, width);
    free(recorded);
    answer_free(answer);
    return rc;
}

static void usage_print(FILE *out)
{
    fputs("usage: heapwait explain [FILE] [--all|--json|--markdown] [--width N]\n\n"
          "Prints what a recording says, on one screen: why the program is slow, what that\n"
          "costs, what helps, and how sure it is.\n\n"
          "  FILE       the recording; heapwait.db when left out\n"
          "  --all      what was lost, the verdict, and every table behind it\n"
          "  --json     everything as one JSON document (docs/recording.md has its shape)\n"
          "  --markdown the answer in eight lines, for an issue tracker\n"
          "  --width N  fit the text into N columns; else the terminal's width, 120 at\n"
          "             most, and 80 where there is no terminal\n"
          "  -h, --help this text\n",
          out);
}

/* Returns -1: go on with *options; else the exit code. */
static int options_parse(int argc, char **argv, struct explain_options *options)
{
    static const struct option known[] = {
        {"all", no_argument, NULL, 'a'},      {"json", no_argument, NULL, 'j'},
        {"markdown", no_argument, NULL, 'm'}, {"width", required_argument, NULL, 'w'},
        {"help", no_argument, NULL, 'h'},     {0},
    };
    uint64_t width = options->width;
    char unknown[ARGUMENT_TEXT];
    optind = 0;
    for (int c; (c = getopt_long(argc, argv, ":h", known, NULL)) != -1;) {
        if (c == 'h') {
            usage_print(stdout);
            return EXIT_OK;
        }
        if (c == 'a' || c == 'j' || c == 'm')
            options->what = c == 'a' ? EXPLAIN_ALL : c == 'j' ? EXPLAIN_JSON : EXPLAIN_MARKDOWN;
        else if (c == ':')
            return argument_error("explain", "'%s' wants a value", argv[optind - 1]);
        else if (c != 'w')
            return argument_error("explain", "%s", argument_unknown(unknown, argv, known));
        else if (!argument_number(optarg, WIDTH_LEAST, WIDTH_MOST, &width))
            return argument_error("explain", "--width takes a number from %d to %d, not '%s'", WIDTH_LEAST,
                                  WIDTH_MOST, optarg);
    }
    options->width = (unsigned)width;
    if (argc - optind > 1) {
        fprintf(stderr, "heapwait explain: one recording at a time, '%s' is too many\n", argv[optind + 1]);
        return EXIT_USAGE;
    }
    if (optind < argc)
        options->path = argv[optind];
    return -1;
}

static int recording_print(struct database *db, const struct explain_options *o, struct error *err)
{
    const unsigned width = o->width ? o->width : terminal_width(stdout);
    if (o->what == EXPLAIN_JSON)
        return json_print(db, err);
    return o->what == EXPLAIN_ALL ? text_print(db, width, err) : answer_print(db, o, width, err);
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
        rc = recording_print(db, &options, &err);
    database_close(db);
    if (rc)
        fprintf(stderr, "heapwait explain: %s\n", err.text[0] ? err.text : strerror(-rc));
    return output_end(rc ? EXIT_DATA : EXIT_OK);
}
