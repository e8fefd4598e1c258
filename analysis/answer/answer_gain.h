/* How much faster a program could be at most if something cost nothing. */
#ifndef HEAPWAIT_ANSWER_GAIN_H
#define HEAPWAIT_ANSWER_GAIN_H

#include "analysis/answer/answer.h"

/* What a bound is made of, in nanoseconds. */
struct gain_facts {
    double wall_ns;      /* of the run */
    double cores;        /* that the foreign time is of */
    double usable_cores; /* that the program could use: fewer, perhaps a fraction, by affinity or a quota */
    double foreign_ns;   /* core time of other processes on these, heapwait's included; NAN: not measured */
    double cpu_ns;       /* the program's own core time; NAN: not measured */
    double longest_ns;   /* core time of its busiest thread; NAN: not measured */
    double stretch; /* threads' time on a core and in line for one, over that on a core; NAN: not measured */
    double wanted_ns; /* threads' time on a core and waiting for one: no more than there was */
    struct estimate cause_cpu_ns;
    double cause_thread_ns;  /* threads' time at the cause, on a core and off it */
    double cause_blocked_ns; /* the part of it asleep */
};

/* Returns wall time over the least time that would be left, from 1 on; `low` and `high` go by the interval of
 * the cause's core time, and `low` leaves out what threads slept for the cause: others may have worked then.
 * What is left is at least each of:
 * - the other core time, spread over the cores that it could have: it has to be done.  On a machine that
 * others use too these are the cores that others left.  For `high` it is more: whoever sleeps no more asks
 * for a core as well, and a scheduler that is fair gives cores by the number of who asks;
 * - the wall time less all threads' time at the cause: the critical path goes through one thread at a time,
 *   so that no more than this sum can lie on it.  Core time counts with the time in line that it takes to get
 *   it; where that isn't known and no core was idle, by the rate at which the program got core time.
 * Both are lower bounds of the time that is left, so that the result is an upper bound of the gain, given
 * that the rest of the work stays what it is; `high` is INFINITY where hardly any rest is left.  The first is
 * the work law, the second the span law of Brent, "The Parallel Evaluation of General Arithmetic
 * Expressions", JACM 21, 1974, read backwards. NAN: neither can be told. */
struct estimate answer_gain(const struct gain_facts *f);

#endif
