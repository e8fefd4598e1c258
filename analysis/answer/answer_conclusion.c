/* The conclusion: which cause is the subject, what it is instead, or why it can't be told.  A cause is told
 * by what it costs, never by a share of calls. */
#include "analysis/answer/answer_limits.h"
#include "analysis/answer/answer_maker_private.h"
#include "analysis/answer/answer_number.h"
#include "analysis/base/number.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool is_cause(const struct answer_cause *c)
{
    const bool word = c->kind == ANSWER_MALLOC_LOCK || c->kind == ANSWER_OWN_LOCK;
    if (word && !(c->waits > 0))
        return false; /* nobody waited */
    return c->gain.value >= LIMIT_GAIN;
}

/* Whether it is known whose it is, and of a word that threads at it are held up by another one. */
static bool is_known(const struct answer_cause *c)
{
    return c->kind == ANSWER_MALLOC_LOCK ||
           (c->owner_known && (c->kind != ANSWER_OWN_LOCK || c->word == WORD_MUTEX));
}

/* Returns a number that is the same for gains that differ by less than what tells a cause, about. */
static double gain_step(const struct answer_cause *c)
{
    return c->gain.value > 1 ? floor(log(c->gain.value) / log(LIMIT_GAIN)) : 0; /* NAN: 0 */
}

/* Orders what is known first, then causes by what could be gained, then by the threads' time at them. */
static int cause_compare(const void *left, const void *right)
{
    const struct answer_cause *a = left, *b = right;
    if (is_known(a) != is_known(b))
        return is_known(a) ? -1 : 1;
    if (gain_step(a) != gain_step(b))
        return gain_step(a) > gain_step(b) ? -1 : 1;
    return a->thread_ns > b->thread_ns ? -1 : a->thread_ns < b->thread_ns;
}

/* ---- what it is instead ---- */

enum { LOCKS = 3 }; /* the place of the locks' own group */

/* What the core time went to, beside locks. */
static const struct {
    const char *what, *label;
    enum answer_instead instead;
    const char *const states[8];
} groups[] = {
    {"program", "its own code", INSTEAD_OWN_CODE, {"program", "unknown", "user"}},
    {"allocator", "malloc and free themselves", INSTEAD_ALLOCATOR_CODE, {"allocator"}},
    {"copy", "copying and clearing memory", INSTEAD_COPYING, {"copy"}},
    [LOCKS] = {"lock",
               "locks: their functions and kernel calls",
               INSTEAD_NOTHING,
               {"lock", "futex_wait_malloc", "futex_wait_other", "futex_wake_malloc", "futex_wake_other",
                "futex_wait", "futex_wake"}},
    {"page_faults", "page faults", INSTEAD_PAGE_FAULTS, {"page_fault", "fault_entry"}},
    {"memory", "memory system calls", INSTEAD_MEMORY_CALLS, {"memory", "mmap_lock"}},
};
enum { GROUPS = sizeof(groups) / sizeof(groups[0]), STATES = 8 };
_Static_assert(GROUPS + 1 <= ANSWER_PARTS, "the rest is one more");

static bool in_group(size_t group, const char *state)
{
    for (size_t i = 0; i < STATES && groups[group].states[i]; i++)
        if (!strcmp(groups[group].states[i], state))
            return true;
    return false;
}

static struct answer_part *part_of(struct answer *a, const char *state)
{
    for (size_t g = 0; g < GROUPS; g++)
        if (in_group(g, state))
            return &a->parts[g];
    return &a->parts[GROUPS];
}

/* The way into the kernel and back is a state of its own in the ledger, of all system calls: that of the
 * futex calls is the locks'. */
static void entries_divide(struct answer *a, const struct answer_facts *f)
{
    const double entries = answer_facts_state(f, "syscall_entry").value;
    const double ns = fmin(f->futex_calls * f->entry_ns, isnan(entries) ? 0 : entries);
    const struct {
        struct answer_part *part;
        double ns;
    } moved[] = {{&a->parts[LOCKS], ns}, {&a->parts[GROUPS], -ns}};
    for (size_t i = 0; i < 2; i++) {
        struct answer_part *p = moved[i].part;
        p->ns.value += moved[i].ns;
        p->ns.low += moved[i].ns;
        p->ns.high += moved[i].ns;
        p->share = p->ns.value / f->cpu_ns;
    }
}

