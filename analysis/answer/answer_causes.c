/* The futex words of the answer's run: the rows of its table, and what locks among them cost.  All of
 * malloc's locks are one cause, since one allocator in place of another changes them all; every other lock is
 * its own. */
#include "analysis/answer/answer_limits.h"
#include "analysis/answer/answer_maker_private.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* A row of view answer_word. */
struct word {
    struct answer_row row;
    char *module;
    long long group;
    double oncpu_ns, blocked_ns, runnable_ns, eagain, empty_wakes, waking_wakes, waits, kernel_lock_ns,
        calls_ns;
};

/* From where calls on a group of words come. */
struct path {
    long long group;
    struct answer_caller caller;
    double wake_share; /* of the group's calls that wake */
};

enum { CALLERS_MOST = 3 };

struct words {
    struct word *rows;
    size_t count;
    struct path *paths; /* by group, most calls first */
    size_t path_count;
    double lock_oncpu_ns; /* of all words that may be locks */
};

static enum answer_word word_of(const char *use)
{
    static const enum answer_word all[] = {WORD_MUTEX, WORD_CONDITION, WORD_JOIN, WORD_IDLE};
    for (size_t i = 0; use && i < sizeof(all) / sizeof(all[0]); i++)
        if (!strcmp(use, answer_word_key(all[i])))
            return all[i];
    return WORD_UNKNOWN;
}

/* Whether a thread at this word is held up by another one, as far as is known. */
static bool may_be_lock(const struct word *w)
{
    return w->row.word == WORD_MUTEX || w->row.word == WORD_UNKNOWN;
}

/* Whether so few threads waited at a word of which nothing tells what it is for that they say nothing of it
 * either. */
static bool hardly_used(const struct word *w)
{
    return w->row.word == WORD_UNKNOWN && w->row.slept + w->eagain < LIMIT_SAMPLES;
}

static double zero_if_unknown(double value)
{
    return isnan(value) ? 0 : value;
}

static void word_read(struct answer_maker *m, sqlite3_stmt *row, struct word *w)
{
    w->group = sqlite3_column_int64(row, 0);
    w->row.name = answer_maker_text(m, row, 1);
    w->module = answer_maker_text(m, row, 2);
    w->row.allocator = answer_maker_text(m, row, 3);
    w->row.is_malloc = sqlite3_column_type(row, 4) == SQLITE_NULL ? -1 : sqlite3_column_int(row, 4);
    w->row.program = answer_maker_text(m, row, 5);
    w->row.tgid = sqlite3_column_type(row, 6) == SQLITE_NULL ? -1 : sqlite3_column_int64(row, 6);
    w->row.words = sqlite3_column_int64(row, 7);
    w->row.calls = answer_maker_number(row, 8);
    w->row.slept = answer_maker_number(row, 9);
    w->eagain = answer_maker_number(row, 10);
    w->empty_wakes = answer_maker_number(row, 11);
    w->waking_wakes = answer_maker_number(row, 12);
    w->row.in_vain = answer_maker_number(row, 13);
    w->oncpu_ns = answer_maker_number(row, 14);
    w->blocked_ns = answer_maker_number(row, 15);
    w->runnable_ns = answer_maker_number(row, 16);
    w->row.word = w->row.is_malloc == 1 ? WORD_MUTEX : word_of((const char *)sqlite3_column_text(row, 17));
    w->row.thread_ns = zero_if_unknown(answer_maker_number(row, 18));
    w->waits = answer_maker_number(row, 19);
    w->kernel_lock_ns = answer_maker_number(row, 20);
    w->calls_ns = answer_maker_number(row, 21);
}

