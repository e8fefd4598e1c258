/* See answer_made.h. */
#include "tests/analysis/answer_made.h"

#include "analysis/answer/answer_json.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define UNKNOWN ((struct estimate){NAN, NAN, NAN})

static void *made(void *memory)
{
    if (!memory)
        abort();
    return memory;
}

static char *text(const char *words)
{
    return made(strdup(words));
}

static struct estimate exactly(double value)
{
    return (struct estimate){value, value, value};
}

static char **list_of(const char *words, size_t *count)
{
    char **list = made(calloc(1, sizeof(*list)));
    *list = text(words);
    *count = 1;
    return list;
}

/* A second on two cores, of which 1.2 s were used; nothing else is known. */
static struct answer *answer_of(enum answer_conclusion conclusion)
{
    struct answer *a = made(calloc(1, sizeof(*a)));
    *a = (struct answer){
        .conclusion = conclusion,
        .command = text("./server --port 80"),
        .collector = text("bpf"),
        .mode = text("profile"),
        .wall_ns = 1e9,
        .cores = 2,
        .threads = 4,
        .cpu_ns = 1.2e9,
        .threads_ns = NAN,
        .oncpu_share = NAN,
        .runnable_share = NAN,
        .blocked_share = NAN,
        .futex_share = NAN,
        .mmap_lock_share = NAN,
        .probes_ns = NAN,
        .samples = 579,
        .rounds = 1,
        .foreign_share = 0.02,
    };
    return a;
}

static struct answer_cause *cause_add(struct answer *a, enum answer_conclusion kind, const char *lock)
{
    a->causes = made(realloc(a->causes, (a->cause_count + 1) * sizeof(*a->causes)));
    struct answer_cause *c = &a->causes[a->cause_count++];
    *c = (struct answer_cause){
        .kind = kind,
        .lock = lock ? text(lock) : NULL,
        .tgid = -1,
        .words = 1,
        .word = WORD_MUTEX,
        .owner_known = true,
        .calls = NAN,
        .slept = NAN,
        .eagain = NAN,
        .empty_wakes = NAN,
        .waking_wakes = NAN,
        .in_vain = NAN,
        .cpu_ns = UNKNOWN,
        .cpu_share = UNKNOWN,
        .thread_ns = NAN,
        .thread_share = NAN,
        .blocked_ns = NAN,
        .runnable_ns = NAN,
        .gain = UNKNOWN,
    };
    return c;
}

static struct answer_row *row_add(struct answer *a, const char *name, int is_malloc, enum answer_word word,
                                  double thread_ns, double share)
{
    a->rows = made(realloc(a->rows, (a->row_count + 1) * sizeof(*a->rows)));
    struct answer_row *r = &a->rows[a->row_count++];
    *r = (struct answer_row){.name = text(name),
                             .tgid = 77,
                             .words = 1,
                             .is_malloc = is_malloc,
                             .word = word,
                             .thread_ns = thread_ns,
                             .share = share,
                             .slept = 100,
                             .in_vain = 2000,
                             .calls = 2100};
    return r;
}

static void cure_add(struct answer_cause *c, const char *what, const char *line, struct estimate factor,
                     double bytes)
{
    c->cures = made(realloc(c->cures, (c->cure_count + 1) * sizeof(*c->cures)));
    c->cures[c->cure_count++] = (struct answer_cure){.what = text(what),
                                                     .line = line ? text(line) : NULL,
                                                     .factor = factor,
                                                     .extra_bytes = bytes,
                                                     .measured = !isnan(factor.value),
                                                     .outcome = comparison_of(factor.low, factor.high, 1),
                                                     .comparisons = 1};
}

static void caller_add(struct answer_cause *c, const char *function, double share)
{
    c->callers = made(realloc(c->callers, (c->caller_count + 1) * sizeof(*c->callers)));
    c->callers[c->caller_count++] = (struct answer_caller){text(function), share};
}

static void part_add(struct answer *a, const char *what, const char *label, double share)
{
    a->parts[a->part_count++] = (struct answer_part){label, what, exactly(share * a->cpu_ns), share};
}

