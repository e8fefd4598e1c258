/* Label placement: one-dimensional, by pooling neighbours that would overlap (the pool-adjacent-violators
 * algorithm of isotonic regression: subtract i * gap, then the positions only have to be in order).
 * Source: R. E. Barlow et al., "Statistical Inference under Order Restrictions", Wiley 1972, chapter 1. */
#include "plots/place.h"

#include <math.h>
#include <stdlib.h>

struct item {
    double at;
    size_t index;
};

struct pool {
    double sum;
    size_t count;
};

static int item_compare(const void *a, const void *b)
{
    const struct item *x = a, *y = b;
    if (x->at != y->at)
        return x->at < y->at ? -1 : 1;
    return x->index < y->index ? -1 : 1;
}

static double mean(const struct pool *p)
{
    return p->sum / (double)p->count;
}

/* Makes pools of the positions, less i * gap, so that their means don't decrease. */
static void pools_make(const struct item *items, size_t count, double gap, struct pool *pools,
                       size_t *pool_count)
{
    size_t n = 0;
    for (size_t i = 0; i < count; i++) {
        pools[n++] = (struct pool){items[i].at - (double)i * gap, 1};
        while (n > 1 && mean(&pools[n - 2]) > mean(&pools[n - 1])) {
            pools[n - 2].sum += pools[n - 1].sum;
            pools[n - 2].count += pools[n - 1].count;
            n--;
        }
    }
    *pool_count = n;
}

static double clamp(double x, double low, double high)
{
    return x < low ? low : x > high ? high : x;
}

void place_spread(double *positions, size_t count, double gap, double low, double high)
{
    if (count == 0)
        return;
    if (count > 1 && gap * (double)(count - 1) > high - low)
        gap = (high - low) / (double)(count - 1);
    struct item *items = calloc(count, sizeof *items);
    struct pool *pools = calloc(count, sizeof *pools);
    if (items && pools) {
        for (size_t i = 0; i < count; i++)
            items[i] = (struct item){positions[i], i};
        qsort(items, count, sizeof *items, item_compare);
        size_t pool_count, i = 0;
        pools_make(items, count, gap, pools, &pool_count);
        const double most = high - gap * (double)(count - 1);
        for (size_t p = 0; p < pool_count; p++)
            for (size_t k = 0; k < pools[p].count; k++, i++)
                positions[items[i].index] = clamp(mean(&pools[p]), low, most) + (double)i * gap;
    }
    free(items);
    free(pools);
}

double place_step(double max, unsigned most)
{
    static const double steps[] = {1, 2, 2.5, 5, 10};
    if (!(max > 0) || most == 0)
        return 1;
    const double decade = pow(10, floor(log10(max / most)));
    for (size_t i = 0; i < sizeof steps / sizeof *steps; i++)
        if (max / (steps[i] * decade) <= most * (1 + 1e-9))
            return steps[i] * decade;
    return 10 * decade;
}
