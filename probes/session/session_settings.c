/* What the BPF programs are told before they run: the mode, the numbers of system calls, the sizes of
 * maps. The kernel's headers know the numbers, which is why they are not the BPF side's. */
#include "probes/session/session_private.h"

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

void session_settings_put(struct session *s, const struct measure_options *options, bool pinned)
{
    struct probes_bpf *k = s->skeleton;
    k->rodata->ledger = s->hooks.ledger;
    k->rodata->by_registers = s->hooks.ledger || s->hooks.hooks != HOOKS_TRACEPOINTS;
    k->rodata->can_pin = hooks_can_pin();
    k->rodata->calls_pinned = pinned;
    k->rodata->nr_futex = SYS_futex;
    k->rodata->nr_restart = SYS_restart_syscall;
    k->rodata->nr_waitv = NR_FUTEX_WAITV;
    k->rodata->nr_wake = NR_FUTEX_WAKE;
    k->rodata->nr_wait = NR_FUTEX_WAIT;
    k->rodata->nr_requeue = NR_FUTEX_REQUEUE;
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
    struct bpf_map *const ledgers[] = {k->maps.threads, k->maps.samples, k->maps.cpus, k->maps.timeline};
    for (size_t i = 0; i < sizeof(ledgers) / sizeof(ledgers[0]) && !s->hooks.ledger; i++)
        bpf_map__set_autocreate(ledgers[i], false);
}

void session_cpu_states_reset(struct session *s)
{
    for (size_t cpu = 0; cpu < s->cpu_count; cpu++) {
        struct cpu_state *c = &s->cpu_states[cpu];
        *c = (struct cpu_state){.stopped = c->stopped, .again = NO_WORD};
        memset(c->classes, CLASS_OTHER, sizeof(c->classes));
        c->usual = s->hooks.ledger ? SYS_read : SYS_futex;
        c->usual_class = s->hooks.ledger ? CLASS_READ : CLASS_FUTEX;
        for (size_t i = 0; i < sizeof(classes) / sizeof(classes[0]); i++)
            c->classes[classes[i].number] = (uint8_t)classes[i].class;
    }
}
