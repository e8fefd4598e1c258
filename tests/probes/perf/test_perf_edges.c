/* Sessions that have only one end of some futex calls: by sampling, by a filter, by what was lost, or because
 * they begin, end or let go of a thread just then.  Which of these are losses is known exactly. */
#include "tests/probes/perf/made_calls.h"

static void beginnings_and_ends_alone(void **state)
{
    (void)state;
    begin(true, true);
    leave_call(TID, 90, 0); /* the session began inside a call */
    leave_call(TID, 95, 0); /* this beginning was lost */
    enter(TID, 100, FUTEX_WAKE);
    enter(TID, 200, FUTEX_WAKE); /* the end between was lost */
    leave_call(TID, 210, 0);
    enter(8, 300, FUTEX_WAIT); /* the thread dies in it */
    perf_calls_die(c, 8, SPACE, 320);
    enter(9, 300, FUTEX_WAIT); /* the session ends in it */
    perf_calls_leave(c, 9, 310, false);
    assert_int_equal(perf_calls_finish(c, 350), 1);
    end(350);
    assert_int_equal(row(OP_WAKE, OUTCOME_WOKE_NONE)->value.totals.calls, 1);
    assert_int_equal(row(OP_WAIT, OUTCOME_UNFINISHED)->value.totals.calls, 2);
    assert_int_equal(row(OP_WAIT, OUTCOME_UNFINISHED)->value.totals.blocked_ns, 40);
    assert_int_equal(perf_calls_losses(c)->edges.unmatched, 1);
    assert_int_equal(perf_calls_losses(c)->edges.endless, 1);
    assert_int_equal(perf_calls_losses(c)->edges.outside, 1);
    done();
}

/* perf -p switches its events on and off one after the other, while the program goes on. */
static void switched_on_and_off(void **state)
{
    (void)state;
    begin(true, true);
    enter(TID, 100, FUTEX_WAKE); /* ends are not recorded yet */
    enter(TID, 110, FUTEX_WAKE);
    enter(8, 115, FUTEX_WAIT);
    enter(TID, 120, FUTEX_WAKE);
    leave_call(TID, 130, 0);
    leave_call(9, 135, 0); /* it had begun before */
    leave_call(8, 140, -EAGAIN);
    call(150, FUTEX_WAKE, 0);
    leave_call(TID, 170, 0); /* beginnings are not recorded any more */
    leave_call(TID, 180, 0);
    leave_call(8, 190, 0);
    end(200);
    assert_int_equal(row(OP_WAKE, OUTCOME_WOKE_NONE)->value.totals.calls, 2);
    assert_int_equal(row(OP_WAIT, OUTCOME_EAGAIN)->value.totals.calls, 1);
    assert_int_equal(row_count, 2);
    assert_int_equal(perf_calls_losses(c)->edges.unmatched, 0);
    assert_int_equal(perf_calls_losses(c)->edges.endless, 0);
    assert_int_equal(perf_calls_losses(c)->edges.outside, 2 + 1 + 3);
    done();
}

static void sleep_until(uint64_t at, uint32_t space, int64_t result)
{
    const struct perf_trace t = {.call = CALL_FUTEX, .word = WORD, .op = FUTEX_WAIT};
    perf_calls_enter(c, TID, space, at, &t, 0);
    perf_calls_leave(c, TID, at + 10, false);
    perf_calls_return(c, TID, at + 50);
    leave_call(TID, at + 60, result);
}

/* A timer, a signal and the end of a thread wake where no session of a command sees it: that is no loss. */
static void wake_from_outside(void **state)
{
    (void)state;
    begin(true, true);
    sleep_until(100, SPACE, -ETIMEDOUT);
    sleep_until(200, SPACE, -EINTR);
    sleep_until(300, SPACE, -516);
    sleep_until(400, SPACE, 0);
    assert_int_equal(perf_calls_losses(c)->wakeups, 1);
    perf_calls_die(c, 77, SPACE + 1, 490); /* another process's */
    sleep_until(500, SPACE, 0);
    assert_int_equal(perf_calls_losses(c)->wakeups, 2);
    enter(TID, 600, FUTEX_WAIT);
    perf_calls_die(c, 78, SPACE, 605); /* let go of already, it wakes later */
    perf_calls_leave(c, TID, 610, false);
    perf_calls_return(c, TID, 650);
    leave_call(TID, 660, 0);
    assert_int_equal(perf_calls_losses(c)->wakeups, 2);
    sleep_until(700, SPACE, 0); /* one thread's end wakes once */
    end(1000);
    assert_int_equal(perf_calls_losses(c)->wakeups, 3);
    assert_int_equal(row(OP_WAIT, OUTCOME_SLEPT)->value.totals.calls, 4);
    assert_int_equal(row(OP_WAIT, OUTCOME_TIMEOUT)->value.totals.blocked_ns, 40);
    done();
}

