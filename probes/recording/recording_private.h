/* Statements of the recording's writer, shared by the files that it is made of; and what these files give
 * each other.  A statement is prepared once and found again by the address of its text: pass literals. */
#ifndef HEAPWAIT_RECORDING_PRIVATE_H
#define HEAPWAIT_RECORDING_PRIVATE_H

#include "probes/recording/recording.h"

#include <sqlite3.h>
#include <stdbool.h>
#include <sys/stat.h>

enum { STATEMENTS = 32 };

/* Where a recording is to lie.  The folder is opened once, and every name is looked up in it. */
struct location {
    char *path, *older; /* FILE and FILE.old, as the user says them */
    char *folder_path;
    int place;  /* of the names in these paths */
    int folder; /* -1: not open */
};

/* States of a recording: the work copy, which is SQLite's, lies in memory and has no name; a draft is a whole
 * copy of it under a name of its own, being written; published, it is at FILE, and never written to again. */
struct recording {
    sqlite3 *db;
    int work; /* a memfd, with the database */
    struct location at;
    int published; /* what was put at FILE last, with the writer's lock; -1: nothing yet */
    size_t runs;   /* measured since it was opened */
    bool given_up; /* it could not be put there */
    /* a run may have a hundred thousand rows */
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

int recording_statement_run(struct recording *r, const char *sql, const struct bound *bound, int count,
                            struct error *err);

#define RUN(r, err, sql, ...)                                                                                \
    recording_statement_run(r, sql, (const struct bound[]){__VA_ARGS__},                                     \
                            sizeof((const struct bound[]){__VA_ARGS__}) / sizeof(struct bound), err)

/* -EIO and the sentence. */
int recording_db_error(struct recording *r, struct error *err, const char *doing);

/* recording_frames.c: the tree's rows; a node's row has the id *frames + its number.  `t` may be NULL. */
int recording_frames_insert(struct recording *r, int64_t run_id, const struct call_tree *t, int64_t *frames,
                            struct error *err);
int recording_waiters_insert(struct recording *r, int64_t lock_id, int64_t frames, const struct lock *l,
                             struct error *err);

/* recording_file.c.  Negative errno with a sentence; a location is to be closed in any case. */
int location_set(struct location *l, const char *path, struct error *err);
int location_open(struct location *l, struct error *err); /* the folder; once it is open, that */
void location_close(struct location *l);
/* The name of `path`, which is the location's path with another ending or none. */
const char *location_name(const struct location *l, const char *path);

/* What lies at FILE.  For OCCUPANT_RECORDING FILE.old can be replaced, and *lock holds the writer's lock, if
 * there can be one (else -1); it is to be closed. */
enum occupant { OCCUPANT_NONE, OCCUPANT_EMPTY, OCCUPANT_RECORDING, OCCUPANT_FOREIGN /* never returned */ };
int location_occupant(const struct location *l, int *lock, struct error *err);
/* Opens FILE and locks it, for as long as the descriptor lives. */
int location_lock(const struct location *l, int *fd, struct error *err);
/* That, of a recording that can be gone on with. */
int location_resume(struct location *l, int *fd, struct error *err);
/* -EBUSY: another one writes.  Of the open file description: closing another descriptor keeps it. */
int location_claim(int fd);
/* recording_publish.c: all of one file to where another one is. */
int recording_content_copy(int from, int to);
bool location_same(const struct stat *a, const struct stat *b);

#endif
