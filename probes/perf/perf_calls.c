/* See perf_calls.h.  In a session of one command only perf's own records (--switch-events) tell of the switch
 * to a thread: the tracepoint belongs to the thread that leaves.  Without those records a thread is taken to
 * be back as soon as it does anything. */
#include "probes/perf/perf_calls.h"

#include "probes/bpf/outcome.h"
#include "probes/bpf/terms.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>

/* The same limits as those of the BPF side's tables: see docs/measuring.md. */
enum {
    MAX_WORDS = 1 << 18,
    MAX_HISTOGRAMS = 1 << 17,
    MAX_THREADS = 1 << 20,
    BUCKETS = 1 << 14, /* of the table of threads */
};

enum off_cpu { ON_CPU, BLOCKED, RUNNABLE };

struct perf_thread {
    struct perf_thread *next;
    uint32_t tid, space, path;
    uint8_t op, off_cpu;
    bool in_call, slept, restartable;
    bool gone; /* the beginning of its call was given up, so that the end is expected to have none */
    bool told; /* `command` and `value` are those of a futex() call */
    uint32_t command, value;
    uint64_t word, enter_ns, off_ns, woken_ns, blocked_ns, runnable_ns;
    uint64_t gaps;   /* perf_calls.gaps when the call began */
    uint64_t unseen; /* sleeps of this call that ended without a wakeup */
};

struct perf_calls {
    bool switches, wakeups;
    struct perf_calls_limits limits;
    uint64_t gaps; /* how often records were lost */
    struct perf_thread *threads[BUCKETS];
    size_t thread_count;
    struct word_row *words; /* open addressing by key; used[i]: words[i] is taken */
    bool *used;
    size_t word_room, word_count, histogram_count;
    struct perf_waiters waiters;
    struct perf_edges edges;
    struct perf_calls_loss loss;
};

struct perf_calls *perf_calls_new(bool switches, bool wakeups)
{
    struct perf_calls *c = calloc(1, sizeof(*c));
    if (c) {
        c->switches = switches;
        c->wakeups = switches && wakeups;
    }
    return c;
}

void perf_calls_limit(struct perf_calls *c, const struct perf_calls_limits *limits)
{
    c->limits = *limits;
}

void perf_calls_free(struct perf_calls *c)
{
    if (!c)
        return;
    for (size_t i = 0; i < BUCKETS; i++)
        for (struct perf_thread *t = c->threads[i], *next; t; t = next) {
            next = t->next;
            free(t);
        }
    for (size_t i = 0; i < c->word_room; i++) {
        free(c->words[i].histogram);
        free(c->words[i].handoff);
    }
    free(c->words);
    free(c->used);
    free(c->waiters.table);
    perf_edges_free(&c->edges);
    free(c);
}

const struct perf_calls_loss *perf_calls_losses(const struct perf_calls *c)
{
    return &c->loss;
}

static struct perf_thread **thread_place(const struct perf_calls *c, uint32_t tid)
{
    struct perf_thread **at = (struct perf_thread **)&c->threads[tid & (BUCKETS - 1)];
    while (*at && (*at)->tid != tid)
        at = &(*at)->next;
    return at;
}

static struct perf_thread *thread_find(const struct perf_calls *c, uint32_t tid)
{
    return *thread_place(c, tid);
}

static struct perf_thread *thread_need(struct perf_calls *c, uint32_t tid)
{
    struct perf_thread **at = thread_place(c, tid);
    if (*at)
        return *at;
    struct perf_thread *t = c->thread_count < MAX_THREADS ? calloc(1, sizeof(*t)) : NULL;
    if (!t) {
        c->loss.threads++;
        return NULL;
    }
    t->tid = tid;
    c->thread_count++;
    *at = t;
    return t;
}

/* ---- the tables ---- */

static uint64_t key_hash(const struct word_key *k)
{
    return perf_waiters_mix(perf_waiters_mix(k->address) ^
                            ((uint64_t)k->space << 16 | (uint64_t)k->op << 8 | k->outcome));
}

static bool key_same(const struct word_key *a, const struct word_key *b)
{
    return a->address == b->address && a->space == b->space && a->op == b->op && a->outcome == b->outcome;
}

