/* SPDX-License-Identifier: MIT OR GPL-2.0 */
/* Mode ledger: moves each followed thread from state to state and adds up the time.  Owns the maps `threads`
 * and `timeline`.  One time stamp an event: the end of one state is the beginning of the next, so that the
 * states sum to the lifetime to the nanosecond.  Needs futex.bpf.h, tasks.bpf.h, verifier.bpf.h. */
#ifndef HEAPWAIT_LEDGER_BPF_H
#define HEAPWAIT_LEDGER_BPF_H

/* Set by user space before loading. */
const volatile u64 timeline_after_ns; /* the timeline's window: from the first exec on */
const volatile u64 timeline_length_ns;

u64 timeline_from_ns; /* 0: not open yet */
u32 file_generation;  /* moves on when a followed thread may have changed what a descriptor means */

enum {
    TASK_DEAD_STATE = 0x80,      /* TASK_DEAD */
    RANDOM_DEVICE = 1 << 20 | 8, /* MKDEV(1, 8); urandom is MKDEV(1, 9) */
    URANDOM_DEVICE = 1 << 20 | 9,
};

struct {
    __uint(type, BPF_MAP_TYPE_HASH);
    __uint(map_flags, BPF_F_NO_PREALLOC);
    __uint(max_entries, 1 << 17);
    __type(key, u32);
    __type(value, struct thread_record);
} threads SEC(".maps");

struct {
    __uint(type, BPF_MAP_TYPE_RINGBUF);
    __uint(max_entries, 1 << 20);
} timeline SEC(".maps");

/* Returns true inside the timeline's window.  The stretches of the timeline are those of the threads'
 * accounts: so while it is open no call is timed on a CPU's page. */
static __always_inline bool timeline_is_open(u64 now)
{
    return timeline_length_ns && timeline_from_ns && now >= timeline_from_ns &&
           now - timeline_from_ns < timeline_length_ns;
}

/* Hands the stretch that ends now to user space, if it touches the window. */
static __always_inline void timeline_add(struct task_state *t, u64 now)
{
    if (!timeline_from_ns || now < timeline_from_ns || t->since_ns > timeline_from_ns + timeline_length_ns)
        return;
    struct timeline_event *e = bpf_ringbuf_reserve(&timeline, sizeof(*e), 0);
    if (!e) {
        loss_add(LOSS_TIMELINE, 1);
        return;
    }
    e->from_ns = t->since_ns;
    e->until_ns = now;
    e->thread = t->record.thread;
    e->state = t->state;
    bpf_ringbuf_submit(e, BPF_RB_NO_WAKEUP);
}

/* Ends the state that the thread is in, at `now`, and begins another or the same. */
static __always_inline void state_set(struct task_state *t, u8 state, u64 now)
{
    u32 old = index_below(STATE_ROOM, t->state);
    if ((s64)(now - t->since_ns) < 0) {
        loss_add(LOSS_CLOCK, 1);
        now = t->since_ns;
    }
    if (timeline_length_ns)
        timeline_add(t, now);
    u64 ns = now - t->since_ns;
    t->record.ns[old] += ns;
    if (t->weight > 1 && old == t->base && old != STATE_USER) /* the call stands for others, not timed */
        t->record.estimated_ns[old] += (t->weight - 1) * (ns < LONG_CALL_NS ? ns : LONG_CALL_NS);
    t->since_ns = now;
    if (state != old)
        t->record.entries[index_below(STATE_ROOM, state)] += 1;
    t->state = state;
}

/* Begins a thread's account, in the state given.  Its first state on a CPU will be a system call, clone(). */
static __always_inline void thread_begin(struct task_state *t, u64 now, u8 state)
{
    t->record.thread = __sync_fetch_and_add(&threads_made, 1) + 1;
    t->record.born_ns = now;
    t->since_ns = now;
    t->state = state;
    t->base = STATE_SYSCALL;
    t->record.entries[index_below(STATE_ROOM, state)] = 1;
}

/* Returns true if the thread has an account.  If not, begins one in the state given and returns false: the
 * command's own thread was marked from outside, and its account begins at the first event that it meets. */
static __always_inline bool thread_ready(struct task_state *t, u64 now, u8 state)
{
    if (t->record.thread)
        return true;
    thread_begin(t, now, state);
    return false;
}

