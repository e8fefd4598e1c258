/* One ELF file that a traced process had mapped: its symbols, from wherever they can be had (.symtab,
 * .dynsym, .gnu_debugdata, a separate debug file found by build-id, a file that the user gave), its segments
 * and sections, its code.  The file is somebody else's: nothing in it is trusted to be consistent.
 *
 * Addresses here are the file's own (p_vaddr): who has one of a process takes module_bias() off first.
 * Strings and symbols that functions return are the module's, unless they are said to be malloc'd; modules
 * are the table's. */
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

/* The table reads each file once and owns the modules.  module_table_new() returns NULL if there is no
 * memory; NULL is fine for module_table_free(). */
struct module_table *module_table_new(void);
void module_table_free(struct module_table *t);

/* Sets the files that the user gave, to be asked for what a module has no answer to itself.  To be called
 * before the first module_get().  They stay the caller's and must outlive the table. */
void module_table_debug_files(struct module_table *t, struct debug_files *given);

/* Returns the module behind a mapping; NULL: the file can't be read, or is no longer the one that was mapped,
 * or no memory. */
const struct module *module_get(struct module_table *t, const struct mapping *m);

/* Return the path that the mapping has; its last part. */
const char *module_path(const struct module *m);
const char *module_basename(const struct module *m);
bool module_is_dynamic(const struct module *m); /* it has an interpreter */
bool module_is_position_independent(const struct module *m);

/* Sets *bias to what is to be taken off a process's address to get the file's.  Returns false if the mapping
 * fits no segment of code. */
bool module_bias(const struct module *m, const struct mapping *mapping, uint64_t *bias);

/* Return true if the address lies in a loaded segment, .bss included and no byte more; in one of code; in one
 * that can be written, as whatever is waited for must be. */
bool module_contains(const struct module *m, uint64_t address);
bool module_is_code(const struct module *m, uint64_t address);
bool module_is_data(const struct module *m, uint64_t address);

/* Sets *low to the first byte of its segments and *high to behind the last. */
void module_extent(const struct module *m, uint64_t *low, uint64_t *high);

/* Return the symbol whose [address, address + size) holds the address, never merely the nearest one;
 * `function`: a function, else an object; the symbol of that name.  NULL: there is none. */
const struct symbol *module_symbol_at(const struct module *m, uint64_t address, bool function);
const struct symbol *module_symbol_named(const struct module *m, const char *name);

/* Looks for many names at once; without this a file of two million symbols is read through for each.  The
 * array has to live as long as the module: given again, it costs nothing. */
void module_symbols_expect(const struct module *m, const char *const *names, size_t count);

/* Returns true if the module gives that name to others, for the dynamic linker to find. */
bool module_exports(const struct module *m, const char *name);

/* Returns where in the object the address lies, by DWARF: ".queue[2].lock", malloc'd; an empty text: the
 * object is one lock.  NULL: nothing is known, or nothing is to be added to the object's name. */
char *module_member_at(const struct module *m, const struct symbol *object, uint64_t address);

/* Returns the name of the section that the address is in, and sets *offset to where in it; NULL: the file has
 * no section headers there. */
const char *module_section_at(const struct module *m, uint64_t address, uint64_t *offset);

/* Returns the descriptor of the open file, for elfutils: to be read, not to be closed.  -1: it is in none, it
 * is in memory. */
int module_descriptor(const struct module *m);

/* Sets *address, *size and *code of the n-th loaded segment, as much of it as the file holds.  Returns false
 * if there is none. */
bool module_segment(const struct module *m, size_t n, uint64_t *address, uint64_t *size, bool *code);

/* Copies `size` bytes of what the file holds at the address.  Returns false if it doesn't hold that many. */
bool module_bytes(const struct module *m, uint64_t address, void *buffer, size_t size);

#endif
