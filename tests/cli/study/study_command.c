/* `heapwait study` as its user meets it, with small programs as variants and without probes: what is recorded
 * when runs succeed, fail, hang, can't be executed, flood or are interrupted; and that nothing runs without
 * privilege. */
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <sqlite3.h>

/* clang-format off */
#include <cmocka.h>
/* clang-format on */

enum { MAX_ARGS = 32, MAX_TEXT = 1 << 16, NOBODY = 65534 };

/* One test's folder, with what heapwait said last. */
struct place {
    char folder[64];
    char db[96], stderr_file[96], counter[96];
    char said[MAX_TEXT];
};

static int place_make(void **state)
{
    struct place *p = calloc(1, sizeof(*p));
    strcpy(p->folder, "/tmp/heapwait-study-XXXXXX");
    if (!p || !mkdtemp(p->folder) || chmod(p->folder, 0777))
        return -1;
    snprintf(p->db, sizeof(p->db), "%s/a.db", p->folder);
    snprintf(p->stderr_file, sizeof(p->stderr_file), "%s/stderr", p->folder);
    snprintf(p->counter, sizeof(p->counter), "%s/counter", p->folder);
    *state = p;
    return 0;
}

static int place_remove(void **state)
{
    struct place *p = *state;
    char old[128];
    snprintf(old, sizeof(old), "%s.old", p->db);
    unlink(old);
    unlink(p->db);
    unlink(p->stderr_file);
    unlink(p->counter);
    rmdir(p->folder);
    free(p);
    return 0;
}

static void child_exec(const struct place *p, bool as_nobody, char **argv)
{
    int fd = open(p->stderr_file, O_WRONLY | O_CREAT | O_TRUNC, 0666);
    int program = open(HEAPWAIT, O_RDONLY | O_CLOEXEC); /* nobody may not reach the folder that it lies in */
    dup2(fd, STDERR_FILENO);
    if (as_nobody &&
        (setgroups(0, NULL) || setresgid(NOBODY, NOBODY, NOBODY) || setresuid(NOBODY, NOBODY, NOBODY)))
        _exit(99);
    fexecve(program, argv, environ);
    _exit(98);
}

static void said_read(struct place *p)
{
    FILE *f = fopen(p->stderr_file, "r");
    assert_non_null(f);
    p->said[fread(p->said, 1, sizeof(p->said) - 1, f)] = '\0';
    fclose(f);
}

/* Runs `heapwait study -o DB --variants none --seed 1 ARG...`; returns its exit status. */
static int study_as(struct place *p, bool as_nobody, const char *const *args)
{
    char *argv[MAX_ARGS] = {(char *)"heapwait", (char *)"study", (char *)"-o", p->db};
    int n = 4, status;
    for (; *args; args++)
        argv[n++] = (char *)*args;
    argv[n] = NULL;
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (!pid)
        child_exec(p, as_nobody, argv);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    said_read(p);
    assert_true(WIFEXITED(status));
    return WEXITSTATUS(status);
}

#define STUDY(p, ...) study_as(p, false, (const char *const[]){__VA_ARGS__, NULL})
#define SMALL         "--variants", "none", "--no-probes", "--seed", "1", "--passwords", "10"

/* The first column of the first row as text, in a static buffer; "NULL" for NULL and no row. */
static const char *query(const struct place *p, const char *sql)
{
    static char text[1024];
    sqlite3 *db;
    sqlite3_stmt *s;
    assert_int_equal(sqlite3_open_v2(p->db, &db, SQLITE_OPEN_READONLY, NULL), SQLITE_OK);
    if (sqlite3_prepare_v2(db, sql, -1, &s, NULL))
        fail_msg("%s: %s", sql, sqlite3_errmsg(db));
    const unsigned char *value = sqlite3_step(s) == SQLITE_ROW ? sqlite3_column_text(s, 0) : NULL;
    snprintf(text, sizeof(text), "%s", value ? (const char *)value : "NULL");
    sqlite3_finalize(s);
    sqlite3_close(db);
    return text;
}

static void says(const struct place *p, const char *text)
{
    if (!strstr(p->said, text))
        fail_msg("'%s' is not in:\n%s", text, p->said);
}

