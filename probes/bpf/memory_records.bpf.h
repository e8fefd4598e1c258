/* SPDX-License-Identifier: MIT OR GPL-2.0 */
/* Mode profile's system calls on memory through the tracepoints of each.  Needs syscalls.bpf.h and
 * memory_calls.bpf.h. */
#ifndef HEAPWAIT_MEMORY_RECORDS_BPF_H
#define HEAPWAIT_MEMORY_RECORDS_BPF_H

SEC("tracepoint")
int memory_enter_record(struct syscall_enter_record *ctx)
{
    struct cpu_state *c = record_followed(ctx, AT_ENTER);
    if (c)
        memory_enter(c, memory_kind_of(ctx->nr));
    return 1;
}

SEC("tracepoint")
int memory_exit_record(struct syscall_exit_record *ctx)
{
    struct cpu_state *c = record_followed(ctx, AT_EXIT);
    if (c)
        memory_exit(c, bpf_ktime_get_ns());
    return 1;
}

#endif
