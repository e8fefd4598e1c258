/* SPDX-License-Identifier: MIT OR GPL-2.0 */
/* Who is followed.  Owns the state of each task (map `tasks`), the address spaces (`spaces`), the pages of
 * the CPUs (`cpu_states`), the count-down that picks the short calls to be timed, and the counters of what
 * was lost.  What a state means for futexes and for the ledger is futex.bpf.h's and ledger.bpf.h's.  Needs
 * vmlinux.h, abi.h, verifier.bpf.h. */
#ifndef HEAPWAIT_TASKS_BPF_H
#define HEAPWAIT_TASKS_BPF_H

enum {
    CLONE_THREAD = 0x10000,
    TIMED_FIRST = 64, /* so many of a thread's short calls are all timed: the first, and after a long one */
    TIMED_BITS = 5,   /* of the later ones one in 2^5 is timed, at random, */
    TIMED_MANY = 512, /* until so many have been: their mean is known by then */
    SPARSE_BITS = 7,  /* from there on one in 2^7 */
    LONG_CALL_NS = 50000, /* a timed call that took longer stands for no others: see call_was_long() */
};

/* Set by user space before loading. */
const volatile bool
    ledger; /* mode ledger; else mode waits, in which the verifier drops what belongs to the ledger */

const volatile bool lent; /* heapwait's rights are its file's: who gets other rights is followed no longer */

const volatile bool can_pin;         /* the kernel has the two functions below */
const volatile bool calls_pinned;    /* the kernel itself pins programs on system calls: see cpu_pinning.h */
const volatile bool events_pinned;   /* and those on other tracepoints */
const volatile bool bystanders_kept; /* programs of all system calls ask bystanders[] first */
const volatile bool by_registers;    /* raw tracepoints are used, which tell where the task's registers are */

/* What a program has begun to change, of its CPU's page or of its task, must be whole before it sees a
 * switch. So a program that can be preempted pins its CPU.  Kernels that let programs on tracepoints be
 * preempted (since 6.13) have these functions (since 6.10). */
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

bool stopped;     /* set by user space: nothing is recorded from here on */
u64 stopped_ns;   /* when that was; 0: it goes on */
u32 spaces_made;  /* the number of the newest address space */
u32 threads_made; /* the number of the newest thread */
u64 living_tasks; /* followed tasks that were still there at the end */
u32 marks;        /* how many tasks that ran already have been marked: see running_tasks.bpf.h */
u64 losses[LOSS_COUNT];

/* What is known of a followed task while it is off the CPU, and of those calls of its that are followed here
 * (FOLLOWED_CALL, TIMED_FOLLOWED).  While it runs, what the CPU's page has as well is newer there. */
struct task_state {
    u32 space;
    u32 short_calls; /* how many were timed, up to TIMED_MANY */
    /* the futex call under way, once it is followed here: see enum call_place */
    u8 in_call;
    u8 op;
    u8 slept;       /* left the CPU to sleep at least once */
    u8 off_cpu;     /* enum where */
    u8 restartable; /* the last wait was interrupted so that the kernel will restart it */
    u8 untimed;     /* when the call began is not known */
    u8 under_way;   /* the call had begun before the task was followed */
    /* of the ledger */
    u8 state;       /* enum thread_state */
    u8 base;        /* the state that it has on-CPU, unless it spins for a lock of the kernel's */
    u8 lock_state;  /* while `contended`: STATE_MMAP_LOCK or STATE_KERNEL_LOCK */
    u8 file_random; /* whether file_seen is the random source */
    u8 kept;        /* enum kept */
    u32 weight;     /* how many calls the timed one stands for */
    u32 expected;
    u32 file_generation;
    u32 taken;     /* at the end: somebody has begun to take what the task holds */
    u32 unsettled; /* marked while it lived: where it was then is not known yet, see running_tasks.bpf.h */
    u64 address;
    u64 waiters;  /* address of the array that futex_waitv() or futex_requeue() was given */
    u64 enter_ns; /* when the call began */
    u64 off_ns;   /* since when the task has been where off_cpu says */
    u64 woken_ns; /* when the sleeping waiter was woken; 0: it was not */
    u64 blocked_ns;
    u64 runnable_ns;
    u64 lock_ns;       /* lock_time() at the call's beginning */
    u64 contended;     /* the kernel's lock that it waits for; 0: none */
    u64 since_ns;      /* since when it has been in `state` */
    u64 file_seen;     /* the kernel's struct file that was read from last */
    u64 stack_end;     /* where its stack was seen to end, see stack_copy() */
    u64 faults_before; /* what the kernel had counted when the task was marked */
    /* the system call on memory under way: see memory_calls.bpf.h */
    u64 memory_since_ns;   /* when it began */
    u64 memory_off_ns;     /* since when the task is asleep in it; 0: it is not */
    u64 memory_blocked_ns; /* how long it has been */
    u32 memory_kind;       /* enum memory_kind; 0: there is none */
    u32 pad;
    struct thread_record record;
};
enum where { ON_CPU, BLOCKED, RUNNABLE };
enum kept {
    KEPT_NEVER, /* not tried yet */
    KEPT,       /* the task's account is in the table of threads */
    KEPT_NOT    /* there was no room for it */
};

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

