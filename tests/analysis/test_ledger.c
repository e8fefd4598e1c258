/* The views of the ledger on tests/data/ledger.sql, by hand.  ns per call: entry 100; the probes take 80
 * (null), 120 (wait), 100 (wake), of which 30, 40, 40 are inside of what is seen. glibc's run 11 has 1 000
 * calls (memory 200; the rest, as those timed, is 700 times random and 100 others).  Probes: 80 000, of these
 * 6 000 from memory, 21 000 from random, all of syscall's 1 000, though 3 000 were wanted, and 52 000 from
 * user; entry and exit: 100 000 from user.  Of its 800 000 that leaves 648 000.  Of 100 samples program has
 * 60, allocator 30. musl's run 20 has 4 000 calls (wait 1 000, wake 2 000 and 100, random 700, 200 others).
 * Probes: 120 000 + 210 000 + 72 000, of these 40 000 from the waits, 80 000 from malloc's wakes, all of the
 * other wakes' 100, 21 000 from random and 260 900 from user; entry and exit: 400 000.  Of 1 600 000 that
 * leaves 939 100 for three samples of three classes.
 */
#include "analysis/database.h"
#include "analysis/verdict/verdict.h"
#include "tests/analysis/fixture.h"
#include "tests/analysis/query.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

struct opened {
    struct fixture fixture;
    struct database *db;
};

static void opened_with(struct opened *o, const char *const *files, const char *more)
{
    struct error err = {0};
    if (fixture_create(&o->fixture, files, more) || database_open(o->fixture.path, &o->db, &err))
        fail_msg("%s", err.text);
}

static void opened_close(struct opened *o)
{
    database_close(o->db);
    fixture_remove(&o->fixture);
}

static struct opened opened_ledger(const char *more)
{
    struct opened o = {0};
    opened_with(&o, (const char *const[]){"ledger.sql", NULL}, more);
    return o;
}

static struct opened opened_record(const char *more)
{
    struct opened o = {0};
    opened_with(&o, (const char *const[]){"ledger.sql", "ledger_record.sql", NULL}, more);
    return o;
}

/* Whatever was recorded: cores and threads sum to the nanosecond, and so does the slowdown. */
static void assert_sums(struct database *db)
{
    assert_rows(db,
                "SELECT count(*) FROM ledger_run AS r WHERE r.core_ns <> "
                "(SELECT sum(ns) FROM core_state AS s WHERE s.run_id = r.run_id) "
                "OR (SELECT sum(lifetime_ns) FROM thread AS t WHERE t.run_id = r.run_id) <> "
                "(SELECT sum(ns) FROM ledger_time AS t WHERE t.run_id = r.run_id)",
                "0\n");
    assert_rows(
        db,
        "SELECT count(*) FROM ledger_run AS r JOIN ledger_run AS b ON b.variant = 'glibc' AND b.chosen "
        "AND b.threads IS r.threads WHERE r.chosen AND r.variant <> 'glibc' AND r.core_ns - b.core_ns <> "
        "(SELECT sum(delta_ns) FROM slowdown AS s WHERE s.variant = r.variant AND s.threads IS r.threads)",
        "0\n");
}

static void test_calibration(void **state)
{
    (void)state;
    struct opened o = opened_ledger(NULL);
    assert_rows(o.db, "SELECT * FROM calibration",
                "null|100|80|30|50\nwait|100|120|40|80\nwake|100|100|40|60\n");
    opened_close(&o);
}

static void test_chosen_run(void **state)
{
    (void)state;
    struct opened o = opened_ledger(NULL);
    assert_rows(o.db, "SELECT variant, threads, run_id, core_ns, runs FROM ledger_run WHERE chosen",
                "glibc|4|11|2200000|3\nmusl|4|20|4400000|2\n");
    assert_rows(o.db, "SELECT id FROM traced_run", "3\n4\n");
    opened_close(&o);
}