static void words_read(struct answer_maker *m, struct words *words)
{
    sqlite3_stmt *row = answer_maker_query(
        m, "SELECT word_group, name, module, allocator, is_malloc, program, tgid, words, calls, "
           "iif(outcomes_known, slept, NULL), iif(outcomes_known, eagain, NULL), "
           "iif(outcomes_known, empty_wakes, NULL), iif(outcomes_known, waking_wakes, NULL), "
           "iif(outcomes_known, in_vain, NULL), oncpu_ns, blocked_ns, runnable_ns, use, wait_ns, waits, "
           "kernel_lock_ns, total_ns "
           "FROM answer_word ORDER BY is_malloc IS NOT 1, rank");
    while (answer_maker_next(m, row)) {
        struct word *more = answer_maker_grow(m, words->rows, &words->count, sizeof(*more));
        if (!more)
            continue;
        words->rows = more;
        struct word *w = &more[words->count - 1];
        word_read(m, row, w);
        words->lock_oncpu_ns += may_be_lock(w) ? zero_if_unknown(w->oncpu_ns) : 0;
    }
}

/* Returns "consumer, main": the functions that wait there, most first. */
static char *by_text(struct answer_maker *m, const struct answer_caller *callers, size_t count)
{
    if (!count)
        return NULL;
    return count == 1 || callers[0].share > 0.95
               ? answer_maker_format(m, "%s", callers[0].function)
               : answer_maker_format(m, "%s, %s", callers[0].function, callers[1].function);
}

static char *copy(struct answer_maker *m, const char *text)
{
    return text ? answer_maker_format(m, "%s", text) : NULL;
}

/* Reads all callers at once: the view walks every call path of the recording. */
static void paths_read(struct answer_maker *m, struct words *words)
{
    sqlite3_stmt *row = answer_maker_query(
        m, "SELECT word_group, function, sum(calls) / nullif(sum(sum(calls)) OVER (PARTITION BY word_group), "
           "0), "
           "sum(wakes) * 1.0 / nullif(sum(sum(wakes)) OVER (PARTITION BY word_group), 0) FROM answer_path "
           "GROUP BY word_group, function ORDER BY word_group, sum(calls) DESC, function");
    while (answer_maker_next(m, row)) {
        struct path *more = sqlite3_column_type(row, 1) == SQLITE_NULL
                                ? NULL
                                : answer_maker_grow(m, words->paths, &words->path_count, sizeof(*more));
        if (!more)
            continue;
        words->paths = more;
        more[words->path_count - 1] =
            (struct path){sqlite3_column_int64(row, 0),
                          {answer_maker_text(m, row, 1), answer_maker_number(row, 2)},
                          answer_maker_number(row, 3)};
    }
}

/* Returns copies of the first callers of a group, most first; NULL: none is known. */
static struct answer_caller *callers_of(struct answer_maker *m, const struct words *words, long long group,
                                        size_t *count)
{
    struct answer_caller *callers = NULL;
    *count = 0;
    for (size_t i = 0; i < words->path_count && *count < CALLERS_MOST; i++) {
        const struct path *p = &words->paths[i];
        struct answer_caller *more =
            p->group == group ? answer_maker_grow(m, callers, count, sizeof(*more)) : NULL;
        if (!more)
            continue;
        callers = more;
        callers[*count - 1] = (struct answer_caller){copy(m, p->caller.function), p->caller.share};
    }
    return callers;
}

/* Whether the path at `a` comes before that at `b` among holders: more wakes, or the order of the paths. */
static bool holds_more(const struct words *words, size_t a, size_t b)
{
    const double x = words->paths[a].wake_share, y = words->paths[b].wake_share;
    return x > y || (x >= y && a < b);
}

/* Returns copies of the functions that let a group's words go, most first: whoever wakes has held the lock.
 */
