// SPDX-License-Identifier: MIT OR GPL-2.0
/* The programs on the scheduler, on tasks' births and deaths and on the kernel's locks; those on system calls
 * are in short_calls.bpf.h, syscalls.bpf.h, syscall_events.bpf.h and functions.bpf.h, that on the clock in
 * samples.bpf.h.  What an event means is in the headers.  Mode `waits`: every futex call of the followed
 * tasks, added up by word and outcome.  Mode `profile`: that, and samples of what they run.  Mode `ledger`:
 * that, and where each thread was at any time.
 *
 * A task is followed when it has an entry in `tasks` (task storage).  User space gives one to the command
 * before its exec, children inherit it at fork, so that no pid is ever compared.  To look that entry up and
 * to read the clock costs more than all else that a probe does.  So each CPU keeps what it must know of the
 * task that it runs on one page, and short calls, of which there are millions, are all counted but not all
 * timed.
 *
 * Where a wait's time stands, in turn (docs/kernel-side.md has all of it):
 *
 *   the CPU's page     enter_ns             cpu_call_begin()
 *        |     \ loses the CPU: call_promote()
 *        |      v
 *        |   the task's state  blocked_ns, runnable_ns: cpu_leave(), call_wakeup(), cpu_return()
 *        v      v
 *   the CPU's page     slots[], pending[]   cpu_call_add(); call_add() of what was in the task's state
 *        v
 *   the maps           words, histograms    slot_flush(), pending_flush()
 *        v
 *   rows in user space                      session_words() */
#include "vmlinux.h"

#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

/* The .bpf.h files are parts of this one program: they define its maps and programs.  So each is included
 * here only, and includes none of the others; it stands behind all that its head says it needs.  The programs
 * of short_calls.bpf.h come before all others, for the reason that is told there. */
// clang-format off
#include "abi.h"
#include "verifier.bpf.h"
#include "tasks.bpf.h"
#include "memory_calls.bpf.h"
#include "call_stacks.bpf.h"
#include "words.bpf.h"
#include "futex.bpf.h"
#include "ledger.bpf.h"
#include "cpu_use.bpf.h"
#include "short_calls.bpf.h"
#include "running_tasks.bpf.h"
#include "cpu_state.bpf.h"
#include "syscalls.bpf.h"
#include "raw_calls.bpf.h"
#include "syscall_events.bpf.h"
#include "functions.bpf.h"
#include "memory_records.bpf.h"
#include "samples.bpf.h"
// clang-format on

char LICENSE[] SEC("license") = "Dual MIT/GPL";

/* ---- the scheduler ---- */

/* Moves what the CPU's page knows of the task that leaves the CPU to the task's state. */
static __always_inline void task_save(struct cpu_state *c, struct task_state *t, struct task_struct *task,
                                      u64 now)
{
    t->short_calls = c->short_calls;
    call_promote(c, t, now);
    if (!ledger)
        return;
    syscall_notice(c, t, task);
    counts_settle(c, t);
}

/* A followed task leaves the CPU: to sleep, because it is preempted, or for good. */
static __always_inline void task_leave(struct cpu_state *c, struct task_state *t, struct task_struct *task,
                                       bool preempt, u64 now)
{
    u32 state = task_run_state(task);
    bool runnable = preempt || state == 0;
    task_save(c, t, task, now);
    if (memory_counted && t->memory_kind && !runnable)
        memory_sleep(t, now);
    if (ledger && state & TASK_DEAD_STATE) {
        thread_keep(t, task, now);
        return;
    }
    if (ledger)
        thread_leave(t, runnable, now);
    t->weight = 1;
    if (t->in_call)
        cpu_leave(t, runnable, now);
}

/* The recording ends while a task is exiting: its account goes on to `stopped_ns`. */
static __noinline int exiting_keep(struct task_state *t, struct task_struct *task)
{
    if (t && task && !__sync_lock_test_and_set(&t->taken, 1) && stopped_ns > t->since_ns)
        thread_keep(t, task, stopped_ns);
    return 0;
}

/* The recording has ended, and a task meets an event.  If it met none since it was marked, this one tells
 * what it did until the end; when the tasks are collected, it may be elsewhere. */
static __always_inline int late_settle(struct task_struct *task, u32 place)
{
    struct task_state *t = task_state_of(task);
    if (t && t->unsettled)
        task_settle(t, task, place, place == ON_CPU ? AT_LARGE : AT_KERNEL);
    if (t && ledger && t->kept && task_run_state(task) & TASK_DEAD_STATE)
        exiting_keep(t, task); /* it can't be found any more when tasks are collected */
    return 0;
}

