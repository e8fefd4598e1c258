/* See hooks.h.  Two facts decide, which are found out by experiment (cpu_pinning.h): a program that can be
 * preempted is skipped, wherever it is met, until the preempted thread runs again.  So fentry serves only
 * where the kernel isn't preempted; and where programs on tracepoints can be, hooks serve under which the
 * kernel itself disables preemption. */
#include "probes/session/hooks.h"

#include "probes/session/cpu_pinning.h"

bool hooks_can_pin(void)
{
    struct btf *kernel = btf__load_vmlinux_btf();
    bool can = kernel && btf__find_by_name_kind(kernel, "bpf_preempt_disable", BTF_KIND_FUNC) > 0 &&
               btf__find_by_name_kind(kernel, "bpf_preempt_enable", BTF_KIND_FUNC) > 0;
    btf__free(kernel);
    return can;
}

bool hooks_see_locks(const struct btf *kernel)
{
    return btf__find_by_name_kind(kernel, "btf_trace_contention_begin", BTF_KIND_TYPEDEF) > 0 &&
           btf__find_by_name_kind(kernel, "btf_trace_contention_end", BTF_KIND_TYPEDEF) > 0;
}

bool hooks_see_faults(const struct btf *kernel)
{
    return btf__find_by_name_kind(kernel, "handle_mm_fault", BTF_KIND_FUNC) > 0 && cpu_pinning_of_functions();
}

size_t hooks_choose(bool ledger, bool pins, enum hooks *choices, bool *pinned)
{
    size_t count = 0;
    /* kernels without these functions have never let programs on tracepoints be preempted */
    bool preempted = !pins && hooks_can_pin() && !cpu_pinning_of_syscalls();
    if (!ledger && !preempted && cpu_pinning_of_functions())
        choices[count++] = HOOKS_FUNCTIONS;
    if (preempted)
        choices[count++] = HOOKS_EVENTS;
    else if (!ledger)
        choices[count++] = HOOKS_TRACEPOINTS;
    choices[count++] = ledger && (pins || preempted) ? HOOKS_RAW_PINNED : HOOKS_RAW;
    *pinned = !preempted;
    return count;
}

const char *hooks_name(enum hooks hooks)
{
    static const char *const names[HOOKS_COUNT] = {
        [HOOKS_FUNCTIONS] = "fentry and fexit",
        [HOOKS_TRACEPOINTS] = "syscall tracepoints",
        [HOOKS_EVENTS] = "perf's events of all system calls",
        [HOOKS_RAW] = "raw tracepoints",
        [HOOKS_RAW_PINNED] = "raw tracepoints, preempted",
    };
    return names[hooks];
}
