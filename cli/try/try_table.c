/* See try_table.h.  There is one table if there is room for it, else two: time and memory, waits. */
#include "cli/try/try_table.h"

#include "analysis/base/allocator_table.h"
#include "analysis/base/text.h"
#include "analysis/database.h"
#include "analysis/verdict/verdict_maker.h"
#include "cli/terminal/table.h"
#include "cli/terminal/terminal.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { WIDTH_ONE_TABLE = 116, ROWS = TRY_MAX_LIBRARIES + 1, TEXT = 256 };

enum field {
    MEDIAN,
    LOW,
    HIGH,
    RATIO,
    RATIO_LOW,
    RATIO_HIGH,
    COVERAGE,
    ROUNDS,
    COMPARISONS,
    JOINT_LOW,
    JOINT_HIGH,
    SLEPT,
    EAGAINS,
    EMPTY,
    OTHER,
    WAIT_NS,
    BYTES,
    FIELDS
};

struct row {
    char name[64], allocator[64], failure[TEXT], absent[TEXT];
    double field[FIELDS];              /* NAN: not measured */
    const struct try_library *library; /* NULL: the baseline */
};

struct rows {
    struct row items[ROWS];
    size_t count;
};

static const char query[] =
    "SELECT v.name,"
    " (SELECT r.allocator FROM run AS r WHERE r.variant = v.name AND r.allocator IS NOT NULL LIMIT 1),"
    " v.first_failure, v.absent_reason,"
    " t.median_ns, t.low_ns, t.high_ns, q.ratio, q.low, q.high, q.coverage, q.rounds,"
    " q.comparisons, q.joint_low, q.joint_high,"
    " m.slept, m.eagain, m.empty_wakes, m.waking_wakes + m.other_calls, m.wait_ns, y.median_bytes"
    " FROM (SELECT variant AS name, position, first_failure, absent_reason FROM variant_status) AS v"
    " LEFT JOIN wall_time AS t ON t.variant = v.name AND t.probes = 'none'"
    " LEFT JOIN wall_ratio AS q ON q.variant = v.name AND q.baseline = '" TRY_BASELINE "'"
    " LEFT JOIN malloc_wait AS m ON m.variant = v.name"
    " LEFT JOIN memory AS y ON y.variant = v.name AND y.probes = 'none'"
    " ORDER BY v.position";

static void text_read(sqlite3_stmt *s, int column, char *buffer, size_t size)
{
    const char *text = (const char *)sqlite3_column_text(s, column);
    snprintf(buffer, size, "%s", text ? text : "");
    text_clean(buffer);
}

static void row_read(sqlite3_stmt *s, const struct try_libraries *libraries, struct row *row)
{
    text_read(s, 0, row->name, sizeof(row->name));
    text_read(s, 1, row->allocator, sizeof(row->allocator));
    text_read(s, 2, row->failure, sizeof(row->failure));
    text_read(s, 3, row->absent, sizeof(row->absent));
    for (int i = 0; i < FIELDS; i++)
        row->field[i] = sqlite3_column_type(s, 4 + i) == SQLITE_NULL ? NAN : sqlite3_column_double(s, 4 + i);
    row->library = NULL;
    for (size_t i = 0; i < libraries->count; i++)
        if (!strcmp(libraries->items[i].name, row->name))
            row->library = &libraries->items[i];
}

static int rows_read(const char *path, const struct try_libraries *libraries, struct rows *rows,
                     struct error *err)
{
    struct database *db = NULL;
    sqlite3_stmt *s = NULL;
    rows->count = 0;
    int rc = database_open(path, &db, err);
    if (!rc)
        rc = (s = database_prepare(db, query, err)) ? 0 : -EIO;
    while (!rc && rows->count < ROWS && (rc = database_step(db, s, err)) == 1) {
        row_read(s, libraries, &rows->items[rows->count++]);
        rc = 0;
    }
    sqlite3_finalize(s);
    database_close(db);
    return rc;
}

static bool known(const struct row *row, enum field field)
{
    return !isnan(row->field[field]);
}

/* Returns true if the traced run told what the program allocates with. */
static bool found(const struct row *row)
{
    return *row->allocator && strcmp(row->allocator, "unknown") != 0;
}

/* Returns true if the traced run found another allocator than the library is.  If the dynamic linker has
 * bound malloc to the library, that only tells of programs that call an allocator of their own by its own
 * names (Rust's _rjem_malloc): as they are, they are found to use it too, and it isn't the C library's. */
static bool contradicted(const struct row *row, const struct row *baseline)
{
    bool differs = row->library && row->library->allocator && found(row) &&
                   strcmp(row->library->allocator, row->allocator);
    if (!differs || row->library->effect != PRELOAD_TAKES)
        return differs;
    const struct allocator *own = allocator_named(row->allocator);
    return !strcmp(row->allocator, baseline->allocator) && !(own && own->libc);
}

