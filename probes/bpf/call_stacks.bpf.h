/* SPDX-License-Identifier: MIT OR GPL-2.0 */
/* The call stacks that are taken.  Owns the maps `stacks`, `paths` and `path_calls`.  One stack is taken at
 * the first call of each word_key, for its name.  Call paths are a random sample of bounded size, of each
 * word's waits and of its other calls (reservoir sampling: the n-th call replaces one of the R kept ones with
 * probability R/n), so that a run of an hour is represented by as many stacks as one of a second.  To ask at
 * each call whether it is to be sampled would cost too much: a CPU draws how many of its calls on a word it
 * will let pass.  Calls that are counted only and not timed are never sampled.  Needs tasks.bpf.h and
 * verifier.bpf.h. */
#ifndef HEAPWAIT_CALL_STACKS_BPF_H
#define HEAPWAIT_CALL_STACKS_BPF_H

struct {
    __uint(type, BPF_MAP_TYPE_HASH);
    __uint(map_flags, BPF_F_NO_PREALLOC);
    __uint(max_entries, 1 << 13);
    __type(key, struct word_key);
    __type(value, struct stack_value);
} stacks SEC(".maps");

const struct stack_value stack_zero; /* a map wants a whole value to begin with */

/* Keeps the top of the present task's user stack for the key.  A stack ends somewhere: where STACK_WORDS
 * words can't be read, fewer may be. */
static __always_inline void stack_read(const struct word_key *key)
{
    if (bpf_map_update_elem(&stacks, key, &stack_zero, BPF_NOEXIST)) {
        if (!bpf_map_lookup_elem(&stacks, key)) /* else another CPU was faster */
            loss_add(LOSS_STACK, 1);
        return;
    }
    struct stack_value *s = bpf_map_lookup_elem(&stacks, key);
    if (!s)
        return;
    struct pt_regs *regs = (struct pt_regs *)bpf_task_pt_regs(bpf_get_current_task_btf());
    s->ip = PT_REGS_IP_CORE(regs);
    s->sp = PT_REGS_SP_CORE(regs);
#if !defined(__TARGET_ARCH_x86)
    bpf_probe_read_kernel(&s->link, sizeof(s->link), &regs->user_regs.regs[30]);
#endif
    if (!bpf_probe_read_user(s->slots, 8 * STACK_WORDS, (void *)s->sp))
        s->words = STACK_WORDS;
    else if (!bpf_probe_read_user(s->slots, 8 * STACK_WORDS / 4, (void *)s->sp))
        s->words = STACK_WORDS / 4;
    else if (!bpf_probe_read_user(s->slots, 8 * STACK_WORDS / 16, (void *)s->sp))
        s->words = STACK_WORDS / 16;
}

/* ---- call paths ---- */

enum {
    PAGE = 4096, /* or a part of one, where pages are larger */
    BPF_F_USER_STACK = 1 << 8,
    STACK_MOST = 8 << 20, /* how far up a frame pointer is taken for one */
    END_TRUSTED = 16,     /* of so many copies one asks anew where the stack ends: a power of two */
    /* when half of the room is taken, only words that are called so often get some */
    PATH_BUSY = 4 * PATHS_PER_WORD,
    UNSAMPLED = 1 << 16, /* how many calls to let pass where there is no room anyway */
};

struct path_state {
    u32 random;
    u32 pad;
    struct path_value value; /* built here: it is too large for the stack */
};

struct {
    __uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
    __uint(max_entries, 1);
    __type(key, u32);
    __type(value, struct path_state);
} path_states SEC(".maps");

/* How many calls a word has had.  key.place is always 0. */
struct {
    __uint(type, BPF_MAP_TYPE_HASH);
    __uint(map_flags, BPF_F_NO_PREALLOC);
    __uint(max_entries, 1 << 16);
    __type(key, struct path_key);
    __type(value, u64);
} path_calls SEC(".maps");

/* Its memory is taken in advance: pieces of this size can't be relied on to be had inside a probe. */
struct {
    __uint(type, BPF_MAP_TYPE_HASH);
    __uint(max_entries, PATHS_MOST);
    __type(key, struct path_key);
    __type(value, struct path_value);
} paths SEC(".maps");

const volatile bool paths_unwanted; /* set by user space before loading: nobody will ask for call paths */
u32 paths_made;                     /* how many places of samples have been filled, of all words */

/* What a caller's frames can be restored from: the registers that functions preserve. */
static __always_inline void registers_read(u64 *r, struct pt_regs *regs)
{
#if defined(__TARGET_ARCH_x86)
    r[DWARF_RBX] = BPF_CORE_READ(regs, bx);
    r[DWARF_RBP] = BPF_CORE_READ(regs, bp);
    r[DWARF_SP] = BPF_CORE_READ(regs, sp);
    r[DWARF_R12] = BPF_CORE_READ(regs, r12);
    r[DWARF_R13] = BPF_CORE_READ(regs, r13);
    r[DWARF_R14] = BPF_CORE_READ(regs, r14);
    r[DWARF_R15] = BPF_CORE_READ(regs, r15);
    r[DWARF_PC] = BPF_CORE_READ(regs, ip);
#else
    bpf_probe_read_kernel(r, sizeof(u64) * 31, &regs->user_regs.regs);
    r[DWARF_SP] = BPF_CORE_READ(regs, user_regs.sp);
    r[DWARF_PC] = BPF_CORE_READ(regs, user_regs.pc);
#endif
}

/* Copies the stack from `sp` up and returns how many words were read.  A stack ends somewhere, and where it
 * ends a page does.  To find out costs the processor a fault, so a thread remembers it: *end is set to where
 * there was nothing to read; it is 0 where that is not known. */