static void parts_sum(struct answer_maker *m)
{
    struct answer *a = m->answer;
    const struct answer_facts *f = &m->facts;
    if (!f->part_count || !(f->cpu_ns > 0))
        return;
    a->part_count = GROUPS + 1;
    for (size_t g = 0; g < GROUPS; g++)
        a->parts[g] = (struct answer_part){.label = groups[g].label, .what = groups[g].what};
    a->parts[GROUPS] = (struct answer_part){.label = "other work of the kernel's", .what = "kernel"};
    for (size_t i = 0; i < f->part_count; i++) {
        const struct answer_facts_part *p = &f->parts[i];
        struct answer_part *sum = p->state && !isnan(p->ns.value) ? part_of(a, p->state) : NULL;
        if (!sum)
            continue;
        sum->ns.value += p->ns.value;
        sum->ns.low += p->ns.low;
        sum->ns.high += p->ns.high;
        sum->share = sum->ns.value / f->cpu_ns;
    }
    if (f->ledger)
        entries_divide(a, f);
}

/* Returns the largest part of the core time that is no lock; NULL: what it went to isn't known. */
static const struct answer_part *largest_part(const struct answer *a, enum answer_instead *instead)
{
    const struct answer_part *most = NULL;
    for (size_t g = 0; g < a->part_count; g++) {
        const enum answer_instead kind = g < GROUPS ? groups[g].instead : INSTEAD_KERNEL;
        if (kind == INSTEAD_NOTHING || (most && a->parts[g].ns.value <= most->ns.value))
            continue;
        most = &a->parts[g];
        *instead = kind;
    }
    return most && most->ns.value > 0 ? most : NULL;
}

/* Whether the program's threads wanted less than half of a CPU, or slept longer, at no lock, than they wanted
 * one.  Without a ledger only what they got is known, and what others left. */
static bool sleeps_mostly(const struct answer_maker *m)
{
    const struct answer *a = m->answer;
    const struct answer_facts *f = &m->facts;
    if (!isnan(a->threads_ns))
        return (a->oncpu_share + a->runnable_share) * a->threads_ns < LIMIT_BUSY * f->wall_ns ||
               a->blocked_share > a->oncpu_share + a->runnable_share;
    const double left =
        isnan(f->foreign_ns) ? f->cores : f->cores - (f->foreign_ns + f->heapwait_ns) / f->wall_ns;
    return f->cpu_ns < LIMIT_BUSY * fmin(fmax(left, 0), 1) * f->wall_ns;
}

/* Returns "run (program)": the function with most of the samples of the program's own code; NULL: none has.
 */
static char *hottest_function(struct answer_maker *m)
{
    sqlite3_stmt *row = answer_maker_query(
        m, "SELECT s.symbol, s.module FROM answer_run AS a JOIN sample AS s ON s.run_id = a.run_id "
           "WHERE s.class = 'program' AND s.symbol IS NOT NULL GROUP BY s.run_id, s.symbol, s.module "
           "HAVING 2 * sum(s.samples) > (SELECT sum(p.samples) FROM sample AS p WHERE p.run_id = s.run_id "
           "AND p.class = 'program') ORDER BY sum(s.samples) DESC, s.symbol LIMIT 1");
    char *text = NULL;
    if (answer_maker_next(m, row)) {
        char *symbol = answer_maker_text(m, row, 0), *module = answer_maker_text(m, row, 1);
        const char *slash = module ? strrchr(module, '/') : NULL;
        if (symbol)
            text = answer_maker_format(m, "%s (%s)", symbol, slash ? slash + 1 : module ? module : "?");
        free(symbol);
        free(module);
        sqlite3_finalize(row);
    }
    return text;
}

static char *percent(char buffer[32], double share)
{
    snprintf(buffer, 32, "%.0f" UNIT_SPACE "%%", 100 * share);
    return buffer;
}

/* Returns what is said of a program that sleeps: several threads may keep more than one CPU at work. */
static char *asleep_reason(struct answer_maker *m)
{
    static const char lead[] = "it sleeps most of the time, at no lock:";
    const double cpus = m->facts.cpu_ns / m->facts.wall_ns;
    char share[32];
    if (cpus > 1)
        return answer_maker_format(m, "%s on average %.1f CPUs worked for it", lead, cpus);
    return answer_maker_format(m, "%s a CPU worked for it for %s of its time", lead, percent(share, cpus));
}

