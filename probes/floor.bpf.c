// SPDX-License-Identifier: MIT OR GPL-2.0
/* Empty programs on the hooks of probes.bpf.c, under the same names: what attaching costs before anything is
 * measured.  heapwait bench compares the modes with it. */
#include "vmlinux.h"

#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

char LICENSE[] SEC("license") = "Dual MIT/GPL";

#define EMPTY(section, name)                                                                                 \
    SEC(section)                                                                                             \
    int name(void *ctx)                                                                                      \
    {                                                                                                        \
        return 0;                                                                                            \
    }

EMPTY("tracepoint", syscall_enter_record)
EMPTY("tracepoint", restart_enter_record)
EMPTY("tracepoint", syscall_exit_record)
EMPTY("tp_btf/sys_enter", raw_enter)
EMPTY("tp_btf/sys_exit", raw_exit)
EMPTY("tp_btf/sys_enter", ledger_enter)
EMPTY("tp_btf/sys_exit", ledger_exit)
EMPTY("tp_btf/sched_switch", on_switch)
EMPTY("tp_btf/sched_wakeup", on_wakeup)
EMPTY("tp_btf/task_newtask", on_newtask)
EMPTY("tp_btf/sched_process_exec", on_exec)
EMPTY("tp_btf/sched_process_exit", on_exit)
EMPTY("tp_btf/contention_begin", on_contention)
EMPTY("tp_btf/contention_end", on_contention_end)
EMPTY("perf_event", on_sample)
