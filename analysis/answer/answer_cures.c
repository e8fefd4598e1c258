/* What helps against a cause: what was measured first, then what is known of the allocator, each with the
 * line to change.  The lines of allocators stand in their table.  What wasn't measured is said to be so. */
#include "analysis/answer/answer_limits.h"
#include "analysis/answer/answer_maker_private.h"
#include "analysis/base/allocator_table.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static struct answer_cure *cure_add(struct answer_maker *m, struct answer_cause *c, char *what, char *line)
{
    struct answer_cure *more = what ? answer_maker_grow(m, c->cures, &c->cure_count, sizeof(*more)) : NULL;
    if (!more) {
        free(what);
        free(line);
        return NULL;
    }
    c->cures = more;
    more[c->cure_count - 1] =
        (struct answer_cure){.what = what, .line = line, .factor = {NAN, NAN, NAN}, .extra_bytes = NAN};
    return &more[c->cure_count - 1];
}

/* Returns the advice's line with the number of threads in it, if it asks for that. */
static char *advice_line(struct answer_maker *m, const struct allocator_advice *a)
{
    const char *threads = strstr(a->line, "THREADS");
    if (!threads || isnan(m->answer->threads))
        return answer_maker_format(m, "%s COMMAND", a->line);
    return answer_maker_format(m, "%.*s%.0f%s COMMAND", (int)(threads - a->line), a->line, m->answer->threads,
                               threads + strlen("THREADS"));
}

static bool is_static(const struct answer_facts *f)
{
    return f->linkage && !strncmp(f->linkage, "static", 6);
}

/* Returns the lines that put an allocator in place of the program's; NULL: none is known for such a program.
 */
static char *line_of(struct answer_maker *m, const struct allocator *a)
{
    const bool musl = m->facts.libc && !strncmp(m->facts.libc, "musl", 4);
    if (is_static(&m->facts) && a->rust && a->linked)
        return answer_maker_format(m, "Rust: [target.'cfg(target_env = \"%s\")'.dependencies] %s\nC: %s",
                                   musl ? "musl" : "gnu", a->rust, a->linked);
    if (is_static(&m->facts) && a->linked)
        return answer_maker_format(m, "%s", a->linked);
    if (!is_static(&m->facts) && musl)
        return a->alpine ? answer_maker_format(m, "%s", a->alpine) : NULL;
    if (is_static(&m->facts) || !a->preload)
        return NULL;
    return strpbrk(a->preload, "*?[") ? answer_maker_format(m, "heapwait try --libraries %s COMMAND", a->name)
                                      : answer_maker_format(m, "LD_PRELOAD=%s COMMAND", a->preload);
}

/* Allocators that the study measured in the same build as the subject. */
struct tried {
    const struct allocator *items[32];
    size_t count;
};

/* Whether a variant belongs to what helps: it surely does, or took less time and nobody can tell. */
static bool may_help(enum comparison outcome, double ratio)
{
    return outcome == COMPARISON_SHORTER ||
           (ratio < 1 && outcome != COMPARISON_SAME && outcome != COMPARISON_LONGER);
}

/* Adds the variant of the row, of measured_add(). */
static void variant_add(struct answer_maker *m, struct answer_cause *c, sqlite3_stmt *row,
                        enum comparison outcome, const struct allocator *a)
{
    char *variant = answer_maker_text(m, row, 0), *allocator = answer_maker_text(m, row, 1);
    char *what = allocator ? answer_maker_format(m, "%s", allocator)
                 : variant ? answer_maker_format(m, "as in %s", variant)
                           : NULL;
    struct answer_cure *cure = what ? cure_add(m, c, what, a ? line_of(m, a) : NULL) : NULL;
    if (cure) {
        cure->factor = (struct estimate){answer_maker_number(row, 2), answer_maker_number(row, 3),
                                         answer_maker_number(row, 4)};
        cure->extra_bytes = answer_maker_number(row, 5);
        cure->measured = true;
        cure->outcome = outcome;
        cure->comparisons = answer_maker_number(row, 6);
    }
    free(variant);
    free(allocator);
}

/* Adds the study's other variants that are surely faster than its subject, the fastest first, or those that
 * took less time of which that can't be told.  It was chosen from all of them, so that each is judged among
 * all. */
