/* See verdict_maker.h. */
#include "analysis/verdict/verdict_maker.h"

#include "analysis/base/number.h"
#include "analysis/base/text.h"

#include <errno.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void maker_fail(struct maker *m, int rc, const char *text)
{
    if (!m->rc)
        m->rc = text ? error_set(m->err, rc, "%s", text) : rc;
}

const char *place_threads(char buffer[40], const struct place *place)
{
    *buffer = 0;
    if (place->threads > 0)
        snprintf(buffer, 40, " at %lld thread%s", (long long)place->threads, place->threads == 1 ? "" : "s");
    return buffer;
}

void maker_say(struct maker *m, const char *topic, const char *format, ...)
{
    if (m->rc)
        return;
    char *text = NULL;
    va_list args;
    va_start(args, format);
    if (vasprintf(&text, format, args) < 0)
        text = NULL;
    va_end(args);
    struct verdict *v = m->verdict;
    struct sentence *more = text ? realloc(v->sentences, (v->count + 1) * sizeof(*more)) : NULL;
    if (!more) {
        free(text);
        maker_fail(m, -ENOMEM, "out of memory");
        return;
    }
    v->sentences = more;
    v->sentences[v->count++] = (struct sentence){topic, text_clean(text)};
}

sqlite3_stmt *maker_query(struct maker *m, const char *sql, const struct place *place)
{
    sqlite3_stmt *statement = m->rc ? NULL : database_prepare(m->db, sql, m->err);
    if (!statement) {
        maker_fail(m, -EIO, NULL);
        return NULL;
    }
    if (place && place->variant)
        sqlite3_bind_text(statement, 1, place->variant, -1, SQLITE_TRANSIENT);
    if (place && place->threads && sqlite3_bind_parameter_count(statement) >= 2)
        sqlite3_bind_int64(statement, 2, place->threads);
    return statement;
}

bool maker_next(struct maker *m, sqlite3_stmt *statement)
{
    if (!statement)
        return false;
    int rc = database_step(m->db, statement, m->err);
    if (rc == 1)
        return true;
    if (rc < 0)
        maker_fail(m, rc, NULL);
    sqlite3_finalize(statement);
    return false;
}

char *maker_column(struct maker *m, sqlite3_stmt *statement, int column)
{
    const char *text = (const char *)sqlite3_column_text(statement, column);
    char *copy = text ? strdup(text) : NULL;
    if (text && !copy)
        maker_fail(m, -ENOMEM, "out of memory");
    return copy;
}

bool maker_numbers(struct maker *m, const char *sql, const struct place *place, double *values, int count)
{
    sqlite3_stmt *statement = maker_query(m, sql, place);
    if (!maker_next(m, statement))
        return false;
    for (int i = 0; i < count; i++)
        values[i] =
            sqlite3_column_type(statement, i) == SQLITE_NULL ? NAN : sqlite3_column_double(statement, i);
    sqlite3_finalize(statement);
    return true;
}

char *maker_text(struct maker *m, const char *sql, const struct place *place)
{
    sqlite3_stmt *statement = maker_query(m, sql, place);
    if (!maker_next(m, statement))
        return NULL;
    char *text = maker_column(m, statement, 0);
    sqlite3_finalize(statement);
    return text;
}

bool ratio_of_columns(sqlite3_stmt *statement, int first, struct ratio *ratio)
{
    enum { VALUE, LOW, HIGH, COVERAGE, ROUNDS, COMPARISONS, JOINT_LOW, JOINT_HIGH, COUNT };
    double n[COUNT];
    for (int i = 0; i < COUNT; i++)
        n[i] = sqlite3_column_type(statement, first + i) == SQLITE_NULL
                   ? NAN
                   : sqlite3_column_double(statement, first + i);
    *ratio = (struct ratio){
        .value = n[VALUE],
        .low = n[LOW],
        .high = n[HIGH],
        .coverage = isnan(n[LOW]) || isnan(n[HIGH]) || isnan(n[COVERAGE]) ? 0 : n[COVERAGE],
        .rounds = isnan(n[ROUNDS]) ? 0 : (int64_t)n[ROUNDS],
        .comparisons = isnan(n[COMPARISONS]) ? 1 : n[COMPARISONS],
        .joint_low = n[JOINT_LOW],
        .joint_high = n[JOINT_HIGH],
    };
    return !isnan(ratio->value);
}

static bool ratio_read(struct maker *m, const char *sql, const struct place *place, struct ratio *ratio)
{
    sqlite3_stmt *statement = maker_query(m, sql, place);
    if (!maker_next(m, statement))
        return false;
    const bool found = ratio_of_columns(statement, 0, ratio);
    sqlite3_finalize(statement);
    return found;
}

