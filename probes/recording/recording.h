/* The recording's writer: the only code that inserts rows.  What is written is in memory until
 * recording_publish() puts it at FILE, whole, so that a crash leaves the state that was published last. Reads
 * nothing of the system; what it writes comes in as structs and strings. */
#ifndef HEAPWAIT_RECORDING_H
#define HEAPWAIT_RECORDING_H

#include "analysis/base/error.h"
#include "probes/measurement/measurement.h"

struct recording;

enum recording_open_mode {
    RECORDING_REPLACE, /* when it is published, an existing FILE is kept as FILE.old (only if it is a
                          recording; else an error) */
    RECORDING_RESUME,  /* FILE must exist and be a recording; nobody else can write into it from now on */
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

/* Returns a run of which nothing is known but its command, which is borrowed. */
struct run_info run_info_unknown(const char *command);

/* Whether a recording can be made there, before a command is run for it: nothing is in the way at FILE, at
 * FILE.old or beside them, nobody writes into it, the folder is there and has room.  Negative errno with a
 * sentence. */
int recording_check(const char *path, struct error *err);

/* Writes nothing.  RECORDING_REPLACE: recording_check() comes first, before the measuring; what stands in the
 * way later is recording_publish()'s. */
int recording_open(const char *path, enum recording_open_mode mode, struct recording **out,
                   struct error *err);

/* One row of `host` or `study`; replaces an older value of the same key. */
int recording_set_host(struct recording *r, const char *key, const char *value, struct error *err);
int recording_set_study(struct recording *r, const char *key, const char *value, struct error *err);

/* The variant's row.  absent_reason NULL: present. */
int recording_add_variant(struct recording *r, int position, const char *name, const char *libc,
                          const char *linkage, const char *allocator, const char *command,
                          const char *absent_reason, struct error *err);

/* Adds the whole run, or nothing of it.  `m` may be NULL for a run that could not be executed at all. */
int recording_add_run(struct recording *r, const struct run_info *info, const struct measurement *m,
                      struct error *err);

/* Whether a run with this position is there already (for --resume): 1, 0 or negative errno. */
int recording_has_position(struct recording *r, int64_t position);

/* The value of a study setting as a malloc'd string, NULL when absent. */
char *recording_get_study(struct recording *r, const char *key);

/* Makes FILE what was written until now; from the first time on nobody else can write into it.  When that
 * can't be done, and a run was added, the recording is kept under another name, beside FILE or in TMPDIR: the
 * sentence tells it.  That is for good: a later call fails, too. */
int recording_publish(struct recording *r, struct error *err);

/* What was not published is gone.  NULL is fine. */
void recording_close(struct recording *r);

#endif