/* The pages, by number of the CPU.  Not a per-CPU map: to find a value there takes two pages more. */
struct {
    __uint(type, BPF_MAP_TYPE_ARRAY);
    __uint(map_flags, BPF_F_MMAPABLE);
    __uint(max_entries, 1); /* set by user space before loading */
    __type(key, u32);
    __type(value, struct cpu_state);
} cpu_states SEC(".maps");

/* See struct bystander_line. */
struct bystander_line bystanders[BYSTANDER_LINES] __attribute__((aligned(64)));

static __always_inline struct bystander_line *bystander_here(void)
{
    u64 cpu = bpf_get_smp_processor_id();
    return &bystanders[cpu & (BYSTANDER_LINES - 1)];
}

/* Returns the page of the CPU that runs the program.  Never NULL, but the verifier wants to see it asked. */
static __always_inline struct cpu_state *cpu_here(void)
{
    u32 cpu = bpf_get_smp_processor_id();
    return bpf_map_lookup_elem(&cpu_states, &cpu);
}

/* Begins the count-down to the next timed short call anew.  The count-down is also how short calls are
 * counted: drawn - gap of them have passed.  That spares each call a counter of its own. */
static __always_inline void gap_set(struct cpu_state *c, u32 gap)
{
    c->syscalls += c->drawn - c->gap;
    c->drawn = gap;
    c->gap = gap;
}

/* Returns how many system calls the CPU has counted for its task since it was last asked. */
static __always_inline u64 syscalls_take(struct cpu_state *c)
{
    u64 calls = c->syscalls + (c->drawn - c->gap);
    c->drawn = c->gap;
    c->syscalls = 0;
    return calls;
}

/* Draws which call of the next block is timed.  One of each block is, so that their number is no matter of
 * luck.  Which one is random, since a program's calls have a rhythm (a linear congruential generator with the
 * constants of Numerical Recipes).  `before`: how many calls of the present block are still to come. */
static __always_inline void block_begin(struct cpu_state *c, u32 before)
{
    c->random = c->random * 1664525 + 1013904223;
    u32 bits = c->short_calls < TIMED_MANY ? TIMED_BITS : SPARSE_BITS;
    u32 place = c->random >> (32 - bits);
    gap_set(c, before + place + 1);
    c->block_bits = bits;
    c->block_rest = (1 << bits) - 1 - place;
}

/* Counts a short call.  Returns true if it is to be timed; then timed_next() must follow. */
static __always_inline bool call_is_timed(struct cpu_state *c)
{
    c->gap -= 1;
    return !c->gap;
}

/* The present short call is timed: sets c->weight, how many calls it stands for, and draws the next one. */
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

/* A timed call took long.  Either an interrupt or the machine's host came between; the calls that it stands
 * for have not met that.  Or calls are long now.  In both cases the next TIMED_FIRST are all timed, which
 * costs little beside a long call. */
static __always_inline void call_was_long(struct cpu_state *c)
{
    c->short_calls = 0;
    gap_set(c, 1);
}

static __always_inline void loss_add(enum loss_reason reason, u64 count)
{
    __sync_fetch_and_add(&losses[reason], count);
}

/* Returns the task's state; NULL if it is not followed, or the recording has been stopped.  Most tasks have
 * no task storage at all, which one load tells. */
static __always_inline struct task_state *task_followed(struct task_struct *task)
{
    if (bpf_core_field_exists(task->bpf_storage) && !task->bpf_storage)
        return NULL;
    if (stopped)
        return NULL;
    return bpf_task_storage_get(&tasks, task, NULL, 0);
}

/* Returns the number of the system call at which the user's registers were saved; -1 if they were saved at an
 * exception (a page fault). */
static __always_inline s64 call_number(struct pt_regs *regs)
{
#if defined(__TARGET_ARCH_x86)
    return (s32)BPF_CORE_READ(regs, orig_ax);
#else
    return BPF_CORE_READ(regs, syscallno);
#endif
}

/* The same of registers that are the program's own argument, which it may read without a call of the kernel's
 * code. */
static __always_inline s64 call_number_here(const struct pt_regs *regs)
{
#if defined(__TARGET_ARCH_x86)
    return (s32)regs->orig_ax;
#else
    return regs->syscallno;
#endif
}

