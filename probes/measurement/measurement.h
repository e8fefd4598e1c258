/* The answer of one run, whoever collected it: the probes, or perf.  Times are in nanoseconds unless the name
 * says otherwise.  A measurement owns all that it points to, but for static strings and what is marked as
 * borrowed. */
#ifndef HEAPWAIT_MEASUREMENT_H
#define HEAPWAIT_MEASUREMENT_H

#include "probes/bpf/terms.h"
#include "probes/measurement/options.h"

#include <stddef.h>
#include <sys/types.h>

struct call_tree;

/* How the command ended.  Memory is in bytes. */
struct run_outcome {
    uint64_t started_ns; /* just before exec, on CLOCK_MONOTONIC */
    uint64_t wall_ns;    /* from just before exec to its end; UINT64_MAX: not known */
    int exit_status;     /* -1: died by a signal, or goes on */
    int term_signal;     /* 0: exited */
    bool timed_out;
    bool interrupted; /* SIGINT or SIGTERM came to heapwait while it ran */
    bool attached;    /* no command was seen to its end: there is no outcome, and what it used is not known */
    pid_t left_behind; /* the command that goes on in spite of SIGTERM (then `attached` too); 0: there is none
                        */
    uint64_t max_rss_bytes, user_ns, system_ns;
    uint64_t heapwait_cpu_ns; /* that heapwait itself used meanwhile, beside its probes */
    uint64_t voluntary_switches, involuntary_switches, minor_faults;
    char started_at[32]; /* UTC, ISO 8601; empty: not known */
};

struct lock_outcome {
    const char *op;      /* static string */
    const char *outcome; /* static string; NULL: not known, and no time either */
    uint64_t calls, total_ns, oncpu_ns, blocked_ns, runnable_ns; /* times: UINT64_MAX if not known */
    int64_t woken;           /* how many were woken; -1: not applicable (NULL in the recording) */
    uint64_t kernel_lock_ns; /* of total_ns, at locks of the kernel's own, asleep or not; UINT64_MAX if not
                                known */
};

struct wait_bucket {
    const char *outcome; /* static string */
    uint64_t low_ns, high_ns, calls;
};

/* A call path to a word's futex calls, of those calls whose stack was taken: a random sample. */
struct waiter {
    uint32_t node;        /* the innermost frame's node in measurement.paths */
    const char *evidence; /* static: how the path was found */
    uint64_t waits;       /* calls that wait */
    uint64_t wakes;       /* all others */
};

/* One futex word.  Everything is owned by the measurement. */
struct lock {
    uint32_t tgid;
    uint32_t space; /* the number of its address space, to whoever made the lock */
    char *program;  /* the file name of the process's program; NULL: not known */
    uint64_t address;
    char *name;
    char *module;    /* NULL: not inside a module */
    char *allocator; /* NULL unless malloc's */
    enum whose whose;
    const char *use; /* static: mutex, condition, join, idle; NULL: not known */
    char *evidence;
    struct lock_outcome *outcomes;
    size_t outcome_count;
    struct wait_bucket *buckets;
    size_t bucket_count;
    struct wait_bucket *handoffs; /* from the wake of a sleeping waiter to its running; outcome "slept" */
    size_t handoff_count;
    struct waiter *waiters; /* one per call path and evidence */
    size_t waiter_count;
};

/* System calls on memory that a process made, of one kind. */
struct memory_count {
    uint32_t tgid;
    const char *kind; /* static: mmap, munmap, mremap, madvise, mprotect, brk */
    uint64_t calls;
    uint64_t total_ns, blocked_ns; /* from entry to exit; of these asleep */
};

struct loss {
    const char *reason; /* static string */
    uint64_t count;
    const char *unit; /* LOSS_UNIT_CALL, LOSS_UNIT_RUN; NULL: neither */
};

struct probe_stat {
    char name[32];
    int64_t calls, ns; /* -1: not measured */
};

/* Mode ledger: what one thread spent in one state.  `state` is a static string of docs/recording.md. */
struct state_time {
    const char *state;
    uint64_t ns, entries;
};

