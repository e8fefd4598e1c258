/* See collect.h. */
#include "probes/collect.h"

#include "probes/ledger.h"
#include "probes/naming.h"
#include "probes/perf_stacks.h"
#include "probes/terms.h"
#include "probes/waiters.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum {
    STACKS_PER_WORD = 16,
    OTHER_LOSSES = 3, /* beside those that the BPF side counts */
};

static bool same_word(const struct word_key *a, const struct word_key *b)
{
    return a->space == b->space && a->address == b->address;
}

static int buckets_add(struct wait_bucket **list, size_t *list_count, const char *outcome,
                       const struct histogram_value *h)
{
    unsigned used = 0;
    for (unsigned i = 0; h && i < HISTOGRAM_BUCKETS; i++)
        used += h->calls[i] != 0;
    if (!used)
        return 0;
    struct wait_bucket *buckets = reallocarray(*list, *list_count + used, sizeof(*buckets));
    if (!buckets)
        return -ENOMEM;
    *list = buckets;
    for (unsigned i = 0; i < HISTOGRAM_BUCKETS; i++) {
        if (!h->calls[i])
            continue;
        struct wait_bucket *b = &buckets[(*list_count)++];
        *b = (struct wait_bucket){.outcome = outcome, .calls = h->calls[i]};
        bucket_bounds(i, &b->low_ns, &b->high_ns);
    }
    return 0;
}

/* Threads' rows of one operation and outcome follow each other: they become one. */
static struct lock_outcome *outcome_of_row(struct lock *lock, const struct word_row *row)
{
    const char *op = term_op(row->key.op), *outcome = term_outcome(row->key.outcome);
    struct lock_outcome *last = lock->outcome_count ? &lock->outcomes[lock->outcome_count - 1] : NULL;
    if (last && last->op == op && last->outcome == outcome)
        return last;
    struct lock_outcome *o = &lock->outcomes[lock->outcome_count++];
    *o = (struct lock_outcome){.op = op, .outcome = outcome, .woken = op_wakes(row->key.op) ? 0 : -1};
    return o;
}

static int outcome_add(struct lock *lock, const struct word_row *row)
{
    const struct word_totals *t = &row->value.totals;
    struct lock_outcome *o = outcome_of_row(lock, row);
    uint64_t oncpu = totals_oncpu(t) + t->kernel_lock_ns;
    o->calls += t->calls;
    o->total_ns += oncpu + t->blocked_ns + t->runnable_ns;
    o->oncpu_ns += oncpu;
    o->blocked_ns += t->blocked_ns;
    o->runnable_ns += t->runnable_ns;
    if (o->woken >= 0)
        o->woken += (int64_t)t->woken;
    int rc = buckets_add(&lock->buckets, &lock->bucket_count, o->outcome, row->histogram);
    return rc ? rc : buckets_add(&lock->handoffs, &lock->handoff_count, o->outcome, row->handoff);
}

/* The row that tells of the word: of the first operation that has evidence (a row made at the end, for a call
 * under way, has none: its task's memory was not at hand) one that found the word in use, or else the first.
 */
static const struct word_row *row_telling(const struct word_row *rows, size_t count)
{
    const struct word_row *first = NULL;
    for (size_t i = 0; i < count && (!first || rows[i].key.op == first->key.op); i++) {
        const struct word_evidence *e = &rows[i].value.evidence;
        if (e->first_seen_ns && e->value)
            return &rows[i];
        if (e->first_seen_ns && !first)
            first = &rows[i];
    }
    return first ? first : &rows[0];
}

struct word_evidence word_evidence_of(const struct word_row *rows, size_t count, bool *waited)
{
    const struct word_row *telling = row_telling(rows, count);
    struct word_evidence all = telling->value.evidence;
    bool arena = false;
    for (size_t i = 0; i < count; i++) {
        const struct word_evidence *e = &rows[i].value.evidence;
        if (e->first_seen_ns && (!all.first_seen_ns || e->first_seen_ns < all.first_seen_ns))
            all.first_seen_ns = e->first_seen_ns;
        if (arena || !(e->heap_arena || e->last_bin[0] || e->last_bin[1] || e->next_arena))
            continue;
        arena = true;
        all.heap_arena = e->heap_arena;
        memcpy(all.last_bin, e->last_bin, sizeof(all.last_bin));
        all.next_arena = e->next_arena;
    }
    *waited = telling->key.op == OP_WAIT;
    return all;
}

