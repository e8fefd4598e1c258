/* What the two halves of the import share: perf_import.c fills it from the stream, perf_result.c makes the
 * measurement of it. */
#ifndef HEAPWAIT_PERF_IMPORT_PRIVATE_H
#define HEAPWAIT_PERF_IMPORT_PRIVATE_H

#include "probes/mappings/spaces.h"
#include "probes/perf/perf_call_paths.h"
#include "probes/perf/perf_calls.h"
#include "probes/perf/perf_clocks.h"
#include "probes/perf/perf_family.h"
#include "probes/perf/perf_files.h"
#include "probes/perf/perf_import.h"
#include "probes/perf/perf_source.h"

/* Classes of samples that hit the kernel's code, by what is known of the thread at that time. */
enum kernel_class { KERNEL_FUTEX_WAIT, KERNEL_FUTEX_WAKE, KERNEL_PAGE_FAULT, KERNEL_OTHER, KERNEL_CLASSES };

struct importer {
    const struct perf_import_options *options;
    const struct perf_pieces *pieces;
    const struct perf_session *session; /* of all pieces */
    struct perf_script *script;
    struct spaces *spaces;
    struct perf_copies copies;
    struct perf_files *files;
    struct perf_calls_limits limits;
    struct perf_calls *calls;
    struct perf_family *family; /* the command's */
    struct perf_paths *paths;
    struct perf_clocks clocks;
    /* Samples of other events are `unused`.  Of clocks: all that were read are either kept, or of the idle
     * task, or of another clock.  Of those kept some are the kernel's, and some of the user's have no place
     * at all. */
    uint64_t read, samples, idle, other_clock, unused, kernel_samples[KERNEL_CLASSES], placeless;
    uint64_t first_ns, last_ns;
    uint32_t command; /* pid; 0: not known */
    uint64_t started_ns, ended_ns;
    uint64_t lost_records, lost_samples, lost_mappings;
    uint64_t timeless; /* events of the kernel without a time, from which no call can be made */
    struct perf_reading reading;
    enum perf_cut cut;
    bool out_of_memory;
};

/* Makes the measurement of what the stream has filled in.  0, -ENOMEM, or another negative errno, without a
 * sentence; what *m and *notes hold by then is the caller's to free. */
int perf_import_result(struct importer *im, struct measurement *m, struct perf_import_notes *notes);

#endif
