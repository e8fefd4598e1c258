/* Futex calls put together from a perf session's events, thread by thread: the word, the operation, the
 * outcome and the times of each.  They are added up as the BPF programs do it (futex.bpf.h), by the same
 * rules (outcome.h).  Knows nothing of text, of names or of files.  Memory is bounded: what finds no room is
 * counted.
 *
 * Times are in ns of the session's clock.  `tid` is a thread's number as the session has it. */
#ifndef HEAPWAIT_PERF_CALLS_H
#define HEAPWAIT_PERF_CALLS_H

#include "probes/perf/perf_edges.h"
#include "probes/perf/perf_trace.h"
#include "probes/perf/perf_waiters.h"
#include "probes/session/session.h"

struct perf_calls;

/* What can't be known of a session's calls, since not all of their events are in it. */
struct perf_calls_limits {
    bool begins_partly; /* only some beginnings: ends without one are no loss */
    bool ends_partly;   /* only some ends, or none: a beginning without one is a call of unknown outcome */
    bool no_pairs; /* a beginning and the end that follows it need not be of one call: no outcome is known */
};

/* What was not counted, or not exactly. */
struct perf_calls_loss {
    uint64_t begun; /* no loss: calls with a word, whose beginnings were seen; each is in a row, or lost */
    struct perf_edge_counts edges; /* calls of which one end was not seen */
    uint64_t words;                /* calls without room in the table of words */
    uint64_t histograms;           /* waits without room in the histograms */
    uint64_t paths;                /* calls without room for their call path */
    uint64_t wakeups; /* sleeps that ended without a wakeup in the session, though it should have one */
    uint64_t threads; /* threads without room */
    uint64_t clock;   /* times that went backwards */
    uint64_t arrays;  /* futex_waitv and futex_requeue: their words stand in the process's memory */
};

/* `switches`: whether the session recorded those of the scheduler; `wakeups`: those too, of all that may
 * wake.  NULL: out of memory. */
struct perf_calls *perf_calls_new(bool switches, bool wakeups);

/* To be called before the first call.  Without it all events are taken to be there. */
void perf_calls_limit(struct perf_calls *c, const struct perf_calls_limits *limits);

/* Records were lost: what follows in a thread may be the end of another call than that which began before. */
void perf_calls_gap(struct perf_calls *c);

/* A system call begins or ends in the thread.  `space`: the number of its address space.  `path`: the number
 * of its call path; 0: none. */
void perf_calls_enter(struct perf_calls *c, uint32_t tid, uint32_t space, uint64_t time_ns,
                      const struct perf_trace *call, uint32_t path);
void perf_calls_exit(struct perf_calls *c, uint32_t tid, uint64_t time_ns, const struct perf_trace *call);

/* A thread leaves its CPU (`runnable`: it was put off, else it sleeps); is woken; is back on a CPU; has died,
 * in the address space of that number. */
void perf_calls_leave(struct perf_calls *c, uint32_t tid, uint64_t time_ns, bool runnable);
void perf_calls_wake(struct perf_calls *c, uint32_t tid, uint64_t time_ns);
void perf_calls_return(struct perf_calls *c, uint32_t tid, uint64_t time_ns);
void perf_calls_die(struct perf_calls *c, uint32_t tid, uint32_t space, uint64_t time_ns);

/* The session has ended: the calls that are under way become unfinished ones.  Returns how many they are. */
uint64_t perf_calls_finish(struct perf_calls *c, uint64_t time_ns);

/* Returns what the thread is in: STATE_FUTEX_WAIT, STATE_FUTEX_WAKE, or STATE_USER for anything else. */
enum thread_state perf_calls_state(const struct perf_calls *c, uint32_t tid);

/* To be called once, after perf_calls_finish().  Sets *rows to the table of words, in the order of
 * session_words(); the caller frees it with word_rows_free().  0 or -ENOMEM. */
int perf_calls_words(struct perf_calls *c, struct word_row **rows, size_t *count);

/* Returns the waiters, ordered by space, address and path; they are owned by *c.  No call may be added
 * afterwards. */
const struct perf_waiter *perf_calls_waiters(struct perf_calls *c, size_t *count);

/* Returns the losses up to now, owned by *c. */
const struct perf_calls_loss *perf_calls_losses(const struct perf_calls *c);

/* NULL is fine. */
void perf_calls_free(struct perf_calls *c);

#endif