SEC("tp_btf/sched_switch")
int BPF_PROG(on_switch, bool preempt, struct task_struct *prev, struct task_struct *next)
{
    if (stopped) {
        late_settle(prev, ON_CPU);
        return late_settle(next, RUNNABLE);
    }
    struct task_state *out = task_followed(prev), *in = task_followed(next);
    struct cpu_state *c = cpu_here();
    if (!c || (!ledger && !out && !in))
        return 0;
    c->busy = 1;
    if (out && c->mine != task_identity(prev))
        cpu_meets(c, out, task_identity(prev), AT_KERNEL);
    if (in && in->unsettled)
        task_settle(in, next, RUNNABLE, AT_KERNEL);
    u64 now = bpf_ktime_get_ns();
    if (ledger && !stopped) {
        cpu_account(out != NULL, prev, now);
        cpu_next(in, next);
    }
    if (out)
        task_leave(c, out, prev, preempt, now);
    if (in && ledger)
        thread_return(in, now);
    if (in && in->in_call)
        cpu_return(c, in, now);
    if (memory_counted && in && in->memory_kind)
        memory_awake(in, now);
    task_load(c, in, task_identity(next));
    c->busy = 0;
    return 0;
}

SEC("tp_btf/sched_wakeup")
int BPF_PROG(on_wakeup, struct task_struct *task)
{
    if (stopped)
        return late_settle(task, task_on_cpu(task) ? ON_CPU : BLOCKED);
    struct task_state *t = task_followed(task);
    if (!t)
        return 0;
    if (t->unsettled)
        task_settle(t, task, task_on_cpu(task) ? ON_CPU : BLOCKED, AT_KERNEL);
    bool on_memory = memory_counted && t->memory_kind;
    if (!ledger && !t->in_call && !on_memory)
        return 0;
    u64 now = bpf_ktime_get_ns();
    if (ledger)
        thread_wakeup(t, now);
    if (on_memory)
        memory_awake(t, now);
    if (t->in_call)
        call_wakeup(t, now);
    return 0;
}

/* ---- birth, change and death ---- */

/* A task is made.  It is followed if the task that makes it is, or by its cgroup. */
static __always_inline int on_newtask_pinned(struct task_struct *task, u64 clone_flags)
{
    struct task_state *parent = task_followed(bpf_get_current_task_btf());
    bool joins = !parent && follow_scope == FOLLOW_CGROUP && !(clone_flags & CLONE_THREAD);
    if (!parent && !(joins && task_in_scope(task))) /* clone3() may put a child into another cgroup */
        return 0;
    struct task_state *child = bpf_task_storage_get(&tasks, task, NULL, BPF_LOCAL_STORAGE_GET_F_CREATE);
    if (!child) {
        loss_add(LOSS_TASK, 1);
        return 0;
    }
    child->space = parent && clone_flags & CLONE_THREAD ? parent->space
                                                        : space_new(task, parent ? parent->space : 0, false);
    if (ledger)
        thread_begin(child, bpf_ktime_get_ns(), STATE_WOKEN);
    return 0;
}

SEC("tp_btf/task_newtask")
int BPF_PROG(on_newtask, struct task_struct *task, u64 clone_flags)
{
    PINNED_EVENT(on_newtask_pinned(task, clone_flags));
}

/* Returns true if the program just begun has other rights than the one before (set-user-ID and the like), or
 * is one that its user may not read: whoever ran it may not trace it (include/linux/binfmts.h). */
static __always_inline bool program_has_rights(struct linux_binprm *program)
{
    enum { NOT_READABLE = 1 }; /* BINPRM_FLAGS_ENFORCE_NONDUMP */
    return BPF_CORE_READ_BITFIELD_PROBED(program, secureexec) ||
           BPF_CORE_READ(program, interp_flags) & NOT_READABLE;
}

/* Follows a task no longer that is at the end of an exec; its account ends here. */
static __always_inline int task_release(struct task_state *t, struct task_struct *task)
{
    struct cpu_state *c = cpu_followed(task_identity(task), AT_EXEC);
    if (c && ledger) {
        c->busy = 1;
        if (c->timed == TIMED_HERE)
            here_promote(c, t);
        counts_settle(c, t);
        thread_keep(t, task, bpf_ktime_get_ns());
        cpu_exiting(t->since_ns);
    }
    bpf_task_storage_delete(&tasks, task);
    loss_add(LOSS_RIGHTS, 1);
    if (c) {
        task_load(c, NULL, task_identity(task));
        c->busy = 0;
    }
    return 0;
}

