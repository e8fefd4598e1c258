/* See attach.h.  Which hooks serve is hooks.h's.  Those of perf's events need to read tracefs, which CAP_BPF
 * and CAP_PERFMON alone don't allow. */
#include "probes/session/attach.h"

#include "probes/host/tracefs.h"

#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <errno.h>
#include <linux/perf_event.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <unistd.h>

/* The first one, and those on memory, are a must; a kernel may lack the others. */
static const struct {
    const char *name;
    bool memory;
} traced_syscalls[] = {
    {"futex", false},      {"restart_syscall", false}, {"futex_waitv", false}, {"futex_wake", false},
    {"futex_wait", false}, {"futex_requeue", false},   {"mmap", true},         {"munmap", true},
    {"mremap", true},      {"madvise", true},          {"mprotect", true},     {"brk", true},
};
enum { TRACED_SYSCALLS = sizeof(traced_syscalls) / sizeof(traced_syscalls[0]) };

/* When a program is needed: see program_needed(). */
enum need {
    ALWAYS,
    FUNCTIONS,
    MEMORY_FUNCTIONS,
    RECORDS,
    MEMORY_RECORDS,
    EVENTS,
    RAW,
    LEDGER_CALLS,
    LEDGER_PINS,
    LOCKS,
    FAULTS,
    SAMPLES,
    CGROUP
};

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
    {"memory_exit_record", MEMORY_RECORDS}, /* these two likewise */
    {"memory_enter_record", MEMORY_RECORDS},
    {"event_exit", EVENTS}, /* these two by events_attach() */
    {"event_enter", EVENTS},
    {"exit_futex", FUNCTIONS}, /* and all those by functions_attach() */
    {"enter_futex", FUNCTIONS},
    {"exit_restart_syscall", FUNCTIONS},
    {"enter_restart_syscall", FUNCTIONS},
    {"exit_futex_waitv", FUNCTIONS},
    {"enter_futex_waitv", FUNCTIONS},
    {"exit_futex_wake", FUNCTIONS},
    {"enter_futex_wake", FUNCTIONS},
    {"exit_futex_wait", FUNCTIONS},
    {"enter_futex_wait", FUNCTIONS},
    {"exit_futex_requeue", FUNCTIONS},
    {"enter_futex_requeue", FUNCTIONS},
    {"exit_mmap", MEMORY_FUNCTIONS},
    {"enter_mmap", MEMORY_FUNCTIONS},
    {"exit_munmap", MEMORY_FUNCTIONS},
    {"enter_munmap", MEMORY_FUNCTIONS},
    {"exit_mremap", MEMORY_FUNCTIONS},
    {"enter_mremap", MEMORY_FUNCTIONS},
    {"exit_madvise", MEMORY_FUNCTIONS},
    {"enter_madvise", MEMORY_FUNCTIONS},
    {"exit_mprotect", MEMORY_FUNCTIONS},
    {"enter_mprotect", MEMORY_FUNCTIONS},
    {"exit_brk", MEMORY_FUNCTIONS},
    {"enter_brk", MEMORY_FUNCTIONS},
    {"ledger_exit", LEDGER_CALLS},
    {"ledger_enter", LEDGER_CALLS},
    {"ledger_exit_pins", LEDGER_PINS},
    {"ledger_enter_pins", LEDGER_PINS},
    {"on_contention_end", LOCKS},
    {"on_contention", LOCKS},
    {"on_fault_end", FAULTS},
    {"on_fault", FAULTS},
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
    case FUNCTIONS:
        return a->hooks == HOOKS_FUNCTIONS;
    case MEMORY_FUNCTIONS:
        return a->memory && a->hooks == HOOKS_FUNCTIONS;
    case RECORDS:
        return a->hooks == HOOKS_TRACEPOINTS;
    case MEMORY_RECORDS:
        return a->memory && a->hooks == HOOKS_TRACEPOINTS;
    case EVENTS:
        return a->hooks == HOOKS_EVENTS;
    case RAW:
        return !a->ledger && a->hooks == HOOKS_RAW;
    case LEDGER_CALLS:
        return a->ledger && a->hooks == HOOKS_RAW;
    case LEDGER_PINS:
        return a->hooks == HOOKS_RAW_PINNED;
    case LOCKS:
        return a->ledger && a->locks;
    case FAULTS:
        return a->ledger && a->faults;
    case SAMPLES:
        return a->sample_period_ns;
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

/* Returns true if the calls at this place in traced_syscalls[] are to be seen. */
static bool call_is_wanted(const struct attachment *a, size_t call)
{
    return a->memory || !traced_syscalls[call].memory;
}

static bool call_is_must(size_t call)
{
    return call == 0 || traced_syscalls[call].memory;
}

/* The function of a system call, by its place in traced_syscalls[]. */
static void function_name(size_t call, char *name, size_t size)
{
    snprintf(name, size, FUNCTION_OF_SYSCALL "%s", traced_syscalls[call].name);
}

/* The program at the entry of that function, or at its return. */
static struct bpf_program *function_program(const struct attachment *a, const char *where, size_t call)
{
    char name[64];
    snprintf(name, sizeof(name), "%s_%s", where, traced_syscalls[call].name);
    return program_find(a, name);
}

