/* Call paths as a tree: who shares callers shares nodes, so that a hundred thousand samples make a few
 * thousand nodes.  Node numbers begin with 1, and a caller's is always smaller than its callees': written in
 * order, no row of the recording refers to a later one.  Knows nothing of where paths come from. */
#ifndef HEAPWAIT_CALL_TREE_H
#define HEAPWAIT_CALL_TREE_H

#include <stddef.h>
#include <stdint.h>

/* One frame.  Strings of a path that is added need to live until the call returns only (but for `class`,
 * static). */
struct call_frame {
    const char *symbol; /* NULL: no symbol covers the address */
    const char *module; /* the file's name; "[kernel]"; NULL: in no file */
    uint64_t address;   /* in the module's own addresses; counts only where there is no symbol */
    const char *class;  /* program, allocator, lock, copy, unknown, kernel */
};

struct call_node {
    uint32_t caller; /* 0: the outermost frame that is known */
    struct call_frame frame;
    uint64_t samples; /* of paths whose innermost frame this is */
};

struct call_tree;

/* Holds at most `max_nodes`, 0: as many as the recording of any run will need (a million). */
struct call_tree *call_tree_new(size_t max_nodes);
/* NULL is fine. */
void call_tree_free(struct call_tree *t);

/* Adds a path, innermost frame first, and counts it `samples` times at its innermost frame.  The node of that
 * frame (> 0); -EINVAL: an empty path, -ENOSPC: the tree is full, -ENOMEM (then nothing was counted). */
int64_t call_tree_add(struct call_tree *t, const struct call_frame *path, size_t count, uint64_t samples);

size_t call_tree_count(const struct call_tree *t);
/* 1 to call_tree_count(); valid until the next call_tree_add(). */
const struct call_node *call_tree_node(const struct call_tree *t, uint32_t number);

#endif