/* Each call that was begun is in a row or lost. */
static void accounted(void)
{
    const struct perf_calls_loss *l = perf_calls_losses(c);
    uint64_t calls = l->edges.endless + l->words;
    for (size_t i = 0; i < row_count; i++)
        calls += rows[i].value.totals.calls;
    assert_int_equal(calls, l->begun);
}

/* Of the beginnings and of the ends some are there: what follows a beginning may be any call's end. */
static void sampled_calls(void **state)
{
    (void)state;
    begin(true, true);
    perf_calls_limit(
        c, &(struct perf_calls_limits){.begins_partly = true, .ends_partly = true, .no_pairs = true});
    enter(TID, 100, FUTEX_WAIT);
    assert_int_equal(perf_calls_state(c, TID), STATE_USER);
    perf_calls_leave(c, TID, 110, false);
    perf_calls_return(c, TID, 900);
    leave_call(TID, 910, 0);
    enter(TID, 1000, FUTEX_WAIT);
    enter(TID, 2000, FUTEX_WAKE);
    leave_call(TID, 2010, 1);
    end(3000);
    assert_int_equal(row_count, 2);
    assert_int_equal(row(OP_WAIT, OUTCOME_NOT_TOLD)->value.totals.calls, 2);
    assert_int_equal(row(OP_WAKE, OUTCOME_NOT_TOLD)->value.totals.calls, 1);
    assert_int_equal(row(OP_WAKE, OUTCOME_NOT_TOLD)->value.totals.woken, 0);
    assert_null(row(OP_WAIT, OUTCOME_NOT_TOLD)->histogram);
    assert_int_equal(row(OP_WAIT, OUTCOME_NOT_TOLD)->value.totals.blocked_ns, 0);
    assert_int_equal(perf_calls_losses(c)->edges.unmatched, 0);
    accounted();
    done();
}

/* All ends are there, so that an end behind a beginning is its own; ends without one were to be expected. */
static void filtered_beginnings(void **state)
{
    (void)state;
    begin(true, true);
    perf_calls_limit(c, &(struct perf_calls_limits){.begins_partly = true});
    leave_call(TID, 90, 0);
    call(100, FUTEX_WAIT, -EAGAIN);
    leave_call(TID, 200, 0);
    end(300);
    assert_int_equal(row_count, 1);
    assert_int_equal(row(OP_WAIT, OUTCOME_EAGAIN)->value.totals.calls, 1);
    assert_int_equal(perf_calls_losses(c)->edges.unmatched, 0);
    accounted();
    done();
}

/* All beginnings are there: a call without an end ended in an unknown way, and so does what dies or is left
 * over. */
static void filtered_ends(void **state)
{
    (void)state;
    begin(true, true);
    perf_calls_limit(c, &(struct perf_calls_limits){.ends_partly = true});
    call(100, FUTEX_WAIT, -EAGAIN);
    enter(TID, 200, FUTEX_WAIT);
    enter(TID, 300, FUTEX_WAKE);
    enter(8, 300, FUTEX_WAKE);
    perf_calls_die(c, 8, SPACE, 320);
    assert_int_equal(perf_calls_state(c, TID), STATE_USER); /* it may be through with it */
    end(400);
    assert_int_equal(row_count, 3);
    assert_int_equal(row(OP_WAIT, OUTCOME_EAGAIN)->value.totals.calls, 1);
    assert_int_equal(row(OP_WAIT, OUTCOME_NOT_TOLD)->value.totals.calls, 1);
    assert_int_equal(row(OP_WAKE, OUTCOME_NOT_TOLD)->value.totals.calls, 2);
    assert_int_equal(perf_calls_losses(c)->edges.endless, 0);
    accounted();
    done();
}

/* Between the beginning and the end records were lost: they may be of two calls. */
static void lost_between(void **state)
{
    (void)state;
    begin(true, true);
    call(50, FUTEX_WAIT, -EAGAIN);
    enter(TID, 100, FUTEX_WAIT);
    enter(8, 100, FUTEX_WAIT);
    enter(9, 100, FUTEX_WAIT);
    perf_calls_gap(c);
    assert_int_equal(perf_calls_state(c, TID), STATE_USER);
    leave_call(TID, 200, 0); /* no loss of its own: the call is counted as one already */
    leave_call(TID, 210, 0); /* but this one is */
    perf_calls_die(c, 8, SPACE, 250);
    call(300, FUTEX_WAIT, -EAGAIN);
    assert_int_equal(perf_calls_finish(c, 400), 0);
    end(400);
    assert_int_equal(row_count, 1);
    assert_int_equal(row(OP_WAIT, OUTCOME_EAGAIN)->value.totals.calls, 2);
    assert_int_equal(perf_calls_losses(c)->edges.endless, 3);
    assert_int_equal(perf_calls_losses(c)->edges.unmatched, 1);
    accounted();
    done();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(beginnings_and_ends_alone),
        cmocka_unit_test(switched_on_and_off),
        cmocka_unit_test(wake_from_outside),
        cmocka_unit_test(sampled_calls),
        cmocka_unit_test(filtered_beginnings),
        cmocka_unit_test(filtered_ends),
        cmocka_unit_test(lost_between),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
