/* SPDX-License-Identifier: MIT OR GPL-2.0 */
/* Samples of what followed threads run, by a clock on each CPU.  Owns the maps `samples`, `kernel_stacks` and
 * `sample_paths`.  Mode ledger: kernel code by the state that the thread's account is in.  Mode profile: by
 * the system call that the saved registers tell of, and by its call stack in the kernel.  A random sample of
 * all samples keeps its call path.  Needs ledger.bpf.h, call_stacks.bpf.h, running_tasks.bpf.h,
 * cpu_state.bpf.h, futex.bpf.h, tasks.bpf.h. */
#ifndef HEAPWAIT_SAMPLES_BPF_H
#define HEAPWAIT_SAMPLES_BPF_H

struct {
    __uint(type, BPF_MAP_TYPE_HASH);
    __uint(max_entries, 1 << 15);
    __type(key, struct sample_key);
    __type(value, u64);
} samples SEC(".maps");

/* User space may make the stacks shorter before loading. */
struct {
    __uint(type, BPF_MAP_TYPE_STACK_TRACE);
    __uint(max_entries, KERNEL_STACKS);
    __uint(key_size, sizeof(u32));
    __uint(value_size, 8 * PATH_CHAIN);
} kernel_stacks SEC(".maps");

struct {
    __uint(type, BPF_MAP_TYPE_ARRAY);
    __uint(max_entries, SAMPLE_PATHS);
    __type(key, u32);
    __type(value, struct sample_path);
} sample_paths SEC(".maps");

const volatile bool sample_paths_unwanted; /* set by user space before loading */
u64 samples_taken;                         /* how many samples could have had a place in sample_paths */

/* The kernel has the upper half of the address space, on both machines. */
static __always_inline bool ip_is_user(u64 ip)
{
    return (s64)ip >= 0;
}

/* Returns true if the running task entered the kernel by an exception (a page fault) rather than by a system
 * call: then the saved registers hold no system call's number. */
static __always_inline bool in_exception(struct task_struct *task)
{
    struct pt_regs *regs = (struct pt_regs *)bpf_task_pt_regs(task);
    s64 nr;
    u64 first;
    return call_number(regs) == -1 && !call_begins(regs, &nr, &first);
}

/* Counts a sample.  Returns true if it found room. */
static __always_inline bool sample_count(const struct sample_key *key)
{
    u64 one = 1, *count = bpf_map_lookup_elem(&samples, key);
    if (!count && !bpf_map_update_elem(&samples, key, &one, BPF_NOEXIST))
        return true;
    if (!count)
        count = bpf_map_lookup_elem(&samples, key); /* another CPU came first */
    if (count)
        __sync_fetch_and_add(count, 1);
    else
        loss_add(LOSS_SAMPLE, 1);
    return count != NULL;
}

/* ---- call paths ---- */

/* Returns the number of the sample's stack in the kernel, from 1; 0: it can't be had.  Two stacks may want
 * the same place.  One of them is tried without its innermost functions then, since how the kernel was
 * entered is what matters. */
static __always_inline u32 kernel_stack_of(void *ctx)
{
    const long taken = -17; /* EEXIST */
    long id = bpf_get_stackid(ctx, &kernel_stacks, 0);
    if (id == taken)
        id = bpf_get_stackid(ctx, &kernel_stacks, 1);
    if (id == taken)
        id = bpf_get_stackid(ctx, &kernel_stacks, 2);
    return id < 0 ? 0 : (u32)id + 1;
}

/* Returns which place the present sample gets in `sample_paths`, or a number beyond: reservoir sampling, as
 * for the paths of words. */
static __always_inline u32 sample_place(void)
{
    u64 before = __sync_fetch_and_add(&samples_taken, 1);
    if (before < SAMPLE_PATHS)
        return (u32)before;
    u64 place = ((before + 1) * bpf_get_prandom_u32()) >> 32;
    return place < SAMPLE_PATHS ? (u32)place : SAMPLE_PATHS;
}

/* Keeps the user's stack of the running task, if the sample is chosen, with the number of that in the kernel.
 */
static __always_inline void sample_path_offer(const struct sample_key *key, u32 kernel_stack,
                                              struct task_struct *task)
{
    u32 place = sample_place();
    u64 end = 0; /* not known: see stack_copy() */
    struct sample_path *p = bpf_map_lookup_elem(&sample_paths, &place);
    if (!p || __sync_lock_test_and_set(&p->taken, 1))
        return;
    struct path_value *v = &p->value;
    p->space = key->space;
    p->user = key->user;
    p->kernel_stack = kernel_stack;
    registers_read(v->registers, (struct pt_regs *)bpf_task_pt_regs(task));
    v->words = stack_copy(v->stack, v->registers[DWARF_SP], &end);
    long bytes = 0;
    if (chain_is_of_use(v))
        bytes = bpf_get_task_stack(task, v->chain, sizeof(v->chain), BPF_F_USER_STACK);
    v->chain_length = bytes > 0 ? (u32)bytes / 8 : 0;
    __sync_lock_test_and_set(&p->taken, 0);
}

