/* What lies where in a variable: members of structs and elements of arrays, by DWARF.  The debug information
 * is somebody else's, and libdw trusts it more than a stranger's file deserves: it is read in a child process
 * with limits on time and memory, which hands back a flat description.  If the child dies, nothing is known.
 */
#ifndef HEAPWAIT_MEMBERS_H
#define HEAPWAIT_MEMBERS_H

#include <stdint.h>

struct layouts;

/* Of the variables of one file; the descriptor stays the caller's.  Negative: a file that knows nothing. */
struct layouts *layouts_new(int fd);
void layouts_free(struct layouts *l);

/* The member at the offset in the variable at the address: ".bins[3].lock[0]", malloc'd, with "+0x4" behind
 * it when the offset is inside of one.  NULL: not known, or the variable has no parts;
 * empty: it is one lock, whatever the offset. */
char *layouts_member(struct layouts *l, uint64_t address, uint64_t offset);

#endif
