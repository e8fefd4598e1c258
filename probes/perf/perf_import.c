/* See perf_import.h.  perf script merges the CPUs' buffers and prints events in order of time, so the state
 * of each thread can be followed as they come. */
#include "probes/perf/perf_import.h"

#include "probes/perf/perf_child.h"
#include "probes/perf/perf_import_private.h"
#include "probes/perf/perf_script.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    MAX_MAPPINGS = 1 << 20,
    CHUNK = 1 << 16,
};

static void mapping_take(struct importer *im, const struct perf_record *r)
{
    struct mapping m = {.start = r->map.start,
                        .length = r->map.length,
                        .file_offset = r->map.file_offset,
                        .path = r->map.path};
    if (m.path[0] != '/' || !strncmp(m.path, "//anon", 6))
        return; /* [vdso], anonymous code, the kernel's */
    if (perf_files_trust(im->files, m.path, r->map.inode, &m.inode) &&
        spaces_map(im->spaces, r->pid, r->time_ns, &m))
        im->lost_mappings++;
}

/* Returns true if `comm` is the name of the recorded command's program.  The command is the first process
 * that begins such a program; if there is none, the first that begins any. */
static bool command_is(const struct importer *im, const char *comm)
{
    const char *command = im->session->command, *end = command + strcspn(command, " "), *name = end;
    if (!im->session->ran_command || !comm)
        return false;
    while (name > command && name[-1] != '/')
        name--;
    size_t length = (size_t)(end - name) > 15 ? 15 : (size_t)(end - name);
    return strlen(comm) == length && !strncmp(comm, name, length);
}

static void exec_take(struct importer *im, const struct perf_record *r)
{
    if (spaces_exec(im->spaces, r->pid, r->time_ns))
        im->lost_mappings++;
    if (im->options->command) {
        if (r->pid == im->command && !im->started_ns)
            im->started_ns = r->time_ns;
        return;
    }
    bool wanted = command_is(im, r->comm);
    if (r->time_ns && im->session->ran_command && (!im->command || (wanted && !im->started_ns))) {
        im->command = r->pid;
        im->started_ns = wanted ? r->time_ns : 0;
        im->born++;
    }
}

static void exit_take(struct importer *im, const struct perf_record *r)
{
    perf_calls_die(im->calls, r->tid, r->time_ns);
    im->died++;
    if (r->pid == im->command && r->tid == r->pid)
        im->ended_ns = r->time_ns;
}

static bool is_page_fault(const struct perf_record *r)
{
    for (size_t i = 0; i < r->frame_count; i++) {
        const char *s = r->frames[i].symbol;
        if (s && (!strcmp(s, "asm_exc_page_fault") || !strcmp(s, "el0_da") || !strcmp(s, "el0_ia")))
            return true; /* x86-64's and arm64's ways into the kernel by a fault */
    }
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
    if (!im->clock && !(im->clock = strdup(r->event)))
        im->out_of_memory = true;
    if (!r->pid || !im->clock || strcmp(im->clock, r->event) != 0)
        return; /* the idle task, another clock */
    perf_calls_return(im->calls, r->tid, r->time_ns);
    im->samples++;
    if (r->frame_count && r->frames[0].address >> 63)
        im->kernel_samples[kernel_class_of(im, r)]++;
    perf_paths_add(im->paths, r, spaces_now(im->spaces, r->pid), 1);
}

static void enter_take(struct importer *im, const struct perf_record *r)
{
    if (r->trace.raw && im->session->futex_calls)
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
        break;
    }
}

static void record_take(void *context, const struct perf_record *r)
{
    struct importer *im = context;
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
        im->born++;
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
        im->lost_records += r->lost;
        break;
    }
}

static uint64_t above(uint64_t a, uint64_t b)
{
    return a > b ? a - b : 0;
}

static int stream_read(struct importer *im, struct perf_child *child, struct error *err)
{
    const struct perf_import_options *o = im->options;
    uint64_t total = above(im->session->last_ns, im->session->first_ns);
    char *buffer = malloc(CHUNK);
    ssize_t n = buffer ? 0 : -ENOMEM;
    while (buffer && ((n = perf_child_read(child, buffer, CHUNK)) > 0 || n == -EINTR)) {
        if (n > 0)
            perf_script_feed(im->script, buffer, (size_t)n);
        if (o->progress && o->progress(o->context, above(im->last_ns, im->session->first_ns), total)) {
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

static int session_stream(struct importer *im, struct error *err)
{
    const char *const argv[] = {"perf",
                                "script",
                                "-f",
                                "-i",
                                im->options->path,
                                "--ns",
                                "-F",
                                PERF_SCRIPT_FIELDS,
                                "--no-demangle",
                                "--no-inline",
                                "--show-mmap-events",
                                "--show-task-events",
                                "--show-switch-events",
                                "--show-lost-events",
                                NULL};
    struct perf_child *child = NULL;
    char what[512];
    int rc = perf_child_start(argv, &child, err);
    snprintf(what, sizeof(what),
             "read '%s' to its end (is it damaged? copy it again, or import it with the perf that made it)",
             im->options->path);
    if (!rc)
        rc = stream_read(im, child, err);
    if (!rc)
        rc = perf_child_finish(child, what, err);
    perf_child_free(child);
    return rc;
}

static int importer_open(struct importer *im)
{
    im->script = perf_script_new(record_take, im);
    im->spaces = spaces_new(MAX_MAPPINGS);
    im->files = perf_files_new(im->session);
    im->calls = perf_calls_new(im->session->switches, im->session->wakeups);
    im->paths = perf_paths_new();
    if (!im->script || !im->spaces || !im->files || !im->calls || !im->paths)
        return -ENOMEM;
    perf_script_set_machine(im->script, im->session->machine);
    return 0;
}

static void importer_close(struct importer *im)
{
    perf_script_free(im->script);
    spaces_free(im->spaces);
    perf_files_free(im->files);
    perf_calls_free(im->calls);
    perf_paths_free(im->paths);
    free(im->clock);
}

int perf_import(const struct perf_import_options *options, const struct perf_session *session,
                struct measurement **out, struct perf_import_notes *notes, struct error *err)
{
    struct importer im = {
        .options = options, .session = session, .command = options->command, .born = options->command != 0};
    struct measurement *m = calloc(1, sizeof(*m));
    *notes = (struct perf_import_notes){0};
    int rc = m ? importer_open(&im) : -ENOMEM;
    if (!rc)
        rc = session_stream(&im, err);
    if (!rc)
        rc = im.out_of_memory ? -ENOMEM : perf_import_result(&im, m, notes);
    if (rc)
        error_set(err, rc, "can't import '%s': %s", options->path, strerror(-rc));
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
    notes->missing = NULL;
}
