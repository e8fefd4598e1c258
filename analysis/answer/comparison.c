/* See comparison.h. */
#include "analysis/answer/comparison.h"

#include "analysis/answer/answer_limits.h"

#include <math.h>

enum comparison comparison_of(double low, double high, double coverage)
{
    if (!(coverage > 0))
        return COMPARISON_ONE_ROUND;
    if (isnan(low) || isnan(high))
        return COMPARISON_FEW_ROUNDS;
    if (low > 1)
        return COMPARISON_LONGER;
    if (high < 1)
        return COMPARISON_SHORTER;
    return low >= 1 - LIMIT_SAME && high <= 1 + LIMIT_SAME ? COMPARISON_SAME : COMPARISON_UNSURE;
}

const char *comparison_key(enum comparison c)
{
    static const char *const keys[] = {
        [COMPARISON_ONE_ROUND] = "one_round", [COMPARISON_FEW_ROUNDS] = "few_rounds",
        [COMPARISON_LONGER] = "longer",       [COMPARISON_SHORTER] = "shorter",
        [COMPARISON_SAME] = "same",           [COMPARISON_UNSURE] = "unsure",
    };
    return keys[c];
}

unsigned comparison_rounds_least(double comparisons)
{
    unsigned rounds = 1;
    for (double missed = fmax(comparisons, 1); missed > LIMIT_MISSED && rounds < 1000; rounds++)
        missed /= 2; /* 2 / 2^rounds of each */
    return rounds;
}

double comparison_rounds(double value, double low, double high, double rounds)
{
    const double half = (log(high) - log(low)) / 2, apart = fabs(log(value));
    const double narrow = fmax(apart, log(1 + LIMIT_SAME) - apart);
    const double wanted = ceil(rounds * half * half / (narrow * narrow));
    return fmax(wanted, rounds + 1);
}