enum result {
    BASELINE,
    ABSENT,
    FAILED,
    NOT_IN_EFFECT,
    NOT_COMPARED,
    ONE_ROUND,
    SAME,
    UNSURE,
    FASTER,
    SLOWER
};

static struct ratio ratio_of(const struct row *row)
{
    return (struct ratio){.value = row->field[RATIO],
                          .low = row->field[RATIO_LOW],
                          .high = row->field[RATIO_HIGH],
                          .coverage = known(row, COVERAGE) ? row->field[COVERAGE] : 0,
                          .rounds = known(row, ROUNDS) ? (int64_t)row->field[ROUNDS] : 0,
                          .comparisons = known(row, COMPARISONS) ? row->field[COMPARISONS] : 1,
                          .joint_low = row->field[JOINT_LOW],
                          .joint_high = row->field[JOINT_HIGH]};
}

static enum result result_of(const struct row *row, const struct row *baseline)
{
    if (*row->absent)
        return ABSENT;
    if (!known(row, MEDIAN))
        return FAILED;
    if (!row->library)
        return BASELINE;
    if (contradicted(row, baseline))
        return NOT_IN_EFFECT;
    if (!known(row, RATIO))
        return NOT_COMPARED;
    const struct ratio ratio = ratio_of(row);
    switch (ratio_claim(&ratio)) {
    case COMPARISON_ONE_ROUND:
        return ONE_ROUND;
    case COMPARISON_SAME:
        return SAME;
    case COMPARISON_UNSURE:
    case COMPARISON_FEW_ROUNDS:
        return UNSURE;
    default:
        return ratio.value < 1 ? FASTER : SLOWER;
    }
}

static const char *result_word(enum result result)
{
    static const char *const words[] = {"baseline",     "not in effect", "failed",   "not in effect",
                                        "not compared", "one round",     "the same", "can't tell",
                                        "faster",       "slower"};
    return words[result];
}

/* ---- cells ---- */

static const char *range_write(char *buffer, size_t size, const struct row *row, enum field low,
                               char *(*format)(char *, double))
{
    char a[32], b[32];
    if (!known(row, low) || !known(row, low + 1))
        return NULL;
    snprintf(buffer, size, "%s to %s", format(a, row->field[low]), format(b, row->field[low + 1]));
    return buffer;
}

static char *ns_write(char *buffer, double ns)
{
    return number_ns(buffer, ns > 0 ? (uint64_t)llround(ns) : 0);
}

static char *count_write(char *buffer, double count)
{
    return number_count(buffer, count > 0 ? (uint64_t)llround(count) : 0);
}

static char *bytes_write(char *buffer, double bytes)
{
    return number_bytes(buffer, bytes > 0 ? (uint64_t)llround(bytes) : 0);
}

static const char *cell_write(char *buffer, const struct row *row, enum field field,
                              char *(*format)(char *, double))
{
    return known(row, field) ? format(buffer, row->field[field]) : NULL;
}

enum { COLUMNS = 13 };
static const struct {
    struct table_column column;
    bool in_times, in_waits, in_one; /* which of the tables has it */
} columns[COLUMNS] = {
    {{"allocator", false, true}, true, true, true}, {{"time", true, false}, true, false, true},
    {{"interval", true, false}, true, false, true}, {{"\u00d7 own", true, false}, true, false, true},
    {{"interval", true, false}, true, false, true}, {{"memory", true, false}, true, false, true},
    {{"found", false, false}, false, true, false},  {{"slept", true, false}, false, true, true},
    {{"EAGAIN", true, false}, false, true, true},   {{"empty wakes", true, false}, false, true, true},
    {{"other", true, false}, false, true, false},   {{"wait time", true, false}, false, true, false},
    {{"result", false, false}, false, false, true},
};

enum which { TIMES, WAITS, ONE };

static bool column_in(size_t column, enum which which)
{
    return which == TIMES   ? columns[column].in_times
           : which == WAITS ? columns[column].in_waits
                            : columns[column].in_one;
}