static void measured_add(struct answer_maker *m, struct answer_cause *c, bool sure, struct tried *tried)
{
    sqlite3_stmt *row = answer_maker_query(
        m,
        "SELECT b.variant, v.allocator, b.ratio, iif(b.coverage > 0, b.joint_low, NULL), "
        "iif(b.coverage > 0, b.joint_high, NULL), mv.median_bytes - ms.median_bytes, b.comparisons, "
        "b.coverage FROM beside_subject AS b JOIN variant AS v ON v.name = b.variant "
        "JOIN subject AS s JOIN variant AS sv ON sv.name = s.variant "
        "LEFT JOIN memory AS mv ON mv.variant = b.variant AND mv.threads IS b.threads AND mv.probes = 'none' "
        "LEFT JOIN memory AS ms ON ms.variant = s.variant AND ms.threads IS s.threads AND ms.probes = 'none' "
        "WHERE v.libc IS sv.libc AND v.linkage IS sv.linkage ORDER BY b.ratio");
    while (answer_maker_next(m, row)) {
        const char *allocator = (const char *)sqlite3_column_text(row, 1);
        const struct allocator *a = allocator_called(allocator);
        const enum comparison outcome = comparison_of(
            answer_maker_number(row, 3), answer_maker_number(row, 4), answer_maker_number(row, 7));
        if (sure && a && tried->count < sizeof(tried->items) / sizeof(tried->items[0]))
            tried->items[tried->count++] = a;
        if (may_help(outcome, answer_maker_number(row, 2)) && sure == (outcome == COMPARISON_SHORTER))
            variant_add(m, c, row, outcome, a);
    }
}

static void threads_add(struct answer_maker *m, struct answer_cause *c)
{
    const double threads = m->answer->threads, cores = m->answer->cores;
    if (c->mechanism != MECHANISM_OVERSUBSCRIPTION)
        return;
    if (!isnan(threads) && threads > cores)
        cure_add(m, c,
                 answer_maker_format(m, "no more threads than CPUs: %.0f instead of %.0f", cores, threads),
                 NULL);
    else if (isnan(threads))
        cure_add(m, c, answer_maker_format(m, "no more threads than CPUs that it may use"), NULL);
}

/* Adds what the allocator offers by itself. */
static void advice_add(struct answer_maker *m, struct answer_cause *c, const struct allocator *own)
{
    const int against = c->kind == ANSWER_ALLOCATOR_MEMORY ? ADVICE_MEMORY : ADVICE_LOCKS;
    for (const struct allocator_advice *a = own ? own->advice : NULL; a && a->against; a++)
        if ((int)a->against == against)
            cure_add(m, c, answer_maker_format(m, "%s", a->what), advice_line(m, a));
}

static bool is_tried(const struct tried *tried, const struct allocator *a)
{
    for (size_t i = 0; i < tried->count; i++)
        if (tried->items[i] == a)
            return true;
    return false;
}

/* Adds the other allocators for which a line is known, and which weren't measured. */
static void others_add(struct answer_maker *m, struct answer_cause *c, const struct allocator *own,
                       const struct tried *tried)
{
    for (const struct allocator *a = allocator_table(); a->name; a++) {
        char *line = a == own || a->libc || !a->linked || is_tried(tried, a) ? NULL : line_of(m, a);
        if (line)
            cure_add(m, c,
                     answer_maker_format(m, "%s in place of %s", a->name, own ? own->name : "this malloc"),
                     line);
    }
}

void answer_maker_cures(struct answer_maker *m, struct answer_cause *c)
{
    const struct allocator *own = allocator_called(c->allocator ? c->allocator : m->facts.allocator);
    const bool of_malloc = c->kind == ANSWER_MALLOC_LOCK || c->kind == ANSWER_ALLOCATOR_MEMORY;
    struct tried tried = {.count = 0};
    if (of_malloc) {
        measured_add(m, c, true, &tried);
        measured_add(m, c, false, &tried);
    }
    threads_add(m, c);
    if (of_malloc) {
        advice_add(m, c, own);
        others_add(m, c, own, &tried);
    } else if (c->kind == ANSWER_SPINNING)
        cure_add(m, c, answer_maker_format(m, "a mutex, which sleeps; or no more threads than CPUs"), NULL);
    else if (c->mechanism == MECHANISM_PARALLEL)
        cure_add(m, c, answer_maker_format(m, "several locks in place of one, or a shorter critical section"),
                 NULL);
    else
        cure_add(m, c, answer_maker_format(m, "a shorter critical section, or several locks in place of one"),
                 NULL);
}