bool ratio_to_baseline(struct maker *m, const struct place *place, struct ratio *ratio)
{
    return ratio_read(m, "SELECT " RATIO_COLUMNS " FROM wall_ratio WHERE variant IS ?1 AND threads IS ?2",
                      place, ratio);
}

bool ratio_to_subject(struct maker *m, const struct place *place, struct ratio *ratio)
{
    return ratio_read(m, "SELECT " RATIO_COLUMNS " FROM beside_subject WHERE variant IS ?1 AND threads IS ?2",
                      place, ratio);
}

enum comparison ratio_claim(const struct ratio *ratio)
{
    return comparison_of(ratio->joint_low, ratio->joint_high, ratio->coverage);
}

/* Returns "; some 40 rounds would tell", in `buffer`: with the digits that such an estimate has. */
static const char *rounds_text(char buffer[64], const struct ratio *ratio)
{
    enum { MOST = 1000 };
    const double wanted =
        comparison_rounds(ratio->value, ratio->joint_low, ratio->joint_high, (double)ratio->rounds);
    const double digit = wanted < 20 ? 1 : wanted < 200 ? 10 : 100;
    if (wanted > MOST)
        return "; no number of rounds that anybody would wait for tells on such a machine";
    snprintf(buffer, 64, "; some %.0f rounds would tell", ceil(wanted / digit) * digit);
    return buffer;
}

/* Returns the interval by which a ratio is judged, malloc'd: for several comparisons at once the joint one;
 * the ratio's by itself where it is alone, or has none with the others. */
static char *interval_text(const struct ratio *ratio)
{
    char low[32], high[32], cover[32], *text = NULL;
    const long long rounds = (long long)ratio->rounds;
    const bool several = ratio->comparisons > 1;
    int n;
    if (several && ratio_claim(ratio) != COMPARISON_FEW_ROUNDS)
        n = asprintf(&text,
                     "95" UNIT_SPACE "%% interval %s to %s over %lld rounds, for %.0f comparisons at once",
                     number_ratio(low, ratio->joint_low), number_ratio(high, ratio->joint_high), rounds,
                     ratio->comparisons);
    else if (several)
        n = asprintf(
            &text, "%s interval %s to %s over %lld rounds by itself; %.0f comparisons at once need %u rounds",
            number_share(cover, ratio->coverage), number_ratio(low, ratio->low),
            number_ratio(high, ratio->high), rounds, ratio->comparisons,
            comparison_rounds_least(ratio->comparisons));
    else
        n = asprintf(&text, "%s interval %s to %s over %lld rounds%s", number_share(cover, ratio->coverage),
                     number_ratio(low, ratio->low), number_ratio(high, ratio->high), rounds,
                     ratio->coverage < 0.95 ? ", too few for 95" UNIT_SPACE "%" : "");
    return n < 0 ? NULL : text;
}

/* Returns the phrase for a ratio that has an interval. */
static char *interval_phrase(const struct ratio *ratio, const char *who, const char *than, const char *value,
                             const char *interval)
{
    char *text = NULL, more[64];
    int n;
    switch (ratio_claim(ratio)) {
    case COMPARISON_SAME:
        n = asprintf(&text, "%s and %s take the same time within 5" UNIT_SPACE "%%: %s times as long (%s)",
                     who, than, value, interval);
        break;
    case COMPARISON_UNSURE:
    case COMPARISON_FEW_ROUNDS:
        n = asprintf(&text, "whether %s and %s differ can't be told: %s times as long (%s%s)", who, than,
                     value, interval,
                     ratio_claim(ratio) == COMPARISON_UNSURE ? rounds_text(more, ratio) : "");
        break;
    default:
        n = asprintf(&text, "%s takes %s times as long as %s (%s)", who, value, than, interval);
    }
    return n < 0 ? NULL : text;
}

char *ratio_phrase(const struct ratio *ratio, const char *who, const char *than)
{
    char value[32], *text = NULL;
    number_ratio(value, ratio->value);
    if (ratio_claim(ratio) == COMPARISON_ONE_ROUND)
        return asprintf(&text,
                        "%s took %s times as long as %s in the one round measured, which can't tell a "
                        "difference from noise",
                        who, value, than) < 0
                   ? NULL
                   : text;
    char *interval = interval_text(ratio);
    text = interval ? interval_phrase(ratio, who, than, value, interval) : NULL;
    free(interval);
    return text;
}
