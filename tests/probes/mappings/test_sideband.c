/* The history of address spaces from perf's records: the records are made here and given to the functions
 * that the ring's reader calls, which is why the source is included; one test takes them from the kernel. */
#include "probes/mappings/sideband.c"

#include "probes/run/launch.h"
#include "tests/probes/cmocka_test.h"

#include <signal.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

/* A record with its sample_id (pid, tid, time) behind it. */
static void fork_give(struct sideband *s, uint32_t pid, uint32_t parent, uint64_t time)
{
    struct {
        struct record_fork r;
        uint32_t id[2];
        uint64_t time;
    } record = {.r = {.header = {.type = PERF_RECORD_FORK, .size = sizeof(record)},
                      .pid = pid,
                      .ppid = parent,
                      .tid = pid,
                      .ptid = parent,
                      .time = time},
                .time = time};
    record_take(s, &record.r.header);
}

static void comm_give(struct sideband *s, uint32_t pid, bool exec, uint64_t time)
{
    struct {
        struct record_comm r;
        char name[16];
        uint32_t id[2];
        uint64_t time;
    } record = {.r = {.header = {.type = PERF_RECORD_COMM, .size = sizeof(record)}, .pid = pid},
                .time = time};
    record.r.header.misc = exec ? PERF_RECORD_MISC_COMM_EXEC : 0;
    record_take(s, &record.r.header);
}

/* Room for a short name. */
enum { NAME_ROOM = 48, MMAP_BYTES = sizeof(struct record_mmap2) + NAME_ROOM + 16 };
union mmap_record {
    uint64_t aligned[MMAP_BYTES / 8];
    char bytes[MMAP_BYTES];
};

static void mmap_fill(union mmap_record *m, uint32_t pid, uint64_t start, const char *name, uint64_t time)
{
    const struct record_mmap2 r = {.header = {.type = PERF_RECORD_MMAP2, .size = MMAP_BYTES},
                                   .pid = pid,
                                   .addr = start,
                                   .len = 4096,
                                   .pgoff = 8192,
                                   .ino = 42};
    memset(m, 0, sizeof(*m));
    memcpy(m->bytes, &r, sizeof(r));
    snprintf(m->bytes + sizeof(r), NAME_ROOM, "%s", name);
    memcpy(m->bytes + MMAP_BYTES - sizeof(time), &time, sizeof(time));
}

static void mmap_give(struct sideband *s, uint32_t pid, uint64_t start, const char *name, uint64_t time)
{
    union mmap_record m;
    mmap_fill(&m, pid, start, name, time);
    record_take(s, (const void *)&m);
}

static struct sideband *sideband_bare(void)
{
    struct sideband *s = calloc(1, sizeof(*s));
    assert_non_null(s);
    s->spaces = spaces_new(0);
    s->files = mapped_files_new();
    assert_non_null(s->spaces);
    assert_non_null(s->files);
    return s;
}

static void choose(struct sideband *s, uint32_t pid)
{
    s->ours = s->ours ? s->ours : descendants_new();
    assert_non_null(s->ours);
    assert_int_equal(descendants_add(s->ours, pid), 0);
    assert_true(spaces_now(s->spaces, pid) != 0);
}

/* Records of different CPUs come in no common order. */
static void spaces_by_time(void **state)
{
    struct sideband *s = sideband_bare();
    (void)state;
    mmap_give(s, 10, 0x3000, "/bin/second", 60);
    fork_give(s, 20, 10, 40);
    comm_give(s, 10, true, 50);
    mmap_give(s, 10, 0x1000, "/bin/first", 20);
    comm_give(s, 10, true, 10);
    mmap_give(s, 10, 0x2000, "/lib/first", 30);
    assert_int_equal(sideband_finish(s), 0);

    assert_null(sideband_space(s, 10, 9));
    assert_null(sideband_space(s, 99, 100));
    const struct address_space *first = sideband_space(s, 10, 45);
    assert_non_null(first);
    assert_int_equal(first->since_ns, 10);
    assert_int_equal(first->mapping_count, 2);
    assert_string_equal(first->mappings[0].path, "/bin/first");
    assert_string_equal(first->mappings[1].path, "/lib/first");
    assert_int_equal(first->mappings[1].start, 0x2000);
    assert_int_equal(first->mappings[1].length, 4096);
    assert_int_equal(first->mappings[1].file_offset, 8192);
    assert_int_equal(first->mappings[1].inode, 42);

    const struct address_space *second = sideband_space(s, 10, 1000); /* an exec leaves nothing of the old */
    assert_int_equal(second->mapping_count, 1);
    assert_string_equal(second->mappings[0].path, "/bin/second");
    const struct address_space *child = sideband_space(s, 20, 1000); /* a fork inherits all */
    assert_int_equal(child->mapping_count, 2);
    assert_int_equal(child->since_ns, 40);
    sideband_close(s);
}