/* Returns true if a system call begins whose number call_number() doesn't know yet; *nr: that number,
 * *first: the first argument.  Only of the running task.  On arm64 the kernel stores the number some
 * instructions after it has let interrupts in again; until then the program's last instruction was `svc #0`
 * (Arm Architecture Reference Manual, C6.2), and x8 has the number. */
static __always_inline bool call_begins(struct pt_regs *regs, s64 *nr, u64 *first)
{
#if defined(__TARGET_ARCH_x86)
    (void)regs;
    (void)nr;
    (void)first;
    return false;
#else
    u32 last = 0;
    if (call_number(regs) != -1 ||
        bpf_probe_read_user(&last, sizeof(last), (void *)(BPF_CORE_READ(regs, user_regs.pc) - sizeof(last))))
        return false;
    if (last != 0xd4000001)
        return false;
    *nr = (s32)BPF_CORE_READ(regs, user_regs.regs[8]);
    *first = BPF_CORE_READ(regs, user_regs.regs[0]);
    return true;
#endif
}

/* The first three arguments of a system call, from its registers as it begins. */
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

/* Returns true if a CPU runs the task now. */
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

/* Returns true if the registers alone tell that a system call which begins with them is not of the 32-bit
 * kind, which has other numbers.  They do so for most calls: on x86 the `syscall` instruction leaves ip and
 * flags in rcx and r11 (entry_SYSCALL_64 in arch/x86/entry/entry_64.S). */
static __always_inline bool call_is_native(const struct pt_regs *regs)
{
#if defined(__TARGET_ARCH_x86)
    return regs->cx == regs->ip && regs->r11 == regs->flags;
#else
    return !(regs->user_regs.pstate & 0x10);      /* PSR_MODE32_BIT */
#endif
}

/* Returns true if the call is of the 32-bit kind.  Where the registers don't tell, the task is asked, which
 * is a call of the kernel's code. */
static __always_inline bool call_is_compat(const struct pt_regs *regs)
{
#if defined(__TARGET_ARCH_x86)
    if (call_is_native(regs))
        return false;
    return task_is_compat(bpf_get_current_task_btf());
#else
    return !call_is_native(regs);
#endif
}

/* Returns true if the program that the task has just begun is a 32-bit one. */
static __always_inline bool program_is_32bit(struct task_struct *task)
{
#if defined(__TARGET_ARCH_x86)
    return task->thread_info.flags & (1ul << 29); /* TIF_ADDR32 */
#else
    return task_is_compat(task);
#endif
}

/* Returns the task's state, also after the recording has been stopped; NULL: it is not followed. */
static __always_inline struct task_state *task_state_of(struct task_struct *task)
{
    return bpf_task_storage_get(&tasks, task, NULL, 0);
}

/* Returns what tells one running task from another.  With raw tracepoints it is the place at the top of the
 * kernel stack where the task's registers are saved; else it is the task's address.  Both are at hand in the
 * programs that ask. */
static __always_inline u64 task_identity(struct task_struct *task)
{
    return by_registers ? (u64)bpf_task_pt_regs(task) : (u64)task;
}

/* The next wake and the next wait have to compare keys. */
static __always_inline void again_forget(struct cpu_state *c)
{
    c->again = NO_WORD;
    c->again_wait = NO_WORD;
}

/* Empties the CPU's spent[].  spent_settle() does so once it has brought it to the task's account.
 * task_load() does so when it finds something there: then the kernel has not shown the switch by which that
 * task left the CPU, and it is too late to settle it.  Time that was not settled is user code in the account.
 */
SUBPROGRAM int spent_drop(struct cpu_state *c)
{
    if (c) {
        __builtin_memset(c->spent, 0, sizeof(c->spent));
        __builtin_memset(c->spent_calls, 0, sizeof(c->spent_calls));
    }
    return 0;
}

/* Makes the CPU's page that of the task that it runs from now on.  `t` is NULL if the task is not followed.
 */
static __always_inline void task_load(struct cpu_state *c, const struct task_state *t, u64 identity)
{
    c->owner = identity;
    c->mine = t ? identity : 0;
    c->passer = 0;
    if (bystanders_kept)
        bystander_here()->task = 0;
    c->stack = 0;
    again_forget(c);
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
    c->memory = t->memory_kind != 0;
    c->file_known = 0;
    c->space = t->space;
    c->thread = t->record.thread;
    c->base = t->base;
    c->timed = t->base != STATE_USER ? TIMED_FOLLOWED : UNTIMED;
    c->class = c->timed ? CLASS_OTHER : CLASS_NONE;
    syscalls_take(c);
}

/* The level of heapwait's pid namespace.  It is taken from the first followed task, which is the command; or
 * from heapwait itself where tasks are marked that run already, since those may be in a namespace further
 * down. */
u32 pid_level;
bool pid_level_known;

/* Returns the number of `pid` in heapwait's pid namespace. */
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

/* Notes a new address space of the task's process and returns its number, from 1. */
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
