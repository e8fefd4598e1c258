/* Futex calls put together from events with times that are chosen here: outcomes, times and histograms are
 * known exactly. */
#include "tests/probes/perf/made_calls.h"

/* What the first call of an outcome named stands in its row: evidence for the word's name. */
static void first_calls(void **state)
{
    struct perf_trace wait = {.call = CALL_FUTEX, .word = WORD, .op = FUTEX_WAIT_BITSET, .value = 2};
    (void)state;
    begin(true, true);
    wait.has_value = true;
    perf_calls_enter(c, TID, SPACE, 100, &wait, 0);
    leave_call(TID, 110, -EAGAIN);
    wait.op = FUTEX_WAIT;
    wait.value = 3;
    perf_calls_enter(c, TID, SPACE, 200, &wait, 0);
    leave_call(TID, 210, -EAGAIN);
    wait.has_value = false; /* the session doesn't tell: then nothing is said of the call */
    perf_calls_enter(c, TID, SPACE, 300, &wait, 0);
    leave_call(TID, 310, -EINTR);
    end(1000);
    const struct word_evidence *e = &row(OP_WAIT, OUTCOME_EAGAIN)->value.evidence;
    assert_int_equal(e->call, SYS_futex);
    assert_int_equal(e->command, FUTEX_WAIT_BITSET);
    assert_int_equal(e->expected, 2);
    assert_int_equal(e->first_seen_ns, 0);
    assert_int_equal(row(OP_WAIT, OUTCOME_INTERRUPTED)->value.evidence.call, 0);
    done();
}

static void outcomes(void **state)
{
    static const struct {
        uint32_t op;
        int64_t result;
        unsigned told, outcome;
    } calls[] = {
        {FUTEX_WAIT, -EAGAIN, OP_WAIT, OUTCOME_EAGAIN},
        {FUTEX_WAIT_BITSET, -ETIMEDOUT, OP_WAIT, OUTCOME_TIMEOUT},
        {FUTEX_WAIT, -EINTR, OP_WAIT, OUTCOME_INTERRUPTED},
        {FUTEX_WAIT, -512, OP_WAIT, OUTCOME_INTERRUPTED},
        {FUTEX_WAIT, -EFAULT, OP_WAIT, OUTCOME_ERROR},
        {FUTEX_WAIT, 0, OP_WAIT, OUTCOME_RACED},
        {FUTEX_WAKE, 0, OP_WAKE, OUTCOME_WOKE_NONE},
        {FUTEX_WAKE_BITSET, 3, OP_WAKE, OUTCOME_WOKE_SOME},
        {FUTEX_CMP_REQUEUE, 0, OP_REQUEUE, OUTCOME_MOVED_NONE},
        {FUTEX_REQUEUE, 2, OP_REQUEUE, OUTCOME_MOVED_SOME},
        {FUTEX_LOCK_PI, 0, OP_LOCK_PI, OUTCOME_ACQUIRED},
        {FUTEX_UNLOCK_PI, 0, OP_UNLOCK_PI, OUTCOME_DONE},
        {0x7e, 0, OP_OTHER, OUTCOME_DONE},
    };
    enum { CALLS = sizeof(calls) / sizeof(calls[0]) };
    (void)state;
    begin(true, true);
    for (size_t i = 0; i < CALLS; i++)
        for (size_t k = 0; k <= i; k++)
            call(100 * i + 1000 * k, calls[i].op, calls[i].result);
    end(100000);
    uint64_t waited = 0;
    for (size_t i = 0; i < CALLS; i++) {
        const struct word_row *r = row(calls[i].told, calls[i].outcome);
        bool interrupted = calls[i].outcome == OUTCOME_INTERRUPTED; /* two of the rows above */
        assert_int_equal(r->value.totals.calls, interrupted ? 3 + 4 : i + 1);
        assert_int_equal(r->value.totals.oncpu_ns, r->value.totals.calls * 10);
        bool counts = calls[i].told == OP_WAKE || calls[i].told == OP_REQUEUE;
        assert_int_equal(r->value.totals.woken, counts ? (i + 1) * (uint64_t)calls[i].result : 0);
        waited += r->histogram != NULL;
    }
    assert_int_equal(waited, 6); /* waits alone have histograms; interrupted is there twice */
    assert_int_equal(perf_calls_losses(c)->edges.unmatched, 0);
    done();
}