static size_t word_place(const struct perf_calls *c, const struct word_key *key)
{
    size_t at = key_hash(key) & (c->word_room - 1);
    while (c->used[at] && !key_same(&c->words[at].key, key))
        at = (at + 1) & (c->word_room - 1);
    return at;
}

static bool words_grow(struct perf_calls *c)
{
    if (c->word_count * 2 < c->word_room)
        return true;
    size_t before = c->word_room, room = before ? before * 2 : 1024;
    struct word_row *old = c->words, *words = calloc(room, sizeof(*words));
    bool *old_used = c->used, *used = calloc(room, sizeof(*used));
    if (!words || !used) {
        free(words);
        free(used);
        return false;
    }
    c->words = words;
    c->used = used;
    c->word_room = room;
    for (size_t i = 0; i < before; i++) {
        if (!old_used[i])
            continue;
        size_t at = word_place(c, &old[i].key);
        c->words[at] = old[i];
        c->used[at] = true;
    }
    free(old);
    free(old_used);
    return true;
}

static struct word_row *word_need(struct perf_calls *c, const struct word_key *key)
{
    if (!words_grow(c))
        return NULL;
    size_t at = word_place(c, key);
    if (!c->used[at]) {
        if (c->word_count == MAX_WORDS)
            return NULL;
        c->used[at] = true;
        c->words[at].key = *key;
        c->word_count++;
    }
    return &c->words[at];
}

static void histogram_add(struct perf_calls *c, struct histogram_value **h, uint64_t ns)
{
    if (!*h && c->histogram_count < MAX_HISTOGRAMS && (*h = calloc(1, sizeof(**h))))
        c->histogram_count++;
    if (*h && (*h)->calls[bucket_of(ns)] < UINT32_MAX)
        (*h)->calls[bucket_of(ns)]++;
    else
        c->loss.histograms++;
}

static void waiter_add(struct perf_calls *c, const struct perf_thread *t)
{
    const struct word_key word = {.address = t->word, .space = t->space};
    const bool waits =
        t->op == OP_WAIT || t->op == OP_WAITV || t->op == OP_LOCK_PI || t->op == OP_WAIT_REQUEUE_PI;
    if (t->path && !perf_waiters_add(&c->waiters, &word, t->path, waits))
        c->loss.paths++;
}

/* ---- a call ---- */

static uint64_t elapsed(struct perf_calls *c, uint64_t since_ns, uint64_t now_ns)
{
    if (now_ns >= since_ns)
        return now_ns - since_ns;
    c->loss.clock++;
    return 0;
}

static void call_add(struct perf_calls *c, struct perf_thread *t, uint8_t outcome, uint64_t now,
                     int64_t woken)
{
    struct word_key key = {.address = t->word, .space = t->space, .op = t->op, .outcome = outcome};
    uint64_t total = elapsed(c, t->enter_ns, now), off = t->blocked_ns + t->runnable_ns;
    struct word_row *row = word_need(c, &key);
    waiter_add(c, t);
    if (!row) {
        c->loss.words++;
        return;
    }
    struct word_totals *w = &row->value.totals;
    if (!w->calls++ && t->told)
        row->value.evidence =
            (struct word_evidence){.call = SYS_futex, .command = t->command, .expected = t->value};
    if (outcome == OUTCOME_NOT_TOLD)
        return;
    w->timed++;
    w->oncpu_ns += total > off ? total - off : 0;
    w->blocked_ns += t->blocked_ns;
    w->runnable_ns += t->runnable_ns;
    w->woken += woken > 0 ? (uint64_t)woken : 0;
    if (key.op == OP_WAIT)
        histogram_add(c, &row->histogram, total);
}

static void handoff_add(struct perf_calls *c, struct perf_thread *t, uint64_t now)
{
    struct word_key key = {.address = t->word, .space = t->space, .op = OP_WAIT, .outcome = OUTCOME_SLEPT};
    struct word_row *row = word_need(c, &key);
    if (row)
        histogram_add(c, &row->handoff, elapsed(c, t->woken_ns, now));
    else
        c->loss.histograms++;
    t->woken_ns = 0;
}

