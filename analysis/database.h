/* A recording opened for reading, with every view of analysis/views on it.  The file is never written to: the
 * views are TEMP ones of this connection (some kept as TEMP tables of their rows), so a read-only file of
 * someone else will do.  It is treated as hostile: what is not exactly a recording is refused with one
 * sentence, and no journal beside it is ever played.  All reading between database_open() and
 * database_close() sees one state of the file.  A study goes on meanwhile, since it puts a new file in the
 * place of this one. */
#ifndef HEAPWAIT_DATABASE_H
#define HEAPWAIT_DATABASE_H

#include "analysis/base/error.h"

#include <sqlite3.h>
#include <stddef.h>
#include <stdint.h>

struct database;

/* Opens the recording; *out is to be closed with database_close().  0 or negative errno, with a sentence, and
 * *out is NULL then.  -ENOENT: there is no such file; -EINVAL: it is not a recording, or another version's;
 * -EIO: it is damaged, or can't be read; -EBUSY: another program writes to it in place for longer than five
 * seconds; -ENOMEM. */
int database_open(const char *path, struct database **out, struct error *err);

/* The same of a file that is open already, whatever has its name by now.  `fd` stays the caller's; `path` is
 * for the sentences, and for what lies beside it. */
int database_open_descriptor(int fd, const char *path, struct database **out, struct error *err);

/* NULL is fine. */
void database_close(struct database *db);

/* Returns the names of the *count views, in alphabetical order, owned by the database. */
const char *const *database_views(const struct database *db, size_t *count);

/* Returns the connection, for statements of one's own.  Only SELECT will work. */
sqlite3 *database_connection(struct database *db);

/* Sets how much all questions together may still ask for, in instructions of SQLite's machine, from 1 on;
 * then reading fails with -EIO.  There is a limit from the beginning, which real recordings are far from. */
void database_limit(struct database *db, uint64_t work);

/* Prepares a SELECT, which the caller finalizes.  NULL: it failed, and `err` has the sentence. */
sqlite3_stmt *database_prepare(struct database *db, const char *sql, struct error *err);

/* Steps a statement.  Returns 1: a row is there; 0: there are no more rows; negative errno, with a sentence.
 */
int database_step(struct database *db, sqlite3_stmt *statement, struct error *err);

#endif
