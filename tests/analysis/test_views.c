/* Every view on tests/data/study.sql.  The expected values were worked out by hand from the numbers in that
 * file; where it isn't obvious the comment says how. */
#include "analysis/database.h"
#include "tests/analysis/fixture.h"
#include "tests/analysis/query.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

struct opened {
    struct fixture fixture;
    struct database *db;
};

static int open_with(void **state, const char *const *files, const char *more)
{
    struct opened *o = calloc(1, sizeof(*o));
    struct error err = {0};
    *state = o;
    if (fixture_create(&o->fixture, files, more) || database_open(o->fixture.path, &o->db, &err)) {
        print_error("%s\n", err.text);
        return -1;
    }
    return 0;
}

static int open_study(void **state)
{
    return open_with(state, (const char *const[]){"study.sql", NULL}, NULL);
}

static int open_record(void **state)
{
    return open_with(state, (const char *const[]){"record.sql", NULL}, NULL);
}

static int open_empty(void **state)
{
    return open_with(state, NULL, NULL);
}

static int close_all(void **state)
{
    struct opened *o = *state;
    database_close(o->db);
    fixture_remove(&o->fixture);
    free(o);
    return 0;
}

static struct database *db_of(void **state)
{
    return ((struct opened *)*state)->db;
}

/* Values of the binomial distribution by hand: n = 9: 1 - 2 (1 + 9) / 512; n = 15: 1 - 2 (1 + 15 + 105 + 455)
 * / 32768; n = 20: 1 - 2 (1 + 20 + 190 + 1140 + 4845 + 15504) / 1048576. */
static void test_order_statistic(void **state)
{
    assert_rows(db_of(state),
                "SELECT * FROM order_statistic WHERE n IN (1, 2, 5, 6, 8, 9, 15, 20) ORDER BY n",
                "1|1|1|0\n"
                "2|1|2|0.5\n"
                "5|1|5|0.9375\n"
                "6|1|6|0.96875\n"
                "8|1|8|0.9921875\n"
                "9|2|8|0.9609375\n"
                "15|4|12|0.96484375\n"
                "20|6|15|0.958610535\n");
    assert_rows(db_of(state), "SELECT max(n) FROM order_statistic", "30\n");
}

static void test_counted(void **state)
{
    assert_rows(db_of(state), "SELECT count(*), sum(id = 701) FROM counted_run", "56|0\n");
    assert_rows(db_of(state), "SELECT count(*) FROM traced_run", "8\n");
    assert_rows(db_of(state), "SELECT * FROM baseline", "glibc\n");
    assert_rows(db_of(state), "SELECT * FROM failed_run",
                "701|musl-dynamic|4|none|1|it ended with exit status 3\n");
}

/* Nine runs: the fifth is the median, second and eighth the interval.  Six: the mean of 114.4 and 117.3. */
static void test_wall_time(void **state)
{
    assert_rows(db_of(state), "SELECT * FROM wall_time",
                "glibc|1|none|9|200000000|197000000|203000000|0.9609375\n"
                "glibc|4|none|9|104000000|101000000|107000000|0.9609375\n"
                "glibc|4|waits|3|112000000|110000000|114000000|0.75\n"
                "musl|1|none|9|200000000|196000000|204000000|0.9609375\n"
                "musl|4|none|9|249600000|212100000|288900000|0.9609375\n"
                "musl|4|waits|3|262080000|260000000|270000000|0.75\n"
                "musl+jemalloc|4|none|6|115850000|101000000|132500000|0.96875\n"
                "musl+jemalloc|4|waits|2|115850000|115850000|115850000|0.5\n"
                "glibc-static|4|none|5|52000000|50000000|54000000|0.9375\n"
                "musl-dynamic|4|none|1|200000000|200000000|200000000|0\n");
    assert_rows(db_of(state),
                "SELECT variant, threads, median_ns FROM reported_time WHERE threads = 4 AND runs > 8",
                "glibc|4|52000000\n"
                "musl|4|124800000\n");
}

/* One thread: 200/202 and 206/204 are second and eighth of the nine ratios.  Five comparisons are made at
 * once, of which nine rounds hold from the least to the greatest ratio, 194/196 and 198/196; six rounds
 * don't. */