/* Variants, by what they do. */
static const char variant_q[] = "q=" SUBJECT " ok {threads} {passwords}";
static const char variant_a[] = "a=" SUBJECT " ok {threads} {passwords}";
static const char variant_own[] = "own=" SUBJECT " 'ok' 5 10";
static const char variant_a2[] = "a=" SUBJECT " ok 1 10";
static const char variant_bad[] = "bad=" SUBJECT " fail";
static const char variant_good[] = "good=" SUBJECT " ok {threads} {passwords}";
static const char variant_dead[] = "dead=" SUBJECT " die";
static const char variant_liar[] = "liar=" SUBJECT " ok {threads} 11 {passwords}";
static const char variant_false[] = "false=" SUBJECT " ok {passwords} {threads}";
static const char variant_hang[] = "hang=" SUBJECT " hang %s";
static const char variant_flood[] = "flood=" SUBJECT " flood {threads} {passwords}";
static const char variant_leave[] = "leave=" SUBJECT " leave {threads} {passwords}";
static const char variant_stdin[] = "stdin=" SUBJECT " stdin";
static const char variant_i[] = "i=" SUBJECT " interrupt %s 5 {threads} {passwords}";
static const char variant_ok[] = "ok=" SUBJECT " ok {threads} {passwords}";
static const char variant_c[] = "c=" SUBJECT " count %s 1 10";
static const char variant_f[] = "f=" SUBJECT " futex {threads} {passwords}";

static void good_runs_are_recorded(void **state)
{
    struct place *p = *state;
    assert_int_equal(
        STUDY(p, SMALL, "--threads", "2,1", "--reps", "3", "--variant", "a b'=x", "--variant", variant_q),
        2); /* a name with a space and a quote */
    assert_int_equal(
        STUDY(p, SMALL, "--threads", "2,1", "--reps", "3", "--variant", variant_a, "--variant", variant_own),
        0);
    assert_string_equal(
        query(p, "SELECT group_concat(x) FROM (SELECT variant || ' ' || threads || ' ' || count(*) AS x "
                 "FROM run WHERE failure IS NULL AND passwords = 10 AND reported_ns = 7000000 "
                 "AND wall_ns > 0 AND exit_status = 0 GROUP BY variant, threads ORDER BY 1)"),
        "a 1 3,a 2 3,own 5 3");
    assert_string_equal(
        query(p, "SELECT count(*) || ' ' || count(DISTINCT position) || ' ' || max(position) || ' ' || "
                 "max(rep) FROM run"),
        "9 9 9 3");
    assert_string_equal(
        query(p, "SELECT group_concat(value, ' ') FROM (SELECT value FROM study WHERE key IN ('seed',"
                 "'passwords','reps','traced_reps','threads','planned_runs','finished') ORDER BY key)"),
        "1 10 9 3 1 1,2 0");
    assert_string_equal(query(p, "SELECT command FROM variant WHERE name = 'own'"), SUBJECT " ok 5 10");
    assert_string_equal(
        query(p, "SELECT count(*) FROM host WHERE key IN ('kernel', 'cores', 'null_syscall_ns', "
                 "'load_average', 'load_average_end', 'heapwait_version', 'started_at', 'ended_at') "
                 "AND value IS NOT NULL"),
        "8");
    says(p, "seed 1");
    says(p, "heapwait report");
}

static void an_older_recording_is_kept(void **state)
{
    struct place *p = *state;
    char old[128];
    snprintf(old, sizeof(old), "%s.old", p->db);
    for (int i = 0; i < 2; i++)
        assert_int_equal(STUDY(p, SMALL, "--reps", "1", "--variant", variant_a2), 0);
    assert_int_equal(access(old, F_OK), 0);
}

static void failures_are_recorded_and_given_up(void **state)
{
    struct place *p = *state;
    assert_int_equal(STUDY(p, SMALL, "--threads", "1", "--reps", "4", "--variant", variant_bad, "--variant",
                           variant_good, "--variant", variant_dead, "--variant",
                           "gone=/nonexistent/program {threads}", "--variant", variant_liar, "--variant",
                           variant_false),
                     0);
    assert_string_equal(query(p, "SELECT count(*) FROM run WHERE variant = 'good' AND failure IS NULL"), "4");
    assert_string_equal(query(p, "SELECT failure FROM run WHERE variant = 'bad' ORDER BY position"),
                        "exit status 3: no luck ?[31mtoday");
    assert_string_equal(query(p, "SELECT exit_status FROM run WHERE variant = 'bad' ORDER BY position"), "3");
    assert_string_equal(
        query(p, "SELECT term_signal || failure FROM run WHERE variant = 'dead' ORDER BY position"),
        "9died by signal 9 (SIGKILL)");
    assert_string_equal(
        query(p, "SELECT count(*) FROM run WHERE variant = 'gone' AND wall_ns IS NULL AND failure LIKE "
                 "'%/nonexistent/program%'"),
        "2");
    assert_string_equal(query(p, "SELECT failure FROM run WHERE variant = 'false' ORDER BY position"),
                        "it says that it made the run with 1 passwords, but was asked for 10");
    /* the warm-up counts for the variant, not for the cell: 2 failures of the one cell, then 2 rows not run
     */
    assert_string_equal(
        query(p, "SELECT count(*) || ' ' || min(position > (SELECT max(position) FROM run AS r WHERE "
                 "r.variant = run.variant AND r.failure NOT LIKE 'not run%')) FROM run WHERE variant = "
                 "'bad' AND failure LIKE 'not run: given up after%' AND wall_ns IS NULL"),
        "2 1");
    assert_string_equal(query(p, "SELECT count(*) || ' ' || count(DISTINCT position) FROM run"), "24 24");
    says(p, "10 failed, 10 given up");
    assert_null(strchr(p->said, '\033'));
}

