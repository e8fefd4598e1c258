/* See page_method.h. */
#include "plots/page_method.h"

#include "analysis/base/number.h"
#include "plots/drawing.h"
#include "plots/html.h"
#include "plots/page_tables.h"
#include "plots/query.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum { FACTS_MOST = 1000, NUMBER = 32 };

/* A sentence that stands if its query has an answer, which takes the place of the %s in it. */
struct said {
    enum { ALWAYS, OF_STUDY, OF_LEDGER, OF_NO_LEDGER } when;
    const char *sql, *before, *behind;
};

#define STUDY(key) "(SELECT value FROM study WHERE key = '" key "')"
#define HOST(key)  "(SELECT nullif(value, '') FROM host WHERE key = '" key "')"

static const struct said sentences[] = {
    {OF_STUDY, "SELECT ''",
     "Variants are compared within a round, so that a drift of the machine hits all alike.", ""},
    {OF_STUDY,
     "SELECT o || CASE WHEN g IS NOT NULL AND s IS NOT NULL THEN ' (' || g || ', seed ' || s "
     "|| ')' "
     "WHEN g IS NOT NULL THEN ' (' || g || ')' WHEN s IS NOT NULL THEN ' (seed ' || s || ')' "
     "ELSE '' END "
     "FROM (SELECT " STUDY("order") " AS o, " STUDY("generator") " AS g, " STUDY("seed") " AS s)",
     "Order: ", "."},
    {OF_STUDY,
     "SELECT " STUDY("reps") " || ' untraced, for time' || coalesce(', and ' || " STUDY(
         "traced_reps") " || ' traced, for counts', '') || coalesce(', and ' || "
                        "nullif(" STUDY("ledger_reps") ", '0') "
                                                       "|| ' with a ledger', '') || "
                                                       "iif(" STUDY("perf") " = '1', ', and after "
                                                                            "them one with perf', '')",
     "Rounds: ", "."},
    {OF_STUDY, "SELECT " STUDY("warm_up"), "Warm-up: ", "."},
    {OF_STUDY, "SELECT " STUDY("give_up"), "Giving up: ", "."},
    {ALWAYS, "SELECT " HOST("perf_version"), "All of it is of a session that perf record (perf ", ") made."},
    {ALWAYS,
     "SELECT '' WHERE " HOST("perf_version") " IS NULL AND EXISTS (SELECT 1 FROM futex_kind_per_password)",
     "Futex calls were counted in the kernel by eBPF programs, each under its outcome.", ""},
    {ALWAYS,
     "SELECT " HOST("perf_event") " || ', ' || " HOST(
         "perf_frequency_hz") " || ' Hz of each CPU’s running time'",
     "Samples with call paths are of perf record beside the probes (", ")."},
    {OF_LEDGER,
     "SELECT iif(" HOST("calibration_null_untraced_ns") " IS NOT NULL, 'is from this host’s calibration', "
                                                        "'was not calibrated and is in the program’s "
                                                        "share')",
     "The ledger’s runs account for every nanosecond of every thread; what a system call’s "
     "entry, its exit and the "
     "probes take ",
     "."},
    {OF_NO_LEDGER, "SELECT ''",
     "This recording has no ledger runs, so where threads’ and cores’ time went is not "
     "shown.",
     ""},
    {ALWAYS, "SELECT iif(" HOST("perf_version") " IS NULL, 'from CLOCK_MONOTONIC', 'of the session’s clock')",
     "Times are ", "."},
    {OF_STUDY, "SELECT ''",
     "Intervals are distribution-free, from order statistics: in figures and tables each by itself; of the "
     "answer’s factors, by which variants are judged, for all comparisons at once (Bonferroni’s inequality).",
     ""},
};

static int sentences_write(FILE *out, struct database *db, const struct lineup *l, struct error *err)
{
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < sizeof sentences / sizeof *sentences; i++) {
        const struct said *s = &sentences[i];
        char *value = NULL;
        if ((s->when == OF_STUDY && !l->study) || (s->when == OF_LEDGER && !l->ledger) ||
            (s->when == OF_NO_LEDGER && l->ledger))
            continue;
        rc = query_text(db, s->sql, NULL, -1, &value, err);
        if (value)
            fprintf(out, "%s%s%s ", s->before, value, s->behind);
        free(value);
    }
    return rc;
}

/* Says what was lost: nothing, of what was watched; or what. */
static int losses_write(FILE *out, struct database *db, struct error *err)
{
    sqlite3_stmt *row = NULL;
    char buffer[NUMBER];
    size_t watched = 0, lost = 0;
    struct text names = {0};
    if (text_open(&names) < 0)
        return -ENOMEM;
    int rc = query_open(db, "SELECT reason, count FROM loss_total", NULL, -1, &row, err);
    while (rc == 0 && (rc = database_step(db, row, err)) == 1) {
        const char *reason = (const char *)sqlite3_column_text(row, 0);
        const int64_t count = sqlite3_column_int64(row, 1);
        rc = 0;
        fprintf(names.out, "%s%s", watched++ ? ", " : "", reason ? reason : "");
        if (count > 0) {
            fprintf(out, "%s%s (%s)", lost++ ? ", " : "Lost: ", number_count(buffer, (uint64_t)count),
                    reason);
        }
    }
    sqlite3_finalize(row);
    char *all = text_take(&names);
    if (lost > 0)
        fputs(".", out);
    else if (watched == 0)
        fputs("No traced run watched for losses.", out);
    else
        fprintf(out, "Lost: nothing. Watched for in every traced run: %s.", all ? all : "");
    free(all);
    return rc;
}