static void not_a_lock(struct answer_maker *m)
{
    struct answer *a = m->answer;
    char share[32];
    a->conclusion = ANSWER_NOT_A_LOCK;
    if (sleeps_mostly(m)) {
        a->instead = INSTEAD_ASLEEP;
        a->reason = asleep_reason(m);
        a->settle = answer_maker_format(m, "strace -f -c -w COMMAND");
        return;
    }
    const struct answer_part *most = largest_part(a, &a->instead);
    if (!most)
        return;
    char *function = a->instead == INSTEAD_OWN_CODE ? hottest_function(m) : NULL;
    a->reason = answer_maker_format(m, "%s of its CPU time is %s%s%s", percent(share, most->share),
                                    most->label, function ? ": " : "", function ? function : "");
    a->settle = answer_maker_format(m, "perf record -g COMMAND");
    free(function);
}

/* ---- what can't be told ---- */

static bool cannot_tell(struct answer_maker *m, char *reason, const char *settle)
{
    struct answer *a = m->answer;
    a->conclusion = ANSWER_CANNOT_TELL;
    a->reason = reason;
    a->settle = answer_maker_format(m, "%s", settle);
    return true;
}

static double calls_of_all(const struct answer *a)
{
    double calls = 0;
    for (size_t i = 0; i < a->row_count; i++)
        calls += a->rows[i].calls;
    return calls;
}

/* What stands in the way of any conclusion. */
static bool nothing_known(struct answer_maker *m)
{
    const struct answer *a = m->answer;
    char missing[32];
    if (!m->facts.any)
        return cannot_tell(m, answer_maker_format(m, "no run counts"), "heapwait record COMMAND");
    if (!m->facts.counted)
        return cannot_tell(m, answer_maker_format(m, "no futex calls were counted"),
                           "heapwait record COMMAND");
    if (a->missing_calls > LIMIT_MISSING * calls_of_all(a) && a->missing_calls >= LIMIT_CALLS)
        return cannot_tell(m,
                           answer_maker_format(m, "at least %s futex calls are missing",
                                               number_count(missing, (uint64_t)a->missing_calls)),
                           "heapwait record COMMAND");
    if (!(m->facts.wall_ns > 0))
        return cannot_tell(m, answer_maker_format(m, "how long it ran is not known"),
                           "heapwait record COMMAND");
    return false;
}

/* A word of which nothing tells what threads wait for there.  Few waits, however long, are no contention: the
 * end of a thread is waited for once. */
static bool unknown_word(struct answer_maker *m)
{
    for (size_t i = 0; i < m->answer->cause_count; i++) {
        const struct answer_cause *c = &m->answer->causes[i];
        if (is_known(c) || !is_cause(c) || !(c->slept + c->eagain >= LIMIT_SAMPLES))
            continue;
        return cannot_tell(m,
                           answer_maker_format(m, "threads wait at %s, and nothing tells %s",
                                               c->lock ? c->lock : "a futex word",
                                               c->owner_known ? "whether it is a lock" : "whose it is"),
                           "heapwait record --debug-file FILE COMMAND");
    }
    return false;
}

/* Whether others had the machine, and no core was idle. */
static bool machine_full(const struct answer_facts *f)
{
    const double all = f->cores * f->wall_ns;
    return f->foreign_ns > LIMIT_FOREIGN * all &&
           all - f->foreign_ns - f->heapwait_ns - f->cpu_ns < LIMIT_IDLE * all;
}

/* A holder that has no CPU lets all others wait, however short it holds the lock. */
static bool others_hide(struct answer_maker *m, const struct answer_cause *c)
{
    char blocked[32], share[32];
    return cannot_tell(
        m,
        answer_maker_format(
            m,
            "threads waited at %s for %s, but others used %s of its CPUs, and a holder without a "
            "CPU makes everybody wait",
            c->lock ? c->lock : "it", number_ns(blocked, (uint64_t)fmax(c->blocked_ns + c->runnable_ns, 0)),
            percent(share, fmin(m->answer->foreign_share, 1))),
        "heapwait record COMMAND, on a quieter machine");
}