static void test_core_account(void **state)
{
    (void)state;
    struct opened o = opened_ledger(NULL);
    assert_sums(o.db);
    assert_rows(
        o.db,
        "SELECT state, kind, ns, estimated, samples FROM core_account WHERE variant = 'glibc' AND ns <> 0",
        "program|user|388800|1|60\n"
        "allocator|user|194400|1|30\n"
        "page_fault|kernel|64800|1|10\n"
        "syscall_entry|kernel|100000|0|-\n"
        "memory|kernel|94000|0|-\n"
        "random|kernel|379000|0|-\n"
        "probes|probes|80000|0|-\n"
        "idle|idle|839000|0|-\n"
        "other_processes|other|50000|0|-\n"
        "unexplained|unexplained|10000|0|-\n");
    assert_rows(
        o.db, "SELECT state, ns FROM core_account WHERE variant = 'musl'",
        "program|313033\nallocator|0\nlock|313034\ncopy|0\nunknown|313033\npage_fault|0\n"
        "syscall_entry|400000\nfutex_wait_malloc|160000\nfutex_wait_other|0\nfutex_wake_malloc|220000\n"
        "futex_wake_other|0\nmemory|0\nrandom|379000\nsyscall|0\nmmap_lock|20000\nkernel_lock|0\n"
        "exiting|0\nprobes|402000\nidle|1700000\nother_processes|90000\nunexplained|89900\n");
    opened_close(&o);
}

static void test_thread_account(void **state)
{
    (void)state;
    struct opened o = opened_ledger(NULL);
    assert_rows(
        o.db, "SELECT state, kind, ns FROM thread_account WHERE variant = 'musl' AND position > 19",
        "probes|probes|402000\n"
        "futex_runnable_malloc|runnable|100000\nfutex_runnable_other|runnable|0\nwoken|runnable|0\n"
        "preempted|runnable|0\nfutex_blocked_malloc|blocked|79900\nfutex_blocked_other|blocked|1430000\n"
        "mmap_lock_blocked|blocked|60000\nkernel_lock_blocked|blocked|0\nblocked|blocked|0\n");
    assert_rows(o.db, "SELECT variant, sum(ns), sum(share) FROM thread_account GROUP BY variant",
                "glibc|2090000|1\nmusl|4190000|1\n");
    opened_close(&o);
}

static void test_slowdown(void **state)
{
    (void)state;
    struct opened o = opened_ledger(NULL);
    assert_rows(o.db, "SELECT state, ns, baseline_ns, delta_ns FROM slowdown WHERE delta_ns <> 0",
                "program|313033|388800|-75767\n"
                "allocator|0|194400|-194400\n"
                "lock|313034|0|313034\n"
                "unknown|313033|0|313033\n"
                "page_fault|0|64800|-64800\n"
                "syscall_entry|400000|100000|300000\n"
                "futex_wait_malloc|160000|0|160000\n"
                "futex_wake_malloc|220000|0|220000\n"
                "memory|0|94000|-94000\n"
                "mmap_lock|20000|0|20000\n"
                "probes|402000|80000|322000\n"
                "idle|1700000|839000|861000\n"
                "other_processes|90000|50000|40000\n"
                "unexplained|89900|10000|79900\n");
    assert_rows(o.db,
                "SELECT variant, baseline, threads, sum(delta_ns), sum(share), "
                "max(share) FILTER (WHERE state = 'unexplained') FROM slowdown",
                "musl|glibc|4|2200000|1|0.0363181818\n");
    opened_close(&o);
}

/* Wilson's interval for 60 of 100 is 0.5020 to 0.6906, for 0 of 100 0 to 0.0370, for 4 of 6 0.3000 to 0.9032.
 */
static void test_samples(void **state)
{
    (void)state;
    struct opened o = opened_ledger(NULL);
    assert_rows(o.db,
                "SELECT class, samples, share, round(low_share, 4), round(high_share, 4) FROM sample_class "
                "WHERE variant = 'glibc' AND class IN ('program', 'lock')",
                "program|60|0.6|0.502|0.6906\nlock|0|0|0|0.037\n");
    assert_rows(o.db,
                "SELECT class, samples, round(low_share, 4), round(high_share, 4) FROM sample_class "
                "WHERE variant = 'musl' AND samples > 3",
                "program|4|0.3|0.9032\n");
    assert_rows(o.db, "SELECT low_ns, high_ns FROM core_account WHERE variant = 'glibc' AND state = 'lock'",
                "0|23973\n"); /* 648 000 * 3.8416 / 103.8416 = 23 972.6 */
    assert_rows(o.db, "SELECT * FROM hottest_function WHERE variant = 'glibc'",
                "glibc|4|1|program|main|passwords-glibc|40|0.444444444\n"
                "glibc|4|2|allocator|malloc|libc.so.6|30|0.333333333\n"
                "glibc|4|3|program|encode|passwords-glibc|20|0.222222222\n");
    opened_close(&o);
}

