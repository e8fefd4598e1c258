/* The place that a recording is put at, when others are there too: what they left, what they do meanwhile.
 * Nobody's file is touched, and what was measured is kept. */
#include "probes/recording/recording.h"
#include "tests/analysis/journal_plant.h"
#include "tests/probes/cmocka_test.h"
#include "tests/probes/folder.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sqlite3.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static struct run_info nothing_known; /* set by main() */

/* Of a whole recording; -1: it is none. */
static int runs_in(const char *file)
{
    sqlite3 *db = NULL;
    sqlite3_stmt *s = NULL;
    int runs = -1;
    if (!sqlite3_open_v2(file, &db, SQLITE_OPEN_READONLY, NULL) &&
        !sqlite3_prepare_v2(db, "SELECT count(*) FROM run, pragma_quick_check WHERE quick_check = 'ok'", -1,
                            &s, NULL) &&
        sqlite3_step(s) == SQLITE_ROW)
        runs = sqlite3_column_int(s, 0);
    sqlite3_finalize(s);
    sqlite3_close(db);
    return runs;
}

static int entries_in(const char *folder)
{
    DIR *d = opendir(folder);
    int n = 0;
    assert_non_null(d);
    for (struct dirent *e; (e = readdir(d));)
        n += e->d_name[0] != '.';
    closedir(d);
    return n;
}

/* Each test has a folder of its own, and in it FILE and FILE.old. */
static char path[256], old[300];

/* Another name there; two results live at a time. */
static const char *in_place(const char *name)
{
    char inner[64];
    snprintf(inner, sizeof(inner), "place/%s", name);
    return folder_path(inner);
}

static int place_make(void **state)
{
    (void)state;
    folder_make();
    snprintf(path, sizeof(path), "%s", in_place("a.db"));
    snprintf(old, sizeof(old), "%s.old", path);
    return mkdir(folder_path("place"), 0777) || mkdir(folder_path("tmp"), 0700) ||
           setenv("TMPDIR", folder_path("tmp"), 1);
}

static int place_remove(void **state)
{
    (void)state;
    folder_remove();
    return 0;
}

