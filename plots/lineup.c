/* Reading the line-up from a recording; see lineup.h. */
#include "plots/lineup.h"

#include "analysis/base/text.h"
#include "plots/query.h"
#include "plots/typeset.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define LABEL_WIDTH 24 /* in font sizes: about forty letters */

static char *copy(const unsigned char *text)
{
    return text ? strdup((const char *)text) : NULL;
}

/* Returns a copy that is fit to be shown.  The name itself stays as it is: queries go by it. */
static char *copy_clean(const unsigned char *text)
{
    char *copied = copy(text);
    return copied ? text_clean(copied) : NULL;
}

static int variants_grow(struct lineup *lineup)
{
    struct variant *grown = realloc(lineup->variants, (lineup->count + 1) * sizeof *grown);
    if (!grown)
        return -ENOMEM;
    lineup->variants = grown;
    grown[lineup->count] = (struct variant){0};
    return 0;
}

/* Adds a variant from a row of: name, label, linkage, allocator, missing. */
static int variant_add(struct lineup *lineup, sqlite3_stmt *row, size_t *unknown)
{
    if (variants_grow(lineup) < 0)
        return -ENOMEM;
    struct variant *v = &lineup->variants[lineup->count++];
    const char *linkage = (const char *)sqlite3_column_text(row, 2);
    const char *allocator = (const char *)sqlite3_column_text(row, 3);
    v->name = copy(sqlite3_column_text(row, 0));
    v->command = v->name ? NULL : copy(sqlite3_column_text(row, 1));
    v->full = copy_clean(sqlite3_column_text(row, 1));
    v->label = v->full ? text_fit(v->full, LABEL_WIDTH) : NULL;
    v->missing = copy_clean(sqlite3_column_text(row, 4));
    v->is_static = linkage && !strncmp(linkage, "static", 6);
    v->ink = palette_find(allocator, *unknown);
    *unknown += !palette_knows(allocator);
    return v->label ? 0 : -ENOMEM;
}

static int variants_read(struct database *db, struct lineup *lineup, struct error *err)
{
    static const char *const of_study = /* a variant of the user's may be known by its runs only */
        "SELECT s.variant, s.variant, "
        "coalesce(s.linkage, (SELECT r.linkage FROM run AS r WHERE r.variant = s.variant AND r.linkage IS "
        "NOT NULL)), "
        "coalesce(s.allocator, (SELECT r.allocator FROM run AS r WHERE r.variant = s.variant AND r.allocator "
        "IS NOT "
        "NULL)), "
        "CASE s.status WHEN 'absent' THEN s.absent_reason WHEN 'failed' THEN 'no run of it counts: ' || "
        "s.first_failure "
        "WHEN 'not run' THEN 'the study did not get to it' END "
        "FROM variant_status AS s";
    static const char *const of_record =
        "SELECT NULL, command, linkage, allocator, NULL FROM run WHERE variant IS NULL ORDER BY id LIMIT 1";
    sqlite3_stmt *row = NULL;
    size_t unknown = 0;
    int rc = query_open(db, lineup->study ? of_study : of_record, NULL, -1, &row, err);
    while (rc == 0 && (rc = database_step(db, row, err)) == 1) {
        const bool room = lineup->count < VARIANTS_SHOWN;
        lineup->variants_cut += !room;
        rc = room ? variant_add(lineup, row, &unknown) : 0;
    }
    sqlite3_finalize(row);
    return rc;
}

static int threads_read(struct database *db, struct lineup *lineup, struct error *err)
{
    sqlite3_stmt *row = NULL;
    int rc = query_open(db, "SELECT DISTINCT threads FROM run ORDER BY threads", NULL, -1, &row, err);
    while (rc == 0 && (rc = database_step(db, row, err)) == 1) {
        rc = 0;
        if (lineup->thread_count == THREADS_SHOWN) {
            lineup->threads_cut++;
            continue;
        }
        int64_t *grown = realloc(lineup->threads, (lineup->thread_count + 1) * sizeof *grown);
        if (!grown) {
            rc = -ENOMEM;
            break;
        }
        lineup->threads = grown;
        const bool known = sqlite3_column_type(row, 0) != SQLITE_NULL;
        grown[lineup->thread_count++] = known ? sqlite3_column_int64(row, 0) : -1;
    }
    sqlite3_finalize(row);
    return rc;
}