/* Asleep from 110 to 150, waiting for a CPU to 180, in the call to 190. */
static void a_sleep(void **state)
{
    (void)state;
    begin(true, true);
    enter(TID, 100, FUTEX_WAIT);
    assert_int_equal(perf_calls_state(c, TID), STATE_FUTEX_WAIT);
    perf_calls_leave(c, TID, 110, false);
    perf_calls_leave(c, TID, 111, false); /* the tracepoint and perf's record tell the same */
    perf_calls_wake(c, TID, 150);
    perf_calls_wake(c, TID, 155); /* sched_waking, then sched_wakeup */
    perf_calls_leave(c, TID, 156, false);
    perf_calls_return(c, TID, 180);
    perf_calls_return(c, TID, 181);
    leave_call(TID, 190, 0);
    assert_int_equal(perf_calls_state(c, TID), STATE_USER);
    end(200);
    const struct word_row *r = row(OP_WAIT, OUTCOME_SLEPT);
    assert_int_equal(row_count, 1);
    assert_int_equal(r->value.totals.calls, 1);
    assert_int_equal(r->value.totals.blocked_ns, 40);
    assert_int_equal(r->value.totals.runnable_ns, 30);
    assert_int_equal(r->value.totals.oncpu_ns, 20);
    uint64_t handoffs = 0, waits = 0;
    for (unsigned i = 0; i < HISTOGRAM_BUCKETS; i++) {
        handoffs += r->handoff->calls[i];
        waits += r->histogram->calls[i];
    }
    assert_int_equal(handoffs, 1);
    assert_int_equal(r->handoff->calls[23], 1); /* 30 ns: 8 buckets from 16 on, 2 ns each */
    assert_int_equal(waits, 1);
    assert_int_equal(perf_calls_losses(c)->wakeups, 0);
    done();
}

static void preempted_is_not_asleep(void **state)
{
    (void)state;
    begin(true, true);
    enter(TID, 100, FUTEX_WAIT);
    perf_calls_leave(c, TID, 110, true);
    perf_calls_return(c, TID, 130);
    leave_call(TID, 140, 0);
    end(200);
    const struct word_row *r = row(OP_WAIT, OUTCOME_RACED);
    assert_int_equal(r->value.totals.runnable_ns, 20);
    assert_int_equal(r->value.totals.blocked_ns, 0);
    assert_null(r->handoff);
    done();
}

/* Nobody saw the wake: blocked until the return, and told. */
static void wake_unseen(void **state)
{
    (void)state;
    begin(true, true);
    enter(TID, 100, FUTEX_WAIT);
    perf_calls_leave(c, TID, 110, false);
    leave_call(TID, 150, 0); /* and no switch back either */
    end(200);
    assert_int_equal(row(OP_WAIT, OUTCOME_SLEPT)->value.totals.blocked_ns, 40);
    assert_int_equal(perf_calls_losses(c)->wakeups, 1);
    done();
}

static void without_switches(void **state)
{
    (void)state;
    begin(false, false);
    enter(TID, 100, FUTEX_WAIT);
    leave_call(TID, 150, 0);
    call(200, FUTEX_WAIT, -EAGAIN);
    end(300);
    assert_int_equal(row(OP_WAIT, OUTCOME_SLEPT)->value.totals.oncpu_ns, 50);
    assert_int_equal(row(OP_WAIT, OUTCOME_EAGAIN)->value.totals.calls, 1);
    assert_int_equal(row_count, 2);
    done();
}

static void restarted_waits(void **state)
{
    const struct perf_trace restart = {.call = CALL_RESTART},
                            late = {.call = CALL_RESTART, .result = -ETIMEDOUT};
    (void)state;
    begin(true, true);
    enter(TID, 100, FUTEX_WAIT);
    leave_call(TID, 110, -516);
    perf_calls_enter(c, TID, SPACE, 120, &restart, 0);
    perf_calls_exit(c, TID, 150, &late);
    perf_calls_enter(c, TID, SPACE, 160, &restart, 0); /* of a nanosleep: not a futex's */
    perf_calls_exit(c, TID, 170, &late);
    end(200);
    assert_int_equal(row(OP_WAIT, OUTCOME_INTERRUPTED)->value.totals.calls, 1);
    assert_int_equal(row(OP_WAIT, OUTCOME_TIMEOUT)->value.totals.calls, 1);
    assert_int_equal(row(OP_WAIT, OUTCOME_TIMEOUT)->value.totals.oncpu_ns, 30);
    assert_int_equal(row_count, 2);
    assert_int_equal(perf_calls_losses(c)->edges.unmatched, 0);
    done();
}

