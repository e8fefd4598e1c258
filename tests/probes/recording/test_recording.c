/* The recording's writer: whole runs or nothing, and other people's files are left alone. */
#include "probes/measurement/call_tree.h"
#include "probes/recording/recording.h"
#include "tests/probes/cmocka_test.h"
#include "tests/probes/folder.h"

#include <errno.h>
#include <sqlite3.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* The first column of the first row; INT64_MIN stands for NULL. */
static int64_t number_of(const char *path, const char *sql)
{
    sqlite3 *db = NULL;
    sqlite3_stmt *stmt = NULL;
    assert_int_equal(sqlite3_open_v2(path, &db, SQLITE_OPEN_READONLY, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_prepare_v2(db, sql, -1, &stmt, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_step(stmt), SQLITE_ROW);
    int64_t n = sqlite3_column_type(stmt, 0) == SQLITE_NULL ? INT64_MIN : sqlite3_column_int64(stmt, 0);
    sqlite3_finalize(stmt);
    sqlite3_close(db);
    return n;
}

struct fact {
    const char *sql;
    int64_t expected;
};

static void facts_check(const char *path, const struct fact *facts, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (number_of(path, facts[i].sql) != facts[i].expected)
            fail_msg("%s: %lld", facts[i].sql, (long long)number_of(path, facts[i].sql));
}

static struct recording *opened(const char *path, enum recording_open_mode mode)
{
    struct recording *r = NULL;
    struct error err = {""};
    if (recording_open(path, mode, &r, &err))
        fail_msg("%s", err.text);
    return r;
}

static void published(struct recording *r)
{
    struct error err = {""};
    if (recording_publish(r, &err))
        fail_msg("%s", err.text);
    recording_close(r);
}

static struct run_info nothing_known; /* set by main() */

/* A measurement with something of everything. */
struct sample_run {
    struct measurement m;
    struct ledger ledger;
    struct lock lock;
    struct lock_outcome outcomes[2];
    struct wait_bucket buckets[2], handoff;
    struct loss losses[2];
    struct memory_count memory;
    struct probe_stat stats[2];
    struct thread_account threads[2];
    struct sample_count samples[2];
    struct stretch stretches[2];
    struct waiter waiters[2];
};

/* main calls f and an address without a name, which was sampled too. */
static struct call_tree *sample_paths(void)
{
    struct call_tree *t = call_tree_new(0);
    const struct call_frame known[] = {{"f", "prog", 0, "program"}, {"main", "prog", 0, "program"}};
    const struct call_frame unknown[] = {{NULL, "prog", 0x1234, "unknown"}, {"main", "prog", 0, "program"}};
    assert_int_equal(call_tree_add(t, known, 2, 0), 2);
    assert_int_equal(call_tree_add(t, unknown, 2, 6), 3);
    return t;
}

static void sample_run_fill(struct sample_run *s)
{
    *s = (struct sample_run){
        .outcomes = {{"wait", "slept", 3, 1000, 100, 700, 200, -1, 90},
                     {"wake", "woke_some", 3, 30, 30, 0, 0, 3, UINT64_MAX}},
        .buckets = {{"slept", 96, 104, 1}, {"slept", 448, 480, 2}},
        .handoff = {"slept", 8, 9, 3},
        .losses = {{"one reason", 0, NULL}, {"another", 12, LOSS_UNIT_CALL}},
        .memory = {1, "mmap", 3, 100, 20},
        .stats = {{"on_switch", 100, 5000}, {"on_exit", -1, -1}},
        .threads = {{1, 4711, "main", 100, 5, 6, {{"user", 60, 2}, {"syscall", 40, 1}}, 2},
                    {2, 4712, "it's \"x\"", 7, 0, 0, {{"exiting", 7, 1}}, 1}},
        .samples = {{"program", (char *)"f", (char *)"prog", 9}, {"unknown", NULL, NULL, 1}},
        .stretches = {{1, "user", -5, 10}, {1, "syscall", 10, 12}},
        .waiters = {{2, "unwind tables", 5, 7}, {3, "return addresses", 0, 1}},
    };
    s->lock = (struct lock){.tgid = 9,
                            .address = UINT64_MAX - 3,
                            .name = (char *)"'); DROP TABLE run; --",
                            .evidence = (char *)"none",
                            .outcomes = s->outcomes,
                            .outcome_count = 2,
                            .buckets = s->buckets,
                            .bucket_count = 2,
                            .handoffs = &s->handoff,
                            .handoff_count = 1,
                            .waiters = s->waiters,
                            .waiter_count = 2};
    s->ledger = (struct ledger){.threads = s->threads,
                                .thread_count = 2,
                                .samples = s->samples,
                                .sample_count = 2,
                                .timeline = s->stretches,
                                .stretch_count = 2,
                                .core = {2, 10, 20}};
    s->m = (struct measurement){.probes = PROBES_LEDGER,
                                .ledger = &s->ledger,
                                .outcome = {.wall_ns = 5, .exit_status = -1, .term_signal = 9},
                                .libc = "glibc",
                                .paths = sample_paths(),
                                .locks = &s->lock,
                                .lock_count = 1,
                                .losses = s->losses,
                                .loss_count = 2,
                                .memory = &s->memory,
                                .memory_count = 1,
                                .probe_stats = s->stats,
                                .probe_stat_count = 2};
}

static void writes_all_of_it(void **state)
{
    const char *path = folder_path("all.db");
    struct recording *r = opened(path, RECORDING_REPLACE);
    struct error err = {""};
    struct sample_run s;
    (void)state;
    sample_run_fill(&s);
    struct run_info info = nothing_known;
    info.libc = "musl"; /* the caller knows better */
    assert_int_equal(recording_set_host(r, "kernel", "6", &err), 0);
    assert_int_equal(recording_set_host(r, "kernel", "7", &err), 0);
    assert_int_equal(recording_add_variant(r, 1, "v", NULL, NULL, NULL, "c", "no compiler", &err), 0);
    assert_int_equal(recording_add_run(r, &info, &s.m, &err), 0);
    published(r);
    call_tree_free(s.m.paths);
    static const struct fact facts[] = {
        {"SELECT count(*) FROM host WHERE value = '7'", 1},
        {"SELECT count(*) FROM variant WHERE absent_reason = 'no compiler' AND libc IS NULL", 1},
        {"SELECT count(*) FROM run WHERE probes = 'ledger' AND collector = 'bpf' AND libc = 'musl'", 1},
        {"SELECT exit_status FROM run", INT64_MIN},
        {"SELECT term_signal FROM run", 9},
        {"SELECT threads FROM run", INT64_MIN},
        {"SELECT load_average FROM run", INT64_MIN},
        {"SELECT count(*) FROM run WHERE started_at LIKE '____-__-__T__:__:__Z'", 1},
        {"SELECT count(*) FROM lock WHERE name = '''); DROP TABLE run; --' AND address = -4", 1},
        {"SELECT woken FROM lock_outcome WHERE op = 'wait'", INT64_MIN},
        {"SELECT kernel_lock_ns FROM lock_outcome WHERE op = 'wait'", 90},
        {"SELECT kernel_lock_ns FROM lock_outcome WHERE op = 'wake'", INT64_MIN},
        {"SELECT woken FROM lock_outcome WHERE op = 'wake'", 3},
        {"SELECT sum(calls) FROM wait_histogram", 3},
        {"SELECT sum(calls) FROM handoff_histogram", 3},
        {"SELECT count(*) FROM thread", 2},
        {"SELECT count(*) FROM thread WHERE comm = 'it''s \"x\"'", 1},
        {"SELECT sum(ns) FROM thread_state WHERE thread = 1", 100},
        {"SELECT sum(samples) FROM sample", 10},
        {"SELECT count(*) FROM sample WHERE symbol IS NULL", 1},
        {"SELECT min(from_ns) FROM timeline", -5},
        {"SELECT idle_ns + other_ns FROM core WHERE cores = 2", 30},
        {"SELECT sample_period_ns FROM core", INT64_MIN},
        {"SELECT count(*) FROM run WHERE sample_period_ns IS NULL", 1},
        {"SELECT total_ns + blocked_ns FROM memory_call WHERE kind = 'mmap' AND calls = 3", 120},
        {"SELECT sum(count) FROM loss", 12},
        {"SELECT count(*) FROM loss", 2},
        {"SELECT count FROM loss WHERE unit = 'futex call'", 12},
        {"SELECT count(*) FROM loss WHERE unit IS NULL", 1},
        {"SELECT ns FROM probe WHERE name = 'on_exit'", INT64_MIN},
    };
    facts_check(path, facts, sizeof(facts) / sizeof(facts[0]));
}

/* Each run has its own frames, and its waiters refer to them. */
static void call_paths_of_two_runs(void **state)
{
    const char *path = folder_path("paths.db");
    struct recording *r = opened(path, RECORDING_REPLACE);
    struct error err = {""};
    struct sample_run s;
    (void)state;
    sample_run_fill(&s);
    assert_int_equal(recording_add_run(r, &nothing_known, &s.m, &err), 0);
    assert_int_equal(recording_add_run(r, &nothing_known, &s.m, &err), 0);
    published(r);
    call_tree_free(s.m.paths);
    static const struct fact facts[] = {
        {"SELECT count(*) FROM frame", 6}, /* of two runs */
        {"SELECT count(*) FROM frame AS f JOIN frame AS c ON c.id = f.caller AND c.run_id = f.run_id"
         " WHERE c.symbol = 'main' AND c.caller IS NULL AND f.run_id = 2",
         2},
        {"SELECT address FROM frame WHERE run_id = 2 AND class = 'unknown' AND symbol IS NULL", 0x1234},
        {"SELECT max(address) FROM frame WHERE symbol IS NOT NULL", INT64_MIN},
        {"SELECT sum(s.samples) FROM frame_sample AS s JOIN frame AS f ON f.id = s.frame_id"
         " WHERE f.class = 'unknown'",
         12},
        {"SELECT count(*) FROM frame_sample", 2},
        {"SELECT sum(waits * 10 + wakes) FROM waiter AS w JOIN frame AS f ON f.id = w.frame_id"
         " JOIN lock AS l ON l.id = w.lock_id AND l.run_id = f.run_id WHERE f.symbol = 'f'",
         114},
    };
    facts_check(path, facts, sizeof(facts) / sizeof(facts[0]));
}

static void a_run_that_never_was(void **state)
{
    const char *path = folder_path("never.db");
    struct recording *r = opened(path, RECORDING_REPLACE);
    struct error err = {""};
    struct run_info info = nothing_known;
    (void)state;
    info.failure = "it can't be executed";
    info.probes = PROBES_WAITS;
    assert_int_equal(recording_add_run(r, &info, NULL, &err), 0);
    published(r);
    assert_int_equal(number_of(path, "SELECT wall_ns FROM run"), INT64_MIN);
    assert_int_equal(number_of(path, "SELECT exit_status FROM run"), INT64_MIN);
    assert_int_equal(number_of(path, "SELECT max_rss_bytes FROM run"), INT64_MIN);
    assert_int_equal(
        number_of(path, "SELECT count(*) FROM run WHERE probes = 'waits' AND failure LIKE 'it%'"), 1);
}

/* The last insert of a run fails: the run and all that belongs to it are not there, and the next one is. */
static void whole_runs_or_nothing(void **state)
{
    static const char *const tables[] = {
        "run",    "lock",         "lock_outcome", "wait_histogram", "handoff_histogram",
        "thread", "thread_state", "core",         "sample",         "timeline",
        "loss",   "probe",        "frame",        "frame_sample",   "waiter"};
    const char *path = folder_path("whole.db");
    struct recording *r = opened(path, RECORDING_REPLACE);
    struct error err = {""}, none = {""};
    struct sample_run bad, good;
    (void)state;
    sample_run_fill(&bad);
    memcpy(bad.stats[1].name, bad.stats[0].name, sizeof(bad.stats[0].name)); /* twice the same key */
    assert_int_equal(recording_add_run(r, &nothing_known, &bad.m, &err), -EIO);
    assert_non_null(strstr(err.text, path));
    assert_int_equal(recording_publish(r, &none), 0);
    for (size_t i = 0; i < sizeof(tables) / sizeof(tables[0]); i++) {
        char sql[64];
        strcat(strcpy(sql, "SELECT count(*) FROM "), tables[i]);
        assert_int_equal(number_of(path, sql), 0);
    }
    sample_run_fill(&good);
    assert_int_equal(recording_add_run(r, &nothing_known, &good.m, &none), 0);
    published(r);
    call_tree_free(bad.m.paths);
    call_tree_free(good.m.paths);
    for (size_t i = 0; i < sizeof(tables) / sizeof(tables[0]); i++) {
        char sql[64];
        strcat(strcpy(sql, "SELECT count(*) FROM "), tables[i]);
        assert_true(number_of(path, sql) > 0);
    }
}

static void keeps_the_older_one(void **state)
{
    const char *path = folder_path("kept.db");
    struct error err = {""};
    (void)state;
    for (int i = 1; i <= 3; i++) {
        struct recording *r = opened(path, RECORDING_REPLACE);
        assert_int_equal(recording_set_host(r, "which", (char[]){(char)('0' + i), 0}, &err), 0);
        published(r);
    }
    assert_int_equal(number_of(path, "SELECT value FROM host"), 3);
    assert_int_equal(number_of(folder_path("kept.db.old"), "SELECT value FROM host"), 2);
}

/* Before the measuring, and again when it is to be written. */
static void refused(const char *path, enum recording_open_mode mode, int error)
{
    struct recording *r = NULL;
    struct error early = {""}, err = {""};
    if (mode == RECORDING_REPLACE) {
        assert_int_equal(recording_check(path, &early), error);
        assert_non_null(strstr(early.text, path));
    }
    int rc = recording_open(path, mode, &r, &err);
    if (!rc && mode == RECORDING_REPLACE)
        rc = recording_publish(r, &err);
    assert_int_equal(rc, error);
    assert_non_null(strstr(err.text, path));
    recording_close(r);
}

static void foreign_files_are_left_alone(void **state)
{
    const char *path = folder_path("foreign");
    sqlite3 *db = NULL;
    size_t size;
    (void)state;
    folder_file_write(path, "my thesis", 9);
    refused(path, RECORDING_REPLACE, -EEXIST);
    refused(path, RECORDING_RESUME, -EINVAL);
    char *text = file_slurp(path, &size);
    assert_string_equal(text, "my thesis");
    free(text);

    path = folder_path("bookmarks.sqlite"); /* SQLite, but not ours */
    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    assert_int_equal(sqlite3_exec(db, "CREATE TABLE host (key, value)", NULL, NULL, NULL), SQLITE_OK);
    sqlite3_close(db);
    refused(path, RECORDING_REPLACE, -EEXIST);
    refused(path, RECORDING_RESUME, -EINVAL);
    assert_int_equal(number_of(path, "SELECT count(*) FROM host"), 0);
}

static void what_is_no_file(void **state)
{
    const char *path = folder_path("fifo");
    (void)state;
    assert_int_equal(mkfifo(path, 0600), 0);
    refused(path, RECORDING_REPLACE, -EEXIST);
    refused(path, RECORDING_RESUME, -EINVAL); /* nobody ever writes to it */
    refused("/", RECORDING_REPLACE, -EEXIST);
    refused("/", RECORDING_RESUME, -EINVAL);
    refused("/dev/zero", RECORDING_RESUME, -EINVAL);
    refused("/nonexistent/x.db", RECORDING_REPLACE, -ENOENT);
    refused(folder_path("nothing.db"), RECORDING_RESUME, -EINVAL);
    path = folder_path("link");
    assert_int_equal(symlink("/etc/passwd", path), 0);
    refused(path, RECORDING_REPLACE, -EEXIST);
}

static void an_empty_file_is_no_loss(void **state)
{
    const char *path = folder_path("empty.db");
    (void)state;
    folder_file_write(path, "", 0);
    published(opened(path, RECORDING_REPLACE));
    assert_int_equal(number_of(path, "SELECT count(*) FROM run"), 0);
    assert_int_not_equal(access(folder_path("empty.db.old"), F_OK), 0);
}

/* Two writers would take each other's runs.  The lock goes over to each new state. */
static void one_writer_at_a_time(void **state)
{
    const char *path = folder_path("busy.db");
    struct error err = {""};
    (void)state;
    struct recording *r = opened(path, RECORDING_REPLACE);
    for (int i = 0; i < 3; i++) {
        assert_int_equal(recording_publish(r, &err), 0);
        refused(path, RECORDING_REPLACE, -EBUSY);
        refused(path, RECORDING_RESUME, -EBUSY);
    }
    recording_close(r);
    r = opened(path, RECORDING_RESUME);
    refused(path, RECORDING_REPLACE, -EBUSY); /* before it has written anything */
    recording_close(r);
    published(opened(path, RECORDING_RESUME));
}

/* The user's words are the name of a file, whatever SQLite would make of them. */
static void names_mean_files(void **state)
{
    char place[4096];
    (void)state;
    assert_non_null(getcwd(place, sizeof(place)));
    assert_int_equal(chdir(folder_path(".")), 0);
    published(opened(":memory:", RECORDING_REPLACE));
    published(opened("file:x?mode=memory", RECORDING_REPLACE));
    assert_int_equal(access("./:memory:", F_OK), 0);
    assert_int_equal(access("./file:x?mode=memory", F_OK), 0);
    assert_int_equal(chdir(place), 0);
    refused("", RECORDING_REPLACE, -EINVAL);
}

/* Nothing is there before it is whole. */
static void what_is_not_published_is_gone(void **state)
{
    const char *path = folder_path("kept2.db");
    struct error err = {""};
    (void)state;
    struct recording *r = opened(path, RECORDING_REPLACE);
    assert_int_equal(recording_add_run(r, &nothing_known, NULL, &err), 0);
    assert_int_not_equal(access(path, F_OK), 0);
    published(r);
    r = opened(path, RECORDING_REPLACE);
    assert_int_equal(recording_add_run(r, &nothing_known, NULL, &err), 0);
    assert_int_equal(recording_add_run(r, &nothing_known, NULL, &err), 0);
    recording_close(r);
    assert_int_equal(number_of(path, "SELECT count(*) FROM run"), 1);
    assert_int_not_equal(access(folder_path("kept2.db.old"), F_OK), 0);
    recording_close(NULL);
}

static void goes_on_where_it_was(void **state)
{
    const char *path = folder_path("resumed.db");
    struct recording *r = opened(path, RECORDING_REPLACE);
    struct error err = {""};
    struct run_info info = nothing_known;
    (void)state;
    info.position = 3;
    assert_int_equal(recording_set_study(r, "seed", "4711", &err), 0);
    assert_int_equal(recording_add_run(r, &info, NULL, &err), 0);
    published(r);

    r = opened(path, RECORDING_RESUME);
    assert_int_equal(recording_has_position(r, 3), 1);
    assert_int_equal(recording_has_position(r, 4), 0);
    info.position = 4;
    assert_int_equal(recording_add_run(r, &info, NULL, &err), 0);
    assert_int_equal(recording_has_position(r, 4), 1);
    published(r);
    assert_int_equal(number_of(path, "SELECT count(*) FROM run"), 2);
    assert_int_equal(number_of(path, "SELECT value FROM study WHERE key = 'seed'"), 4711);
}

/* Cut off behind its first bytes it still looks like a recording; whatever is asked of it is an error. */
static void a_truncated_recording(void **state)
{
    const char *whole = folder_path("whole2.db");
    struct error err = {""};
    size_t size;
    (void)state;
    published(opened(whole, RECORDING_REPLACE));
    char *bytes = file_slurp(whole, &size);
    for (size_t left = 72; left < size; left = left * 2) {
        const char *path = folder_path("cut.db");
        struct recording *r = NULL;
        folder_file_write(path, bytes, left);
        if (recording_open(path, RECORDING_RESUME, &r, &err))
            continue;
        assert_int_not_equal(recording_has_position(r, 1), 1);
        err.text[0] = 0;
        if (recording_add_run(r, &nothing_known, NULL, &err))
            assert_non_null(strstr(err.text, path));
        recording_close(r);
    }
    free(bytes);
}

static int begin(void **state)
{
    (void)state;
    folder_make();
    return 0;
}

static int end(void **state)
{
    (void)state;
    folder_remove();
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(writes_all_of_it),
        cmocka_unit_test(call_paths_of_two_runs),
        cmocka_unit_test(a_run_that_never_was),
        cmocka_unit_test(whole_runs_or_nothing),
        cmocka_unit_test(keeps_the_older_one),
        cmocka_unit_test(foreign_files_are_left_alone),
        cmocka_unit_test(what_is_no_file),
        cmocka_unit_test(an_empty_file_is_no_loss),
        cmocka_unit_test(one_writer_at_a_time),
        cmocka_unit_test(names_mean_files),
        cmocka_unit_test(what_is_not_published_is_gone),
        cmocka_unit_test(goes_on_where_it_was),
        cmocka_unit_test(a_truncated_recording),
    };
    nothing_known = run_info_unknown("x");
    return cmocka_run_group_tests(tests, begin, end);
}
