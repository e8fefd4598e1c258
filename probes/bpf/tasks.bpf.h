/* SPDX-License-Identifier: MIT OR GPL-2.0 */
/* Who is followed: the state kept for each task, the address spaces, and the counters of what was lost.  What
 * a state means for futexes and for the ledger is futex.bpf.h's and ledger.bpf.h's. */
#ifndef HEAPWAIT_TASKS_BPF_H
#define HEAPWAIT_TASKS_BPF_H

enum {
    CLONE_THREAD = 0x10000,
    TIMED_FIRST = 64,     /* a thread's first short calls are all timed, and those after a long one */
    TIMED_BITS = 5,       /* of the later ones one in 2^5, at random, */
    TIMED_MANY = 512,     /* until so many are: their mean is known by then, */
    SPARSE_BITS = 7,      /* and one in 2^7 is enough */
    LONG_CALL_NS = 50000, /* a timed call that took longer is no sample of the others: see call_was_long() */
};

/* Set by user space before loading. */
const volatile bool
    ledger; /* mode ledger; else mode waits, and what belongs to the ledger is never verified in */

const volatile bool can_pin;
const volatile bool calls_pinned; /* the kernel itself pins programs on system calls: see cpu_pinning.h */
const volatile bool by_registers; /* raw tracepoints: they tell where the task's registers are saved */

/* Where kernels let a program on a tracepoint be preempted they have these as well (both came with Linux 6.10
 * and 6.13): what a program has begun to change, of its CPU or its task, must be whole before a switch is
 * seen. */
extern void bpf_preempt_disable(void) __weak __ksym;
extern void bpf_preempt_enable(void) __weak __ksym;

static __always_inline void pin(void)
{
    if (can_pin)
        bpf_preempt_disable();
}

static __always_inline void unpin(void)
{
    if (can_pin)
        bpf_preempt_enable();
}

bool stopped;     /* by user space: nothing is recorded from here on */
u64 stopped_ns;   /* when it was */
u32 spaces_made;  /* the number of the newest address space */
u32 threads_made; /* the number of the newest thread */
u64 living_tasks; /* followed tasks that were still there at the end */
u32 marks;        /* how many tasks that ran already have been marked: see running_tasks.bpf.h */
u64 losses[LOSS_COUNT];

struct task_state {
    u32 space;
    u32 short_calls; /* how many were timed, up to TIMED_MANY */
    /* of the futex call under way, once it is followed here: see struct cpu_state */
    u8 in_call;
    u8 op;
    u8 slept;       /* left the CPU to sleep at least once */
    u8 off_cpu;     /* enum where */
    u8 restartable; /* the last wait was interrupted so that the kernel will restart it */
    u8 untimed;     /* the call's beginning was not seen by a clock */
    u8 under_way;   /* the call had begun before the task was followed */
    /* of the ledger */
    u8 state;       /* enum thread_state */
    u8 base;        /* the state it has when on-CPU and not held up by a lock of the kernel's */
    u8 contended;   /* how many locks of the kernel's it waits for (they may nest) */
    u8 lock_state;  /* which of the two spinning states */
    u8 file_random; /* what file_seen is */
    u8 kept;        /* enum kept */
    u32 weight;     /* how many calls the timed one stands for */
    u32 expected;
    u32 file_generation;
    u32 taken;     /* at the end: what it holds has been */
    u32 unsettled; /* marked while it lived: where it was then is not known yet, see running_tasks.bpf.h */
    u64 address;
    u64 waiters; /* futex_waitv's array */
    u64 enter_ns;
    u64 off_ns;   /* since when it has been where off_cpu says */
    u64 woken_ns; /* when the sleeping waiter was woken; 0: it wasn't */
    u64 blocked_ns;
    u64 runnable_ns;
    u64 lock_ns;  /* the ledger's lock states at the call's beginning */
    u64 since_ns; /* since when it has been in `state` */
    u64 file_seen;
    u64 stack_end;     /* where its stack was seen to end, see stack_copy() */
    u64 faults_before; /* what the kernel had counted when the task was marked */
    struct thread_record record;
};
enum where { ON_CPU, BLOCKED, RUNNABLE };
enum kept {
    KEPT_NEVER,
    KEPT,
    KEPT_NOT
}; /* a task's account: in the table of threads, or without room there */

struct {
    __uint(type, BPF_MAP_TYPE_TASK_STORAGE);
    __uint(map_flags, BPF_F_NO_PREALLOC);
    __type(key, int);
    __type(value, struct task_state);
} tasks SEC(".maps");

struct {
    __uint(type, BPF_MAP_TYPE_HASH);
    __uint(map_flags, BPF_F_NO_PREALLOC);
    __uint(max_entries, 1 << 16);
    __type(key, u32);
    __type(value, struct space_info);
} spaces SEC(".maps");

