/* See answer_words.h: the sentences about the causes that are the conclusion. */
#include "analysis/answer/answer_number.h"
#include "analysis/answer/answer_words.h"
#include "analysis/answer/answer_words_private.h"

#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { KINDS = ANSWER_SPINNING + 1 }; /* of causes */

/* Returns the label of a kind of causes, without a full stop. */
static const char *label(enum answer_conclusion kind, bool plural)
{
    switch (kind) {
    case ANSWER_MALLOC_LOCK:
        return plural ? "MALLOC'S LOCKS" : "MALLOC'S LOCK";
    case ANSWER_ALLOCATOR_MEMORY:
        return "THE ALLOCATOR'S MEMORY CALLS";
    case ANSWER_OWN_LOCK:
        return plural ? "YOUR LOCKS" : "YOUR LOCK";
    default:
        return plural ? "LOCKS THAT SPIN" : "A LOCK THAT SPINS";
    }
}

/* Returns `text` and `more` with `between` between them; takes both.  NULL: out of memory. */
static char *joined(char *text, const char *between, char *more)
{
    char *all = text && more ? answer_words_format("%s%s%s", text, between, more) : NULL;
    free(text);
    free(more);
    return all;
}

/* Returns what stands before the next of several: ", ", or `last` before the last one. */
static const char *between(const struct answer *a, size_t next, const char *last)
{
    return next + 1 == a->subject_count ? last : ", ";
}

/* Returns the subjects' labels, each once: "MALLOC'S LOCK AND YOUR LOCKS". */
static char *labels(const struct answer *a)
{
    const char *found[KINDS];
    size_t count = 0;
    for (size_t i = 0; i < a->subject_count && count < KINDS; i++) {
        const enum answer_conclusion kind = a->causes[i].kind;
        long long words = 0;
        bool told = false;
        for (size_t k = 0; k < a->subject_count; k++) {
            words += a->causes[k].kind == kind ? llabs(a->causes[k].words) : 0;
            told = told || (k < i && a->causes[k].kind == kind);
        }
        if (!told)
            found[count++] = label(kind, words > 1);
    }
    if (!count)
        return answer_words_format("%s", label(a->conclusion, false));
    char *text = answer_words_format("%s", found[0]);
    for (size_t i = 1; i < count; i++)
        text = joined(text, i + 1 < count ? ", " : " AND ", answer_words_format("%s", found[i]));
    return text;
}

char *answer_words_capitalised(char *text)
{
    if (text && *text > 0)
        *text = (char)toupper(*text);
    return text;
}

/* Whether the study's joint interval is beyond 1. */
static bool is_slower(const struct answer_study *s)
{
    return s && s->variant && s->baseline && isfinite(s->factor.value) && s->outcome == COMPARISON_LONGER;
}

/* Returns "musl takes 2.0 times as long as glibc at 4 threads", malloc'd; NULL: no such difference is sure.
 */
static char *slower_words(const struct answer *a)
{
    const struct answer_study *s = a->study;
    char factor[64], threads[48] = "";
    if (!is_slower(s))
        return NULL;
    if (s->threads > 0)
        snprintf(threads, sizeof(threads), " at %lld thread%s", s->threads, s->threads == 1 ? "" : "s");
    return answer_words_format("%s takes %s times as long as %s%s", s->variant,
                               answer_number_factor(factor, &s->factor), s->baseline, threads);
}

/* Returns "about 35 % of its CPU time: __malloc_lock (musl, mallocng)"; a lock's name alone may begin it. */
static char *cost_and_name(const struct answer *a, const struct answer_cause *c, bool begins)
{
    char *cost = answer_words_cost(a, c), *what = answer_words_cause(a, c), *text = NULL;
    if (begins)
        answer_words_capitalised(cost ? cost : c->lock ? NULL : what);
    if (cost && what)
        text = answer_words_format("%s: %s", cost, what);
    else if (what)
        text = answer_words_format("%s; what it costs is not known", what);
    free(what);
    free(cost);
    return text;
}

