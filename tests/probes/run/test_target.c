/* What is attached to, found without any privilege: numbers of processes, command lines, lines of
 * /proc/PID/maps, users. */
#include "probes/host/identity.h"
#include "probes/host/process.h"
#include "probes/mappings/maps.h"
#include "probes/run/target.h"
#include "tests/probes/cmocka_test.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

/* ---- lines of maps ---- */

static bool parse(const char *text, struct mapping *m)
{
    static char line[512];
    snprintf(line, sizeof(line), "%s", text);
    return maps_parse(line, m);
}

static void lines_of_maps(void **state)
{
    struct mapping m;
    (void)state;
    assert_true(parse("55d0c0a01000-55d0c0a05000 r-xp 00002000 fe:01 1234567    /usr/bin/cat", &m));
    assert_int_equal(m.start, 0x55d0c0a01000);
    assert_int_equal(m.length, 0x4000);
    assert_int_equal(m.file_offset, 0x2000);
    assert_int_equal(m.inode, 1234567);
    assert_string_equal(m.path, "/usr/bin/cat");
    assert_true(
        parse("7f0000000000-7f0000001000 r-xs 00000000 00:2a 18446744073709551615 /a b (deleted)", &m));
    assert_string_equal(m.path, "/a b (deleted)");
    assert_true(m.inode == UINT64_MAX);
    assert_true(parse("400000-401000 --xp 0 103:02 9 /x", &m));
}

static void lines_that_are_none(void **state)
{
    static const char *const lines[] = {
        "",
        "55d0c0a01000-55d0c0a05000 r--p 00002000 fe:01 1234567 /usr/bin/cat",
        "55d0c0a01000-55d0c0a05000 r-xp 00000000 00:00 0",
        "ffffffffff600000-ffffffffff601000 --xp 00000000 00:00 0 [vsyscall]",
        "7f0000000000-7f0000001000 rwxp 00000000 00:01 7 //anon",
        "7f0000001000-7f0000000000 r-xp 00000000 00:01 7 /backwards",
        "7f0000001000 r-xp 00000000 00:01 7 /no/end",
        "7f0000000000-7f0000001000 r-x",
        "7f0000000000-7f0000001000 r-xp",
        "7f0000000000-7f0000001000 r-xp ",
        "7f0000000000-7f0000001000 r-xp 0 00:01",
        "7f0000000000-7f0000001000 r-xp 0 00:01 x /x",
        "-7f0000000000-7f0000001000 r-xp 0 00:01 7 /x",
        "99999999999999999-7f0000001000 r-xp 0 00:01 7 /x",
    };
    struct mapping m;
    (void)state;
    for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++)
        if (parse(lines[i], &m))
            fail_msg("taken for a mapping: %s", lines[i]);
}

struct seen {
    unsigned own, any;
    uint64_t function;
};

static void mapping_see(void *context, const struct mapping *m)
{
    struct seen *seen = context;
    seen->any++;
    seen->own += seen->function >= m->start && seen->function < m->start + m->length;
}

static void own_maps(void **state)
{
    struct seen seen = {.function = (uintptr_t)own_maps};
    (void)state;
    assert_int_equal(maps_read((uint32_t)getpid(), mapping_see, &seen), 0);
    assert_int_equal(seen.own, 1);
    assert_true(seen.any > 1);
    assert_int_equal(maps_read(0x7ffffff0, mapping_see, &seen), -ENOENT);
}

/* ---- processes ---- */

static pid_t child_start(int holds[2])
{
    assert_int_equal(pipe(holds), 0);
    pid_t child = fork();
    if (!child) {
        char c;
        close(holds[1]);
        _exit(read(holds[0], &c, 1) == 0 ? 0 : 1);
    }
    close(holds[0]);
    return child;
}

static void child_end(pid_t child, int holds[2])
{
    close(holds[1]);
    assert_int_equal(waitpid(child, NULL, 0), child);
}

static int target_try(pid_t number, struct target **t, struct error *err)
{
    err->text[0] = 0;
    return target_processes(&number, 1, t, err);
}

static void a_process_by_its_number(void **state)
{
    struct target *t = NULL;
    struct error err = {""};
    int holds[2];
    pid_t child = child_start(holds), twice[] = {child, child, child};
    (void)state;
    assert_int_equal(target_processes(twice, 3, &t, &err), 0);
    assert_int_equal(t->scope, FOLLOW_PROCESSES);
    assert_int_equal(t->count, 1);
    assert_int_equal(t->pids[0], child);
    assert_null(t->note);
    assert_non_null(strstr(t->text, "test_probes_target"));
    assert_null(strstr(t->text, ";"));
    assert_false(target_ended(t, 0));
    child_end(child, holds);
    assert_true(target_ended(t, 0)); /* and its number may come again */
    target_free(t);
    assert_int_equal(target_try(child, &t, &err), -ESRCH);
    assert_non_null(strstr(err.text, "there is no process"));
}

static void numbers_that_are_no_process(void **state)
{
    struct target *t = NULL;
    struct error err;
    int holds[2];
    (void)state;
    assert_int_equal(target_try(getpid(), &t, &err), -EINVAL);
    assert_non_null(strstr(err.text, "heapwait itself"));
    pid_t zombie = child_start(holds);
    siginfo_t info;
    close(holds[1]);
    assert_int_equal(waitid(P_PID, (id_t)zombie, &info, WEXITED | WNOWAIT), 0);
    assert_int_equal(target_try(zombie, &t, &err), -ESRCH);
    assert_non_null(strstr(err.text, "has ended already"));
    waitpid(zombie, NULL, 0);
}