static void test_ratios(void **state)
{
    const char *expected = "glibc|1|9|1|1|1|0.9609375|5|1|1|glibc\n"
                           "glibc|4|9|1|1|1|0.9609375|5|1|1|glibc\n"
                           "musl|1|9|1|0.99009901|1.00980392|0.9609375|5|0.989795918|1.01005025|glibc\n"
                           "musl|4|9|2.4|2.1|2.7|0.9609375|5|2|2.8|glibc\n"
                           "musl+jemalloc|4|6|1.125|1|1.25|0.96875|5|-|-|glibc\n"
                           "glibc-static|4|5|0.5|0.5|0.5|0.9375|5|-|-|glibc\n"
                           "musl-dynamic|4|1|2|2|2|0|5|-|-|glibc\n";
    assert_rows(db_of(state), "SELECT * FROM wall_ratio", expected);
    assert_rows(db_of(state), "SELECT * FROM reported_ratio",
                expected); /* every run says half its wall time */
}

/* jemalloc beside musl, rounds 1 to 6: 1.10/2.4 1.05/2.0 1.20/2.8 1.15/2.2 1.25/2.6 1.00/2.1; the
 * middle two are the last two. */
static void test_subject(void **state)
{
    assert_rows(db_of(state), "SELECT * FROM subject", "musl|4|glibc|9|2.4|2.1|2.7|0.9609375|5|2|2.8\n");
    assert_rows(db_of(state), "SELECT * FROM beside_subject WHERE variant <> 'glibc'",
                "musl+jemalloc|4|6|0.478479853|0.428571429|0.525|0.96875|5|-|-\n"
                "glibc-static|4|5|0.208333333|0.178571429|0.25|0.9375|5|-|-\n"
                "musl-dynamic|4|1|1|1|1|0|5|-|-\n");
}

/* 1 000 passwords in half of 104 ms. */
static void test_throughput_and_memory(void **state)
{
    assert_rows(db_of(state),
                "SELECT variant, threads, runs, per_second, low, high FROM throughput "
                "WHERE variant = 'glibc' AND probes = 'none'",
                "glibc|1|9|10000|9852.21675|10152.2843\n"
                "glibc|4|9|19230.7692|18691.5888|19801.9802\n");
    assert_rows(db_of(state), "SELECT * FROM memory WHERE variant = 'musl' AND threads = 4",
                "musl|4|none|9|8393728|8390656|8396800|0.9609375\n"
                "musl|4|waits|3|8390656|8389632|8391680|0.75\n");
}

static void test_futex_per_password(void **state)
{
    assert_rows(db_of(state), "SELECT * FROM futex_per_password WHERE variant = 'musl'",
                "musl|4|malloc|wait|eagain|3|300|0.3|0.29|0.31|0.75\n"
                "musl|4|malloc|wait|raced|3|0|0|0|0.005|0.75\n"
                "musl|4|malloc|wait|slept|3|20|0.02|0.01|0.03|0.75\n"
                "musl|4|malloc|wake|woke_none|3|620|0.62|0.6|0.7|0.75\n"
                "musl|4|malloc|wake|woke_some|3|20|0.02|0.01|0.03|0.75\n"
                "musl|4|other|wait|slept|3|0|0|0|0.003|0.75\n");
}

/* Zero-filled: glibc's arena was seen in one run of three, jemalloc has no other lock at all. */
static void test_futex_kinds(void **state)
{
    assert_rows(db_of(state),
                "SELECT variant, class, kind, runs, calls, calls_per_password FROM futex_kind_per_password "
                "WHERE variant <> 'musl' AND kind IN ('slept', 'eagain')",
                "glibc|malloc|slept|3|0|0\n"
                "glibc|malloc|eagain|3|0|0\n"
                "glibc|other|slept|3|3|0.003\n"
                "glibc|other|eagain|3|0|0\n"
                "musl+jemalloc|malloc|slept|2|0|0\n"
                "musl+jemalloc|malloc|eagain|2|15|0.015\n"
                "musl+jemalloc|other|slept|2|0|0\n"
                "musl+jemalloc|other|eagain|2|0|0\n");
    assert_rows(db_of(state), "SELECT variant, threads, count(*) FROM futex_kind_per_password GROUP BY 1, 2",
                "glibc|4|10\nmusl|4|10\nmusl+jemalloc|4|10\n");
}

/* musl: 930, 980 and 1 035 calls, idle 900, 930 and 995 of them; 995 / 1 035 is the middle share. */
static void test_malloc_wait(void **state)
{
    assert_rows(db_of(state), "SELECT * FROM malloc_wait",
                "glibc|4|3|0|0|0|0|0|0|0|0|1|0|0|0|0|0\n"
                "musl|4|3|1|980|20|300|620|20|0|930|0.961352657|2341000|680000|1800000|180000|1041000\n"
                "musl+jemalloc|4|2|1|15|0|15|0|0|0|15|1|16500|0|0|0|16500\n");
}

