/* The facts of the answer's run: how long it took, on how many cores, and what its core time went to. */
#include "analysis/answer/answer_gain.h"
#include "analysis/answer/answer_maker_private.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

struct estimate answer_facts_estimate(double samples, double n, double whole)
{
    static const double z = 1.959964;
    if (!(n > 0))
        return (struct estimate){NAN, NAN, NAN};
    const double share = samples / n, z2 = z * z;
    const double middle = (share + z2 / (2 * n)) / (1 + z2 / n);
    const double half = z / (1 + z2 / n) * sqrt(share * (1 - share) / n + z2 / (4 * n * n));
    return (struct estimate){share * whole, samples > 0 ? fmax(middle - half, 0) * whole : 0,
                             samples < n ? fmin(middle + half, 1) * whole : whole};
}

struct estimate answer_facts_state(const struct answer_facts *f, const char *state)
{
    for (size_t i = 0; i < f->part_count; i++)
        if (f->parts[i].state && !strcmp(f->parts[i].state, state))
            return f->parts[i].ns;
    return (struct estimate){0, 0, 0};
}

static void run_read(struct answer_maker *m)
{
    struct answer *a = m->answer;
    struct answer_facts *f = &m->facts;
    sqlite3_stmt *row = answer_maker_query(
        m, "SELECT command, collector, probes, libc, linkage, allocator, wall_ns, cores, "
           "foreign_cpu_ns, "
           "cpu_ns, "
           "has_ledger, has_samples, threads_seen, usable_cores, variant IS NULL AND wall_ns IS NOT NULL AND "
           "(SELECT exit_status IS NULL AND term_signal IS NULL FROM run WHERE id = run_id), "
           "coalesce(heapwait_cpu_ns, 0) FROM answer_run");
    if (!answer_maker_next(m, row))
        return;
    f->any = true;
    a->command = answer_maker_text(m, row, 0);
    a->collector = answer_maker_text(m, row, 1);
    const char *probes = (const char *)sqlite3_column_text(row, 2);
    f->counted = probes && strcmp(probes, "none");
    f->libc = answer_maker_text(m, row, 3);
    f->linkage = answer_maker_text(m, row, 4);
    f->allocator = answer_maker_text(m, row, 5);
    a->wall_ns = f->wall_ns = answer_maker_number(row, 6);
    f->cores = answer_maker_number(row, 7);
    f->foreign_ns = answer_maker_number(row, 8);
    f->cpu_ns = answer_maker_number(row, 9);
    if (!(f->cpu_ns > 0))
        f->cpu_ns = NAN; /* a clock that counts ticks saw none */
    f->ledger = sqlite3_column_int(row, 10);
    f->sampled = sqlite3_column_int(row, 11);
    a->threads = sqlite3_column_int(row, 12) ? sqlite3_column_double(row, 12) : NAN;
    a->cores = answer_maker_number(row, 13);
    a->attached = sqlite3_column_int(row, 14);
    f->heapwait_ns = answer_maker_number(row, 15);
    a->mode = answer_maker_format(m, "%s", f->ledger ? "ledger" : f->sampled ? "profile" : "waits");
    sqlite3_finalize(row);
}

/* With a ledger the core time is what its states sum to, heapwait's probes taken out. */
static void parts_read(struct answer_maker *m)
{
    struct answer_facts *f = &m->facts;
    double sum = 0;
    sqlite3_stmt *row = answer_maker_query(m, "SELECT state, ns, low_ns, high_ns, samples FROM answer_part");
    while (answer_maker_next(m, row)) {
        struct answer_facts_part *parts = answer_maker_grow(m, f->parts, &f->part_count, sizeof(*f->parts));
        if (!parts)
            continue;
        f->parts = parts;
        struct answer_facts_part *p = &parts[f->part_count - 1];
        p->state = answer_maker_text(m, row, 0);
        const double ns = answer_maker_number(row, 1), low = answer_maker_number(row, 2),
                     high = answer_maker_number(row, 3), samples = answer_maker_number(row, 4);
        p->ns = f->ledger ? (struct estimate){ns, isnan(low) ? ns : low, isnan(high) ? ns : high}
                          : (struct estimate){samples, samples, samples};
        f->samples += isnan(samples) ? 0 : samples;
        sum += isnan(ns) ? 0 : ns;
    }
    if (f->ledger)
        f->cpu_ns = sum;
    for (size_t i = 0; i < f->part_count && !f->ledger; i++)
        f->parts[i].ns = answer_facts_estimate(f->parts[i].ns.value, f->samples, f->cpu_ns);
}

