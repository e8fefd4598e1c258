/* What `heapwait bench` found, as a table: ratios to the untraced turn of the same round, with intervals. */
#ifndef HEAPWAIT_BENCH_TABLE_H
#define HEAPWAIT_BENCH_TABLE_H

#include "analysis/base/error.h"
#include "cli/bench/pace.h"

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

enum { BENCH_METHODS = 9, BENCH_CASES = 3, BENCH_ROUNDS = 60 };

/* ns[method][round]; negative: not measured.  Method 0 is the untraced one. */
struct bench_case {
    const char *title;
    const char *variant; /* NULL: the command idles, what runs beside it is timed */
    double ns[BENCH_METHODS][BENCH_ROUNDS];
};

struct bench_results {
    const struct bench_case *cases;
    const char *const *methods;
    unsigned rounds, threads;
    uint64_t runs, passwords; /* runs: of a turn, whose median counts, but for tools */
    struct pace_counts pace;  /* of all runs but the tools' */
};

/* Median of the ratios and the order statistics around it that hold the true median with at least 95 %, or
 * all of them where there are too few.  Returns the number of rounds that count. */
struct bench_ratio {
    unsigned rounds;
    double median, low, high;
};
struct bench_ratio bench_ratio_of(const struct bench_case *c, unsigned method, unsigned rounds);

/* Sorts the values.  `count` is at least 1. */
double bench_table_median(double *values, size_t count);

/* What became of runs that met a slow machine, as a sentence. */
void bench_table_pace(const struct pace_counts *p, char *text, size_t size);

void bench_table_print(const struct bench_results *r, FILE *out);
/* Whether a table can be written there, before hours go by: 0 or negative errno; touches nothing. */
int bench_table_writable(const char *path, struct error *err);

/* As Markdown, with the host. */
int bench_table_write(const struct bench_results *r, const char *path, struct error *err);

#endif
