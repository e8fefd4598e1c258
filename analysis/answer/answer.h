/* The answer: why a program is slow, what that costs, what helps, and how sure it is.  Made once from a
 * recording; the terminal, the report, the JSON and the Markdown are views of it.  Every number comes from
 * the recording.  What can't be told is said so, with the command that would settle it.
 *
 * Times are in nanoseconds; shares are between 0 and 1.  A number that is not known is NAN, a text that is
 * not known is NULL. */
#ifndef HEAPWAIT_ANSWER_H
#define HEAPWAIT_ANSWER_H

#include "analysis/answer/comparison.h"
#include "analysis/base/error.h"
#include "analysis/database.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum answer_conclusion {
    ANSWER_MALLOC_LOCK,      /* locks of malloc's */
    ANSWER_ALLOCATOR_MEMORY, /* malloc's memory calls, its page faults, and the kernel's lock for them */
    ANSWER_OWN_LOCK,         /* a lock that is not malloc's */
    ANSWER_SPINNING,         /* a lock that never reaches the kernel */
    ANSWER_NOT_A_LOCK,       /* something else: see `instead` */
    ANSWER_CANNOT_TELL       /* see `reason` and `settle` */
};

/* What the time is spent on where no lock is the cause. */
enum answer_instead {
    INSTEAD_NOTHING, /* the conclusion is another */
    INSTEAD_OWN_CODE,
    INSTEAD_ALLOCATOR_CODE, /* malloc and free themselves, without waiting */
    INSTEAD_COPYING,
    INSTEAD_PAGE_FAULTS,
    INSTEAD_MEMORY_CALLS, /* of which it isn't known, or isn't true, that they are malloc's */
    INSTEAD_KERNEL,       /* other system calls */
    INSTEAD_ASLEEP        /* waiting for something that is no lock: I/O, a timer, work */
};

/* What a futex word is for, by the functions that wait for it; of the last three nobody is to blame: who
 * waits there has nothing to do. */
enum answer_word {
    WORD_UNKNOWN,
    WORD_MUTEX, /* and every other lock */
    WORD_CONDITION,
    WORD_JOIN,
    WORD_IDLE /* a semaphore, a barrier, a parked thread */
};

/* What makes the system calls and the waiting. */
enum answer_mechanism {
    MECHANISM_UNKNOWN,
    MECHANISM_OVERSUBSCRIPTION, /* woken waiters stand in line for a CPU, and are still counted in the word */
    MECHANISM_PARALLEL,         /* threads that run at the same time collide: EAGAIN, spinning */
    MECHANISM_LONG_HOLDS        /* waiters sleep, since the lock is held for long */
};

/* A number and its interval; low = high = value where it was measured and not sampled. */
struct estimate {
    double value, low, high;
};

/* A function of the application above the lock, or the memory call. */
struct answer_caller {
    char *function;
    double share; /* of the cause's calls, of holders: of those that wake; by a random sample */
};

/* Something to do about it. */
struct answer_cure {
    char *what;             /* "mimalloc in place of musl's malloc" */
    char *line;             /* the very line to change or to run; may be several, parted by '\n' */
    struct estimate factor; /* time with it over time without, as in struct answer_study; NAN: not measured
                               here */
    double extra_bytes;     /* resident memory with it, less that without; NAN: not measured */
    bool measured;
    enum comparison outcome; /* of what was measured: what `factor` says */
    double comparisons;      /* so many were made at once */
};

struct answer_cause {
    enum answer_conclusion kind; /* MALLOC_LOCK, ALLOCATOR_MEMORY, OWN_LOCK or SPINNING */
    char *lock, *module;         /* the hottest; NULL for memory calls */
    char *allocator;             /* whose, if it is an allocator's */
    char *program;               /* of the process; NULL: not known */
    long long tgid;              /* the process; -1: the words are of several */
    long long words;             /* how many futex words the row stands for */
    enum answer_word word;
    bool owner_known;                                       /* whether the lock is malloc's is known */
    double calls, slept, eagain, empty_wakes, waking_wakes; /* futex calls; or memory calls, in `calls` */
    double waits;                                           /* futex calls that wait, however they ended */
    double in_vain;                                         /* calls that neither slept nor woke anybody */
    double kernel_lock_ns;     /* in these calls, at locks of the kernel's own; NAN: not seen */
    double calls_ns;           /* all that these calls took; NAN: not known */
    struct estimate cpu_ns;    /* core time that it takes, heapwait's own taken out */
    struct estimate cpu_share; /* of the program's own core time */
    double thread_ns;          /* of threads: on a core for it, asleep for it, and woken without a core yet */
    double thread_share;       /* of the lifetimes of all threads; NAN without a ledger */
    double blocked_ns, runnable_ns; /* parts of thread_ns */
    struct estimate gain;      /* at most so many times as fast without it; INFINITY: no bound is known */
    bool gain_misses_spinning; /* what threads spend spinning in user code isn't in it: no samples */
    enum answer_mechanism mechanism;
    char *mechanism_text; /* a sentence with the measured numbers; NULL: can't be told */
    struct answer_caller *callers;
    size_t caller_count;
    struct answer_caller
        *holders; /* those that let it go, and so held it: by a sample of the calls that wake */
    size_t holder_count;
    struct answer_cure *cures;
    size_t cure_count;
};

