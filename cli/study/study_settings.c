/* See study_settings.h.  Makes settings from the options; study_keep.c keeps and reads them. */
#include "cli/study/study_settings.h"

#include "analysis/answer/comparison.h"
#include "cli/terminal/arguments.h"
#include "cli/terminal/random.h"
#include "probes/host/host.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    DEFAULT_PASSWORDS = 1000000,
    DEFAULT_TRACED_REPS = 1,
    DEFAULT_LEDGER_REPS = 2,
    QUICK_LEDGER_REPS = 1,
    POST_THREADS = 22, /* the thread count of "Performance of static Rust with MUSL", 2025 */
};
static const uint64_t DEFAULT_TIMEOUT_NS = 120000000000;

static void variant_free(struct study_variant *v)
{
    free(v->name);
    free(v->libc);
    free(v->linkage);
    free(v->allocator);
    free(v->command);
    free(v->absent_reason);
    words_free(&v->words);
}

void study_settings_free(struct study_settings *s)
{
    for (size_t i = 0; i < s->variant_count; i++)
        variant_free(&s->variants[i]);
    free(s->variants);
    free(s->perf_file);
    *s = (struct study_settings){0};
}

int study_settings_perf(struct study_settings *s, const char *recording)
{
    if (asprintf(&s->perf_file, "%s.perf.data", recording) >= 0)
        return 0;
    s->perf_file = NULL;
    return -ENOMEM;
}

struct study_variant *study_settings_variant_add(struct study_settings *s)
{
    struct study_variant *grown = realloc(s->variants, (s->variant_count + 1) * sizeof(*grown));
    if (!grown)
        return NULL;
    s->variants = grown;
    struct study_variant *v = &grown[s->variant_count++];
    *v = (struct study_variant){.position = (int)s->variant_count};
    return v;
}

/* Sets *to to a copy; NULL stays NULL. */
static int text_copy(const char *from, char **to)
{
    *to = from ? strdup(from) : NULL;
    return from && !*to ? -ENOMEM : 0;
}

static int table_words(const char *path, struct words *words)
{
    const char *const all[] = {path,          "--threads",           PLACEHOLDER_THREADS,
                               "--passwords", PLACEHOLDER_PASSWORDS, "--json"};
    int rc = 0;
    for (size_t i = 0; i < sizeof(all) / sizeof(all[0]) && !rc; i++)
        rc = words_add(words, all[i]);
    return rc;
}

static int table_variant_add(struct study_settings *s, const struct variant *row)
{
    struct study_variant *v = study_settings_variant_add(s);
    if (!v)
        return -ENOMEM;
    if (text_copy(row->name, &v->name) || text_copy(row->libc, &v->libc) ||
        text_copy(row->linkage, &v->linkage) || text_copy(row->allocator, &v->allocator) ||
        text_copy(row->absent_reason, &v->absent_reason))
        return -ENOMEM;
    /* An absent one has no program; its row keeps the name that it would have. */
    if (table_words(row->path ? row->path : row->name, &v->words))
        return -ENOMEM;
    v->command = words_join(&v->words);
    return v->command ? 0 : -ENOMEM;
}

static int given_variant_add(struct study_settings *s, const struct given_variant *given, struct error *err)
{
    struct study_variant *v = study_settings_variant_add(s);
    if (!v || text_copy(given->name, &v->name))
        return -ENOMEM;
    v->given = true;
    struct error why = {""};
    int rc = words_split(given->command, &v->words, &why);
    if (rc)
        return error_set(err, rc, "--variant %s: %s", given->name, why.text);
    v->own_threads = !words_have(&v->words, PLACEHOLDER_THREADS);
    v->command = words_join(&v->words);
    return v->command ? 0 : -ENOMEM;
}

static bool variants_none(const char *list)
{
    return list && !strcmp(list, "none");
}

bool study_settings_need_table(const struct study_options *o)
{
    return !variants_none(o->variants);
}

/* Checks that every name of the LIST is known: a typing error must not shrink the study silently. */
static int list_check(const struct study_options *o, const struct variant_list *table, struct error *err)
{
    char name[64];
    for (const char *p = o->variants; p && !variants_none(o->variants);) {
        size_t n = strcspn(p, ",");
        snprintf(name, sizeof(name), "%.*s", (int)n, p);
        bool known = variants_find(table, name) != NULL;
        for (size_t i = 0; i < o->given_count && !known; i++)
            known = !strcmp(o->given[i].name, name);
        if (!known)
            return error_set(
                err, -EINVAL,
                "--variants: there is no variant '%s'; `heapwait doctor` lists those that there are", name);
        p = p[n] ? p + n + 1 : NULL;
    }
    return 0;
}

static int variants_choose(struct study_settings *s, const struct study_options *o,
                           const struct variant_list *table, struct error *err)
{
    int rc = list_check(o, table, err);
    for (size_t i = 0; i < table->count && !rc; i++)
        if (!o->variants || argument_lists(o->variants, table->items[i].name))
            rc = table_variant_add(s, &table->items[i]);
    for (size_t i = 0; i < o->given_count && !rc; i++) {
        for (size_t k = 0; k < s->variant_count && !rc; k++)
            if (!strcmp(s->variants[k].name, o->given[i].name))
                rc = error_set(
                    err, -EINVAL,
                    "--variant %s: the built one of this name takes part already; choose another name",
                    o->given[i].name);
        if (!rc)
            rc = given_variant_add(s, &o->given[i], err);
    }
    return rc;
}

