/* Futex calls put together from a perf session's events, thread by thread: the word, the operation, the
 * outcome and the times of each, added up as the BPF programs do (futex.bpf.h), with the same rules
 * (outcome.h).  Knows nothing of text, of names or of files.  Memory is bounded: what finds no room is
 * counted. */
#ifndef HEAPWAIT_PERF_CALLS_H
#define HEAPWAIT_PERF_CALLS_H

#include "probes/perf/perf_trace.h"
#include "probes/session/session.h"

struct perf_calls;

/* What was not counted, or not exactly. */
struct perf_calls_loss {
    uint64_t unmatched;  /* ends of calls without a beginning */
    uint64_t endless;    /* beginnings without an end, though the thread went on */
    uint64_t words;      /* calls without room in the table of words */
    uint64_t histograms; /* waits without room in the histograms */
    uint64_t paths;      /* calls without room for their call path */
    uint64_t wakeups;    /* sleeps whose end was not seen */
    uint64_t threads;    /* threads without room */
    uint64_t clock;      /* times that went backwards */
    uint64_t arrays;     /* calls that name their words in the process's memory */
};

/* How often a word was called for by one call path, by its number in the caller's own count of paths. */
struct perf_waiter {
    struct word_key key; /* address and space only */
    uint32_t path;
    uint64_t waits, wakes;
};

/* Whether the session recorded the scheduler's switches and wakeups decides what can be told.  NULL: out of
 * memory. */
struct perf_calls *perf_calls_new(bool switches, bool wakeups);

/* A call begins or ends in thread `tid`, whose address space has the number `space`.  `path`: the call path's
 * number, 0: none. */
void perf_calls_enter(struct perf_calls *c, uint32_t tid, uint32_t space, uint64_t time_ns,
                      const struct perf_trace *call, uint32_t path);
void perf_calls_exit(struct perf_calls *c, uint32_t tid, uint64_t time_ns, const struct perf_trace *call);

/* A thread leaves its CPU, to sleep or because it was put off; is woken; is back; has died. */
void perf_calls_leave(struct perf_calls *c, uint32_t tid, uint64_t time_ns, bool runnable);
void perf_calls_wake(struct perf_calls *c, uint32_t tid, uint64_t time_ns);
void perf_calls_return(struct perf_calls *c, uint32_t tid, uint64_t time_ns);
void perf_calls_die(struct perf_calls *c, uint32_t tid, uint64_t time_ns);

/* The session has ended: calls under way are unfinished.  How many threads were in one. */
uint64_t perf_calls_finish(struct perf_calls *c, uint64_t time_ns);

/* Where the thread is: STATE_FUTEX_WAIT, STATE_FUTEX_WAKE, or STATE_USER for anywhere else. */
enum thread_state perf_calls_state(const struct perf_calls *c, uint32_t tid);

/* After perf_calls_finish(): the table of words as session_words() gives it; word_rows_free().  -ENOMEM. */
int perf_calls_words(struct perf_calls *c, struct word_row **rows, size_t *count);

/* Sorted by space and address; owned by *c. */
const struct perf_waiter *perf_calls_waiters(struct perf_calls *c, size_t *count);

const struct perf_calls_loss *perf_calls_losses(const struct perf_calls *c);

/* NULL is fine. */
void perf_calls_free(struct perf_calls *c);

#endif
