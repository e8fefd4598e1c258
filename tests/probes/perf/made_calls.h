/* What the tests of perf_calls.h share: events of made-up threads, and the rows that come out. */
#ifndef TESTS_MADE_CALLS_H
#define TESTS_MADE_CALLS_H

#include "probes/bpf/terms.h"
#include "probes/perf/perf_calls.h"
#include "tests/probes/cmocka_test.h"

#include <errno.h>
#include <linux/futex.h>
#include <stdlib.h>
#include <sys/syscall.h>

enum { WORD = 0x1000, SPACE = 1, TID = 7 };

static struct perf_calls *c;
static struct word_row *rows;
static size_t row_count;

static inline void begin(bool switches, bool wakeups)
{
    c = perf_calls_new(switches, wakeups);
    assert_non_null(c);
}

static inline void end(uint64_t at)
{
    perf_calls_finish(c, at);
    assert_int_equal(perf_calls_words(c, &rows, &row_count), 0);
}

static inline void done(void)
{
    word_rows_free(rows, row_count);
    perf_calls_free(c);
}

static inline void enter(uint32_t tid, uint64_t at, uint32_t op)
{
    const struct perf_trace t = {.call = CALL_FUTEX, .word = WORD, .op = op | FUTEX_PRIVATE_FLAG};
    perf_calls_enter(c, tid, SPACE, at, &t, 0);
}

static inline void leave_call(uint32_t tid, uint64_t at, int64_t result)
{
    const struct perf_trace t = {.call = CALL_FUTEX, .result = result};
    perf_calls_exit(c, tid, at, &t);
}

static inline void call(uint64_t at, uint32_t op, int64_t result)
{
    enter(TID, at, op);
    leave_call(TID, at + 10, result);
}

static inline const struct word_row *row(unsigned op, unsigned outcome)
{
    for (size_t i = 0; i < row_count; i++)
        if (rows[i].key.op == op && rows[i].key.outcome == outcome)
            return &rows[i];
    fail_msg("no row of operation %u and outcome %u", op, outcome);
    return NULL;
}

#endif