/* Both parts stay in their order. */
int study_settings_variants_part(struct study_settings *s)
{
    struct study_variant *parted = calloc(s->variant_count ? s->variant_count : 1, sizeof(*parted));
    if (!parted)
        return -ENOMEM;
    size_t n = 0;
    for (size_t i = 0; i < s->variant_count; i++)
        if (!s->variants[i].absent_reason)
            parted[n++] = s->variants[i];
    s->present_count = n;
    for (size_t i = 0; i < s->variant_count; i++)
        if (s->variants[i].absent_reason)
            parted[n++] = s->variants[i];
    free(s->variants);
    s->variants = parted;
    return 0;
}

static void threads_default(struct study_settings *s)
{
    unsigned cores = host_cores_allowed();
    unsigned most = STUDY_MAX_THREADS;
    s->threads[0] = 1;
    s->threads[1] = cores < most ? cores : most;
    s->threads[2] = 2 * cores < most ? 2 * cores : most;
    s->threads[3] = POST_THREADS;
    s->thread_count = study_options_threads_tidy(s->threads, 4);
}

static int numbers_choose(struct study_settings *s, const struct study_options *o, struct error *err)
{
    s->passwords = o->passwords ? o->passwords : o->quick ? STUDY_QUICK_PASSWORDS : DEFAULT_PASSWORDS;
    s->traced_reps = o->no_probes ? 0 : o->traced_reps >= 0 ? (unsigned)o->traced_reps : DEFAULT_TRACED_REPS;
    unsigned ledger = o->quick ? QUICK_LEDGER_REPS : DEFAULT_LEDGER_REPS;
    s->ledger_reps = o->no_probes ? 0 : o->ledger_reps >= 0 ? (unsigned)o->ledger_reps : ledger;
    s->timeout_ns = o->timeout_ns ? o->timeout_ns : DEFAULT_TIMEOUT_NS;
    s->seed = o->seed;
    s->thread_count = o->thread_count;
    memcpy(s->threads, o->threads, sizeof(s->threads));
    if (!s->thread_count)
        threads_default(s);
    int rc = o->seed_given ? 0 : random_seed(&s->seed);
    return rc ? error_set(err, rc, "can't get a random seed: %s; give one with --seed", strerror(-rc)) : 0;
}

int study_settings_make(const struct study_options *o, const struct variant_list *table,
                        struct study_settings *out, struct error *err)
{
    *out = (struct study_settings){0};
    int rc = numbers_choose(out, o, err);
    if (!rc && o->perf)
        rc = study_settings_perf(out, o->file);
    if (!rc)
        rc = variants_choose(out, o, table, err);
    if (!rc)
        rc = study_settings_variants_part(out);
    if (!rc && !out->present_count)
        rc = error_set(err, -EINVAL, "there is no variant to run: %s",
                       out->variant_count ? "all that were asked for are absent (`heapwait doctor` says why)"
                                          : "give one with --variant NAME=COMMAND, or leave --variants out");
    if (!rc)
        out->reps =
            o->reps >= 0 ? (unsigned)o->reps : comparison_rounds_least(study_settings_comparisons(out));
    if (rc == -ENOMEM)
        error_set(err, rc, "out of memory");
    if (rc)
        study_settings_free(out);
    return rc;
}

/* Returns how many pairs of `count` variants are compared: each with one that is known beforehand, or any
 * two. */
static double pairs_of(size_t count, bool known)
{
    return count < 2 ? 0 : known ? (double)count - 1 : (double)count * ((double)count - 1) / 2;
}

double study_settings_comparisons(const struct study_settings *s)
{
    size_t own = 0;
    bool known = false;
    for (size_t i = 0; i < s->present_count; i++) {
        own += s->variants[i].own_threads;
        known = known || !strcmp(s->variants[i].name, "musl");
    }
    /* Those with a number of threads of their own may meet all others at one thread count. */
    return ((double)s->thread_count - 1) * pairs_of(s->present_count - own, known) +
           pairs_of(s->present_count, known);
}

static void shape_fill(const struct study_settings *s, bool *own_threads, struct plan_shape *shape)
{
    for (size_t i = 0; i < s->present_count; i++)
        own_threads[i] = s->variants[i].own_threads;
    *shape = (struct plan_shape){
        .variant_count = s->present_count,
        .own_threads = own_threads,
        .threads = s->threads,
        .thread_count = s->thread_count,
        .reps = s->reps,
        .waits_reps = s->traced_reps,
        .ledger_reps = s->ledger_reps,
        .perf = s->perf_file != NULL,
    };
}

struct plan_cell *study_settings_plan(const struct study_settings *s, size_t *count, size_t *kinds,
                                      struct error *err)
{
    struct plan_shape shape;
    bool *own_threads = calloc(s->present_count + 1, sizeof(*own_threads));
    struct plan_cell *plan = NULL;
    if (own_threads) {
        shape_fill(s, own_threads, &shape);
        plan = study_plan_make(&shape, s->seed, count);
        *kinds = study_plan_kinds(&shape);
    }
    free(own_threads);
    if (!plan)
        error_set(err, -EINVAL, "a study of %zu variants, %zu thread counts and %u repetitions is too large",
                  s->present_count, s->thread_count, s->reps + s->traced_reps + s->ledger_reps);
    return plan;
}
