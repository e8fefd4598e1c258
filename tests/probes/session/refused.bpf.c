/* Programs and maps that kernels refuse, each in another way: test_refusal.c loads one at a time. */
#include "vmlinux.h"

#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>

char LICENSE[] SEC("license") = "GPL";

enum { NO_SUCH_TYPE = 9999, NO_SUCH_HELPER = 9999 };

struct {
    __uint(type, NO_SUCH_TYPE);
    __uint(max_entries, 1);
    __type(key, u32);
    __type(value, u32);
} unknown_map SEC(".maps");

struct {
    __uint(type, BPF_MAP_TYPE_ARRAY);
    __uint(max_entries, 1);
    __type(key, u64); /* an array's has 4 bytes */
    __type(value, u32);
} wrong_map SEC(".maps");

struct task_struct___other {
    int nothing_of_the_kind;
} __attribute__((preserve_access_index));

SEC("tp_btf/sched_switch")
int beyond_the_end(const u64 *ctx)
{
    return *(const int *)((const char *)ctx[1] + 1000000);
}

SEC("tp_btf/sched_switch")
int missing_field(const u64 *ctx)
{
    return ((const struct task_struct___other *)ctx[1])->nothing_of_the_kind;
}

SEC("tp_btf/sched_no_such_event")
int missing_event(void *ctx)
{
    return 0;
}

SEC("tp_btf/sched_switch")
int missing_helper(void *ctx)
{
    return ((int (*)(void *))NO_SUCH_HELPER)(ctx);
}

SEC("socket")
int helper_of_others(void *ctx)
{
    return (int)bpf_get_stackid(ctx, ctx, 0);
}

SEC("tp_btf/sched_switch")
int accepted(void *ctx)
{
    return 0;
}
