/* Symbol tables that lie outside of .symtab and .dynsym: the compressed one inside a file (.gnu_debugdata),
 * the separate debug file that belongs to a build-id, and the files that the user names by --debug-file.
 * Asks no network.  Files that functions return are closed with elf_file_close() by the caller, but for those
 * of *d. */
#ifndef HEAPWAIT_DEBUG_FILE_H
#define HEAPWAIT_DEBUG_FILE_H

#include "analysis/base/error.h"
#include "probes/elf/elf_file.h"

/* How much may still be unpacked, in bytes, of all files together: a few kilobytes of a hostile file become
 * gigabytes. */
struct unpack_room {
    size_t kept; /* of what is of use, and stays in memory */
    size_t vain; /* of what turns out to be broken or too large */
};
extern const struct unpack_room unpack_room_all; /* to begin with */

/* Returns what .gnu_debugdata holds, unpacked, in memory, and takes its size off *room; NULL: there is none,
 * it is broken or too large, or no memory. */
struct elf_file *debug_file_of_debugdata(const struct elf_file *f, struct unpack_room *room);

/* Returns /usr/lib/debug/.build-id/xx/REST.debug if it is of that very build-id, and sets *path to that path,
 * malloc'd.  NULL: there is none, and *path is NULL too. */
struct elf_file *debug_file_by_build_id(const struct elf_file *f, char **path);

/* The files that the user gave.  debug_files_new() returns NULL if there is no memory; debug_files_free()
 * closes them, NULL is fine. */
struct debug_files;
struct debug_files *debug_files_new(void);
void debug_files_free(struct debug_files *d);

/* Opens a file and adds it.  0 or negative errno, with a sentence: it can't be read, or has nothing that
 * could name anything. */
int debug_files_add(struct debug_files *d, const char *path, struct error *err);

/* Returns the given file that belongs to the module, owned by *d: by build-id; if one of the two has none, by
 * name (NAME, NAME.debug, NAME.dbg, NAME.sym).  NULL: there is none, or `d` is NULL. */
const struct elf_file *debug_files_match(struct debug_files *d, const struct elf_file *module,
                                         const char *module_name);

/* After all modules were matched: returns a sentence, malloc'd, if the i-th given file was of no use; else
 * NULL. */
size_t debug_files_count(const struct debug_files *d);
char *debug_files_complaint(const struct debug_files *d, size_t i);

#endif
