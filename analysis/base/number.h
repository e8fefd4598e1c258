/* Numbers for people, the same in the terminal, the verdict and the report; and the one in the middle of
 * many. */
#ifndef HEAPWAIT_NUMBER_H
#define HEAPWAIT_NUMBER_H

#include <stddef.h>
#include <stdint.h>

#define UNIT_SPACE  "\u00a0" /* no-break space: stands between a number and its unit */
#define GROUP_SPACE "\u202f" /* narrow no-break space: between groups of three digits */

/* Each writes into buffer[32] and returns it.  1234567 -> "1 234 567" (U+202F between groups); 1534 ns ->
 * "1.53 µs"; 0.4 -> "0.40". */
char *number_count(char *buffer, uint64_t n);
char *number_ns(char *buffer, uint64_t ns);
char *number_bytes(char *buffer, uint64_t bytes);
char *number_ratio(char *buffer, double ratio);

/* Writes a share between 0 and 1 in percent: 0.99843 -> "99.84 %".  Only 0 is "0 %" and only 1 is "100 %". */
char *number_share(char *buffer, double share);
/* Writes calls per password with three significant digits, "0" only for zero: 0.7243 -> "0.724", 2e-6 ->
 * "0.000002". */
char *number_rate(char *buffer, double rate);

/* Returns the median of values[count], which are sorted by it; count > 0.  Of an even count it is the mean of
 * the two in the middle. */
double number_median(double *values, size_t count);

#endif
