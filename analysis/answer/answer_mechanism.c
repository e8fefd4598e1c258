/* What makes the calls of a lock: waiters that are woken and have no CPU yet, threads that collide, or a lock
 * that is held for long.  Told only from numbers that are there, and only where one of them prevails. */
#include "analysis/answer/answer_limits.h"
#include "analysis/answer/answer_maker_private.h"
#include "analysis/base/number.h"

#include <math.h>
#include <stdlib.h>

static char *text_ns(char *buffer, double ns)
{
    return number_ns(buffer, ns > 0 ? (uint64_t)llround(ns) : 0);
}

static char *text_count(char *buffer, double count)
{
    return number_count(buffer, count > 0 ? (uint64_t)llround(count) : 0);
}

/* A word with one sleeper takes one wake.  Many for each sleep are made by unlocks while a waiter that was
 * woken is still counted in the word: musl's __lock counts a thread in until it has the lock
 * (src/thread/__lock.c). */
static bool oversubscription_tell(struct answer_maker *m, struct answer_cause *c)
{
    char empty[32], slept[32], line[32], each[32];
    if (c->empty_wakes < LIMIT_CALLS || c->empty_wakes <= LIMIT_MOST * c->calls ||
        c->empty_wakes < LIMIT_EMPTY_PER_SLEEP * c->slept)
        return false;
    c->mechanism = MECHANISM_OVERSUBSCRIPTION;
    if (c->slept > 0 && c->runnable_ns > 0)
        c->mechanism_text =
            answer_maker_format(m,
                                "A waiter that was woken and has no CPU yet is still counted in the lock's "
                                "word, so that each unlock "
                                "calls the kernel for nobody: %s empty wakes beside %s sleeps, whose threads "
                                "stood in line for %s, %s "
                                "each",
                                text_count(empty, c->empty_wakes), text_count(slept, c->slept),
                                text_ns(line, c->runnable_ns), text_ns(each, c->runnable_ns / c->slept));
    else
        c->mechanism_text = answer_maker_format(
            m,
            "A waiter that doesn't sleep yet, or not any more, is still counted in the lock's word, so that "
            "each "
            "unlock calls the kernel for nobody: %s empty wakes beside %s sleep%s",
            text_count(empty, c->empty_wakes), text_count(slept, c->slept), c->slept == 1 ? "" : "s");
    return true;
}

/* Returns what of the calls' time went to the kernel's own locks, mostly that of the hash bucket in which the
 * word's waiters are queued (struct futex_hash_bucket in the kernel's futex code): threads that collide at a
 * word collide there, too.  Malloc'd; NULL where it is little, or not seen. */
static char *kernel_locks_text(struct answer_maker *m, const struct answer_cause *c)
{
    char locks[32], all[32];
    if (!(c->kernel_lock_ns >= LIMIT_KERNEL_LOCKS * c->calls_ns) || !(c->kernel_lock_ns > 0))
        return NULL;
    return answer_maker_format(m, "; of the %s that its calls took, %s went to locks inside the kernel",
                               text_ns(all, c->calls_ns), text_ns(locks, c->kernel_lock_ns));
}

static bool parallel_tell(struct answer_maker *m, struct answer_cause *c)
{
    char eagain[32], calls[32];
    if (c->eagain < LIMIT_CALLS || c->eagain <= c->slept)
        return false;
    char *kernel = kernel_locks_text(m, c);
    c->mechanism = MECHANISM_PARALLEL;
    c->mechanism_text =
        answer_maker_format(m,
                            "Threads that run at the same time collide: %s of %s calls found "
                            "that the word had changed before they "
                            "could sleep (EAGAIN)%s",
                            text_count(eagain, c->eagain), text_count(calls, c->calls), kernel ? kernel : "");
    free(kernel);
    return true;
}

static void holds_tell(struct answer_maker *m, struct answer_cause *c)
{
    char slept[32], blocked[32], each[32];
    if (c->slept < LIMIT_SAMPLES || c->blocked_ns <= LIMIT_MOST * c->thread_ns)
        return;
    c->mechanism = MECHANISM_LONG_HOLDS;
    c->mechanism_text = answer_maker_format(
        m, "Waiters sleep until the lock is free: %s times, %s in all, %s each", text_count(slept, c->slept),
        text_ns(blocked, c->blocked_ns), text_ns(each, c->blocked_ns / c->slept));
}

/* Whoever is woken doesn't run yet: there are more threads that want a CPU than there are. */
static bool line_tell(struct answer_maker *m, struct answer_cause *c)
{
    char slept[32], line[32], each[32];
    if (c->slept < LIMIT_SAMPLES || c->runnable_ns <= LIMIT_MOST * c->thread_ns)
        return false;
    c->mechanism = MECHANISM_OVERSUBSCRIPTION;
    c->mechanism_text = answer_maker_format(m,
                                            "More threads want a CPU than there are: waiters that were woken "
                                            "stood in line for one, %s times, %s in all, "
                                            "%s each",
                                            text_count(slept, c->slept), text_ns(line, c->runnable_ns),
                                            text_ns(each, c->runnable_ns / c->slept));
    return true;
}

static void memory_tell(struct answer_maker *m, struct answer_cause *c)
{
    char calls[32], asleep[32];
    if (isnan(c->calls))
        return;
    c->mechanism = MECHANISM_LONG_HOLDS;
    const char *made = text_count(calls, c->calls);
    const double lock_ns = m->facts.lock_ns;
    if (lock_ns > 0)
        c->mechanism_text = answer_maker_format(
            m,
            "%s memory system calls take the kernel's mmap_lock, one at a time for the whole "
            "process: threads were asleep for it for %s",
            made, text_ns(asleep, lock_ns));
    else if (c->blocked_ns > 0 && isnan(lock_ns))
        c->mechanism_text = answer_maker_format(
            m,
            "%s memory system calls take the kernel's mmap_lock, one at a time for the whole "
            "process: threads were asleep in them for %s",
            made, text_ns(asleep, c->blocked_ns));
    else
        c->mechanism_text = answer_maker_format(m, "%s memory system calls were made", made);
}

void answer_maker_mechanism(struct answer_maker *m, struct answer_cause *c)
{
    if (c->kind == ANSWER_ALLOCATOR_MEMORY)
        memory_tell(m, c);
    else if (c->kind != ANSWER_SPINNING && !isnan(c->slept) && !oversubscription_tell(m, c) &&
             !parallel_tell(m, c) && !line_tell(m, c))
        holds_tell(m, c);
}
