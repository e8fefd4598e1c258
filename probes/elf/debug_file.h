/* Symbol tables that lie outside of .symtab and .dynsym: the compressed one inside a file (.gnu_debugdata),
 * the separate debug file that belongs to a build-id, and the files that the user names by --debug-file. Asks
 * no network. */
#ifndef HEAPWAIT_DEBUG_FILE_H
#define HEAPWAIT_DEBUG_FILE_H

#include "analysis/base/error.h"
#include "probes/elf/elf_file.h"

/* What .gnu_debugdata holds, unpacked; NULL: none, or it is broken or too large. */
struct elf_file *debug_file_of_debugdata(const struct elf_file *f);

/* FOLDER/.build-id/xx/rest.debug of that very build-id; NULL: none.  The path, malloc'd, into *path. */
struct elf_file *debug_file_by_build_id(const struct elf_file *f, char **path);

/* The files that the user gave. */
struct debug_files;
struct debug_files *debug_files_new(void);
void debug_files_free(struct debug_files *d);

/* 0; or negative errno and the sentence: can't be read, or is nothing that could name anything. */
int debug_files_add(struct debug_files *d, const char *path, struct error *err);

/* The given file that belongs to the module: by build-id, or, where one of them has none, by name (NAME,
 * NAME.debug, NAME.dbg, NAME.sym).  NULL: none.  Owned by *d. */
const struct elf_file *debug_files_match(struct debug_files *d, const struct elf_file *module,
                                         const char *module_name);

/* After all, of the i-th given file: one malloc'd sentence when it was of no use, else NULL. */
size_t debug_files_count(const struct debug_files *d);
char *debug_files_complaint(const struct debug_files *d, size_t i);

#endif