static __always_inline u32 stack_copy(u64 *to, u64 sp, u64 *end)
{
    u32 most = 8 * PATH_WORDS, one = PAGE - ((u32)sp & (PAGE - 1)), two = one + PAGE;
    u64 left = *end - sp;
    if (left < most)
        most = left;
    if (!bpf_probe_read_user(to, most, (void *)sp))
        return most / 8;
    *end = sp + one;
    if (two < most && !bpf_probe_read_user(to, length_within(8 * PATH_WORDS, two), (void *)sp)) {
        *end = sp + two;
        return two / 8;
    }
    return bpf_probe_read_user(to, one, (void *)sp) ? 0 : one / 8;
}

/* Returns true if the kernel's walk along frame pointers may tell more than the copy does.  It is of use
 * beyond the copy only, and only where there are frame pointers: a register that doesn't point into the stack
 * costs the walk a fault. */
static __always_inline bool chain_is_of_use(const struct path_value *p)
{
    u64 sp = p->registers[DWARF_SP], fp = p->registers[DWARF_FP];
    return p->words == PATH_WORDS && fp - sp < STACK_MOST && !(fp & 7);
}

/* Puts the present stack into the sample.  0 or negative errno: there is no room. */
static __always_inline int path_keep(struct path_value *p, const struct path_key *key, u64 *end)
{
    struct task_struct *task = bpf_get_current_task_btf();
    registers_read(p->registers, (struct pt_regs *)bpf_task_pt_regs(task));
    p->words = stack_copy(p->stack, p->registers[DWARF_SP], end);
    long bytes = 0;
    if (chain_is_of_use(p))
        bytes = bpf_get_task_stack(task, p->chain, sizeof(p->chain), BPF_F_USER_STACK);
    p->chain_length = bytes > 0 ? (u32)bytes / 8 : 0;
    return bpf_map_update_elem(&paths, key, p, BPF_ANY);
}

static __always_inline u32 path_random(struct path_state *s)
{
    s->random = s->random * 1664525 + 1013904223;
    return s->random >> 8; /* the low bits of such a generator are poor */
}

/* Tells the word's account of `passed` more calls.  Returns how many there were, the present one included; 0:
 * there is no room for an account. */
static __always_inline u64 calls_account(const struct path_key *key, u32 passed)
{
    u64 zero = 0, *calls = bpf_map_lookup_elem(&path_calls, key);
    if (!calls) {
        bpf_map_update_elem(&path_calls, key, &zero, BPF_NOEXIST);
        calls = bpf_map_lookup_elem(&path_calls, key);
    }
    return calls ? __sync_fetch_and_add(calls, passed) + passed : 0;
}

/* The count-down has come to its end, or this CPU has not met the word lately: decides whether the present
 * call is sampled, keeps its stack if so, and draws the next one. */
SUBPROGRAM int path_sample(struct path_turn *turn)
{
    u32 zero = 0;
    struct path_state *s = bpf_map_lookup_elem(&path_states, &zero);
    struct task_state *t = task_state_of(bpf_get_current_task_btf());
    if (!s || !turn || !t)
        return 0;
    if (paths_unwanted) {
        turn->until = UNSAMPLED;
        return 0;
    }
    struct path_key key = {.address = turn->address, .space = turn->space, .waits = turn->waits};
    bool chosen = turn->until == 0;
    u64 calls = calls_account(&key, turn->passed);
    turn->passed = 0;
    turn->until = UNSAMPLED;
    if (!calls || (calls < PATH_BUSY && paths_made >= PATHS_MOST / 2)) {
        turn->until = calls ? 1 : UNSAMPLED;
        loss_add(LOSS_STACK, 1);
        return 0;
    }
    if (calls <= PATHS_PER_WORD) {
        __sync_fetch_and_add(&paths_made, 1);
        key.place = calls - 1;
        chosen = true;
        turn->until = 1;
    } else {
        u32 interval = calls < (u64)UNSAMPLED * PATHS_PER_WORD ? (u32)(calls / PATHS_PER_WORD) : UNSAMPLED;
        key.place = path_random(s) & (PATHS_PER_WORD - 1);
        turn->until = 1 + path_random(s) % (2 * interval);
        chosen = chosen || path_random(s) % interval == 0;
    }
    if (!chosen)
        return 0;
    if (!(path_random(s) & (END_TRUSTED - 1)))
        t->stack_end = 0; /* what could not be read may be there again: it may have been swapped out */
    if (path_keep(&s->value, &key, &t->stack_end))
        loss_add(LOSS_STACK, 1);
    return 0;
}

/* Returns the number of the place in turns[] that a word's waits use, or its other calls. */
static __always_inline u32 turn_number(u64 address, u32 waits)
{
    return index_below(PATH_TURNS, (u32)(address >> 4) * 2 + waits);
}

static __always_inline bool turn_is_of(const struct path_turn *turn, u64 address, u32 space, u32 waits)
{
    return turn->address == address && turn->space == space && turn->waits == waits;
}

/* Offers a call to the word's sample.  To be called at the call's end, in the calling thread. */
static __always_inline void path_offer(struct cpu_state *c, u64 address, u32 space, u8 op)
{
    u32 waits = op == OP_WAIT || op == OP_WAITV || op == OP_LOCK_PI || op == OP_WAIT_REQUEUE_PI;
    struct path_turn *turn = &c->turns[turn_number(address, waits)];
    if (turn_is_of(turn, address, space, waits)) {
        turn->passed += 1;
        turn->until -= 1;
        if (turn->until)
            return;
    } else {
        /* the count-down was another word's */
        *turn =
            (struct path_turn){.address = address, .space = space, .waits = waits, .passed = 1, .until = 1};
        c->again_wait = NO_WORD; /* it may go by this place */
    }
    path_sample(turn);
}

#endif