static void call_return(struct perf_calls *c, struct perf_thread *t, uint64_t now)
{
    uint64_t ns = t->off_cpu == ON_CPU ? 0 : elapsed(c, t->off_ns, now);
    if (t->off_cpu == RUNNABLE) {
        t->runnable_ns += ns;
        if (t->woken_ns && t->op == OP_WAIT)
            handoff_add(c, t, now);
    } else if (t->off_cpu == BLOCKED) {
        t->blocked_ns += ns;
        t->unseen += c->wakeups;
    }
    t->off_cpu = ON_CPU;
}

/* Ends a call whose end is not to be seen, or may be another call's. */
static void call_give_up(struct perf_calls *c, struct perf_thread *t)
{
    if (!t->in_call)
        return;
    t->in_call = false;
    t->gone = t->gaps != c->gaps;
    if (c->limits.ends_partly)
        call_add(c, t, OUTCOME_NOT_TOLD, t->enter_ns, 0);
    else if (!perf_edges_endless(&c->edges, &c->loss.edges))
        c->loss.begun--;
}

static void call_begin(struct perf_calls *c, struct perf_thread *t, uint64_t now, uint32_t space,
                       uint32_t path)
{
    t->space = space;
    t->path = path;
    t->enter_ns = now;
    t->in_call = true;
    t->gone = false;
    t->gaps = c->gaps;
    c->loss.begun++;
    t->slept = t->restartable = false;
    t->off_cpu = ON_CPU;
    t->woken_ns = t->blocked_ns = t->runnable_ns = 0;
    t->unseen = 0;
}

/* Counts the sleeps whose waker should have been seen, and was not.  A timeout's and a signal's need not be:
 * they come from outside the session.  Nor is the kernel's wake at a thread's end, when perf has let go of
 * that thread already. */
static void unseen_count(struct perf_calls *c, const struct perf_thread *t, uint8_t outcome)
{
    for (uint64_t i = 0; outcome == OUTCOME_SLEPT && i < t->unseen; i++)
        c->loss.wakeups += !perf_edges_woken(&c->edges, t->space);
}

void perf_calls_enter(struct perf_calls *c, uint32_t tid, uint32_t space, uint64_t time_ns,
                      const struct perf_trace *call, uint32_t path)
{
    bool restart = call->call == CALL_RESTART;
    struct perf_thread *t = call->call == CALL_NONE || restart ? thread_find(c, tid) : thread_need(c, tid);
    if (!t)
        return;
    call_give_up(c, t); /* an end, if there were one, would have come before this */
    perf_edges_begin(&c->edges, &c->loss.edges);
    if (call->call == CALL_NONE || (restart && !t->restartable))
        return;
    if (call->call == CALL_REQUEUE || call->call == CALL_WAITV) {
        c->loss.arrays++;
        t->gone = false;
        return;
    }
    if (!restart) {
        t->word = call->word;
        t->op = call->call == CALL_FUTEX ? op_of(call->op) : call->call == CALL_WAIT ? OP_WAIT : OP_WAKE;
        t->told = call->call == CALL_FUTEX && call->has_value;
        t->command = call->op;
        t->value = call->value;
    }
    call_begin(c, t, time_ns, space, path);
    if (c->limits.no_pairs)
        call_give_up(c, t);
}

void perf_calls_exit(struct perf_calls *c, uint32_t tid, uint64_t time_ns, const struct perf_trace *call)
{
    struct perf_thread *t = thread_find(c, tid);
    if (call->call == CALL_NONE || call->call == CALL_REQUEUE || call->call == CALL_WAITV)
        return;
    if (t && t->in_call && t->gaps != c->gaps)
        call_give_up(c, t);
    const bool begun = t && t->in_call;
    const bool expected = c->limits.begins_partly || c->limits.no_pairs || (t && t->gone);
    if (begun || call->call != CALL_RESTART) /* which may go on with a nanosleep or poll */
        perf_edges_end(&c->edges, begun || expected, t || !thread_need(c, tid), &c->loss.edges);
    if (t)
        t->gone = false;
    if (!begun)
        return;
    call_return(c, t, time_ns);
    t->in_call = false;
    t->restartable = call->result == -516; /* ERESTART_RESTARTBLOCK */
    bool counts =
        t->op == OP_WAKE || t->op == OP_WAKE_OP || t->op == OP_REQUEUE || t->op == OP_CMP_REQUEUE_PI;
    /* without switches, whoever was woken is taken to have slept */
    uint8_t outcome = outcome_of(t->op, call->result, t->slept || !c->switches);
    unseen_count(c, t, outcome);
    call_add(c, t, outcome, time_ns, counts ? call->result : 0);
}