/* Whether what threads waited for may be the others that had the machine, or its holder's CPU: then they had
 * it for as long as the threads slept, and nothing but that sleep makes the lock a cause. */
static bool hidden_by_others(const struct answer_maker *m, const struct answer_cause *c)
{
    if (c->kind == ANSWER_ALLOCATOR_MEMORY || c->cpu_share.value > 1 - 1 / LIMIT_GAIN)
        return false;
    const bool sleep_alone = c->kind != ANSWER_SPINNING && !(c->gain.low >= LIMIT_GAIN);
    return machine_full(&m->facts) || (sleep_alone && c->blocked_ns + c->runnable_ns <= m->facts.foreign_ns);
}

static bool too_few_samples(const struct answer_maker *m, const struct answer_cause *c)
{
    return c->kind != ANSWER_ALLOCATOR_MEMORY && !(c->gain.low >= LIMIT_GAIN) && m->facts.sampled &&
           m->facts.samples < LIMIT_SAMPLES;
}

/* What stands in the way of saying that the first cause is one. */
static bool cause_doubtful(struct answer_maker *m, const struct answer_cause *c)
{
    const char *lock = c->lock ? c->lock : "it";
    if (hidden_by_others(m, c))
        return others_hide(m, c);
    if (!too_few_samples(m, c))
        return false;
    return cannot_tell(m,
                       answer_maker_format(m, "%.0f sample%s too few to tell what %s costs", m->facts.samples,
                                           m->facts.samples == 1 ? " is" : "s are", lock),
                       "heapwait record -m ledger COMMAND");
}

/* Whether memory calls seem to be malloc's, and too few samples tell so. */
static bool memory_doubtful(struct answer_maker *m)
{
    const double samples = m->facts.memory_samples;
    char others[96] = "", share[32];
    const struct answer_cause *memory = NULL;
    for (size_t i = 0; i < m->answer->cause_count; i++)
        if (m->answer->causes[i].kind == ANSWER_ALLOCATOR_MEMORY)
            memory = &m->answer->causes[i];
    if (!memory || memory->owner_known || !is_cause(memory) || !(samples < LIMIT_OWNED))
        return false;
    if (machine_full(&m->facts))
        snprintf(others, sizeof(others), "; others used %s of its CPUs",
                 percent(share, fmin(m->answer->foreign_share, 1)));
    return cannot_tell(
        m,
        answer_maker_format(m, "%.0f sample%s of memory calls %s too few to tell whether they are malloc's%s",
                            samples, samples == 1 ? "" : "s", samples == 1 ? "is" : "are", others),
        "heapwait record COMMAND, for a longer run");
}

/* What stands in the way of saying that no lock is the cause. */
static bool innocence_doubtful(struct answer_maker *m)
{
    if (!m->facts.sampled)
        return cannot_tell(
            m,
            answer_maker_format(m, "threads hardly wait for locks in the kernel; whether they spin, or "
                                   "what else is slow, isn't seen without samples"),
            "heapwait record COMMAND");
    if (memory_doubtful(m))
        return true;
    if (!sleeps_mostly(m) && m->facts.samples < LIMIT_SAMPLES)
        return cannot_tell(m,
                           answer_maker_format(m, "%.0f sample%s too few to tell where its time goes",
                                               m->facts.samples, m->facts.samples == 1 ? " is" : "s are"),
                           "heapwait record -m ledger COMMAND, or a longer run");
    /* On a full machine a lock that may cost more is hidden by those who had the CPUs. */
    for (size_t i = 0; i < m->answer->cause_count && machine_full(&m->facts); i++) {
        const struct answer_cause *c = &m->answer->causes[i];
        const bool lock = c->kind == ANSWER_MALLOC_LOCK || c->kind == ANSWER_OWN_LOCK;
        if (lock && is_known(c) && c->slept + c->eagain >= LIMIT_SAMPLES && c->gain.high >= LIMIT_GAIN)
            return others_hide(m, c);
    }
    return false;
}

