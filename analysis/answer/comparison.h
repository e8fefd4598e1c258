/* What a ratio of times with its interval allows to say: one of three things, not two.  That an interval
 * holds 1 is no evidence that there is no difference. */
#ifndef HEAPWAIT_COMPARISON_H
#define HEAPWAIT_COMPARISON_H

enum comparison {
    COMPARISON_ONE_ROUND, /* there is no interval */
    COMPARISON_LONGER,    /* all of it lies above 1 */
    COMPARISON_SHORTER,   /* all of it lies below 1 */
    COMPARISON_SAME,      /* it holds 1, and lies within LIMIT_SAME of it */
    COMPARISON_UNSURE     /* it holds 1, and more */
};

/* Returns what the interval from `low` to `high` says.  `coverage` 0: there is none. */
enum comparison comparison_of(double low, double high, double coverage);

/* Returns its key, static: one_round, longer, shorter, same, unsure. */
const char *comparison_key(enum comparison c);

/* Returns how many rounds it would take to tell, by what `rounds` have told: an interval is about as wide as
 * one over the root of their number.  It has to become so narrow that it leaves out 1, or what is farther
 * than LIMIT_SAME. */
double comparison_rounds(double value, double low, double high, double rounds);

#endif