static struct recording *measured(enum recording_open_mode mode)
{
    struct recording *r = NULL;
    struct error err = {""};
    if (recording_open(path, mode, &r, &err) || recording_add_run(r, &nothing_known, NULL, &err))
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

/* It can't be put there: `why` is said, and the run is found under the name that is told. */
static void kept_elsewhere(struct recording *r, const char *why, const char *folder)
{
    struct error err = {""};
    char name[300] = "";
    assert_true(recording_publish(r, &err) < 0);
    if (!strstr(err.text, why))
        fail_msg("no '%s' in: %s", why, err.text);
    const char *told = strstr(err.text, "what was measured is kept in '");
    assert_non_null(told);
    assert_int_equal(sscanf(told, "what was measured is kept in '%299[^']'", name), 1);
    assert_int_equal(strncmp(name, folder, strlen(folder)), 0);
    assert_int_equal(runs_in(name), 1);
    assert_true(recording_publish(r, &err) < 0); /* for good: there are not two of them */
    assert_int_equal(unlink(name), 0);
    recording_close(r);
}

static void refused(const char *why)
{
    struct error err = {""};
    assert_true(recording_check(path, &err) < 0);
    if (!strstr(err.text, why))
        fail_msg("no '%s' in: %s", why, err.text);
}

static void resume_refused(const char *file, const char *why)
{
    struct recording *r = NULL;
    struct error err = {""};
    assert_true(recording_open(file, RECORDING_RESUME, &r, &err) < 0);
    if (!strstr(err.text, why))
        fail_msg("no '%s' in: %s", why, err.text);
}

/* Plants a journal that can't be taken for the user's own: it has a second name. */
static void foreign_plant(const char *planted)
{
    const char *other = folder_path("planted");
    unlink(other);
    assert_int_equal(journal_plant(planted, folder_path("victim")), 0);
    assert_int_equal(link(planted, other), 0);
}

/* A journal lies there before, with a victim: at a new file's, an old one's, the older one's. */
static void a_planted_journal(void **state)
{
    static const char *const names[] = {"a.db-journal", "a.db-wal", "a.db-shm", "a.db.old-journal",
                                        "a.db.old-wal"};
    struct stat before, after;
    (void)state;
    folder_file_write(folder_path("victim"), "precious", 8);
    for (size_t i = 0; i < 5; i++) {
        char planted[300];
        snprintf(planted, sizeof(planted), "%s", in_place(names[i]));
        foreign_plant(planted);
        assert_int_equal(stat(planted, &before), 0);
        if (i < 3) {
            refused("is in the way");
            kept_elsewhere(measured(RECORDING_REPLACE), "is in the way", path);
        }
        unlink(planted);
        published(measured(RECORDING_REPLACE));
        foreign_plant(planted);
        refused("is in the way");
        kept_elsewhere(measured(RECORDING_REPLACE), "is in the way", path);
        if (i < 3)
            resume_refused(path, "is in the way");
        assert_int_equal(stat(planted, &after), 0);
        assert_int_equal(after.st_size, before.st_size);
        assert_int_equal(access(folder_path("victim"), F_OK), 0);
        unlink(planted);
        unlink(path);
        unlink(in_place("a.db.old"));
        assert_int_equal(entries_in(folder_path("place")), 0);
    }
}

/* The user's own, which a killed writer left: they go with the file that they belong to, and where that stays
 * they are in the way.  What is no journal is not touched. */
static void a_journal_of_ones_own(void **state)
{
    static const char wal[] = "\x37\x7f\x06\x83 of sqlite3's", shm[] = "\x18\xe2\x2d\0 of its WAL";
    const char *const paths[] = {path, old};
    char beside[3][300];
    (void)state;
    folder_file_write(folder_path("victim"), "precious", 8);
    for (int which = 0; which < 2; which++) {
        if (which)
            published(measured(RECORDING_REPLACE));
        snprintf(beside[0], sizeof(beside[0]), "%.290s-journal", paths[which]);
        snprintf(beside[1], sizeof(beside[1]), "%.290s-wal", paths[which]);
        snprintf(beside[2], sizeof(beside[2]), "%.290s-shm", paths[which]);
        folder_file_write(beside[0], "mine", 4);
        refused("is in the way");
        assert_int_equal(journal_plant(beside[0], folder_path("victim")), 0);
        folder_file_write(beside[1], wal, sizeof(wal));
        folder_file_write(beside[2], shm, sizeof(shm));
        published(measured(RECORDING_REPLACE));
        assert_int_equal(runs_in(path), 1);
        assert_int_equal(entries_in(folder_path("place")), which + 1);
        assert_int_equal(access(folder_path("victim"), F_OK), 0);
    }
    assert_int_equal(journal_plant(in_place("a.db-journal"), folder_path("victim")), 0);
    refused("`sqlite3 '");
    resume_refused(path, "is in the way");
    kept_elsewhere(measured(RECORDING_REPLACE), "is in the way", path);
    assert_int_equal(entries_in(folder_path("place")), 3);
}

/* It comes while a study writes: the study goes on, and doesn't look at it. */
static void a_journal_planted_meanwhile(void **state)
{
    struct error err = {""};
    (void)state;
    folder_file_write(folder_path("victim"), "precious", 8);
    struct recording *r = measured(RECORDING_REPLACE);
    assert_int_equal(recording_publish(r, &err), 0);
    assert_int_equal(journal_plant(in_place("a.db-journal"), folder_path("victim")), 0);
    for (int i = 0; i < 3; i++) {
        assert_int_equal(recording_add_run(r, &nothing_known, NULL, &err), 0);
        assert_int_equal(recording_publish(r, &err), 0);
    }
    recording_close(r);
    assert_int_equal(access(folder_path("victim"), F_OK), 0);
    assert_int_equal(unlink(in_place("a.db-journal")), 0);
    assert_int_equal(runs_in(path), 4);
    assert_int_equal(entries_in(folder_path("place")), 1);
}

static void foreign_make(const char *place, int kind)
{
    if (kind == 0)
        folder_file_write(place, "my thesis", 9);
    else if (kind == 1)
        assert_int_equal(mkdir(place, 0700), 0);
    else if (kind == 2)
        assert_int_equal(symlink(folder_path("victim"), place), 0);
    else
        assert_int_equal(mkfifo(place, 0600), 0);
}

/* Before the measuring it is refused; when it comes during it, the measurement is kept beside. */
static void something_else_is_there(void **state)
{
    const char *const paths[] = {path, old};
    struct stat before, after;
    (void)state;
    folder_file_write(folder_path("victim"), "precious", 8);
    for (int kind = 0; kind < 4; kind++)
        for (int which = 0; which < 2; which++) {
            if (which)
                published(measured(RECORDING_REPLACE));
            struct recording *r = measured(RECORDING_REPLACE);
            foreign_make(paths[which], kind);
            assert_int_equal(lstat(paths[which], &before), 0);
            refused(kind == 2 ? "is a symbolic link; it is left alone" : "is not a recording; it is left");
            kept_elsewhere(r, "it is left alone", path);
            assert_int_equal(lstat(paths[which], &after), 0);
            assert_int_equal(after.st_ino, before.st_ino);
            assert_int_equal(after.st_size, before.st_size);
            assert_int_equal(remove(paths[which]), 0);
            assert_int_equal(which ? runs_in(path) : 1, 1);
            unlink(path);
            assert_int_equal(entries_in(folder_path("place")), 0);
        }
    assert_int_equal(stat(folder_path("victim"), &after), 0);
    assert_int_equal(after.st_size, 8);
}

/* An older heapwait.db.old that is a recording, or empty, goes. */
static void what_old_may_be(void **state)
{
    (void)state;
    folder_file_write(old, "", 0);
    for (int i = 0; i < 3; i++)
        published(measured(RECORDING_REPLACE));
    assert_int_equal(runs_in(old), 1);
    assert_int_equal(unlink(old), 0);
    assert_int_equal(link(path, old), 0); /* as a kill between the two renames leaves it */
    published(measured(RECORDING_REPLACE));
    assert_int_equal(runs_in(path), 1);
    assert_int_equal(runs_in(old), 1);
    assert_int_equal(entries_in(folder_path("place")), 2);
}

/* A study's file is taken away, and then something else is put there. */
static void the_file_goes_during_a_study(void **state)
{
    struct error err = {""};
    size_t size;
    (void)state;
    struct recording *r = NULL;
    assert_int_equal(recording_open(path, RECORDING_REPLACE, &r, &err), 0);
    assert_int_equal(recording_publish(r, &err), 0);
    assert_int_equal(unlink(path), 0);
    assert_int_equal(recording_publish(r, &err), 0);
    assert_int_equal(runs_in(path), 0);
    assert_int_equal(recording_add_run(r, &nothing_known, NULL, &err), 0);
    assert_int_equal(unlink(path), 0);
    folder_file_write(path, "my thesis", 9);
    kept_elsewhere(r, "somebody has put something else", path);
    char *text = file_slurp(path, &size);
    assert_string_equal(text, "my thesis");
    free(text);
}

static void the_folder_goes(void **state)
{
    (void)state;
    struct recording *r = measured(RECORDING_REPLACE);
    assert_int_equal(rmdir(folder_path("place")), 0);
    kept_elsewhere(r, "can't make", folder_path("tmp"));
    r = measured(RECORDING_REPLACE);
    kept_elsewhere(r, "there is no folder", folder_path("tmp"));
}

/* The folder is another one when it is to be written: not what has its name now, but what was asked for. */
static void the_folder_is_exchanged(void **state)
{
    (void)state;
    struct recording *r = measured(RECORDING_REPLACE);
    assert_int_equal(mkdir(folder_path("victims"), 0700), 0);
    assert_int_equal(rename(folder_path("place"), folder_path("moved")), 0);
    assert_int_equal(symlink(folder_path("victims"), folder_path("place")), 0);
    published(r);
    assert_int_equal(entries_in(folder_path("victims")), 0);
    assert_int_equal(runs_in(folder_path("moved/a.db")), 1);
}

/* Nothing was measured: nothing is left. */
static void nothing_to_keep(void **state)
{
    struct recording *r = NULL;
    struct error err = {""};
    (void)state;
    assert_int_equal(recording_open(path, RECORDING_REPLACE, &r, &err), 0);
    assert_int_equal(mkdir(path, 0700), 0);
    assert_int_equal(recording_publish(r, &err), -EEXIST);
    assert_null(strstr(err.text, "kept"));
    recording_close(r);
    assert_int_equal(entries_in(folder_path("place")), 1);
    assert_int_equal(entries_in(folder_path("tmp")), 0);
}

/* What its owner did with the file stays from state to state. */
static void rights_stay(void **state)
{
    struct error err = {""};
    struct stat st;
    (void)state;
    struct recording *r = measured(RECORDING_REPLACE);
    assert_int_equal(recording_publish(r, &err), 0);
    assert_int_equal(chmod(path, 0640), 0);
    if (geteuid() == 0)
        assert_int_equal(chown(path, 65534, 65534), 0);
    assert_int_equal(recording_publish(r, &err), 0);
    recording_close(r);
    if (geteuid() == 0) { /* his own, who called sudo */
        setenv("SUDO_UID", "65534", 1);
        setenv("SUDO_GID", "65534", 1);
    }
    published(measured(RECORDING_RESUME));
    unsetenv("SUDO_UID");
    unsetenv("SUDO_GID");
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 07777, 0640);
    assert_int_equal(st.st_uid, geteuid() == 0 ? 65534 : geteuid());
    assert_int_equal(runs_in(path), 2);
}

