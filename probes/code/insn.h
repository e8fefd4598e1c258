/* One machine instruction, as far as reading a stranger's code needs it: its length, where control goes,
 * which registers it may change, and what a few simple ones do (constants, copies, sums, the stack).  Both
 * decoders, of x86-64 and of aarch64, are built on either machine.  The bytes are hostile: anything may come,
 * and nothing is read past their end. */
#ifndef HEAPWAIT_INSN_H
#define HEAPWAIT_INSN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Registers have the machine's own numbers. */
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
    INSN_LOAD_PAIR,     /* aarch64: the same from there */
    INSN_STACK_ADDRESS, /* aarch64: reg = the stack pointer + value, which is not negative */
    INSN_STACK_MOVE, /* aarch64: the stack pointer = source (31: itself) + value; NO_REGISTER: something else
                      */
    INSN_CALL,       /* of target */
    INSN_CALL_INDIRECT, /* of what a register or memory tells */
    INSN_JUMP,          /* to target */
    INSN_JUMP_INDIRECT, /* to where a register or memory tells */
    INSN_BRANCH,        /* to target, or on to the next instruction */
    INSN_RETURN,
    INSN_SYSCALL,
    INSN_STOP, /* ud2, brk and the like: the program does not get past it */
};

/* What an atomic access makes of the word in memory. */
enum insn_atomic { ATOMIC_NONE, ATOMIC_AND, ATOMIC_OR, ATOMIC_SWAP, ATOMIC_OTHER };

struct insn {
    uint8_t size; /* bytes; 0: they are no instruction, or processors differ about it; nothing else counts */
    uint8_t kind; /* enum insn_kind: what the fields below mean */
    uint8_t reg, source; /* NO_REGISTER: none */
    uint8_t shift;       /* bits, of INSERT */
    bool narrow;         /* the result is cut to 32 bits */
    bool relative;       /* of SET: the value is an address, told by its distance from the instruction */
    bool crash;          /* it kills the program (hlt in user mode): what musl does with a broken heap */
    bool far;            /* a jump that may lead to another function */
    uint32_t writes;     /* bit n: register n may be changed, `reg` included.  More are named than need
                          * be where the decoder isn't sure, never fewer; of a call, not the function's */
    uint64_t value;      /* of SET, ADD, INSERT, STACK_ADDRESS, STACK_MOVE */
    uint64_t target;     /* of CALL, JUMP, BRANCH: an address */
    bool has_immediate;  /* `immediate` is a constant of the instruction: to compare with, to mask with... */
    uint64_t immediate;
    /* The operand in memory. */
    bool memory;    /* there is one */
    bool indexed;   /* its address is more than base + displacement */
    bool wide;      /* it has 64 bits */
    bool store;     /* it is written by a plain store of `source`; x86: by mov, of 32 or 64 bits */
    bool load;      /* it is loaded into `reg`; x86: by mov, of 32 or 64 bits; aarch64: 64 bits */
    int16_t moves;  /* aarch64: bytes that the base moves by; displacement counts from where it was before */
    uint8_t base;   /* register; NO_REGISTER: the displacement is the address */
    uint8_t atomic; /* enum insn_atomic */
    uint64_t displacement;
};

/* What differs between machines: the decoder, and conventions.  Sources: System V ABI for x86-64, AAPCS64,
 * Linux's syscall(2). */
struct machine {
    /* Fills *out with the instruction that begins with bytes[0] and lies at `address`.  out->size is 0 where
     * the `size` bytes are none, or end before it does. */
    void (*decode)(const uint8_t *bytes, size_t size, uint64_t address, struct insn *out);
    unsigned step;          /* bytes: instructions lie at multiples of it */
    uint8_t call_bytes;     /* of the longest call without prefixes; at most MAX_CALL_BYTES */
    uint32_t call_changes;  /* bit n: a function needn't preserve register n */
    uint32_t stub_changes;  /* of these, those that what lies between a call and its function may change */
    uint8_t arguments[6];   /* registers of a function's first arguments */
    uint8_t syscall_number; /* the register that tells which system call it is */
    uint8_t syscall_arguments[6]; /* registers of its arguments */
    bool halves;                  /* musl changes 64 bits there as two words, by 32-bit atomic instructions */
    /* Numbers of system calls. */
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
