// SPDX-License-Identifier: MIT OR GPL-2.0
/* One question to the running kernel: can a program on a raw tracepoint of system calls lose the CPU to
 * another thread?  This program holds the CPU for a while, in one call of one thread.  User space sees
 * whether another thread gets the CPU meanwhile (cpu_pinning.c). */
#include "vmlinux.h"

#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

char LICENSE[] SEC("license") = "Dual MIT/GPL";

enum { MAX_TURNS = 1 << 20 };

/* The call in which the CPU is held: its number, and a first argument that nobody else passes. */
const volatile s64 call_number;
const volatile u64 call_secret;

u64 until_ns; /* until when to hold the CPU: CLOCK_MONOTONIC */
u64 from_ns;  /* since when it has been held; 0: not yet */
bool holding; /* the program runs */

static long turn(u32 index, void *context)
{
    return bpf_ktime_get_ns() >= until_ns;
}

SEC("tp_btf/sys_enter")
int BPF_PROG(hold, struct pt_regs *regs, long nr)
{
#if defined(__TARGET_ARCH_x86)
    u64 first = regs->di;
#else
    u64 first = regs->orig_x0;
#endif
    if (nr != call_number || first != call_secret || from_ns)
        return 0;
    from_ns = bpf_ktime_get_ns();
    holding = true;
    bpf_loop(MAX_TURNS, turn, NULL, 0);
    holding = false;
    return 0;
}
