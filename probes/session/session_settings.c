/* What the BPF programs are told before they run: the mode, the numbers of system calls, the sizes of
 * maps. The kernel's headers know the numbers, which is why they are not the BPF side's. */
#include "probes/host/caller.h"
#include "probes/session/session_private.h"

#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>

/* Numbers newer than the C library's headers may be; the same on all machines. */
enum {
    NR_PROCESS_MADVISE = 440,
    NR_FUTEX_WAITV = 449,
    NR_FUTEX_WAKE = 454,
    NR_FUTEX_WAIT = 455,
    NR_FUTEX_REQUEUE = 456,
};

/* A machine makes many processes, few of which have words. */
enum { MANY_SPACES = 1 << 18 };

static const struct {
    int number;
    enum syscall_class class;
} classes[] = {
    {SYS_futex, CLASS_FUTEX},
    {SYS_restart_syscall, CLASS_FUTEX_OTHER},
    {NR_FUTEX_WAITV, CLASS_FUTEX_OTHER},
    {NR_FUTEX_WAKE, CLASS_FUTEX_OTHER},
    {NR_FUTEX_WAIT, CLASS_FUTEX_OTHER},
    {NR_FUTEX_REQUEUE, CLASS_FUTEX_OTHER},
    {SYS_mmap, CLASS_MEMORY},
    {SYS_munmap, CLASS_MEMORY},
    {SYS_mremap, CLASS_MEMORY},
    {SYS_brk, CLASS_MEMORY},
    {SYS_madvise, CLASS_MEMORY},
    {NR_PROCESS_MADVISE, CLASS_MEMORY},
    {SYS_mprotect, CLASS_MEMORY},
    {SYS_getrandom, CLASS_RANDOM},
    {SYS_read, CLASS_READ},
    {SYS_readv, CLASS_READ},
    {SYS_pread64, CLASS_READ},
    {SYS_close, CLASS_DESCRIPTORS},
    {SYS_dup3, CLASS_DESCRIPTORS},
    {436 /* close_range */, CLASS_DESCRIPTORS},
    {SYS_execve, CLASS_DESCRIPTORS},
#ifdef SYS_dup2
    {SYS_dup2, CLASS_DESCRIPTORS},
#endif
};

/* Returns how many frames the kernel follows at most: no map takes longer stacks. */
static uint32_t stack_limit(void)
{
    unsigned most = PATH_CHAIN;
    FILE *file = fopen("/proc/sys/kernel/perf_event_max_stack", "re");
    if (file && fscanf(file, "%u", &most) != 1)
        most = PATH_CHAIN;
    if (file)
        fclose(file);
    return most && most < PATH_CHAIN ? most : PATH_CHAIN;
}

/* Makes only those maps that the mode uses. */
static void maps_choose(const struct session *s)
{
    const struct probes_bpf *k = s->skeleton;
    const bool sampled = s->hooks.sample_period_ns != 0;
    const struct {
        struct bpf_map *map;
        bool used;
    } maps[] = {
        {k->maps.threads, s->hooks.ledger},      {k->maps.cpus, s->hooks.ledger},
        {k->maps.timeline, s->hooks.ledger},     {k->maps.samples, sampled},
        {k->maps.kernel_stacks, sampled},        {k->maps.sample_paths, sampled},
        {k->maps.memory_calls, s->hooks.memory},
    };
    for (size_t i = 0; i < sizeof(maps) / sizeof(maps[0]); i++)
        if (!maps[i].used)
            bpf_map__set_autocreate(maps[i].map, false);
    bpf_map__set_value_size(k->maps.kernel_stacks, 8 * stack_limit());
}

void session_settings_put(struct session *s, const struct measure_options *options, bool pinned)
{
    struct probes_bpf *k = s->skeleton;
    k->rodata->ledger = s->hooks.ledger;
    k->rodata->bystanders_kept = s->hooks.ledger || s->hooks.hooks == HOOKS_RAW;
    k->rodata->by_registers = s->hooks.ledger || s->hooks.hooks != HOOKS_TRACEPOINTS;
    k->rodata->lent = caller_is_lent();
    k->rodata->can_pin = hooks_can_pin();
    k->rodata->calls_pinned = pinned;
    k->rodata->events_pinned = s->events_pinned;
    k->rodata->paths_unwanted = options->no_paths;
    k->rodata->sample_paths_unwanted = options->no_paths || options->no_sample_paths || options->perf_file;
    k->rodata->nr_futex = SYS_futex;
    k->rodata->nr_restart = SYS_restart_syscall;
    k->rodata->nr_waitv = NR_FUTEX_WAITV;
    k->rodata->nr_wake = NR_FUTEX_WAKE;
    k->rodata->nr_wait = NR_FUTEX_WAIT;
    k->rodata->nr_requeue = NR_FUTEX_REQUEUE;
    k->rodata->memory_counted = s->hooks.memory;
    k->rodata->nr_memory[MEMORY_MMAP] = SYS_mmap;
    k->rodata->nr_memory[MEMORY_MUNMAP] = SYS_munmap;
    k->rodata->nr_memory[MEMORY_MREMAP] = SYS_mremap;
    k->rodata->nr_memory[MEMORY_MADVISE] = SYS_madvise;
    k->rodata->nr_memory[MEMORY_MPROTECT] = SYS_mprotect;
    k->rodata->nr_memory[MEMORY_BRK] = SYS_brk;
    k->rodata->timeline_after_ns = options->timeline_after_ns;
    k->rodata->timeline_length_ns = s->hooks.ledger ? options->timeline_length_ns : 0;
    bpf_map__set_max_entries(k->maps.cpu_states, (uint32_t)s->cpu_count);
    if (options->max_words) {
        bpf_map__set_max_entries(k->maps.words, options->max_words);
        bpf_map__set_max_entries(k->maps.histograms, options->max_words);
    }
    if (options->machine || options->cgroup)
        bpf_map__set_max_entries(k->maps.spaces, MANY_SPACES);
    if (options->max_threads)
        bpf_map__set_max_entries(k->maps.threads, options->max_threads);
    maps_choose(s);
}

void session_cpu_states_reset(struct session *s)
{
    for (size_t cpu = 0; cpu < s->cpu_count; cpu++) {
        struct cpu_state *c = &s->cpu_states[cpu];
        *c = (struct cpu_state){.stopped = c->stopped, .again = NO_WORD, .again_wait = NO_WORD};
        memset(c->classes, CLASS_OTHER, sizeof(c->classes));
        c->usual = s->hooks.ledger ? SYS_read : SYS_futex;
        c->usual_class = s->hooks.ledger ? CLASS_READ : CLASS_FUTEX;
        for (size_t i = 0; i < sizeof(classes) / sizeof(classes[0]); i++)
            c->classes[classes[i].number] = (uint8_t)classes[i].class;
    }
}
