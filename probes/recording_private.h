/* Statements of the recording's writer, shared by the files that it is made of; and what these files give
 * each other.  A statement is prepared once and found again by the address of its text: pass literals. */
#ifndef HEAPWAIT_RECORDING_PRIVATE_H
#define HEAPWAIT_RECORDING_PRIVATE_H

#include "probes/recording.h"

#include <sqlite3.h>

enum { STATEMENTS = 32 };

struct recording {
    sqlite3 *db;
    char *path;
    int lock;   /* a descriptor that holds the writer's lock; -1: none */
    bool older; /* FILE.old is what FILE was before */
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

struct bound b_text(const char *s);
struct bound b_int(int64_t n);
struct bound b_known(int64_t n); /* below 0: NULL */
struct bound b_real(double x);   /* below 0: NULL */

int statement_run(struct recording *r, const char *sql, const struct bound *bound, int count,
                  struct error *err);

#define RUN(r, err, sql, ...)                                                                                \
    statement_run(r, sql, (const struct bound[]){__VA_ARGS__},                                               \
                  sizeof((const struct bound[]){__VA_ARGS__}) / sizeof(struct bound), err)

/* -EIO and the sentence. */
int db_error(struct recording *r, struct error *err, const char *doing);

/* recording_frames.c: the tree's rows; a node's row has the id *frames + its number.  `t` may be NULL. */
int frames_insert(struct recording *r, int64_t run_id, const struct call_tree *t, int64_t *frames,
                  struct error *err);
int waiters_insert(struct recording *r, int64_t lock_id, int64_t frames, const struct lock *l,
                   struct error *err);

/* recording_file.c.  A new recording is made whole under another name (malloc'd by file_draft()) and
 * published then: what was there becomes FILE.old, *older says so.  file_withdraw() takes it back. */
bool file_is_recording(const char *path);
int file_lock(const char *path, int *fd, struct error *err);
char *file_draft(const char *path);
int file_publish(const char *draft, const char *path, bool *older, struct error *err);
void file_withdraw(const char *path, bool older);

#endif
