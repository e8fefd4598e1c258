/* Where some names stand in an ELF string table.  The table is read through once, in pieces; a name may be
 * the tail of a longer one, which linkers share. */
#ifndef HEAPWAIT_SYMBOL_NAMES_H
#define HEAPWAIT_SYMBOL_NAMES_H

#include "probes/elf/elf_file.h"

enum { NAME_ROOM = 1024 }; /* longer names are not looked for */

struct name_places;

/* NULL: no memory, or not readable. */
struct name_places *name_places_new(const struct elf_file *f, const struct elf_section *strings,
                                    const char *const *names, size_t count);
void name_places_free(struct name_places *p);

/* Whether one of the names stands at that place; which of them into *name. */
bool name_places_find(const struct name_places *p, uint32_t place, size_t *name);

#endif
