/* The table of allocators: one row holds all that heapwait knows of one by name.  It holds no code but the
 * look-up of a row: which module of a process holds an allocator is told by probes/names/allocators.h, where
 * its library lies by probes/host/preload.h, how figures draw it by plots/palette.h.  What is returned stands
 * in the table: it is never freed.  docs/adding-an-allocator.md tells how a row is made. */
#ifndef HEAPWAIT_ALLOCATOR_TABLE_H
#define HEAPWAIT_ALLOCATOR_TABLE_H

#include <stdbool.h>
#include <stdint.h>

/* What a lock is for, by a part of the name of the function that takes it.  Role NULL: the function takes
 * locks of every role, and tells nothing of any. */
struct allocator_role {
    const char *part, *role;
};

/* How an allocator is drawn. */
struct ink {
    uint32_t colour;    /* 0xRRGGBB; 0: none was chosen */
    uint32_t words;     /* the same for text, dark enough to read on white (4.5 : 1) */
    int filled, hollow; /* gnuplot point types */
};

/* What an allocator offers by itself against what it is slow at. */
struct allocator_advice {
    enum { ADVICE_END, ADVICE_LOCKS, ADVICE_MEMORY } against; /* waits for its locks; its memory calls */
    const char *what;                                         /* "more arenas" */
    const char *line;                                         /* the very line */
};

/* Lists end with NULL.  A list that is NULL is an empty one, but for `markers` and `functions`, which every
 * row has. */
struct allocator {
    const char *name;
    const char *const *aliases; /* what else it is called: the same colour */
    const char *libc;           /* the C library that it is part of; NULL: it stands alone */

    /* that it is there */
    const char *library;        /* its own library's file name begins so; NULL: it has none */
    const char *const *markers; /* a module that has one of these symbols holds it */
    const char *text;           /* of a message that its code holds: tells where there are no symbols */

    /* its locks */
    const char *const *locks;         /* lock objects: exact names */
    const char *const *lock_prefixes; /* or how they begin */
    bool mutexes;                     /* its locks are pthread mutexes, all of them */
    const char
        *mutex_text; /* of the names of statistics that it keeps with each mutex; NULL: it keeps none */

    /* its functions */
    const char *const *functions;       /* their names begin so */
    const char *const *internals;       /* further ones, too common to prove anything: exact names */
    const char *const *locking;         /* a part of the names of those that take and release its locks */
    const char *const *locking_samples; /* how those of them begin that are of class `lock`, in any module */
    const struct allocator_role *roles; /* the first that fits counts; the last has no part */

    /* `heapwait try` */
    const char
        *preload; /* a glob pattern of the name of the library file for LD_PRELOAD; NULL: there is none */
    const char *package; /* Debian's and Ubuntu's that brings it; its name is that of all releases */

    /* what helps: lines as people write them */
    const struct allocator_advice *advice; /* the last is ADVICE_END; NULL: it offers nothing */
    const char
        *rust; /* puts it in place of another in a Rust program: Cargo.toml's lines, then the source's */
    const char *linked; /* the same where a C or C++ program is linked */
    const char *alpine; /* the same for a dynamic program on Alpine */

    struct ink ink;
};

/* Returns the first row.  The last has no name.  The order counts: the first row that fits tells which
 * allocator malloc is. */
const struct allocator *allocator_table(void);

/* Returns the row whose name is exactly `name`; NULL: none is. */
const struct allocator *allocator_named(const char *name);

/* Returns the row that `text` begins with the name or an alias of, as a whole word: "jemalloc 5.3.0" is
 * jemalloc. NULL: none.  `text` may be NULL. */
const struct allocator *allocator_called(const char *text);

#endif
