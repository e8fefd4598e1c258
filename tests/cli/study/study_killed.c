/* `heapwait study` is killed before each system call by which it changes a file of its folder, one after the
 * other. What lies at FILE and FILE.old then is whole and of a state that was meant; the study can be
 * resumed, and the next one keeps it.  By ptrace: whatever library makes the call. */
#include "analysis/one_file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

enum { RUNS = 2, MOST_CALLS = 5000 };

static char folder[64], file[96], old[128];

/* The calls by which files are changed stop the study; what it starts makes none of them. */
static int changes_trap(void)
{
    enum { WRITE, CREATE, NAME };
    static const struct {
        int call, kind;
    } calls[] = {
        {SYS_write, WRITE},     {SYS_pwrite64, WRITE}, {SYS_ftruncate, WRITE}, {SYS_fsync, WRITE},
        {SYS_fdatasync, WRITE}, {SYS_openat, CREATE},  {SYS_renameat, NAME},   {SYS_renameat2, NAME},
        {SYS_linkat, NAME},     {SYS_unlinkat, NAME},
#ifdef SYS_rename
        {SYS_rename, NAME},     {SYS_link, NAME},      {SYS_unlink, NAME},
#endif
    };
    struct sock_filter program[6 * sizeof(calls) / sizeof(calls[0]) + 1];
    unsigned short n = 0;
    for (size_t i = 0; i < sizeof(calls) / sizeof(calls[0]); i++) {
        const int kind = calls[i].kind;
        const struct sock_filter part[] = {
            BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
            BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (unsigned)calls[i].call, 0, 4),
            BPF_STMT(BPF_LD | BPF_W | BPF_ABS,
                     (unsigned)(offsetof(struct seccomp_data, args) + (kind == CREATE ? 16 : 0))),
            kind == WRITE    ? (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JGT | BPF_K, STDERR_FILENO, 0, 1)
            : kind == CREATE ? (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, O_CREAT, 0, 1)
                             : (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JA, 0, 0, 0),
            BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_TRACE),
            BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
        };
        memcpy(program + n, part, sizeof(part));
        n += sizeof(part) / sizeof(part[0]);
    }
    program[n++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
    const struct sock_fprog filter = {.len = n, .filter = program};
    return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) || prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter);
}

/* Runs a study of FILE; traced, it stops itself first. */
static pid_t study_start(bool resume, bool traced)
{
    static const char variant[] = "a=" SUBJECT " ok 1 10";
    const char *const fresh[] = {"heapwait",    "study",       "-o", file,        "--variants", "none",
                                 "--no-probes", "--threads",   "1",  "--reps",    "2",          "--seed",
                                 "1",           "--passwords", "10", "--variant", variant,      NULL};
    const char *const again[] = {"heapwait", "study", "-o", file, "--resume", NULL};
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid)
        return pid;
    int null = open("/dev/null", O_WRONLY | O_CLOEXEC);
    dup2(null, STDERR_FILENO);
    if (traced) {
        setenv("ASAN_OPTIONS", "detect_leaks=0", 1); /* LeakSanitizer is a tracer, too */
        if (ptrace(PTRACE_TRACEME, 0, NULL, NULL) || changes_trap())
            _exit(77);
        raise(SIGSTOP); /* until the tracer has said what it wants to see */
    }
    execv(HEAPWAIT, (char *const *)(resume ? again : fresh));
    _exit(98);
}

static void study_pass(bool resume)
{
    int status;
    pid_t pid = study_start(resume, false);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(status, 0);
}

/* Whether a descriptor of the study's is a file in the folder: the work copy isn't. */
static bool is_ours(pid_t pid, uint64_t fd)
{
    char link[64], path[256] = "";
    snprintf(link, sizeof(link), "/proc/%d/fd/%d", pid, (int)fd);
    return readlink(link, path, sizeof(path) - 1) > 0 && !strncmp(path, folder, strlen(folder));
}

static bool is_change(pid_t pid, const struct __ptrace_syscall_info *call)
{
    switch (call->seccomp.nr) {
    case SYS_write:
    case SYS_pwrite64:
    case SYS_ftruncate:
    case SYS_fsync:
    case SYS_fdatasync:
        return is_ours(pid, call->seccomp.args[0]);
    default:
        return true;
    }
}

/* Goes on to the next such call, with a signal that is the study's own.  false: it has ended. */
static bool study_go(pid_t pid, int *status)
{
    int signal = WIFSTOPPED(*status) ? WSTOPSIG(*status) : 0;
    if (signal == SIGTRAP)
        signal = 0;
    assert_int_equal(ptrace(PTRACE_CONT, pid, NULL, (void *)(intptr_t)signal), 0);
    assert_int_equal(waitpid(pid, status, 0), pid);
    return WIFSTOPPED(*status);
}

