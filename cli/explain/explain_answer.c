/* See explain_answer.h.  Lines are ranked: what the answer rests on stays, what is told elsewhere goes first.
 */
#include "cli/explain/explain_answer.h"

#include "analysis/answer/answer_number.h"
#include "analysis/answer/answer_words.h"
#include "analysis/base/text.h"
#include "cli/terminal/screen.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define DEFAULT_FILE "heapwait.db"
#define LABEL_NONE   "           "

#define SHOWN_LEAST 0.005 /* what rounds to 0 % is left out */

enum {
    LINES_MOST = 24,
    PARTS_MOST = 4,
    CAUSES_MOST = 3,
    CURES_MOST = 3,
    RANK_GAIN = 1,
    RANK_WHY = 2,
    RANK_SURE = 2,
    RANK_ACCOUNT = 3,
    RANK_WHO = 4,
    RANK_MALLOC = 4,
    RANK_NEXT = 5,
    RANK_BLANK = 6,
    RANK_MORE = 7, /* further causes and cures */
};

static void line_add(struct screen *p, unsigned rank, const char *label, char *text, size_t most)
{
    char before[64];
    const unsigned used = table_cells_width(label) + 2, whole = sizeof(LABEL_NONE) - 1;
    snprintf(before, sizeof(before), "  %s%*s", label, used < whole ? (int)(whole - used) : 0, "");
    screen_add(p, rank, before, text, most);
    free(text);
}

