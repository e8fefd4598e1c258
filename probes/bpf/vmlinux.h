/* The kernel types that heapwait's BPF programs depend on, and no more: a hand-trimmed vmlinux.h.  Offsets
 * come from the running kernel's BTF (CO-RE), so only names and types matter here, not order or completeness.
 */
#ifndef __VMLINUX_H__
#define __VMLINUX_H__ /* libbpf looks for this name: it chooses the kernel's names of registers */

typedef unsigned char u8;
typedef unsigned short u16;
typedef unsigned int u32;
typedef unsigned long long u64;
typedef signed char s8;
typedef short s16;
typedef int s32;
typedef long long s64;
typedef u8 __u8;
typedef u16 __u16;
typedef u32 __u32;
typedef u64 __u64;
typedef s32 __s32;
typedef s64 __s64;
typedef u16 __be16;
typedef u32 __be32;
typedef u32 __wsum;
typedef int pid_t;
typedef _Bool bool;
enum { false, true };

enum bpf_map_type {
    BPF_MAP_TYPE_HASH = 1,
    BPF_MAP_TYPE_ARRAY = 2,
    BPF_MAP_TYPE_PROG_ARRAY = 3,
    BPF_MAP_TYPE_PERCPU_HASH = 5,
    BPF_MAP_TYPE_PERCPU_ARRAY = 6,
    BPF_MAP_TYPE_STACK_TRACE = 7,
    BPF_MAP_TYPE_RINGBUF = 27,
    BPF_MAP_TYPE_TASK_STORAGE = 29,
};
enum { BPF_ANY = 0, BPF_NOEXIST = 1, BPF_EXIST = 2 };
enum { BPF_F_NO_PREALLOC = 1, BPF_F_MMAPABLE = 1 << 10 };
enum { BPF_LOCAL_STORAGE_GET_F_CREATE = 1 };
enum { BPF_RB_NO_WAKEUP = 1 };

#pragma clang attribute push(__attribute__((preserve_access_index)), apply_to = record)

struct upid {
    int nr;
};
struct pid {
    unsigned int level;
    struct upid numbers[1];
};
struct bpf_local_storage;
struct rw_semaphore {
    int owner;
};
struct mm_struct {
    struct rw_semaphore mmap_lock;
};
struct inode {
    u32 i_rdev;
};
struct file {
    struct inode *f_inode;
};
struct fdtable {
    unsigned int max_fds;
    struct file **fd;
};
struct files_struct {
    struct fdtable *fdt;
};
struct kernfs_node {
    u64 id;
};
struct cgroup;
struct cgroup_subsys_state {
    struct cgroup *cgroup;
    struct cgroup_subsys_state *parent;
};
struct cgroup {
    struct cgroup_subsys_state self;
    struct kernfs_node *kn;
};
struct css_set {
    struct cgroup *dfl_cgrp;
};
struct thread_info {
    unsigned long flags;
    u32 status;
};
struct seccomp {
    int mode;
};
struct task_struct {
    struct thread_info thread_info;
    unsigned int __state;
    void *stack;
    unsigned int flags;
    unsigned int on_cpu; /* int, and u8 since Linux 7.2: libbpf fits the size of unsigned fields only */
    u64 start_time;
    struct css_set *cgroups;
    struct seccomp seccomp;
    pid_t pid;
    pid_t tgid;
    struct task_struct *group_leader;
    struct pid *thread_pid;
    struct mm_struct *mm;
    struct files_struct *files;
    unsigned long min_flt, maj_flt;
    char comm[16];
    struct bpf_local_storage *bpf_storage;
};
/* the name before Linux 5.14 */
struct task_struct___old {
    long state;
};

#if defined(__TARGET_ARCH_x86)
struct pt_regs {
    unsigned long r15, r14, r13, r12;
    unsigned long bp, bx;
    unsigned long r11, r10, r9, r8;
    unsigned long ax, cx, dx, si, di;
    unsigned long orig_ax;
    unsigned long ip, cs, flags, sp, ss;
};
typedef struct pt_regs bpf_user_pt_regs_t;
#elif defined(__TARGET_ARCH_arm64)
struct user_pt_regs {
    u64 regs[31];
    u64 sp, pc, pstate;
};
typedef struct user_pt_regs bpf_user_pt_regs_t;
struct pt_regs {
    struct user_pt_regs user_regs;
    u64 orig_x0;
    int syscallno;
};
#endif

struct linux_binprm {
    unsigned int secureexec : 1;
    unsigned int interp_flags;
};

/* seq_file iterators over tasks */
struct bpf_iter_meta;
struct bpf_iter__task {
    struct bpf_iter_meta *meta;
    struct task_struct *task;
};

#pragma clang attribute pop

/* What a program on a perf event gets (include/uapi/linux/bpf_perf_event.h): no CO-RE, the layout is fixed.
 */
struct bpf_perf_event_data {
    bpf_user_pt_regs_t regs;
    u64 sample_period;
    u64 addr;
};

/* A syscall tracepoint's record as programs get it (struct syscall_tp_t in kernel/trace/trace_syscalls.c).
 * The number is an int, and what lies between it and the next member is not initialised. */
struct syscall_enter_record {
    u64 common;
    s32 nr;
    u32 hole;
    u64 args[6];
};
struct syscall_exit_record {
    u64 common;
    s32 nr;
    u32 hole;
    s64 ret;
};

/* The record of perf's events raw_syscalls:sys_enter and sys_exit (include/trace/events/syscalls.h). */
struct syscall_event {
    u64 common;
    s64 nr;
    union {
        s64 result;
        u64 args[6];
    };
};

#endif