/* Rows come ordered by operation, waits first, and so do the stacks. */
static int lock_name(const struct lock_source *c, struct lock *lock, const struct word_row *rows,
                     size_t count)
{
    const struct stack_value *stacks[STACKS_PER_WORD];
    struct word_facts facts = {.address = lock->address, .stacks = stacks};
    facts.evidence = word_evidence_of(rows, count, &facts.waited);
    for (size_t i = 0; i < count && facts.stack_count < STACKS_PER_WORD; i++)
        if (rows[i].stack)
            stacks[facts.stack_count++] = rows[i].stack;
    facts.space = c->space(c->context, rows[0].key.space, &lock->tgid);
    struct word_name name;
    int rc = naming_word(c->naming, &facts, &name);
    lock->name = name.name;
    lock->module = name.module;
    lock->evidence = name.evidence;
    lock->allocator = name.allocator;
    lock->whose = name.whose;
    return rc;
}

static int lock_make(const struct lock_source *c, struct lock *lock, const struct word_row *rows,
                     size_t count)
{
    *lock = (struct lock){.address = rows[0].key.address};
    lock->outcomes = calloc(count, sizeof(*lock->outcomes));
    int rc = lock->outcomes ? 0 : -ENOMEM;
    for (size_t i = 0; lock->outcomes && i < count && !rc; i++)
        if (rows[i].value.totals.calls)
            rc = outcome_add(lock, &rows[i]);
    if (!rc)
        rc = lock_name(c, lock, rows, count);
    for (size_t i = 0; i < count && !rc && lock->whose == WHOSE_MALLOC && c->split; i++)
        futex_split_add(c->split, &rows[i]);
    if (!rc && c->made)
        rc = c->made(c->context, lock, rows[0].key.space,
                     c->space(c->context, rows[0].key.space, &lock->tgid));
    return rc;
}

static uint64_t lock_calls(const struct lock *l)
{
    uint64_t calls = 0;
    for (size_t i = 0; i < l->outcome_count; i++)
        calls += l->outcomes[i].calls;
    return calls;
}

/* Hottest first; the address decides between equals, so that the order is always the same. */
static int lock_compare(const void *a, const void *b)
{
    const struct lock *x = a, *y = b;
    uint64_t x_calls = lock_calls(x), y_calls = lock_calls(y);
    if (x_calls != y_calls)
        return x_calls > y_calls ? -1 : 1;
    if (x->tgid != y->tgid)
        return x->tgid < y->tgid ? -1 : 1;
    return x->address < y->address ? -1 : x->address > y->address;
}

int locks_make(const struct lock_source *c, const struct word_row *rows, size_t count, struct measurement *m)
{
    m->locks = calloc(count ? count : 1, sizeof(*m->locks));
    if (!m->locks)
        return -ENOMEM;
    for (size_t i = 0, end; i < count; i = end) {
        for (end = i + 1; end < count && same_word(&rows[i].key, &rows[end].key);)
            end++;
        int rc = lock_make(c, &m->locks[m->lock_count++], rows + i, end - i);
        if (rc)
            return rc;
        if (!m->locks[m->lock_count - 1].outcome_count) {
            struct lock *empty = &m->locks[--m->lock_count];
            free(empty->name);
            free(empty->module);
            free(empty->evidence);
            free(empty->outcomes);
            free(empty->waiters);
        }
    }
    qsort(m->locks, m->lock_count, sizeof(*m->locks), lock_compare);
    return 0;
}

/* How long a wait took that had begun before is not known. */
static bool outcome_is_timed(const struct lock_outcome *o)
{
    return !strcmp(o->op, "wait") && o->outcome != term_outcome(OUTCOME_UNDER_WAY);
}

