/* One ELF file that a traced process had mapped: its symbols, from wherever they can be had (.symtab,
 * .dynsym, .gnu_debugdata, a separate debug file found by build-id), its segments and sections, its code.
 * Addresses here are the file's own (p_vaddr); who has a process's address takes the load bias off first.
 * The file is somebody else's: it is read by elfutils, and nothing in it is trusted to be consistent. */
#ifndef HEAPWAIT_MODULE_H
#define HEAPWAIT_MODULE_H

#include "probes/sideband.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct symbol {
    uint64_t address, size;
    const char *name; /* owned by the module */
    bool function;    /* else an object */
    bool separate;    /* from a separate debug file */
};

struct module;
struct module_table;

/* The table reads each file once and owns the modules. */
struct module_table *module_table_new(void);
void module_table_free(struct module_table *t);

/* The module behind a mapping's path; NULL when the file can't be read or is no longer the one that was
 * mapped (its inode has changed). */
const struct module *module_get(struct module_table *t, const struct mapping *m);

const char *module_path(const struct module *m);
const char *module_basename(const struct module *m);
bool module_is_dynamic(const struct module *m); /* has an interpreter */
bool module_is_position_independent(const struct module *m);

/* What is to be taken off a process's address to get the file's; false: the mapping fits no segment. */
bool module_bias(const struct module *m, const struct mapping *mapping, uint64_t *bias);

/* Whether the address lies in a loaded segment, .bss included and no byte more. */
bool module_contains(const struct module *m, uint64_t address);
bool module_is_code(const struct module *m, uint64_t address);

/* The symbol whose [address, address + size) holds the address; never merely the nearest one. */
const struct symbol *module_symbol_at(const struct module *m, uint64_t address, bool function);
const struct symbol *module_symbol_named(const struct module *m, const char *name);

/* Section name for an address, and the offset in it; NULL when the file has no section headers there. */
const char *module_section_at(const struct module *m, uint64_t address, uint64_t *offset);

/* The open file, for elfutils; the module's own, to be read and not to be closed. */
int module_descriptor(const struct module *m);

/* The n-th loaded segment, as much of it as the file holds; false: there is none. */
bool module_segment(const struct module *m, size_t n, uint64_t *address, uint64_t *size, bool *code);

/* Copies `size` bytes of what the file holds at the address; false when it doesn't hold that much. */
bool module_bytes(const struct module *m, uint64_t address, void *buffer, size_t size);

#endif
