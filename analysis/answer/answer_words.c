/* See answer_words.h.  This file has the sentences about the whole answer; answer_words_subject.c those about
 * the causes that are the conclusion, answer_words_cause.c those about one cause. */
#include "analysis/answer/answer_words.h"

#include "analysis/answer/answer_number.h"
#include "analysis/answer/answer_words_private.h"
#include "analysis/base/text.h"

#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { NEXT_TO_NOTHING = 5 /* percent of the CPU time, at most */, LOUD = 5 /* percent of the CPUs */ };

/* What the time is spent on, as a sentence's subject; NULL: it is another conclusion's. */
static const char *instead_words(enum answer_instead i)
{
    switch (i) {
    case INSTEAD_OWN_CODE:
        return "its own code";
    case INSTEAD_ALLOCATOR_CODE:
        return "malloc and free themselves, without waiting";
    case INSTEAD_COPYING:
        return "copying memory";
    case INSTEAD_PAGE_FAULTS:
        return "page faults";
    case INSTEAD_MEMORY_CALLS:
        return "memory calls";
    case INSTEAD_KERNEL:
        return "other system calls";
    case INSTEAD_ASLEEP:
        return "waiting for something that is no lock";
    default:
        return NULL;
    }
}

/* Returns what is slow instead, or why it can't be told, without a full stop; malloc'd. */
static char *reason_words(const struct answer *a)
{
    const char *instead = instead_words(a->instead);
    if (a->changed && isfinite(a->samples) && a->samples < 0.5)
        return answer_words_format("what malloc spends it on isn't seen without samples");
    if (a->reason && *a->reason)
        return answer_words_format("%s", a->reason);
    if (a->conclusion == ANSWER_NOT_A_LOCK && instead)
        return answer_words_format("its time goes to %s", instead);
    return answer_words_format(a->conclusion == ANSWER_NOT_A_LOCK ? "what its time goes to is not known"
                                                                  : "the recording does not say enough");
}

/* Returns what changing the allocator alone saves, and that why isn't known, malloc'd. */
static char *changed_words(const struct answer *a)
{
    char *reason = reason_words(a);
    char *text = answer_words_format("%s; why can't be told: %s", a->changed, reason ? reason : "?");
    free(reason);
    return answer_words_capitalised(text);
}

char *answer_words_headline(const struct answer *a)
{
    if (a->conclusion != ANSWER_NOT_A_LOCK && a->conclusion != ANSWER_CANNOT_TELL)
        return answer_words_subjects(a);
    char *reason = reason_words(a), *line = NULL;
    char *changed = a->changed ? changed_words(a) : NULL;
    if (a->conclusion == ANSWER_NOT_A_LOCK)
        line =
            answer_words_format("NOT A LOCK PROBLEM.  %s.", reason ? answer_words_capitalised(reason) : "?");
    else if (changed)
        line = answer_words_format("ANOTHER ALLOCATOR IS FASTER.  %s.", changed);
    else
        line = answer_words_format("CAN'T TELL: %s.", reason ? reason : "?");
    free(changed);
    free(reason);
    return line;
}

char *answer_words_title(const struct answer *a)
{
    if (a->conclusion != ANSWER_NOT_A_LOCK && a->conclusion != ANSWER_CANNOT_TELL)
        return answer_words_subjects_title(a);
    if (a->changed)
        return changed_words(a);
    char *reason = reason_words(a), *line = NULL;
    line =
        answer_words_format(a->conclusion == ANSWER_NOT_A_LOCK ? "Not a lock problem: %s" : "Can't tell: %s",
                            reason ? reason : "?");
    free(reason);
    return line;
}

/* Returns the sum of what malloc's locks take of the CPU time, and how many such causes there are. */
static struct estimate malloc_time(const struct answer *a, size_t *count)
{
    struct estimate sum = {0, 0, 0};
    *count = 0;
    for (size_t i = 0; i < a->cause_count; i++)
        if (a->causes[i].kind == ANSWER_MALLOC_LOCK) {
            sum.value += a->causes[i].cpu_ns.value;
            sum.low += a->causes[i].cpu_ns.low;
            sum.high += a->causes[i].cpu_ns.high;
            ++*count;
        }
    return sum;
}

/* Returns what is said where no lock of malloc's is among the causes. */
static char *no_malloc_words(const struct answer *a)
{
    double unknown = 0;
    bool dark = false;
    char count[64];
    for (size_t i = 0; i < a->row_count; i++) {
        if (a->rows[i].is_malloc == 1)
            return NULL;
        dark = dark || a->rows[i].is_malloc < 0;
        unknown += a->rows[i].is_malloc < 0 && isfinite(a->rows[i].calls) ? a->rows[i].calls : 0;
    }
    if (!a->row_count && a->conclusion == ANSWER_CANNOT_TELL)
        return NULL; /* perhaps no calls were counted at all */
    if (dark && !(unknown > 0))
        return answer_words_format(
            "No wait is known to be for malloc's lock; whose some words are is not known.");
    if (dark)
        return answer_words_format(
            "No wait is known to be for malloc's lock; whose lock %s futex call%s for is not known.",
            answer_number_count(count, unknown), unknown == 1 ? " is" : "s are");
    return answer_words_format("No malloc lock waits%s.", a->loss_count || a->missing_calls > 0
                                                              ? " among the calls that were recorded"
                                                              : "");
}