/* A row of the table of words: futex words of one kind. */
struct answer_row {
    char *name, *allocator, *program;
    long long tgid, words;
    int is_malloc; /* 1, 0; -1: not known */
    enum answer_word word;
    double thread_ns,
        share; /* waiting, all threads; of their lifetimes, else of all waits (see threads_ns) */
    double slept, in_vain, calls;
    char *by; /* callers, most first, "consumer, main"; NULL: not known */
};

/* A part of the program's own core time. */
struct answer_part {
    const char *label; /* static */
    const char *what;  /* key: program, allocator, copy, lock, page_faults, memory, kernel */
    struct estimate ns;
    double share;
};
enum { ANSWER_PARTS = 8 };

/* The two sides of a comparison of a study.  Intervals of its factors hold for all `comparisons` that the
 * study makes at once (view joint_statistic), and so do the outcomes; there is none where the rounds are too
 * few. */
struct answer_study {
    char *variant, *baseline;
    long long threads, passwords;
    struct estimate factor; /* time of the variant over that of the baseline */
    double variant_ns, baseline_ns;
    double coverage;       /* all intervals at once hold with at least this; 0: there is none */
    struct estimate alone; /* the same factor at one thread; NAN: not measured */
    double comparisons;
    enum comparison outcome, alone_outcome; /* what `factor` and `alone` say */
};

struct answer {
    enum answer_conclusion conclusion;
    enum answer_instead instead;
    char *reason;  /* of cannot_tell: why; of not_a_lock: what is slow instead, as a phrase with its share */
    char *changed; /* of cannot_tell in a study: what changing the allocator alone surely saves, as a phrase;
                      NULL: nothing is known to */
    char *settle;  /* the command that would settle it, or goes on from here; NULL: none */
    struct answer_cause *causes; /* the subjects first, then by their cost */
    size_t cause_count;
    size_t
        subject_count; /* so many of the first causes are the conclusion, whose kind is the first one's: more
                          than one where the recording doesn't tell which of them costs more; 0: none is */
    struct answer_row *rows; /* malloc's words first, then by waiting time */
    size_t row_count;
    struct answer_part parts[ANSWER_PARTS];
    size_t part_count;

    char *command, *collector, *mode; /* mode: waits, profile, ledger */
    bool attached;                    /* there was no command, or it was not all that was measured */
    double wall_ns, cores, threads;   /* threads: NAN where they weren't counted */
    double cpu_ns;                    /* the program's own core time, heapwait's taken out */
    double threads_ns;                /* lifetimes of all threads; NAN without a ledger */
    double oncpu_share, runnable_share, blocked_share; /* of threads_ns, at no lock; NAN without a ledger */
    double futex_share; /* of threads_ns: asleep at futex words, or woken there and without a core yet */
    double
        mmap_lock_share; /* of threads_ns: asleep for the kernel's mmap_lock; NAN: not told apart, either */
    double probes_ns;    /* what heapwait's probes took of the program; NAN: not known */

    /* how sure */
    double samples, rounds;
    double foreign_share; /* of the machine, used by others; NAN: not measured */
    double missing_calls; /* at least so many futex calls are in no row */
    char **losses;        /* each touches a number of the answer: a sentence without a full stop */
    size_t loss_count;
    char **notes; /* losses that don't */
    size_t note_count;
    char **not_seen; /* what this way of looking can't see */
    size_t not_seen_count;
    struct answer_study *study; /* NULL: a plain recording */
};

/* Makes the answer, to be freed with answer_free().  0 or negative errno, with a sentence, and *out is NULL
 * then. */
int answer_make(struct database *db, struct answer **out, struct error *err);

/* NULL is fine. */
void answer_free(struct answer *a);

/* Returns cure `at` of those of the subjects, one subject after the other and each cure once; NULL: there are
 * no more.  It belongs to the answer. */
const struct answer_cure *answer_cure_at(const struct answer *a, size_t at);

/* Return the key of a value, static: "malloc_lock", "own_code", "mutex", "parallel". */
const char *answer_conclusion_key(enum answer_conclusion c);
const char *answer_instead_key(enum answer_instead i);
const char *answer_word_key(enum answer_word w);
const char *answer_mechanism_key(enum answer_mechanism m);

#endif