static void no_recording_to_resume(void **state)
{
    (void)state;
    published(measured(RECORDING_REPLACE));
    assert_int_equal(symlink("a.db", in_place("link")), 0);
    resume_refused(in_place("link"), "is a symbolic link");
    int fd = open(path, O_WRONLY | O_CLOEXEC);
    assert_int_equal(pwrite(fd, "\2\2", 2, 18), 2);
    close(fd);
    resume_refused(path, "is in SQLite's WAL mode");
}

/* A study that is resumed runs the commands that stand in its recording. */
static void commands_of_others(void **state)
{
    (void)state;
    published(measured(RECORDING_REPLACE));
    for (int i = 0; i < 2; i++) {
        const mode_t modes[] = {0666, 0644};
        if (i == 1 && (geteuid() != 0 || chown(path, 65534, 65534)))
            continue;
        assert_int_equal(chmod(path, modes[i]), 0);
        resume_refused(path, "others may have written");
    }
    if (geteuid() == 0) {
        assert_int_equal(chown(path, 0, 65534), 0);
        assert_int_equal(chmod(path, 0664), 0);
        resume_refused(path, "others may have written");
        assert_int_equal(chown(path, 0, getegid()), 0);
    }
    assert_int_equal(chmod(path, 0664), 0); /* a group of one's own */
    published(measured(RECORDING_RESUME));
}