/* Writes a fact's value: by its key it may be a duration or a size. */
static void value_write(FILE *out, const char *key, const char *value)
{
    char buffer[NUMBER];
    const size_t length = value ? strlen(value) : 0, name = strlen(key);
    const int is_number = length > 0 && length <= 15 && strspn(value, "0123456789") == length;
    const uint64_t number = is_number ? strtoull(value, NULL, 10) : 0;
    if (!value)
        fputs("–", out);
    else if (is_number && name > 3 && !strcmp(key + name - 3, "_ns"))
        fputs(number_ns(buffer, number), out);
    else if (is_number && name > 6 && !strcmp(key + name - 6, "_bytes"))
        fputs(number_bytes(buffer, number), out);
    else if (is_number && number >= 10000 && strcmp(key, "seed") != 0)
        fputs(number_count(buffer, number), out);
    else
        html_name(out, value);
}

/* Writes a key as words, without its unit. */
static void key_write(FILE *out, const char *key)
{
    static const struct {
        const char *key, *words;
    } plain[] = {
        {"aslr", "address randomisation"},
        {"mem_bytes", "memory"},
        {"null_syscall_ns", "null system call"},
        {"steal_ns", "taken by the hypervisor"},
        {"load_average_end", "load average at the end"},
        {"load_averages", "load averages before"},
        {"timeout_ns", "time limit of a run"},
        {"reps", "untraced rounds"},
        {"traced_reps", "traced rounds"},
        {"ledger_reps", "ledger rounds"},
    };
    for (size_t i = 0; i < sizeof plain / sizeof *plain; i++)
        if (!strcmp(key, plain[i].key)) {
            fputs(plain[i].words, out);
            return;
        }
    char *words = strdup(key);
    for (char *c = words; c && *c; c++)
        if (*c == '_')
            *c = ' ';
    const size_t length = words ? strlen(words) : 0;
    if (length > 3 && !strcmp(words + length - 3, " ns"))
        words[length - 3] = '\0';
    html_text(out, words);
    free(words);
}

static int facts_add(struct page_parts *parts, struct database *db, struct error *err)
{
    sqlite3_stmt *row = NULL;
    size_t facts = 0;
    /* what the prose or the line under the title has said already is left out */
    int rc = query_open(
        db,
        "SELECT key, value FROM host WHERE key NOT LIKE 'warning\\_%' ESCAPE '\\' AND "
        "key NOT IN ('load_average', 'cores', 'cpu_model', 'kernel') UNION ALL "
        "SELECT key, value FROM study WHERE key NOT IN ('order', 'warm_up', 'give_up', 'generator', "
        "'passwords', 'seed', 'perf') AND NOT (key = 'finished' AND value = '1')",
        NULL, -1, &row, err);
    FILE *out = rc == 0 ? page_parts_begin(parts) : NULL;
    if (!out) {
        sqlite3_finalize(row);
        return rc < 0 ? rc : -ENOMEM;
    }
    page_table_open(out, "machine", "The machine and the settings", parts->tables + 1);
    fputs("As the recording has them.</caption>\n<thead><tr><th scope=\"col\" class=\"words\">what</th>"
          "<th scope=\"col\" class=\"words\">value</th></tr></thead>\n<tbody>\n",
          out);
    while ((rc = database_step(db, row, err)) == 1 && facts++ < FACTS_MOST) {
        const char *key = (const char *)sqlite3_column_text(row, 0);
        fputs("<tr><th scope=\"row\" data-label=\"what\">", out);
        key_write(out, key ? key : "");
        fputs("</th><td class=\"words\" data-label=\"value\">", out);
        value_write(out, key ? key : "", (const char *)sqlite3_column_text(row, 1));
        fputs("</td></tr>\n", out);
    }
    sqlite3_finalize(row);
    if (facts == 0) { /* an empty table says nothing */
        text_drop(&parts->text);
        return rc;
    }
    parts->tables++;
    if (facts > FACTS_MOST)
        fprintf(out,
                "<tr><th scope=\"row\">Cut</th><td class=\"words\">only the first %d are shown; "
                "<code>heapwait explain --json</code> has all</td></tr>\n",
                FACTS_MOST);
    page_table_close(out);
    page_parts_end(parts, "machine", "The machine and the settings");
    return rc < 0 ? rc : 0;
}

int page_method_add(struct page_parts *parts, struct database *db, const struct lineup *lineup,
                    const struct verdict *verdict, struct error *err)
{
    struct text prose = {0};
    page_parts_section(parts, "method", "How it was measured");
    int rc = text_open(&prose) < 0 ? -ENOMEM : sentences_write(prose.out, db, lineup, err);
    for (size_t i = 0; rc == 0 && i < verdict->count; i++)
        if (!strcmp(verdict->sentences[i].topic, "overhead"))
            fprintf(prose.out, "%s ", verdict->sentences[i].text);
    if (rc == 0)
        rc = losses_write(prose.out, db, err);
    char *text = text_take(&prose);
    if (text)
        page_parts_prose(parts, text);
    free(text);
    if (rc == 0 && lineup->study)
        rc = page_table_add(parts, db, lineup, &page_tables_status, err);
    return rc == 0 ? facts_add(parts, db, err) : rc;
}
