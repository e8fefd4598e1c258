/* What lies where in a variable: members of structs and elements of arrays, by DWARF.  The debug information
 * is somebody else's, and libdw trusts it more than a stranger's file deserves.  So it is read in a child
 * process with limits on time and memory, which hands back a flat description.  If the child dies, nothing is
 * known. */
#ifndef HEAPWAIT_MEMBERS_H
#define HEAPWAIT_MEMBERS_H

#include "probes/elf/reader_child.h"

#include <stdint.h>

struct layouts;

/* For the variables of one file, whose descriptor stays the caller's and open; a negative one: nothing is
 * known.  `all` is the CPU time for this file and others, the caller's, and outlives the layouts; when
 * nothing of it is left, nothing more is searched for.  NULL: out of memory. */
struct layouts *layouts_new(int fd, struct reader_time *all);
/* NULL is fine. */
void layouts_free(struct layouts *l);

/* Returns which member of the variable that begins at the address has the offset: ".bins[3].lock[0]",
 * malloc'd, with "+0x4" behind it if the offset is inside of the member.  An empty text: the variable is one
 * lock, whatever the offset.  NULL: not known, the variable has no parts, or no memory. */
char *layouts_member(struct layouts *l, uint64_t address, uint64_t offset);

#endif
