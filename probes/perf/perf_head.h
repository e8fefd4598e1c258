/* What a session's file says that perf's text doesn't, or only in part: perf's command line word by word, and
 * whether a session that went through a pipe has its end.  The file may be anybody's: memory is bounded, and
 * nothing outside of it is read.
 *
 * Format: tools/perf/Documentation/perf.data-file-format.txt in the kernel's sources. */
#ifndef HEAPWAIT_PERF_HEAD_H
#define HEAPWAIT_PERF_HEAD_H

#include <stdbool.h>
#include <stddef.h>

enum { MAX_PERF_WORDS = 4096 };

struct perf_head {
    char **words;      /* "/usr/bin/perf", "record", ...; as many as word_count */
    size_t word_count; /* 0: the file doesn't tell */
    bool cut; /* a session in pipe format that ends inside of a record, or between two rounds of records */
};

/* Reads the file into *head, which is to be freed with perf_head_free().  Returns 0 or negative errno, and
 * then nothing is to be freed; -EINVAL: it is no perf.data of this machine's byte order. */
int perf_head_read(const char *path, struct perf_head *head);

/* Frees what *head holds. */
void perf_head_free(struct perf_head *head);

#endif