static struct answer_caller *holders_of(struct answer_maker *m, const struct words *words, long long group,
                                        size_t *count)
{
    struct answer_caller *holders = NULL;
    const size_t none = words->path_count;
    size_t last = none;
    for (*count = 0; *count < CALLERS_MOST;) {
        size_t next = none;
        for (size_t i = 0; i < none; i++)
            if (words->paths[i].group == group && words->paths[i].wake_share > 0 &&
                (last == none || holds_more(words, last, i)) && i != last &&
                (next == none || holds_more(words, i, next)))
                next = i;
        struct answer_caller *more = next < none ? answer_maker_grow(m, holders, count, sizeof(*more)) : NULL;
        if (!more)
            break;
        holders = more;
        holders[*count - 1] = (struct answer_caller){copy(m, words->paths[next].caller.function),
                                                     words->paths[next].wake_share};
        last = next;
    }
    return holders;
}

static struct estimate plus(struct estimate a, struct estimate b)
{
    return (struct estimate){a.value + b.value, a.low + b.low, a.high + b.high};
}

static struct estimate exactly(double value)
{
    return (struct estimate){value, value, value};
}

/* Returns the user code of lock functions that belongs to a word.  Samples don't tell for which lock a
 * function ran: it is divided as the calls' time in the kernel is, but no more than some spinning for each
 * call; and lies between none and all. */
static struct estimate lock_code(const struct answer_maker *m, const struct words *words,
                                 const struct word *w)
{
    const struct estimate all = answer_facts_state(&m->facts, "lock");
    if (!m->facts.sampled || isnan(all.value))
        return exactly(0);
    const double oncpu = zero_if_unknown(w->oncpu_ns);
    const double part = words->lock_oncpu_ns > 0 ? oncpu / words->lock_oncpu_ns : 0;
    const double most = w->row.calls * LIMIT_SPIN_NS;
    return (struct estimate){fmin(part * all.value, most), part >= 1 ? fmin(all.low, most) : 0, all.high};
}

/* Returns the time of the calls in the kernel.  With a ledger what the probes took in it is taken out. */
static double kernel_time(const struct answer_maker *m, const struct words *words, const struct word *w,
                          bool malloc)
{
    if (!m->facts.ledger)
        return zero_if_unknown(w->oncpu_ns);
    const char *wait = malloc ? "futex_wait_malloc" : "futex_wait_other";
    const char *wake = malloc ? "futex_wake_malloc" : "futex_wake_other";
    const double all = zero_if_unknown(answer_facts_state(&m->facts, wait).value) +
                       zero_if_unknown(answer_facts_state(&m->facts, wake).value);
    double gross = 0;
    for (size_t i = 0; i < words->count; i++)
        if ((words->rows[i].row.is_malloc == 1) == malloc)
            gross += zero_if_unknown(words->rows[i].oncpu_ns);
    return gross > 0 ? all * zero_if_unknown(w->oncpu_ns) / gross : 0;
}

static void cause_add_word(struct answer_maker *m, const struct words *words, struct answer_cause *c,
                           const struct word *w)
{
    const double kernel = kernel_time(m, words, w, w->row.is_malloc == 1) + w->row.calls * m->facts.entry_ns;
    c->cpu_ns = plus(c->cpu_ns, plus(exactly(kernel), lock_code(m, words, w)));
    c->blocked_ns += zero_if_unknown(w->blocked_ns);
    c->runnable_ns += zero_if_unknown(w->runnable_ns);
    c->calls += w->row.calls;
    c->waits += w->waits;
    c->slept += w->row.slept;
    c->eagain += w->eagain;
    c->empty_wakes += w->empty_wakes;
    c->waking_wakes += w->waking_wakes;
    c->in_vain += w->row.in_vain;
    c->kernel_lock_ns += w->kernel_lock_ns;
    c->calls_ns += w->calls_ns;
    c->words += w->row.words;
}

