/* `heapwait top` with looks that are made up: what it does with a terminal is the same, and needs no right to
 * trace. made_up_top top [OPTION...]; made_up_top doctor says that all is well. */
#include "cli/terminal/command.h"
#include "probes/run/live.h"
#include "probes/run/target.h"

#include <stdlib.h>
#include <string.h>

static struct live_process processes[] = {
    {.pid = 101,
     .comm = "beta",
     .cpu_ns = 5000000,
     .malloc = {9, 1, 5, 2, 0, 700, 400000},
     .hottest = {.name = "mal", .allocator = "oldmalloc"}},
    {.pid = 102,
     .comm = "alpha",
     .cpu_ns = 1000000,
     .malloc = {5, 2, 5, 3, 7, 800, 200000},
     .hottest = {.name = "main_arena.mutex", .allocator = "ptmalloc"}},
};

int target_processes(const pid_t *pids, size_t count, struct target **out, struct error *err)
{
    (void)pids;
    (void)count;
    return target_machine(out, err);
}

int target_cgroup(const char *path, bool with_command, struct target **out, struct error *err)
{
    (void)path;
    (void)with_command;
    return target_machine(out, err);
}

int target_machine(struct target **out, struct error *err)
{
    *out = calloc(1, sizeof(**out));
    return *out ? 0 : error_set(err, -12, "out of memory");
}

void target_free(struct target *t)
{
    free(t);
}

int live_open(const struct target *target, struct live **out, char **note, struct error *err)
{
    (void)target;
    (void)err;
    *out = NULL;
    *note = NULL;
    return 0;
}

const int *live_fds(const struct live *l, unsigned *count)
{
    static const int none[1];
    (void)l;
    *count = 0;
    return none;
}

void live_read(struct live *l)
{
    (void)l;
}

int live_take(struct live *l, struct live_view *view, struct error *err)
{
    (void)l;
    (void)err;
    *view = (struct live_view){.processes = processes, .count = 2, .interval_ns = 1000000000, .asked = true};
    return 0;
}

void live_view_free(struct live_view *view)
{
    *view = (struct live_view){0};
}

int live_renew(struct live *l, struct error *err)
{
    (void)l;
    (void)err;
    return 0;
}

void live_close(struct live *l)
{
    (void)l;
}

int main(int argc, char **argv)
{
    return argc > 1 && !strcmp(argv[1], "top") ? top_main(argc - 1, argv + 1) : EXIT_OK;
}