/* Puts the account into the table of threads.  One that is there already is overwritten in its place: an
 * update asks for new memory, which can't be relied on to be had at once (the kernel keeps one piece of this
 * size ready on each CPU).  For the same reason an account that found no room is tried again by the next
 * call. */
static __always_inline void account_put(struct task_state *t)
{
    u32 number = t->record.thread;
    struct thread_record *kept = bpf_map_lookup_elem(&threads, &number);
    if (kept) {
        bpf_probe_read_kernel(kept, sizeof(*kept), &t->record);
        return;
    }
    u8 before = t->kept;
    t->kept = bpf_map_update_elem(&threads, &number, &t->record, BPF_ANY) ? KEPT_NOT : KEPT;
    if (before != KEPT_NOT && t->kept == KEPT_NOT)
        loss_add(LOSS_THREAD, 1);
    else if (before == KEPT_NOT && t->kept == KEPT)
        loss_add(LOSS_THREAD, -1ull);
}

/* Brings the account up to date and keeps it.  Called at the exit, because whoever waits for the process may
 * read the table before the dead task has left its CPU; and again when it leaves. */
static __always_inline void thread_keep(struct task_state *t, struct task_struct *task, u64 now)
{
    struct thread_record *r = &t->record;
    if (!r->thread)
        return;
    state_set(t, t->state, now);
    r->died_ns = t->since_ns;
    r->space = t->space;
    if (!r->tid) /* only the first time: by the second the thread may have given its number back */
        r->tid = pid_number(BPF_CORE_READ(task, thread_pid));
    r->faults = BPF_CORE_READ(task, min_flt) + BPF_CORE_READ(task, maj_flt) - t->faults_before;
    bpf_probe_read_kernel(r->comm, sizeof(r->comm), task->comm);
    account_put(t);
}

/* ---- system calls ---- */

/* Returns the first argument of the system call that the task is in. */
static __always_inline u64 first_argument(struct task_struct *task)
{
    struct pt_regs *regs = (struct pt_regs *)bpf_task_pt_regs(task);
#if defined(__TARGET_ARCH_x86)
    return BPF_CORE_READ(regs, di);
#else
    return BPF_CORE_READ(regs, orig_x0);
#endif
}

/* Returns the file that the descriptor means; NULL: none. */
static __always_inline struct file *file_of(struct task_struct *task, u64 descriptor)
{
    struct fdtable *table = task->files ? task->files->fdt : NULL;
    struct file *file = NULL;
    if (table && descriptor < table->max_fds)
        bpf_probe_read_kernel(&file, sizeof(file), table->fd + descriptor);
    return file;
}

static __always_inline bool file_is_source(struct file *file)
{
    u32 device = BPF_CORE_READ(file, f_inode, i_rdev);
    return device == RANDOM_DEVICE || device == URANDOM_DEVICE;
}

/* Returns true if the descriptor that the present call reads from is the random source.  To find out takes
 * three dependent loads.  The answer is kept in the task's state until a followed thread makes a call that
 * can change what a descriptor means (file_generation), and on the CPU's page until the task leaves. */
static __always_inline bool file_is_random(struct cpu_state *c, struct task_state *t,
                                           struct task_struct *task)
{
    u64 descriptor = first_argument(task);
    struct file *file = file_of(task, descriptor);
    if (!file)
        return false;
    if (t->file_seen != (u64)file || t->file_generation != file_generation) {
        t->file_seen = (u64)file;
        t->file_generation = file_generation;
        t->file_random = file_is_source(file);
    }
    c->descriptor = (u32)descriptor;
    c->file_generation = t->file_generation;
    c->file_random = t->file_random;
    c->file_known = 1;
    return t->file_random;
}

static __always_inline u8 futex_state(u8 op)
{
    return op == OP_WAIT || op == OP_WAITV || op == OP_LOCK_PI || op == OP_WAIT_REQUEUE_PI ? STATE_FUTEX_WAIT
                                                                                           : STATE_FUTEX_WAKE;
}

/* Returns the state that a call of the page's class is in; of futex calls futex_state() tells. */
static __always_inline u8 syscall_state(struct cpu_state *c, struct task_state *t, struct task_struct *task)
{
    if (c->class == CLASS_MEMORY)
        return STATE_MEMORY;
    if (c->class == CLASS_RANDOM || (c->class == CLASS_READ && file_is_random(c, t, task)))
        return STATE_RANDOM;
    return STATE_SYSCALL;
}

