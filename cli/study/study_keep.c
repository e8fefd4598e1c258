/* The settings' way into the recording and back (see study_settings.h), and whether they agree with options.
 * What is read back comes from a file that may be anyone's: every number is checked as if it were typed. */
#include "cli/study/study_settings.h"

#include "analysis/database.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { VALUE_MAX = 1024 };

void study_settings_threads(const unsigned *threads, size_t count, char *buffer, size_t size)
{
    size_t n = 0;
    *buffer = '\0';
    for (size_t i = 0; i < count && n < size; i++)
        n += (size_t)snprintf(buffer + n, size - n, "%s%u", i ? "," : "", threads[i]);
}

static int number_store(struct recording *r, const char *key, uint64_t number, struct error *err)
{
    char text[32];
    snprintf(text, sizeof(text), "%" PRIu64, number);
    return recording_set_study(r, key, text, err);
}

static int variant_store(const struct study_variant *v, struct recording *r, struct error *err)
{
    char key[64];
    int rc = recording_add_variant(r, v->position, v->name, v->libc, v->linkage, v->allocator, v->command,
                                   v->absent_reason, err);
    if (rc || !v->given)
        return rc;
    snprintf(key, sizeof(key), "given %s", v->name);
    return recording_set_study(r, key, v->command, err);
}

/* Writes what every study does alike, in words, for the report's last page. */
static int method_store(struct recording *r, struct error *err)
{
    static const char *const rows[][2] = {
        {"order", "rounds; in a round every variant and thread count in random order; the runs of each "
                  "kind (untraced, mode waits, mode ledger) in one stretch, the stretches in random order"},
        {"generator", "SplitMix64, Fisher-Yates"},
        {"warm_up", "one run of each variant, not recorded"},
        {"give_up",
         "after 2 failures in a row of one variant, thread count and probing, or 3 of a variant that never "
         "succeeded, the rest of it is recorded as not run"},
    };
    int rc = 0;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]) && !rc; i++)
        rc = recording_set_study(r, rows[i][0], rows[i][1], err);
    return rc;
}

int study_settings_store(const struct study_settings *s, size_t plan_length, struct recording *r,
                         struct error *err)
{
    char threads[STUDY_MAX_THREAD_COUNTS * 6];
    study_settings_threads(s->threads, s->thread_count, threads, sizeof(threads));
    const struct {
        const char *key;
        uint64_t number;
    } numbers[] = {{"seed", s->seed},
                   {"passwords", s->passwords},
                   {"reps", s->reps},
                   {"timeout_ns", s->timeout_ns},
                   {"traced_reps", s->traced_reps},
                   {"ledger_reps", s->ledger_reps},
                   {"perf", s->perf_file != NULL},
                   {"planned_runs", plan_length}};
    int rc = recording_set_study(r, "threads", threads, err);
    for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]) && !rc; i++)
        rc = number_store(r, numbers[i].key, numbers[i].number, err);
    for (size_t i = 0; i < s->variant_count && !rc; i++)
        rc = variant_store(&s->variants[i], r, err);
    return rc ? rc : method_store(r, err);
}

/* Reads the text of a study's key.  -ENODATA: there is none. */
static int value_load(struct database *db, const char *key, char *value, struct error *err)
{
    sqlite3_stmt *s = database_prepare(db, "SELECT value FROM study WHERE key = ?1", err);
    if (!s)
        return -EIO;
    sqlite3_bind_text(s, 1, key, -1, SQLITE_STATIC);
    int rc = database_step(db, s, err);
    const char *text = rc == 1 ? (const char *)sqlite3_column_text(s, 0) : NULL;
    int n = snprintf(value, VALUE_MAX, "%s", text ? text : "");
    sqlite3_finalize(s);
    if (rc < 0)
        return rc;
    return text && n < VALUE_MAX ? 0 : -ENODATA;
}

static int number_load(struct database *db, const char *key, uint64_t max, uint64_t *number,
                       struct error *err)
{
    char text[VALUE_MAX], *end;
    int rc = value_load(db, key, text, err);
    if (rc)
        return rc;
    errno = 0;
    *number = strtoull(text, &end, 10);
    return errno || *text < '0' || *text > '9' || *end || *number > max ? -EINVAL : 0;
}