/* ---- the scheduler ---- */

void perf_calls_leave(struct perf_calls *c, uint32_t tid, uint64_t time_ns, bool runnable)
{
    struct perf_thread *t = thread_find(c, tid);
    if (!t || !t->in_call || t->off_cpu != ON_CPU) /* two kinds of records tell it */
        return;
    t->off_ns = time_ns;
    t->off_cpu = runnable ? RUNNABLE : BLOCKED;
    t->slept |= !runnable;
}

void perf_calls_wake(struct perf_calls *c, uint32_t tid, uint64_t time_ns)
{
    struct perf_thread *t = thread_find(c, tid);
    if (!t || !t->in_call || t->off_cpu != BLOCKED)
        return;
    t->blocked_ns += elapsed(c, t->off_ns, time_ns);
    t->off_ns = t->woken_ns = time_ns;
    t->off_cpu = RUNNABLE;
}

void perf_calls_return(struct perf_calls *c, uint32_t tid, uint64_t time_ns)
{
    struct perf_thread *t = thread_find(c, tid);
    if (t && t->in_call)
        call_return(c, t, time_ns);
}

static void call_finish(struct perf_calls *c, struct perf_thread *t, uint64_t now)
{
    if (c->limits.ends_partly || t->gaps != c->gaps)
        call_give_up(c, t);
    if (!t->in_call)
        return;
    if (t->off_cpu == BLOCKED)
        t->blocked_ns += elapsed(c, t->off_ns, now);
    else if (t->off_cpu == RUNNABLE)
        t->runnable_ns += elapsed(c, t->off_ns, now);
    t->in_call = false;
    call_add(c, t, OUTCOME_UNFINISHED, now, 0);
}

void perf_calls_die(struct perf_calls *c, uint32_t tid, uint32_t space, uint64_t time_ns)
{
    struct perf_thread **at = thread_place(c, tid), *t = *at;
    if (c->wakeups)
        perf_edges_exit(&c->edges, space);
    if (!t)
        return;
    call_finish(c, t, time_ns);
    *at = t->next;
    free(t);
    c->thread_count--;
}

uint64_t perf_calls_finish(struct perf_calls *c, uint64_t time_ns)
{
    uint64_t under_way = 0;
    perf_edges_finish(&c->edges, &c->loss.edges);
    for (size_t i = 0; i < BUCKETS; i++)
        for (struct perf_thread *t = c->threads[i]; t; t = t->next) {
            under_way += t->in_call && t->gaps == c->gaps;
            call_finish(c, t, time_ns);
        }
    return under_way;
}

void perf_calls_gap(struct perf_calls *c)
{
    c->gaps++;
}

enum thread_state perf_calls_state(const struct perf_calls *c, uint32_t tid)
{
    const struct perf_thread *t = thread_find(c, tid);
    if (!t || !t->in_call || c->limits.ends_partly || t->gaps != c->gaps)
        return STATE_USER;
    return t->op == OP_WAIT || t->op == OP_LOCK_PI || t->op == OP_WAIT_REQUEUE_PI ? STATE_FUTEX_WAIT
                                                                                  : STATE_FUTEX_WAKE;
}

/* ---- what comes out ---- */

int perf_calls_words(struct perf_calls *c, struct word_row **rows, size_t *count)
{
    *count = 0;
    *rows = calloc(c->word_count ? c->word_count : 1, sizeof(**rows));
    if (!*rows)
        return -ENOMEM;
    for (size_t i = 0; i < c->word_room; i++) {
        if (!c->used[i])
            continue;
        (*rows)[(*count)++] = c->words[i];
        c->words[i].histogram = c->words[i].handoff = NULL;
    }
    qsort(*rows, *count, sizeof(**rows), word_row_compare);
    return 0;
}

const struct perf_waiter *perf_calls_waiters(struct perf_calls *c, size_t *count)
{
    return perf_waiters_sorted(&c->waiters, count);
}
