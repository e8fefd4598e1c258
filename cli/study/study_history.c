/* See study_history.h. */
#include "cli/study/study_history.h"

#include <stdlib.h>

struct mean {
    uint64_t sum_ns, count;
};

struct kind {
    unsigned variant, failures; /* in a row */
    size_t expected;
    struct mean time;
};

struct variant_past {
    struct mean time, warm_up;
    unsigned failures;
    bool succeeded;
};

struct history {
    size_t kind_count;
    struct kind *kinds;
    struct variant_past *variants;
    struct mean time;
};

struct history *history_new(size_t variants, size_t kinds)
{
    struct history *h = calloc(1, sizeof(*h));
    if (!h)
        return NULL;
    h->kind_count = kinds;
    h->kinds = calloc(kinds + 1, sizeof(*h->kinds));
    h->variants = calloc(variants + 1, sizeof(*h->variants));
    if (h->kinds && h->variants)
        return h;
    history_free(h);
    return NULL;
}

void history_free(struct history *h)
{
    if (!h)
        return;
    free(h->kinds);
    free(h->variants);
    free(h);
}

void history_expect(struct history *h, const struct plan_cell *cell)
{
    h->kinds[cell->kind].variant = cell->variant;
    h->kinds[cell->kind].expected++;
}

void history_skip(struct history *h, const struct plan_cell *cell)
{
    h->kinds[cell->kind].expected--;
}

static void mean_add(struct mean *m, uint64_t ns)
{
    m->sum_ns += ns;
    m->count++;
}

static void variant_note(struct variant_past *v, bool failed)
{
    if (failed)
        v->failures++;
    else
        v->succeeded = true;
}

void history_note(struct history *h, const struct plan_cell *cell, uint64_t ns, bool failed)
{
    struct kind *k = &h->kinds[cell->kind];
    k->expected--;
    k->failures = failed ? k->failures + 1 : 0;
    mean_add(&k->time, ns);
    mean_add(&h->variants[cell->variant].time, ns);
    mean_add(&h->time, ns);
    variant_note(&h->variants[cell->variant], failed);
}

void history_warm_up(struct history *h, unsigned variant, uint64_t ns, bool failed)
{
    mean_add(&h->variants[variant].warm_up, ns);
    variant_note(&h->variants[variant], failed);
}

unsigned history_given_up(const struct history *h, const struct plan_cell *cell)
{
    const struct variant_past *v = &h->variants[cell->variant];
    if (!v->succeeded && v->failures >= GIVE_UP_VARIANT)
        return v->failures;
    unsigned failures = h->kinds[cell->kind].failures;
    return failures >= GIVE_UP_KIND ? failures : 0;
}

/* Returns the best guess there is for one run of a kind: its own past, its variant's, the warm-up's,
 * everybody's. */
static const struct mean *kind_guess(const struct history *h, const struct kind *k)
{
    const struct variant_past *v = &h->variants[k->variant];
    if (k->time.count)
        return &k->time;
    if (v->time.count)
        return &v->time;
    return v->warm_up.count ? &v->warm_up : &h->time;
}

uint64_t history_left_ns(const struct history *h)
{
    double left = 0;
    for (size_t i = 0; i < h->kind_count; i++) {
        const struct kind *k = &h->kinds[i];
        if (!k->expected)
            continue;
        const struct mean *guess = kind_guess(h, k);
        if (!guess->count)
            return UINT64_MAX;
        left += (double)guess->sum_ns / (double)guess->count * (double)k->expected;
    }
    return left < 1e18 ? (uint64_t)left : UINT64_MAX;
}
