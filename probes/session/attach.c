/* See attach.h.  Mode waits has two ways to see a futex call, and who runs heapwait decides which is used:
 * the cheaper one needs to read tracefs, which CAP_BPF and CAP_PERFMON alone don't allow.  Mode ledger needs
 * every system call, so the raw tracepoints. */
#include "probes/session/attach.h"

#include "probes/host/tracefs.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <linux/perf_event.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <unistd.h>

static const char *const traced_syscalls[] = {"futex",      "restart_syscall", "futex_waitv",
                                              "futex_wake", "futex_wait",      "futex_requeue"};

/* When a program is needed: see program_needed(). */
enum need { ALWAYS, RECORDS, RAW, LEDGER, LEDGER_CALLS, LEDGER_PINS, SAMPLES, CGROUP };

/* The programs in the order in which they are attached.  The program on an end comes before that on the
 * beginning: what is seen to begin must be seen to end. */
static const struct {
    const char *name;
    enum need need;
} programs[] = {
    {"on_switch", ALWAYS},
    {"on_wakeup", ALWAYS},
    {"on_newtask", ALWAYS},
    {"on_exec", ALWAYS},
    {"on_exit", ALWAYS},
    {"on_cgroup_move", CGROUP},
    {"raw_exit", RAW},
    {"raw_enter", RAW},
    {"syscall_exit_record", RECORDS}, /* these three by syscalls_attach() */
    {"syscall_enter_record", RECORDS},
    {"restart_enter_record", RECORDS},
    {"ledger_exit", LEDGER_CALLS},
    {"ledger_enter", LEDGER_CALLS},
    {"ledger_exit_pins", LEDGER_PINS},
    {"ledger_enter_pins", LEDGER_PINS},
    {"on_contention_end", LEDGER},
    {"on_contention", LEDGER},
    {"on_sample", SAMPLES}, /* by samplers_attach() */
};
enum { PROGRAMS = sizeof(programs) / sizeof(programs[0]) };

/* Programs that are not attached: they take over from one that is, see short_calls.bpf.h. */
static const struct {
    const char *name;
    enum need need;
    const char *map;    /* of programs: where the one before looks for it */
    const char *target; /* what the kernel is to check it for; NULL: its section tells */
} successors[] = {
    {"exit_record_rest", RECORDS, "after_exit_record", NULL},
    {"enter_record_rest", RECORDS, "after_enter_record", NULL},
    {"ledger_exit_rest", LEDGER_CALLS, "after_ledger_exit", "sys_exit"},
    {"ledger_enter_rest", LEDGER_CALLS, "after_ledger_enter", "sys_enter"},
};
enum { SUCCESSORS = sizeof(successors) / sizeof(successors[0]) };

bool attachment_knows(const char *program)
{
    for (size_t i = 0; i < PROGRAMS; i++)
        if (!strcmp(programs[i].name, program))
            return true;
    return false;
}

static bool program_needed(const struct attachment *a, enum need need)
{
    switch (need) {
    case RECORDS:
        return !a->ledger && a->tracefs >= 0;
    case RAW:
        return !a->ledger && a->tracefs < 0;
    case LEDGER:
        return a->ledger;
    case LEDGER_CALLS:
        return a->ledger && !a->pins;
    case LEDGER_PINS:
        return a->ledger && a->pins;
    case SAMPLES:
        return a->ledger && a->sample_period_ns;
    case CGROUP:
        return a->cgroup;
    default:
        return true;
    }
}

static struct bpf_program *program_find(const struct attachment *a, const char *name)
{
    return bpf_object__find_program_by_name(a->object, name);
}

void attachment_choose(struct attachment *a)
{
    a->tracefs = a->ledger ? -1 : tracefs_open();
    for (size_t i = 0; i < PROGRAMS; i++)
        if (program_find(a, programs[i].name))
            bpf_program__set_autoload(program_find(a, programs[i].name), program_needed(a, programs[i].need));
    for (size_t i = 0; i < SUCCESSORS; i++) {
        struct bpf_program *program = program_find(a, successors[i].name);
        if (program)
            bpf_program__set_autoload(program, program_needed(a, successors[i].need));
        if (program && successors[i].target)
            bpf_program__set_attach_target(program, 0, successors[i].target);
    }
}

/* Tells the programs which ones take over from them, before anything is attached.  The object of empty
 * programs has neither the programs nor the maps. */