static void records_that_are_no_news(void **state)
{
    struct sideband *s = sideband_bare();
    union mmap_record endless;
    (void)state;
    fork_give(s, 10, 10, 1);    /* a new thread */
    comm_give(s, 10, false, 2); /* a thread that names itself */
    mmap_give(s, 10, 0x1000, "[heap]", 3);
    mmap_give(s, 10, 0x2000, "//anon", 4);
    mmap_give(s, 10, 0x3000, "", 5);
    mmap_fill(&endless, 10, 0x4000, "", 6);
    memset(endless.bytes + sizeof(struct record_mmap2), 'x', NAME_ROOM + 16); /* a name without an end */
    record_take(s, (const void *)&endless);
    struct perf_event_header unknown = {.type = 999, .size = sizeof(unknown)};
    record_take(s, &unknown);
    assert_int_equal(s->met.count, 0);
    assert_int_equal(sideband_finish(s), 0);
    assert_null(sideband_space(s, 10, 100));
    assert_int_equal(sideband_lost(s), 0);
    sideband_close(s);
}

/* The process was there before its records began. */
static void mappings_before_any_birth(void **state)
{
    struct sideband *s = sideband_bare();
    (void)state;
    mmap_give(s, 10, 0x1000, "/bin/x", 100);
    assert_int_equal(sideband_finish(s), 0);
    const struct address_space *space = sideband_space(s, 10, 1);
    assert_non_null(space);
    assert_int_equal(space->mapping_count, 1);
    sideband_close(s);
}

static void losses_add_up(void **state)
{
    struct sideband *s = sideband_bare();
    (void)state;
    for (uint64_t i = 1; i <= 3; i++) {
        struct record_lost r = {.header = {.type = PERF_RECORD_LOST, .size = sizeof(r)}, .lost = i};
        record_take(s, &r.header);
    }
    assert_int_equal(sideband_lost(s), 6);
    sideband_close(s);
}

static void many_mappings_in_their_order(void **state)
{
    struct sideband *s = sideband_bare();
    (void)state;
    comm_give(s, 10, true, 1);
    for (uint64_t i = 0; i < 1000; i++)
        mmap_give(s, 10, i * 4096, i % 2 ? "/lib/odd" : "/lib/even", 5); /* all at one time */
    assert_int_equal(sideband_finish(s), 0);
    const struct address_space *space = sideband_space(s, 10, 5);
    assert_int_equal(space->mapping_count, 1000);
    for (uint64_t i = 0; i < 1000; i++)
        assert_int_equal(space->mappings[i].start, i * 4096);
    assert_ptr_equal(space->mappings[0].path, space->mappings[998].path); /* a name is kept once */
    assert_ptr_equal(space->mappings[1].path, space->mappings[999].path);
    assert_string_equal(space->mappings[1].path, "/lib/odd");
    sideband_close(s);
}

/* Only the chosen processes and what descends from them; a number of theirs that comes again brings nothing
 * of the process before. */
static void chosen_ones_only(void **state)
{
    struct sideband *s = sideband_bare();
    (void)state;
    choose(s, 10);
    mmap_give(s, 10, 0x1000, "/bin/x", 1);
    mmap_give(s, 11, 0x1000, "/bin/y", 2);
    comm_give(s, 11, true, 3);
    fork_give(s, 20, 10, 4);
    fork_give(s, 21, 11, 5);
    mmap_give(s, 20, 0x2000, "/lib/x", 6);
    mmap_give(s, 21, 0x2000, "/lib/y", 7);
    fork_give(s, 20, 11, 8);
    assert_int_equal(sideband_finish(s), 0);
    assert_int_equal(sideband_space(s, 10, 9)->mapping_count, 1);
    assert_int_equal(sideband_space(s, 20, 7)->mapping_count, 2);
    assert_int_equal(sideband_space(s, 20, 8)->mapping_count, 0);
    assert_null(sideband_space(s, 11, 9));
    assert_null(sideband_space(s, 21, 9));
    sideband_close(s);
}

