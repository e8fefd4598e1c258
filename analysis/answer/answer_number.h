/* Numbers of the answer for people: with as many digits as their intervals carry.  What is an estimate is
 * called so, and a bound is called a bound. */
#ifndef HEAPWAIT_ANSWER_NUMBER_H
#define HEAPWAIT_ANSWER_NUMBER_H

#include "analysis/answer/answer.h"

/* Each writes into buffer[64] and returns it; NULL: the number is not known. */

/* "about 45 %", "up to 45 %", "at least 44 %", "45 %". */
char *answer_number_share(char *buffer, const struct estimate *share);
/* The same of nanoseconds: "about 1.5 s", "up to 12 ms". */
char *answer_number_time(char *buffer, const struct estimate *ns);
/* A share without an interval, in whole percent: "45 %"; "< 1 %", "> 99 %". */
char *answer_number_percent(char *buffer, double share);
/* Nanoseconds without an interval, in two digits: "680 ms", "1.2 s". */
char *answer_number_ns(char *buffer, double ns);
/* A whole number, "66 517". */
char *answer_number_count(char *buffer, double count);
/* Cores: "2"; with a quota "1.5". */
char *answer_number_cores(char *buffer, double cores);
/* A factor: "2.0", "1.03", "12", in two digits behind one, or as few as its interval carries. */
char *answer_number_factor(char *buffer, const struct estimate *factor);
/* The end of an interval, in as many digits as the factor has: never less than an upper end (`up`), nor more
 * than a lower one. */
char *answer_number_low(char *buffer, const struct estimate *factor);
char *answer_number_high(char *buffer, const struct estimate *factor);

#endif
