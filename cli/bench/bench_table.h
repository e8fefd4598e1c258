/* What `heapwait bench` found, as a table: ratios to the untraced turn of the same round, with intervals. */
#ifndef HEAPWAIT_BENCH_TABLE_H
#define HEAPWAIT_BENCH_TABLE_H

#include "analysis/base/error.h"
#include "cli/bench/pace.h"

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

enum { BENCH_METHODS = 9, BENCH_CASES = 3, BENCH_ROUNDS = 60 };

/* One column of the table.  ns[method][round] is a turn's time; negative: not measured.  Method 0 is the
 * untraced one. */
struct bench_case {
    const char *title;
    const char *variant; /* NULL: the command idles, what runs beside it is timed */
    double ns[BENCH_METHODS][BENCH_ROUNDS];
};

struct bench_results {
    const struct bench_case *cases;
    const char *const *methods;
    unsigned rounds, threads;
    uint64_t runs, passwords; /* runs: in a turn, which is their median; a tool's turn is one */
    struct pace_counts pace;  /* what came of all runs but the tools' */
};

/* Returns the median of the ratios to the untraced turns, the order statistics around it that hold the true
 * median with at least 95 %, or the outermost if there are too few, and the number of rounds that count. */
struct bench_ratio {
    unsigned rounds;
    double median, low, high;
};
struct bench_ratio bench_ratio_of(const struct bench_case *c, unsigned method, unsigned rounds);

/* Writes what became of runs that met a slow machine, as a sentence without a full stop. */
void bench_table_pace(const struct pace_counts *p, char *text, size_t size);

/* Prints the table as text. */
void bench_table_print(const struct bench_results *r, FILE *out);
/* Checks that a table can be written at `path`, before hours go by; touches nothing.  0 or negative errno,
 * with a sentence. */
int bench_table_writable(const char *path, struct error *err);

/* Writes the table as Markdown, with the facts of the host.  0 or negative errno, with a sentence. */
int bench_table_write(const struct bench_results *r, const char *path, struct error *err);

#endif
