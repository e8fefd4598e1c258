/* What the files of the recording's writer share: its statements, its place, and what they give each other.
 * int results are 0 or negative errno, with a sentence, unless another thing is said. */
#ifndef HEAPWAIT_RECORDING_PRIVATE_H
#define HEAPWAIT_RECORDING_PRIVATE_H

#include "probes/recording/recording.h"

#include <sqlite3.h>
#include <stdbool.h>
#include <sys/stat.h>

enum { STATEMENTS = 32 };

/* Where a recording is to lie.  The folder is opened once, and every name is looked up in it. */
struct location {
    char *path, *older; /* FILE and FILE.old, as the user says them; malloc'd, as folder_path is */
    char *folder_path;
    int place;  /* where the names begin in these paths */
    int folder; /* -1: not open */
};

/* A recording is in up to three places.  The work copy, which SQLite works on, lies in memory and has no
 * name.  A draft is a whole copy of it under a name of its own, while it is being written.  What is published
 * is at FILE, and never written to again. */
struct recording {
    sqlite3 *db;
    int work; /* a memfd, with the database */
    struct location at;
    int published; /* what was put at FILE last; it holds the writer's lock; -1: nothing yet */
    size_t runs;   /* runs added since it was opened */
    bool given_up; /* it could not be published, and what was measured is kept elsewhere */
    /* prepared, since a run may have a hundred thousand rows */
    struct {
        const char *sql;
        sqlite3_stmt *stmt;
    } statements[STATEMENTS];
    size_t statement_count;
};

/* One value to bind: text (NULL is NULL) or a number. */
struct bound {
    enum { BOUND_NONE, BOUND_TEXT, BOUND_INTEGER, BOUND_REAL } type;
    const char *text;
    int64_t integer;
    double real;
};

struct bound bound_text(const char *s);
struct bound bound_int(int64_t n);
struct bound bound_known(int64_t n); /* below 0: NULL */
struct bound bound_real(double x);   /* below 0: NULL */

/* Runs a statement with `count` values.  It is prepared once and found again by the address of its text: pass
 * a literal, and STATEMENTS different ones at most. */
int recording_statement_run(struct recording *r, const char *sql, const struct bound *bound, int count,
                            struct error *err);

#define RUN(r, err, sql, ...)                                                                                \
    recording_statement_run(r, sql, (const struct bound[]){__VA_ARGS__},                                     \
                            sizeof((const struct bound[]){__VA_ARGS__}) / sizeof(struct bound), err)

/* Returns -EIO; the sentence says what SQLite says, after "can't `doing` in the recording". */
int recording_db_error(struct recording *r, struct error *err, const char *doing);

/* recording_frames.c.  Write the rows of a tree, which may be NULL, and of a lock's waiters.  *frames is set
 * to what is to be added to a node's number to get the id of its row. */
int recording_frames_insert(struct recording *r, int64_t run_id, const struct call_tree *t, int64_t *frames,
                            struct error *err);
int recording_waiters_insert(struct recording *r, int64_t lock_id, int64_t frames, const struct lock *l,
                             struct error *err);

/* recording_file.c.  location_set() fills *l by the path that the user gave; location_open() opens its
 * folder, once; location_close() frees, and is to be called in any case. */
int location_set(struct location *l, const char *path, struct error *err);
int location_open(struct location *l, struct error *err);
void location_close(struct location *l);
/* Returns the name of `path`, which is the location's path with another ending or none, in the location's
 * folder. */
const char *location_name(const struct location *l, const char *path);

/* Returns what lies at FILE, or negative errno.  If it is OCCUPANT_RECORDING, FILE.old can be replaced, and
 * *lock holds the writer's lock, and is to be closed; -1: it can't be locked. */
enum occupant { OCCUPANT_NONE, OCCUPANT_EMPTY, OCCUPANT_RECORDING, OCCUPANT_FOREIGN /* never returned */ };
int location_occupant(const struct location *l, int *lock, struct error *err);
/* Removes the journals of SQLite's beside `path` that are this user's own: what they belong to is given up.
 */
void location_companions_remove(const struct location *l, const char *path);
/* Opens FILE and locks it for as long as the descriptor, which is the caller's, is open.  -EBUSY: another one
 * writes. */
int location_lock(const struct location *l, int *fd, struct error *err);
/* The same for a recording that can be gone on with; -EINVAL: it is none, -EPROTO: it is in WAL mode, -EPERM:
 * others may have written the commands in it (caller_trusts()).  *fd
 * may be open after an error, too; -1: it is not. */
int location_resume(struct location *l, int *fd, struct error *err);
/* Locks an open file as its writer.  0 or -EBUSY (another one writes), without a sentence; 0 also where there
 * are no locks.  The lock is the open file description's: to close another descriptor of the file keeps it.
 */
int location_claim(int fd);
/* recording_publish.c.  Copies all of one file to where another one is.  Without a sentence. */
int recording_content_copy(int from, int to);
/* Returns true if both are of the same file. */
bool location_same(const struct stat *a, const struct stat *b);

#endif