/* Tells what a study found by changing the allocator and nothing else: that needs no traced run. */
static void changed_read(struct answer_maker *m)
{
    sqlite3_stmt *row = answer_maker_query(
        m,
        "SELECT b.ratio, b.joint_low, b.joint_high, v.allocator, sv.allocator, s.variant FROM beside_subject "
        "AS b "
        "JOIN subject AS s JOIN variant AS v ON v.name = b.variant JOIN variant AS sv ON sv.name = s.variant "
        "WHERE b.coverage > 0 AND b.joint_high < 1 AND v.libc IS sv.libc AND v.linkage IS sv.linkage "
        "AND v.allocator <> sv.allocator ORDER BY b.ratio, v.position LIMIT 1");
    if (!answer_maker_next(m, row))
        return;
    const struct estimate factor = {answer_maker_number(row, 0), answer_maker_number(row, 1),
                                    answer_maker_number(row, 2)};
    char *with = answer_maker_text(m, row, 3), *own = answer_maker_text(m, row, 4);
    char *variant = answer_maker_text(m, row, 5), value[64], low[64], high[64];
    if (with && own && variant && answer_number_factor(value, &factor))
        m->answer->changed = answer_maker_format(
            m, "with %s in place of %s, %s takes %s of its time (%s\u2013%s)", with, own, variant, value,
            answer_number_low(low, &factor), answer_number_high(high, &factor));
    free(with);
    free(own);
    free(variant);
    sqlite3_finalize(row);
}

/* Offers to measure what other allocators save, where none was, and where LD_PRELOAD can bring them. */
static void try_offer(struct answer_maker *m)
{
    struct answer *a = m->answer;
    const struct answer_facts *f = &m->facts;
    const struct answer_cause *c = a->causes;
    const bool of_malloc = a->conclusion == ANSWER_MALLOC_LOCK || a->conclusion == ANSWER_ALLOCATOR_MEMORY;
    const bool reached =
        f->linkage && !strcmp(f->linkage, "dynamic") && f->libc && !strncmp(f->libc, "glibc", 5);
    for (size_t i = 0; of_malloc && i < c->cure_count; i++)
        if (c->cures[i].measured)
            return;
    if (of_malloc && reached && !a->settle)
        a->settle = answer_maker_format(m, "heapwait try -- COMMAND");
}

/* Whether a cause is the conclusion beside the first one: their intervals overlap, so that another run may
 * have them the other way round.  What may cost nothing is named beside nothing that surely costs something.
 */
static bool is_as_large(const struct answer_maker *m, const struct answer_cause *first,
                        const struct answer_cause *c)
{
    const bool overlap = c->gain.high >= first->gain.low && first->gain.high >= c->gain.low;
    const bool as_sure = c->gain.low >= LIMIT_GAIN || first->gain.low < LIMIT_GAIN;
    return overlap && as_sure && is_known(c) && is_cause(c) && !hidden_by_others(m, c) &&
           !too_few_samples(m, c);
}

/* Moves the causes that are the conclusion together to the front. */
static void subjects_gather(struct answer_maker *m)
{
    struct answer *a = m->answer;
    a->subject_count = 1;
    for (size_t i = 1; i < a->cause_count; i++) {
        const struct answer_cause c = a->causes[i];
        if (!is_as_large(m, &a->causes[0], &c))
            continue;
        struct answer_cause *to = &a->causes[a->subject_count++];
        memmove(to + 1, to, (size_t)(&a->causes[i] - to) * sizeof(*to));
        *to = c;
    }
}

static void subject_conclude(struct answer_maker *m)
{
    struct answer *a = m->answer;
    if (nothing_known(m))
        return;
    const struct answer_cause *first =
        a->cause_count && is_known(&a->causes[0]) && is_cause(&a->causes[0]) ? &a->causes[0] : NULL;
    if (!first) {
        if (!unknown_word(m) && !innocence_doubtful(m))
            not_a_lock(m);
        return;
    }
    if (cause_doubtful(m, first))
        return;
    a->conclusion = first->kind;
    subjects_gather(m);
}

void answer_maker_conclude(struct answer_maker *m)
{
    struct answer *a = m->answer;
    parts_sum(m);
    if (a->cause_count)
        qsort(a->causes, a->cause_count, sizeof(*a->causes), cause_compare);
    for (size_t i = 0; i < a->cause_count; i++) {
        answer_maker_mechanism(m, &a->causes[i]);
        if (is_cause(&a->causes[i]))
            answer_maker_cures(m, &a->causes[i]);
    }
    subject_conclude(m);
    if (a->conclusion == ANSWER_CANNOT_TELL)
        changed_read(m);
    try_offer(m);
}
