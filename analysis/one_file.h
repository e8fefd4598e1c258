/* SQLite on one file and nothing beside it.  SQLite by itself looks for FILE-journal and FILE-wal in FILE's
 * folder, plays what it finds there into FILE, and deletes files that a journal names: in a folder that
 * others can write to, they decide what happens.  Here SQLite gets an open descriptor and no name: it opens
 * nothing, looks for nothing and deletes nothing. */
#ifndef HEAPWAIT_ONE_FILE_H
#define HEAPWAIT_ONE_FILE_H

#include <sqlite3.h>
#include <stdbool.h>

/* Opens a connection to the database in `fd`, which stays the caller's and must outlive the connection.  For
 * reading, SQLite's shared lock is taken as everywhere, so that a program which writes to the file in place
 * waits.  For writing, the file must be nobody else's: there are no locks, and a transaction's journal is in
 * memory.  Returns SQLite's code.  *connection is to be closed with sqlite3_close() after an error, too;
 * NULL: there is none. */
int one_file_connect(int fd, bool writable, sqlite3 **connection);

/* Returns the ending ("-journal", "-wal", "-shm") of what lies beside the file `name` in `folder` (a
 * descriptor, or AT_FDCWD) and would be played into it by a plain SQLite; static.  NULL: nothing does.
 * Whatever has such a name counts, links too, except an empty file. */
const char *one_file_companion(int folder, const char *name);
/* The same for those that come after `ending`, which one of these functions has returned. */
const char *one_file_companion_after(int folder, const char *name, const char *ending);

/* Returns true if the open file begins as a journal, a WAL or a WAL's index of SQLite's does. */
bool one_file_is_companion(int fd);

/* Returns true if another program is in the middle of writing to the file in place.  Then its journal is in
 * use, and the file itself is still whole. */
bool one_file_is_written(int fd);

/* Returns true if the header says that changes may stand in a "-wal" beside the file. */
bool one_file_is_wal(int fd);

#endif