static int numbers_load(struct database *db, struct study_settings *s, struct error *err)
{
    char threads[VALUE_MAX];
    uint64_t reps = 0, traced = 0, ledger = 0;
    int rc = value_load(db, "threads", threads, err);
    if (!rc)
        rc = study_options_threads(threads, s->threads, &s->thread_count);
    if (!rc)
        rc = number_load(db, "seed", UINT64_MAX, &s->seed, err);
    if (!rc)
        rc = number_load(db, "passwords", STUDY_MAX_PASSWORDS, &s->passwords, err);
    if (!rc)
        rc = number_load(db, "timeout_ns", (uint64_t)STUDY_MAX_TIMEOUT_S * 1000000000, &s->timeout_ns, err);
    if (!rc)
        rc = number_load(db, "reps", STUDY_MAX_REPS, &reps, err);
    if (!rc)
        rc = number_load(db, "traced_reps", STUDY_MAX_REPS, &traced, err);
    if (!rc)
        rc = number_load(db, "ledger_reps", STUDY_MAX_REPS, &ledger, err);
    s->reps = (unsigned)reps;
    s->ledger_reps = (unsigned)ledger;
    s->traced_reps = (unsigned)traced;
    return rc;
}

/* Sets *to to a column's text, malloc'd; NULL for NULL. */
static int column_copy(sqlite3_stmt *s, int column, char **to)
{
    const char *text = (const char *)sqlite3_column_text(s, column);
    *to = text ? strdup(text) : NULL;
    return text && !*to ? -ENOMEM : 0;
}

static int variant_load(sqlite3_stmt *s, struct study_settings *settings, struct error *err)
{
    struct study_variant *v = study_settings_variant_add(settings);
    if (!v)
        return -ENOMEM;
    char **texts[] = {&v->name, &v->libc, &v->linkage, &v->allocator, &v->command, &v->absent_reason};
    for (int i = 0; i < 6; i++)
        if (column_copy(s, i, texts[i]))
            return -ENOMEM;
    v->position = sqlite3_column_int(s, 6);
    v->given = sqlite3_column_int(s, 7) != 0;
    if (!v->name || !v->command || !variant_name_valid(v->name))
        return -EINVAL;
    int rc = words_split(v->command, &v->words, err);
    v->own_threads = !rc && !words_have(&v->words, PLACEHOLDER_THREADS);
    return rc;
}

static int rows_load(struct database *db, struct study_settings *settings, struct error *err)
{
    sqlite3_stmt *s =
        database_prepare(db,
                         "SELECT name, libc, linkage, allocator, command, absent_reason, position,"
                         " EXISTS (SELECT 1 FROM study WHERE key = 'given ' || name)"
                         " FROM variant ORDER BY position, name",
                         err);
    int rc = s ? 0 : -EIO;
    while (!rc && (rc = database_step(db, s, err)) == 1)
        rc = variant_load(s, settings, err);
    sqlite3_finalize(s);
    return rc ? rc : study_settings_variants_part(settings);
}

/* Reads whether there are runs with perf; older studies don't say. */
static int perf_load(struct database *db, const char *path, struct study_settings *s, struct error *err)
{
    uint64_t perf = 0;
    const int rc = number_load(db, "perf", 1, &perf, err);
    if (rc == -ENODATA || (!rc && !perf))
        return 0;
    return rc ? rc : study_settings_perf(s, path);
}

int study_settings_load(int fd, const char *path, struct study_settings *out, struct error *err)
{
    struct database *db = NULL;
    *out = (struct study_settings){0};
    int rc = database_open_descriptor(fd, path, &db, err);
    if (!rc)
        rc = numbers_load(db, out, err);
    if (!rc)
        rc = perf_load(db, path, out, err);
    if (!rc)
        rc = rows_load(db, out, err);
    database_close(db);
    if (!rc && !out->present_count)
        rc = -EINVAL;
    if (rc == -ENODATA)
        error_set(err, rc, "there is no study in '%s' that could be resumed: leave --resume out to make one",
                  path);
    else if (rc == -ENOMEM)
        error_set(err, rc, "out of memory for the study's settings in '%s'", path);
    else if (rc)
        error_set(err, rc, "the study's settings in '%s' make no sense: it can't be resumed", path);
    if (rc)
        study_settings_free(out);
    return rc;
}