/* A bucket holds 32 bits: what has run over shows as a difference to the calls. */
static uint64_t histogram_lost(const struct measurement *m)
{
    uint64_t waits = 0, in_buckets = 0;
    for (size_t i = 0; i < m->lock_count; i++) {
        const struct lock *l = &m->locks[i];
        for (size_t k = 0; k < l->outcome_count; k++)
            waits += outcome_is_timed(&l->outcomes[k]) ? l->outcomes[k].calls : 0;
        for (size_t k = 0; k < l->bucket_count; k++)
            in_buckets += l->buckets[k].calls;
    }
    return waits > in_buckets ? waits - in_buckets : 0;
}

static int losses_make(struct session *session, const struct sideband *sideband, uint64_t paths_lost,
                       struct measurement *m)
{
    m->losses = calloc(LOSS_COUNT + OTHER_LOSSES, sizeof(*m->losses));
    if (!m->losses)
        return -ENOMEM;
    for (unsigned i = 0; i < LOSS_COUNT; i++)
        m->losses[m->loss_count++] = (struct loss){term_loss(i), session_loss(session, i)};
    m->losses[LOSS_STACK].count += paths_lost;
    uint64_t in_full_table = session_loss(session, LOSS_HISTOGRAM), missing = histogram_lost(m);
    m->losses[LOSS_HISTOGRAM].count = missing > in_full_table ? missing : in_full_table;
    m->losses[m->loss_count++] = (struct loss){"probe runs that the kernel skipped", session_missed(session)};
    m->losses[m->loss_count++] = (struct loss){"mapping records dropped", sideband_lost(sideband)};
    if (m->goes_on) /* that is no loss then */
        m->losses[m->loss_count++] =
            (struct loss){"processes whose mappings may not be read", sideband_unread(sideband)};
    else
        m->losses[m->loss_count++] =
            (struct loss){"threads still running at the end", session_living(session)};
    return 0;
}

/* Where the probes' words are. */
struct probed {
    struct session *session;
    struct sideband *sideband;
    struct waiters *waiters;
};

static const struct address_space *probed_space(void *context, uint32_t number, uint32_t *tgid)
{
    const struct probed *p = context;
    struct space_info info = {0};
    if (session_space(p->session, number, &info))
        return NULL;
    *tgid = info.tgid;
    return sideband_space(p->sideband, info.tgid, info.born_ns);
}

static int probed_made(void *context, struct lock *lock, uint32_t number, const struct address_space *space)
{
    const struct probed *p = context;
    return waiters_of(p->waiters, number, space, lock);
}

int collect(struct session *session, struct sideband *sideband, pid_t pid, const char *perf_file,
            struct measurement *m, struct error *err)
{
    struct word_row *rows = NULL;
    size_t count = 0;
    struct probed probed = {session, sideband, NULL};
    struct lock_source c = {.naming = naming_new(),
                            .split = futex_split_new(session_thread_count(session)),
                            .context = &probed,
                            .space = probed_space,
                            .made = probed_made};
    m->paths = call_tree_new(0);
    if (c.naming) {
        naming_refer(c.naming, m->libc_archive);
        naming_debug_files(c.naming, m->debug_files);
    }
    int rc =
        c.naming && c.split && m->paths ? waiters_new(session, c.naming, m->paths, &probed.waiters) : -ENOMEM;
    if (!rc)
        rc = session_words(session, &rows, &count, err);
    if (!rc)
        rc = locks_make(&c, rows, count, m);
    if (!rc)
        rc = losses_make(session, sideband, waiters_lost(probed.waiters), m);
    if (!rc && m->probes == PROBES_LEDGER)
        rc = ledger_collect(session, sideband, c.naming, c.split, m);
    if (!rc && perf_file && !m->perf_failure)
        rc = perf_stacks_collect(perf_file, sideband, c.naming, m);
    if (!rc)
        rc = session_stats(session, &m->probe_stats, &m->probe_stat_count);
    if (!rc) {
        const struct address_space *space = sideband_space(sideband, (uint32_t)pid, UINT64_MAX);
        naming_program(c.naming, space, &m->libc, &m->linkage, &m->allocator);
        m->allocator_evidence = naming_allocator(c.naming, space, &m->allocator);
    }
    if (rc)
        error_set(err, rc, "can't bring back what was measured: %s", strerror(-rc));
    waiters_free(probed.waiters);
    naming_free(c.naming);
    futex_split_free(c.split);
    word_rows_free(rows, count);
    return rc;
}
