/* The recording's writer: the only code that inserts rows.  What is written is in memory until
 * recording_publish() puts it at FILE, whole, so that a crash leaves the state that was published last.
 * Reads nothing of the system; what it writes comes in as structs and strings, which are borrowed for the
 * call.
 *
 * int results are 0 or negative errno, and where there is an `err` it has the sentence then. */
#ifndef HEAPWAIT_RECORDING_H
#define HEAPWAIT_RECORDING_H

#include "analysis/base/error.h"
#include "probes/measurement/measurement.h"

struct recording;

enum recording_open_mode {
    RECORDING_REPLACE, /* when it is published an existing FILE becomes FILE.old, if it is a recording; else
                          that is an error */
    RECORDING_RESUME,  /* FILE must exist, be a recording, and be nobody's whose commands are not to be run;
                          nobody else can write to it from now on */
};

/* What the caller knows of a run beyond its measurement.  NULL and -1 mean: not known (NULL in the
 * recording). */
struct run_info {
    const char *variant, *libc, *linkage,
        *allocator;      /* libc, linkage, allocator: if not NULL they replace the measurement's own */
    const char *command; /* as one line, quoted for reading */
    const char *failure; /* why the run doesn't count; NULL: it does */
    int64_t threads, passwords, rep, position, reported_ns, foreign_cpu_ns;
    double load_average;    /* negative: not known */
    enum probe_mode probes; /* the mode of a run without a measurement; else it is the measurement's */
};

/* Returns a run of which nothing is known but its command, which is borrowed. */
struct run_info run_info_unknown(const char *command);

/* Checks that a recording can be made at FILE, before a command is run for it: nothing is in the way at FILE,
 * at FILE.old or beside them, nobody writes to it, the folder is there and has room. */
int recording_check(const char *path, struct error *err);

/* Opens a recording, to be closed with recording_close(), and writes nothing yet.  Before RECORDING_REPLACE
 * recording_check() is to be called, before anything is measured; what stands in the way later is
 * recording_publish()'s to tell. */
int recording_open(const char *path, enum recording_open_mode mode, struct recording **out,
                   struct error *err);

/* Write a row of `host` or `study`; an older value of the same key is replaced. */
int recording_set_host(struct recording *r, const char *key, const char *value, struct error *err);
int recording_set_study(struct recording *r, const char *key, const char *value, struct error *err);

/* Writes the variant's row; an older one of its name is replaced.  absent_reason NULL: the variant is there.
 */
int recording_add_variant(struct recording *r, int position, const char *name, const char *libc,
                          const char *linkage, const char *allocator, const char *command,
                          const char *absent_reason, struct error *err);

/* Adds the whole run, or nothing of it.  `m` NULL: the run could not be executed at all. */
int recording_add_run(struct recording *r, const struct run_info *info, const struct measurement *m,
                      struct error *err);

/* Returns 1 if a run with this position is there already (for --resume), 0 if none is, or -EIO. */
int recording_has_position(struct recording *r, int64_t position);

/* Returns the descriptor of the state that was published last, which is the recording's; -1: there is none.
 * After RECORDING_RESUME that is the file that was found to be trusted, whatever lies at FILE by now. */
int recording_descriptor(const struct recording *r);

/* Makes FILE what was written until now; from the first time on nobody else can write to it.  If that can't
 * be done, and a run was added, the recording is kept under another name, beside FILE or in TMPDIR, and the
 * sentence tells which.  That is for good: a later call fails, too. */
int recording_publish(struct recording *r, struct error *err);

/* Closes the recording; what was not published is gone.  NULL is fine. */
void recording_close(struct recording *r);

#endif
