/* What `heapwait top` looks at: exact counts of processes that live for a moment; and that afterwards nothing
 * is held of them: no row in the kernel's table, no address space, no descriptor; and a look takes no more
 * work than before.  Needs the privilege to trace: without it the whole file ends with 77, which CTest counts
 * as skipped. */
#include "probes/host/tracefs.h"
#include "probes/run/live.h"
#include "tests/probes/cmocka_test.h"

#include <dirent.h>
#include <errno.h>
#include <linux/futex.h>
#include <linux/perf_event.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

enum { CHILDREN = 600, WAKES = 3, PATIENCE_MS = 20, FEW = CHILDREN / 20 };

static uint32_t word;

/* ---- the subject: a process that has children, many one after the other ---- */

struct server {
    pid_t pid;
    int to, from;
};

static void child_do(void)
{
    for (int i = 0; i < WAKES; i++)
        syscall(SYS_futex, &word, FUTEX_WAKE_PRIVATE, 1, NULL, NULL, 0);
    _exit(0);
}

static _Noreturn void server_run(int in, int out)
{
    char byte;
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    while (read(in, &byte, 1) == 1) {
        for (int i = 0; i < CHILDREN; i++) {
            const pid_t child = fork();
            if (!child)
                child_do();
            if (child < 0 || waitpid(child, NULL, 0) != child)
                _exit(1);
        }
        if (write(out, "d", 1) != 1)
            break;
    }
    _exit(0);
}

static struct server server_start(void)
{
    int to[2], from[2];
    assert_int_equal(pipe(to) | pipe(from), 0);
    struct server s = {.pid = fork(), .to = to[1], .from = from[0]};
    if (!s.pid) {
        close(to[1]);
        close(from[0]);
        server_run(to[0], from[1]);
    }
    close(to[0]);
    close(from[1]);
    return s;
}

static void server_do(const struct server *s)
{
    char byte;
    assert_int_equal(write(s->to, "g", 1), 1);
    assert_int_equal(read(s->from, &byte, 1), 1);
}

static void server_end(const struct server *s)
{
    close(s->to);
    close(s->from);
    waitpid(s->pid, NULL, 0);
}

/* ---- looking ---- */

static size_t descriptors(void)
{
    size_t count = 0;
    DIR *folder = opendir("/proc/self/fd");
    assert_non_null(folder);
    while (readdir(folder))
        count++;
    closedir(folder);
    return count;
}

/* Looks once.  Returns the calls that were shown. */
static uint64_t calls_shown(struct live *live, uint64_t *lost)
{
    struct live_view view;
    struct error err = {""};
    uint64_t calls = 0;
    if (live_take(live, &view, &err))
        fail_msg("%s", err.text);
    for (size_t i = 0; i < view.count; i++)
        calls += live_calls_all(&view.processes[i].malloc) + live_calls_all(&view.processes[i].others);
    if (view.lost)
        print_message("lost: %llu (%s)\n", (unsigned long long)view.lost, view.lost_reason);
    *lost += view.lost;
    live_view_free(&view);
    return calls;
}

/* Opens a counter of this process's system calls: by these it reads and empties tables, reads mappings, and
 * asks who lives.  -1: no right to. */
static int system_calls_open(void)
{
    struct perf_event_attr attr = {.type = PERF_TYPE_TRACEPOINT, .size = sizeof(attr), .inherit = 1};
    const int tracefs = tracefs_open();
    const int event = tracefs < 0 ? -1 : tracefs_event(tracefs, "raw_syscalls", "sys_enter");
    if (tracefs >= 0)
        close(tracefs);
    attr.config = (uint64_t)event;
    return event < 0 ? -1 : (int)syscall(SYS_perf_event_open, &attr, 0, -1, -1, PERF_FLAG_FD_CLOEXEC);
}

static uint64_t system_calls(int counter)
{
    uint64_t count = 0;
    assert_int_equal(read(counter, &count, sizeof(count)), sizeof(count));
    return count;
}

/* Returns how many system calls a look takes at which nothing happens. */
static uint64_t quiet_look(struct live *live, int counter, uint64_t *lost)
{
    const uint64_t before = system_calls(counter);
    assert_int_equal(calls_shown(live, lost), 0);
    return system_calls(counter) - before;
}

/* Looks until so many calls were shown. */
static void calls_await(struct live *live, uint64_t wanted)
{
    uint64_t shown = 0, lost = 0;
    while ((shown += calls_shown(live, &lost)) < wanted)
        poll(NULL, 0, PATIENCE_MS); /* names become known a second late */
    assert_int_equal(shown, wanted);
    assert_int_equal(lost, 0);
}

static void nothing_is_held_of_the_dead(void **state)
{
    struct live *live = NULL;
    struct target *target = NULL;
    struct error err = {""};
    char *note = NULL;
    uint64_t lost = 0;
    (void)state;
    const struct server server = server_start();
    if (target_processes(&server.pid, 1, &target, &err) || live_open(target, &live, &note, &err))
        fail_msg("%s", err.text);
    const int counter = system_calls_open();
    calls_shown(live, &lost);
    size_t open[2];
    const uint64_t at_first = counter < 0 ? 0 : quiet_look(live, counter, &lost);
    for (int round = 0; round < 2; round++) {
        server_do(&server);
        calls_await(live, CHILDREN * WAKES);
        for (int i = 0; i < 3; i++) /* what has been shown goes with the next look or two */
            assert_int_equal(calls_shown(live, &lost), 0);
        const struct live_size size = live_size(live);
        assert_int_equal(size.words, 0);
        assert_int_equal(size.spaces, 1);
        assert_in_range(size.processes, 1, 1);
        open[round] = descriptors();
        const uint64_t work = counter < 0 ? 0 : quiet_look(live, counter, &lost);
        assert_true(work <= at_first + FEW);
    }
    assert_int_equal(lost, 0);
    /* The program's own files are opened when its words are named, now or then; of the dead nothing is open.
     */
    assert_in_range(open[1], 1, open[0] + FEW);
    if (counter >= 0)
        close(counter);
    live_close(live);
    target_free(target);
    free(note);
    server_end(&server);
}

int main(void)
{
    struct target *target = NULL;
    struct live *live = NULL;
    struct error err = {""};
    char *note = NULL;
    const int rc = target_machine(&target, &err) ? -1 : live_open(target, &live, &note, &err);
    free(note);
    live_close(live);
    target_free(target);
    if (rc == -EPERM) {
        printf("SKIPPED: %s\n", err.text);
        return 77;
    }
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_is_held_of_the_dead),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