/* A child's mapping is met, and its fork only when the buffers are read once more. */
static void fork_comes_late(void **state)
{
    struct sideband *s = sideband_bare();
    (void)state;
    choose(s, 10);
    mmap_give(s, 20, 0x2000, "/lib/x", 6);
    mmap_give(s, 21, 0x2000, "/lib/y", 7);
    fork_give(s, 20, 11, 3); /* the number's first process was a stranger */
    met_decide(s, 0);        /* none is complete */
    assert_int_equal(s->met.count, 3);
    fork_give(s, 20, 10, 5);
    met_decide(s, 3); /* those of the first look are */
    assert_int_equal(s->met.count, 0);
    assert_int_equal(s->events.count, 2);
    assert_int_equal(sideband_finish(s), 0);
    assert_int_equal(sideband_space(s, 20, 7)->mapping_count, 1);
    assert_null(sideband_space(s, 21, 9));
    sideband_close(s);
}

/* Of strangers nothing is kept, however many there are. */
static void strangers_leave_nothing(void **state)
{
    struct sideband *s = sideband_bare();
    (void)state;
    choose(s, 10);
    for (uint32_t i = 0; i < 1000; i++) {
        char path[32];
        snprintf(path, sizeof(path), "/bin/%u", i);
        fork_give(s, 1000 + i, 11, 4ull * i);
        comm_give(s, 1000 + i, true, 4ull * i + 1);
        mmap_give(s, 1000 + i, 0x1000, path, 4ull * i + 2);
    }
    met_decide(s, s->sequence);
    assert_int_equal(s->met.count, 0);
    assert_int_equal(s->events.count, 0);
    assert_int_equal(sideband_finish(s), 0);
    assert_int_equal(spaces_count(s->spaces), 1);
    assert_int_equal(sideband_lost(s), 0);
    sideband_close(s);
}

/* What /proc says of this very process: in front of all records, for its children too. */
static void mappings_of_the_present(void **state)
{
    uint32_t own = (uint32_t)getpid();
    struct sideband *s = sideband_bare();
    (void)state;
    s->opened_ns = 100;
    fork_give(s, own + 1, own, 110);
    mmap_give(s, own, 0x1000, "/late", 120);
    assert_int_equal(sideband_present(s, own), 0);
    assert_int_equal(sideband_finish(s), 0);
    size_t count = sideband_space(s, own, 1)->mapping_count;
    assert_true(count > 2);
    assert_string_equal(sideband_space(s, own, 1)->mappings[count - 1].path, "/late");
    assert_int_equal(sideband_space(s, own + 1, 200)->mapping_count, count - 1);
    assert_int_equal(sideband_unread(s), 0);
    assert_int_equal(sideband_present(s, 0x7ffffff0), -ENOENT);
    assert_int_equal(sideband_unread(s), 0); /* who has ended is nobody's fault */
    sideband_close(s);
}

/* It has become another program since: what /proc says is of that one, whose records are there. */
static void the_present_is_another_program(void **state)
{
    uint32_t own = (uint32_t)getpid();
    struct sideband *s = sideband_bare();
    (void)state;
    s->opened_ns = 100;
    assert_true(spaces_now(s->spaces, own) != 0);
    comm_give(s, own, true, 110);
    mmap_give(s, own, 0x1000, "/bin/new", 120);
    assert_int_equal(sideband_present(s, own), 0);
    assert_int_equal(sideband_finish(s), 0);
    assert_int_equal(sideband_space(s, own, 105)->mapping_count, 0);
    assert_int_equal(sideband_space(s, own, 120)->mapping_count, 1);
    sideband_close(s);
}

/* A long measurement: what is complete goes into the history while it runs, in the same order. */
static void history_while_it_runs(void **state)
{
    struct sideband *s = sideband_bare();
    (void)state;
    for (uint64_t i = 0; i < MANY_EVENTS; i++)
        mmap_give(s, 10, (MANY_EVENTS - i) * 4096, "/lib/x", MANY_EVENTS - i); /* the latest first */
    mmap_give(s, 10, 7, "/lib/now", UINT64_MAX); /* it may be that one before it is still to come */
    sideband_read(s);
    assert_int_equal(s->events.count, 1);
    assert_int_equal(sideband_space(s, 10, 1)->mapping_count, MANY_EVENTS);
    assert_int_equal(sideband_finish(s), 0);
    const struct address_space *space = sideband_space(s, 10, 1);
    assert_int_equal(space->mapping_count, MANY_EVENTS + 1);
    for (uint64_t i = 0; i < MANY_EVENTS; i++)
        assert_int_equal(space->mappings[i].start, (i + 1) * 4096);
    assert_string_equal(space->mappings[MANY_EVENTS].path, "/lib/now");
    sideband_close(s);
}