/* A task has begun another program: it has a new address space from here on. */
static __always_inline int on_exec_pinned(struct task_struct *task, struct linux_binprm *program)
{
    struct task_state *t = task_followed(task);
    if (!t && task_in_scope(task)) /* from a kernel thread, or moved into the cgroup */
        t = task_mark(task, 0);
    if (!t)
        return 0;
    if (lent && program_has_rights(program))
        return task_release(t, task);
    if (program_is_32bit(task))
        loss_add(LOSS_COMPAT, 1);
    t->space = space_new(task, t->space, true);
    struct cpu_state *c = cpu_here();
    if (c && c->mine == task_identity(task)) {
        c->space = t->space;
        again_forget(c);
    } else if (c)
        cpu_meets(c, t, task_identity(task), AT_EXEC);
    if (ledger && timeline_length_ns && !timeline_from_ns)
        timeline_from_ns = bpf_ktime_get_ns() + timeline_after_ns;
    return 0;
}

SEC("tp_btf/sched_process_exec")
int BPF_PROG(on_exec, struct task_struct *task, pid_t before, struct linux_binprm *program)
{
    PINNED_EVENT(on_exec_pinned(task, program));
}

/* Settles, at the end, a task that has met no event since it was marked, by where it is now. */
static __always_inline void living_settle(struct task_state *t, struct task_struct *task)
{
    if (task_on_cpu(task))
        task_settle(t, task, ON_CPU, AT_LARGE);
    else
        task_settle(t, task, task_run_state(task) ? BLOCKED : RUNNABLE, AT_KERNEL);
}

/* The recording has ended, and the task has lived until then: what it holds counts up to the end.  It is
 * taken once, by its own exit or by collect_living(), whichever comes first. */
static __noinline int living_take(struct task_state *t, struct task_struct *task)
{
    if (!t || !task || t->kept || __sync_lock_test_and_set(&t->taken, 1))
        return 0;
    u64 now = stopped_ns > t->since_ns ? stopped_ns : t->since_ns;
    __sync_fetch_and_add(&living_tasks, 1);
    if (t->unsettled)
        living_settle(t, task);
    call_finish(t, now);
    if (memory_counted)
        memory_end(t, now);
    if (ledger)
        thread_keep(t, task, now);
    return 0;
}

/* A task begins to exit: its call and its account end, but for the time of the exit itself. */
static __always_inline int on_exit_pinned(struct task_struct *task)
{
    if (stopped)
        return living_take(task_state_of(task), task);
    struct task_state *t = task_followed(task);
    struct cpu_state *c = t ? cpu_followed(task_identity(task), AT_KERNEL) : NULL;
    if (!t || !c)
        return 0;
    c->busy = 1;
    u64 now = bpf_ktime_get_ns();
    call_promote(c, t, now);
    if (t->in_call)
        path_offer(c, t->address, t->space, t->op);
    call_finish(t, now);
    if (memory_counted)
        memory_end(t, now);
    c->in_call = NO_CALL;
    c->memory = 0;
    if (ledger && c->timed == TIMED_HERE)
        here_promote(c, t);
    c->base = STATE_EXITING;
    c->timed = TIMED_FOLLOWED;
    if (ledger) {
        counts_settle(c, t);
        if (thread_ready(t, now, STATE_EXITING))
            state_set(t, STATE_EXITING, now);
        t->base = STATE_EXITING;
        t->weight = 1; /* the exit stands for no other calls, even if the call for it does */
        thread_keep(t, task, now);
        cpu_exiting(t->since_ns);
    }
    c->busy = 0;
    return 0;
}

SEC("tp_btf/sched_process_exit")
int BPF_PROG(on_exit, struct task_struct *task)
{
    PINNED_EVENT(on_exit_pinned(task));
}

/* ---- mode ledger only ---- */

static __always_inline int on_contention_pinned(void *lock, unsigned int flags)
{
    struct task_struct *task = bpf_get_current_task_btf();
    struct cpu_state *c = cpu_followed(task_identity(bpf_get_current_task_btf()), AT_KERNEL);
    struct task_state *t = c ? task_state_of(task) : NULL;
    if (t) {
        c->busy = 1;
        if (c->in_call == SHORT_CALL)
            call_promote(c, t, bpf_ktime_get_ns()); /* the wait for this lock is the futex word's */
        syscall_notice(c, t, task);
        t->base = c->base;
        lock_begin(t, task, (u64)lock, bpf_ktime_get_ns());
        c->busy = 0;
    }
    return 0;
}

SEC("tp_btf/contention_begin")
int BPF_PROG(on_contention, void *lock, unsigned int flags)
{
    PINNED_EVENT(on_contention_pinned(lock, flags));
}

static __always_inline int on_contention_end_pinned(void *lock, int ret)
{
    struct cpu_state *c = cpu_followed(task_identity(bpf_get_current_task_btf()), AT_KERNEL);
    struct task_state *t = c ? task_state_of(bpf_get_current_task_btf()) : NULL;
    if (t) {
        c->busy = 1;
        lock_end(t, (u64)lock, bpf_ktime_get_ns());
        c->busy = 0;
    }
    return 0;
}

