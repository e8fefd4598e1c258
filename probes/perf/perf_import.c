/* See perf_import.h.  perf script merges the CPUs' buffers and prints events in order of time, so the state
 * of each thread can be followed as they come. */
#include "probes/perf/perf_import.h"

#include "probes/host/kernel_symbols.h"
#include "probes/perf/perf_import_private.h"
#include "probes/perf/perf_lost.h"
#include "probes/perf/perf_merge.h"
#include "probes/perf/perf_script.h"
#include "probes/perf/perf_source.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    MAX_MAPPINGS = 1 << 20,
    CHUNK = 1 << 16,
};

#define KERNEL_PID UINT32_MAX /* perf's -1: whom it says to have mapped the kernel and its modules */

static void mapping_take(struct importer *im, const struct perf_record *r)
{
    struct mapping m = {.start = r->map.start,
                        .length = r->map.length,
                        .file_offset = r->map.file_offset,
                        .path = r->map.path};
    if (m.path[0] != '/' || !strncmp(m.path, "//anon", 6) || r->pid == KERNEL_PID)
        return; /* [vdso], anonymous code; the kernel's modules, whose names perf tells */
    /* a file that is not here is kept as one that can't be read, so that nobody takes it to be unmapped */
    if (!perf_files_trust(im->files, m.path, r->map.inode, r->map.build_id, &m.inode))
        m.file = perf_files_copy(im->files, m.path, r->map.inode, r->map.build_id);
    if (spaces_map(im->spaces, r->pid, r->time_ns, &m))
        im->lost_mappings++;
}

/* Returns true if `comm` is the name of the recorded command's program. */
static bool command_is(const struct importer *im, const char *comm)
{
    const struct perf_session *s = im->session;
    const char *command = s->head.words[s->asked.at], *slash = strrchr(command, '/');
    return comm && !strncmp(comm, slash ? slash + 1 : command, 15);
}

/* The command is the first that perf's own child becomes.  If perf was told to begin later, that was not
 * seen: then it must at least have the command's name. */
static void exec_take(struct importer *im, const struct perf_record *r)
{
    const struct perf_session *s = im->session;
    if (spaces_exec(im->spaces, r->pid, r->time_ns))
        im->lost_mappings++;
    if (perf_family_has(im->family, r->pid))
        perf_family_exec(im->family, r->pid);
    if (im->options->command) {
        if (r->pid == im->command && !im->started_ns)
            im->started_ns = r->time_ns;
    } else if (r->time_ns && s->ran_command && !im->command && (!s->delayed || command_is(im, r->comm))) {
        im->command = r->pid;
        im->started_ns = r->time_ns;
        perf_family_exec(im->family, r->pid);
    }
}

static void exit_take(struct importer *im, const struct perf_record *r)
{
    perf_calls_die(im->calls, r->tid, spaces_now(im->spaces, r->pid), r->time_ns);
    perf_family_exit(im->family, r->tid);
    if (r->pid == im->command && r->tid == r->pid)
        im->ended_ns = r->time_ns;
}

static bool is_page_fault(const struct perf_record *r)
{
    for (size_t i = 0; i < r->frame_count; i++)
        if (kernel_symbol_is_fault(r->frames[i].symbol))
            return true;
    return false;
}

static enum kernel_class kernel_class_of(const struct importer *im, const struct perf_record *r)
{
    enum thread_state state = perf_calls_state(im->calls, r->tid);
    return state == STATE_FUTEX_WAIT   ? KERNEL_FUTEX_WAIT
           : state == STATE_FUTEX_WAKE ? KERNEL_FUTEX_WAKE
           : is_page_fault(r)          ? KERNEL_PAGE_FAULT
                                       : KERNEL_OTHER;
}

static void clock_take(struct importer *im, const struct perf_record *r)
{
    im->read++;
    if (!perf_clocks_take(&im->clocks, im->session, r->event, &im->out_of_memory)) {
        im->other_clock++;
        return;
    }
    if (!r->pid) {
        im->idle++;
        return;
    }
    perf_calls_return(im->calls, r->tid, r->time_ns);
    im->samples++;
    const bool kernel = r->frame_count && r->frames[0].kernel;
    if (kernel)
        im->kernel_samples[kernel_class_of(im, r)]++;
    if (!perf_paths_add(im->paths, r, spaces_now(im->spaces, r->pid), 1) && !kernel)
        im->placeless++;
}