/* Returns the names of all subjects: "main_arena.mutex (glibc, ptmalloc) and jobs of queue". */
static char *names(const struct answer *a)
{
    char *text = a->subject_count ? answer_words_cause(a, &a->causes[0]) : NULL;
    for (size_t i = 1; i < a->subject_count; i++)
        text = joined(text, between(a, i, " and "), answer_words_cause(a, &a->causes[i]));
    return text;
}

/* Whether what any of the subjects costs is known. */
static bool any_cost(const struct answer *a)
{
    for (size_t i = 0; i < a->subject_count; i++)
        if (isfinite(a->causes[i].cpu_share.value) || isfinite(a->causes[i].thread_share))
            return true;
    return false;
}

char *answer_words_subjects(const struct answer *a)
{
    char *kinds = labels(a), *slower = a->subject_count ? slower_words(a) : NULL, *body = NULL, *line = NULL;
    if (slower)
        body = joined(slower, ": ", names(a));
    else if (a->subject_count > 1 && !any_cost(a))
        body = joined(names(a), "; ", answer_words_format("what they cost is not known"));
    else if (a->subject_count)
        body = cost_and_name(a, &a->causes[0], true);
    else
        body = answer_words_format("What it costs is not known");
    for (size_t i = 1; i < a->subject_count && !slower && any_cost(a); i++)
        body = joined(body, "; ", cost_and_name(a, &a->causes[i], false));
    if (kinds && body)
        line = answer_words_format("%s.  %s.", kinds, body);
    free(body);
    free(kinds);
    return line;
}

/* Whether a measured cure surely makes the program faster, among all that were compared. */
static bool cure_helps(const struct answer_cure *c)
{
    return c->measured && c->what && isfinite(c->factor.value) && c->outcome == COMPARISON_SHORTER;
}

/* Returns what a cure is called in a list: up to " in place of". */
static int cure_name_length(const char *what)
{
    const char *end = strstr(what, " in place of");
    return (int)(end ? end - what : (long)strlen(what));
}

/* Returns "mimalloc or jemalloc cure it", malloc'd; NULL: nothing was measured to help.  What takes the
 * factor away, within a tenth, cures. */
static char *cures_words(const struct answer *a)
{
    const double factor = is_slower(a->study) ? a->study->factor.value : NAN;
    const struct answer_cure *found[2] = {NULL, NULL}, *cure;
    size_t count = 0;
    bool cures = true;
    for (size_t i = 0; (cure = answer_cure_at(a, i)) && count < 2; i++)
        if (cure_helps(cure)) {
            found[count++] = cure;
            cures = cures && cure->factor.value * factor < 1.1;
        }
    if (!count)
        return NULL;
    const char *verb = cures ? count > 1 ? "cure" : "cures" : count > 1 ? "help" : "helps";
    if (count == 1)
        return answer_words_format("%.*s %s%s", cure_name_length(found[0]->what), found[0]->what, verb,
                                   cures ? " it" : "");
    return answer_words_format("%.*s or %.*s %s%s", cure_name_length(found[0]->what), found[0]->what,
                               cure_name_length(found[1]->what), found[1]->what, verb, cures ? " it" : "");
}

/* Returns a subject as one of a title: "musl's malloc lock". */
static char *title_name(const struct answer *a, const struct answer_cause *c)
{
    char *what = answer_words_cause(a, c), *whose = answer_words_whose(c->allocator), *text = NULL;
    const char *many = c->words > 1 ? "locks" : "lock";
    if (c->kind == ANSWER_MALLOC_LOCK)
        text = whose ? answer_words_format("%s malloc %s", whose, many)
                     : answer_words_format("malloc's %s", many);
    else if (c->kind == ANSWER_ALLOCATOR_MEMORY)
        text = answer_words_format("%s memory calls", whose ? whose : "the allocator's");
    else if (c->kind == ANSWER_SPINNING)
        text = answer_words_format(what ? "the spinning lock %s" : "a lock that spins", what);
    else
        text = what ? answer_words_format("the lock %s", what) : answer_words_format("a lock of its own");
    free(whose);
    free(what);
    return text;
}

