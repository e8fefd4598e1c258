/* What members.c, which keeps descriptions of variables, and members_dwarf.c, which makes them in a child,
 * share. */
#ifndef HEAPWAIT_MEMBERS_PRIVATE_H
#define HEAPWAIT_MEMBERS_PRIVATE_H

#include <stddef.h>
#include <stdint.h>

enum { LAYOUT_NAME = 48, LAYOUT_NODES = 1024, LAYOUT_DEPTH = 8 };

/* One member, whose parent is its struct's node; offsets count from that.  The variable itself is node 0.  If
 * it is an array, its children are those of one element. */
struct layout_node {
    uint64_t offset, size; /* in bytes, of all elements */
    uint64_t stride;       /* bytes from one element to the next */
    uint64_t count;        /* 0: no array */
    int32_t parent; /* number of the parent, always smaller than this node's; -1: the variable itself */
    uint32_t whole; /* 1: it is a lock, and which of its bytes is waited on is its own business */
    char name[LAYOUT_NAME]; /* empty: has none (an anonymous struct, a further dimension, a base class) */
};

/* Describes the variable that begins at the address in nodes[LAYOUT_NODES].  Returns how many there are; 0:
 * it was not found. */
size_t members_from_dwarf(int fd, uint64_t address, struct layout_node *nodes);

#endif
