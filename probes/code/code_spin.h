/* Whether code waits by spinning: in a loop that ends only when another thread changes memory. */
#ifndef HEAPWAIT_CODE_SPIN_H
#define HEAPWAIT_CODE_SPIN_H

#include "probes/code/insn.h"

/* How many bytes before and after an address are to be given, if they are there. */
enum { SPIN_REACH = 128 };

/* Returns whether the instruction at bytes[at] lies in such a loop.  `bytes` are `size` bytes of code, and
 * lie at `address`.  A loop is one if it calls nothing and stores nothing, and
 * - tells the processor that it waits: pause (x86); yield, wfe or isb (aarch64); or
 * - swaps a value with a word in memory until it gets another (test-and-set); or
 * - changes nothing but what it loads again and again (test-and-test-and-set).
 * Of what a stack pointer or frame pointer points to no other thread is expected to change anything. Sources:
 * Intel 64 and IA-32 SDM, PAUSE; Arm A-profile, hints; T. E. Anderson, "The Performance of Spin Lock
 * Alternatives for Shared-Memory Multiprocessors", IEEE TPDS 1, 1990. */
bool code_spin_at(const uint8_t *bytes, size_t size, size_t at, uint64_t address,
                  const struct machine *machine);

#endif