static bool is_plural(const struct answer_cause *c)
{
    return c->kind == ANSWER_ALLOCATOR_MEMORY || (c->kind == ANSWER_MALLOC_LOCK && c->words > 1);
}

/* Returns "musl's malloc lock takes about 35 % of this program's CPU time". */
static char *title_cost(const struct answer *a, size_t i)
{
    const struct answer_cause *c = &a->causes[i];
    char *name = title_name(a, c), *text = NULL;
    char *cost = answer_words_cost_of(a->attached ? "the" : i ? "its" : "this program's", c);
    if (name && cost)
        text = answer_words_format("%s take%s %s", name, is_plural(c) ? "" : "s", cost);
    else if (name)
        text = answer_words_format(
            a->subject_count > 1 ? "what %s costs is not known" : "%s; what it costs is not known", name);
    free(cost);
    free(name);
    return text;
}

/* Returns "musl's malloc lock and the lock jobs of queue". */
static char *title_names(const struct answer *a)
{
    char *all = title_name(a, &a->causes[0]);
    for (size_t i = 1; i < a->subject_count; i++)
        all = joined(all, between(a, i, " and "), title_name(a, &a->causes[i]));
    return all;
}

/* Returns "musl's malloc lock makes this program 2.0 x slower", of all subjects. */
static char *title_slower(const struct answer *a)
{
    char factor[64], *all = title_names(a), *line = NULL;
    const bool plural = a->subject_count > 1 || is_plural(&a->causes[0]);
    if (all)
        line = answer_words_format("%s make%s this program %s \u00d7 slower", all, plural ? "" : "s",
                                   answer_number_factor(factor, &a->study->factor));
    free(all);
    return line;
}

char *answer_words_subjects_title(const struct answer *a)
{
    char *cures = cures_words(a), *line;
    if (!a->subject_count)
        line = answer_words_format("a lock of its own; what it costs is not known");
    else if (is_slower(a->study))
        line = title_slower(a);
    else if (a->subject_count > 1 && !any_cost(a))
        line = joined(title_names(a), "; ", answer_words_format("what they cost is not known"));
    else
        line = title_cost(a, 0);
    for (size_t i = 1; i < a->subject_count && !is_slower(a->study) && any_cost(a); i++)
        line = joined(line, between(a, i, " and "), title_cost(a, i));
    if (cures)
        line = joined(line, "; ", cures);
    const bool article = line && (!strncmp(line, "the ", 4) || !strncmp(line, "a ", 2));
    return article ? answer_words_capitalised(line) : line; /* a name stays as it is */
}

char *answer_words_cause_name(const struct answer_cause *c)
{
    return c->kind == ANSWER_ALLOCATOR_MEMORY && !c->lock ? answer_words_format("malloc's memory calls")
           : c->lock                                      ? answer_words_name(c->lock)
                                                          : answer_words_format("the lock without a name");
}

char *answer_words_gains(const struct answer *a)
{
    bool spins = false;
    if (a->subject_count <= 1)
        return a->subject_count ? answer_words_gain(&a->causes[0]) : NULL;
    char *text = answer_words_format("Which of them costs more can't be told: ");
    for (size_t i = 0; i < a->subject_count; i++) {
        const struct answer_cause *c = &a->causes[i];
        char *name = answer_words_cause_name(c), *gain = answer_words_gain_phrase(c);
        text =
            joined(text, i ? "; " : "",
                   answer_words_format("without %s %s%s", name ? name : "?", i ? "" : "the program could be ",
                                       gain ? gain : "faster, by how much is not known"));
        spins = spins || c->gain_misses_spinning;
        free(gain);
        free(name);
    }
    return joined(text, spins ? answer_words_spins : "", answer_words_format("."));
}
