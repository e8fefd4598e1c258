/* The samples in a perf.data, as perf wrote them: program counter, the kernel's call chain, the user's
 * registers and the top of the user's stack.  `perf script` (probes/perf/perf_script.h) tells of everything
 * else.  It can't tell the copy of the stack, and perf itself finds no callers in it if the program is a
 * static musl one.  The file may be anybody's: whatever is in it, memory is bounded, and reading stays within
 * it.
 *
 * Format: tools/perf/Documentation/perf.data-file-format.txt in the kernel's sources; a sample's fields:
 * PERF_RECORD_SAMPLE in linux/perf_event.h. */
#ifndef HEAPWAIT_PERF_DATA_H
#define HEAPWAIT_PERF_DATA_H

#include "analysis/base/error.h"

#include <stddef.h>
#include <stdint.h>

enum { PERF_REGISTERS = 64 };

/* Valid during the call of `take` only. */
struct perf_data_sample {
    uint64_t time_ns; /* of the clock that perf was told to use; 0: the file doesn't say */
    uint32_t pid, tid;
    uint64_t ip;
    const uint64_t *chain; /* innermost first, between PERF_CONTEXT_... markers; maybe not aligned */
    size_t chain_length;
    uint64_t registers[PERF_REGISTERS]; /* by perf's numbers (asm/perf_regs.h) */
    uint64_t known;                     /* bit n: registers[n] is known */
    const void *stack;                  /* from the stack pointer up; NULL: none; maybe not aligned */
    size_t stack_size;                  /* in bytes */
};

typedef void (*perf_data_take_fn)(void *context, const struct perf_data_sample *sample);

struct perf_data_counts {
    uint64_t samples;
    uint64_t lost;    /* by the kernel, when perf's buffers were full */
    uint64_t copies;  /* of samples, and of records of loss, that perf wrote twice: each counts once */
    uint64_t strange; /* records that end before their fields do, or of an unknown event */
};

/* Reads the file, hands each sample to `take`, and sets *counts.  0 or negative errno, with a sentence;
 * -EINVAL: it is no perf.data, or a damaged one, or one with fields that are not read here.  A file that is
 * cut off is read up to there, and the piece of a record counts as strange. */
int perf_data_read(const char *path, perf_data_take_fn take, void *context, struct perf_data_counts *counts,
                   struct error *err);

#endif
