/* See answer_words.h: the sentences about one cause, one row, one cure. */
#include "analysis/answer/answer_limits.h"
#include "analysis/answer/answer_number.h"
#include "analysis/answer/answer_words.h"
#include "analysis/answer/answer_words_private.h"
#include "analysis/answer/comparison.h"
#include "analysis/base/allocator_table.h"
#include "analysis/base/number.h"
#include "analysis/base/text.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { NAME_MOST = 60, NAME_TAIL = 20 }; /* characters */

char *answer_words_format(const char *format, ...)
{
    char *text = NULL;
    va_list list;
    va_start(list, format);
    const int n = vasprintf(&text, format, list);
    va_end(list);
    return n < 0 ? NULL : text_clean(text);
}

static size_t characters(const char *text)
{
    size_t count = 0;
    while (text_next(&text))
        count++;
    return count;
}

static const char *behind(const char *text, size_t count)
{
    while (count-- && text_next(&text))
        ;
    return text;
}

char *answer_words_name(const char *name)
{
    char *clean = answer_words_format("%s", name ? name : "?"), *text;
    const size_t length = clean ? characters(clean) : 0;
    if (length <= NAME_MOST)
        return clean;
    const char *head = behind(clean, NAME_MOST - NAME_TAIL - 1), *tail = behind(clean, length - NAME_TAIL);
    text = answer_words_format("%.*s\u2026%s", (int)(head - clean), clean, tail);
    free(clean);
    return text;
}

/* Returns the C library that the allocator is part of; NULL: none, or it is not known. */
static const char *libc_of(const char *allocator)
{
    const struct allocator *row = allocator_called(allocator);
    return row ? row->libc : NULL;
}

char *answer_words_whose(const char *allocator)
{
    const char *libc = libc_of(allocator);
    return allocator && *allocator ? answer_words_format("%s's", libc ? libc : allocator) : NULL;
}

/* Writes " (musl, mallocng)" into `out`. */
static void allocator_write(FILE *out, const char *allocator)
{
    const char *libc = libc_of(allocator);
    if (libc && strcmp(libc, allocator) != 0)
        fprintf(out, " (%s, %s)", libc, allocator);
    else if (allocator && *allocator)
        fprintf(out, " (%s)", allocator);
}

/* Writes " of server", unless the name tells it already. */
static void module_write(FILE *out, const char *name, const char *module)
{
    const char *slash = module ? strrchr(module, '/') : NULL, *file = slash ? slash + 1 : module;
    if (file && *file && !(name && strstr(name, file)))
        fprintf(out, " of %s", file);
}

static void process_write(FILE *out, const char *program, long long tgid)
{
    if (tgid >= 0 && program)
        fprintf(out, " in process %lld %s", tgid, program);
    else if (tgid >= 0)
        fprintf(out, " in process %lld", tgid);
}

/* Closes a stream of memory.  Returns its text without control characters; NULL: out of memory. */
static char *text_close(FILE *out, char **text)
{
    if (fclose(out)) {
        free(*text);
        *text = NULL;
    }
    return *text ? text_clean(*text) : NULL;
}

static void memory_write(FILE *out, const struct answer_cause *c)
{
    char count[64];
    if (answer_number_count(count, c->calls))
        fprintf(out, "%s memory call%s, ", count, c->calls == 1 ? "" : "s");
    else
        fputs("mmap and its like, ", out);
    fputs("page faults and the kernel's mmap_lock", out);
}

bool answer_words_processes(const struct answer *a)
{
    long long first = -1;
    for (size_t i = 0; i < a->row_count; i++) {
        if (a->rows[i].tgid >= 0 && first >= 0 && a->rows[i].tgid != first)
            return true;
        first = a->rows[i].tgid >= 0 ? a->rows[i].tgid : first;
    }
    return false;
}

char *answer_words_cause(const struct answer *a, const struct answer_cause *c)
{
    char *text = NULL, *name = answer_words_name(c->lock);
    size_t size = 0;
    FILE *out = name ? open_memstream(&text, &size) : NULL;
    if (!out) {
        free(name);
        return NULL;
    }
    if (c->kind == ANSWER_ALLOCATOR_MEMORY && !c->lock)
        memory_write(out, c);
    else
        fputs(c->lock ? name : "a lock without a name", out);
    if (c->kind != ANSWER_MALLOC_LOCK && c->lock)
        module_write(out, c->lock, c->module);
    if (c->kind != ANSWER_OWN_LOCK)
        allocator_write(out, c->allocator);
    if (c->words > 1)
        fprintf(out, " and %lld more", c->words - 1);
    if (answer_words_processes(a))
        process_write(out, c->program, c->tgid);
    free(name);
    return text_close(out, &text);
}

char *answer_words_cost_of(const char *its, const struct answer_cause *c)
{
    char cpu[64];
    const struct estimate thread = {c->thread_share, c->thread_share, c->thread_share};
    const bool of_threads =
        isfinite(c->thread_share) && !(isfinite(c->cpu_share.value) && c->cpu_share.value >= c->thread_share);
    struct estimate core = c->cpu_share;
    if (c->gain_misses_spinning)
        core = (struct estimate){core.value, core.low, NAN}; /* without samples: the kernel's part alone */
    const char *number = answer_number_share(cpu, of_threads ? &thread : &core);
    if (!number)
        return NULL;
    return of_threads ? answer_words_format("%s of %s threads' time", number, its)
                      : answer_words_format("%s of %s CPU time", number, its);
}

char *answer_words_cost(const struct answer *a, const struct answer_cause *c)
{
    return answer_words_cost_of(a->attached ? "the" : "its", c);
}