static void *tid_tell(void *context)
{
    int *holds = context, tid = (int)syscall(SYS_gettid);
    char c;
    if (write(holds[1], &tid, sizeof(tid)) != sizeof(tid))
        return NULL;
    return read(holds[2], &c, 1) < 0 ? context : NULL;
}

static void a_thread_is_no_process(void **state)
{
    struct target *t = NULL;
    struct error err;
    pthread_t thread;
    int pipes[4], tid, holds[3];
    (void)state;
    assert_int_equal(pipe(pipes), 0);
    assert_int_equal(pipe(pipes + 2), 0);
    holds[1] = pipes[1];
    holds[2] = pipes[2];
    assert_int_equal(pthread_create(&thread, NULL, tid_tell, holds), 0);
    assert_int_equal(read(pipes[0], &tid, sizeof(tid)), sizeof(tid));
    assert_int_equal(target_try(tid, &t, &err), -EINVAL);
    assert_non_null(strstr(err.text, "is a thread of process"));
    struct process_numbers n;
    assert_int_equal(process_numbers_read(tid, &n), 0);
    assert_int_equal(n.process, getpid());
    close(pipes[3]);
    pthread_join(thread, NULL);
}

static void command_lines(void **state)
{
    char *words[] = {(char *)"./a-b", (char *)"two words",    (char *)"",
                     (char *)"it's",  (char *)"x=1,2@%:/+_.", NULL};
    (void)state;
    char *line = process_command_line(words);
    assert_string_equal(line, "./a-b 'two words' '' 'it'\\''s' x=1,2@%:/+_.");
    free(line);
    line = process_command_line((char *const[]){NULL});
    assert_string_equal(line, "");
    free(line);
    line = process_command(getpid());
    assert_non_null(strstr(line, "test_probes_target"));
    free(line);
    assert_null(process_command(0x7ffffff0));
}

/* As redis does: a title over the words' room, which is filled with NULs. */
static int title_show(int count, char **words)
{
    char title[64];
    snprintf(title, sizeof(title), "%s", words[2]);
    memset(words[0], 0, (size_t)(words[count - 1] + strlen(words[count - 1]) - words[0]));
    memcpy(words[0], title, strlen(title));
    if (write(STDOUT_FILENO, "", 1) != 1)
        return 1;
    pause();
    return 0;
}

static pid_t titled_start(const char *title)
{
    int ready[2];
    char c;
    assert_int_equal(pipe(ready), 0);
    pid_t child = fork();
    if (!child) {
        dup2(ready[1], STDOUT_FILENO);
        close(ready[1]);
        close(ready[0]);
        execl("/proc/self/exe", "test_probes_target", "--title", title, "--port", "6379", "", (char *)NULL);
        _exit(1);
    }
    close(ready[1]);
    assert_int_equal(read(ready[0], &c, 1), 1);
    close(ready[0]);
    return child;
}

static void a_title_has_no_empty_words(void **state)
{
    static const char *const titles[] = {"redis-server *:6379", "", "short"};
    static const char *const lines[] = {"'redis-server *:6379'", NULL, "short"};
    (void)state;
    for (size_t i = 0; i < sizeof(titles) / sizeof(titles[0]); i++) {
        pid_t child = titled_start(titles[i]);
        char *line = process_command(child);
        kill(child, SIGKILL);
        waitpid(child, NULL, 0);
        if (lines[i])
            assert_string_equal(line, lines[i]);
        else
            assert_int_equal(*line, '['); /* its name, in brackets */
        free(line);
    }
}

/* ---- folders and users ---- */

static void folders_that_are_no_cgroup(void **state)
{
    struct target *t = NULL;
    struct error err = {""};
    (void)state;
    assert_int_equal(target_cgroup("/nonexistent", false, &t, &err), -ENOENT);
    assert_non_null(strstr(err.text, "/nonexistent"));
    err.text[0] = 0;
    assert_int_equal(target_cgroup("/etc/passwd", false, &t, &err), -ENOTDIR);
    err.text[0] = 0;
    assert_int_equal(target_cgroup("/", true, &t, &err), -EINVAL);
    assert_non_null(strstr(err.text, "not a folder of cgroup v2"));
}

static void users(void **state)
{
    static const char *const nobodys[] = {"", "no-such-user-here", "-1", "4294967295", "12x", "99999999999"};
    struct identity *i = NULL;
    struct error err = {""};
    (void)state;
    assert_int_equal(identity_find("root", &i, &err), 0);
    assert_string_equal(identity_name(i), "root");
    identity_free(i);
    assert_int_equal(identity_find("0", &i, &err), 0);
    assert_string_equal(identity_name(i), "root");
    identity_free(i);
    for (size_t k = 0; k < sizeof(nobodys) / sizeof(nobodys[0]); k++) {
        err.text[0] = 0;
        assert_int_equal(identity_find(nobodys[k], &i, &err), -ENOENT);
        assert_non_null(strstr(err.text, "there is no user"));
    }
}

int main(int argc, char **argv)
{
    if (argc > 2 && !strcmp(argv[1], "--title"))
        return title_show(argc, argv);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lines_of_maps),
        cmocka_unit_test(lines_that_are_none),
        cmocka_unit_test(own_maps),
        cmocka_unit_test(a_process_by_its_number),
        cmocka_unit_test(numbers_that_are_no_process),
        cmocka_unit_test(a_thread_is_no_process),
        cmocka_unit_test(command_lines),
        cmocka_unit_test(a_title_has_no_empty_words),
        cmocka_unit_test(folders_that_are_no_cgroup),
        cmocka_unit_test(users),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
