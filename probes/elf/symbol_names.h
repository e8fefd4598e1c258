/* Where some names stand in an ELF string table.  The table is read through once, in pieces.  A name may be
 * the tail of a longer one: linkers let them share bytes. */
#ifndef HEAPWAIT_SYMBOL_NAMES_H
#define HEAPWAIT_SYMBOL_NAMES_H

#include "probes/elf/elf_file.h"

enum { NAME_ROOM = 1024 }; /* longer names are not looked for */

struct name_places;

/* Looks for the names, which have to live as long as the result.  NULL: no memory, or the table can't be
 * read. */
struct name_places *name_places_new(const struct elf_file *f, const struct elf_section *strings,
                                    const char *const *names, size_t count);
/* NULL is fine. */
void name_places_free(struct name_places *p);

/* Returns true if one of the names stands at that offset of the table, and sets *name to which of them. */
bool name_places_find(const struct name_places *p, uint32_t place, size_t *name);

#endif
