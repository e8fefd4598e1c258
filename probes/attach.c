/* Which programs a mode needs, and how each is attached.  The surprising fact: which of the two ways to see a
 * futex call is used in mode waits depends on who runs heapwait: the cheaper one needs to read tracefs, which
 * CAP_BPF and CAP_PERFMON alone don't allow.  Mode ledger needs every system call, so the raw tracepoints. */
#include "probes/session_private.h"
#include "probes/tracefs.h"

#include <errno.h>
#include <linux/perf_event.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

/* Numbers newer than the C library's headers may be; the same on all machines. */
enum {
    NR_PROCESS_MADVISE = 440,
    NR_FUTEX_WAITV = 449,
    NR_FUTEX_WAKE = 454,
    NR_FUTEX_WAIT = 455,
    NR_FUTEX_REQUEUE = 456,
};

static const char *const traced_syscalls[] = {"futex",      "restart_syscall", "futex_waitv",
                                              "futex_wake", "futex_wait",      "futex_requeue"};

static const struct {
    int number;
    enum syscall_class class;
} classes[] = {
    {SYS_futex, CLASS_FUTEX},        {SYS_restart_syscall, CLASS_FUTEX},
    {NR_FUTEX_WAITV, CLASS_FUTEX},   {NR_FUTEX_WAKE, CLASS_FUTEX},
    {NR_FUTEX_WAIT, CLASS_FUTEX},    {NR_FUTEX_REQUEUE, CLASS_FUTEX},
    {SYS_mmap, CLASS_MEMORY},        {SYS_munmap, CLASS_MEMORY},
    {SYS_mremap, CLASS_MEMORY},      {SYS_brk, CLASS_MEMORY},
    {SYS_madvise, CLASS_MEMORY},     {NR_PROCESS_MADVISE, CLASS_MEMORY},
    {SYS_mprotect, CLASS_MEMORY},    {SYS_getrandom, CLASS_RANDOM},
    {SYS_read, CLASS_READ},          {SYS_readv, CLASS_READ},
    {SYS_pread64, CLASS_READ},       {SYS_close, CLASS_DESCRIPTORS},
    {SYS_dup3, CLASS_DESCRIPTORS},   {436 /* close_range */, CLASS_DESCRIPTORS},
    {SYS_execve, CLASS_DESCRIPTORS},
#ifdef SYS_dup2
    {SYS_dup2, CLASS_DESCRIPTORS},
#endif
};

static void settings_put(struct session *s, const struct measure_options *options)
{
    struct probes_bpf *k = s->skeleton;
    k->rodata->ledger = s->ledger;
    k->rodata->nr_futex = SYS_futex;
    k->rodata->nr_restart = SYS_restart_syscall;
    k->rodata->nr_waitv = NR_FUTEX_WAITV;
    k->rodata->nr_wake = NR_FUTEX_WAKE;
    k->rodata->nr_wait = NR_FUTEX_WAIT;
    k->rodata->nr_requeue = NR_FUTEX_REQUEUE;
    for (size_t i = 0; i < sizeof(classes) / sizeof(classes[0]); i++)
        k->rodata->syscall_class[classes[i].number] = classes[i].class;
    k->rodata->timeline_after_ns = options->timeline_after_ns;
    k->rodata->timeline_length_ns = s->ledger ? options->timeline_length_ns : 0;
    if (options->max_words) {
        bpf_map__set_max_entries(k->maps.words, options->max_words);
        bpf_map__set_max_entries(k->maps.histograms, options->max_words);
    }
    if (options->max_threads)
        bpf_map__set_max_entries(k->maps.threads, options->max_threads);
}

void programs_choose(struct session *s, const struct measure_options *options)
{
    struct probes_bpf *k = s->skeleton;
    bool raw = !s->ledger && s->tracefs < 0, records = !s->ledger && s->tracefs >= 0;
    settings_put(s, options);
    bpf_program__set_autoload(k->progs.raw_enter, raw);
    bpf_program__set_autoload(k->progs.raw_exit, raw);
    bpf_program__set_autoload(k->progs.syscall_enter_record, records);
    bpf_program__set_autoload(k->progs.restart_enter_record, records);
    bpf_program__set_autoload(k->progs.syscall_exit_record, records);
    bpf_program__set_autoload(k->progs.ledger_enter, s->ledger);
    bpf_program__set_autoload(k->progs.ledger_exit, s->ledger);
    bpf_program__set_autoload(k->progs.on_contention, s->ledger);
    bpf_program__set_autoload(k->progs.on_contention_end, s->ledger);
    bpf_program__set_autoload(k->progs.on_sample, s->ledger);
    if (s->ledger)
        return;
    struct bpf_map *const unused[] = {k->maps.threads, k->maps.samples, k->maps.cpus, k->maps.timeline};
    for (size_t i = 0; i < sizeof(unused) / sizeof(unused[0]); i++)
        bpf_map__set_autocreate(unused[i], false);
}