/* Whether any thread waited for a lock of malloc's.  Unlocking one may call the kernel all the same. */
static bool malloc_waits(const struct answer *a)
{
    for (size_t i = 0; i < a->cause_count; i++)
        if (a->causes[i].kind == ANSWER_MALLOC_LOCK && a->causes[i].waits > 0)
            return true;
    return false;
}

char *answer_words_malloc(const struct answer *a)
{
    size_t count;
    const struct estimate sum = malloc_time(a, &count);
    char lock[64], all[64], *time;
    for (size_t i = 0; i < a->subject_count; i++)
        if (a->causes[i].kind == ANSWER_MALLOC_LOCK)
            return NULL;
    if (!count)
        return no_malloc_words(a);
    if (!malloc_waits(a))
        return answer_words_format("No malloc lock waits.");
    time = answer_number_time(lock, &sum);
    if (!time || !isfinite(a->cpu_ns) || a->cpu_ns <= 0)
        return NULL;
    const double most = isfinite(sum.high) ? sum.high : sum.value;
    return answer_words_format(100 * most < NEXT_TO_NOTHING * a->cpu_ns
                                   ? "malloc's locks cost next to nothing here: %s of %s of CPU time."
                                   : "malloc's locks cost %s of %s of CPU time.",
                               time, answer_number_ns(all, a->cpu_ns));
}

/* Adds a part of the line behind "; ". */
__attribute__((format(printf, 2, 3))) static void part_add(FILE *out, const char *format, ...)
{
    va_list list;
    va_start(list, format);
    if (ftell(out) > 0)
        fputs("; ", out);
    vfprintf(out, format, list);
    va_end(list);
}

char *answer_words_rounds(const struct answer *a)
{
    char number[64];
    const struct answer_study *s = a->study;
    const char *plural = a->rounds == 1 ? "" : "s";
    if (!(a->rounds > 0) || !answer_number_count(number, a->rounds))
        return NULL;
    if (!s || !(s->comparisons > 1) || s->outcome == COMPARISON_ONE_ROUND)
        return answer_words_format("%s round%s", number, plural);
    if (s->outcome == COMPARISON_FEW_ROUNDS)
        return answer_words_format("%s round%s, where %.0f comparisons at once need %u", number, plural,
                                   s->comparisons, comparison_rounds_least(s->comparisons));
    return answer_words_format("%s round%s, judged for %.0f comparisons at once", number, plural,
                               s->comparisons);
}

char *answer_words_sure(const struct answer *a)
{
    char *text = NULL, number[64];
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);
    if (!out)
        return NULL;
    if (isfinite(a->samples) && a->samples < 0.5)
        part_add(out, "no samples");
    else if (isfinite(a->samples))
        part_add(out, "%s sample%s", answer_number_count(number, a->samples), a->samples == 1 ? "" : "s");
    char *rounds = a->rounds > 1 ? answer_words_rounds(a) : NULL;
    if (rounds)
        part_add(out, "%s", rounds);
    free(rounds);
    for (size_t i = 0; i < a->loss_count; i++)
        part_add(out, "lost: %s", a->losses[i] ? a->losses[i] : "?");
    if (a->missing_calls > 0)
        part_add(out, "at least %s futex call%s missing", answer_number_count(number, a->missing_calls),
                 a->missing_calls == 1 ? " is" : "s are");
    if (!isfinite(a->foreign_share))
        part_add(out, "what others used of the CPUs is not known");
    else if (100 * a->foreign_share < LOUD)
        part_add(out, "the machine was quiet");
    else
        part_add(out, "others used %s of the CPUs", answer_number_percent(number, a->foreign_share));
    if (fclose(out)) {
        free(text);
        return NULL;
    }
    return text_clean(text);
}

const char *answer_words_role(enum answer_word w)
{
    switch (w) {
    case WORD_MUTEX:
        return "mutex";
    case WORD_CONDITION:
        return "waits for work";
    case WORD_JOIN:
        return "waits for end";
    case WORD_IDLE:
        return "waits for work or an event";
    default:
        return "not known";
    }
}

char *answer_words_run(const struct answer *a)
{
    char wall[64], threads[64], cores[64];
    const char *time = answer_number_ns(wall, a->wall_ns), *many = answer_number_count(threads, a->threads);
    const char *on = answer_number_cores(cores, a->cores), *s = a->threads == 1 ? "" : "s";
    const char *cores_s = a->cores == 1 ? "" : "s", *comma = time && many ? ", " : "";
    if (!time && !many)
        return NULL;
    return answer_words_format("%s%s%s%s%s%s%s%s%s", time ? time : "", comma, many ? many : "",
                               many ? " thread" : "", many ? s : "", on ? " on " : "", on ? on : "",
                               on ? " core" : "", on ? cores_s : "");
}

char *answer_words_settle(const struct answer *a)
{
    static const char place[] = "COMMAND";
    const char *at = a->settle ? strstr(a->settle, place) : NULL;
    if (!a->settle)
        return NULL;
    /* What goes on is attached to once more; a library can be put under what is started alone. */
    const char *command = a->attached ? "-p PID" : a->command;
    if (!at || !command || a->study || (a->attached && strstr(a->settle, "-- COMMAND")))
        return answer_words_format("%s", a->settle);
    return answer_words_format("%.*s%s%s", (int)(at - a->settle), a->settle, command, at + strlen(place));
}