/* By number of the CPU.  Not a per-CPU map: to find a value there takes two pages more. */
struct {
    __uint(type, BPF_MAP_TYPE_ARRAY);
    __uint(map_flags, BPF_F_MMAPABLE);
    __uint(max_entries, 1); /* set by user space before loading */
    __type(key, u32);
    __type(value, struct cpu_state);
} cpu_states SEC(".maps");

/* Of the CPU that runs the program; NULL: never. */
static __always_inline struct cpu_state *cpu_here(void)
{
    u32 cpu = bpf_get_smp_processor_id();
    return bpf_map_lookup_elem(&cpu_states, &cpu);
}

/* The count-down of short calls begins anew; it counts them as well, since each call that it is spared is
 * worth it. */
static __always_inline void gap_set(struct cpu_state *c, u32 gap)
{
    c->syscalls += c->drawn - c->gap;
    c->drawn = gap;
    c->gap = gap;
}

/* The system calls that the CPU has counted for its task, once. */
static __always_inline u64 syscalls_take(struct cpu_state *c)
{
    u64 calls = c->syscalls + (c->drawn - c->gap);
    c->drawn = c->gap;
    c->syscalls = 0;
    return calls;
}

/* Of each block of calls one is timed, so that their number is no matter of luck, and at random (a linear
 * congruential generator, Numerical Recipes' constants), since a program's calls have a rhythm.  `before`:
 * how many calls of an earlier block are still to come. */
static __always_inline void block_begin(struct cpu_state *c, u32 before)
{
    c->random = c->random * 1664525 + 1013904223;
    u32 bits = c->short_calls < TIMED_MANY ? TIMED_BITS : SPARSE_BITS;
    u32 place = c->random >> (32 - bits);
    gap_set(c, before + place + 1);
    c->block_bits = bits;
    c->block_rest = (1 << bits) - 1 - place;
}

/* A short call: whether it is to be timed; then timed_next() must follow. */
static __always_inline bool call_is_timed(struct cpu_state *c)
{
    c->gap -= 1;
    return !c->gap;
}

/* The present short call is timed: what it stands for is c->weight, and which one is next. */
static __always_inline void timed_next(struct cpu_state *c)
{
    bool first = c->short_calls < TIMED_FIRST;
    c->weight = first ? 1 : 1 << (c->block_bits & 7);
    if (c->short_calls < TIMED_MANY)
        c->short_calls += 1;
    if (c->short_calls < TIMED_FIRST)
        gap_set(c, 1);
    else
        block_begin(c, first ? 0 : c->block_rest);
}

/* A timed call took long: either an interrupt or the machine's host came between, which the calls that it
 * stands for have not met; or calls are long now, and then all are timed, which costs little beside them. */
static __always_inline void call_was_long(struct cpu_state *c)
{
    c->short_calls = 0;
    gap_set(c, 1);
}

static __always_inline void loss_add(enum loss_reason reason, u64 count)
{
    __sync_fetch_and_add(&losses[reason], count);
}

/* NULL for a task that is not followed.  Most tasks have no storage at all: one load tells. */
static __always_inline struct task_state *task_followed(struct task_struct *task)
{
    if (bpf_core_field_exists(task->bpf_storage) && !task->bpf_storage)
        return NULL;
    if (stopped)
        return NULL;
    return bpf_task_storage_get(&tasks, task, NULL, 0);
}

/* The number of the system call that user registers were saved at; -1 where it was an exception (a page
 * fault).
 */
static __always_inline s64 call_number(struct pt_regs *regs)
{
#if defined(__TARGET_ARCH_x86)
    return (s32)BPF_CORE_READ(regs, orig_ax);
#else
    return BPF_CORE_READ(regs, syscallno);
#endif
}

/* Of a system call, as it begins. */
#if defined(__TARGET_ARCH_x86)
#define ARGUMENTS(regs)                                                                                      \
    {                                                                                                        \
        (regs)->di, (regs)->si, (regs)->dx                                                                   \
    }
#else
#define ARGUMENTS(regs)                                                                                      \
    {                                                                                                        \
        (regs)->orig_x0, (regs)->user_regs.regs[1], (regs)->user_regs.regs[2]                                \
    }
#endif

static __always_inline u32 task_run_state(struct task_struct *task)
{
    if (bpf_core_field_exists(task->__state))
        return task->__state;
    return BPF_CORE_READ((struct task_struct___old *)task, state);
}

/* Whether a CPU runs the task now. */
static __always_inline bool task_on_cpu(struct task_struct *task)
{
    if (bpf_core_field_exists(task->on_cpu))
        return task->on_cpu;
    return task == bpf_get_current_task_btf(); /* a kernel for one CPU */
}