/* What the sentence calls the cause. */
static const char *pronoun(const struct answer_cause *c)
{
    return c->kind == ANSWER_ALLOCATOR_MEMORY || c->words > 1 ? "them" : "it";
}

bool answer_words_gain_is_bound(const struct answer_cause *c)
{
    return c->gain.low < LIMIT_GAIN;
}

const char answer_words_spins[] = ", not counting what threads spin in user code";

char *answer_words_gain_phrase(const struct answer_cause *c)
{
    char value[64], high[64];
    const bool bound = answer_words_gain_is_bound(c) || !isfinite(c->gain.value);
    if (isinf(c->gain.high) && !bound)
        return answer_words_format("about %s times as fast, or more: no upper end is known",
                                   answer_number_factor(value, &c->gain));
    if (!isfinite(c->gain.high) || !answer_number_high(high, &c->gain))
        return NULL;
    if (bound || !strcmp(answer_number_factor(value, &c->gain), high) || !(c->gain.high > c->gain.value))
        return answer_words_format("at most %s times as fast", high);
    return answer_words_format("about %s times as fast, %s times at most", value, high);
}

char *answer_words_gain(const struct answer_cause *c)
{
    char *phrase = answer_words_gain_phrase(c);
    char *text = answer_words_format(phrase ? "Without %s the program could be %s%s."
                                            : "How much faster the program could be without %s is not known.",
                                     pronoun(c), phrase, c->gain_misses_spinning ? answer_words_spins : "");
    free(phrase);
    return text;
}

char *answer_words_calls(const struct answer_cause *c)
{
    char count[64], vain[64];
    const char *kind = c->kind == ANSWER_ALLOCATOR_MEMORY ? "memory" : "futex";
    if (!answer_number_count(count, c->calls))
        return NULL;
    if (c->kind == ANSWER_ALLOCATOR_MEMORY || !(c->calls > 0) ||
        !answer_number_percent(vain, c->in_vain / c->calls))
        return answer_words_format("%s %s call%s", count, kind, c->calls == 1 ? "" : "s");
    return answer_words_format("%s %s call%s, %s in vain", count, kind, c->calls == 1 ? "" : "s", vain);
}

char *answer_words_callers(const struct answer_caller *callers, size_t count, size_t most)
{
    char *text = NULL, share[64];
    size_t size = 0;
    FILE *out = count ? open_memstream(&text, &size) : NULL;
    if (!out)
        return NULL;
    for (size_t i = 0; i < count && i < most; i++) {
        char *name = answer_words_name(callers[i].function);
        fprintf(out, "%s%s", i ? ", " : "", name ? name : "?");
        if (answer_number_percent(share, callers[i].share))
            fprintf(out, " %s", share);
        free(name);
    }
    if (count > most)
        fprintf(out, " and %zu more", count - most);
    return text_close(out, &text);
}

/* Writes ", +9 MiB", or nothing if it was not measured. */
static void bytes_write(char *buffer, size_t size, double bytes)
{
    char number[32];
    *buffer = '\0';
    if (isfinite(bytes))
        snprintf(buffer, size, ", %s%s of memory", bytes < 0 ? "\u2212" : "+",
                 number_bytes(number, (uint64_t)llround(fabs(bytes))));
}

char *answer_words_cure(const struct answer_cure *c)
{
    char factor[64], bytes[64], low[64], high[64];
    bytes_write(bytes, sizeof(bytes), c->extra_bytes);
    if (!c->measured || !answer_number_factor(factor, &c->factor))
        return answer_words_format("%s (not measured here)", c->what ? c->what : "?");
    const char *what = c->what ? c->what : "?";
    switch (c->outcome) {
    case COMPARISON_ONE_ROUND:
        return answer_words_format("%s: one round can't tell whether it helps, %s \u00d7 the time%s", what,
                                   factor, bytes);
    case COMPARISON_FEW_ROUNDS:
        return answer_words_format(
            "%s: can't tell whether it helps, %s \u00d7 the time%s (%.0f comparisons at "
            "once need %u rounds)",
            what, factor, bytes, c->comparisons, comparison_rounds_least(c->comparisons));
    case COMPARISON_SAME:
    case COMPARISON_UNSURE:
        return answer_words_format(
            "%s: %s, %s \u00d7 the time (%s\u2013%s)%s", what,
            c->outcome == COMPARISON_SAME ? "no faster and no slower" : "can't tell whether it helps", factor,
            answer_number_low(low, &c->factor), answer_number_high(high, &c->factor), bytes);
    default:
        return answer_words_format("%s: %s \u00d7 the time%s", what, factor, bytes);
    }
}

/* Returns the plural of what a name begins with, and moves *name behind it; NULL: it begins with no such
 * word. */
static const char *plural_of(const char **name)
{
    static const char *const words[][2] = {
        {"word of ", "words of "}, {"lock of ", "locks of "}, {"mutex of ", "mutexes of "}};
    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
        if (!strncmp(*name, words[i][0], strlen(words[i][0]))) {
            *name += strlen(words[i][0]);
            return words[i][1];
        }
    return NULL;
}

char *answer_words_row(const struct answer_row *r)
{
    const char *name = r->name ? r->name : "?";
    char *shortened, *text, count[32];
    if (r->words < 2 || (*name >= '0' && *name <= '9')) /* "33 words of lock_slow" tells it already */
        return answer_words_name(name);
    const char *plural = plural_of(&name);
    number_count(count, (uint64_t)r->words);
    shortened = answer_words_name(name);
    if (plural)
        text = answer_words_format("%s %s%s", count, plural, shortened ? shortened : "?");
    else
        text = answer_words_format("%s \u00d7 %s", count, shortened ? shortened : "?");
    free(shortened);
    return text;
}
