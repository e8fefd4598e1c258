/* See lock_table.h.  Waits and wakes are told apart by outcome: most of a contended malloc lock's cost is
 * calls that neither sleep nor wake anybody, and a sum would hide that. */
#include "cli/record/lock_table.h"

#include "analysis/readable.h"
#include "cli/terminal/table.h"

#include <stdlib.h>
#include <string.h>

enum { SHOWN = 12 };

/* Returns the sum over the lock's rows of one operation and outcome. */
static uint64_t calls_of(const struct lock *l, const char *op, const char *outcome)
{
    uint64_t sum = 0;
    for (size_t i = 0; i < l->outcome_count; i++)
        if (!strcmp(l->outcomes[i].op, op) && !strcmp(l->outcomes[i].outcome, outcome))
            sum += l->outcomes[i].calls;
    return sum;
}

static uint64_t time_of_waits(const struct lock *l)
{
    uint64_t sum = 0;
    for (size_t i = 0; i < l->outcome_count; i++)
        if (!strncmp(l->outcomes[i].op, "wait", 4) || !strcmp(l->outcomes[i].op, "lock_pi"))
            sum += l->outcomes[i].total_ns;
    return sum;
}

static void lock_row(struct table *t, const struct lock *l)
{
    char slept[32], eagain[32], empty[32], waking[32], other[32], time[32];
    uint64_t s = calls_of(l, "wait", "slept"), e = calls_of(l, "wait", "eagain");
    uint64_t n = calls_of(l, "wake", "woke_none"), w = calls_of(l, "wake", "woke_some");
    const char *cells[] = {
        l->whose == WHOSE_MALLOC    ? l->allocator
        : l->whose == WHOSE_UNKNOWN ? "?"
                                    : "",
        l->name,
        number_count(slept, s),
        number_count(eagain, e),
        number_count(empty, n),
        number_count(waking, w),
        number_count(other, lock_calls(l) - s - e - n - w),
        number_ns(time, time_of_waits(l)),
    };
    table_add(t, cells);
}

static void losses_print(const struct measurement *m, FILE *out)
{
    char count[32];
    uint64_t lost = measurement_lost(m);
    if (!lost) {
        fputs("lost: nothing\n", out);
        return;
    }
    for (size_t i = 0; i < m->loss_count; i++)
        if (m->losses[i].count)
            fprintf(out, "LOST: %s %s\n", number_count(count, m->losses[i].count), m->losses[i].reason);
}

static uint64_t waits_of(const struct lock *l)
{
    uint64_t waits = 0;
    for (size_t k = 0; k < l->outcome_count; k++)
        waits += !strcmp(l->outcomes[k].op, "wait") ? l->outcomes[k].calls : 0;
    return waits;
}

/* Prints how many waits were for malloc's locks, and the hottest of these.  The locks come with the most
 * calls first. */
static void malloc_line_print(const struct measurement *m, FILE *out)
{
    uint64_t waits = 0, unknown = 0;
    char count[32];
    const struct lock *hottest = NULL;
    for (size_t i = 0; i < m->lock_count; i++) {
        const struct lock *l = &m->locks[i];
        unknown += l->whose == WHOSE_UNKNOWN ? waits_of(l) : 0;
        if (l->whose != WHOSE_MALLOC)
            continue;
        hottest = hottest ? hottest : l;
        waits += waits_of(l);
    }
    char *name = hottest ? readable_text(hottest->name) : NULL;
    if (waits)
        fprintf(out, "%s malloc lock waits; hottest: %s of %s (%s)\n", number_count(count, waits),
                name ? name : hottest->name, hottest->allocator, hottest->evidence);
    else if (unknown)
        fprintf(out,
                "no wait is known to be for malloc's lock; whose lock %s of the waits are for is not known\n",
                number_count(count, unknown));
    else
        fputs("no malloc lock waits\n", out);
    free(name);
}

void lock_table_print(const struct measurement *m, FILE *out)
{
    static const struct table_column columns[] = {
        {"malloc of", false, false}, {"futex word", false, true},  {"slept", true, false},
        {"EAGAIN", true, false},     {"empty wakes", true, false}, {"waking", true, false},
        {"other", true, false},      {"wait time", true, false},
    };
    char count[32];
    losses_print(m, out);
    malloc_line_print(m, out);
    if (!m->lock_count)
        return;
    struct table *t = table_new(columns, sizeof(columns) / sizeof(columns[0]));
    for (size_t i = 0; i < m->lock_count && i < SHOWN; i++)
        lock_row(t, &m->locks[i]);
    table_print(t, out, 0);
    table_free(t);
    if (m->lock_count > SHOWN)
        fprintf(out, "and %s more words, in the recording\n", number_count(count, m->lock_count - SHOWN));
}
