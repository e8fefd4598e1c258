/* Causes that are no futex words: malloc's memory calls with the kernel's lock for them, and locks that spin
 * without ever calling the kernel. */
#include "analysis/answer/answer_limits.h"
#include "analysis/answer/answer_maker_private.h"

#include <math.h>
#include <stdlib.h>

static struct answer_cause *cause_new(struct answer_maker *m, enum answer_conclusion kind)
{
    struct answer *a = m->answer;
    struct answer_cause *more = answer_maker_grow(m, a->causes, &a->cause_count, sizeof(*more));
    if (!more)
        return NULL;
    a->causes = more;
    struct answer_cause *c = &more[a->cause_count - 1];
    c->kind = kind;
    c->tgid = -1;
    c->slept = c->eagain = c->empty_wakes = c->waking_wakes = c->in_vain = NAN;
    c->kernel_lock_ns = c->calls_ns = NAN;
    return c;
}

static struct estimate times(struct estimate e, double factor)
{
    return (struct estimate){e.value * factor, e.low * factor, e.high * factor};
}

static void add(struct estimate *sum, struct estimate more)
{
    if (isnan(more.value))
        return;
    sum->value += more.value;
    sum->low += more.low;
    sum->high += more.high;
}

/* Memory calls and what they wait for.  Page faults belong to it as far as they are for memory that malloc
 * gave back before: a page's first touch has to be paid with any allocator.  Sleep in the calls and sleep for
 * mmap_lock are mostly the same, so that the longer of both is what is known of them together. */
void answer_maker_memory(struct answer_maker *m)
{
    enum { CALLS, BLOCKED, LOCK, OWNED, SAMPLED, REPEATED, COUNT };
    double n[COUNT];
    answer_maker_numbers(m, "SELECT calls, blocked_ns, lock_ns, owned, sampled, repeated FROM answer_memory",
                         n, COUNT);
    m->facts.lock_ns = n[LOCK];
    const bool owned = n[SAMPLED] > 0 && n[OWNED] > LIMIT_MOST * n[SAMPLED];
    m->facts.memory_samples = owned ? n[SAMPLED] : NAN;
    struct estimate cpu = {0, 0, 0};
    add(&cpu, answer_facts_state(&m->facts, "memory"));
    add(&cpu, answer_facts_state(&m->facts, "mmap_lock"));
    if (owned && n[REPEATED] > LIMIT_MOST) {
        add(&cpu, times(answer_facts_state(&m->facts, "page_fault"), n[REPEATED]));
        add(&cpu, times(answer_facts_state(&m->facts, "fault_entry"), n[REPEATED]));
    }
    const double blocked = fmax(0, fmax(n[BLOCKED], n[LOCK]));
    if (!(cpu.value > 0) && !(blocked > 0))
        return;
    struct answer_cause *c = cause_new(m, ANSWER_ALLOCATOR_MEMORY);
    if (!c)
        return;
    c->calls = n[CALLS];
    c->cpu_ns = cpu;
    c->blocked_ns = blocked;
    c->thread_ns = cpu.value + blocked;
    c->allocator = m->facts.allocator ? answer_maker_format(m, "%s", m->facts.allocator) : NULL;
    c->owner_known = owned && n[SAMPLED] >= LIMIT_OWNED;
    answer_maker_weigh(m, c);
}

/* Returns the core time of code that waits in a loop for another thread: a part of the samples of class
 * `lock`, the others of which take and release locks. */
static struct estimate spinning_time(struct answer_maker *m)
{
    double n[2];
    const struct estimate lock = answer_facts_state(&m->facts, "lock");
    answer_maker_numbers(m,
                         "SELECT sum(s.spinning), sum(s.samples) FROM answer_run AS a JOIN sample AS s "
                         "ON s.run_id = a.run_id WHERE s.class = 'lock'",
                         n, 2);
    if (!(n[1] > 0))
        return (struct estimate){0, 0, 0};
    const struct estimate part = answer_facts_estimate(n[0], n[1], 1);
    return (struct estimate){lock.value * part.value, lock.low * part.low, lock.high * part.high};
}

/* What loops that wait take beyond some spinning for each call of the kernel. */
void answer_maker_spinning(struct answer_maker *m)
{
    double calls = 0;
    for (size_t i = 0; i < m->answer->row_count; i++)
        calls += m->answer->rows[i].calls;
    struct estimate cpu = {0, 0, 0};
    const struct estimate spins = spinning_time(m);
    const double with_calls = calls * LIMIT_SPIN_NS;
    if (spins.value > with_calls && spins.low - with_calls > LIMIT_SPINNING * m->facts.cpu_ns)
        add(&cpu, (struct estimate){spins.value - with_calls, spins.low - with_calls, spins.high});
    if (!m->facts.sampled || !(cpu.value > 0))
        return;
    struct answer_cause *c = cause_new(m, ANSWER_SPINNING);
    if (!c)
        return;
    sqlite3_stmt *row = answer_maker_query(
        m, "SELECT s.symbol, s.module FROM answer_run AS a JOIN sample AS s ON s.run_id = a.run_id "
           "WHERE s.spinning > 0 ORDER BY s.spinning DESC, s.symbol LIMIT 1");
    if (answer_maker_next(m, row)) {
        c->lock = answer_maker_text(m, row, 0);
        c->module = answer_maker_text(m, row, 1);
        sqlite3_finalize(row);
    }
    c->calls = NAN;
    c->owner_known = true;
    c->cpu_ns = cpu;
    c->thread_ns = cpu.value;
    answer_maker_weigh(m, c);
}