static void nothing_but_failures_is_an_error(void **state)
{
    struct place *p = *state;
    assert_int_equal(STUDY(p, SMALL, "--reps", "1", "--variant", variant_bad), 1);
    assert_string_equal(query(p, "SELECT count(*) FROM run WHERE failure IS NOT NULL"), "1");
}

static void a_hanging_variant_is_killed_with_its_children(void **state)
{
    struct place *p = *state;
    char hanging[256];
    snprintf(hanging, sizeof(hanging), variant_hang, p->counter);
    assert_int_equal(
        STUDY(p, SMALL, "--threads", "1", "--reps", "4", "--timeout", "0.1", "--variant", hanging), 1);
    assert_string_equal(query(p, "SELECT sum(timed_out) || ' ' || count(*) FROM run"), "2 4");
    assert_string_equal(query(p, "SELECT failure FROM run WHERE timed_out"),
                        "still running after 0.1 s, killed (--timeout)");
    int fd = open(p->counter, O_RDWR | O_CLOEXEC);
    assert_int_equal(flock(fd, LOCK_EX), 0); /* would block for ever if the child lived */
    close(fd);
}

static void output_neither_blocks_nor_fills(void **state)
{
    struct place *p = *state;
    assert_int_equal(STUDY(p, SMALL, "--threads", "1", "--reps", "1", "--variant", variant_flood, "--variant",
                           variant_leave, "--variant", variant_stdin),
                     0);
    assert_string_equal(query(p, "SELECT count(*) FROM run WHERE failure IS NULL AND reported_ns = 7000000"),
                        "3");
    says(p, "stdin makes 1 passwords where the study asks for 10");
}

static void an_interrupted_study_is_resumed(void **state)
{
    struct place *p = *state;
    char variant[256];
    snprintf(variant, sizeof(variant), variant_i, p->counter);
    assert_int_equal(
        STUDY(p, SMALL, "--threads", "1,2", "--reps", "4", "--variant", variant, "--variant", variant_ok),
        130);
    says(p, "heapwait study --resume -o ");
    says(p, "4 untraced runs of each can't tell 2 comparisons at once; --reps 7 can");
    int before = atoi(query(p, "SELECT count(*) FROM run"));
    assert_true(before >= 3 && before < 16); /* the fifth start of `i`, one of them the warm-up */
    assert_string_equal(query(p, "SELECT max(position) = count(*) AND sum(interrupted) = 0 FROM run"), "1");
    assert_string_equal(query(p, "SELECT value FROM study WHERE key = 'finished'"), "0");

    assert_int_equal(STUDY(p, "--resume", "--reps", "5"), 2);
    assert_int_equal(STUDY(p, "--resume", "--seed", "2"), 2);
    assert_int_equal(STUDY(p, "--resume", "--threads", "1,2,3"), 2);
    assert_int_equal(STUDY(p, "--resume", "--variant", "ok=/other"), 2);
    assert_int_equal(atoi(query(p, "SELECT count(*) FROM run")), before);

    assert_int_equal(STUDY(p, "--resume", "--reps", "4", "--variants", "none", "--threads", "2,1"), 0);
    assert_string_equal(
        query(p, "SELECT count(*) || ' ' || count(DISTINCT position) || ' ' || max(position) FROM run"),
        "16 16 16");
    assert_string_equal(query(p, "SELECT count(*) FROM run WHERE failure IS NOT NULL OR interrupted"), "0");
    assert_string_equal(query(p, "SELECT count(*) FROM (SELECT 1 FROM run GROUP BY variant, threads, rep)"),
                        "16");
    assert_string_equal(query(p, "SELECT value FROM study WHERE key = 'finished'"), "1");

    struct stat st;
    assert_int_equal(stat(p->counter, &st), 0);
    off_t runs = st.st_size;
    assert_int_equal(STUDY(p, "--resume"), 0);
    assert_int_equal(stat(p->counter, &st), 0);
    assert_int_equal(st.st_size, runs); /* nothing was left to do */
}