/* Of the runs that count waits, while there are any. */
static void test_handoffs(void **state)
{
    (void)state;
    struct opened o = opened_ledger(NULL);
    assert_rows(o.db, "SELECT * FROM handoff_distribution",
                "musl|4|1024|1152|5|0.5|0.5\nmusl|4|2048|2304|4|0.4|0.9\nmusl|4|65536|73728|1|0.1|1\n");
    assert_rows(o.db, "SELECT * FROM handoff_quantile", "musl|4|10|1152|2304|73728|73728\n");
    opened_close(&o);
    o = opened_ledger("UPDATE run SET failure = 'x' WHERE probes = 'waits'");
    assert_rows(o.db, "SELECT * FROM handoff_quantile", "musl|4|99|4608|4608|4608|4608\n");
    opened_close(&o);
}

/* glibc's own run has none, so another one's is taken. */
static void test_timeline(void **state)
{
    (void)state;
    struct opened o = opened_ledger(NULL);
    assert_rows(
        o.db, "SELECT run_id, variant, threads, thread, state, kind, from_ns, until_ns FROM timeline_stretch",
        "10|glibc|4|1|user|user|5|6\n"
        "20|musl|4|1|futex_blocked|blocked|0|4000000\n"
        "20|musl|4|2|user|user|0|1000\n"
        "20|musl|4|2|futex_wake|kernel|1000|1500\n");
    opened_close(&o);
}

static void test_overhead(void **state)
{
    (void)state;
    struct opened o = opened_ledger(NULL);
    assert_rows(o.db, "SELECT variant, probes, traced_runs, ratio FROM overhead",
                "glibc|ledger|3|1.1\nglibc|waits|1|1.02\nmusl|ledger|2|1.175\nmusl|waits|1|1.04\n");
    opened_close(&o);
}

static void test_uncalibrated(void **state)
{
    (void)state;
    struct opened o = opened_ledger("DELETE FROM host WHERE key GLOB 'calibration*'");
    assert_sums(o.db);
    assert_rows(o.db,
                "SELECT state, ns FROM core_account WHERE variant = 'musl' AND (kind IN ('user', 'probes') "
                "OR state IN ('syscall_entry', 'page_fault', 'futex_wait_malloc', 'unexplained'))",
                "user|1600000\nsyscall_entry|-\nfutex_wait_malloc|200000\nprobes|-\nunexplained|89900\n");
    assert_rows(o.db, "SELECT delta_ns FROM slowdown WHERE state IN ('user', 'probes')", "800000\n-\n");
    opened_close(&o);
}

/* Calibrated, but the clock behind the samples was not there: for one of the two, then for both. */
static void test_without_samples(void **state)
{
    (void)state;
    struct opened o = opened_ledger("DELETE FROM sample WHERE run_id = 20");
    assert_sums(o.db);
    assert_rows(o.db, "SELECT state, ns, baseline_ns FROM slowdown WHERE kind = 'user' AND delta_ns <> 0",
                "program|0|388800\nallocator|0|194400\nuser|939100|0\n");
    opened_close(&o);
    o = opened_ledger("DELETE FROM sample");
    assert_sums(o.db);
    assert_rows(o.db, "SELECT state, ns, baseline_ns FROM slowdown WHERE kind = 'user'",
                "user|939100|648000\n");
    opened_close(&o);
}

/* More is wanted than there is: what is there is taken, nothing goes below zero, the sums stay.  By so large
 * an entry the probes take nothing, so what lay inside of memory, random and syscall goes back to user: 28
 * 000. */