static void row_add(struct table *t, const struct row *row, const struct row *baseline, enum which which)
{
    char text[COLUMNS][72];
    const char *all[COLUMNS] = {
        row->name,
        cell_write(text[1], row, MEDIAN, ns_write),
        range_write(text[2], sizeof(text[2]), row, LOW, ns_write),
        cell_write(text[3], row, RATIO, number_ratio),
        row->library ? range_write(text[4], sizeof(text[4]), row, RATIO_LOW, number_ratio) : "",
        cell_write(text[5], row, BYTES, bytes_write),
        *row->allocator ? row->allocator : NULL,
        cell_write(text[7], row, SLEPT, count_write),
        cell_write(text[8], row, EAGAINS, count_write),
        cell_write(text[9], row, EMPTY, count_write),
        cell_write(text[10], row, OTHER, count_write),
        cell_write(text[11], row, WAIT_NS, ns_write),
        result_word(result_of(row, baseline)),
    };
    const char *cells[COLUMNS];
    size_t n = 0;
    for (size_t i = 0; i < COLUMNS; i++)
        if (column_in(i, which))
            cells[n++] = all[i];
    table_add(t, cells);
}

static void table_make(const struct rows *rows, enum which which, FILE *out, unsigned width)
{
    struct table_column chosen[COLUMNS];
    size_t n = 0;
    for (size_t i = 0; i < COLUMNS; i++)
        if (column_in(i, which))
            chosen[n++] = columns[i].column;
    struct table *t = table_new(chosen, n);
    for (size_t i = 0; i < rows->count; i++)
        row_add(t, &rows->items[i], &rows->items[0], which);
    table_print(t, out, width);
    table_free(t);
}

/* ---- sentences ---- */

/* Writes the comparison, as the verdict says it of a study. */
static void comparison_write(const struct row *row, const struct row *baseline, char *text, size_t size)
{
    const struct ratio ratio = ratio_of(row);
    char *phrase = ratio_phrase(&ratio, row->name, baseline->name);
    if (phrase && !strncmp(phrase, "whether ", 8))
        *phrase = 'W';
    snprintf(text, size, "%s%s.", phrase ? phrase : "(out of memory)",
             row->library->effect == PRELOAD_UNKNOWN && !found(row)
                 ? "; whether it was in effect is not known: neither the dynamic linker nor a traced run told"
                 : "");
    free(phrase);
}

static void sentence_write(const struct row *row, const struct row *baseline, enum result result, char *text,
                           size_t size)
{
    switch (result) {
    case BASELINE:
        snprintf(text, size, "%s is the program as it is%s%s.", row->name, *row->allocator ? ", with " : "",
                 row->allocator);
        break;
    case ABSENT:
        snprintf(text, size, "%s is not in effect, so it was not run: %s.", row->name, row->absent);
        break;
    case FAILED:
        snprintf(text, size, "%s failed: %s.", row->name,
                 *row->failure ? row->failure : "no run was finished");
        break;
    case NOT_IN_EFFECT:
        snprintf(text, size, "%s is not in effect: the traced run found the program's malloc to be %s.",
                 row->name, row->allocator);
        break;
    case NOT_COMPARED:
        snprintf(text, size, "%s is not compared: no run of %s in the same round counts.", row->name,
                 baseline->name);
        break;
    default:
        comparison_write(row, baseline, text, size);
    }
}

static void sentences_print(const struct rows *rows, FILE *out, unsigned width)
{
    char text[4 * TEXT];
    for (size_t i = 0; i < rows->count; i++) {
        const struct row *row = &rows->items[i];
        enum result result = result_of(row, &rows->items[0]);
        sentence_write(row, &rows->items[0], result, text, sizeof(text));
        table_paragraph_print(text, "- ", "  ", out, width);
        if (*row->failure && result != FAILED && result != ABSENT) {
            snprintf(text, sizeof(text), "Some runs failed: %s.", row->failure);
            table_paragraph_print(text, "  ", "  ", out, width);
        }
    }
}

static bool traced(const struct rows *rows)
{
    for (size_t i = 0; i < rows->count; i++)
        if (known(&rows->items[i], SLEPT))
            return true;
    return false;
}

int try_table_print(const char *recording, const struct try_libraries *libraries, FILE *out, unsigned width,
                    bool *measured, struct error *err)
{
    struct rows *rows = calloc(1, sizeof(*rows));
    int rc = rows ? rows_read(recording, libraries, rows, err) : error_set(err, -ENOMEM, "out of memory");
    if (rc)
        goto out;
    width = width ? width : terminal_width(out);
    table_make(rows, width >= WIDTH_ONE_TABLE ? ONE : TIMES, out, width);
    if (width < WIDTH_ONE_TABLE && traced(rows)) {
        fputs("\nfutex calls for malloc's locks, in one traced run\n", out);
        table_make(rows, WAITS, out, width);
    } else if (!traced(rows)) {
        fputs("waits for malloc's locks: not measured\n", out);
    }
    fputc('\n', out);
    sentences_print(rows, out, width);
    *measured = false;
    for (size_t i = 1; i < rows->count; i++)
        *measured |= known(&rows->items[0], MEDIAN) && known(&rows->items[i], MEDIAN);
out:
    free(rows);
    return rc;
}
