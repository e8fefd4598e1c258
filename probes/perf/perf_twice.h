/* Records that perf wrote twice.  perf record asks a buffer of the kernel's twice how far it is filled:
 * writes out what there is by the second answer, and goes on from the first one the next time
 * (perf_mmap__push() of tools/perf/util/mmap.c).  A record that came between the two stands in the session
 * twice, byte by byte. Its copy would be a call without an end, an end without a beginning, or a sample of
 * time that nobody had.
 *
 * A thread does nothing twice in one nanosecond, so that a record which is the same as the one before it of
 * the same thread, time and all, is a copy.  Times must be told to the nanosecond.  Text of perf script comes
 * in order of time: there a copy follows what it is a copy of.  In the file itself other CPUs' records stand
 * between the two: perf writes each CPU's buffer in turn, and the copy is what it writes first of the same
 * buffer the next time.  So until then it writes no more than all buffers hold.  A sample with a copy of its
 * stack (8 KiB of it: probes/perf/perf_record.h) has 8,448 bytes, and perf's buffer of 512 KiB holds 62 such
 * for each CPU: a machine of a thousand CPUs has some 62,000.  In a session of 8 threads on 2 CPUs two rounds
 * had 90 at most, of 3,691. */
#ifndef HEAPWAIT_PERF_TWICE_H
#define HEAPWAIT_PERF_TWICE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { TWICE_THREADS = 16 }; /* of which records may have the same time, with a copy of one after another's */

/* All zero: nothing was seen yet. */
struct perf_twice {
    uint64_t time_ns; /* of the records below */
    struct {
        uint32_t tid;
        uint64_t mark; /* of the text of the thread's last record */
    } last[TWICE_THREADS];
    size_t count;    /* how many threads had records at that time */
    uint64_t copies; /* how many were found */
};

enum {
    TWICE_MARKS = 1 << 16, /* of records in the file: more than perf writes between one and its copy; with n
                            * between them n copies in 65,536 are not known, their place being taken */
    TWICE_BYTES = 512,     /* of a record tell it from others: event, thread, time and place stand there */
};

/* All zero: nothing was seen yet. */
struct perf_twice_bytes {
    uint64_t marks[TWICE_MARKS]; /* of the last records, by their lowest bits; 0: none */
};

/* Takes the next record in order of time, by its text.  Returns true if it is a copy, and counts it.
 * `time_ns` 0: it has no time, and is none. */
bool perf_twice_take(struct perf_twice *t, uint32_t tid, uint64_t time_ns, const char *text);

/* Takes the next record as it stands in the file, which must have a time.  Returns true if it is a copy. */
bool perf_twice_take_bytes(struct perf_twice_bytes *t, const void *bytes, size_t size);

#endif