SEC("tp_btf/contention_end")
int BPF_PROG(on_contention_end, void *lock, int ret)
{
    PINNED_EVENT(on_contention_end_pinned(lock, ret));
}

/* The kernel's handler of page faults is entered and left.  These are attached only where programs on
 * functions can't be preempted. */
SEC("fentry/handle_mm_fault")
int BPF_PROG(on_fault)
{
    struct task_struct *task = bpf_get_current_task_btf();
    struct cpu_state *c = cpu_followed(task_identity(task), AT_KERNEL);
    struct task_state *t = c && fault_is_of_code(c) ? task_state_of(task) : NULL;
    if (t) {
        c->busy = 1;
        fault_begin(c, t, bpf_ktime_get_ns());
        c->busy = 0;
    }
    return 0;
}

SEC("fexit/handle_mm_fault")
int BPF_PROG(on_fault_end)
{
    struct task_struct *task = bpf_get_current_task_btf();
    struct cpu_state *c = cpu_followed(task_identity(task), AT_KERNEL);
    struct task_state *t = c && c->base == STATE_PAGE_FAULT ? task_state_of(task) : NULL;
    if (t) {
        c->busy = 1;
        fault_end(c, t, bpf_ktime_get_ns());
        c->busy = 0;
    }
    return 0;
}

/* ---- those that run already, and what CPUs hold ---- */

/* Marks a task that runs already, unless it is followed or can't be.  *marked counts those that are. */
static __always_inline int task_join(struct task_struct *task, u32 *marked)
{
    if (task->flags & (TASK_KERNEL_THREAD | TASK_IS_EXITING) || task_state_of(task))
        return 0;
    if (task_mark(task, space_of_process(task)))
        __sync_fetch_and_add(marked, 1);
    return 0;
}

u32 tasks_marked;

static __always_inline int follow_present_pinned(struct task_struct *task)
{
    if (follow_scope != FOLLOW_PROCESSES)
        return task_in_scope(task) ? task_join(task, &tasks_marked) : 0;
    u32 number = task_tgid(task), *marked = bpf_map_lookup_elem(&wanted, &number);
    return marked && (u32)task->tgid != own_process ? task_join(task, marked) : 0;
}

/* Run by user space once the programs above are attached, and again until a pass marks nobody: a task that is
 * made meanwhile inherits the mark or is met by the next pass. */
SEC("iter/task")
int follow_present(struct bpf_iter__task *ctx)
{
    struct task_struct *task = ctx->task, *own = bpf_get_current_task_btf();
    if (!task || stopped)
        return 0;
    if (!own_process) { /* heapwait itself runs this program: its pid namespace is the one that counts */
        own_process = own->tgid;
        pid_level = BPF_CORE_READ(own, thread_pid, level);
        pid_level_known = true;
    }
    PINNED(follow_present_pinned(task));
}

/* Only with FOLLOW_CGROUP.  Marks nobody: user space sees the count and runs follow_present again, which
 * marks all threads of the process (session_follow_moved()). */
SEC("tp_btf/cgroup_attach_task")
int BPF_PROG(on_cgroup_move, struct cgroup *to, const char *path, struct task_struct *task, bool whole)
{
    if (task_in_scope(task))
        __sync_fetch_and_add(&cgroup_moves, 1);
    return 0;
}

/* Run by user space on each CPU: brings what the CPU adds up for itself to the maps.  It comes as an
 * interrupt. Returns 1 if it has interrupted a program that is at the page; then nothing is done, and it is
 * run again. */
SEC("raw_tp")
int hand_over(void *ctx)
{
    struct task_struct *task = bpf_get_current_task_btf();
    struct cpu_state *c = cpu_here();
    if (!c)
        return 0;
    if (c->busy)
        return 1;
    for (int i = 0; i < CACHE_SLOTS; i++)
        slot_flush(&c->slots[i]);
    for (int i = 0; i < PENDING_SLOTS; i++)
        pending_flush(&c->pending[i]);
    struct task_state *t = ledger && c->mine == task_identity(task) ? task_state_of(task) : NULL;
    if (t)
        counts_settle(c, t);
    return 0;
}

/* ---- the end ---- */

/* Run by user space after it has set `stopped` and no program that began before is under way.  Takes from the
 * tasks that live on what they hold, and follows them no longer. */
SEC("iter/task")
int collect_living(struct bpf_iter__task *ctx)
{
    struct task_struct *task = ctx->task;
    if (!task)
        return 0;
    struct task_state *t = bpf_task_storage_get(&tasks, task, NULL, 0);
    if (!t)
        return 0;
    if (!t->kept)
        living_take(t, task);
    else if (ledger && !(task_run_state(task) & TASK_DEAD_STATE))
        exiting_keep(t, task);
    bpf_task_storage_delete(&tasks, task);
    return 0;
}
