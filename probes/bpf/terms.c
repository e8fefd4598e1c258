/* See terms.h. */
#include "probes/bpf/terms.h"

#include <stddef.h>
#include <string.h>

static const char *const ops[OP_COUNT] = {
    [OP_WAIT] = "wait",
    [OP_WAKE] = "wake",
    [OP_REQUEUE] = "requeue",
    [OP_WAKE_OP] = "wake_op",
    [OP_LOCK_PI] = "lock_pi",
    [OP_TRYLOCK_PI] = "trylock_pi",
    [OP_UNLOCK_PI] = "unlock_pi",
    [OP_WAIT_REQUEUE_PI] = "wait_requeue_pi",
    [OP_CMP_REQUEUE_PI] = "cmp_requeue_pi",
    [OP_WAITV] = "waitv",
    [OP_OTHER] = "other",
    [OP_HANDOFF] = "handoff",
};

static const char *const outcomes[OUTCOME_COUNT] = {
    [OUTCOME_SLEPT] = "slept",
    [OUTCOME_RACED] = "raced",
    [OUTCOME_EAGAIN] = "eagain",
    [OUTCOME_TIMEOUT] = "timeout",
    [OUTCOME_INTERRUPTED] = "interrupted",
    [OUTCOME_UNFINISHED] = "unfinished",
    [OUTCOME_UNDER_WAY] = "under_way",
    [OUTCOME_ERROR] = "error",
    [OUTCOME_WOKE_NONE] = "woke_none",
    [OUTCOME_WOKE_SOME] = "woke_some",
    [OUTCOME_MOVED_NONE] = "moved_none",
    [OUTCOME_MOVED_SOME] = "moved_some",
    [OUTCOME_ACQUIRED] = "acquired",
    [OUTCOME_DONE] = "done",
};

static const char *const losses[LOSS_COUNT] = {
    [LOSS_TASK] = "tasks not followed",
    [LOSS_SPACE] = "address spaces not noted",
    [LOSS_WORD] = "futex calls without room in the table of words",
    [LOSS_HISTOGRAM] = "waits without room in the histograms",
    [LOSS_STACK] = "call stacks not kept",
    [LOSS_UNMATCHED] = "ends of futex calls without a beginning",
    [LOSS_UNENDED] = "beginnings of futex calls without an end",
    [LOSS_COMPAT] = "32-bit programs, whose futex calls are not seen",
    [LOSS_WAKEUP] = "sleeps whose end was not seen",
    [LOSS_THREAD] = "threads without room for their account",
    [LOSS_SAMPLE] = "samples without room",
    [LOSS_TIMELINE] = "stretches of the timeline without room",
    [LOSS_SWITCH] = "task switches not shown by the kernel",
    [LOSS_RIGHTS] = "programs not followed since they run with other rights than the caller's",
    [LOSS_MEMORY] = "system calls on memory without room",
    [LOSS_CLOCK] = "times that went backwards",
};

static const char *const kernel_classes[STATE_COUNT] = {
    [STATE_USER] = "kernel:user",
    [STATE_FUTEX_WAIT] = "kernel:futex_wait",
    [STATE_FUTEX_BLOCKED] = "kernel:futex_blocked",
    [STATE_FUTEX_RUNNABLE] = "kernel:futex_runnable",
    [STATE_FUTEX_WAKE] = "kernel:futex_wake",
    [STATE_MEMORY] = "kernel:memory",
    [STATE_RANDOM] = "kernel:random",
    [STATE_SYSCALL] = "kernel:syscall",
    [STATE_MMAP_LOCK] = "kernel:mmap_lock",
    [STATE_KERNEL_LOCK] = "kernel:kernel_lock",
    [STATE_MMAP_BLOCKED] = "kernel:mmap_lock_blocked",
    [STATE_KERNEL_BLOCKED] = "kernel:kernel_lock_blocked",
    [STATE_PREEMPTED] = "kernel:preempted",
    [STATE_WOKEN] = "kernel:woken",
    [STATE_BLOCKED] = "kernel:blocked",
    [STATE_EXITING] = "kernel:exiting",
    [STATE_PAGE_FAULT] = "kernel:page_fault",
};

