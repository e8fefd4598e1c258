/* What session.c and session_settings.c share of a session. */
#ifndef HEAPWAIT_SESSION_PRIVATE_H
#define HEAPWAIT_SESSION_PRIVATE_H

#include "probes/session/attach.h"
#include "probes/session/session.h"

#include "probes/bpf/probes.skel.h" /* after abi.h, whose types it uses */

struct session {
    struct probes_bpf *skeleton;
    struct attachment hooks;
    int stats_fd;                   /* the kernel counts runs and time of programs while this is open */
    uint64_t missed, missed_before; /* in this run; in earlier ones */
    struct cpu_totals cpus;
    struct cpu_state *cpu_states; /* mapped: by number of the CPU */
    size_t cpu_count;
    uint32_t spaces_seen, moves_seen; /* by session_present(), session_follow_moved() */
};

/* Whether programs on system calls must pin their CPU themselves. */
bool session_settings_pins(void);

/* Before loading. */
void session_settings_put(struct session *s, const struct measure_options *options);

/* Waits until no program runs any more that has begun before: an RCU grace period. */
void session_await(void);

/* Tasks have been marked: who runs on a CPU may be one of them. */
void session_look_again(struct session *s);

/* As at the beginning of a run; no program may be under way. */
void session_cpu_states_reset(struct session *s);

/* Runs an iterator's program over all tasks; again, as long as that changes the number `again` (NULL: once).
 */
int session_iterate(const struct bpf_program *program, const uint32_t *again);

/* Each CPU brings the totals that it holds to the table of words, and the system calls of the thread that it
 * runs to its account.  Negative errno, or how many CPUs were always at it. */
int session_hand_over(struct session *s);

/* The table of words as it is, in order, without what CPUs hold. */
int session_table(struct session *s, struct word_row **rows, size_t *count, struct error *err);

#endif