/* ---- mode ledger ---- */

/* A sample comes in a call of which the task's account doesn't know yet.  This is how a long call is found
 * that is not timed. */
static __always_inline void sample_meets_call(struct cpu_state *c, struct task_state *t,
                                              struct task_struct *task)
{
    if (c->timed == TIMED_FOLLOWED || c->class == CLASS_NONE)
        return;
    bool timed = c->timed;
    syscall_notice(c, t, task);
    if (!timed)
        state_set(t, t->base, bpf_ktime_get_ns());
}

/* Counts a sample of the running task; `ip` is where it was. */
static __always_inline int ledger_sample(void *ctx, u64 ip)
{
    struct cpu_state *c = cpu_followed(task_identity(bpf_get_current_task_btf()), AT_KERNEL);
    struct task_struct *task = bpf_get_current_task_btf();
    struct task_state *t = c ? task_state_of(task) : NULL;
    if (!t)
        return 0;
    c->busy = 1;
    sample_meets_call(c, t, task);
    bool user = ip_is_user(ip);
    struct sample_key key = {.ip = user ? ip : 0, .space = t->space, .state = t->state, .user = user};
    if (!user)
        key.exception = in_exception(task);
    /* Before its first program it runs heapwait's own code: that is not sampled. */
    if (key.space && sample_count(&key) && !sample_paths_unwanted)
        sample_path_offer(&key, user ? 0 : kernel_stack_of(ctx), task);
    c->busy = 0;
    return 0;
}

/* ---- mode profile ----
 *
 * No state of the CPU or of the task is changed here.  So a sample is counted also where it has interrupted a
 * program that is at the CPU's page. */

/* Returns the address space of the running task; 0: it is not followed, or has not begun its program yet. */
static __always_inline u32 sample_space(const struct cpu_state *c, struct task_struct *task)
{
    u64 identity = task_identity(task);
    if (c->mine == identity)
        return c->space;
    struct task_state *t = c->passer == identity ? NULL : task_followed(task);
    return t ? t->space : 0;
}

/* Returns true if this futex call, which is under way, waits. */
static __always_inline bool call_waits(const struct cpu_state *c, s64 nr, u32 command)
{
    if (nr == nr_futex)
        return futex_state(op_of(command)) == STATE_FUTEX_WAIT;
    return nr == nr_wait || nr == nr_waitv || (nr == nr_restart && c->in_call != NO_CALL);
}

/* Returns what the running task is in the kernel for, by its saved registers: the state that a ledger would
 * have it in, but that time in the kernel on the way into a call and out of it is the call's.  STATE_USER: it
 * is no system call that brought it there. */
static __always_inline u8 profile_state(const struct cpu_state *c, struct task_struct *task)
{
    struct pt_regs *regs = (struct pt_regs *)bpf_task_pt_regs(task);
    s64 nr = call_number(regs);
    if (task->flags & TASK_IS_EXITING)
        return STATE_EXITING;
    const u64 args[3] = ARGUMENTS(regs);
    u64 first = args[0];
    if (nr == -1 && !call_begins(regs, &nr, &first))
        return STATE_USER;
    u8 class = call_is_compat(regs) ? CLASS_OTHER : class_of(c, nr);
    if (nr == nr_restart && !call_waits(c, nr, 0))
        return STATE_SYSCALL; /* nanosleep() or poll() goes on */
    if (class >= CLASS_FUTEX)
        return call_waits(c, nr, (u32)args[1]) ? STATE_FUTEX_WAIT : STATE_FUTEX_WAKE;
    if (class == CLASS_MEMORY)
        return STATE_MEMORY;
    struct file *file = class == CLASS_READ ? file_of(task, first) : NULL;
    return class == CLASS_RANDOM || (file && file_is_source(file)) ? STATE_RANDOM : STATE_SYSCALL;
}

static __always_inline int profile_sample(void *ctx, u64 ip)
{
    struct task_struct *task = bpf_get_current_task_btf();
    struct cpu_state *c = cpu_here();
    u32 space = c && !c->stopped ? sample_space(c, task) : 0;
    if (!c || !space)
        return 0;
    bool user = ip_is_user(ip);
    struct sample_key key = {.ip = user ? ip : 0, .space = space, .user = user};
    if (!user) {
        key.ip = kernel_stack_of(ctx);
        key.state = profile_state(c, task);
        key.exception =
            key.state != STATE_EXITING && call_number((struct pt_regs *)bpf_task_pt_regs(task)) == -1;
    }
    if (sample_count(&key) && !sample_paths_unwanted)
        sample_path_offer(&key, user ? 0 : (u32)key.ip, task);
    return 0;
}

SEC("perf_event")
int on_sample(struct bpf_perf_event_data *ctx)
{
#if defined(__TARGET_ARCH_x86)
    u64 ip = ctx->regs.ip;
#else
    u64 ip = ctx->regs.pc;
#endif
    return ledger ? ledger_sample(ctx, ip) : profile_sample(ctx, ip);
}

#endif
