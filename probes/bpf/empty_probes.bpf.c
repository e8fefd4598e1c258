// SPDX-License-Identifier: MIT OR GPL-2.0
/* Empty programs on the hooks of probes.bpf.c, under the same names: what attaching costs before anything is
 * measured.  heapwait-bench compares the modes with it. */
#include "vmlinux.h"

#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

char LICENSE[] SEC("license") = "Dual MIT/GPL";

#define EMPTY(section, name, result)                                                                         \
    SEC(section)                                                                                             \
    int name(void *ctx)                                                                                      \
    {                                                                                                        \
        return result;                                                                                       \
    }

EMPTY("tracepoint", syscall_enter_record, 1)
EMPTY("tracepoint", restart_enter_record, 1)
EMPTY("tracepoint", syscall_exit_record, 1)
EMPTY("tp_btf/sys_enter", raw_enter, 0)
EMPTY("tp_btf/sys_exit", raw_exit, 0)
EMPTY("tp_btf/sys_enter", ledger_enter, 0)
EMPTY("tp_btf/sys_exit", ledger_exit, 0)
EMPTY("tp_btf/sys_enter", ledger_enter_pins, 0)
EMPTY("tp_btf/sys_exit", ledger_exit_pins, 0)
EMPTY("tracepoint", event_enter, 1)
EMPTY("tracepoint", event_exit, 1)
EMPTY("fentry", enter_futex, 0)
EMPTY("fexit", exit_futex, 0)
EMPTY("fentry", enter_restart_syscall, 0)
EMPTY("fexit", exit_restart_syscall, 0)
EMPTY("fentry", enter_futex_waitv, 0)
EMPTY("fexit", exit_futex_waitv, 0)
EMPTY("fentry", enter_futex_wake, 0)
EMPTY("fexit", exit_futex_wake, 0)
EMPTY("fentry", enter_futex_wait, 0)
EMPTY("fexit", exit_futex_wait, 0)
EMPTY("fentry", enter_futex_requeue, 0)
EMPTY("fexit", exit_futex_requeue, 0)
EMPTY("tp_btf/sched_switch", on_switch, 0)
EMPTY("tp_btf/sched_wakeup", on_wakeup, 0)
EMPTY("tp_btf/task_newtask", on_newtask, 0)
EMPTY("tp_btf/sched_process_exec", on_exec, 0)
EMPTY("tp_btf/sched_process_exit", on_exit, 0)
EMPTY("tp_btf/contention_begin", on_contention, 0)
EMPTY("tp_btf/contention_end", on_contention_end, 0)
EMPTY("fentry/handle_mm_fault", on_fault, 0)
EMPTY("fexit/handle_mm_fault", on_fault_end, 0)
EMPTY("perf_event", on_sample, 0)