static void newer_calls(void **state)
{
    const struct perf_trace wait = {.call = CALL_WAIT, .word = WORD},
                            wake = {.call = CALL_WAKE, .word = WORD},
                            waitv = {.call = CALL_WAITV, .word = 0x99};
    (void)state;
    begin(true, true);
    perf_calls_enter(c, TID, SPACE, 100, &wait, 0);
    perf_calls_exit(c, TID, 110, &(struct perf_trace){.call = CALL_WAIT, .result = -EAGAIN});
    perf_calls_enter(c, TID, SPACE, 120, &wake, 0);
    perf_calls_exit(c, TID, 130, &(struct perf_trace){.call = CALL_WAKE, .result = 1});
    perf_calls_enter(c, TID, SPACE, 140, &waitv, 0); /* its words lie in memory that perf doesn't record */
    perf_calls_exit(c, TID, 150, &(struct perf_trace){.call = CALL_WAITV, .result = 0});
    end(200);
    assert_int_equal(row(OP_WAIT, OUTCOME_EAGAIN)->value.totals.calls, 1);
    assert_int_equal(row(OP_WAKE, OUTCOME_WOKE_SOME)->value.totals.woken, 1);
    assert_int_equal(row_count, 2);
    assert_int_equal(perf_calls_losses(c)->arrays, 1);
    assert_int_equal(perf_calls_losses(c)->edges.unmatched, 0);
    done();
}

static void times_that_go_backwards(void **state)
{
    (void)state;
    begin(true, true);
    enter(TID, 100, FUTEX_WAKE);
    leave_call(TID, 90, 0);
    end(200);
    assert_int_equal(row(OP_WAKE, OUTCOME_WOKE_NONE)->value.totals.oncpu_ns, 0);
    assert_int_equal(perf_calls_losses(c)->clock, 1);
    done();
}

/* Words, threads and paths by the ten thousand: none is mixed up with another. */
static void many(void **state)
{
    enum { MANY = 20000 };
    (void)state;
    begin(true, true);
    for (uint32_t i = 0; i < MANY; i++) {
        const struct perf_trace t = {.call = CALL_WAKE, .word = 0x1000 + 4 * (uint64_t)i};
        perf_calls_enter(c, i, 1 + i % 3, 100, &t, 1 + i % 2);
        for (uint32_t k = 0; k < i % 2; k++) /* some twice */
            perf_calls_exit(c, i, 110, &(struct perf_trace){.call = CALL_WAKE}),
                perf_calls_enter(c, i, 1 + i % 3, 120, &t, 1);
        perf_calls_exit(c, i, 130, &(struct perf_trace){.call = CALL_WAKE});
    }
    end(200);
    assert_int_equal(row_count, MANY);
    uint64_t calls = 0;
    for (size_t i = 0; i < row_count; i++) {
        uint32_t n = (uint32_t)(rows[i].key.address - 0x1000) / 4;
        assert_int_equal(rows[i].key.space, 1 + n % 3);
        assert_int_equal(rows[i].value.totals.calls, 1 + n % 2);
        assert_true(!i || word_row_compare(&rows[i - 1], &rows[i]) < 0);
        calls += rows[i].value.totals.calls;
    }
    size_t waiter_count = 0;
    const struct perf_waiter *w = perf_calls_waiters(c, &waiter_count);
    assert_int_equal(waiter_count, MANY + MANY / 2); /* the odd ones have two paths */
    uint64_t wakes = 0;
    for (size_t i = 0; i < waiter_count; i++)
        wakes += w[i].wakes;
    assert_int_equal(wakes, calls);
    done();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(first_calls),
        cmocka_unit_test(outcomes),
        cmocka_unit_test(a_sleep),
        cmocka_unit_test(preempted_is_not_asleep),
        cmocka_unit_test(wake_unseen),
        cmocka_unit_test(without_switches),
        cmocka_unit_test(restarted_waits),
        cmocka_unit_test(newer_calls),
        cmocka_unit_test(times_that_go_backwards),
        cmocka_unit_test(many),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
