/* One run of one command, probed or not: what `record` and `study` have in common.
 * Owns the order of things (load probes, start the command stopped, mark it, let it go, reap it, read the
 * maps, name the words).  Does not write the recording and prints nothing. */
#ifndef HEAPWAIT_MEASURE_H
#define HEAPWAIT_MEASURE_H

#include "probes/error.h"
#include "probes/terms.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

enum probe_mode { PROBES_NONE, PROBES_WAITS, PROBES_LEDGER };

struct debug_files;
struct libc_archive;
struct session;
struct target;
struct identity;
struct call_tree;

/* Mode ledger, unless told otherwise.  The period is a prime number of ns near 4 ms, so that it can't keep
 * step with what is measured (in a virtual machine one interrupt can cost 40 us: a clock of 1 ms alone made
 * programs 3 to 5 % slower); the window opens when threads are well under way. */
enum { SAMPLE_PERIOD_NS = 3999971, TIMELINE_AFTER_NS = 40000000, TIMELINE_LENGTH_NS = 4000000 };

struct measure_options {
    /* Probes attached already, by session_open(); NULL: attached for this run alone.  While a session is open
     * the whole machine's system calls take a slower path: close it before an untraced run is timed. */
    struct session *session;
    char *const
        *argv; /* NULL-terminated; argv[0] is searched for in PATH.  NULL: `target` alone is measured */
    /* What runs already is followed as well, or alone; NULL: the command alone, which is a must then. */
    const struct target *target;
    uint64_t duration_ns; /* without a command: how long; 0: until a signal, or until nothing is left */
    /* With a target: called once it is followed, before the command (if any) is let go; NULL: nobody is told.
     */
    void (*begun)(void *context, const struct measure_options *options);
    void *context;
    const struct identity *user; /* whom the command runs as; NULL: as heapwait */
    char *const *environment;    /* NULL-terminated "NAME=VALUE" beside what heapwait has; NULL: none */
    enum probe_mode probes;
    int stdout_fd;       /* -1: the command inherits heapwait's */
    int stderr_fd;       /* -1: the same */
    bool own_group;      /* the command gets a process group (and dies with all of it at a timeout) */
    uint64_t timeout_ns; /* 0: none */
    uint32_t max_words;  /* size of the kernel's table of (word, outcome) pairs; 0: the default */
    bool cgroup;         /* a cgroup is to be followed, machine: or all processes */
    bool machine;
    uint32_t max_threads;      /* mode ledger: room for accounts of threads; 0: the default */
    uint64_t sample_period_ns; /* mode ledger: of each CPU's clock; 0: no samples */
    uint64_t timeline_after_ns, timeline_length_ns; /* mode ledger: the window, from exec; length 0: none */
    struct debug_files *debug_files;         /* files that the user gave to name locks by; NULL: none */
    const struct libc_archive *libc_archive; /* a reference for programs without symbols; NULL: none */
    const char *perf_file; /* a `perf record` of the same run, into this file; NULL: none (needs probes) */
    bool pins;      /* mode ledger: programs on system calls pin their CPU even where the kernel does */
    bool calibrate; /* switch on the kernel's own statistics of BPF programs (they cost time) */
};

/* How the command ended.  Times in nanoseconds of CLOCK_MONOTONIC, memory in bytes. */
struct run_outcome {
    uint64_t started_ns; /* CLOCK_MONOTONIC, just before exec */
    uint64_t wall_ns;    /* from just before exec to its end; UINT64_MAX: not known */
    int exit_status;     /* -1: died by a signal, or goes on */
    int term_signal;     /* 0: exited */
    bool timed_out;
    bool interrupted; /* SIGINT or SIGTERM came to heapwait while it ran */
    bool attached;    /* no command was seen to its end: what it used is not known, and there is no outcome */
    pid_t left_behind; /* the command that went on after SIGTERM, which is such a one; 0: there is none */
    uint64_t max_rss_bytes, user_ns, system_ns;
    uint64_t voluntary_switches, involuntary_switches, minor_faults;
    char started_at[32]; /* UTC, ISO 8601 */
};

struct lock_outcome {
    const char *op;                                              /* static string */
    const char *outcome;                                         /* static string */
    uint64_t calls, total_ns, oncpu_ns, blocked_ns, runnable_ns; /* the last three: UINT64_MAX not known */
    int64_t woken; /* -1: not applicable (NULL in the recording) */
};

struct wait_bucket {
    const char *outcome; /* static string */
    uint64_t low_ns, high_ns, calls;
};

/* A call path to a word's futex calls, of those calls whose stack was taken: a random sample. */
struct waiter {
    uint32_t node;        /* of measurement.paths: the innermost frame */
    const char *evidence; /* static: how the path was found */
    uint64_t waits;       /* calls that wait */
    uint64_t wakes;       /* all others */
};

/* One futex word.  Everything is owned by the measurement. */
struct lock {
    uint32_t tgid;
    uint64_t address;
    char *name;
    char *module;          /* NULL: not inside a module */
    const char *allocator; /* NULL unless malloc's */
    enum whose whose;
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

struct loss {
    const char *reason; /* static string */
    uint64_t count;
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
    uint64_t sample_period_ns;
};

struct measurement {
    enum probe_mode probes;
    bool by_perf;                            /* the collector is perf, not BPF */
    struct debug_files *debug_files;         /* those of the options; not owned */
    bool goes_on;                            /* there is a target: what was measured lives on */
    const struct libc_archive *libc_archive; /* the options' */
    struct ledger *ledger; /* NULL unless mode ledger, or a perf session with samples (and nothing else) */
    struct run_outcome outcome;
    const char *libc, *linkage, *allocator; /* of the command's own program; NULL: not known */
    char *allocator_evidence;               /* how the allocator was found; NULL: it wasn't asked */
    struct lock *locks;                     /* hottest first: by calls */
    size_t lock_count;
    struct call_tree *paths; /* of waiters and samples; NULL: there are none */
    struct loss *losses;     /* one row per reason that is watched for, zeros included */
    size_t loss_count;
    char *perf_failure; /* why perf's samples are missing, though asked for; NULL: they are not */
    struct probe_stat *probe_stats;
    size_t probe_stat_count;
    char *note; /* what the user should be told; NULL: nothing */
};

/* Runs the command once (or watches the target, for as long as it is told) and fills *out; free with
 * measurement_free(). 0: it ran (however it ended).  -ENOENT, -EACCES, -ENOEXEC...: it could not be executed,
 * *exec_failed is true. -EPERM and others: the probes can't be used, the command was not run.  `err` has the
 * sentence. */
int measurement_take(const struct measure_options *options, struct measurement **out, bool *exec_failed,
                     struct error *err);
void measurement_free(struct measurement *m);

/* Sum of all losses. */
uint64_t measurement_lost(const struct measurement *m);

#endif