static int given_agree(const struct study_settings *s, const struct given_variant *given, struct error *err)
{
    struct words words;
    int rc = words_split(given->command, &words, err);
    if (rc)
        return rc;
    char *command = words_join(&words);
    rc = -EINVAL;
    for (size_t i = 0; i < s->variant_count && command; i++)
        if (s->variants[i].given && !strcmp(s->variants[i].name, given->name) &&
            !strcmp(s->variants[i].command, command))
            rc = 0;
    free(command);
    words_free(&words);
    return rc ? error_set(err, rc, "--variant %s contradicts the study that is resumed", given->name) : 0;
}

static bool list_agrees(const struct study_settings *s, const char *list)
{
    size_t named = 0, ours = 0;
    for (size_t i = 0; i < s->variant_count; i++)
        ours += !s->variants[i].given;
    for (const char *p = strcmp(list, "none") ? list : NULL; p;) {
        size_t n = strcspn(p, ","), i = 0;
        while (i < s->variant_count &&
               (strlen(s->variants[i].name) != n || strncmp(s->variants[i].name, p, n)))
            i++;
        if (i == s->variant_count)
            return false;
        named += !s->variants[i].given;
        p = p[n] ? p + n + 1 : NULL;
    }
    return named == ours;
}

int study_settings_agree(const struct study_settings *s, const struct study_options *o, struct error *err)
{
    const struct {
        bool contradicts;
        const char *option;
    } checks[] = {
        {o->passwords && o->passwords != s->passwords, "--passwords"},
        {o->quick && s->passwords != STUDY_QUICK_PASSWORDS, "--quick"},
        {o->reps >= 0 && (unsigned)o->reps != s->reps, "--reps"},
        {o->traced_reps >= 0 && (unsigned)o->traced_reps != s->traced_reps, "--traced-reps"},
        {o->ledger_reps >= 0 && (unsigned)o->ledger_reps != s->ledger_reps, "--ledger-reps"},
        {o->no_probes && (s->traced_reps || s->ledger_reps || s->perf_file), "--no-probes"},
        {o->perf && !s->perf_file, "--perf"},
        {o->seed_given && o->seed != s->seed, "--seed"},
        {o->timeout_ns && o->timeout_ns != s->timeout_ns, "--timeout"},
        {o->variants && !list_agrees(s, o->variants), "--variants"},
        {o->thread_count && (o->thread_count != s->thread_count ||
                             memcmp(o->threads, s->threads, s->thread_count * sizeof(s->threads[0]))),
         "--threads"},
    };
    for (size_t i = 0; i < sizeof(checks) / sizeof(checks[0]); i++)
        if (checks[i].contradicts)
            return error_set(err, -EINVAL, "%s contradicts the study that is resumed: leave it out",
                             checks[i].option);
    int rc = 0;
    for (size_t i = 0; i < o->given_count && !rc; i++)
        rc = given_agree(s, &o->given[i], err);
    return rc;
}

void study_settings_host_differs(int fd, const char *path, const struct host_facts *now, char *difference,
                                 size_t size)
{
    static const char *const keys[] = {"kernel", "cpu_model", "cores_allowed", "mem_bytes"};
    struct database *db = NULL;
    struct error ignored = {""};
    *difference = '\0';
    if (database_open_descriptor(fd, path, &db, &ignored))
        return;
    sqlite3_stmt *s = database_prepare(db, "SELECT value FROM host WHERE key = ?1", &ignored);
    for (size_t i = 0; s && i < sizeof(keys) / sizeof(keys[0]) && !*difference; i++) {
        const char *here = host_fact_find(now, keys[i]);
        sqlite3_bind_text(s, 1, keys[i], -1, SQLITE_STATIC);
        const char *there =
            database_step(db, s, &ignored) == 1 ? (const char *)sqlite3_column_text(s, 0) : NULL;
        if (here && there && strcmp(here, there))
            snprintf(difference, size,
                     "the study was begun on another machine: %s was '%.120s' and is '%.120s'", keys[i],
                     there, here);
        sqlite3_reset(s);
    }
    sqlite3_finalize(s);
    database_close(db);
}
