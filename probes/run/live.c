/* See live.h.  A look is the difference of two snapshots of the table of words.  Both are in the same order,
 * and so are the words that are known already: nothing has to be searched for.  What belongs to processes
 * that have ended is dropped (live_ended.h).  A table that is well filled nevertheless is begun anew. */
#include "probes/run/live.h"

#include "probes/bpf/terms.h"
#include "probes/host/clock.h"
#include "probes/mappings/sideband.h"
#include "probes/run/live_ended.h"
#include "probes/run/live_losses.h"
#include "probes/run/live_words.h"
#include "probes/run/observe.h"
#include "probes/session/session.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum {
    MAX_WORDS = 1 << 18,      /* pairs of word and outcome */
    RENEW_AT = MAX_WORDS / 2, /* so many of them, and all is begun anew */
};
enum { LOSS_MISSED = LOSS_COUNT, LOSS_MAPPINGS, LOSS_KINDS };
static const uint64_t RENEW_NS = 1800000000000; /* or after that long: the mappings' history grows */

/* What is remembered of a process from one look to the next. */
struct seen {
    uint32_t pid;
    char comm[16];  /* "?": nobody knows any more */
    int64_t cpu_ns; /* all CPU time that it had; -1: not known, it has ended */
    int64_t ran_ns; /* CPU time between the last two looks; -1: not known */
};

struct live {
    const struct target *target;
    struct session *session;
    struct sideband *sideband;
    struct live_words *words;
    struct word_row *before;
    size_t before_count;
    struct seen *seen; /* by pid */
    size_t seen_count;
    uint64_t looked_ns, renewed_ns;
    struct live_ended *ended;
    struct live_losses losses;
};

/* ---- processes ---- */

/* Returns the CPU time in ns of all threads that a process has and had; -1: not known.  Anybody may read the
 * clock of another process. */
