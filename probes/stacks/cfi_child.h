/* The rules of call frame information, as a child process reads them out of a file.  The file is somebody
 * else's, and what decodes it (elfutils' libdw) maps it and trusts much of it.  A file that is made to be
 * harmful, or is truncated meanwhile, ends the child and not heapwait.  What comes back is checked, so that a
 * child that was taken over can tell lies and do no more. */
#ifndef HEAPWAIT_CFI_CHILD_H
#define HEAPWAIT_CFI_CHILD_H

#include "probes/bpf/abi.h"

#include <stdbool.h>

enum {
    CFI_OPS = 32,       /* operations of one expression */
    CFI_POOL = 160,     /* operations of all expressions of one place */
    CFI_REGISTERS = 33, /* those that a frame may have saved, and the return address */
};

/* The sections that the rules may stand in. */
enum cfi_source { CFI_EH_FRAME, CFI_DEBUG_FRAME, CFI_SOURCES };

/* An operation of a DWARF expression (version 5, 2.5). */
struct cfi_op {
    u64 number, number2;
    u32 atom;
    u32 pad;
};

/* How the caller's value of a register is had. */
enum cfi_rule_kind {
    RULE_LOST,       /* not at all: the rule can't be read */
    RULE_UNDEFINED,  /* not at all: the frame hasn't kept it */
    RULE_SAME,       /* the register holds it still */
    RULE_EXPRESSION, /* ops[first] to ops[first + count - 1] of the rules tell where it is */
};
struct cfi_rule {
    u8 kind; /* enum cfi_rule_kind */
    u8 count;
    u16 first;
};

/* What holds at one place of the code. */
struct cfi_rules {
    u8 found;            /* 0: nothing is said of it, and nothing below counts */
    u8 signal;           /* 1: the frame is a signal's */
    u16 op_count;        /* of ops */
    u32 return_register; /* whose value in the caller is the return address; below CFI_REGISTERS */
    struct cfi_rule cfa; /* RULE_EXPRESSION: the frame's address, which the others refer to */
    struct cfi_rule registers[CFI_REGISTERS];
    struct cfi_op ops[CFI_POOL];
};

struct cfi_child;

/* Starts a child that reads the file behind `fd`, which is borrowed until it returns, in `cpu_seconds` of CPU
 * time at most, for all its answers.  NULL: there is no memory, no process to be had, or no file. */
struct cfi_child *cfi_child_new(int fd, unsigned cpu_seconds);

/* Returns the CPU time that the child has used so far, in nanoseconds, whether it has died or not. */
u64 cfi_child_used_ns(const struct cfi_child *c);

/* Ends the child.  Returns the CPU time that it has used in all, in nanoseconds.  NULL is fine. */
u64 cfi_child_free(struct cfi_child *c);

/* Fills *rules with what the file says of the address in it.  Returns false where the child has died: it will
 * not answer again, and *rules is not to be used. */
bool cfi_child_ask(struct cfi_child *c, enum cfi_source source, u64 address, struct cfi_rules *rules);

#endif