static void test_calibration_too_large(void **state)
{
    (void)state;
    struct opened o =
        opened_ledger("UPDATE host SET value = '2000.0' WHERE key = 'calibration_null_untraced_ns'");
    assert_sums(o.db);
    assert_rows(
        o.db, "SELECT state, ns FROM core_account WHERE variant = 'glibc' AND position <= 9",
        "program|16800\nallocator|8400\nlock|0\ncopy|0\nunknown|0\npage_fault|2800\nsyscall_entry|800000\n");
    assert_rows(o.db, "SELECT count(*) FROM core_account WHERE ns < 0", "0\n");
    opened_close(&o);
}

/* The few calls that are timed cost more than a call does on average: probes 10 000, 28 000 are inside, so
 * that user gets 18 000 back. */
static void test_timed_calls_cost_more(void **state)
{
    (void)state;
    struct opened o =
        opened_ledger("UPDATE host SET value = '110.0' WHERE key = 'calibration_null_traced_ns'");
    assert_sums(o.db);
    assert_rows(o.db, "SELECT outside_ns FROM calibration WHERE kind = 'null'", "-20\n");
    assert_rows(
        o.db,
        "SELECT sum(ns) FILTER (WHERE estimated), sum(ns) FILTER (WHERE state = 'probes') FROM core_account "
        "WHERE variant = 'glibc'",
        "718000|10000\n");
    opened_close(&o);
}

/* A plain recording has an account, and nothing to compare it with. */
static void test_record(void **state)
{
    (void)state;
    struct opened o = opened_record(NULL);
    assert_sums(o.db);
    assert_rows(o.db,
                "SELECT variant, threads, state, ns FROM core_account WHERE state IN ('lock', 'unexplained')",
                "-|-|lock|313034\n-|-|unexplained|89900\n");
    assert_rows(o.db, "SELECT count(*) FROM slowdown", "0\n");
    assert_rows(o.db, "SELECT variant, handoffs FROM handoff_quantile", "-|99\n");
    assert_rows(o.db, "SELECT count(*) FROM timeline_stretch", "3\n");
    opened_close(&o);
}

/* Without a ledger the views have no rows. */
static void test_without_ledger(void **state)
{
    (void)state;
    struct opened o = {0};
    opened_with(&o, (const char *const[]){"study.sql", NULL}, NULL);
    assert_rows(o.db,
                "SELECT (SELECT count(*) FROM core_state), (SELECT count(*) FROM thread_account), "
                "(SELECT count(*) FROM slowdown), (SELECT count(*) FROM timeline_stretch), "
                "(SELECT count(*) FROM sample_class), (SELECT count(*) FROM hottest_function)",
                "0|0|0|0|0|0\n");
    opened_close(&o);
}

static void assert_says(const struct opened *o, const char *words, bool says)
{
    struct verdict *v = NULL;
    struct error err = {0};
    bool found = false;
    if (verdict_make(o->db, &v, &err))
        fail_msg("%s", err.text);
    for (size_t i = 0; i < v->count; i++)
        found = found || strstr(v->sentences[i].text, words);
    if (found != says) {
        for (size_t i = 0; i < v->count; i++)
            print_error("%s: %s\n", v->sentences[i].topic, v->sentences[i].text);
        fail_msg("%s: '%s'", says ? "not said" : "said", words);
    }
    verdict_free(v);
}

/* The kernel's handler of page faults was seen: its time is measured, and only the way there is estimated. */
static void test_faults_seen(void **state)
{
    (void)state;
    struct opened o =
        opened_ledger("INSERT INTO host VALUES ('hooks_page_faults', 'fentry and fexit');"
                      "UPDATE sample SET class = 'fault_entry' WHERE class = 'page_fault';"
                      "INSERT INTO thread_state SELECT run_id, thread, tid, 'page_fault', "
                      "8000, 5 FROM thread_state WHERE state = 'user' AND ns > 8000;"
                      "UPDATE thread_state SET ns = ns - 8000 WHERE state = 'user' AND ns > 8000");
    assert_sums(o.db);
    assert_rows(o.db,
                "SELECT state, ns, estimated, samples FROM core_account WHERE variant = 'glibc' AND "
                "state IN ('program', 'page_fault', 'fault_entry')",
                "program|379200|1|60\npage_fault|16000|0|-\nfault_entry|63200|1|10\n");
    opened_close(&o);
}

