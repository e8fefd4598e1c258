/* The rules of call frame information, as a child process reads them out of a file.  The file is somebody
 * else's, and what decodes it (elfutils' libdw) maps it and trusts much of it: a file that is made to be
 * harmful, or is truncated meanwhile, ends the child and not heapwait.  What comes back is checked, so that a
 * child that was taken over can tell lies but do no more. */
#ifndef HEAPWAIT_CFI_CHILD_H
#define HEAPWAIT_CFI_CHILD_H

#include "probes/bpf/abi.h"

#include <stdbool.h>

enum {
    CFI_OPS = 32,       /* of one expression */
    CFI_POOL = 160,     /* of all expressions of one place */
    CFI_REGISTERS = 33, /* that a frame may have saved, and the one that it returns to */
};

enum cfi_source { CFI_EH_FRAME, CFI_DEBUG_FRAME, CFI_SOURCES };

/* An operation of a DWARF expression (version 5, 2.5). */
struct cfi_op {
    u64 number, number2;
    u32 atom;
    u32 pad;
};

enum cfi_rule_kind { RULE_LOST, RULE_UNDEFINED, RULE_SAME, RULE_EXPRESSION };

/* An expression is ops[first] and those behind it. */
struct cfi_rule {
    u8 kind;
    u8 count;
    u16 first;
};

/* What holds at one place of the code. */
struct cfi_rules {
    u8 found; /* else nothing is said of it */
    u8 signal;
    u16 op_count;
    u32 return_register;
    struct cfi_rule cfa; /* RULE_EXPRESSION */
    struct cfi_rule registers[CFI_REGISTERS];
    struct cfi_op ops[CFI_POOL];
};

struct cfi_child;

/* Starts a child that reads the file behind `fd` (borrowed until here); NULL: it can't be. */
struct cfi_child *cfi_child_new(int fd);
/* NULL is fine. */
void cfi_child_free(struct cfi_child *c);

/* What holds at the address.  false: the child has died of the file; it will not answer again. */
bool cfi_child_ask(struct cfi_child *c, enum cfi_source source, u64 address, struct cfi_rules *rules);

#endif
