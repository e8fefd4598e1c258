/* The recording's words, and the bounds of the histograms' buckets against the rule that abi.h documents. */
#include "probes/bpf/terms.h"
#include "tests/probes/cmocka_test.h"

#include <string.h>

/* Below 8 ns a bucket each, then 8 buckets an octave, the last one from 2^38 ns up. */
static unsigned bucket_of(uint64_t ns)
{
    unsigned octave = 0;
    if (ns < 8)
        return (unsigned)ns;
    while (ns >> octave > 1)
        octave++;
    if (octave >= 38)
        return HISTOGRAM_BUCKETS - 1;
    return (octave - 2) * 8 + (unsigned)((ns >> (octave - 3)) & 7);
}

static void buckets_follow_each_other(void **state)
{
    uint64_t low = 0, high = 0, last_high = 0;
    (void)state;
    for (unsigned i = 0; i < HISTOGRAM_BUCKETS; i++) {
        term_bucket_bounds(i, &low, &high);
        assert_int_equal(low, last_high);
        assert_true(high > low);
        last_high = high;
    }
    assert_int_equal(low, 1ull << 38);
    assert_int_equal(high, INT64_MAX); /* the largest number that SQLite keeps */
}

static void buckets_are_narrow(void **state)
{
    (void)state;
    for (unsigned i = 0; i < HISTOGRAM_BUCKETS - 1; i++) {
        uint64_t low, high;
        term_bucket_bounds(i, &low, &high);
        assert_true(high - low == 1 || (high - low) * 8 <= low);
    }
}

static void buckets_hold_what_falls_into_them(void **state)
{
    (void)state;
    for (unsigned i = 0; i < HISTOGRAM_BUCKETS; i++) {
        uint64_t low, high;
        term_bucket_bounds(i, &low, &high);
        assert_int_equal(bucket_of(low), i);
        assert_int_equal(bucket_of(low + (high - low) / 2), i);
        assert_int_equal(bucket_of(high - 1), i);
    }
    assert_int_equal(bucket_of(UINT64_MAX), HISTOGRAM_BUCKETS - 1);
}

/* Every number has a word of its own; a number out of range has one that does no harm. */
static void words_are_distinct(const char *(*term)(unsigned), unsigned count)
{
    for (unsigned i = 0; i < count; i++) {
        assert_non_null(term(i));
        assert_true(term(i)[0] != 0);
        for (unsigned k = 0; k < i; k++)
            assert_string_not_equal(term(i), term(k));
    }
    assert_non_null(term(count));
    assert_non_null(term(UINT32_MAX));
}

static void words(void **state)
{
    (void)state;
    words_are_distinct(term_op, OP_COUNT);
    words_are_distinct(term_outcome, OUTCOME_COUNT);
    words_are_distinct(term_loss, LOSS_COUNT);
    words_are_distinct(term_state, STATE_COUNT);
    words_are_distinct(term_kernel_class, STATE_COUNT);
    for (unsigned i = 0; i < STATE_COUNT; i++) {
        assert_memory_equal(term_kernel_class(i), "kernel:", 7);
        assert_string_equal(term_kernel_class(i) + 7, term_state(i));
    }
}

static void operations_either_wait_or_wake(void **state)
{
    (void)state;
    for (unsigned op = 0; op < OP_COUNT; op++)
        assert_false(term_op_waits(op) && term_op_wakes(op));
    assert_true(term_op_waits(OP_WAIT) && term_op_waits(OP_WAITV) && term_op_waits(OP_LOCK_PI));
    assert_true(term_op_wakes(OP_WAKE) && term_op_wakes(OP_REQUEUE) && term_op_wakes(OP_WAKE_OP));
}

/* As in futex_call.sql: waits of every operation are waits, and a requeue is no wake. */
static void kinds(void **state)
{
    (void)state;
    for (unsigned op = 0; op < OP_COUNT; op++) {
        assert_int_equal(term_kind(op, OUTCOME_SLEPT), term_op_waits(op) ? KIND_SLEPT : KIND_OTHER);
        assert_int_equal(term_kind(op, OUTCOME_TIMEOUT), KIND_OTHER);
        assert_int_equal(term_kind(op, OUTCOME_NOT_TOLD), KIND_OTHER);
        for (unsigned outcome = 0; outcome < OUTCOME_COUNT; outcome++)
            assert_int_equal(term_kind_named(term_op(op), term_outcome(outcome)), term_kind(op, outcome));
        assert_int_equal(term_op_waits_named(term_op(op)), term_op_waits(op));
    }
    assert_int_equal(term_kind_named("wait_requeue_pi", "eagain"), KIND_EAGAIN);
    assert_int_equal(term_kind_named("wake_op", "woke_none"), KIND_EMPTY);
    assert_int_equal(term_kind_named("wake", "woke_some"), KIND_WAKING);
    assert_int_equal(term_kind_named("requeue", "moved_some"), KIND_OTHER);
    assert_int_equal(term_kind_named("wait", NULL), KIND_OTHER);
}

static void oncpu_by_the_timed_calls(void **state)
{
    (void)state;
    assert_int_equal(term_totals_oncpu(&(struct word_totals){0}), 0);
    assert_int_equal(term_totals_oncpu(&(struct word_totals){.calls = 7}), 0);
    assert_int_equal(term_totals_oncpu(&(struct word_totals){.calls = 3, .timed = 3, .oncpu_ns = 12345}),
                     12345);
    assert_int_equal(term_totals_oncpu(&(struct word_totals){.calls = 1000, .timed = 500, .oncpu_ns = 40000}),
                     80000);
    const struct word_totals large = {.calls = 1ull << 40, .timed = 1ull << 39, .oncpu_ns = 1ull << 50};
    assert_int_equal(term_totals_oncpu(&large), 1ull << 51);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(buckets_follow_each_other),
        cmocka_unit_test(buckets_are_narrow),
        cmocka_unit_test(buckets_hold_what_falls_into_them),
        cmocka_unit_test(words),
        cmocka_unit_test(kinds),
        cmocka_unit_test(operations_either_wait_or_wake),
        cmocka_unit_test(oncpu_by_the_timed_calls),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