static void test_hottest_lock(void **state)
{
    assert_rows(
        db_of(state),
        "SELECT variant, rank, name, module, is_malloc, evidence, words, runs, calls, share, slept, eagain, "
        "empty_wakes, waking_wakes, other_calls, idle_calls FROM hottest_lock WHERE variant <> 'glibc'",
        "musl|1|__malloc_lock|/study/passwords-musl|1|symbol "
        "table|1|3|2945|0.998982361|60|900|1920|60|5|2825\n"
        "musl|2|unnamed word in a thread's stack|-|0|mapping|1|3|3|0.00101763908|3|0|0|0|0|0\n"
        "musl+jemalloc|1|arena mutex|passwords-musl+jemalloc|1|arena layout|1|2|30|1|0|30|0|0|0|30\n");
}

/* Waits: 310 of run 811 by 31 samples, 330 of 812 by 11; wakes: 620 by 40, 650 by 13. */
static void test_who_waits(void **state)
{
    struct database *db = db_of(state);
    assert_rows(db,
                "SELECT variant, function, through, callers, evidence, waits, wakes, calls FROM waiter_path",
                "musl|make|malloc > __unlock|__clone > start|return addresses|0|43|1115\n"
                "musl|make|malloc > __lock|__clone > start|return addresses|42|0|640\n"
                "musl|grow|realloc > __unlock|__clone > start > make|return addresses|0|10|155\n");
    assert_rows(db,
                "SELECT variant, threads, lock_rank, name, rank, function, function_module, sampled, share, "
                "wait_share, wake_share, path, paths FROM who_waits",
                "musl|4|1|__malloc_lock|1|make|passwords-musl|85|0.918848168|1|0.811320755|"
                "__clone > start > make > malloc > __unlock|2\n"
                "musl|4|1|__malloc_lock|2|grow|passwords-musl|10|0.0811518325|0|0.188679245|"
                "__clone > start > make > grow > realloc > __unlock|1\n");
}

/* What the C library's functions stand between is the program's; what has no name is an address.  main_arena:
 * 15 waits by 10 samples, 5 wakes by 5.  queue_lock: 90 waits by 30, 90 wakes by 20. */
static void test_who_waits_without_names(void **state)
{
    struct database *db = db_of(state);
    assert_rows(db,
                "SELECT lock_rank, name, rank, function, function_module, sampled, share, wait_share, "
                "wake_share, through, callers, path FROM who_waits",
                "1|queue_lock|1|consume|server|40|0.75|1|0.5|pthread_cond_wait|_start > main|"
                "_start > main > consume > pthread_cond_wait\n"
                "1|queue_lock|2|-|-|5|0.125|0|0.25|server+0x10 > +0x20|-|server+0x10 > +0x20\n"
                "1|queue_lock|3|-|-|5|0.125|0|0.25|server+0x10 > +0x30|-|server+0x10 > +0x30\n"
                "2|main_arena|1|consume|server|11|0.7|0.6|1|strdup > malloc|_start > main|"
                "_start > main > consume > strdup > malloc\n"
                "2|main_arena|2|server+0x1234|server|4|0.3|0.4|0|malloc > +0x9abc|_start > main|"
                "_start > main > +0x1234 > malloc > +0x9abc\n");
    assert_rows(db, "SELECT round(sum(calls), 6) FROM waiter_path", "200\n");
}

/* Thread arenas are shown as one, and so are their waiters: two words, with one caller more on the second. */
static int open_arenas(void **state)
{
    return open_with(
        state, (const char *const[]){"record.sql", NULL},
        "UPDATE lock SET name = 'arena 1', module = NULL WHERE id = 2;"
        "INSERT INTO lock SELECT 3, run_id, tgid, 12288, 'arena 2', module, allocator, is_malloc, "
        "evidence, use FROM lock WHERE id = 2;"
        "INSERT INTO lock_outcome SELECT 3, op, outcome, calls, total_ns, oncpu_ns, blocked_ns, "
        "runnable_ns, woken, kernel_lock_ns FROM lock_outcome WHERE lock_id = 2;"
        "INSERT INTO waiter SELECT 3, frame_id, evidence, waits, wakes FROM waiter WHERE lock_id "
        "= 2;");
}

