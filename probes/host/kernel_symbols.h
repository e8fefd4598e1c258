/* Names of the running kernel's functions, from /proc/kallsyms.  Who may not see the addresses there (sysctl
 * kernel.kptr_restrict) gets no names. */
#ifndef HEAPWAIT_KERNEL_SYMBOLS_H
#define HEAPWAIT_KERNEL_SYMBOLS_H

#include <stdbool.h>
#include <stdint.h>

struct kernel_symbols;

/* Reads /proc/kallsyms, or a file like it, at `path`.  A file that can't be read has no names.  NULL: out of
 * memory. */
struct kernel_symbols *kernel_symbols_read(const char *path);

/* Returns the name of the function that the address lies in, owned by *k; NULL: none is known. */
const char *kernel_symbol_at(const struct kernel_symbols *k, uint64_t address);

/* Returns true for the functions by which a page fault of user code enters the kernel, on x86-64 and arm64.
 * NULL is fine. */
bool kernel_symbol_is_fault(const char *name);

/* Returns true for the function by which a system call enters the kernel on arm64, where a sample may come
 * before the call's number is stored.  NULL is fine. */
bool kernel_symbol_is_call(const char *name);

/* NULL is fine. */
void kernel_symbols_free(struct kernel_symbols *k);

#endif