/* Returns the same by the CPU's page alone, of a call with this first argument.  STATE_USER: the page doesn't
 * tell, or the thread has no account yet. */
static __always_inline u8 state_here(const struct cpu_state *c, u64 argument)
{
    if (!c->thread)
        return STATE_USER;
    if (c->class == CLASS_MEMORY)
        return STATE_MEMORY;
    if (c->class == CLASS_RANDOM)
        return STATE_RANDOM;
    if (c->class != CLASS_READ)
        return STATE_SYSCALL;
    if (!c->file_known || c->descriptor != argument || c->file_generation != file_generation)
        return STATE_USER;
    return c->file_random ? STATE_RANDOM : STATE_SYSCALL;
}

/* UNTIMED becomes TIMED_FOLLOWED: a call begins, and its state in the task's account. */
static __always_inline void syscall_begin(struct cpu_state *c, struct task_state *t, u8 base, u64 now)
{
    if (thread_ready(t, now, base))
        state_set(t, base, now);
    t->base = base;
    c->base = base;
    c->timed = TIMED_FOLLOWED;
}

/* ---- calls that don't leave the CPU, on its page ---- */

/* UNTIMED becomes TIMED_HERE: a call begins that is timed on the page. */
static __always_inline void here_begin(struct cpu_state *c, u8 base, u64 now)
{
    c->base = base;
    c->enter_ns = now;
    c->timed = TIMED_HERE;
}

/* TIMED_HERE becomes UNTIMED: the call's time goes to spent[]. */
static __always_inline void here_end(struct cpu_state *c, u64 now)
{
    u32 state = index_below(CALL_STATES, c->base);
    struct spent *s = &c->spent[state];
    u64 ns = now - c->enter_ns;
    c->timed = UNTIMED;
    c->base = STATE_USER;
    c->spent_calls[state] += 1;
    c->spent_calls[STATE_USER] += 1;
    s->ns += ns;
    if (c->weight > 1)
        s->estimated_ns += (c->weight - 1) * (ns < LONG_CALL_NS ? ns : LONG_CALL_NS);
}

/* TIMED_HERE becomes TIMED_FOLLOWED, from the call's beginning on: it is held up, is a long one, or a sample
 * meets it.  The account may have come further than that beginning.  Then the kernel has shown neither that
 * the task left the CPU nor that it came back, and it was elsewhere meanwhile; the call begins where the
 * account stands. */
SUBPROGRAM int here_promote(struct cpu_state *c, struct task_state *t)
{
    if (!c || !t)
        return 0;
    if ((s64)(c->enter_ns - t->since_ns) < 0) {
        loss_add(LOSS_SWITCH, 1);
        c->enter_ns = t->since_ns;
    }
    if (c->in_call == CPU_CALL)
        call_promote(c, t, c->enter_ns);
    if (thread_ready(t, c->enter_ns, c->base))
        state_set(t, c->base, c->enter_ns);
    t->weight = c->weight;
    t->base = c->base;
    c->timed = TIMED_FOLLOWED;
    return 0;
}

/* Moves spent[] to the task's account, where that time stands as user code until now. */
SUBPROGRAM int spent_settle(struct cpu_state *c, struct task_state *t)
{
    if (!c || !t)
        return 0;
    struct thread_record *r = &t->record;
    for (u32 i = 1; i < CALL_STATES; i++) {
        const struct spent *s = &c->spent[i];
        r->ns[i] += s->ns;
        r->ns[STATE_USER] -= s->ns; /* what is to be added yet may be more than what it holds */
        r->estimated_ns[i] += s->estimated_ns;
        r->entries[i] += c->spent_calls[i];
    }
    r->entries[STATE_USER] += c->spent_calls[STATE_USER];
    return spent_drop(c);
}

/* Moves what the CPU has counted and timed for its task to the task's account.  To be called before the
 * account is next brought up to date. */
static __always_inline void counts_settle(struct cpu_state *c, struct task_state *t)
{
    t->record.syscalls += syscalls_take(c);
    if (c->spent_calls[STATE_USER])
        spent_settle(c, t);
}

/* The account wants to know of the call under way: it is about to wait, leaves the CPU, or is met by a
 * sample. TIMED_HERE becomes TIMED_FOLLOWED from the call's beginning on; UNTIMED does from here on, since
 * when the call began is not known. */