/* ---- from the kernel ---- */

static void rings_tend(void *context)
{
    sideband_read(context);
}

/* The history of a command's run; NULL: skipped. */
static struct sideband *command_watch(char *const *argv, pid_t *pid)
{
    struct measure_options options = {.argv = argv, .stdout_fd = -1, .stderr_fd = -1};
    struct launch *launch = NULL;
    struct sideband *s = NULL;
    struct run_outcome outcome;
    struct error err = {""};
    assert_int_equal(launch_prepare(&options, &launch, &err), 0);
    *pid = launch_pid(launch);
    if (sideband_open(pid, 1, &s, &err)) {
        print_message("SKIPPED: %s\n", err.text);
        launch_free(launch);
        return NULL;
    }
    struct launch_watch watch = {.ready = rings_tend, .context = s};
    watch.fds = sideband_fds(s, &watch.count);
    assert_int_equal(launch_release(launch, &err), 0);
    assert_int_equal(launch_wait(launch, &watch, &outcome, &err), 0);
    assert_int_equal(outcome.exit_status, 0);
    assert_int_equal(sideband_finish(s), 0);
    assert_int_equal(sideband_lost(s), 0);
    launch_free(launch);
    return s;
}

static bool space_has(const struct address_space *space, const char *end)
{
    bool has = false;
    for (size_t i = 0; i < space->mapping_count; i++) {
        const struct mapping *m = &space->mappings[i];
        assert_true(m->inode != 0 || !strcmp(m->path, "[vdso]"));
        has |= strstr(m->path, end) != NULL;
    }
    return has;
}

/* A command that is gone before anyone could look. */
static void a_command_of_milliseconds(void **state)
{
    char program_name[] = "true", *argv[] = {program_name, NULL};
    pid_t pid = 0;
    struct sideband *s = command_watch(argv, &pid);
    (void)state;
    if (!s)
        skip();
    const struct address_space *space = sideband_space(s, (uint32_t)pid, UINT64_MAX);
    assert_non_null(space);
    assert_true(space_has(space, "/true") || space_has(space, "/coreutils"));
    assert_true(space_has(space, "libc") || space_has(space, "ld-"));
    sideband_close(s);
}

/* Its children and theirs, on whichever CPU they run, and nobody else, though others are made beside it. */
static void a_family_of_milliseconds(void **state)
{
    char shell[] = "sh", option[] = "-c",
         script[] = "i=0; while [ $i -lt 50 ]; do (env true; env true) & i=$((i+1)); done; wait",
         *argv[] = {shell, option, script, NULL};
    pid_t pid = 0, stranger = fork();
    (void)state;
    assert_true(stranger >= 0);
    if (!stranger)
        for (;;) {
            pid_t child = fork();
            if (!child) {
                execlp("sleep", "sleep", "0", (char *)NULL);
                _exit(127);
            }
            waitpid(child, NULL, 0);
        }
    struct sideband *s = command_watch(argv, &pid);
    kill(stranger, SIGKILL);
    waitpid(stranger, NULL, 0);
    if (!s)
        skip();
    unsigned family = 0;
    for (uint32_t n = 1; n <= spaces_count(s->spaces); n++) {
        const struct address_space *space = spaces_get(s->spaces, n);
        family += space_has(space, "/true");
        assert_false(space_has(space, "/sleep"));
        for (size_t i = 0; i < space->mapping_count; i++)
            assert_true(!space->mappings[i].file || space->mappings[i].file->fd >= 0);
    }
    assert_int_equal(family, 100);
    sideband_close(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(spaces_by_time),
        cmocka_unit_test(records_that_are_no_news),
        cmocka_unit_test(mappings_before_any_birth),
        cmocka_unit_test(losses_add_up),
        cmocka_unit_test(many_mappings_in_their_order),
        cmocka_unit_test(chosen_ones_only),
        cmocka_unit_test(fork_comes_late),
        cmocka_unit_test(strangers_leave_nothing),
        cmocka_unit_test(mappings_of_the_present),
        cmocka_unit_test(the_present_is_another_program),
        cmocka_unit_test(history_while_it_runs),
        cmocka_unit_test(a_command_of_milliseconds),
        cmocka_unit_test(a_family_of_milliseconds),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
