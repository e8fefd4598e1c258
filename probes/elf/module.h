/* One ELF file that a traced process had mapped: its symbols, from wherever they can be had (.symtab,
 * .dynsym, .gnu_debugdata, a separate debug file found by build-id, a file that the user gave), its segments
 * and sections, its code.  Addresses here are the file's own (p_vaddr); who has a process's address takes the
 * load bias off first.  The file is somebody else's: nothing in it is trusted to be consistent. */
#ifndef HEAPWAIT_MODULE_H
#define HEAPWAIT_MODULE_H

#include "probes/elf/debug_file.h"
#include "probes/elf/symbols.h"
#include "probes/mappings/spaces.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct module;
struct module_table;

/* The table reads each file once and owns the modules. */
struct module_table *module_table_new(void);
void module_table_free(struct module_table *t);

/* Files that the user gave, to be asked when a module has no answer itself.  Owned by the caller; must
 * outlive the table. */
void module_table_debug_files(struct module_table *t, struct debug_files *given);

/* The module behind a mapping; NULL when the file can't be read or is no longer the one that was mapped. */
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

/* From the first byte of its segments to behind the last. */
void module_extent(const struct module *m, uint64_t *low, uint64_t *high);

/* The symbol whose [address, address + size) holds the address; never merely the nearest one. */
const struct symbol *module_symbol_at(const struct module *m, uint64_t address, bool function);
const struct symbol *module_symbol_named(const struct module *m, const char *name);

/* Looks for many names at once: a file of two million symbols is read through for each question else.  The
 * same array again costs nothing. */
void module_symbols_expect(const struct module *m, const char *const *names, size_t count);

/* Whether the module gives that name to others, for the dynamic linker to find. */
bool module_exports(const struct module *m, const char *name);

/* Where in the object an address lies, by DWARF: ".queue[2].lock", malloc'd.  NULL: nothing is known, or
 * nothing is to be added to the object's name. */
char *module_member_at(const struct module *m, const struct symbol *object, uint64_t address);

/* Section name for an address, and the offset in it; NULL when the file has no section headers there. */
const char *module_section_at(const struct module *m, uint64_t address, uint64_t *offset);

/* The open file, for elfutils; the module's own, to be read and not to be closed.  -1: it is in none. */
int module_descriptor(const struct module *m);

/* The n-th loaded segment, as much of it as the file holds; false: there is none. */
bool module_segment(const struct module *m, size_t n, uint64_t *address, uint64_t *size, bool *code);

/* Copies `size` bytes of what the file holds at the address; false when it doesn't hold that much. */
bool module_bytes(const struct module *m, uint64_t address, void *buffer, size_t size);

#endif
