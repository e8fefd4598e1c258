/* SPDX-License-Identifier: MIT OR GPL-2.0 */
/* What must be written in a certain way, so that each kernel's verifier follows it whatever the compiler
 * makes of it.  Each function here says which verifier and which compiler asks for it.  Needs vmlinux.h. */
#ifndef HEAPWAIT_VERIFIER_BPF_H
#define HEAPWAIT_VERIFIER_BPF_H

/* A function of memory and numbers.  The verifier looks at a function that is not static once, by what its
 * parameters may be, and not again for each way that leads to a call, which takes it a fifth of the time for
 * mode ledger's programs.  So such a function asks its pointers for NULL.  Before Linux 6.9 it takes no
 * pointer to a type of the kernel's: functions that want one are static.  On Linux 6.1 a parameter's memory
 * can't be a map's key or value: it is copied first.  Where the kernel refuses such functions,
 * session_skeleton_open() makes them static after all. */
#define SUBPROGRAM __noinline

/* Returns `value` as an index below `size`, a power of two, into an array in map memory.  The compiler may
 * not see through the value.  It would mask the parts that it was added from and join them by OR, of which
 * the verifier of Linux 6.1 knows no bound; or it would leave the mask out where it knows the bound better
 * than the verifier. */
static __always_inline u32 index_below(u32 size, u32 value)
{
    asm volatile("" : "+r"(value));
    return value & (size - 1);
}

/* Returns `value`, which is known to be at most `most`, as the length of a copy.  The verifier of Linux 6.1
 * learns nothing from the comparison of two registers that showed it, and the compiler would drop this one as
 * known.
 */
static __always_inline u32 length_within(const u32 most, u32 value)
{
    asm volatile("" : "+r"(value));
    return value <= most ? value : most;
}

/* Returns the field that lies `offset` bytes into the program's context.  The verifier allows a load from the
 * context at a constant offset only ("dereference of modified ctx ptr"), and clang 19 adds the offset to the
 * pointer first where it serves two loads.  The pointer comes into this load as it is. */
static __always_inline u64 context_load(const void *ctx, const u32 offset)
{
    u64 value;
    asm volatile("%0 = *(u64 *)(%1 + %2)" : "=r"(value) : "r"(ctx), "i"(offset) : "memory");
    return value;
}

/* The first three arguments of the system call that a tracepoint's record tells of. */
#define RECORD_ARGUMENTS(record)                                                                             \
    {                                                                                                        \
        context_load(record, __builtin_offsetof(struct syscall_enter_record, args[0])),                      \
            context_load(record, __builtin_offsetof(struct syscall_enter_record, args[1])),                  \
            context_load(record, __builtin_offsetof(struct syscall_enter_record, args[2]))                   \
    }

#endif