static int successors_install(struct attachment *a)
{
    int rc = 0;
    for (size_t i = 0; i < SUCCESSORS && !rc; i++) {
        struct bpf_program *program = program_find(a, successors[i].name);
        const struct bpf_map *map = bpf_object__find_map_by_name(a->object, successors[i].map);
        uint32_t first = 0;
        int fd = program ? bpf_program__fd(program) : -1;
        if (map && fd >= 0 && bpf_map_update_elem(bpf_map__fd(map), &first, &fd, BPF_ANY))
            rc = -errno;
    }
    return rc;
}

static int link_keep(struct attachment *a, struct bpf_link *link)
{
    if (!link)
        return -errno;
    if (a->link_count == MAX_LINKS) {
        bpf_link__destroy(link);
        return -E2BIG;
    }
    a->links[a->link_count++] = link;
    return 0;
}

static int event_attach(struct attachment *a, struct bpf_program *program, struct perf_event_attr *attr,
                        int cpu)
{
    int fd = (int)syscall(SYS_perf_event_open, attr, -1, cpu, -1, PERF_FLAG_FD_CLOEXEC);
    if (fd < 0)
        return -errno;
    int rc = link_keep(a, bpf_program__attach_perf_event(program, fd)); /* the link owns fd from here */
    if (rc)
        close(fd);
    else if (attr->type == PERF_TYPE_TRACEPOINT)
        /* the program runs all the same, and the event itself need not be made, since nobody reads it */
        ioctl(fd, PERF_EVENT_IOC_DISABLE, 0);
    return rc;
}

static int tracepoint_attach(struct attachment *a, struct bpf_program *program, const char *name)
{
    int id = tracefs_event(a->tracefs, "syscalls", name);
    if (id < 0)
        return id;
    struct perf_event_attr attr = {
        .type = PERF_TYPE_TRACEPOINT, .size = sizeof(attr), .config = (uint64_t)id, .sample_period = 1};
    /* CPU 0: a BPF program on a tracepoint runs on every CPU whatever the event is bound to */
    return event_attach(a, program, &attr, 0);
}

/* The plain futex() is a must; a kernel may lack the later ones. */
static int syscalls_attach(struct attachment *a)
{
    for (size_t i = 0; i < sizeof(traced_syscalls) / sizeof(traced_syscalls[0]); i++) {
        char enter[64], leave[64];
        snprintf(enter, sizeof(enter), "sys_enter_%s", traced_syscalls[i]);
        snprintf(leave, sizeof(leave), "sys_exit_%s", traced_syscalls[i]);
        struct bpf_program *program = !strcmp(traced_syscalls[i], "restart_syscall")
                                          ? program_find(a, "restart_enter_record")
                                          : program_find(a, "syscall_enter_record");
        /* the exit first: an enter without an exit would never be seen to end */
        int rc = tracepoint_attach(a, program_find(a, "syscall_exit_record"), leave);
        if (!rc)
            rc = tracepoint_attach(a, program, enter);
        if (rc && (i == 0 || rc != -ENOENT))
            return rc;
    }
    return 0;
}

/* A clock on each CPU: a hardware counter is not to be had everywhere, and this one counts time, not work. */
static int samplers_attach(struct attachment *a)
{
    struct bpf_program *program = program_find(a, "on_sample");
    struct perf_event_attr attr = {
        .type = PERF_TYPE_SOFTWARE,
        .size = sizeof(attr),
        .config = PERF_COUNT_SW_CPU_CLOCK,
        .sample_period = a->sample_period_ns,
    };
    long cpus = sysconf(_SC_NPROCESSORS_CONF);
    for (int cpu = 0; cpu < cpus; cpu++) {
        int rc = event_attach(a, program, &attr, cpu);
        if (rc && rc != -ENODEV)
            return rc;
    }
    return 0;
}

int attachment_make(struct attachment *a)
{
    int rc = successors_install(a);
    for (size_t i = 0; i < PROGRAMS && !rc; i++) {
        enum need need = programs[i].need;
        if (need != RECORDS && need != SAMPLES && program_needed(a, need))
            rc = link_keep(a, bpf_program__attach(program_find(a, programs[i].name)));
    }
    if (!rc && program_needed(a, RECORDS))
        rc = syscalls_attach(a);
    if (!rc && program_needed(a, SAMPLES))
        rc = samplers_attach(a);
    return rc;
}

void attachment_end(struct attachment *a)
{
    while (a->link_count)
        bpf_link__destroy(a->links[--a->link_count]);
    if (a->tracefs >= 0)
        close(a->tracefs);
    a->tracefs = -1;
}
