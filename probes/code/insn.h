/* One machine instruction, as far as reading a stranger's code needs it: its length, where control goes,
 * which registers it may change, and what is known of a few simple ones (constants, copies, sums).  x86-64
 * and aarch64, both on either machine.  The bytes are hostile: anything may come, nothing is read past the
 * end. */
#ifndef HEAPWAIT_INSN_H
#define HEAPWAIT_INSN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { MAX_REGISTERS = 32, NO_REGISTER = 0xff, MAX_CALL_BYTES = 8 };

enum insn_kind {
    INSN_OTHER,
    INSN_SET,           /* reg = value */
    INSN_COPY,          /* reg = source */
    INSN_ADD,           /* reg = source + value */
    INSN_INSERT,        /* 16 bits of reg, from bit `shift` on, = value */
    INSN_PUSH,          /* 8 bytes onto the stack: source, or something else (NO_REGISTER) */
    INSN_POP,           /* 8 bytes off it: into reg, or elsewhere (NO_REGISTER) */
    INSN_LEAVE,         /* x86: the stack pointer = the frame pointer, which is popped */
    INSN_STORE_PAIR,    /* aarch64: reg and source, of 64 bits, to where base points or moves to */
    INSN_STACK_ADDRESS, /* aarch64: reg = the stack pointer + value, which is not negative */
    INSN_CALL,          /* to target */
    INSN_CALL_INDIRECT,
    INSN_JUMP, /* to target */
    INSN_JUMP_INDIRECT,
    INSN_BRANCH, /* to target, or on */
    INSN_RETURN,
    INSN_SYSCALL,
    INSN_STOP, /* ud2, brk...: nothing comes after it */
};

enum insn_atomic { ATOMIC_NONE, ATOMIC_AND, ATOMIC_OR, ATOMIC_SWAP, ATOMIC_OTHER };

struct insn {
    uint8_t size; /* 0: no instruction */
    uint8_t kind;
    uint8_t reg, source; /* numbers as the machine has them */
    uint8_t shift;
    bool narrow;        /* the result is cut to 32 bits */
    bool relative;      /* of SET: the value is an address, told by its distance from the instruction */
    bool crash;         /* it kills the program (hlt in user mode): what musl does with a broken heap */
    bool far;           /* a jump that may lead to another function */
    uint32_t writes;    /* registers that it may change, `reg` included */
    uint64_t value;     /* of SET, ADD, INSERT */
    uint64_t target;    /* of CALL, JUMP, BRANCH */
    bool has_immediate; /* a constant to compare with, to mask with... */
    uint64_t immediate;
    /* the memory operand */
    bool memory, indexed;
    bool wide;      /* 64 bits of it */
    bool store;     /* aarch64: it is a plain store */
    uint8_t base;   /* NO_REGISTER: the displacement is the address */
    uint8_t atomic; /* enum insn_atomic */
    uint64_t displacement;
};

/* What differs between machines beside the instructions.  Sources: System V ABI for x86-64, AAPCS64, Linux's
 * syscall(2). */
struct machine {
    void (*decode)(const uint8_t *bytes, size_t size, uint64_t address, struct insn *out);
    unsigned step;         /* instructions lie at multiples of it */
    uint8_t call_bytes;    /* of the longest call without prefixes; at most MAX_CALL_BYTES */
    uint32_t call_changes; /* registers that a function needn't preserve */
    uint32_t
        stub_changes; /* of these, those that may change between a call and the function that it leads to */
    uint8_t arguments[6];         /* of a call */
    uint8_t syscall_number;       /* registers of a system call */
    uint8_t syscall_arguments[6]; /* ditto */
    uint16_t nr_futex, nr_mmap, nr_munmap, nr_brk, nr_madvise;
};

extern const struct machine machine_x86, machine_arm64;

/* The machine that this is built for. */
#if defined(__x86_64__)
#define MACHINE_NATIVE machine_x86
#elif defined(__aarch64__)
#define MACHINE_NATIVE machine_arm64
#else
#error "heapwait reads x86-64 and aarch64 code"
#endif

#endif
