/* See perf_line.h.  Two facts behind the choice: the tracepoint sched_switch belongs to the thread that
 * leaves, so that in a session of one command only perf's own switch records tell of a thread's return; and
 * sched_wakeup may happen on another CPU, under anybody's name, while sched_waking happens where the waker
 * runs.  perf mounts tracefs where it isn't mounted and the user may do that (tools/lib/api/fs/fs.c), so that
 * a mount of heapwait's own tells as much. */
#include "probes/perf/perf_line.h"

#include "probes/host/tracefs.h"
#include "probes/perf/perf_record.h"

#include <errno.h>
#include <linux/perf_event.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <unistd.h>

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

static struct perf_line_part *group_add(struct perf_line *l, const char *value, const char *purpose)
{
    struct perf_line_part *p = part_add(l, "-e", value, purpose);
    p->grouped = true;
    return p;
}

static void event_append(struct perf_line_part *p, const char *name)
{
    size_t used = strlen(p->value);
    snprintf(p->value + used, sizeof(p->value) - used, "%s%s", used ? "," : "", name);
}

static void lack_set(struct perf_line_part *p, int rc)
{
    if (rc == -ENOENT || rc == -ENODEV)
        snprintf(p->lack, sizeof(p->lack), "this kernel has no such tracepoint");
    else
        snprintf(p->lack, sizeof(p->lack),
                 "%s: run it as root (sudo), or with CAP_PERFMON and tracefs readable", strerror(-rc));
}

/* Adds the begins and ends of all futex system calls that this kernel has.  `tracefs`: a descriptor, or why
 * there is none. */
static void calls_add(struct perf_line *l, int tracefs)
{
    static const char *const calls[] = {"futex",         "futex_wait",  "futex_wake",
                                        "futex_requeue", "futex_waitv", "restart_syscall"};
    struct perf_line_part *enter = group_add(
        l, "", "futex calls begin: the word, the operation, and by whom (a call path by frame pointers)");
    struct perf_line_part *leave = group_add(l, "", "and end: the outcome, and how long it took");
    int rc = tracefs;
    for (size_t i = 0; tracefs >= 0 && i < sizeof(calls) / sizeof(calls[0]); i++) {
        char name[64], event[96];
        snprintf(name, sizeof(name), "sys_exit_%s", calls[i]);
        const int id = tracefs_event(tracefs, "syscalls", name);
        if (id < 0)
            continue;
        rc = i ? rc : tracepoint_try(id);
        snprintf(event, sizeof(event), "syscalls:%s", name);
        event_append(leave, event);
        snprintf(event, sizeof(event), "syscalls:sys_enter_%s/call-graph=fp/", calls[i]);
        event_append(enter, event);
        l->futex_calls |= !i && !rc;
    }
    if (!l->futex_calls)
        lack_set(enter, rc < 0 ? rc : -ENOENT);
    if (!enter->value[0]) { /* not to be had here: the line shows what it would be */
        event_append(enter, "syscalls:sys_enter_futex/call-graph=fp/");
        event_append(leave, "syscalls:sys_exit_futex");
    }
}

static void wakeups_add(struct perf_line *l, int tracefs)
{
    struct perf_line_part *p =
        group_add(l, "sched:sched_waking",
                  "wakeups: what tells asleep from waiting for a CPU, and how long a handoff takes");
    const int id = tracefs < 0 ? tracefs : tracefs_event(tracefs, "sched", "sched_waking");
    const int rc = id < 0 ? id : tracepoint_try(id);
    if (rc)
        lack_set(p, rc);
}

/* Makes one argument of the parts that are grouped. */
static void group_make(struct perf_line *l)
{
    size_t used = 0;
    for (size_t i = 0; i < l->count; i++)
        if (l->parts[i].grouped && used + strlen(l->parts[i].value) + 3 < sizeof(l->group))
            used += (size_t)snprintf(l->group + used, sizeof(l->group) - used, "%s%s", used ? "," : "{",
                                     l->parts[i].value);
    if (used)
        snprintf(l->group + used, sizeof(l->group) - used, "}");
}

void perf_line_make(struct perf_line *l, bool clock_too)
{
    char clock[64];
    const int tracefs = tracefs_open();
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
    calls_add(l, tracefs);
    wakeups_add(l, tracefs);
    group_make(l);
    if (tracefs >= 0)
        close(tracefs);
}

size_t perf_line_arguments(const struct perf_line *l, const char **argv, size_t max)
{
    size_t n = 0;
    bool grouped = false;
    for (size_t i = 0; i < l->count && n + 2 < max; i++) {
        const struct perf_line_part *p = &l->parts[i];
        if (p->grouped && grouped)
            continue; /* they stand where the first of them does */
        grouped |= p->grouped;
        argv[n++] = p->option;
        if (p->value[0])
            argv[n++] = p->grouped ? l->group : p->value;
    }
    argv[n] = NULL;
    return n;
}

unsigned perf_line_rivals(void)
{
    static const char *const names[] = {"sys_enter_futex", "sys_exit_futex"};
    enum { MAX_PROGRAMS = 64 };
    unsigned most = 0;
    const int tracefs = tracefs_open();
    for (size_t i = 0; tracefs >= 0 && i < sizeof(names) / sizeof(names[0]); i++) {
        union {
            struct perf_event_query_bpf query;
            uint32_t room[2 + MAX_PROGRAMS];
        } q = {.query = {.ids_len = MAX_PROGRAMS}};
        struct perf_event_attr attr = {.type = PERF_TYPE_TRACEPOINT, .size = sizeof(attr), .disabled = 1};
        const int id = tracefs_event(tracefs, "syscalls", names[i]);
        if (id < 0)
            continue;
        attr.config = (uint64_t)id;
        int fd = (int)syscall(SYS_perf_event_open, &attr, 0, -1, -1, PERF_FLAG_FD_CLOEXEC);
        if (fd < 0)
            continue;
        if (!ioctl(fd, PERF_EVENT_IOC_QUERY_BPF, &q) && q.query.prog_cnt > most)
            most = q.query.prog_cnt;
        close(fd);
    }
    if (tracefs >= 0)
        close(tracefs);
    return most;
}
