/* The thresholds of the answer, each with its reason.  They stand nowhere else. */
#ifndef HEAPWAIT_ANSWER_LIMITS_H
#define HEAPWAIT_ANSWER_LIMITS_H

/* A cause whose removal could make the program no more than this many times as fast isn't told as one.  It is
 * an upper bound, and two runs of one program differ by as much on a machine that does other work too. */
#define LIMIT_GAIN 1.10

/* An upper end of a gain beyond this is none: it rests on less than a hundredth of the time, which is all
 * that was left for everything else. */
#define LIMIT_GAIN_END 100

/* A machine that was idle for less than this share of its time had somebody waiting for a core most of it. */
#define LIMIT_IDLE 0.1

/* Two times are the same if the interval of their ratio lies within this much of 1. */
#define LIMIT_SAME 0.05

/* All comparisons of a family together miss with no more than this probability.  The views order_tail and
 * joint_statistic have it too, as half of it on each side. */
#define LIMIT_MISSED 0.05

/* "Most of it" is more than this share. */
#define LIMIT_MOST 0.5

/* From fewer samples nothing is divided: Wilson's interval of a half is then wider than 34 points. */
#define LIMIT_SAMPLES 30

/* Whose memory calls are is told from no fewer samples: of ten that are not malloc's by half, all are
 * malloc's once in a thousand. */
#define LIMIT_OWNED 10

/* Fewer futex calls of a word than this tell of no mechanism. */
#define LIMIT_CALLS 100

/* So many empty wakes for each sleep are no unlock of a word with one sleeper: a wake on purpose makes one.
 */
#define LIMIT_EMPTY_PER_SLEEP 10

/* A program that keeps less than this share of the cores that it could have busy mostly sleeps. */
#define LIMIT_BUSY 0.5

/* Others that use more than this share of the machine: times are as much theirs as the program's. */
#define LIMIT_FOREIGN 0.5

/* The kernel's own locks inside futex calls are told of from this share of the calls' time on: with less, to
 * be rid of them would change nothing that can be measured. */
#define LIMIT_KERNEL_LOCKS 0.1

/* So large a share of futex calls that are known to be missing makes a count of no use. */
#define LIMIT_MISSING 0.1

/* A lock of one call may spin for so long in user code, in nanoseconds: the C libraries give up after some
 * hundred tries.  What lock functions take beyond it is spent without any call. */
#define LIMIT_SPIN_NS 2000

/* Loops that wait for another thread, and don't call the kernel, are a cause from this share of the core time
 * on. */
#define LIMIT_SPINNING 0.1

#endif
