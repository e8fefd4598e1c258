/* What a ratio of times with its interval allows to say: one of three things, not two.  That an interval
 * holds 1 is no evidence that there is no difference.
 *
 * Where several ratios are compared at once, each is judged by its joint interval, which holds for all of
 * them together (view joint_statistic, columns joint_low and joint_high): of many intervals of 95 % one may
 * well miss, and whoever looks for the fastest finds that one. */
#ifndef HEAPWAIT_COMPARISON_H
#define HEAPWAIT_COMPARISON_H

enum comparison {
    COMPARISON_ONE_ROUND,  /* there is no interval */
    COMPARISON_FEW_ROUNDS, /* there is one of the ratio by itself, but none for so many comparisons at once */
    COMPARISON_LONGER,     /* all of it lies above 1 */
    COMPARISON_SHORTER,    /* all of it lies below 1 */
    COMPARISON_SAME,       /* it holds 1, and lies within LIMIT_SAME of it */
    COMPARISON_UNSURE      /* it holds 1, and more */
};

/* Returns what the joint interval from `low` to `high` says; NAN: the rounds are too few for one.  `coverage`
 * is that of the ratio's interval by itself, 0: there is none. */
enum comparison comparison_of(double low, double high, double coverage);

/* Returns its key, static: one_round, few_rounds, longer, shorter, same, unsure. */
const char *comparison_key(enum comparison c);

/* Returns the least number of rounds that have a joint interval for so many comparisons at once: of n rounds
 * the widest one, from the least ratio to the greatest, misses with 2 / 2^n, and all together may with 0.05.
 * It is the least n for which the view joint_statistic has one; of one comparison, 6. */
unsigned comparison_rounds_least(double comparisons);

/* Returns how many rounds it would take to tell, by what `rounds` have told: an interval is about as wide as
 * one over the root of their number.  It has to become so narrow that it leaves out 1, or what is farther
 * than LIMIT_SAME. */
double comparison_rounds(double value, double low, double high, double rounds);

#endif
