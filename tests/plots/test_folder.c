/* Private folders that killed reports leave are removed by the next report in that place; those of living
 * ones, and what only bears such a name, stay. */
#include "plots/folder.h"

#include <fcntl.h>
#include <glob.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

static char place[] = "/tmp/heapwait-folder-XXXXXX";

static bool is_there(const char *name)
{
    char path[128];
    snprintf(path, sizeof(path), "%s/%s", place, name);
    return access(path, F_OK) == 0;
}

/* Returns the number of private folders in the place. */
static size_t folders(void)
{
    char pattern[128];
    glob_t found = {0};
    snprintf(pattern, sizeof(pattern), "%s/.heapwait-report-*", place);
    size_t count = glob(pattern, 0, NULL, &found) ? 0 : found.gl_pathc;
    globfree(&found);
    return count;
}

/* Returns a child with a private folder of its own, which waits to be killed. */
static pid_t reporter(void)
{
    int ready[2];
    char byte;
    assert_int_equal(pipe(ready), 0);
    pid_t pid = fork();
    if (!pid) {
        struct folder *f;
        struct error err = {""};
        if (folder_new(place, &f, &err) || write(ready[1], "", 1) != 1)
            _exit(1);
        pause();
        _exit(0);
    }
    close(ready[1]);
    assert_int_equal(read(ready[0], &byte, 1), 1);
    close(ready[0]);
    return pid;
}

static void reporter_kill(pid_t pid)
{
    kill(pid, SIGKILL);
    waitpid(pid, NULL, 0);
}

static void report_once(void)
{
    struct folder *f;
    struct error err = {""};
    assert_int_equal(folder_new(place, &f, &err), 0);
    folder_remove(f);
}

static void killed_ones_are_removed(void **state)
{
    (void)state;
    pid_t living = reporter(), killed = reporter();
    assert_int_equal(folders(), 2);
    reporter_kill(killed);
    report_once();
    assert_int_equal(folders(), 1); /* that of the living */
    reporter_kill(living);
    report_once();
    assert_int_equal(folders(), 0);
}

static void a_folder_without_the_mark_stays(void **state)
{
    char path[128];
    (void)state;
    snprintf(path, sizeof(path), "%s/.heapwait-report-theirs", place);
    assert_int_equal(mkdir(path, 0700), 0);
    snprintf(path, sizeof(path), "%s/.heapwait-report-theirs/file", place);
    close(open(path, O_CREAT | O_WRONLY | O_CLOEXEC, 0600));
    report_once();
    assert_true(is_there(".heapwait-report-theirs/file"));
    unlink(path);
    snprintf(path, sizeof(path), "%s/.heapwait-report-theirs", place);
    rmdir(path);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(killed_ones_are_removed),
        cmocka_unit_test(a_folder_without_the_mark_stays),
    };
    if (!mkdtemp(place))
        return 1;
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    rmdir(place);
    return failed;
}