/* Returns a new cause that is named by the word. */
static struct answer_cause *cause_new(struct answer_maker *m, const struct words *words, const struct word *w)
{
    struct answer *a = m->answer;
    struct answer_cause *more = answer_maker_grow(m, a->causes, &a->cause_count, sizeof(*more));
    if (!more)
        return NULL;
    a->causes = more;
    struct answer_cause *c = &more[a->cause_count - 1];
    c->kind = w->row.is_malloc == 1 ? ANSWER_MALLOC_LOCK : ANSWER_OWN_LOCK;
    c->lock = copy(m, w->row.name);
    c->module = copy(m, w->module);
    c->allocator = copy(m, w->row.allocator);
    c->program = copy(m, w->row.program);
    c->tgid = w->row.tgid;
    c->word = w->row.word;
    c->owner_known = w->row.is_malloc >= 0;
    c->callers = callers_of(m, words, w->group, &c->caller_count);
    c->holders = holders_of(m, words, w->group, &c->holder_count);
    return c;
}

/* Whoever shares a lock shares what it protects, too: malloc's own code is slower while the cache lines that
 * it works on are another core's.  How much slower can't be told, so that at most all of it goes with the
 * locks. */
static void protected_add(const struct answer_maker *m, struct answer_cause *c)
{
    const struct estimate code = answer_facts_state(&m->facts, "allocator");
    if (c->kind == ANSWER_MALLOC_LOCK && m->facts.sampled && !isnan(code.high))
        c->cpu_ns.high += code.high;
}

static void cause_finish(struct answer_maker *m, struct answer_cause *c)
{
    protected_add(m, c);
    c->thread_ns = c->cpu_ns.value + c->blocked_ns + c->runnable_ns;
    answer_maker_weigh(m, c);
}

/* Adds the cause of all malloc's words, named by the one that threads wait for longest. */
static void malloc_cause(struct answer_maker *m, const struct words *words)
{
    struct answer_cause *c = NULL;
    for (size_t i = 0; i < words->count; i++)
        if (words->rows[i].row.is_malloc == 1 && (c || (c = cause_new(m, words, &words->rows[i]))))
            cause_add_word(m, words, c, &words->rows[i]);
    if (c)
        cause_finish(m, c);
}

/* Moves a word's names into the answer's table. */
static void row_add(struct answer_maker *m, const struct words *words, struct word *w, double waited_ns)
{
    struct answer *a = m->answer;
    struct answer_row *more = answer_maker_grow(m, a->rows, &a->row_count, sizeof(*more));
    if (!more)
        return;
    a->rows = more;
    struct answer_row *r = &more[a->row_count - 1];
    size_t count = 0;
    struct answer_caller *callers = callers_of(m, words, w->group, &count);
    *r = w->row;
    w->row = (struct answer_row){0};
    r->by = by_text(m, callers, count);
    r->share = r->thread_ns / (isnan(a->threads_ns) ? waited_ns : a->threads_ns);
    for (size_t i = 0; i < count; i++)
        free(callers[i].function);
    free(callers);
}

static void words_free(struct words *words)
{
    for (size_t i = 0; i < words->count; i++) {
        free(words->rows[i].row.name);
        free(words->rows[i].row.allocator);
        free(words->rows[i].row.program);
        free(words->rows[i].module);
    }
    for (size_t i = 0; i < words->path_count; i++)
        free(words->paths[i].caller.function);
    free(words->rows);
    free(words->paths);
}

enum { ROWS_MOST = 40, CAUSES_MOST = 8 };

void answer_maker_words(struct answer_maker *m)
{
    struct words words = {0};
    double waited_ns = 0;
    words_read(m, &words);
    paths_read(m, &words);
    malloc_cause(m, &words);
    for (size_t i = 0; i < words.count; i++) {
        struct word *w = &words.rows[i];
        waited_ns += w->row.thread_ns;
        if (w->row.is_malloc == 1 || !may_be_lock(w) || hardly_used(w) ||
            m->answer->cause_count >= CAUSES_MOST)
            continue;
        struct answer_cause *c = cause_new(m, &words, w);
        if (c) {
            cause_add_word(m, &words, c, w);
            cause_finish(m, c);
        }
    }
    for (size_t i = 0; i < words.count && i < ROWS_MOST; i++)
        row_add(m, &words, &words.rows[i], waited_ns);
    words_free(&words);
}
