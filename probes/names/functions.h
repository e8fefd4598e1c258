/* What the name of a function says of it: the one table of names and roles.  The name alone decides: neither
 * the file nor the caller is asked.  The names that belong to one allocator stand in its row
 * (analysis/base/allocator_table.h), of which those in `locking_samples` are looked up here as well. */
#ifndef HEAPWAIT_FUNCTIONS_H
#define HEAPWAIT_FUNCTIONS_H

/* A function may have several roles, or none. */
enum function_role {
    /* It takes or releases a lock: by a name of a C library, or of an allocator.  A mutex may be the
     * program's own. */
    FUNCTION_LOCKS = 1 << 0,
    /* It stands between whoever wants a lock and the system call, so that it says nothing of whose lock it
       is. */
    FUNCTION_PASSES = 1 << 1,
    /* It stands between a futex word and the application: it locks, waits for something else than a lock, or
     * makes the system call. */
    FUNCTION_WAITS = 1 << 2,
    /* It is malloc or its kin, by the names of the C library. */
    FUNCTION_MALLOC = 1 << 3,
    /* It is operator new or delete, or the like in Rust, which call malloc. */
    FUNCTION_ALLOCATES = 1 << 4,
    /* It copies or fills memory. */
    FUNCTION_COPIES = 1 << 5,
    /* It belongs to the standard library of C++ or Rust. */
    FUNCTION_OF_LANGUAGE = 1 << 6,
    /* What whoever sleeps in it waits for: a lock; a condition; the end of a thread; nothing in particular: a
     * semaphore, a barrier, being unparked. */
    FUNCTION_FOR_LOCK = 1 << 7,
    FUNCTION_FOR_CONDITION = 1 << 8,
    FUNCTION_FOR_END = 1 << 9,
    FUNCTION_FOR_WORK = 1 << 10,
};

/* Returns the roles of the function `name`, as a set of bits of enum function_role. */
unsigned function_roles(const char *name);

#endif