static struct answer *malloc_lock(void)
{
    struct answer *a = answer_of(ANSWER_MALLOC_LOCK);
    struct answer_cause *c = cause_add(a, ANSWER_MALLOC_LOCK, "__malloc_lock");
    c->allocator = text("mallocng");
    c->module = text("/usr/bin/server");
    c->calls = 66517;
    c->waits = 1;
    c->slept = 500;
    c->eagain = 17;
    c->empty_wakes = 65500;
    c->waking_wakes = 500;
    c->in_vain = 65517;
    c->cpu_ns = (struct estimate){0.44e9, 0.34e9, 0.54e9};
    c->cpu_share = (struct estimate){0.3667, 0.2833, 0.45};
    c->thread_ns = 0.6e9;
    c->gain = (struct estimate){1.58, 1.4, 1.82};
    c->mechanism = MECHANISM_OVERSUBSCRIPTION;
    c->mechanism_text = text("Woken waiters stand in line for a CPU: 65 500 empty wakes beside 500 sleeps");
    caller_add(c, "work", 0.61);
    caller_add(c, "take_block", 0.39);
    cure_add(c, "mimalloc", "link with -lmimalloc", (struct estimate){0.5, 0.48, 0.53}, 9 << 20);
    cure_add(c, "jemalloc in place of mallocng", "LD_PRELOAD=libjemalloc.so.2", UNKNOWN, NAN);
    cure_add(c, "no more threads than CPUs: 2 instead of 4", NULL, UNKNOWN, NAN);
    row_add(a, "__malloc_lock", 1, WORD_MUTEX, 0.3e9, 0.6)->by = text("work, take_block");
    row_add(a, "word of pthread_join", 0, WORD_JOIN, 0.2e9, 0.4)->by = text("main");
    return a;
}

static struct answer *arenas(void)
{
    struct answer *a = answer_of(ANSWER_MALLOC_LOCK);
    struct answer_cause *c = cause_add(a, ANSWER_MALLOC_LOCK, "main_arena.mutex");
    c->allocator = text("ptmalloc");
    c->words = 5;
    c->calls = 1;
    c->waits = 1;
    c->in_vain = 0;
    c->cpu_share = (struct estimate){0.2, 0.2, NAN};
    c->cpu_ns = (struct estimate){0.24e9, 0.24e9, NAN};
    c->gain = (struct estimate){1.25, 1.25, 1.25};
    c->gain_misses_spinning = true;
    a->samples = NAN;
    row_add(a, "main_arena.mutex", 1, WORD_MUTEX, 1e8, 0.5);
    row_add(a, "thread arena", 1, WORD_MUTEX, 1e8, 0.4)->words = 4;
    row_add(a, "word of parking_lot's lock_slow", 0, WORD_MUTEX, 1e7, 0.1)->words = 33;
    return a;
}

static struct answer *memory(void)
{
    struct answer *a = answer_of(ANSWER_ALLOCATOR_MEMORY);
    struct answer_cause *c = cause_add(a, ANSWER_ALLOCATOR_MEMORY, NULL);
    c->allocator = text("mallocng");
    c->words = 0;
    c->calls = 40000;
    c->waits = 1;
    c->cpu_share = exactly(0.301);
    c->gain = exactly(1.43);
    cure_add(c, "a higher M_MMAP_THRESHOLD",
             "mallopt(M_MMAP_THRESHOLD, 64 << 20);\nmallopt(M_TRIM_THRESHOLD, -1);", UNKNOWN, NAN);
    return a;
}

static struct answer *own_lock(void)
{
    struct answer *a = answer_of(ANSWER_OWN_LOCK);
    struct answer_cause *c = cause_add(a, ANSWER_OWN_LOCK, "jobs.m"), *m;
    c->module = text("/home/somebody/queue");
    c->calls = 7936;
    c->waits = 1;
    c->in_vain = 4210;
    c->cpu_share = exactly(0.05);
    c->thread_share = 0.24;
    c->gain = (struct estimate){1.31, 1.31, 1.31};
    m = cause_add(a, ANSWER_MALLOC_LOCK, "main_arena");
    m->allocator = text("ptmalloc");
    m->cpu_ns = exactly(12e6);
    free(a->mode);
    a->mode = text("ledger");
    a->threads_ns = 2.8e9;
    a->oncpu_share = 0.43;
    a->runnable_share = 0.05;
    a->blocked_share = 0.1;
    a->futex_share = 0.4;
    a->mmap_lock_share = 0.02;
    row_add(a, "main_arena", 1, WORD_MUTEX, 101e6, 0.04)->by = text("consumer");
    row_add(a, "jobs.m", 0, WORD_MUTEX, 675e6, 0.24)->by = text("consumer, main");
    row_add(a, "jobs.cv", 0, WORD_CONDITION, 980e6, 0.35)->by = text("consumer");
    row_add(a, "word of pthread_join", 0, WORD_JOIN, 72e6, 0.03);
    row_add(a, "pool", 0, WORD_IDLE, 70e6, 0.025);
    row_add(a, "mystery", -1, WORD_UNKNOWN, 60e6, 0.02);
    a->notes = list_of("10 197 call stacks not kept", &a->note_count);
    return a;
}

