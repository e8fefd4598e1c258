/* See perf_line.h.  Two facts behind the choice: the tracepoint sched_switch belongs to the thread that
 * leaves, so that in a session of one command only perf's own switch records tell of a thread's return; and
 * sched_wakeup may happen on another CPU, under anybody's name, while sched_waking happens where the waker
 * runs. */
#include "probes/perf/perf_line.h"

#include "probes/perf/perf_record.h"

#include <errno.h>
#include <linux/perf_event.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <unistd.h>

/* Returns where tracefs' events are, static.  perf looks at these places only, so a mount of heapwait's own
 * won't do.  NULL: nowhere; then *rc is -ENOENT, or -EACCES: tracefs is there, but not for this user. */
static const char *tracefs_find(int *rc)
{
    static const char *const places[] = {"/sys/kernel/tracing/events", "/sys/kernel/debug/tracing/events"};
    *rc = -ENOENT;
    for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
        char path[128];
        snprintf(path, sizeof(path), "%s/syscalls", places[i]);
        if (!access(path, R_OK | X_OK))
            return places[i];
        if (errno == EACCES)
            *rc = -EACCES;
    }
    return NULL;
}

static bool event_exists(const char *tracefs, const char *group, const char *name, int *id)
{
    char path[192], text[16] = "";
    snprintf(path, sizeof(path), "%s/%s/%s/id", tracefs, group, name);
    FILE *f = fopen(path, "re");
    bool found = f && fgets(text, sizeof(text), f) && sscanf(text, "%d", id) == 1;
    if (f)
        fclose(f);
    return found;
}

/* Opens the tracepoint as perf does: on its own process, with the event's fields.  0 or negative errno. */
static int tracepoint_try(int id)
{
    struct perf_event_attr attr = {.type = PERF_TYPE_TRACEPOINT,
                                   .size = sizeof(attr),
                                   .config = (uint64_t)id,
                                   .sample_period = 1,
                                   .sample_type = PERF_SAMPLE_RAW | PERF_SAMPLE_TIME,
                                   .disabled = 1};
    int fd = (int)syscall(SYS_perf_event_open, &attr, 0, -1, -1, PERF_FLAG_FD_CLOEXEC);
    if (fd < 0)
        return -errno;
    close(fd);
    return 0;
}

static struct perf_line_part *part_add(struct perf_line *l, const char *option, const char *value,
                                       const char *purpose)
{
    struct perf_line_part *p = &l->parts[l->count++];
    *p = (struct perf_line_part){.option = option, .purpose = purpose};
    snprintf(p->value, sizeof(p->value), "%s", value);
    return p;
}

static void event_append(struct perf_line_part *p, const char *name)
{
    size_t used = strlen(p->value);
    snprintf(p->value + used, sizeof(p->value) - used, "%s%s", used ? "," : "", name);
}

static void lack_set(struct perf_line_part *p, int rc)
{
    if (rc == -ENOENT)
        snprintf(p->lack, sizeof(p->lack),
                 "tracefs is not mounted: sudo mount -t tracefs tracefs /sys/kernel/tracing");
    else
        snprintf(p->lack, sizeof(p->lack),
                 "%s: run it as root (sudo), or with CAP_PERFMON and tracefs readable", strerror(-rc));
}

