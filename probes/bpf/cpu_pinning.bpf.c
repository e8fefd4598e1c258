// SPDX-License-Identifier: MIT OR GPL-2.0
/* One question to the running kernel: can a program on a raw tracepoint of system calls, one on another
 * tracepoint, or one at the entry of a function of the kernel's, lose the CPU to another thread?  This
 * program holds the CPU for a while, in one call of one thread.  User space sees whether another thread gets
 * the CPU meanwhile (cpu_pinning.c). */
#include "vmlinux.h"

#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

char LICENSE[] SEC("license") = "Dual MIT/GPL";

/* The urgent thread is to be seen to run, if it can, within LONGER_NS of its wakeup. */
enum { MAX_TURNS = 1 << 22, LONGER_NS = 200000 };

/* The call by which the programs are asked: its number, and a first argument that nobody else passes.  With
 * one more than that the urgent thread shows who it is. */
const volatile s64 call_number;
const volatile u64 call_secret;
const volatile bool at_birth; /* the CPU is held when the caller makes a task, not in the call */

u64 longest_ns; /* set by user space: how long the CPU is held at most */
u64 urgent;     /* the urgent thread's task */
u64 caller;     /* that of the thread that is to hold the CPU */
u64 woken_ns;   /* when the urgent one was woken while the CPU was held; 0: it was not */
u64 until_ns;   /* until when the CPU is held at most */
u64 from_ns;    /* since when it has been held; 0: not yet */
bool holding;   /* the program runs */

static long turn(u32 index, void *context)
{
    u64 now = bpf_ktime_get_ns();
    return now >= until_ns || (woken_ns && now >= woken_ns + LONGER_NS);
}

static __always_inline int hold(void)
{
    if (from_ns)
        return 0;
    from_ns = bpf_ktime_get_ns();
    until_ns = from_ns + longest_ns;
    holding = true;
    bpf_loop(MAX_TURNS, turn, NULL, 0);
    holding = false;
    return 0;
}

/* Notes which of the two threads makes the call.  Returns true for the caller. */
static __always_inline bool is_caller(struct pt_regs *regs)
{
#if defined(__TARGET_ARCH_x86)
    u64 first = regs->di;
#else
    u64 first = regs->orig_x0;
#endif
    if (first == call_secret + 1)
        urgent = bpf_get_current_task();
    if (first == call_secret)
        caller = bpf_get_current_task();
    return first == call_secret;
}

SEC("tp_btf/sched_wakeup")
int BPF_PROG(note_wakeup, struct task_struct *task)
{
    if (holding && (u64)task == urgent && !woken_ns)
        woken_ns = bpf_ktime_get_ns();
    return 0;
}

SEC("tp_btf/sys_enter")
int BPF_PROG(hold_call, struct pt_regs *regs, long nr)
{
    return nr == call_number && is_caller(regs) && !at_birth ? hold() : 0;
}

SEC("tp_btf/task_newtask")
int BPF_PROG(hold_birth, struct task_struct *task, u64 flags)
{
    return bpf_get_current_task() == caller ? hold() : 0;
}

/* On the function of that call. */
SEC("fentry")
int BPF_PROG(hold_function, struct pt_regs *regs)
{
    return is_caller(regs) ? hold() : 0;
}
