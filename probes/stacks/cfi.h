/* One step of unwinding by call frame information: .eh_frame or .debug_frame, as elfutils' libdw decodes
 * them. The file and the stack are somebody else's.  So expressions are evaluated without loops and jumps,
 * the stack is read through the caller, and what is odd counts as no information. */
#ifndef HEAPWAIT_CFI_H
#define HEAPWAIT_CFI_H

#include "probes/bpf/abi.h"
#include "probes/elf/module.h"

/* The registers of one frame, by DWARF's numbers.  Bit n of `known`: value[n] is. */
struct registers {
    u64 value[DWARF_REGISTERS];
    u64 known;
};

/* Reads the eight bytes at `address` of the stack into *value.  `context` is the caller's.  Returns false
 * where they are not to be had. */
typedef bool (*stack_read_fn)(void *context, u64 address, u64 *value);

enum cfi_result {
    CFI_STEPPED,
    CFI_OUTERMOST, /* the tables say that the frame has no caller */
    CFI_NONE,      /* the tables say nothing of the place, or what can't be followed */
};

struct cfi_tables;

/* Returns tables of no file yet; NULL: out of memory.  Who reads them uses `cpu_seconds` of CPU time at most,
 * for all files together, and a third of that for one file: then nothing more is known of it.  What a reader
 * is at when the time is over it may finish, within the time that it was given when it began. */
struct cfi_tables *cfi_tables_new(unsigned cpu_seconds);

/* Frees them, and ends the children that read them.  To be called before the modules are freed.  NULL is
 * fine. */
void cfi_tables_free(struct cfi_tables *t);

/* Leaves one frame: puts its caller's registers in place of *r, for CFI_STEPPED; else *r stays as it was.
 * `own` is the frame's program counter as an address of the module; of a frame that has made a call it is one
 * less than where that returns to, so that it lies in the call.  *signal is set for CFI_STEPPED: the frame is
 * a signal's, and what comes out was interrupted and has made no call. */
enum cfi_result cfi_step(struct cfi_tables *t, const struct module *m, u64 own, struct registers *r,
                         stack_read_fn read, void *context, bool *signal);

#endif