static __always_inline void syscall_notice(struct cpu_state *c, struct task_state *t,
                                           struct task_struct *task)
{
    if (c->timed == TIMED_HERE)
        here_promote(c, t);
    if (c->timed || c->class == CLASS_NONE)
        return;
    c->base = c->class == CLASS_FUTEX ? STATE_FUTEX_WAKE : syscall_state(c, t, task);
    t->base = c->base;
    t->weight = 1;
    c->timed = TIMED_FOLLOWED;
}

/* ---- on and off the CPU ---- */

static __always_inline bool in_futex_wait(const struct task_state *t)
{
    return t->base == STATE_FUTEX_WAIT;
}

/* The thread leaves the CPU; `runnable`: not to sleep. */
static __always_inline void thread_leave(struct task_state *t, bool runnable, u64 now)
{
    u8 state;
    if (!thread_ready(t, now, runnable ? STATE_PREEMPTED : STATE_BLOCKED))
        return;
    if (runnable)
        state = in_futex_wait(t) ? STATE_FUTEX_RUNNABLE : STATE_PREEMPTED;
    else if (t->contended)
        state = t->lock_state == STATE_MMAP_LOCK ? STATE_MMAP_BLOCKED : STATE_KERNEL_BLOCKED;
    else
        state = in_futex_wait(t) ? STATE_FUTEX_BLOCKED : STATE_BLOCKED;
    state_set(t, state, now);
}

/* The thread is woken. */
static __always_inline void thread_wakeup(struct task_state *t, u64 now)
{
    if (!thread_ready(t, now, STATE_WOKEN))
        return;
    const bool at_lock = t->state == STATE_MMAP_BLOCKED || t->state == STATE_KERNEL_BLOCKED;
    if (t->state == STATE_FUTEX_BLOCKED || (at_lock && in_futex_wait(t)))
        state_set(t, STATE_FUTEX_RUNNABLE, now);
    else if (t->state == STATE_BLOCKED || at_lock)
        state_set(t, STATE_WOKEN, now);
}

/* The thread is back on a CPU. */
static __always_inline void thread_return(struct task_state *t, u64 now)
{
    u8 state = t->contended ? t->lock_state : t->base;
    if (thread_ready(t, now, STATE_SYSCALL))
        state_set(t, state, now);
}

/* ---- locks of the kernel's ---- */

/* The thread begins to spin or to sleep for the kernel's lock at the address `lock`.  A mutex tells so again
 * whenever it goes from one to the other, and ends once.  A lock that is met meanwhile, by the first one's
 * own code or by an interrupt, is part of the wait for the first. */
static __always_inline void lock_begin(struct task_state *t, struct task_struct *task, u64 lock, u64 now)
{
    u64 own = task->mm ? (u64)task->mm + bpf_core_field_offset(struct mm_struct, mmap_lock) : 0;
    if (!thread_ready(t, now, STATE_SYSCALL))
        return;
    if (t->contended)
        return;
    t->contended = lock;
    t->lock_state = lock == own ? STATE_MMAP_LOCK : STATE_KERNEL_LOCK;
    state_set(t, t->lock_state, now);
}

static __always_inline void lock_end(struct task_state *t, u64 lock, u64 now)
{
    if (t->contended != lock)
        return; /* one met meanwhile; or it began before the thread was followed */
    t->contended = 0;
    state_set(t, t->base, now);
}

/* ---- page faults, where the kernel's handler is seen ---- */

/* Returns true if the fault that the running task meets is one of user code.  One in a system call is part of
 * that call's time. */
static __always_inline bool fault_is_of_code(const struct cpu_state *c)
{
    return c->class == CLASS_NONE && c->timed == UNTIMED;
}

static __always_inline void fault_begin(struct cpu_state *c, struct task_state *t, u64 now)
{
    if (thread_ready(t, now, STATE_PAGE_FAULT))
        state_set(t, STATE_PAGE_FAULT, now);
    t->base = STATE_PAGE_FAULT;
    c->base = STATE_PAGE_FAULT;
    c->timed = TIMED_FOLLOWED;
}

/* If the task has left the CPU meanwhile, task_load() took it for one in a system call. */
static __always_inline void fault_end(struct cpu_state *c, struct task_state *t, u64 now)
{
    state_set(t, STATE_USER, now);
    t->base = STATE_USER;
    t->contended = 0;
    c->base = STATE_USER;
    c->timed = UNTIMED;
    c->class = CLASS_NONE;
}

#endif