static void test_who_waits_for_arenas(void **state)
{
    struct database *db = db_of(state);
    assert_rows(db, "SELECT rank, name, words, calls, waits FROM hottest_lock",
                "1|queue_lock|1|180|90\n2|thread arena|2|40|30\n");
    assert_rows(db, "SELECT lock_rank, name, rank, function, sampled, share FROM who_waits WHERE is_malloc",
                "2|thread arena|1|consume|22|0.7\n"
                "2|thread arena|2|server+0x1234|8|0.3\n");
}

/* Whoever was asleep before heapwait came, and still is, waits. */
static int open_under_way(void **state)
{
    return open_with(state, (const char *const[]){"record.sql", NULL},
                     "DELETE FROM lock_outcome WHERE lock_id = 2 AND op = 'wake';"
                     "UPDATE lock_outcome SET outcome = 'under_way' WHERE lock_id = 2");
}

static void test_malloc_wait_under_way(void **state)
{
    assert_rows(db_of(state), "SELECT calls, other_calls, wait_ns FROM malloc_wait", "15|15|16500\n");
}

/* Calls of which nobody knows whose lock they are for: that none is malloc's is not known of their kinds. */
static int open_doubtful(void **state)
{
    return open_with(state, (const char *const[]){"record.sql", NULL},
                     "UPDATE lock SET is_malloc = NULL WHERE NOT is_malloc");
}

static void test_futex_kinds_in_doubt(void **state)
{
    assert_rows(
        db_of(state), "SELECT class, kind, calls FROM futex_kind_per_password",
        "malloc|slept|-\nmalloc|eagain|15\nmalloc|empty_wake|5\nmalloc|waking_wake|-\nmalloc|other|0\n"
        "other|slept|90\nother|eagain|0\nother|empty_wake|0\nother|waking_wake|90\nother|other|0\n");
}

/* Nothing tells whose the words are that threads wait for, or waited for at the end: then malloc's locks have
 * no number, and 0 is none. */
static int open_dark(void **state)
{
    return open_with(state, (const char *const[]){"record.sql", NULL},
                     "UPDATE lock SET is_malloc = NULL, allocator = NULL WHERE id = 2;"
                     "UPDATE lock_outcome SET outcome = 'under_way' WHERE lock_id = 2 AND op = 'wait'");
}

static void test_malloc_wait_in_the_dark(void **state)
{
    struct database *db = db_of(state);
    assert_rows(db, "SELECT count(*) FROM malloc_wait", "0\n");
    assert_rows(db, "SELECT name, waits, slept + eagain FROM hottest_lock WHERE is_malloc IS NULL",
                "main_arena|15|0\n");
}

static int open_light(void **state)
{
    return open_with(state, (const char *const[]){"record.sql", NULL},
                     "UPDATE lock SET is_malloc = NULL, allocator = NULL WHERE id = 2;"
                     "DELETE FROM lock_outcome WHERE lock_id = 2 AND op = 'wait'");
}

/* A wake alone is no lock that somebody waits for. */
static void test_malloc_wait_without_waits(void **state)
{
    assert_rows(db_of(state), "SELECT runs, calls, slept FROM malloc_wait", "1|0|0\n");
}

/* A program without names above which stands a library: its innermost function is meant, not what started it.
 * And frames that are missing just where the application's function would be: nobody is named. */
static int open_nameless(void **state)
{
    return open_with(
        state, (const char *const[]){"record.sql", NULL},
        "UPDATE frame SET symbol = NULL, address = 500 + id, class = 'unknown' WHERE id IN (1, 2, 3); "
        "UPDATE frame SET class = 'library', module = 'libc.so.6' WHERE id = 2; "
        "UPDATE frame SET symbol = NULL, module = NULL, class = 'missing' WHERE id = 6;");
}

static void test_who_waits_nameless(void **state)
{
    assert_rows(
        db_of(state),
        "SELECT name, function, through, callers, path FROM who_waits WHERE sampled > 5 OR share < 0.4 AND "
        "name = 'main_arena'",
        "queue_lock|server+0x1f7|pthread_cond_wait|server+0x1f5 > libc.so.6+0x1f6|"
        "server+0x1f5 > libc.so.6+0x1f6 > server+0x1f7 > pthread_cond_wait\n"
        "main_arena|server+0x1f7|strdup > malloc|server+0x1f5 > libc.so.6+0x1f6|"
        "server+0x1f5 > libc.so.6+0x1f6 > server+0x1f7 > strdup > malloc\n"
        "main_arena|-|malloc > +0x9abc|server+0x1f5 > libc.so.6+0x1f6 > ?|"
        "server+0x1f5 > libc.so.6+0x1f6 > ? > malloc > +0x9abc\n");
}