/* The kernel has no event for who waits for its locks: that is not zero. */
static void test_locks_unseen(void **state)
{
    (void)state;
    struct opened o = opened_ledger("INSERT INTO host VALUES ('hooks_kernel_locks', 'none');"
                                    "DELETE FROM thread_state WHERE state IN ('mmap_lock', 'kernel_lock', "
                                    "'kernel_lock_blocked')");
    assert_rows(o.db,
                "SELECT state, ns FROM thread_account WHERE variant = 'musl' AND state LIKE '%k_lock%' OR "
                "variant = 'musl' AND state LIKE '%l_lock%' OR variant = 'musl' AND state LIKE 'mmap_lock%'",
                "mmap_lock|-\nkernel_lock|-\nmmap_lock_blocked|-\nkernel_lock_blocked|-\n");
    assert_rows(o.db, "SELECT count(*) FROM slowdown WHERE state = 'kernel_lock' AND delta_ns IS NOT NULL",
                "0\n");
    assert_says(&o, "Waits for the kernel's own locks are not measured", true);
    opened_close(&o);
}

/* Sleep for mmap_lock is told from that for other locks of the kernel's, be it by a row of 0.  Without such a
 * row it isn't, and is not zero. */
static void test_mmap_lock_apart(void **state)
{
    static const char rows[] =
        "SELECT state, label, ns FROM thread_account WHERE variant = 'musl' AND state GLOB '*lock_blocked'";
    static const char together[] =
        "UPDATE thread_state SET state = 'kernel_lock_blocked' WHERE state = 'mmap_lock_blocked'";
    static const char apart[] = "UPDATE thread_state SET ns = 59300 WHERE state = 'mmap_lock_blocked';"
                                "INSERT INTO thread_state VALUES (20, 1, 200, 'kernel_lock_blocked', 700, 1)";
    static const char none[] =
        "UPDATE thread_state SET state = 'kernel_lock_blocked' WHERE state = 'mmap_lock_blocked';"
        "INSERT INTO thread_state VALUES (20, 1, 200, 'mmap_lock_blocked', 0, 0)";
    (void)state;
    struct opened o = opened_ledger(together);
    assert_sums(o.db);
    assert_rows(o.db, rows,
                "mmap_lock_blocked|asleep for mmap_lock|-\n"
                "kernel_lock_blocked|asleep for kernel locks|60000\n");
    opened_close(&o);
    o = opened_ledger(apart);
    assert_sums(o.db);
    assert_rows(o.db, rows,
                "mmap_lock_blocked|asleep for mmap_lock|59300\n"
                "kernel_lock_blocked|asleep for other kernel locks|700\n");
    opened_close(&o);
    o = opened_ledger(none);
    assert_sums(o.db);
    assert_rows(o.db, rows,
                "mmap_lock_blocked|asleep for mmap_lock|0\n"
                "kernel_lock_blocked|asleep for other kernel locks|60000\n");
    opened_close(&o);
}

/* What a thread is at mmap_lock, spinning or asleep, is one line, and the lines sum to the lifetimes. */
static void test_lines(void **state)
{
    static const char row[] =
        "SELECT label, position, ns, asleep_ns, asleep FROM thread_line WHERE variant = "
        "'musl' AND line GLOB 'mmap_lock*'";
    static const struct {
        const char *more, *row;
    } changed[] = {
        {"UPDATE thread_state SET ns = 1 WHERE state = 'mmap_lock_blocked'",
         "kernel: mmap_lock, < 1 % asleep|17|20001|1|< 1 %\n"},
        {"UPDATE thread_state SET ns = 1 WHERE state = 'mmap_lock'",
         "kernel: mmap_lock, > 99 % asleep|17|60001|60000|> 99 %\n"},
        {"UPDATE thread_state SET state = 'kernel_lock_blocked' WHERE state = 'mmap_lock_blocked'",
         "kernel: mmap_lock|17|20000|-|-\n"}, /* sleep for it is not told apart */
        {"INSERT INTO host VALUES ('hooks_kernel_locks', 'none')", "kernel: mmap_lock|17|-|-|-\n"},
    };
    (void)state;
    struct opened o = opened_ledger(NULL);
    assert_rows(o.db, row, "kernel: mmap_lock, 75 % asleep|17|80000|60000|75 %\n");
    assert_rows(
        o.db,
        "SELECT variant, sum(ns), round(sum(share), 9), sum(asleep_ns) FROM thread_line GROUP BY variant",
        "glibc|2090000|1|590000\nmusl|4190000|1|1569900\n");
    assert_rows(o.db, "SELECT label, asleep FROM thread_line WHERE variant = 'glibc' AND line = 'mmap_lock'",
                "kernel: mmap_lock|-\n");
    opened_close(&o);
    for (size_t i = 0; i < sizeof(changed) / sizeof(changed[0]); i++) {
        o = opened_ledger(changed[i].more);
        assert_rows(o.db, row, changed[i].row);
        opened_close(&o);
    }
}