/* Reads the verdict's subject; without one, the most threads there are. */
static int subject_read(struct database *db, struct lineup *lineup, struct error *err)
{
    sqlite3_stmt *row = NULL;
    int rc = query_open(db, "SELECT variant, threads FROM subject", NULL, -1, &row, err);
    if (rc == 0)
        rc = database_step(db, row, err);
    lineup->subject_threads = lineup->thread_count ? lineup->threads[lineup->thread_count - 1] : -1;
    if (rc == 1) {
        lineup->subject = copy(sqlite3_column_text(row, 0));
        lineup->subject_threads =
            sqlite3_column_type(row, 1) == SQLITE_NULL ? -1 : sqlite3_column_int64(row, 1);
        rc = lineup->subject ? 0 : -ENOMEM;
    }
    sqlite3_finalize(row);
    return rc;
}

static int flames_read(struct database *db, struct lineup *lineup, struct error *err)
{
    char *text = NULL;
    const int rc = query_text(db,
                              "SELECT count(DISTINCT coalesce(r.variant, '')) FROM frame_sample AS s "
                              "JOIN frame AS f ON f.id = s.frame_id JOIN sampled_run AS r ON r.id = f.run_id "
                              "WHERE s.samples > 0 AND r.threads IS ?2 AND ?1 IS NULL",
                              NULL, lineup->subject_threads, &text, err);
    lineup->flames = text ? strtoull(text, NULL, 10) : 0;
    free(text);
    return rc;
}

int lineup_read(struct database *db, struct lineup *out, struct error *err)
{
    char *text = NULL;
    *out = (struct lineup){0};
    int rc = query_text(db, "SELECT count(*) FROM variant", NULL, -1, &text, err);
    if (rc < 0)
        goto out;
    out->study = text && strcmp(text, "0") != 0;
    free(text);
    text = NULL;
    rc = query_text(db, "SELECT 1 FROM ledger_run LIMIT 1", NULL, -1, &text, err);
    if (rc < 0)
        goto out;
    out->ledger = text != NULL;
    free(text);
    text = NULL;
    rc = query_text(db, "SELECT value FROM host WHERE key = 'cores'", NULL, -1, &text, err);
    if (rc < 0)
        goto out;
    out->cores = text ? strtoll(text, NULL, 10) : 0;
    rc = query_text(db, "SELECT variant FROM baseline", NULL, -1, &out->baseline, err);
    if (rc == 0)
        rc = variants_read(db, out, err);
    if (rc == 0)
        rc = threads_read(db, out, err);
    if (rc == 0)
        rc = subject_read(db, out, err);
    if (rc == 0)
        rc = flames_read(db, out, err);
out:
    free(text);
    if (rc < 0)
        lineup_free(out);
    return rc;
}

void lineup_free(struct lineup *lineup)
{
    for (size_t i = 0; i < lineup->count; i++) {
        free(lineup->variants[i].name);
        free(lineup->variants[i].command);
        free(lineup->variants[i].full);
        free(lineup->variants[i].label);
        free(lineup->variants[i].missing);
    }
    free(lineup->variants);
    free(lineup->threads);
    free(lineup->baseline);
    free(lineup->subject);
    *lineup = (struct lineup){0};
}

const struct variant *lineup_find(const struct lineup *lineup, const char *name)
{
    for (size_t i = 0; i < lineup->count; i++)
        if (lineup->variants[i].name && !strcmp(lineup->variants[i].name, name))
            return &lineup->variants[i];
    return NULL;
}
