/* One step of unwinding by call frame information: .eh_frame or .debug_frame, as elfutils' libdw decodes
 * them. The file is somebody else's and so is the stack: expressions are evaluated without loops and jumps,
 * reads go through the caller, and what is odd is "no information". */
#ifndef HEAPWAIT_CFI_H
#define HEAPWAIT_CFI_H

#include "probes/bpf/abi.h"
#include "probes/elf/module.h"

/* Registers of one frame, by DWARF number; bit n of `known` says whether value[n] is. */
struct registers {
    u64 value[DWARF_REGISTERS];
    u64 known;
};

/* Reads eight bytes of the stack; false: they are not there. */
typedef bool (*stack_read_fn)(void *context, u64 address, u64 *value);

enum cfi_result {
    CFI_STEPPED,
    CFI_OUTERMOST, /* the frame says that it has no caller */
    CFI_NONE,      /* nothing is said of this place, or it can't be followed */
};

struct cfi_tables;

struct cfi_tables *cfi_tables_new(void);
/* NULL is fine.  To be called before the modules are freed. */
void cfi_tables_free(struct cfi_tables *t);

/* Puts the caller's registers in place of *r.  `own` is the program counter in the module, and for a caller
 * one less than it returns to, so that it lies in the call.  *signal: the frame is a signal's, whose "caller"
 * was interrupted and has made no call. */
enum cfi_result cfi_step(struct cfi_tables *t, const struct module *m, u64 own, struct registers *r,
                         stack_read_fn read, void *context, bool *signal);

#endif