static __always_inline bool task_is_compat(struct task_struct *task)
{
#if defined(__TARGET_ARCH_x86)
    return task->thread_info.status & 0x2; /* TS_COMPAT */
#elif defined(__TARGET_ARCH_arm64)
    return task->thread_info.flags & (1ul << 22); /* TIF_32BIT */
#else
    return false;
#endif
}

/* Whether a system call that begins with these registers is one of the 32-bit kind, which has other numbers.
 * For most calls the registers tell: on x86 the `syscall` instruction leaves ip and flags in rcx and r11
 * (entry_SYSCALL_64 in arch/x86/entry/entry_64.S).  To ask for the task is a call of the kernel's code. */
static __always_inline bool call_is_compat(const struct pt_regs *regs)
{
#if defined(__TARGET_ARCH_x86)
    if (regs->cx == regs->ip && regs->r11 == regs->flags)
        return false;
    return task_is_compat(bpf_get_current_task_btf());
#else
    return regs->user_regs.pstate & 0x10;         /* PSR_MODE32_BIT */
#endif
}

/* Whether the program that a task has just begun is a 32-bit one. */
static __always_inline bool program_is_32bit(struct task_struct *task)
{
#if defined(__TARGET_ARCH_x86)
    return task->thread_info.flags & (1ul << 29); /* TIF_ADDR32 */
#else
    return task_is_compat(task);
#endif
}

static __always_inline struct task_state *task_state_of(struct task_struct *task)
{
    return bpf_task_storage_get(&tasks, task, NULL, 0);
}

/* What tells one running task from another, at hand in every probe: where its registers are saved, at the top
 * of its kernel stack, or its address. */
static __always_inline u64 task_identity(struct task_struct *task)
{
    return by_registers ? (u64)bpf_task_pt_regs(task) : (u64)task;
}

/* What the CPU has not brought to its task's account: the switch by which that left was not shown. */
static __noinline int spent_drop(struct cpu_state *c)
{
    if (c) {
        __builtin_memset(c->spent, 0, sizeof(c->spent));
        __builtin_memset(c->spent_calls, 0, sizeof(c->spent_calls));
    }
    return 0;
}

/* What the task knows goes to the CPU that runs it. */
static __always_inline void task_load(struct cpu_state *c, const struct task_state *t, u64 identity)
{
    c->owner = identity;
    c->mine = t ? identity : 0;
    c->passer = 0;
    c->stack = 0;
    c->again = NO_WORD;
    if (ledger && c->spent_calls[STATE_USER])
        spent_drop(c);
    if (!t)
        return;
    bool within = c->short_calls >= TIMED_FIRST; /* a block, which the tasks of a CPU share */
    c->short_calls = t->short_calls;
    if (c->short_calls < TIMED_FIRST)
        gap_set(c, 1);
    else if (!within)
        block_begin(c, 0);
    c->in_call = t->in_call ? FOLLOWED_CALL : NO_CALL;
    c->op = t->op;
    c->restartable = t->restartable;
    c->file_known = 0;
    c->space = t->space;
    c->thread = t->record.thread;
    c->base = t->base;
    c->timed = t->base != STATE_USER ? TIMED_FOLLOWED : UNTIMED;
    c->class = c->timed ? CLASS_OTHER : CLASS_NONE;
    syscalls_take(c);
}

/* Of heapwait's pid namespace: the level of the first followed task, which is the command, or of heapwait
 * itself where it marks tasks that run already (those may be in a namespace further down). */
u32 pid_level;
bool pid_level_known;

/* The number of `pid` in heapwait's pid namespace. */
static __noinline u32 pid_number(struct pid *pid)
{
    int nr = 0;
    if (!pid_level_known) {
        pid_level = BPF_CORE_READ(pid, level);
        pid_level_known = true;
    }
    u32 stride = bpf_core_type_size(struct upid);
    bpf_probe_read_kernel(&nr, sizeof(nr),
                          (void *)pid + bpf_core_field_offset(struct pid, numbers) + pid_level * stride +
                              bpf_core_field_offset(struct upid, nr));
    return (u32)nr;
}

static __always_inline u32 task_tgid(struct task_struct *task)
{
    return pid_number(BPF_CORE_READ(task, group_leader, thread_pid));
}

static __noinline u32 space_new(struct task_struct *task, u32 parent, bool by_exec)
{
    u32 id = __sync_fetch_and_add(&spaces_made, 1) + 1;
    struct space_info info = {
        .born_ns = bpf_ktime_get_ns(), .tgid = task_tgid(task), .parent = parent, .by_exec = by_exec};
    if (bpf_map_update_elem(&spaces, &id, &info, BPF_NOEXIST))
        loss_add(LOSS_SPACE, 1);
    return id;
}

#endif
