/* Call paths as a tree: paths with the same callers share nodes, so that a hundred thousand samples make a
 * few thousand nodes.  Node numbers begin with 1, and a caller's is always smaller than its callees': written
 * in order, no row of the recording refers to a later one.  Knows nothing of where paths come from. */
#ifndef HEAPWAIT_CALL_TREE_H
#define HEAPWAIT_CALL_TREE_H

#include <stddef.h>
#include <stdint.h>

/* One frame.  When a path is added `symbol` and `module` are copied; `class` is kept, and must be static. */
struct call_frame {
    const char *symbol; /* NULL: no symbol covers the address */
    const char *module; /* the file's name; "[kernel]"; NULL: in no file */
    uint64_t address;   /* among the module's own addresses; 0 in the tree if there is a symbol */
    const char *class;  /* program, allocator, lock, library, copy, unknown, kernel, missing */
};

struct call_node {
    uint32_t caller; /* number of the caller's node; 0: this is the outermost frame that is known */
    struct call_frame frame;
    uint64_t samples; /* how many of paths whose innermost frame this is */
};

struct call_tree;

/* Returns an empty tree that holds at most `max_nodes`; 0: as many as the recording of any run needs, a
 * million.  NULL: out of memory. */
struct call_tree *call_tree_new(size_t max_nodes);
/* NULL is fine. */
void call_tree_free(struct call_tree *t);

/* Adds a path, innermost frame first, and counts it `samples` times at its innermost frame.  Returns the
 * number of that frame's node, or negative errno, and then nothing was counted; -EINVAL: an empty path;
 * -ENOSPC: the tree is full; -ENOMEM. */
int64_t call_tree_add(struct call_tree *t, const struct call_frame *path, size_t count, uint64_t samples);

/* Returns how many nodes there are. */
size_t call_tree_count(const struct call_tree *t);
/* Returns the node of that number, valid until the next call_tree_add(); NULL: there is none. */
const struct call_node *call_tree_node(const struct call_tree *t, uint32_t number);

#endif