static void test_verdict(void **state)
{
    (void)state;
    struct opened o = opened_ledger(NULL);
    assert_says(&o,
                "at 4 threads musl takes 2.20\u00a0ms of core time (wall time x 2 cores) more than glibc, "
                "4.40\u00a0ms "
                "beside 2.20\u00a0ms (runs with the median wall time); most of it is idle cores "
                "(39.1\u00a0%), lock and unlock functions (14.2\u00a0%) and user code without symbols "
                "(14.2\u00a0%); heapwait's own probes took 14.6\u00a0% of it.",
                true);
    assert_says(&o, "Unexplained stays 3.63\u00a0% of the extra time (79.9\u00a0µs).", true);
    assert_says(&o, "37.3\u00a0% of the time on a core is user code and page faults, divided by 3 samples.",
                true);
    assert_says(&o, "runs that count waits took 1.03 times as long as untraced ones (median of 2", true);
    assert_says(&o, "runs with a ledger took 1.14 times as long as untraced ones (median of 2", true);
    opened_close(&o);
    o = opened_ledger("UPDATE run SET wall_ns = 1120000 WHERE id = 20");
    assert_says(&o, "musl and glibc hardly differ at 4 threads: 2.24\u00a0ms beside 2.20\u00a0ms", true);
    assert_says(&o, "Unexplained", false);
    opened_close(&o);
    o = opened_ledger("UPDATE run SET wall_ns = 600000 WHERE id = 20");
    assert_says(&o, "musl takes 1.00\u00a0ms less than glibc at 4 threads", true);
    opened_close(&o);
    o = opened_ledger("UPDATE run SET threads = NULL"); /* the program chooses, and nobody knows */
    assert_says(&o, "Where the extra time goes: musl takes", true);
    assert_says(&o, "at 0 threads", false);
    opened_close(&o);
    o = opened_ledger("DELETE FROM host WHERE key GLOB 'calibration*'");
    assert_says(&o, "System calls were not calibrated", true);
    opened_close(&o);
    o = opened_record(NULL);
    assert_says(&o, "Most of the core time (wall time x 2 cores, 4.40\u00a0ms) is idle cores (38.6\u00a0%)",
                true);
    assert_says(&o, "Unexplained stays 2.04\u00a0% of the core time (89.9\u00a0µs).", true);
    opened_close(&o);
    o = opened_record("UPDATE core SET idle_ns = idle_ns + 100000");
    assert_says(&o, "Unexplained stays −0.23\u00a0% of the core time (−10.1\u00a0µs): the states add up",
                true);
    opened_close(&o);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_calibration),
        cmocka_unit_test(test_chosen_run),
        cmocka_unit_test(test_core_account),
        cmocka_unit_test(test_thread_account),
        cmocka_unit_test(test_faults_seen),
        cmocka_unit_test(test_locks_unseen),
        cmocka_unit_test(test_mmap_lock_apart),
        cmocka_unit_test(test_lines),
        cmocka_unit_test(test_slowdown),
        cmocka_unit_test(test_samples),
        cmocka_unit_test(test_handoffs),
        cmocka_unit_test(test_timeline),
        cmocka_unit_test(test_overhead),
        cmocka_unit_test(test_uncalibrated),
        cmocka_unit_test(test_without_samples),
        cmocka_unit_test(test_calibration_too_large),
        cmocka_unit_test(test_timed_calls_cost_more),
        cmocka_unit_test(test_record),
        cmocka_unit_test(test_without_ledger),
        cmocka_unit_test(test_verdict),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