static void threads_read(struct answer_maker *m)
{
    enum { WHOLE, ONCPU, RUNNABLE, BLOCKED, FUTEX, MMAP_LOCK, PROBES, LONGEST, COUNT };
    struct answer *a = m->answer;
    double n[COUNT];
    answer_maker_numbers(
        m,
        "SELECT sum(t.ns), sum(t.ns) FILTER (WHERE n.kind IN ('user', 'kernel')), "
        "sum(t.ns) FILTER (WHERE n.state IN ('woken', 'preempted')), "
        "sum(t.ns) FILTER (WHERE n.state = 'blocked'), "
        "sum(t.ns) FILTER (WHERE n.state GLOB 'futex_*' AND NOT n.on_cpu), "
        "sum(t.ns) FILTER (WHERE n.state = 'mmap_lock_blocked'), sum(t.ns) FILTER (WHERE n.kind = 'probes'), "
        "(SELECT max(ns) FROM (SELECT sum(s.ns) AS ns FROM thread_state AS s JOIN ledger_state AS e "
        "ON e.state = s.state AND e.on_cpu WHERE s.run_id = a.run_id GROUP BY s.thread)) "
        "FROM answer_run AS a JOIN ledger_time AS t ON t.run_id = a.run_id JOIN ledger_state AS n "
        "ON n.state = t.state WHERE a.has_ledger",
        n, COUNT);
    a->threads_ns = n[WHOLE];
    a->oncpu_share = n[ONCPU] / n[WHOLE];
    a->runnable_share = isnan(n[RUNNABLE]) ? 0 / n[WHOLE] : n[RUNNABLE] / n[WHOLE];
    a->blocked_share = isnan(n[BLOCKED]) ? 0 / n[WHOLE] : n[BLOCKED] / n[WHOLE];
    a->futex_share = isnan(n[FUTEX]) ? 0 / n[WHOLE] : n[FUTEX] / n[WHOLE];
    a->mmap_lock_share = n[MMAP_LOCK] / n[WHOLE];
    a->probes_ns = n[PROBES];
    /* The busiest thread's probes are a part of this; no more than all of them can be. */
    m->facts.longest_ns = isnan(n[PROBES]) ? n[LONGEST] : fmax(n[LONGEST] - n[PROBES], 0);
}

void answer_maker_facts(struct answer_maker *m)
{
    double n[2];
    run_read(m);
    parts_read(m);
    threads_read(m);
    answer_maker_numbers(m,
                         "SELECT coalesce((SELECT entry_ns FROM calibration LIMIT 1), "
                         "(SELECT CAST(value AS REAL) FROM host WHERE key = 'null_syscall_ns')), "
                         "(SELECT sum(calls) FROM answer_word)",
                         n, 2);
    m->facts.entry_ns = isnan(n[0]) ? 0 : n[0];
    m->facts.futex_calls = isnan(n[1]) ? 0 : n[1];
    m->answer->cpu_ns = m->facts.cpu_ns;
    m->answer->samples = m->facts.samples;
}

void answer_facts_free(struct answer_facts *f)
{
    for (size_t i = 0; i < f->part_count; i++)
        free(f->parts[i].state);
    free(f->parts);
    free(f->libc);
    free(f->linkage);
    free(f->allocator);
}

void answer_maker_weigh(const struct answer_maker *m, struct answer_cause *c)
{
    const struct answer_facts *f = &m->facts;
    const struct answer *a = m->answer;
    const struct gain_facts facts = {
        .wall_ns = f->wall_ns,
        .cores = f->cores,
        .usable_cores = a->cores,
        .foreign_ns = f->foreign_ns + f->heapwait_ns,
        .cpu_ns = f->cpu_ns,
        .longest_ns = f->longest_ns,
        .stretch = (a->oncpu_share + a->runnable_share) / a->oncpu_share,
        .wanted_ns = isnan(a->threads_ns)
                         ? f->cpu_ns + c->runnable_ns
                         : (a->oncpu_share + a->runnable_share) * a->threads_ns + c->runnable_ns,
        .cause_cpu_ns = c->cpu_ns,
        .cause_blocked_ns = c->blocked_ns,
        .cause_thread_ns = c->thread_ns,
    };
    c->gain = answer_gain(&facts);
    c->gain_misses_spinning = !f->sampled;
    c->cpu_share = (struct estimate){fmin(c->cpu_ns.value / f->cpu_ns, 1), fmin(c->cpu_ns.low / f->cpu_ns, 1),
                                     fmin(c->cpu_ns.high / f->cpu_ns, 1)};
    if (!(f->cpu_ns > 0))
        c->cpu_share = (struct estimate){NAN, NAN, NAN};
    c->thread_share = c->thread_ns / m->answer->threads_ns;
}