static int link_keep(struct session *s, struct bpf_link *link)
{
    if (!link)
        return -errno;
    if (s->link_count == MAX_LINKS) {
        bpf_link__destroy(link);
        return -E2BIG;
    }
    s->links[s->link_count++] = link;
    return 0;
}

static int event_attach(struct session *s, struct bpf_program *program, struct perf_event_attr *attr, int cpu)
{
    int fd = (int)syscall(SYS_perf_event_open, attr, -1, cpu, -1, PERF_FLAG_FD_CLOEXEC);
    if (fd < 0)
        return -errno;
    int rc = link_keep(s, bpf_program__attach_perf_event(program, fd)); /* the link owns fd from here */
    if (rc)
        close(fd);
    return rc;
}

static int tracepoint_attach(struct session *s, struct bpf_program *program, const char *name)
{
    int id = tracefs_event(s->tracefs, "syscalls", name);
    if (id < 0)
        return id;
    struct perf_event_attr attr = {
        .type = PERF_TYPE_TRACEPOINT, .size = sizeof(attr), .config = (uint64_t)id, .sample_period = 1};
    /* CPU 0: a BPF program on a tracepoint runs on every CPU whatever the event is bound to */
    return event_attach(s, program, &attr, 0);
}

/* The plain futex() is a must; a kernel may lack the later ones. */
static int syscalls_attach(struct session *s)
{
    for (size_t i = 0; i < sizeof(traced_syscalls) / sizeof(traced_syscalls[0]); i++) {
        char enter[64], leave[64];
        snprintf(enter, sizeof(enter), "sys_enter_%s", traced_syscalls[i]);
        snprintf(leave, sizeof(leave), "sys_exit_%s", traced_syscalls[i]);
        struct bpf_program *program = !strcmp(traced_syscalls[i], "restart_syscall")
                                          ? s->skeleton->progs.restart_enter_record
                                          : s->skeleton->progs.syscall_enter_record;
        /* the exit first: an enter without an exit would never be seen to end */
        int rc = tracepoint_attach(s, s->skeleton->progs.syscall_exit_record, leave);
        if (!rc)
            rc = tracepoint_attach(s, program, enter);
        if (rc && (i == 0 || rc != -ENOENT))
            return rc;
    }
    return 0;
}

/* A clock on each CPU: a hardware counter is not to be had everywhere, and this one counts time, not work. */
static int samplers_attach(struct session *s, uint64_t period_ns)
{
    struct perf_event_attr attr = {
        .type = PERF_TYPE_SOFTWARE,
        .size = sizeof(attr),
        .config = PERF_COUNT_SW_CPU_CLOCK,
        .sample_period = period_ns,
    };
    long cpus = sysconf(_SC_NPROCESSORS_CONF);
    for (int cpu = 0; period_ns && cpu < cpus; cpu++) {
        int rc = event_attach(s, s->skeleton->progs.on_sample, &attr, cpu);
        if (rc && rc != -ENODEV)
            return rc;
    }
    return 0;
}

static int all_attach(struct session *s, struct bpf_program *const *programs, size_t count)
{
    int rc = 0;
    for (size_t i = 0; i < count && !rc; i++)
        rc = link_keep(s, bpf_program__attach(programs[i]));
    return rc;
}

int programs_attach(struct session *s, const struct measure_options *options)
{
    struct probes_bpf *k = s->skeleton;
    struct bpf_program *const always[] = {k->progs.on_switch, k->progs.on_wakeup, k->progs.on_newtask,
                                          k->progs.on_exec, k->progs.on_exit};
    struct bpf_program *const raw[] = {k->progs.raw_exit, k->progs.raw_enter};
    struct bpf_program *const whole[] = {k->progs.ledger_exit, k->progs.ledger_enter,
                                         k->progs.on_contention_end, k->progs.on_contention};
    int rc = all_attach(s, always, sizeof(always) / sizeof(always[0]));
    if (!rc && s->ledger)
        rc = all_attach(s, whole, sizeof(whole) / sizeof(whole[0]));
    if (!rc && s->ledger)
        rc = samplers_attach(s, options->sample_period_ns);
    if (!rc && !s->ledger)
        rc = s->tracefs >= 0 ? syscalls_attach(s) : all_attach(s, raw, sizeof(raw) / sizeof(raw[0]));
    return rc;
}
