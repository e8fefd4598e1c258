/* heapwait record --collector perf: the same recording through `perf record`, where BPF is not permitted but
 * perf is. */
#ifndef HEAPWAIT_RECORD_PERF_H
#define HEAPWAIT_RECORD_PERF_H

struct identity;
struct recording;

struct record_perf_options {
    const char *output;
    struct recording *recording; /* open for `output` */
    char *const *command;        /* NULL-terminated */
    const char *command_line;    /* the same, for reading */
    const char *libc;            /* an archive for programs without symbols; NULL: none */
    const struct identity *user; /* who runs the command; NULL: who runs heapwait */
};

/* Runs the command under perf, and makes the recording.  Returns an exit code: the command's own, unless
 * something failed. */
int record_perf(const struct record_perf_options *options);

#endif