static void resume_needs_a_study(void **state)
{
    struct place *p = *state;
    assert_int_equal(STUDY(p, "--resume"), 125);
    says(p, "can't resume");
    FILE *f = fopen(p->db, "w");
    fputs("this is no recording", f);
    fclose(f);
    assert_int_equal(STUDY(p, "--resume"), 2);
    assert_int_equal(STUDY(p, SMALL, "--reps", "1", "--variant", variant_a2), 125);
    says(p, "is not a recording");
}

static void nothing_runs_without_privilege(void **state)
{
    struct place *p = *state;
    char variant[256];
    if (geteuid() != 0)
        skip(); /* someone else may have been given the capabilities */
    snprintf(variant, sizeof(variant), variant_c, p->counter);
    int code = study_as(p, true, (const char *const[]){"--variants", "none", "--variant", variant, NULL});
    if (code == 98)
        skip(); /* the build lies where nobody may look */
    assert_int_equal(code, 125);
    says(p, "CAP_BPF");
    assert_int_equal(access(p->counter, F_OK), -1);
    assert_int_equal(access(p->db, F_OK), -1);
    code = study_as(
        p, true, (const char *const[]){SMALL, "--threads", "1", "--reps", "1", "--variant", variant, NULL});
    assert_int_equal(code, 0);
    assert_string_equal(query(p, "SELECT count(*) FROM run WHERE failure IS NULL"), "1");
}

/* Traced runs share a session: what one run did must not show in the next one, and untraced runs have no
 * counts. */
static void traced_runs_are_kept_apart(void **state)
{
    struct place *p = *state;
    assert_int_equal(STUDY(p, "--variants", "none", "--threads", "1,2", "--passwords", "10", "--reps", "3",
                           "--traced-reps", "2", "--ledger-reps", "0", "--variant", variant_f, "--variant",
                           variant_ok, "--variant", "gone=/nonexistent/program {threads}"),
                     0);
    assert_string_equal(
        query(p, "SELECT group_concat(x) FROM (SELECT probes || ' ' || count(*) || ' ' || "
                 "count(collector) AS x FROM run WHERE variant = 'f' GROUP BY probes ORDER BY probes)"),
        "none 6 0,waits 4 4");
    assert_string_equal(
        query(p, "SELECT group_concat(x) FROM (SELECT op || ' ' || outcome || ' ' || count(*) || ' ' || "
                 "min(calls) || ' ' || max(calls) AS x FROM run JOIN lock ON run_id = run.id JOIN "
                 "lock_outcome ON lock_id = lock.id WHERE variant = 'f' AND name LIKE '%study_word%' "
                 "GROUP BY op, outcome ORDER BY op)"),
        "wait eagain 4 7 7,wake woke_none 4 11 11");
    assert_string_equal(
        query(p, "SELECT count(*) FROM run JOIN lock ON run_id = run.id WHERE name LIKE '%study_word%' "
                 "AND (variant <> 'f' OR probes = 'none')"),
        "0");
    assert_string_equal(query(p, "SELECT count(DISTINCT run_id) || ' ' || sum(count) FROM loss"), "8 0");
    assert_string_equal(
        query(p, "SELECT count(*) FROM run WHERE probes = 'waits' AND variant = 'gone' AND wall_ns IS "
                 "NULL"),
        "4");
    says(p, "0 events lost in 0 of 8 traced runs");
}

static bool can_trace(void)
{
    return system(HEAPWAIT " doctor >/dev/null 2>&1") == 0;
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, place_make, place_remove)

/* Without an argument what needs no privilege, with "traced" the rest. */
int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        TEST(good_runs_are_recorded),
        TEST(an_older_recording_is_kept),
        TEST(failures_are_recorded_and_given_up),
        TEST(nothing_but_failures_is_an_error),
        TEST(a_hanging_variant_is_killed_with_its_children),
        TEST(output_neither_blocks_nor_fills),
        TEST(an_interrupted_study_is_resumed),
        TEST(resume_needs_a_study),
        TEST(nothing_runs_without_privilege),
    };
    const struct CMUnitTest traced[] = {
        TEST(traced_runs_are_kept_apart),
    };
    if (argc < 2 || strcmp(argv[1], "traced") != 0)
        return cmocka_run_group_tests(tests, NULL, NULL);
    if (!can_trace()) {
        fprintf(stderr, "SKIPPED: this user can't trace\n");
        return 77;
    }
    return cmocka_run_group_tests(traced, NULL, NULL);
}