/* Kills a new study before its change number `last`.  false: it makes fewer, and has ended well. */
static bool study_kill(int last)
{
    struct __ptrace_syscall_info call;
    int status, changes = 0;
    pid_t pid = study_start(false, true);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    if (WIFEXITED(status) && WEXITSTATUS(status) == 77) {
        fprintf(stderr, "SKIPPED: this user can't use ptrace\n");
        exit(77);
    }
    status = 0; /* this stop was the test's own */
    assert_int_equal(ptrace(PTRACE_SETOPTIONS, pid, NULL, PTRACE_O_TRACESECCOMP | PTRACE_O_EXITKILL), 0);
    while (study_go(pid, &status)) {
        if (status >> 8 != (SIGTRAP | PTRACE_EVENT_SECCOMP << 8) ||
            ptrace(PTRACE_GET_SYSCALL_INFO, pid, sizeof(call), &call) <= 0 ||
            call.op != PTRACE_SYSCALL_INFO_SECCOMP || !is_change(pid, &call) || ++changes < last)
            continue;
        assert_int_equal(kill(pid, SIGKILL), 0);
        assert_int_equal(waitpid(pid, &status, 0), pid);
        assert_true(WIFSIGNALED(status));
        return true;
    }
    assert_int_equal(status, 0);
    return false;
}

/* Of a recording that a plain SQLite, which plays what lies beside it, takes for whole. */
static int runs_in(const char *path)
{
    sqlite3 *plain = NULL;
    sqlite3_stmt *s = NULL;
    assert_null(one_file_companion(AT_FDCWD, path));
    assert_int_equal(sqlite3_open_v2(path, &plain, SQLITE_OPEN_READWRITE, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_prepare_v2(plain,
                                        "SELECT count(*), (SELECT count(*) FROM pragma_integrity_check"
                                        " WHERE integrity_check = 'ok') FROM run",
                                        -1, &s, NULL),
                     SQLITE_OK);
    assert_int_equal(sqlite3_step(s), SQLITE_ROW);
    int runs = sqlite3_column_int(s, 0);
    assert_int_equal(sqlite3_column_int(s, 1), 1);
    sqlite3_finalize(s);
    sqlite3_close(plain);
    return runs;
}

/* Removes what a killed study may leave, drafts; nothing else may lie there. */
static void drafts_remove(void)
{
    DIR *d = opendir(folder);
    char path[400];
    assert_non_null(d);
    for (struct dirent *e; (e = readdir(d));) {
        if (e->d_name[0] == '.' || !strcmp(e->d_name, "a.db") || !strcmp(e->d_name, "a.db.old"))
            continue;
        if (strncmp(e->d_name, "a.db.new-", 9) && strncmp(e->d_name, "a.db.old-", 9))
            fail_msg("%s is left", e->d_name);
        snprintf(path, sizeof(path), "%s/%s", folder, e->d_name);
        unlink(path);
    }
    closedir(d);
}

/* All is whole from call to call: before it there were two recordings, and there always are two. */
static void killed_at_each_change(void **state)
{
    (void)state;
    int changes = 0, states[RUNS + 1] = {0};
    study_pass(false);
    study_pass(false);
    while (study_kill(changes + 1)) {
        assert_true(++changes < MOST_CALLS);
        int runs = runs_in(file);
        assert_true(runs >= 0 && runs <= RUNS);
        states[runs]++;
        assert_int_equal(runs_in(old), RUNS);
        study_pass(true);
        assert_int_equal(runs_in(file), RUNS);
        drafts_remove();
    }
    printf("killed before each of %d changes; runs found: none %d, one %d, all %d\n", changes, states[0],
           states[1], states[RUNS]);
    assert_true(changes > 10 && states[0] && states[1] && states[RUNS]);
}

/* The one that comes after a kill keeps what it finds. */
static void the_next_one_keeps_it(void **state)
{
    (void)state;
    study_pass(false);
    for (int last = 1; study_kill(last); last++) {
        int runs = runs_in(file);
        study_pass(false);
        assert_int_equal(runs_in(file), RUNS);
        assert_int_equal(runs_in(old), runs);
        drafts_remove();
    }
}

static int begin(void **state)
{
    (void)state;
    snprintf(folder, sizeof(folder), "/tmp/heapwait-killed-XXXXXX");
    if (!mkdtemp(folder))
        return -1;
    snprintf(file, sizeof(file), "%s/a.db", folder);
    snprintf(old, sizeof(old), "%s.old", file);
    return 0;
}

static int end(void **state)
{
    (void)state;
    unlink(file);
    unlink(old);
    return rmdir(folder);
}

/* Each takes a study per change, so that they are tests of their own: `resume` or `next`. */
int main(int argc, char **argv)
{
    const struct CMUnitTest resume[] = {
        cmocka_unit_test_setup_teardown(killed_at_each_change, begin, end),
    };
    const struct CMUnitTest next[] = {
        cmocka_unit_test_setup_teardown(the_next_one_keeps_it, begin, end),
    };
    if (argc == 2 && !strcmp(argv[1], "next"))
        return cmocka_run_group_tests(next, NULL, NULL);
    return cmocka_run_group_tests(resume, NULL, NULL);
}
