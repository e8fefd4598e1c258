/* What the files of the session share: the skeleton, what is attached, the pages of the CPUs.  int results
 * are as in session.h. */
#ifndef HEAPWAIT_SESSION_PRIVATE_H
#define HEAPWAIT_SESSION_PRIVATE_H

#include "probes/session/attach.h"
#include "probes/session/session.h"

#include "probes/bpf/probes.skel.h" /* after abi.h, whose types it uses */

struct session {
    struct probes_bpf *skeleton;
    bool static_functions; /* as in session_skeleton_open() */
    bool events_pinned;    /* the kernel keeps the CPU for programs on tracepoints other than system calls' */
    struct attachment hooks;
    bool locks, faults;             /* as in struct attachment */
    int stats_fd;                   /* the kernel counts runs and time of programs while this is open */
    uint64_t missed, missed_before; /* in this run; in earlier ones */
    struct cpu_totals cpus;
    struct cpu_state *cpu_states; /* the pages, mapped from the kernel; by number of the CPU */
    size_t cpu_count;
    uint32_t spaces_seen, moves_seen;   /* what session_present() and session_follow_moved() have told */
    uint32_t spaces_noted, spaces_sure; /* what session_noted() has told, and will tell next */
    bool held;                          /* a CPU didn't hand over what it held for the last snapshot */
};

/* Opens the skeleton.  `static_functions`: the verifier is to look at the functions that programs share
 * anew for each way that leads to them, which takes it longer by far (see SUBPROGRAM in verifier.bpf.h). From
 * Linux 6.10 until it learned better, a program that keeps its CPU by bpf_preempt_disable() may call no
 * others; those kernels keep it themselves, unless measure_options.pins is set.  Free with
 * probes_bpf__destroy().  NULL: errno says why. */
struct probes_bpf *session_skeleton_open(bool static_functions);

/* Tells the BPF side the mode, the numbers of system calls, and the sizes of maps.  To be called after
 * attachment_choose() and before loading.  `pinned`: the kernel keeps the CPU for programs on system calls.
 */
void session_settings_put(struct session *s, const struct measure_options *options, bool pinned);

/* Waits until no program runs any more that had begun before the call: an RCU grace period. */
void session_await(void);

/* To be called after tasks have been marked: lets each CPU look up anew whether the task that it runs is
 * followed.  See cpu_look() in cpu_state.bpf.h. */
void session_look_again(struct session *s);

/* Sets the pages of the CPUs to what they are at the beginning of a run, but for `stopped`.  No program may
 * be under way. */
void session_cpu_states_reset(struct session *s);

/* Runs an iterator's program over all tasks.  `again` points to a number in the BPF side's memory: the
 * program is run again as long as a pass changes it, MAX_PASSES times at most.  NULL: once. */
int session_iterate(const struct bpf_program *program, const uint32_t *again);

/* Lets each CPU bring the totals that it holds to the maps, and the system calls of the thread that it runs
 * to that thread's account.  Returns negative errno, or how many CPUs could not, because they were busy with
 * the page each time. */
int session_hand_over(struct session *s);

/* Sets *rows to the table of words as it is, in order, without stacks, histograms and what CPUs hold. */
int session_table(struct session *s, struct word_row **rows, size_t *count, struct error *err);

#endif
