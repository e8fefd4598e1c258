/* The question of one run: what is to be measured, and how.  All pointers are borrowed for the run.  Its
 * answer is measurement.h; measure.h gets it. */
#ifndef HEAPWAIT_OPTIONS_H
#define HEAPWAIT_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>

/* PROBES_PROFILE: waits are counted as in PROBES_WAITS, and samples are taken of what runs. */
enum probe_mode { PROBES_NONE, PROBES_WAITS, PROBES_LEDGER, PROBES_PROFILE };

struct debug_files;
struct identity;
struct libc_archive;
struct session;
struct target;

/* Values for modes profile and ledger unless the user says otherwise, in ns.  The sampling period is a prime
 * number near 4 ms, so that it can't keep step with what is measured; in a virtual machine one interrupt can
 * cost 40 us, and a clock of 1 ms alone made programs 3 to 5 % slower.  The timeline's window opens when
 * threads are well under way. */
enum { SAMPLE_PERIOD_NS = 3999971, TIMELINE_AFTER_NS = 40000000, TIMELINE_LENGTH_NS = 4000000 };

struct measure_options {
    /* Probes that are attached already, by session_open(); NULL: they are attached for this run alone.  While
     * a session is open the whole machine's system calls take a slower path: close it before an untraced run
     * is timed. */
    struct session *session;
    char *const
        *argv; /* NULL-terminated; argv[0] is searched for in PATH.  NULL: `target` alone is measured */
    /* What runs already and is to be followed, beside the command or alone; NULL: there must be a command. */
    const struct target *target;
    uint64_t duration_ns; /* without a command: how long; 0: until a signal, or until nothing is left */
    /* With a target: called once it is followed, before the command (if any) is let go; NULL: nobody is told.
     */
    void (*begun)(void *context, const struct measure_options *options);
    void *context;
    const struct identity *user; /* whom the command runs as; NULL: as heapwait */
    char *const *environment;    /* NULL-terminated "NAME=VALUE" beside what heapwait has; NULL: none */
    enum probe_mode probes;
    int stdout_fd;             /* -1: the command inherits heapwait's */
    int stderr_fd;             /* -1: the same */
    bool own_group;            /* the command gets a process group of its own, which is killed as a whole */
    uint64_t timeout_ns;       /* 0: none */
    uint32_t max_words;        /* size of the kernel's table of (word, outcome) pairs; 0: the default */
    bool cgroup;               /* a cgroup is to be followed */
    bool machine;              /* all processes are to be followed */
    uint32_t max_threads;      /* mode ledger: room for accounts of threads; 0: the default */
    uint64_t sample_period_ns; /* modes profile and ledger: of each CPU's clock; 0: no samples */
    uint64_t timeline_after_ns, timeline_length_ns; /* mode ledger: the window, from exec; length 0: none */
    struct debug_files *debug_files;         /* files that the user gave to name locks by; NULL: none */
    const struct libc_archive *libc_archive; /* a reference for programs without symbols; NULL: none */
    const char *perf_file; /* a `perf record` of the same run, into this file; NULL: none (needs probes) */
    bool no_paths;         /* no call paths are sampled: nobody will ask for them */
    bool no_sample_paths;  /* none of the clock's samples */
    bool pins;      /* mode ledger: programs on system calls pin their CPU even where the kernel does */
    bool calibrate; /* switch on the kernel's own statistics of BPF programs (they cost time) */
};

#endif
