/* See measurement.h. */
#include "probes/measurement/measurement.h"

#include "probes/measurement/call_tree.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

uint64_t lock_calls(const struct lock *l)
{
    uint64_t calls = 0;
    for (size_t i = 0; i < l->outcome_count; i++)
        calls += l->outcomes[i].calls;
    return calls;
}

/* ---- samples ---- */

static int text_compare(const char *a, const char *b)
{
    return !a || !b ? (a != NULL) - (b != NULL) : strcmp(a, b);
}

static int same_compare(const void *a, const void *b)
{
    const struct sample_count *x = a, *y = b;
    int order = strcmp(x->class, y->class);
    order = order ? order : text_compare(x->symbol, y->symbol);
    return order ? order : text_compare(x->module, y->module);
}

static int most_compare(const void *a, const void *b)
{
    const struct sample_count *x = a, *y = b;
    if (x->samples != y->samples)
        return x->samples > y->samples ? -1 : 1;
    return same_compare(a, b);
}

/* There is room for a power of two of rows: when their number is one, there is none left. */
int ledger_sample_add(struct ledger *l, const char *class, const char *symbol, const char *module,
                      uint64_t samples, bool spinning)
{
    if (!(l->sample_count & (l->sample_count - 1))) {
        const size_t room = l->sample_count ? 2 * l->sample_count : 1;
        struct sample_count *grown = reallocarray(l->samples, room, sizeof(*grown));
        if (!grown)
            return -ENOMEM;
        l->samples = grown;
    }
    struct sample_count *s = &l->samples[l->sample_count++];
    *s = (struct sample_count){.class = class, .samples = samples, .spinning = spinning ? samples : 0};
    s->symbol = symbol ? strdup(symbol) : NULL;
    s->module = module ? strdup(module) : NULL;
    return (symbol && !s->symbol) || (module && !s->module) ? -ENOMEM : 0;
}

void ledger_samples_merge(struct ledger *l)
{
    size_t kept = 0;
    if (l->sample_count)
        qsort(l->samples, l->sample_count, sizeof(*l->samples), same_compare);
    for (size_t i = 0; i < l->sample_count; i++) {
        struct sample_count *s = &l->samples[i];
        if (kept && !same_compare(&l->samples[kept - 1], s)) {
            l->samples[kept - 1].samples += s->samples;
            l->samples[kept - 1].spinning += s->spinning;
            free(s->symbol);
            free(s->module);
        } else {
            l->samples[kept++] = *s;
        }
    }
    l->sample_count = kept;
    if (kept)
        qsort(l->samples, kept, sizeof(*l->samples), most_compare);
}

/* ---- losses ---- */

struct loss loss_make(unsigned reason, uint64_t count)
{
    return (struct loss){term_loss(reason), count, term_loss_unit(reason)};
}

int measurement_losses_add(struct measurement *m, const struct loss *losses, size_t count)
{
    struct loss *grown = reallocarray(m->losses, m->loss_count + count, sizeof(*grown));
    if (!grown)
        return -ENOMEM;
    memcpy(grown + m->loss_count, losses, count * sizeof(*losses));
    m->losses = grown;
    m->loss_count += count;
    return 0;
}

uint64_t measurement_lost(const struct measurement *m)
{
    uint64_t sum = 0;
    for (size_t i = 0; i < m->loss_count; i++)
        sum += m->losses[i].count;
    return sum;
}

/* ---- the end ---- */

static void lock_free(struct lock *l)
{
    free(l->name);
    free(l->module);
    free(l->allocator);
    free(l->evidence);
    free(l->program);
    free(l->outcomes);
    free(l->buckets);
    free(l->handoffs);
    free(l->waiters);
}

void ledger_free(struct ledger *l)
{
    if (!l)
        return;
    for (size_t i = 0; i < l->sample_count; i++) {
        free(l->samples[i].symbol);
        free(l->samples[i].module);
    }
    free(l->threads);
    free(l->samples);
    free(l->timeline);
    free(l);
}

void measurement_free(struct measurement *m)
{
    if (!m)
        return;
    for (size_t i = 0; i < m->lock_count; i++)
        lock_free(&m->locks[i]);
    free(m->locks);
    free(m->allocator_evidence);
    ledger_free(m->ledger);
    call_tree_free(m->paths);
    free(m->memory);
    free(m->losses);
    free(m->probe_stats);
    free(m->note);
    free(m->perf_failure);
    free(m);
}