/* Whoever read the state before goes on reading it. */
static void readers_keep_what_they_read(void **state)
{
    struct error err = {""};
    size_t size, again;
    char *bytes, *later;
    (void)state;
    struct recording *r = measured(RECORDING_REPLACE);
    assert_int_equal(recording_publish(r, &err), 0);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    bytes = file_slurp(path, &size);
    assert_int_equal(recording_add_run(r, &nothing_known, NULL, &err), 0);
    assert_int_equal(recording_publish(r, &err), 0);
    later = malloc(size + 1);
    again = (size_t)pread(fd, later, size + 1, 0);
    assert_int_equal(again, size);
    assert_memory_equal(bytes, later, size);
    assert_int_equal(runs_in(path), 2);
    free(bytes);
    free(later);
    close(fd);
    recording_close(r);
}

/* From now on these calls fail so, as on file systems that don't have them. */
static int calls_forbid(void)
{
    const struct sock_filter program[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_renameat2, 0, 4),
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, args[4])),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0, 1, 0), /* without flags it is renameat() */
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EINVAL),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_linkat, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    const struct sock_fprog filter = {.len = sizeof(program) / sizeof(*program),
                                      .filter = (struct sock_filter *)program};
    return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) || prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter);
}

static int poor_child(void)
{
    struct recording *r = NULL;
    struct error err = {""};
    if (calls_forbid())
        return 2;
    for (int i = 0; i < 3; i++) {
        if (recording_open(path, RECORDING_REPLACE, &r, &err) ||
            recording_add_run(r, &nothing_known, NULL, &err) || recording_publish(r, &err) ||
            recording_publish(r, &err)) {
            fprintf(stderr, "%s\n", err.text);
            return 1;
        }
        recording_close(r);
    }
    return 0;
}

static void a_poor_file_system(void **state)
{
    int status;
    (void)state;
    pid_t pid = fork();
    if (!pid)
        _exit(poor_child());
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(status, 0);
    assert_int_equal(runs_in(path), 1);
    assert_int_equal(runs_in(in_place("a.db.old")), 1);
    assert_int_equal(entries_in(folder_path("place")), 2);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, place_make, place_remove)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_planted_journal),
        TEST(a_journal_of_ones_own),
        TEST(a_journal_planted_meanwhile),
        TEST(something_else_is_there),
        TEST(what_old_may_be),
        TEST(the_file_goes_during_a_study),
        TEST(the_folder_goes),
        TEST(the_folder_is_exchanged),
        TEST(nothing_to_keep),
        TEST(rights_stay),
        TEST(no_recording_to_resume),
        TEST(commands_of_others),
        TEST(readers_keep_what_they_read),
        TEST(a_poor_file_system),
    };
    nothing_known = run_info_unknown("x");
    return cmocka_run_group_tests(tests, NULL, NULL);
}