/* Adds the begins and ends of all futex system calls that this kernel has.  `rc`: why there is no tracefs. */
static void calls_add(struct perf_line *l, const char *tracefs, int rc)
{
    static const char *const calls[] = {"futex",         "futex_wait",  "futex_wake",
                                        "futex_requeue", "futex_waitv", "restart_syscall"};
    struct perf_line_part *enter =
        part_add(l, "-e", "",
                 "futex calls begin: the word, the operation, and by whom (a call path by frame pointers)");
    struct perf_line_part *leave = part_add(l, "-e", "", "and end: the outcome, and how long it took");
    for (size_t i = 0; tracefs && i < sizeof(calls) / sizeof(calls[0]); i++) {
        char name[64], event[96];
        int id = 0;
        snprintf(name, sizeof(name), "sys_exit_%s", calls[i]);
        if (!event_exists(tracefs, "syscalls", name, &id))
            continue;
        rc = i ? rc : tracepoint_try(id);
        snprintf(event, sizeof(event), "syscalls:%s", name);
        event_append(leave, event);
        snprintf(event, sizeof(event), "syscalls:sys_enter_%s/call-graph=fp/", calls[i]);
        event_append(enter, event);
        l->futex_calls |= !i && !rc;
    }
    if (!l->futex_calls)
        lack_set(enter, rc ? rc : -ENOENT);
    if (!enter->value[0]) { /* not to be had here: the line shows what it would be */
        event_append(enter, "syscalls:sys_enter_futex/call-graph=fp/");
        event_append(leave, "syscalls:sys_exit_futex");
    }
}

static void wakeups_add(struct perf_line *l, const char *tracefs, int rc)
{
    struct perf_line_part *p =
        part_add(l, "-e", "sched:sched_waking",
                 "wakeups: what tells asleep from waiting for a CPU, and how long a handoff takes");
    int id = 0;
    if (tracefs)
        rc = event_exists(tracefs, "sched", "sched_waking", &id) ? tracepoint_try(id) : -EACCES;
    if (rc)
        lack_set(p, rc);
}

void perf_line_make(struct perf_line *l, bool clock_too)
{
    int rc = 0;
    char clock[64];
    const char *tracefs = tracefs_find(&rc);
    *l = (struct perf_line){.clock = perf_record_event()};
    part_add(l, "-k", "CLOCK_MONOTONIC", "times on the clock of heapwait's recordings");
    part_add(l, "-m", "4M", "buffers that a burst of futex calls doesn't overrun, for each CPU");
    part_add(l, "--no-buildid-cache", "", "no copies of the programs under ~/.debug");
    part_add(l, "--buildid-all", "",
             "the build-id of each file, so that its symbols are known to be the right ones");
    part_add(l, "--switch-events", "", "context switches: whether a wait slept, and for how long");
    if (clock_too) {
        snprintf(clock, sizeof(clock), "%s/freq=251,call-graph=fp/", l->clock);
        part_add(
            l, "-e", clock,
            "samples of what runs, with call paths (call-graph=dwarf for programs without frame pointers: "
            "better paths, a file ten times as large)");
    }
    calls_add(l, tracefs, rc);
    wakeups_add(l, tracefs, rc);
}

size_t perf_line_arguments(const struct perf_line *l, const char **argv, size_t max)
{
    size_t n = 0;
    for (size_t i = 0; i < l->count && n + 2 < max; i++) {
        argv[n++] = l->parts[i].option;
        if (l->parts[i].value[0])
            argv[n++] = l->parts[i].value;
    }
    argv[n] = NULL;
    return n;
}

unsigned perf_line_rivals(void)
{
    static const char *const names[] = {"sys_enter_futex", "sys_exit_futex"};
    enum { MAX_PROGRAMS = 64 };
    unsigned most = 0;
    int rc = 0, id = 0;
    const char *tracefs = tracefs_find(&rc);
    for (size_t i = 0; tracefs && i < sizeof(names) / sizeof(names[0]); i++) {
        union {
            struct perf_event_query_bpf query;
            uint32_t room[2 + MAX_PROGRAMS];
        } q = {.query = {.ids_len = MAX_PROGRAMS}};
        struct perf_event_attr attr = {.type = PERF_TYPE_TRACEPOINT, .size = sizeof(attr), .disabled = 1};
        if (!event_exists(tracefs, "syscalls", names[i], &id))
            continue;
        attr.config = (uint64_t)id;
        int fd = (int)syscall(SYS_perf_event_open, &attr, 0, -1, -1, PERF_FLAG_FD_CLOEXEC);
        if (fd < 0)
            continue;
        if (!ioctl(fd, PERF_EVENT_IOC_QUERY_BPF, &q) && q.query.prog_cnt > most)
            most = q.query.prog_cnt;
        close(fd);
    }
    return most;
}