static const char *const memory_kinds[MEMORY_KINDS] = {
    [0] = "unknown",
    [MEMORY_MMAP] = "mmap",
    [MEMORY_MUNMAP] = "munmap",
    [MEMORY_MREMAP] = "mremap",
    [MEMORY_MADVISE] = "madvise",
    [MEMORY_MPROTECT] = "mprotect",
    [MEMORY_BRK] = "brk",
};

const char *term_memory_kind(unsigned kind)
{
    return memory_kinds[kind < MEMORY_KINDS ? kind : 0];
}

const char *term_kernel_class(unsigned state)
{
    return kernel_classes[state < STATE_COUNT ? state : STATE_USER];
}

const char *term_state(unsigned state)
{
    return term_kernel_class(state) + sizeof("kernel:") - 1;
}

const char *term_op(unsigned op)
{
    return op < OP_COUNT ? ops[op] : "other";
}

const char *term_outcome(unsigned outcome)
{
    if (outcome == OUTCOME_NOT_TOLD)
        return NULL;
    return outcome < OUTCOME_COUNT ? outcomes[outcome] : "error";
}

const char *term_loss(unsigned reason)
{
    return reason < LOSS_COUNT ? losses[reason] : "unknown";
}

const char *term_loss_unit(unsigned reason)
{
    return reason == LOSS_WORD || reason == LOSS_UNMATCHED || reason == LOSS_UNENDED ? LOSS_UNIT_CALL : NULL;
}

void term_bucket_bounds(unsigned bucket, uint64_t *low_ns, uint64_t *high_ns)
{
    const unsigned per_octave = 1u << HISTOGRAM_SUB_BITS;
    if (bucket < per_octave) {
        *low_ns = bucket;
        *high_ns = bucket + 1;
        return;
    }
    unsigned shift = (bucket >> HISTOGRAM_SUB_BITS) - 1;
    *low_ns = (uint64_t)(per_octave + (bucket & (per_octave - 1))) << shift;
    *high_ns = bucket == HISTOGRAM_BUCKETS - 1 ? UINT64_MAX >> 1 : *low_ns + (1ull << shift);
}

int term_op_wakes(unsigned op)
{
    return op == OP_WAKE || op == OP_WAKE_OP || op == OP_REQUEUE || op == OP_CMP_REQUEUE_PI;
}

int term_op_waits(unsigned op)
{
    return op == OP_WAIT || op == OP_WAITV || op == OP_LOCK_PI || op == OP_WAIT_REQUEUE_PI;
}

/* Returns the place of the word in the list; `count`: it isn't there. */
static unsigned word_number(const char *const *words, unsigned count, const char *word)
{
    unsigned i = 0;
    while (i < count && (!word || strcmp(words[i], word) != 0))
        i++;
    return i;
}

int term_op_waits_named(const char *op)
{
    return term_op_waits(word_number(ops, OP_COUNT, op));
}

enum futex_kind term_kind(unsigned op, unsigned outcome)
{
    if (term_op_waits(op) && (outcome == OUTCOME_SLEPT || outcome == OUTCOME_EAGAIN))
        return outcome == OUTCOME_SLEPT ? KIND_SLEPT : KIND_EAGAIN;
    if ((op == OP_WAKE || op == OP_WAKE_OP) && (outcome == OUTCOME_WOKE_NONE || outcome == OUTCOME_WOKE_SOME))
        return outcome == OUTCOME_WOKE_NONE ? KIND_EMPTY : KIND_WAKING;
    return KIND_OTHER;
}

enum futex_kind term_kind_named(const char *op, const char *outcome)
{
    return term_kind(word_number(ops, OP_COUNT, op), word_number(outcomes, OUTCOME_COUNT, outcome));
}

uint64_t term_totals_oncpu(const struct word_totals *t)
{
    if (!t->timed)
        return 0;
    return t->timed == t->calls ? t->oncpu_ns
                                : (uint64_t)((double)t->oncpu_ns * (double)t->calls / (double)t->timed);
}
