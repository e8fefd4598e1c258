/* The recording's writer: the only code that inserts rows.  One transaction per run, so that a crash leaves
 * whole runs or nothing.  Reads nothing of the system; what it writes comes in as structs and strings. */
#ifndef HEAPWAIT_RECORDING_H
#define HEAPWAIT_RECORDING_H

#include "probes/error.h"
#include "probes/measure.h"

struct recording;

enum recording_open_mode {
    RECORDING_REPLACE, /* an existing FILE is kept as FILE.old (only if it is a recording; else an error) */
    RECORDING_RESUME,  /* FILE must exist and be a recording */
};

/* What the caller knows of a run beyond its measurement.  NULL and -1 mean: not known (NULL in the
 * recording). */
struct run_info {
    const char *variant, *libc, *linkage,
        *allocator;      /* libc.. override the measurement's own when not NULL */
    const char *command; /* as one line, quoted for reading */
    const char *failure; /* why the run doesn't count, or NULL */
    int64_t threads, passwords, rep, position, reported_ns, foreign_cpu_ns;
    double load_average;    /* negative: not known */
    enum probe_mode probes; /* of a run without a measurement; else the measurement's own */
};

/* Whether a recording can be made there, before a command is run for it: nothing else is in the way, nobody
 * writes into it, the folder is there and has room.  Negative errno with a sentence. */
int recording_check(const char *path, struct error *err);

int recording_open(const char *path, enum recording_open_mode mode, struct recording **out,
                   struct error *err);

/* One row of `host` or `study`; replaces an older value of the same key. */
int recording_set_host(struct recording *r, const char *key, const char *value, struct error *err);
int recording_set_study(struct recording *r, const char *key, const char *value, struct error *err);

/* The variant's row.  absent_reason NULL: present. */
int recording_add_variant(struct recording *r, int position, const char *name, const char *libc,
                          const char *linkage, const char *allocator, const char *command,
                          const char *absent_reason, struct error *err);

/* Writes the whole run, in one transaction.  `m` may be NULL for a run that could not be executed at all. */
int recording_add_run(struct recording *r, const struct run_info *info, const struct measurement *m,
                      struct error *err);

/* Whether a run with this position is there already (for --resume): 1, 0 or negative errno. */
int recording_has_position(struct recording *r, int64_t position);

/* The value of a study setting as a malloc'd string, NULL when absent. */
char *recording_get_study(struct recording *r, const char *key);

/* NULL is fine. */
void recording_close(struct recording *r);

/* Closes and removes a new recording into which nothing could be written; what it had replaced comes back. */
void recording_discard(struct recording *r);

#endif