static void enter_take(struct importer *im, const struct perf_record *r)
{
    if (r->trace.raw && im->session->futex_begins)
        return; /* the same call has an event of its own */
    if (r->trace.call == CALL_NONE && !r->trace.raw)
        return;
    uint32_t space = 0, path = 0;
    if (r->trace.call != CALL_NONE) {
        space = spaces_now(im->spaces, r->pid);
        path = r->has_path ? perf_paths_add(im->paths, r, space, 0) : 0;
    }
    perf_calls_enter(im->calls, r->tid, space, r->time_ns, &r->trace, path);
}

static void sample_take(struct importer *im, const struct perf_record *r)
{
    if (im->session->timeless && r->trace.kind != TRACE_CLOCK && r->trace.kind != TRACE_OTHER) {
        im->timeless++;
        return;
    }
    switch (r->trace.kind) {
    case TRACE_CLOCK:
        clock_take(im, r);
        break;
    case TRACE_CALL_ENTER:
        enter_take(im, r);
        break;
    case TRACE_CALL_EXIT:
        if (!r->trace.raw || !im->session->futex_calls)
            perf_calls_exit(im->calls, r->tid, r->time_ns, &r->trace);
        break;
    case TRACE_SWITCH:
        perf_calls_leave(im->calls, r->tid, r->time_ns, r->trace.runnable);
        perf_calls_return(im->calls, r->trace.thread, r->time_ns);
        break;
    case TRACE_WAKEUP:
        perf_calls_wake(im->calls, r->trace.thread, r->time_ns);
        break;
    case TRACE_OTHER:
        im->unused++;
        break;
    }
}

/* Each piece begins with the processes, their names and mappings as they were then, at no time.  Returns true
 * if what the record says is known from an earlier piece. */
static bool is_known(const struct importer *im, const struct perf_record *r)
{
    const struct address_space *space =
        r->time_ns || !im->last_ns ? NULL : spaces_at(im->spaces, r->pid, UINT64_MAX);
    if (!space)
        return false;
    for (size_t i = 0; r->kind == PERF_MAP && i < space->mapping_count; i++)
        if (space->mappings[i].start == r->map.start && !strcmp(space->mappings[i].path, r->map.path))
            return true;
    return r->kind == PERF_FORK || r->kind == PERF_EXEC;
}

static void record_take(void *context, const struct perf_record *r)
{
    struct importer *im = context;
    if (is_known(im, r))
        return;
    if (r->time_ns > im->last_ns)
        im->last_ns = r->time_ns;
    if (!im->first_ns)
        im->first_ns = r->time_ns;
    switch (r->kind) {
    case PERF_SAMPLE:
        sample_take(im, r);
        break;
    case PERF_MAP:
        mapping_take(im, r);
        break;
    case PERF_EXEC:
        exec_take(im, r);
        break;
    case PERF_FORK:
        perf_family_fork(im->family, r->pid, r->tid, r->parent_tid);
        if (r->pid != r->parent && spaces_fork(im->spaces, r->pid, r->parent, r->time_ns))
            im->lost_mappings++;
        break;
    case PERF_EXIT:
        exit_take(im, r);
        break;
    case PERF_SWITCH_OUT:
        perf_calls_leave(im->calls, r->tid, r->time_ns, r->preempted);
        break;
    case PERF_SWITCH_IN:
        perf_calls_return(im->calls, r->tid, r->time_ns);
        break;
    case PERF_LOST:
        *(r->lost_samples ? &im->lost_samples : &im->lost_records) += r->lost;
        if (r->lost)
            perf_calls_gap(im->calls);
        break;
    }
}

static uint64_t above(uint64_t a, uint64_t b)
{
    return a > b ? a - b : 0;
}

static bool progress_tell(void *context)
{
    const struct importer *im = context;
    const struct perf_import_options *o = im->options;
    const uint64_t first = im->session->first_ns;
    return o->progress &&
           o->progress(o->context, above(im->last_ns, first), above(im->session->last_ns, first));
}

/* Reads the source to its end. */
static int source_drain(struct importer *im, struct perf_source *source, struct error *err)
{
    char *buffer = malloc(CHUNK);
    ssize_t n = buffer ? 0 : -ENOMEM;
    while (buffer && ((n = perf_source_read(source, buffer, CHUNK)) > 0 || n == -EINTR)) {
        if (n > 0)
            perf_script_feed(im->script, buffer, (size_t)n);
        if (progress_tell(im)) {
            n = -ECANCELED;
            break;
        }
    }
    perf_script_end(im->script);
    free(buffer);
    if (n == -ECANCELED)
        return error_set(err, -ECANCELED, "interrupted");
    return n < 0 ? error_set(err, (int)n, "can't read what perf prints: %s", strerror((int)-n)) : 0;
}

/* The kernel tells losses twice: by buffer, once there is room again, and at perf's end by event, which not
 * every perf script prints.  Each for itself may be short of some. */