static int64_t cpu_of(uint32_t pid)
{
    clockid_t clock;
    struct timespec t;
    if (clock_getcpuclockid((pid_t)pid, &clock) || clock_gettime(clock, &t))
        return -1;
    return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

static void comm_read(uint32_t pid, char comm[16])
{
    char path[64];
    snprintf(path, sizeof(path), "/proc/%u/comm", pid);
    FILE *f = fopen(path, "re");
    if (!f)
        return;
    size_t n = fread(comm, 1, 15, f);
    comm[n] = '\0';
    comm[strcspn(comm, "\n")] = '\0';
    fclose(f);
}

static int seen_compare(const void *a, const void *b)
{
    uint32_t x = ((const struct seen *)a)->pid, y = ((const struct seen *)b)->pid;
    return (x > y) - (x < y);
}

static struct seen *seen_find(const struct live *l, uint32_t pid)
{
    const struct seen wanted = {.pid = pid};
    return l->seen_count ? bsearch(&wanted, l->seen, l->seen_count, sizeof(wanted), seen_compare) : NULL;
}

/* Remembers a process, if it is new, with its CPU time up to now. */
static int seen_add(struct live *l, uint32_t pid)
{
    if (seen_find(l, pid))
        return 0;
    struct seen *grown = reallocarray(l->seen, l->seen_count + 1, sizeof(*grown));
    if (!grown)
        return -ENOMEM;
    l->seen = grown;
    size_t at = l->seen_count++;
    for (; at && grown[at - 1].pid > pid; at--)
        grown[at] = grown[at - 1];
    grown[at] = (struct seen){.pid = pid, .comm = "?", .cpu_ns = cpu_of(pid), .ran_ns = -1};
    comm_read(pid, grown[at].comm);
    return 0;
}

/* Reads what each process ran since the last look.  One that has ended is forgotten a look later. */
static void seen_update(struct live *l)
{
    size_t kept = 0;
    for (size_t i = 0; i < l->seen_count; i++) {
        struct seen s = l->seen[i];
        if (s.cpu_ns < 0)
            continue;
        int64_t now = cpu_of(s.pid);
        s.ran_ns = now >= s.cpu_ns ? now - s.cpu_ns : -1;
        s.cpu_ns = now;
        comm_read(s.pid, s.comm);
        l->seen[kept++] = s;
    }
    l->seen_count = kept;
}

static void process_complete(const struct live *l, struct live_process *p)
{
    const struct seen *s = seen_find(l, p->pid);
    p->cpu_ns = s ? s->ran_ns : -1;
    if (s)
        memcpy(p->comm, s->comm, sizeof(p->comm));
}

static struct live_process *process_get(struct live_view *view, size_t *room, uint32_t pid)
{
    for (size_t i = 0; i < view->count; i++)
        if (view->processes[i].pid == pid)
            return &view->processes[i];
    if (view->count == *room) {
        size_t more = *room ? 2 * *room : 32;
        struct live_process *grown = reallocarray(view->processes, more, sizeof(*grown));
        if (!grown)
            return NULL;
        view->processes = grown;
        *room = more;
    }
    struct live_process *p = &view->processes[view->count++];
    *p = (struct live_process){.pid = pid, .comm = "?", .cpu_ns = -1};
    return p;
}

/* ---- whom it follows ---- */

static bool chosen(const struct live *l)
{
    return l->target->scope == FOLLOW_PROCESSES;
}

static bool all_ended(const struct live *l)
{
    const struct target *t = l->target;
    if (t->scope != FOLLOW_PROCESSES)
        return t->scope == FOLLOW_CGROUP && target_cgroup_empty(t);
    for (size_t i = 0; i < t->count; i++)
        if (!target_ended(t, i))
            return false;
    return true;
}

static int follow(struct live *l, char **note, struct error *err)
{
    int rc = observe_follow(l->target, l->session, &l->sideband, note, err);
    for (size_t i = 0; i < l->target->count && !rc; i++)
        if (seen_add(l, (uint32_t)l->target->pids[i]))
            rc = error_set(err, -ENOMEM, "out of memory");
    l->looked_ns = l->renewed_ns = clock_monotonic_ns();
    return rc;
}

/* Reads the counters of losses since the last renewal. */
static void losses_read(const struct live *l, uint64_t now[LOSS_KINDS])
{
    for (int i = 0; i < LOSS_COUNT; i++)
        now[i] = session_loss(l->session, (enum loss_reason)i);
    now[LOSS_MISSED] = session_missed(l->session);
    now[LOSS_MAPPINGS] = sideband_lost(l->sideband);
}

static void losses_tell(struct live *l, struct live_view *view)
{
    uint64_t now[LOSS_KINDS];
    int most;
    losses_read(l, now);
    view->lost = live_losses_take(&l->losses, now, LOSS_KINDS, &most);
    view->lost_reason = most < 0              ? NULL
                        : most < LOSS_COUNT   ? term_loss((unsigned)most)
                        : most == LOSS_MISSED ? "probe runs that the kernel skipped"
                                              : "mapping records dropped";
}

/* Begins anew with empty tables; the programs stay attached. */
static int renew(struct live *l, struct error *err)
{
    uint64_t now[LOSS_KINDS];
    int rc = session_stop(l->session, err);
    losses_read(l, now);
    live_losses_carry(&l->losses, now, LOSS_KINDS);
    if (!rc && (rc = session_reset(l->session)))
        error_set(err, rc, "can't empty the tables: %s", strerror(-rc));
    if (rc)
        return rc;
    sideband_close(l->sideband);
    l->sideband = NULL;
    word_rows_free(l->before, l->before_count);
    l->before = NULL;
    l->before_count = 0;
    live_ended_free(l->ended);
    l->ended = live_ended_new();
    live_words_free(l->words);
    l->words = live_words_new();
    char *note = NULL;
    rc = l->words && l->ended ? follow(l, &note, err) : error_set(err, -ENOMEM, "out of memory");
    free(note);
    return rc;
}

int live_open(const struct target *target, struct live **out, char **note, struct error *err)
{
    struct live *l = calloc(1, sizeof(*l));
    *note = NULL;
    if (!l || !(l->words = live_words_new()) || !(l->ended = live_ended_new())) {
        live_words_free(l ? l->words : NULL);
        free(l);
        return error_set(err, -ENOMEM, "out of memory");
    }
    l->target = target;
    const struct measure_options options = {.probes = PROBES_WAITS,
                                            .stdout_fd = -1,
                                            .stderr_fd = -1,
                                            .max_words = MAX_WORDS,
                                            .no_paths = true,
                                            .cgroup = target->scope == FOLLOW_CGROUP,
                                            .machine = target->scope == FOLLOW_ALL};
    int rc = session_open(&options, &l->session, err);
    if (!rc)
        rc = follow(l, note, err);
    if (rc) {
        live_close(l);
        return rc;
    }
    *out = l;
    return 0;
}

const int *live_fds(const struct live *l, unsigned *count)
{
    return sideband_fds(l->sideband, count);
}

void live_read(struct live *l)
{
    sideband_read(l->sideband);
}

void live_close(struct live *l)
{
    if (!l)
        return;
    session_close(l->session);
    sideband_close(l->sideband);
    live_words_free(l->words);
    live_ended_free(l->ended);
    word_rows_free(l->before, l->before_count);
    free(l->seen);
    free(l);
}

/* ---- one look ---- */

static void calls_add(struct live_calls *c, const struct word_row *row)
{
    const struct word_totals *t = &row->value.totals;
    uint64_t oncpu = term_totals_oncpu(t) + t->kernel_lock_ns;
    uint64_t *const counts[FUTEX_KINDS] = {&c->slept, &c->eagain, &c->empty, &c->waking, &c->other};
    *counts[term_kind(row->key.op, row->key.outcome)] += t->calls;
    c->oncpu_ns += oncpu;
    if (term_op_waits(row->key.op))
        c->wait_ns += oncpu + t->blocked_ns + t->runnable_ns;
}

static void calls_sum(struct live_calls *to, const struct live_calls *c)
{
    to->slept += c->slept;
    to->eagain += c->eagain;
    to->empty += c->empty;
    to->waking += c->waking;
    to->other += c->other;
    to->wait_ns += c->wait_ns;
    to->oncpu_ns += c->oncpu_ns;
}

/* Returns what the calls cost in ns.  Time says more than their number: a sleeper's one call may cost more
 * than a thousand that return at once. */
static uint64_t cost(const struct live_calls *c)
{
    return c->wait_ns > c->oncpu_ns ? c->wait_ns : c->oncpu_ns;
}

static void hottest_choose(struct live_process *p, const struct live_word *w)
{
    struct live_word *h = &p->hottest;
    bool better = !h->name || (w->allocator && !h->allocator) ||
                  (!w->allocator == !h->allocator && live_calls_all(&w->calls) > live_calls_all(&h->calls));
    if (better)
        *h = *w;
}

/* Returns the *found words of `rows`, each with its calls, malloc'd; NULL: out of memory. */
static struct moved_word *words_make(struct live *l, const struct word_row *rows, size_t count, size_t *found)
{
    struct moved_word *words = calloc(count + 1, sizeof(*words));
    *found = 0;
    for (size_t i = 0; words && i < count; i++) {
        struct moved_word *w = *found ? &words[*found - 1] : NULL;
        const struct word_key *key = &rows[i].key;
        if (!w || w->rows->key.space != key->space || w->rows->key.address != key->address) {
            w = &words[(*found)++];
            *w = (struct moved_word){.rows = &rows[i]};
            if (session_space(l->session, key->space, &w->info))
                w->info = (struct space_info){0};
        }
        w->count++;
        calls_add(&w->word.calls, &rows[i]);
    }
    return words;
}

static int word_take(struct live *l, struct live_view *view, size_t *room, const struct moved_word *w)
{
    struct live_process *p = process_get(view, room, w->info.tgid);
    if (!p)
        return -ENOMEM;
    calls_sum(w->word.allocator ? &p->malloc : &p->others, &w->word.calls);
    hottest_choose(p, &w->word);
    return w->info.tgid ? seen_add(l, w->info.tgid) : 0;
}

/* Holds back a word that has no name yet, so that the next look gets these calls again: takes them off
 * `rows`, which that look will subtract.  `rows` are in the same order and move on with the words. */
static void word_hold(struct live_view *view, const struct moved_word *w, struct word_row **rows)
{
    view->unnamed += live_calls_all(&w->word.calls);
    for (size_t i = 0; i < w->count; i++) {
        while (memcmp(&(*rows)->key, &w->rows[i].key, sizeof(w->rows[i].key)))
            ++*rows;
        word_row_totals_subtract(&(*rows)->value.totals, &w->rows[i].value.totals);
    }
}

static int process_compare(const void *a, const void *b)
{
    const struct live_process *x = a, *y = b;
    uint64_t x_cost = cost(&x->malloc), y_cost = cost(&y->malloc);
    if (x_cost != y_cost)
        return x_cost > y_cost ? -1 : 1;
    uint64_t x_calls = live_calls_all(&x->others), y_calls = live_calls_all(&y->others);
    if (x_calls != y_calls)
        return x_calls > y_calls ? -1 : 1;
    return x->pid < y->pid ? -1 : x->pid > y->pid;
}

/* Makes the view.  `moved`: what came since the last look; `rows`: the snapshot that the next look subtracts.
 */
static int view_fill(struct live *l, struct live_view *view, const struct word_row *moved, size_t count,
                     struct word_row *rows)
{
    size_t room = 0, found = 0;
    struct moved_word *words = words_make(l, moved, count, &found);
    int rc = words ? live_words_name(l->words, l->session, l->sideband, words, found,
                                     chosen(l) ? 0 : LIVE_NAMING_NS)
                   : -ENOMEM;
    for (size_t i = 0; i < l->target->count && !rc; i++) /* zero calls are a result too */
        if (!target_ended(l->target, i) && !process_get(view, &room, (uint32_t)l->target->pids[i]))
            rc = -ENOMEM;
    for (size_t i = 0; i < found && !rc; i++) {
        if (words[i].word.name) {
            rc = word_take(l, view, &room, &words[i]);
        } else {
            live_ended_hold(l->ended, words[i].rows->key.space);
            word_hold(view, &words[i], &rows);
        }
    }
    for (size_t i = 0; i < view->count && !rc; i++)
        process_complete(l, &view->processes[i]);
    if (!rc && view->count)
        qsort(view->processes, view->count, sizeof(*view->processes), process_compare);
    free(words);
    return rc;
}

static int look(struct live *l, struct live_view *view, struct error *err)
{
    struct word_row *rows = NULL, *moved = NULL;
    size_t count = 0;
    uint64_t now = clock_monotonic_ns();
    int rc = live_ended_look(l->ended, l->session); /* before the snapshot, which is the last of these */
    if (!rc)
        rc = session_snapshot(l->session, &rows, &count, err);
    if (!rc && !(moved = malloc((count + 1) * sizeof(*moved))))
        rc = -ENOMEM;
    if (!rc) {
        if (count)
            memcpy(moved, rows, count * sizeof(*moved));
        size_t left = word_rows_subtract(moved, count, l->before, l->before_count);
        view->interval_ns = now - l->looked_ns;
        seen_update(l); /* before naming, which takes its time */
        rc = live_words_keep(l->words, rows, count);
        if (!rc)
            rc = view_fill(l, view, moved, left, rows);
        if (!rc)
            count = live_ended_drop(l->ended, l->session, rows, count);
        if (!rc && sideband_forget(l->sideband))
            rc = live_words_forget_files(l->words);
    }
    free(moved);
    word_rows_free(l->before, l->before_count);
    l->before = rows;
    l->before_count = count;
    l->looked_ns = now;
    return rc;
}

int live_take(struct live *l, struct live_view *view, struct error *err)
{
    *view = (struct live_view){0};
    bool ended = all_ended(l); /* before the look, so that nothing of the end is missed */
    observe_tend(l->target, l->session, l->sideband);
    int rc = sideband_update(l->sideband);
    if (!rc)
        rc = look(l, view, err);
    if (rc) {
        if (!err->text[0])
            error_set(err, rc, "can't tell what the processes do: %s", strerror(-rc));
        live_view_free(view);
        return rc;
    }
    view->ended = ended;
    view->asked = chosen(l);
    losses_tell(l, view);
    return 0;
}

struct live_size live_size(const struct live *l)
{
    return (struct live_size){
        .words = l->before_count, .spaces = live_ended_count(l->ended), .processes = l->seen_count};
}

int live_renew(struct live *l, struct error *err)
{
    if (chosen(l) || (l->before_count < RENEW_AT && clock_monotonic_ns() - l->renewed_ns < RENEW_NS))
        return 0;
    return renew(l, err);
}

void live_view_free(struct live_view *view)
{
    free(view->processes);
    *view = (struct live_view){0};
}