/* Tells the programs their functions.  Programs of functions that the kernel lacks are not loaded. */
static int functions_choose(struct attachment *a)
{
    struct btf *kernel = btf__load_vmlinux_btf();
    int rc = kernel ? 0 : -errno;
    for (size_t i = 0; i < TRACED_SYSCALLS && !rc; i++) {
        char name[64];
        if (!call_is_wanted(a, i))
            continue;
        function_name(i, name, sizeof(name));
        struct bpf_program *enter = function_program(a, "enter", i), *leave = function_program(a, "exit", i);
        bool there = btf__find_by_name_kind(kernel, name, BTF_KIND_FUNC) > 0;
        bpf_program__set_autoload(enter, there);
        bpf_program__set_autoload(leave, there);
        if (there)
            rc = bpf_program__set_attach_target(enter, 0, name);
        if (there && !rc)
            rc = bpf_program__set_attach_target(leave, 0, name);
        if (!there && call_is_must(i))
            rc = -ENOENT;
    }
    btf__free(kernel);
    return rc;
}

int attachment_choose(struct attachment *a)
{
    bool events = a->hooks == HOOKS_TRACEPOINTS || a->hooks == HOOKS_EVENTS;
    a->tracefs = events ? tracefs_open() : -1;
    if (events && a->tracefs < 0)
        return a->tracefs;
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
    return a->hooks == HOOKS_FUNCTIONS ? functions_choose(a) : 0;
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

static int tracepoint_attach(struct attachment *a, struct bpf_program *program, const char *group,
                             const char *name)
{
    int id = tracefs_event(a->tracefs, group, name);
    if (id < 0)
        return id;
    struct perf_event_attr attr = {
        .type = PERF_TYPE_TRACEPOINT, .size = sizeof(attr), .config = (uint64_t)id, .sample_period = 1};
    /* CPU 0: a BPF program on a tracepoint runs on every CPU whatever the event is bound to */
    return event_attach(a, program, &attr, 0);
}

/* The program at the beginning of the system call. */
static const char *enter_record(size_t call)
{
    if (traced_syscalls[call].memory)
        return "memory_enter_record";
    return strcmp(traced_syscalls[call].name, "restart_syscall") ? "syscall_enter_record"
                                                                 : "restart_enter_record";
}

static int syscalls_attach(struct attachment *a)
{
    for (size_t i = 0; i < TRACED_SYSCALLS; i++) {
        const char *leave_record = traced_syscalls[i].memory ? "memory_exit_record" : "syscall_exit_record";
        char enter[64], leave[64];
        if (!call_is_wanted(a, i))
            continue;
        snprintf(enter, sizeof(enter), "sys_enter_%s", traced_syscalls[i].name);
        snprintf(leave, sizeof(leave), "sys_exit_%s", traced_syscalls[i].name);
        /* the exit first: an enter without an exit would never be seen to end */
        int rc = tracepoint_attach(a, program_find(a, leave_record), "syscalls", leave);
        if (!rc)
            rc = tracepoint_attach(a, program_find(a, enter_record(i)), "syscalls", enter);
        if (rc && (call_is_must(i) || rc != -ENOENT))
            return rc;
    }
    return 0;
}

static int events_attach(struct attachment *a)
{
    int rc = tracepoint_attach(a, program_find(a, "event_exit"), "raw_syscalls", "sys_exit");
    return rc ? rc : tracepoint_attach(a, program_find(a, "event_enter"), "raw_syscalls", "sys_enter");
}

static int functions_attach(struct attachment *a)
{
    int rc = 0;
    for (size_t i = 0; i < TRACED_SYSCALLS && !rc; i++) {
        struct bpf_program *enter = function_program(a, "enter", i), *leave = function_program(a, "exit", i);
        if (!enter || !bpf_program__autoload(enter))
            continue;
        rc = link_keep(a, bpf_program__attach(leave));
        rc = rc ? rc : link_keep(a, bpf_program__attach(enter));
    }
    return rc;
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
    static const struct {
        enum need need;
        int (*attach)(struct attachment *a); /* NULL: another row's does it */
    } others[] = {{FUNCTIONS, functions_attach}, {MEMORY_FUNCTIONS, NULL}, {RECORDS, syscalls_attach},
                  {MEMORY_RECORDS, NULL},        {EVENTS, events_attach},  {SAMPLES, samplers_attach}};
    enum { OTHERS = sizeof(others) / sizeof(others[0]) };
    int rc = successors_install(a);
    for (size_t i = 0; i < PROGRAMS && !rc; i++) {
        bool other = false;
        for (size_t k = 0; k < OTHERS; k++)
            other |= others[k].need == programs[i].need;
        if (!other && program_needed(a, programs[i].need))
            rc = link_keep(a, bpf_program__attach(program_find(a, programs[i].name)));
    }
    for (size_t k = 0; k < OTHERS && !rc; k++)
        if (others[k].attach && program_needed(a, others[k].need))
            rc = others[k].attach(a);
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
