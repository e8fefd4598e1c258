/* Recordings for the tests, built from SQL text in a folder of their own that fixture_remove() takes away. */
#ifndef HEAPWAIT_FIXTURE_H
#define HEAPWAIT_FIXTURE_H

#include <stddef.h>

struct fixture {
    char folder[64];
    char path[96]; /* the recording */
};

/* analysis/schema.sql, then the SQL files named (relative to tests/data; NULL ends the list), then `more`
 * (SQL text, or NULL).  The files are run once in a process, which copies what they made after that.  0, or
 * -1 after a message on stderr. */
int fixture_create(struct fixture *f, const char *const *files, const char *more);

/* Only the folder, for a file the test writes itself at `path`. */
int fixture_create_empty(struct fixture *f, const void *bytes, size_t size);

void fixture_remove(struct fixture *f);

#endif
