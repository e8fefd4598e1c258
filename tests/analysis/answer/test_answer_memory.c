/* The answer where memory calls are a cause: whose they are, and what waiting for the kernel's lock counts.
 */
#include "tests/analysis/answer/answer_of.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* Memory calls of which nothing tells whose they are hide no lock of which everything is known. */
static void unknown_memory_hides_nothing(void **state)
{
    (void)state;
    assert_concludes(RECORD,
                     QUEUE_IS("mutex") "UPDATE run SET user_ns = 100000000, system_ns = 1200000000;"
                                       "INSERT INTO sample (run_id, class, symbol, module, samples) VALUES "
                                       "(1, 'kernel:memory', NULL, NULL, 950), "
                                       "(1, 'program', 'work', 'server', 50);",
                     "own_lock", "nothing");
}

/* Sleep for mmap_lock costs threads' time, at page faults too; that for other locks of the kernel's doesn't
 * count as such, nor what isn't told apart. */
static void mmap_lock_asleep(void **state)
{
#define CALLS "INSERT INTO memory_call VALUES (20, 20, 'munmap', 7, 50000, 5000);"
#define OTHER "UPDATE thread_state SET state = 'kernel_lock_blocked' WHERE state = 'mmap_lock_blocked';"
#define NONE  OTHER "INSERT INTO thread_state VALUES (20, 1, 200, 'mmap_lock_blocked', 0, 0);"
    static const struct {
        const char *more;
        double blocked_ns, share; /* share: NAN for not known */
        const char *why;
    } cases[] = {
        {CALLS, 60000, 60000 / 4190000.0, "process: threads were asleep for it for 60"},
        {CALLS OTHER, 5000, NAN, "process: threads were asleep in them for 5"},
        {CALLS NONE, 5000, 0, "7 memory system calls were made"},
        {"", 60000, 60000 / 4190000.0, NULL},
        {NONE, 0, 0, NULL},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct answer *a = answer_of(LEDGER, cases[i].more);
        const struct answer_cause *c = NULL;
        for (size_t k = 0; k < a->cause_count; k++)
            c = a->causes[k].kind == ANSWER_ALLOCATOR_MEMORY ? &a->causes[k] : c;
        if (!c) {
            fail_msg("no cause is the memory's: %s", cases[i].more);
            return;
        }
        assert_true(c->blocked_ns == cases[i].blocked_ns);
        assert_true(c->thread_ns == c->cpu_ns.value + cases[i].blocked_ns);
        assert_true(isnan(cases[i].share) ? isnan(a->mmap_lock_share)
                                          : fabs(a->mmap_lock_share - cases[i].share) < 1e-9);
        assert_true(fabs(a->futex_share - 1609900 / 4190000.0) < 1e-9);
        if (cases[i].why)
            assert_non_null(strstr(c->mechanism_text, cases[i].why));
        else
            assert_null(c->mechanism_text);
        answer_free(a);
    }
}

/* Memory calls, `samples` of them, all of malloc's, as many page faults for memory that it gave back before,
 * and code. */
#define MEMORY(samples)                                                                                      \
    "DELETE FROM lock_outcome; UPDATE run SET user_ns = 700000000, system_ns = 700000000, max_rss_bytes = "  \
    "4096, "                                                                                                 \
    "minor_faults = 5000; INSERT INTO memory_call VALUES (1, 77, 'munmap', 7, 50000, 5000);"                 \
    "INSERT INTO frame VALUES (20, 1, 10, 'do_mmap', NULL, NULL, 'kernel'), (21, 1, 3, 'futex_wait', NULL, " \
    "NULL, "                                                                                                 \
    "'kernel'); INSERT INTO frame_sample (frame_id, samples) VALUES (20, " samples ");"                      \
    "INSERT INTO sample (run_id, class, symbol, module, samples) VALUES (1, 'kernel:memory', NULL, "         \
    "NULL, " samples "), (1, 'kernel:page_fault', NULL, NULL, 40), (1, 'program', 'work', 'server', 30);"

static void whose_memory(void **state)
{
    (void)state;
    assert_concludes(RECORD, MEMORY("10"), "allocator_memory", "nothing");
    struct answer *a = answer_of(RECORD, MEMORY("9"));
    assert_int_equal(a->conclusion, ANSWER_CANNOT_TELL);
    assert_string_equal(a->reason, "9 samples of memory calls are too few to tell whether they are malloc's");
    answer_free(a);
    assert_concludes(RECORD, MEMORY("9") "UPDATE frame_sample SET frame_id = 21;", "not_a_lock",
                     "page_faults");
    /* Page faults that others' memory calls make are no cause of malloc's. */
    assert_concludes(RECORD, MEMORY("10") "UPDATE frame_sample SET frame_id = 21;", "not_a_lock",
                     "page_faults");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(unknown_memory_hides_nothing),
        cmocka_unit_test(mmap_lock_asleep),
        cmocka_unit_test(whose_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
