/* What the two halves of the import share: perf_import.c fills it from the stream, perf_result.c makes the
 * measurement of it. */
#ifndef HEAPWAIT_PERF_IMPORT_PRIVATE_H
#define HEAPWAIT_PERF_IMPORT_PRIVATE_H

#include "probes/mappings/spaces.h"
#include "probes/perf/perf_call_paths.h"
#include "probes/perf/perf_calls.h"
#include "probes/perf/perf_files.h"
#include "probes/perf/perf_import.h"

/* Classes of samples that hit the kernel's code, by what is known of the thread at that time. */
enum kernel_class { KERNEL_FUTEX_WAIT, KERNEL_FUTEX_WAKE, KERNEL_PAGE_FAULT, KERNEL_OTHER, KERNEL_CLASSES };

struct importer {
    const struct perf_import_options *options;
    const struct perf_session *session;
    struct perf_script *script;
    struct spaces *spaces;
    struct perf_files *files;
    struct perf_calls *calls;
    struct perf_paths *paths;
    char *clock; /* the first clock met: samples of another would count the same time twice */
    uint64_t samples, kernel_samples[KERNEL_CLASSES];
    uint64_t first_ns, last_ns;
    uint32_t command; /* pid; 0: not known */
    uint64_t started_ns, ended_ns;
    uint64_t lost_records, lost_mappings, born, died;
    bool out_of_memory;
};

/* Makes the measurement of what the stream has filled in.  0, -ENOMEM, or another negative errno, without a
 * sentence; what *m and *notes hold by then is the caller's to free. */
int perf_import_result(struct importer *im, struct measurement *m, struct perf_import_notes *notes);

#endif
