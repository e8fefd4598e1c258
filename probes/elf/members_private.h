/* Between members.c, which keeps descriptions of variables, and members_dwarf.c, which makes them in a child.
 */
#ifndef HEAPWAIT_MEMBERS_PRIVATE_H
#define HEAPWAIT_MEMBERS_PRIVATE_H

#include <stddef.h>
#include <stdint.h>

enum { LAYOUT_NAME = 48, LAYOUT_NODES = 1024, LAYOUT_DEPTH = 8 };

/* One member, under its struct's node; offsets from there.  The variable itself is node 0.  With `count` it
 * is an array, and what is under it lies in one element. */
struct layout_node {
    uint64_t offset, size;  /* of all elements */
    uint64_t stride;        /* of one */
    uint64_t count;         /* 0: no array */
    int32_t parent;         /* -1: the variable itself; always before its children */
    uint32_t whole;         /* a lock: which of its bytes is waited on is its own business */
    char name[LAYOUT_NAME]; /* empty: has none (an anonymous struct, a further dimension, a base class) */
};

/* The variable that begins at the address, into at most LAYOUT_NODES nodes.  How many; 0: not found. */
size_t members_from_dwarf(int fd, uint64_t address, struct layout_node *nodes);

#endif