/* Two processes: the one that waits for malloc's lock comes first. */
static int open_processes(void **state)
{
    return open_with(state, (const char *const[]){"record.sql", NULL},
                     "INSERT INTO process VALUES (1, 5, NULL); UPDATE lock SET tgid = 5 WHERE id = 2;");
}

static void test_process_wait(void **state)
{
    assert_rows(db_of(state),
                "SELECT run_id, rank, tgid, program, allocator, lock, calls, malloc_calls, slept, eagain, "
                "empty_wakes, wait_ns, unknown_calls FROM process_wait",
                "1|1|5|-|ptmalloc|main_arena|20|20|0|15|5|16500|0\n"
                "1|2|77|server|-|-|180|0|0|0|0|0|0\n");
}

/* A recording may be anybody's: callers that go in a circle come to an end. */
static int open_circle(void **state)
{
    return open_with(state, (const char *const[]){"record.sql", NULL},
                     "UPDATE frame SET caller = 10 WHERE id = 1; UPDATE frame SET caller = id WHERE id = 11; "
                     "UPDATE frame SET module = NULL, address = NULL WHERE id = 12;");
}

static void test_circle_of_callers(void **state)
{
    assert_rows(db_of(state), "SELECT count(*), sum(path IS NULL) FROM who_waits", "5|0\n");
}

static void test_distributions(void **state)
{
    assert_rows(db_of(state), "SELECT * FROM wait_distribution WHERE variant = 'musl' AND class = 'malloc'",
                "musl|4|malloc|eagain|1024|1152|800|0.888888889|0.888888889\n"
                "musl|4|malloc|eagain|1152|1280|100|0.111111111|1\n"
                "musl|4|malloc|raced|1024|1152|5|1|1\n"
                "musl|4|malloc|slept|65536|73728|30|0.5|0.5\n"
                "musl|4|malloc|slept|131072|147456|30|0.5|1\n");
    assert_rows(db_of(state), "SELECT * FROM wait_duration WHERE variant = 'musl' AND class = 'malloc'",
                "musl|4|malloc|1024|1152|805|0.834196891|0.834196891\n"
                "musl|4|malloc|1152|1280|100|0.103626943|0.937823834\n"
                "musl|4|malloc|65536|73728|30|0.0310880829|0.968911917\n"
                "musl|4|malloc|131072|147456|30|0.0310880829|1\n");
}

static void test_overhead(void **state)
{
    assert_rows(db_of(state), "SELECT variant, threads, untraced_runs, traced_runs, ratio FROM overhead",
                "glibc|4|9|3|1.07692308\n"
                "musl|4|9|3|1.05\n"
                "musl+jemalloc|4|6|2|1\n");
    assert_rows(db_of(state), "SELECT * FROM overhead_total",
                "waits|3|1.05|1|1.07692308|0.75|1|1.07692308\n");
}

/* Every run lost a fifth of its wall time to others, on two cores. */
static void test_losses_and_noise(void **state)
{
    assert_rows(db_of(state), "SELECT * FROM loss_total",
                "recursion missed|7|1|8\ntable of words full|0|0|8\n");
    assert_rows(db_of(state), "SELECT runs, measured_runs, foreign_share, max_load_average FROM noise_total",
                "48|48|0.1|0.5\n");
    assert_rows(db_of(state), "SELECT rep, runs, foreign_share FROM noise WHERE rep IN (1, 9)",
                "1|6|0.1\n9|4|0.1\n");
}

static void test_status(void **state)
{
    assert_rows(db_of(state),
                "SELECT variant, status, absent_reason, runs, counted_runs, failed_runs, first_failure "
                "FROM variant_status",
                "glibc|measured|-|21|21|0|-\n"
                "musl|measured|-|21|21|0|-\n"
                "musl+jemalloc|measured|-|8|8|0|-\n"
                "musl+mimalloc|absent|its sources were not found|0|0|0|-\n"
                "glibc-static|measured|-|5|5|0|-\n"
                "musl-dynamic|partly|-|2|1|1|it ended with exit status 3\n");
}