static struct answer *spinning(void)
{
    struct answer *a = answer_of(ANSWER_SPINNING);
    struct answer_cause *c = cause_add(a, ANSWER_SPINNING, "spin_lock");
    c->module = text("spin");
    c->cpu_share = (struct estimate){0.62, 0.6, 0.64};
    c->gain = (struct estimate){INFINITY, 2.5, INFINITY};
    return a;
}

static struct answer *not_a_lock(void)
{
    struct answer *a = answer_of(ANSWER_NOT_A_LOCK);
    struct answer_cause *c = cause_add(a, ANSWER_MALLOC_LOCK, "__malloc_lock");
    free(a->command);
    a->command = text("./decoy3m");
    a->instead = INSTEAD_OWN_CODE;
    a->reason = text("95\u00a0% of its CPU time is its own code: run (decoy3m.c)");
    a->settle = text("perf record -g COMMAND");
    a->foreign_share = 0.81;
    c->allocator = text("mallocng");
    c->calls = 66517;
    c->waits = 1;
    c->in_vain = 66450;
    c->cpu_ns = (struct estimate){12e6, 8e6, 36e6};
    c->cpu_share = (struct estimate){0.01, 0, 0.03};
    c->gain = (struct estimate){1.01, 1, 1.03};
    part_add(a, "program", "its own code", 0.95);
    part_add(a, "allocator", "malloc and free themselves", 0.012);
    part_add(a, "lock", "locks: their functions and kernel calls", 0.03);
    part_add(a, "kernel", "other work of the kernel's", 0.002);
    row_add(a, "__malloc_lock", 1, WORD_MUTEX, 5e6, 0.9);
    return a;
}

static struct answer *cannot_tell(void)
{
    struct answer *a = answer_of(ANSWER_CANNOT_TELL);
    a->reason = text("the machine was 87\u00a0% busy with other work");
    a->settle = text("heapwait record -m ledger COMMAND");
    a->foreign_share = 0.87;
    a->missing_calls = 3;
    a->losses = list_of("3 records that perf lost", &a->loss_count);
    a->not_seen = list_of("locks that only spin: no samples were taken", &a->not_seen_count);
    return a;
}

static struct answer *study(void)
{
    struct answer *a = malloc_lock();
    a->study = made(calloc(1, sizeof(*a->study)));
    *a->study = (struct answer_study){.variant = text("musl"),
                                      .baseline = text("glibc"),
                                      .threads = 22,
                                      .passwords = 100000,
                                      .factor = {2.0, 1.5, 2.8},
                                      .variant_ns = 117e6,
                                      .baseline_ns = 59e6,
                                      .coverage = 0.969,
                                      .alone = {1.004, 0.99, 1.02},
                                      .outcome = COMPARISON_LONGER,
                                      .alone_outcome = COMPARISON_SAME,
                                      .comparisons = 1};
    a->rounds = 6;
    return a;
}

static struct answer *processes(void)
{
    struct answer *a = malloc_lock();
    free(a->command);
    a->command = text("processes 77 and 78");
    a->attached = true;
    a->settle = text("heapwait record COMMAND");
    a->causes[0].tgid = 77;
    a->causes[0].program = text("redis-server");
    a->rows[0].program = text("redis-server");
    a->rows[1].program = text("sh");
    a->rows[1].tgid = 78;
    return a;
}