/* Returns "28 Nov 23:19" of "2026-11-28T23:19:05Z", in `buffer`; the text itself if it is no such time. */
static const char *time_short(char *buffer, size_t size, const char *recorded)
{
    static const char *const months[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                         "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    unsigned year, month, day, hour, minute;
    if (sscanf(recorded, "%4u-%2u-%2uT%2u:%2u", &year, &month, &day, &hour, &minute) == 5 && month >= 1 &&
        month <= 12)
        snprintf(buffer, size, "%u %s %u %02u:%02u UTC", day, months[month - 1], year, hour, minute);
    else
        snprintf(buffer, size, "%s", recorded);
    return text_clean(buffer);
}

/* Adds the first line: what was run, and at the right edge when. */
static void header_add(struct screen *p, const struct answer *a, const char *recorded, unsigned width)
{
    char when[64] = "", at[48], *run = answer_words_run(a), *line = NULL, *left = NULL;
    if (recorded)
        snprintf(when, sizeof(when), "recorded %s", time_short(at, sizeof(at), recorded));
    const unsigned right = table_cells_width(when) + 2, size = run ? table_cells_width(run) + 2 : 0;
    char *command = strdup(a->command ? a->command : "?");
    const unsigned room = right + size + 16 < width ? width - right - size : 16;
    char *shortened = command ? screen_shorten(text_clean(command), room) : NULL;
    if (shortened && asprintf(&left, "%s%s%s", shortened, run ? ": " : "", run ? run : "") >= 0) {
        const unsigned used = table_cells_width(left);
        const int gap = used + right < width ? (int)(width - used - right + 2) : 2;
        if (asprintf(&line, "%s%*s%s", left, *when ? gap : 0, "", when) >= 0)
            screen_add(p, 0, "", line, 2);
    }
    free(line);
    free(left);
    free(shortened);
    free(command);
    free(run);
}

static void losses_add(struct screen *p, const struct answer *a)
{
    char *text = NULL;
    size_t size = 0;
    FILE *out = a->loss_count ? open_memstream(&text, &size) : NULL;
    if (!out)
        return;
    for (size_t i = 0; i < a->loss_count; i++)
        fprintf(out, "%s%s", i ? "; " : "", a->losses[i] ? a->losses[i] : "?");
    fputc('.', out);
    if (!fclose(out))
        screen_add(p, 0, "Lost: ", text_clean(text), 2);
    free(text);
}

/* Writes a bar of `share` of `cells` in '#'; what is not zero shows. */
static void bar_write(char *bar, double share, unsigned cells)
{
    unsigned n = (unsigned)lround(fmin(fmax(share, 0), 1) * cells);
    n = n || !(share > 0) ? n : 1;
    memset(bar, '#', n);
    memset(bar + n, ' ', cells - n);
    bar[cells] = '\0';
}

static int part_compare(const void *a, const void *b)
{
    const struct answer_part *x = a, *y = b;
    return x->share < y->share ? 1 : x->share > y->share ? -1 : 0;
}

/* Adds the parts of the program's own core time, largest first, with bars. */
static void parts_add(struct screen *p, const struct answer *a, unsigned width)
{
    enum { CELLS_MOST = 48 };
    struct answer_part parts[ANSWER_PARTS];
    char bar[CELLS_MOST + 1], share[64], line[512], time[64];
    const unsigned cells = width >= 110 ? CELLS_MOST : 17;
    size_t count = 0, shown = 0;
    for (size_t i = 0; i < a->part_count && i < ANSWER_PARTS; i++)
        if (isfinite(a->parts[i].share) && a->parts[i].label)
            parts[count++] = a->parts[i];
    qsort(parts, count, sizeof(parts[0]), part_compare);
    for (; shown < count && shown < PARTS_MOST && (parts[shown].share >= SHOWN_LEAST || shown < 2); shown++) {
        bar_write(bar, parts[shown].share, cells);
        const char *before = shown == 0 ? "CPU time" : shown == 1 ? answer_number_ns(time, a->cpu_ns) : "";
        const bool any = parts[shown].share > 0; /* the second line has the time, too */
        snprintf(line, sizeof(line), "%s  %7s  %s", bar,
                 any ? answer_number_percent(share, parts[shown].share) : "", any ? parts[shown].label : "");
        line_add(p, RANK_ACCOUNT + (shown > 1 ? (unsigned)shown + 2 : 0), before ? before : "", strdup(line),
                 1);
    }
}

/* Adds what the threads' time went to, of which the ledger alone tells. */
static void threads_add(struct screen *p, const struct answer *a)
{
    char on[64], waiting[64], blocked[64], lock[64], line[400];
    if (!isfinite(a->threads_ns) || !isfinite(a->oncpu_share))
        return;
    const double runnable = isfinite(a->runnable_share) ? a->runnable_share : 0;
    const double asleep = isfinite(a->blocked_share) ? a->blocked_share : 0;
    const double at_lock = isfinite(a->futex_share) ? a->futex_share : 0;
    snprintf(line, sizeof(line), "%s on a core, %s waiting for one, %s asleep, %s at futex words",
             answer_number_percent(on, a->oncpu_share), answer_number_percent(waiting, runnable),
             answer_number_percent(blocked, asleep), answer_number_percent(lock, at_lock));
    if (a->mmap_lock_share >= SHOWN_LEAST) {
        const size_t used = strlen(line);
        snprintf(line + used, sizeof(line) - used, ", %s asleep for mmap_lock",
                 answer_number_percent(lock, a->mmap_lock_share));
    }
    line_add(p, RANK_ACCOUNT, "threads", strdup(line), 2);
}

static char *joined(char *first, const char *between, char *second)
{
    char *text = NULL;
    if (!second)
        return first;
    if (!first || asprintf(&text, "%s%s%s", first, between, second) < 0)
        text = NULL;
    free(first);
    free(second);
    return text;
}

static void causes_add(struct screen *p, const struct answer *a)
{
    for (size_t i = 0; i < a->cause_count && i < CAUSES_MOST; i++) {
        const struct answer_cause *c = &a->causes[i];
        const bool named = c->kind != ANSWER_ALLOCATOR_MEMORY || c->lock;
        char *text = joined(answer_words_cause(a, c), ": ", named ? answer_words_calls(c) : NULL);
        text = joined(text, named ? ", " : ": ", answer_words_cost(a, c));
        const bool first = i < a->subject_count || !i;
        line_add(p, first ? RANK_GAIN : RANK_MORE + (unsigned)i,
                 i       ? ""
                 : named ? "locks"
                         : "memory",
                 text, 2);
        if (i + 1 < a->subject_count || !first)
            continue;
        char *gain = a->subject_count ? answer_words_gains(a) : answer_words_gain(c);
        screen_add(p, RANK_GAIN, LABEL_NONE, gain, a->subject_count > 1 ? 4 : 2);
        free(gain);
    }
}

/* Adds the cures, and below the first one the line to change or to run. */
static void cures_add(struct screen *p, const struct answer *a)
{
    const struct answer_cure *cure;
    for (size_t i = 0; (cure = answer_cure_at(a, i)) && i < CURES_MOST; i++) {
        const unsigned rank = i ? RANK_MORE + (unsigned)i : RANK_WHY;
        line_add(p, rank, i ? "" : "helps", answer_words_cure(cure), 2);
        char *line = cure->line && !i ? strdup(cure->line) : NULL, *state = NULL;
        for (char *part = line ? strtok_r(line, "\n", &state) : NULL; part;
             part = strtok_r(NULL, "\n", &state))
            screen_add(p, rank + 1, LABEL_NONE "  ", text_clean(part), 2);
        free(line);
    }
}

/* Adds a line about one of the subjects, which it names where there are several.  Takes `text`. */
static void subject_add(struct screen *p, const struct answer *a, const struct answer_cause *c, unsigned rank,
                        const char *label, char *text)
{
    if (text && a->subject_count > 1)
        text = joined(answer_words_cause_name(c), ": ", text);
    line_add(p, rank, label, text, a->subject_count > 1 ? 3 : 5);
}

static void subjects_add(struct screen *p, const struct answer *a)
{
    for (size_t i = 0; i < a->subject_count && i < CAUSES_MOST; i++) {
        const struct answer_cause *c = &a->causes[i];
        const unsigned held = a->subject_count > 1 ? RANK_MORE : RANK_WHO; /* several leave no place for it */
        subject_add(p, a, c, RANK_WHY, "why", c->mechanism_text ? strdup(c->mechanism_text) : NULL);
        subject_add(p, a, c, i ? RANK_MORE : RANK_WHO, "who",
                    answer_words_callers(c->callers, c->caller_count, 3));
        subject_add(p, a, c, held, "held", answer_words_callers(c->holders, c->holder_count, 3));
    }
    cures_add(p, a);
}

static void not_seen_add(struct screen *p, const struct answer *a)
{
    for (size_t i = 0; i < a->not_seen_count; i++)
        line_add(p, RANK_BLANK + (unsigned)i, i ? "" : "not seen",
                 a->not_seen[i] ? text_clean(strdup(a->not_seen[i])) : NULL, 2);
}

/* Adds the two sides of a study in numbers. */
static void study_add(struct screen *p, const struct answer *a)
{
    const struct answer_study *s = a->study;
    char variant[64], baseline[64], factor[64], low[64], high[64], alone[64], line[512];
    if (!s || !answer_number_factor(factor, &s->factor))
        return;
    const char *one = answer_number_factor(alone, &s->alone);
    int n =
        snprintf(line, sizeof(line), "%.60s %s, %.60s %s: %s \u00d7", s->variant ? s->variant : "?",
                 answer_number_ns(variant, s->variant_ns) ? variant : "?", s->baseline ? s->baseline : "?",
                 answer_number_ns(baseline, s->baseline_ns) ? baseline : "?", factor);
    if (answer_number_low(low, &s->factor) && answer_number_high(high, &s->factor))
        n += snprintf(line + n, sizeof(line) - (size_t)n, " (%s\u2013%s)", low, high);
    if (s->threads > 0)
        n += snprintf(line + n, sizeof(line) - (size_t)n, " at %lld thread%s", s->threads,
                      s->threads == 1 ? "" : "s");
    if (one)
        snprintf(line + n, sizeof(line) - (size_t)n, "; at 1 thread: %s \u00d7", one);
    line_add(p, RANK_GAIN, "times", strdup(text_clean(line)), 2);
}

static void next_add(struct screen *p, const struct answer *a, const char *file)
{
    const bool usual = !strcmp(file, DEFAULT_FILE);
    char *all = NULL, *report = NULL, *settle = answer_words_settle(a);
    const bool settles = settle != NULL;
    const char *space = usual ? "" : " ", *name = usual ? "" : file;
    line_add(p, 0, a->conclusion == ANSWER_CANNOT_TELL ? "settle" : "next", settle, 3);
    if (asprintf(&all, "heapwait explain --all%s%s   every table", space, name) < 0 ||
        asprintf(&report, "heapwait report%s%s   as PDF and HTML", space, name) < 0)
        all = NULL;
    line_add(p, RANK_NEXT, settles ? "" : "next", all ? text_clean(all) : NULL, 2);
    line_add(p, RANK_NEXT, "", report ? text_clean(report) : NULL, 2);
}

void explain_answer_write(const struct answer *a, const char *file, const char *recorded, FILE *out,
                          unsigned width)
{
    struct screen *p = screen_new(width);
    char *headline = answer_words_headline(a), *malloc_line = answer_words_malloc(a);
    header_add(p, a, recorded, width);
    losses_add(p, a);
    screen_add_strong(p, 0, "", headline, 3);
    screen_add(p, RANK_MALLOC, "", malloc_line, 2);
    screen_add_blank(p, RANK_BLANK);
    study_add(p, a);
    parts_add(p, a, width);
    threads_add(p, a);
    screen_add_blank(p, RANK_BLANK);
    causes_add(p, a);
    subjects_add(p, a);
    screen_add_blank(p, RANK_BLANK);
    struct answer above = *a; /* losses stand above already */
    above.loss_count = 0;
    line_add(p, RANK_SURE, "sure?", answer_words_sure(&above), 3);
    not_seen_add(p, a);
    next_add(p, a, file);
    screen_print(p, out, LINES_MOST);
    screen_free(p);
    free(malloc_line);
    free(headline);
}