static void losses_settle(struct importer *im)
{
    uint64_t told = 0;
    for (size_t i = 0; i < im->pieces->count; i++)
        told += im->pieces->list[i].input.text ? 0 : perf_lost_count(im->pieces->list[i].input.head);
    if (im->lost_samples < told)
        im->lost_samples = told;
    if (im->lost_records < im->lost_samples)
        im->lost_records = im->lost_samples;
}

static int session_stream(struct importer *im, struct error *err)
{
    struct perf_source *source = NULL;
    struct perf_reading *how = &im->reading;
    if (im->pieces->count > 1)
        return perf_merge_read(im->pieces, im->script, how, progress_tell, im, err);
    int rc = perf_source_open(&im->pieces->list[0].input, how, &source, err);
    if (!rc)
        rc = source_drain(im, source, err);
    if (!rc)
        rc = perf_source_finish(source, im->pieces->list[0].cut, how, err);
    perf_source_free(source);
    return rc;
}

/* An end is the end of the call that began last in its thread, if either all beginnings or all ends are
 * there. */
static struct perf_calls_limits limits_of(const struct perf_session *s)
{
    const bool ends = s->futex_calls || s->raw_calls;
    return (struct perf_calls_limits){.begins_partly = s->begins_partly,
                                      .ends_partly = s->ends_partly || !ends,
                                      .no_pairs = !ends || (s->begins_partly && s->ends_partly)};
}

static int importer_open(struct importer *im)
{
    const struct perf_session *s = im->session;
    im->limits = limits_of(s);
    /* perf needs files for paths by their unwind tables only; with a folder in their place it names no kernel
     */
    im->reading =
        (struct perf_reading){.timeless = s->timeless, .symfs = s->dwarf ? im->options->symfs : NULL};
    im->script = perf_script_new(record_take, im);
    im->spaces = spaces_new(MAX_MAPPINGS);
    im->copies = (struct perf_copies){.symfs = im->options->symfs, .given = im->options->debug_files};
    im->files = perf_files_new(s, &im->copies);
    im->calls = perf_calls_new(s->switches, s->wakeups && s->inherits);
    im->paths = perf_paths_new();
    im->family = perf_family_new();
    if (!im->script || !im->spaces || !im->files || !im->calls || !im->paths || !im->family)
        return -ENOMEM;
    if (im->command)
        perf_family_exec(im->family, im->command);
    perf_script_set_machine(im->script, s->machine);
    perf_calls_limit(im->calls, &im->limits);
    perf_script_set_counted(im->script, s->counted);
    if (s->timeless)
        perf_script_set_timeless(im->script);
    return 0;
}

static void importer_close(struct importer *im)
{
    perf_script_free(im->script);
    spaces_free(im->spaces);
    perf_files_free(im->files);
    perf_calls_free(im->calls);
    perf_paths_free(im->paths);
    perf_family_free(im->family);
    perf_clocks_free(&im->clocks);
    free(im->reading.warnings);
}

/* A piped session has no mark of its end.  One in which the command's end isn't may lack more. */
static enum perf_cut cut_find(const struct importer *im)
{
    const struct perf_session *s = im->session;
    if (s->unfinished)
        return PERF_CUT_KILLED;
    if (s->head.cut)
        return PERF_CUT_INSIDE;
    if (im->reading.cut)
        return PERF_CUT_WARNED;
    const bool ends = im->ended_ns || s->delayed || im->options->command;
    return s->piped && s->ran_command && !ends ? PERF_CUT_COMMAND : PERF_WHOLE;
}

int perf_import(const struct perf_import_options *options, const struct perf_pieces *pieces,
                struct measurement **out, struct perf_import_notes *notes, struct error *err)
{
    struct importer im = {
        .options = options, .pieces = pieces, .session = &pieces->session, .command = options->command};
    struct measurement *m = calloc(1, sizeof(*m));
    *notes = (struct perf_import_notes){0};
    int rc = m ? importer_open(&im) : -ENOMEM;
    if (!rc)
        rc = session_stream(&im, err);
    if (!rc)
        losses_settle(&im);
    im.cut = cut_find(&im);
    if (!rc)
        rc = im.out_of_memory ? -ENOMEM : perf_import_result(&im, m, notes);
    if (rc)
        error_set(err, rc, "can't import %s: %s", pieces->list[0].input.name, strerror(-rc));
    importer_close(&im);
    if (rc) {
        measurement_free(m);
        perf_import_notes_free(notes);
        return rc;
    }
    *out = m;
    return 0;
}

void perf_import_notes_free(struct perf_import_notes *notes)
{
    free(notes->missing);
    free(notes->warnings);
    notes->missing = notes->warnings = NULL;
}