enum { MAX_STATES = 24 };
struct thread_account {
    uint32_t thread; /* its number in this run, from 1 */
    uint32_t tid;
    char comm[16];
    uint64_t lifetime_ns; /* the sum of states[].ns, exactly */
    uint64_t syscalls, faults;
    struct state_time states[MAX_STATES];
    size_t state_count;
};

struct sample_count {
    const char *class; /* static */
    char *symbol;      /* NULL: no symbol covers the address */
    char *module;      /* its file's name; NULL: in no file */
    uint64_t samples;
    uint64_t spinning; /* those of class lock that are in a loop which waits for another thread */
};

/* A stretch of one thread in one state; times from the window's beginning. */
struct stretch {
    uint32_t thread;
    const char *state;
    int64_t from_ns, until_ns;
};

/* What the cores that the command may use did from its start to its end. */
struct core_account {
    unsigned cores;             /* 0: not measured */
    uint64_t idle_ns, other_ns; /* running nothing; running other processes */
};

struct ledger {
    struct thread_account *threads;
    size_t thread_count;
    struct sample_count *samples;
    size_t sample_count;
    struct stretch *timeline;
    size_t stretch_count;
    struct core_account core;
    uint64_t sample_period_ns; /* 0: not known */
};

struct measurement {
    enum probe_mode probes;
    bool by_perf;                            /* the collector is perf, not BPF */
    struct debug_files *debug_files;         /* those of the options; not owned */
    bool partly;                             /* a perf session: only some of the calls were recorded */
    bool goes_on;                            /* there is a target: what was measured lives on */
    const struct libc_archive *libc_archive; /* the options' */
    const char *hooks;     /* how system calls were seen, a static string; NULL: by no probes of ours */
    bool sees_locks;       /* mode ledger: the kernel showed waits for its own locks */
    bool sees_faults;      /* mode ledger: it showed its handler of page faults */
    struct ledger *ledger; /* NULL unless mode ledger; of mode profile and perf sessions: samples, no more */
    struct run_outcome outcome;
    const char *libc, *linkage, *allocator; /* of the process that locks_program() chose; NULL: not known */
    char *allocator_evidence;               /* how the allocator was found; NULL: it wasn't asked */
    struct lock *locks;                     /* hottest first: by calls */
    size_t lock_count;
    struct call_tree *paths; /* of waiters and samples; NULL: there are none */
    struct memory_count
        *memory; /* modes profile and ledger: all kinds of each process that made such calls */
    size_t memory_count;
    struct loss *losses; /* one row per reason that is watched for, zeros included */
    size_t loss_count;
    char *perf_failure; /* why perf's samples are missing, though asked for; NULL: they are not */
    struct probe_stat *probe_stats;
    size_t probe_stat_count;
    char *note; /* what the user should be told; NULL: nothing */
};

/* Returns the sum of all futex calls on the word. */
uint64_t lock_calls(const struct lock *lock);

/* Adds a row of samples; `class` is kept, the other two texts are copied.  `spinning`: they are
 * in a loop that waits for another thread.  0 or -ENOMEM. */
int ledger_sample_add(struct ledger *ledger, const char *class, const char *symbol, const char *module,
                      uint64_t samples, bool spinning);

/* Makes one row of all rows of samples with the same class, symbol and module; most samples first. */
void ledger_samples_merge(struct ledger *ledger);

/* Returns the loss for a number of enum loss_reason. */
struct loss loss_make(unsigned reason, uint64_t count);

/* Adds rows of losses.  0 or -ENOMEM. */
int measurement_losses_add(struct measurement *m, const struct loss *losses, size_t count);

/* Frees the measurement and all that it owns; NULL is fine. */
void measurement_free(struct measurement *m);

/* Frees a ledger alone; NULL is fine. */
void ledger_free(struct ledger *ledger);

/* Returns the sum of all losses. */
uint64_t measurement_lost(const struct measurement *m);

#endif