static struct answer *two(void)
{
    struct answer *a = malloc_lock();
    struct answer_cause *c = cause_add(a, ANSWER_OWN_LOCK, "jobs.m");
    c->module = text("/home/me/queue");
    c->calls = 7900;
    c->in_vain = 4210;
    c->cpu_share = (struct estimate){0.31, 0.25, 0.4};
    c->gain = (struct estimate){1.5, 1.3, 2.1};
    c->mechanism = MECHANISM_LONG_HOLDS;
    c->mechanism_text = text("waiters sleep: whoever has jobs.m keeps it for long");
    caller_add(c, "consumer", 0.7);
    cure_add(c, "no more threads than CPUs: 2 instead of 4", NULL, UNKNOWN, NAN);
    cure_add(c, "fewer turns at the queue", NULL, UNKNOWN, NAN);
    return a;
}

static struct answer *unknown(enum answer_conclusion conclusion, bool caused)
{
    struct answer *a = made(calloc(1, sizeof(*a)));
    a->conclusion = conclusion;
    a->wall_ns = a->cores = a->threads = a->cpu_ns = a->threads_ns = NAN;
    a->oncpu_share = a->runnable_share = a->blocked_share = a->probes_ns = NAN;
    a->futex_share = a->mmap_lock_share = NAN;
    a->samples = a->rounds = a->foreign_share = a->missing_calls = NAN;
    if (!caused)
        return a;
    cause_add(a, conclusion, NULL)->words = -1;
    struct answer_row *r = row_add(a, "x", -1, WORD_UNKNOWN, NAN, NAN);
    free(r->name);
    *r = (struct answer_row){.tgid = -1,
                             .words = -1,
                             .is_malloc = -1,
                             .thread_ns = NAN,
                             .share = NAN,
                             .slept = NAN,
                             .in_vain = NAN,
                             .calls = NAN};
    cause_add(a, ANSWER_OWN_LOCK, NULL)->words = -1;
    cure_add(&a->causes[0], "?", NULL, UNKNOWN, NAN);
    return a;
}

static struct answer *hostile(void)
{
    static char deep[3000];
    struct answer *a = own_lock();
    const char *name = "\033[2J`rm`</td>\"\\ \u202e@root #1 [x](https://evil.example) **__init__** \xff";
    memset(deep, 'a', sizeof(deep) - 1);
    for (size_t i = 0; i < a->row_count; i++) {
        free(a->rows[i].name);
        a->rows[i].name = text(i % 2 ? deep : name);
        a->rows[i].by = a->rows[i].by ? a->rows[i].by : text(deep);
        a->rows[i].program = text("\u4e2d\u6587\u4e2d\u6587\u4e2d\u6587\u4e2d\u6587\033]0;x\a");
        a->rows[i].tgid = (long long)i;
    }
    free(a->causes[0].lock);
    free(a->command);
    a->command = text(name);
    a->causes[0].lock = text(name);
    a->causes[0].mechanism_text = text(deep);
    caller_add(&a->causes[0], name, 1);
    a->settle = text(deep);
    a->losses = list_of(deep, &a->loss_count);
    return a;
}

static struct answer *made_of(enum answer_made_kind kind)
{
    switch (kind) {
    case MADE_MALLOC:
        return malloc_lock();
    case MADE_ARENAS:
        return arenas();
    case MADE_MEMORY:
        return memory();
    case MADE_OWN:
        return own_lock();
    case MADE_SPINNING:
        return spinning();
    case MADE_NOT:
        return not_a_lock();
    case MADE_CANNOT:
        return cannot_tell();
    case MADE_STUDY:
        return study();
    case MADE_PROCESSES:
        return processes();
    case MADE_TWO:
        return two();
    case MADE_UNKNOWN:
        return unknown(ANSWER_MALLOC_LOCK, true);
    case MADE_HOSTILE:
        return hostile();
    default:
        return unknown(ANSWER_OWN_LOCK, false);
    }
}

struct answer *answer_made(enum answer_made_kind kind)
{
    struct answer *a = made_of(kind);
    const bool caused = a->conclusion != ANSWER_NOT_A_LOCK && a->conclusion != ANSWER_CANNOT_TELL;
    const size_t most = kind == MADE_TWO ? 2 : 1;
    a->subject_count = caused && a->cause_count ? most : 0;
    return a;
}

#ifdef ANSWER_MADE_MAIN
int main(void)
{
    for (int kind = 0; kind < MADE_KINDS; kind++) {
        struct answer *a = answer_made((enum answer_made_kind)kind);
        fputs(kind ? ",\n" : "[", stdout);
        answer_json_write(a, stdout);
        answer_free(a);
    }
    puts("]");
    return 0;
}
#endif
