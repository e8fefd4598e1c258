/* See locks.h. */
#include "probes/names/locks.h"

#include "probes/bpf/terms.h"
#include "probes/names/word_use.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { STACKS_PER_WORD = 16 };

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
        term_bucket_bounds(i, &b->low_ns, &b->high_ns);
    }
    return 0;
}

/* Returns the lock's outcome that `row` belongs to.  The rows of an operation and outcome, one for each
 * thread, follow each other. */
static struct lock_outcome *outcome_of_row(struct lock *lock, const struct word_row *row)
{
    const char *op = term_op(row->key.op), *outcome = term_outcome(row->key.outcome);
    struct lock_outcome *last = lock->outcome_count ? &lock->outcomes[lock->outcome_count - 1] : NULL;
    if (last && last->op == op && last->outcome == outcome)
        return last;
    struct lock_outcome *o = &lock->outcomes[lock->outcome_count++];
    *o = (struct lock_outcome){.op = op, .outcome = outcome, .woken = term_op_wakes(row->key.op) ? 0 : -1};
    return o;
}

static int outcome_add(struct lock *lock, const struct word_row *row, bool kernel_locks)
{
    const struct word_totals *t = &row->value.totals;
    struct lock_outcome *o = outcome_of_row(lock, row);
    uint64_t oncpu = term_totals_oncpu(t) + t->kernel_lock_ns;
    o->calls += t->calls;
    o->total_ns += oncpu + t->blocked_ns + t->runnable_ns;
    o->oncpu_ns += oncpu;
    o->blocked_ns += t->blocked_ns;
    o->runnable_ns += t->runnable_ns;
    o->kernel_lock_ns = kernel_locks ? o->kernel_lock_ns + t->kernel_lock_ns : UINT64_MAX;
    if (o->woken >= 0)
        o->woken += (int64_t)t->woken;
    int rc = buckets_add(&lock->buckets, &lock->bucket_count, o->outcome, row->histogram);
    return rc ? rc : buckets_add(&lock->handoffs, &lock->handoff_count, o->outcome, row->handoff);
}

/* Returns the row that tells of the word: of the first operation one that found the word in use, else the
 * first that has evidence.  A row that was made at the end, for a call under way, has none, since the task's
 * memory was not at hand. */
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

struct word_evidence locks_word_evidence(const struct word_row *rows, size_t count, bool *waited)
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

static const char *path_last(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash ? slash + 1 : path;
}

int word_paths_add(struct word_paths *p, const struct frame *frames, size_t count, uint64_t calls)
{
    struct word_path *grown = reallocarray(p->list, p->count + 1, sizeof(*grown));
    if (!grown)
        return -ENOMEM;
    p->list = grown;
    struct word_path *added = &p->list[p->count++];
    *added = (struct word_path){.count = count < MAX_FRAMES ? count : MAX_FRAMES, .calls = calls};
    memcpy(added->frames, frames, added->count * sizeof(*frames));
    return 0;
}

/* The rows are ordered by operation, waits first, and so are the stacks. */
static int lock_name(const struct lock_source *c, struct lock *lock, const struct word_row *rows,
                     size_t count, const struct word_paths *paths)
{
    const struct stack_value *stacks[STACKS_PER_WORD];
    struct word_facts facts = {
        .address = lock->address, .stacks = stacks, .paths = paths->list, .path_count = paths->count};
    facts.evidence = locks_word_evidence(rows, count, &facts.waited);
    for (size_t i = 0; i < count && facts.stack_count < STACKS_PER_WORD; i++)
        if (rows[i].stack)
            stacks[facts.stack_count++] = rows[i].stack;
    facts.space = c->space(c->context, rows[0].key.space, &lock->tgid);
    struct word_name name;
    int rc = naming_word(c->naming, &facts, &name);
    const char *program = naming_program_path(facts.space);
    if (program && !(lock->program = strdup(path_last(program))))
        rc = -ENOMEM;
    lock->name = name.name;
    lock->module = name.module;
    lock->evidence = name.evidence;
    lock->allocator = name.allocator;
    lock->whose = name.whose;
    lock->use = word_use(paths->list, paths->count);
    return rc;
}

static int lock_make(const struct lock_source *c, struct lock *lock, const struct word_row *rows,
                     size_t count)
{
    struct word_paths paths = {0};
    *lock = (struct lock){.address = rows[0].key.address, .space = rows[0].key.space};
    lock->outcomes = calloc(count, sizeof(*lock->outcomes));
    int rc = lock->outcomes ? 0 : -ENOMEM;
    for (size_t i = 0; lock->outcomes && i < count && !rc; i++)
        if (rows[i].value.totals.calls)
            rc = outcome_add(lock, &rows[i], c->kernel_locks);
    if (!rc && c->made)
        rc = c->made(c->context, lock, rows[0].key.space,
                     c->space(c->context, rows[0].key.space, &lock->tgid), &paths);
    if (!rc)
        rc = lock_name(c, lock, rows, count, &paths);
    for (size_t i = 0; i < count && !rc && lock->whose == WHOSE_MALLOC && c->split; i++)
        futex_split_add(c->split, &rows[i]);
    free(paths.list);
    return rc;
}

/* The most calls come first; process and address decide between equals, so that the order is always the same.
 */
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
            free(empty->allocator);
            free(empty->evidence);
            free(empty->program);
            free(empty->outcomes);
            free(empty->waiters);
        }
    }
    qsort(m->locks, m->lock_count, sizeof(*m->locks), lock_compare);
    return 0;
}

/* Returns the lock whose process is told of: the hottest of malloc's; without one the hottest of all if there
 * is a command whose it may be (`any`).  NULL: there is none. */
static const struct lock *lock_telling(const struct measurement *m, bool any)
{
    for (size_t i = 0; i < m->lock_count; i++)
        if (m->locks[i].whose == WHOSE_MALLOC)
            return &m->locks[i];
    return any && m->lock_count ? &m->locks[0] : NULL;
}

int locks_program(const struct lock_source *c, const struct address_space *first, struct measurement *m)
{
    const struct lock *lock = lock_telling(m, first != NULL);
    uint32_t tgid = 0;
    const struct address_space *space = lock ? c->space(c->context, lock->space, &tgid) : NULL;
    /* a word that isn't malloc's may be of what the command was before its last exec */
    if (!space || (first && space->pid == first->pid && lock->whose != WHOSE_MALLOC))
        space = first;
    naming_program(c->naming, space, &m->libc, &m->linkage, &m->allocator);
    char *evidence = naming_allocator(c->naming, space, &m->allocator);
    if (evidence && space != first && !(first && space->pid == first->pid) &&
        asprintf(&m->allocator_evidence, "in process %u: %s", space->pid, evidence) < 0)
        m->allocator_evidence = NULL;
    else if (evidence && !m->allocator_evidence)
        m->allocator_evidence = strdup(evidence);
    const bool failed = evidence && !m->allocator_evidence;
    free(evidence);
    return failed ? -ENOMEM : 0;
}