/* The four milliseconds of the post. */
static void test_published(void **state)
{
    assert_rows(
        db_of(state), "SELECT variant, ms, ratio FROM published_time",
        "glibc|56|1\nmusl|513|9.16071429\nmusl+jemalloc|67|1.19642857\nmusl+mimalloc|57|1.01785714\n");
}

/* `heapwait record`: no variant, threads or passwords; interrupted, and counted all the same. */
static void test_record(void **state)
{
    struct database *db = db_of(state);
    assert_rows(db, "SELECT * FROM wall_time", "-|-|waits|1|1500000000|1500000000|1500000000|0\n");
    assert_rows(db, "SELECT variant, threads, runs, calls, eagain, empty_wakes, idle_share FROM malloc_wait",
                "-|-|1|20|15|5|1\n");
    assert_rows(db, "SELECT variant, threads, rank, name, share FROM hottest_lock",
                "-|-|1|queue_lock|0.9\n-|-|2|main_arena|0.1\n");
    assert_rows(db,
                "SELECT class, kind, calls, calls_per_password FROM futex_kind_per_password WHERE calls > 0",
                "malloc|eagain|15|-\nmalloc|empty_wake|5|-\nother|slept|90|-\nother|waking_wake|90|-\n");
    assert_rows(db, "SELECT calls, calls_per_password, low FROM futex_per_password WHERE op = 'wake'",
                "5|-|-\n90|-|-\n");
    assert_rows(db, "SELECT class, outcome, share FROM wait_distribution",
                "malloc|eagain|1\nother|slept|1\n");
    assert_rows(db, "SELECT runs, foreign_share, max_load_average FROM noise_total", "1|-|-\n");
    assert_rows(db,
                "SELECT (SELECT count(*) FROM throughput), (SELECT count(*) FROM memory), "
                "(SELECT count(*) FROM subject), (SELECT count(*) FROM wall_ratio), (SELECT count(*) FROM "
                "failed_run)",
                "0|0|0|0|0\n");
}

/* Every view works on a recording without rows. */
static void test_empty(void **state)
{
    struct database *db = db_of(state);
    size_t count;
    const char *const *views = database_views(db, &count);
    assert_true(count >= 28);
    for (size_t i = 0; i < count; i++) {
        char *sql = sqlite3_mprintf("SELECT * FROM \"%w\"", views[i]);
        free(query_rows(db, sql));
        sqlite3_free(sql);
    }
    assert_rows(db, "SELECT count(*) FROM order_statistic", "30\n");
    assert_rows(db, "SELECT * FROM noise_total", "0|0|-|-|-\n");
}

int main(void)
{
#define ON_STUDY(test) cmocka_unit_test_setup_teardown(test, open_study, close_all)
    const struct CMUnitTest tests[] = {
        ON_STUDY(test_order_statistic),
        ON_STUDY(test_counted),
        ON_STUDY(test_wall_time),
        ON_STUDY(test_ratios),
        ON_STUDY(test_subject),
        ON_STUDY(test_throughput_and_memory),
        ON_STUDY(test_futex_per_password),
        ON_STUDY(test_futex_kinds),
        ON_STUDY(test_malloc_wait),
        ON_STUDY(test_hottest_lock),
        ON_STUDY(test_who_waits),
        ON_STUDY(test_distributions),
        ON_STUDY(test_overhead),
        ON_STUDY(test_losses_and_noise),
        ON_STUDY(test_status),
        ON_STUDY(test_published),
        cmocka_unit_test_setup_teardown(test_record, open_record, close_all),
        cmocka_unit_test_setup_teardown(test_who_waits_without_names, open_record, close_all),
        cmocka_unit_test_setup_teardown(test_who_waits_for_arenas, open_arenas, close_all),
        cmocka_unit_test_setup_teardown(test_malloc_wait_under_way, open_under_way, close_all),
        cmocka_unit_test_setup_teardown(test_futex_kinds_in_doubt, open_doubtful, close_all),
        cmocka_unit_test_setup_teardown(test_malloc_wait_in_the_dark, open_dark, close_all),
        cmocka_unit_test_setup_teardown(test_malloc_wait_without_waits, open_light, close_all),
        cmocka_unit_test_setup_teardown(test_who_waits_nameless, open_nameless, close_all),
        cmocka_unit_test_setup_teardown(test_process_wait, open_processes, close_all),
        cmocka_unit_test_setup_teardown(test_circle_of_callers, open_circle, close_all),
        cmocka_unit_test_setup_teardown(test_empty, open_empty, close_all),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
