/* The end of an import: addresses get their files and functions, words their names, and all goes into a
 * measurement.  See perf_import.h. */
#include "probes/bpf/terms.h"
#include "probes/measurement/call_tree.h"
#include "probes/names/caller_class.h"
#include "probes/names/code_class.h"
#include "probes/names/locks.h"
#include "probes/names/naming.h"
#include "probes/perf/perf_import_private.h"
#include "probes/perf/perf_losses.h"
#include "probes/stacks/frames.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_DEPTH = 512, STACKS_PER_WORD = 16, VOTING_PATHS = 256 };

/* Where the address of one step of a path lies. */
struct place {
    const struct module *module; /* NULL: it is in no file that can be asked */
    uint64_t absolute, own;      /* the address in the process; in the module */
};

struct result {
    struct importer *im;
    struct measurement *m;
    struct naming *naming;
    struct place *places; /* the place of step n is places[n - 1] */
    const struct perf_waiter *waiters;
    size_t waiter_count;
    uint64_t no_room; /* samples whose path found none in the tree */
};

/* ---- addresses ---- */

/* Returns the mapping of the step's file that holds the address.  `offset`: the address is taken as an offset
 * in the file, else as one of the process.  NULL: there is none. */
static const struct mapping *mapping_of(const struct address_space *space, const struct perf_step *s,
                                        bool offset)
{
    for (size_t i = space && s->dso ? space->mapping_count : 0; i-- > 0;) {
        const struct mapping *m = &space->mappings[i];
        uint64_t from = offset ? m->file_offset : m->start;
        if (s->address >= from && s->address - from < m->length && !strcmp(m->path, s->dso))
            return m;
    }
    return NULL;
}

/* Returns true if this perf prints the addresses of call paths as offsets in their files (5.18 and newer),
 * not as the process's: if more steps fit a mapping that way alone than the other way alone. */
static bool prints_offsets(const struct importer *im)
{
    uint64_t offsets = 0, addresses = 0;
    for (uint32_t i = 1; i <= perf_paths_count(im->paths); i++) {
        const struct perf_step *s = perf_paths_step(im->paths, i);
        const struct address_space *space = s->absolute ? NULL : spaces_get(im->spaces, s->space);
        bool as_offset = mapping_of(space, s, true), as_address = mapping_of(space, s, false);
        offsets += as_offset && !as_address;
        addresses += as_address && !as_offset;
    }
    return offsets > addresses;
}

static void place_find(struct result *r, const struct perf_step *s, bool offsets, struct place *p)
{
    const struct address_space *space = spaces_get(r->im->spaces, s->space);
    *p = (struct place){.absolute = s->address};
    if (s->kernel)
        return;
    if (offsets && !s->absolute) {
        const struct mapping *m = mapping_of(space, s, true);
        if (!m)
            return;
        p->absolute = m->start + (s->address - m->file_offset);
    }
    if (!naming_resolve(r->naming, space, p->absolute, &p->module, &p->own) ||
        !module_is_code(p->module, p->own))
        p->module = NULL;
}

static int places_make(struct result *r)
{
    size_t count = perf_paths_count(r->im->paths);
    bool offsets = prints_offsets(r->im);
    r->places = calloc(count ? count : 1, sizeof(*r->places));
    for (uint32_t i = 1; r->places && i <= count; i++)
        place_find(r, perf_paths_step(r->im->paths, i), offsets, &r->places[i - 1]);
    return r->places ? 0 : -ENOMEM;
}

/* ---- call paths ---- */

static const char *base_name(const char *path)
{
    const char *slash = path ? strrchr(path, '/') : NULL;
    return slash ? slash + 1 : path;
}

/* Returns how far the caller's step lies before where is returned to: perf gives return addresses as the
 * kernel has found them by frame pointers; those that it has unwound itself it gives less one. */
static unsigned return_distance(const struct result *r, uint32_t number)
{
    const struct place *p = &r->places[number - 1];
    return p->module && r->im->session->dwarf && frame_follows_call(p->module, p->own + 1) ? 1 : 0;
}

/* `caller`: the step is a caller's; the call belongs to what lies before where is returned to. */
static struct frame place_of(const struct result *r, uint32_t number, bool caller)
{
    const struct place *p = &r->places[number - 1];
    struct frame f = {.module = p->module, .address = p->own + (caller ? return_distance(r, number) : 0)};
    f.function = f.module ? module_symbol_at(f.module, f.address - caller, true) : NULL;
    return f;
}

static struct call_frame frame_of(const struct result *r, uint32_t number, bool caller)
{
    const struct perf_step *s = perf_paths_step(r->im->paths, number);
    if (s->kernel)
        return (struct call_frame){
            .symbol = s->symbol, .module = "[kernel]", .address = s->address, .class = "kernel"};
    const struct frame f = place_of(r, number, caller);
    return (struct call_frame){.symbol = f.function ? f.function->name : NULL,
                               .module = f.module ? module_basename(f.module) : base_name(s->dso),
                               .address = f.module ? f.address : s->address,
                               .class = code_class(f.module, f.function)};
}

/* Returns true if a caller's step is to be believed: where a program keeps no frame pointers, following them
 * leads anywhere. */
static bool caller_holds(const struct result *r, uint32_t number)
{
    const struct perf_step *s = perf_paths_step(r->im->paths, number);
    const struct place *p = &r->places[number - 1];
    if (s->kernel)
        return true;
    unsigned char code;
    const uint64_t after = p->own + return_distance(r, number);
    /* a file of debug information has no code that could be looked at */
    if (!p->module || !module_bytes(p->module, after - 1, &code, sizeof(code)))
        return s->dso != NULL;
    return frame_follows_call(p->module, after);
}

/* Fills frames[MAX_DEPTH], and places[MAX_DEPTH] with where they are, with the path to step `number`,
 * innermost first, up to the last step that holds, and returns how many there are.  `user`: the kernel's
 * steps are left out. */
static size_t path_frames(const struct result *r, uint32_t number, bool user, struct call_frame *frames,
                          struct frame *places)
{
    size_t count = 0;
    bool seen_user = false;
    for (const struct perf_step *s; number && count < MAX_DEPTH; number = s->caller) {
        s = perf_paths_step(r->im->paths, number);
        if (s->kernel && seen_user)
            break; /* no user code is called by the kernel's: a register that was no frame pointer led here */
        if (user && s->kernel)
            continue;
        bool caller = s->kernel ? count > 0 : seen_user;
        if (caller && !caller_holds(r, number))
            break;
        places[count] = place_of(r, number, caller);
        frames[count++] = frame_of(r, number, caller);
        seen_user |= !s->kernel;
    }
    return count;
}

/* Gives the frames of a futex call's path the classes that those have which are unwound by heapwait, and
 * marks where frames are missing between the allocator and whoever called it.  Returns how many frames there
 * are then. */
static size_t waiter_frames(const struct result *r, struct call_frame *frames, const struct frame *places,
                            size_t count)
{
    static const struct call_frame missing = {.class = "missing"};
    const char *classes[MAX_DEPTH];
    caller_class_path(r->naming, places, count, classes);
    for (size_t i = 0; i < count; i++)
        frames[i].class = classes[i];
    const size_t gap = caller_class_gap(places, count, classes, !r->im->session->dwarf);
    if (!gap || count == MAX_DEPTH)
        return count;
    memmove(&frames[gap + 1], &frames[gap], (count - gap) * sizeof(*frames));
    frames[gap] = missing;
    return count + 1;
}

/* Returns the path's node, or negative errno; 0: there is no path, or no room for it in the tree. */
static int64_t path_keep(struct result *r, uint32_t number, uint64_t samples)
{
    static struct call_frame frames[MAX_DEPTH];
    static struct frame places[MAX_DEPTH];
    const size_t count = path_frames(r, number, false, frames, places);
    int64_t node = count ? call_tree_add(r->m->paths, frames, count, samples) : 0;
    r->no_room += node == -ENOSPC ? samples : 0;
    return node == -ENOSPC ? 0 : node;
}

/* The same for the path of a futex call.  It is added to `paths` as well. */
static int64_t waiter_keep(struct result *r, const struct perf_waiter *w, struct word_paths *paths)
{
    static struct call_frame frames[MAX_DEPTH];
    static struct frame places[MAX_DEPTH];
    size_t count = path_frames(r, w->path, true, frames, places), known = 0;
    while (known < count && places[known].module)
        known++;
    if (known && paths->count < VOTING_PATHS && word_paths_add(paths, places, known, w->waits + w->wakes))
        return -ENOMEM;
    count = waiter_frames(r, frames, places, count);
    int64_t node = count ? call_tree_add(r->m->paths, frames, count, 0) : 0;
    return node == -ENOSPC ? 0 : node;
}

/* ---- samples ---- */

static int kernel_samples_keep(const struct importer *im, struct ledger *l)
{
    static const char *const classes[KERNEL_CLASSES] = {
        [KERNEL_FUTEX_WAIT] = "kernel:futex_wait",
        [KERNEL_FUTEX_WAKE] = "kernel:futex_wake",
        [KERNEL_PAGE_FAULT] = "page_fault",
        [KERNEL_OTHER] = "kernel",
    };
    int rc = 0;
    for (int i = 0; i < KERNEL_CLASSES && !rc; i++)
        if (im->kernel_samples[i])
            rc = ledger_sample_add(l, classes[i], NULL, NULL, im->kernel_samples[i], false);
    return rc;
}

static bool step_spins(const struct result *r, uint32_t number, const char *class)
{
    const struct frame f = place_of(r, number, false);
    return f.module && !strcmp(class, "lock") && code_class_spins(f.module, f.address);
}

static int samples_make(struct result *r)
{
    const struct importer *im = r->im;
    size_t count = perf_paths_count(im->paths);
    if (!im->samples)
        return 0;
    struct ledger *l = r->m->ledger = calloc(1, sizeof(*l));
    if (!l)
        return -ENOMEM;
    int rc = kernel_samples_keep(im, l);
    for (uint32_t i = 1; i <= count && !rc; i++) {
        const struct perf_step *s = perf_paths_step(im->paths, i);
        if (!s->samples)
            continue;
        const struct call_frame f = frame_of(r, i, false);
        if (!s->kernel)
            rc = ledger_sample_add(l, f.class, f.symbol, f.module, s->samples, step_spins(r, i, f.class));
        int64_t node = !rc && im->session->call_paths ? path_keep(r, i, s->samples) : 0;
        rc = node < 0 ? (int)node : rc;
    }
    if (im->placeless && !rc)
        rc = ledger_sample_add(l, "unknown", NULL, NULL, im->placeless, false);
    ledger_samples_merge(l);
    return rc;
}

/* ---- words ---- */

static bool key_is(const struct perf_waiter *w, uint32_t space, uint64_t address)
{
    return w->key.space == space && w->key.address == address;
}

static const struct perf_waiter *waiters_find(const struct result *r, uint32_t space, uint64_t address)
{
    size_t low = 0, high = r->waiter_count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        const struct word_key *k = &r->waiters[middle].key;
        if (k->space < space || (k->space == space && k->address < address))
            low = middle + 1;
        else
            high = middle;
    }
    return &r->waiters[low];
}

/* Returns the path as a piece of stack with nothing but return addresses on it, malloc'd: naming checks each
 * of them.  NULL: out of memory. */
static struct stack_value *stack_of(const struct result *r, uint32_t number)
{
    struct stack_value *s = calloc(1, sizeof(*s));
    for (const struct perf_step *step; s && number; number = step->caller) {
        step = perf_paths_step(r->im->paths, number);
        if (step->kernel && s->ip)
            break;
        if (step->kernel)
            continue;
        if (!s->ip)
            s->ip = r->places[number - 1].absolute;
        else if (s->words < STACK_WORDS)
            s->slots[s->words++] = r->places[number - 1].absolute + return_distance(r, number);
    }
    return s;
}

/* Gives each of the word's rows a path as evidence: a row of waits one that waits, another row one that
 * wakes; different rows different paths as far as there are enough. */
static void stacks_give(const struct result *r, struct word_row *rows, size_t count)
{
    const struct perf_waiter *w = waiters_find(r, rows[0].key.space, rows[0].key.address),
                             *end = r->waiters + r->waiter_count;
    for (size_t i = 0; i < count && i < STACKS_PER_WORD; i++) {
        bool waits = term_op_waits(rows[i].key.op);
        while (w < end && key_is(w, rows[i].key.space, rows[i].key.address) && !(waits ? w->waits : w->wakes))
            w++;
        if (w == end || !key_is(w, rows[i].key.space, rows[i].key.address))
            w = waiters_find(r, rows[0].key.space, rows[0].key.address);
        if (w < end && key_is(w, rows[i].key.space, rows[i].key.address) && (waits ? w->waits : w->wakes))
            rows[i].stack = stack_of(r, w++->path);
    }
}

static void all_stacks_give(const struct result *r, struct word_row *rows, size_t count)
{
    for (size_t i = 0, end; r->waiter_count && i < count; i = end) {
        for (end = i + 1; end < count && rows[end].key.space == rows[i].key.space &&
                          rows[end].key.address == rows[i].key.address;)
            end++;
        stacks_give(r, rows + i, end - i);
    }
}

static const struct address_space *space_of(void *context, uint32_t number, uint32_t *tgid)
{
    const struct result *r = context;
    const struct address_space *space = spaces_get(r->im->spaces, number);
    *tgid = space ? space->pid : 0;
    return space && space->mapping_count ? space : NULL;
}

static int waiter_compare(const void *a, const void *b)
{
    const struct waiter *x = a, *y = b;
    return x->node < y->node ? -1 : x->node > y->node;
}

/* Makes one waiter of those whose paths turn out to be the same once addresses are functions. */
static void waiters_merge(struct lock *lock)
{
    size_t kept = 0;
    if (lock->waiter_count)
        qsort(lock->waiters, lock->waiter_count, sizeof(*lock->waiters), waiter_compare);
    for (size_t i = 0; i < lock->waiter_count; i++) {
        const struct waiter w = lock->waiters[i];
        if (kept && lock->waiters[kept - 1].node == w.node) {
            lock->waiters[kept - 1].waits += w.waits;
            lock->waiters[kept - 1].wakes += w.wakes;
        } else {
            lock->waiters[kept++] = w;
        }
    }
    lock->waiter_count = kept;
}

static void unknown_times_clear(const struct result *r, struct lock *lock)
{
    const struct perf_session *s = r->im->session;
    for (size_t i = 0; i < lock->outcome_count; i++) {
        struct lock_outcome *o = &lock->outcomes[i];
        if (!o->outcome) {
            o->total_ns = o->oncpu_ns = o->blocked_ns = o->runnable_ns = UINT64_MAX;
            o->woken = -1;
        }
        if (!s->switches)
            o->oncpu_ns = UINT64_MAX;
        if (!s->switches || !s->wakeups)
            o->blocked_ns = o->runnable_ns = UINT64_MAX;
    }
}

static int lock_made(void *context, struct lock *lock, uint32_t number, const struct address_space *space,
                     struct word_paths *paths)
{
    (void)space;
    struct result *r = context;
    const struct perf_waiter *first = waiters_find(r, number, lock->address), *w = first,
                             *end = r->waiters + r->waiter_count;
    unknown_times_clear(r, lock);
    while (w < end && key_is(w, number, lock->address))
        w++;
    if (w == first)
        return 0;
    lock->waiters = calloc((size_t)(w - first), sizeof(*lock->waiters));
    if (!lock->waiters)
        return -ENOMEM;
    for (const struct perf_waiter *i = first; i < w; i++) {
        int64_t node = waiter_keep(r, i, paths);
        if (node < 0)
            return (int)node;
        if (node)
            lock->waiters[lock->waiter_count++] =
                (struct waiter){.node = (uint32_t)node,
                                .evidence = r->im->session->dwarf ? "unwind tables" : "frame pointers",
                                .waits = i->waits,
                                .wakes = i->wakes};
    }
    waiters_merge(lock);
    return 0;
}

static struct lock_source source_of(struct result *r)
{
    return (struct lock_source){.naming = r->naming, .context = r, .space = space_of, .made = lock_made};
}

static int words_make(struct result *r)
{
    struct word_row *rows = NULL;
    size_t count = 0;
    const struct lock_source source = source_of(r);
    perf_calls_finish(r->im->calls, r->im->last_ns);
    r->waiters = perf_calls_waiters(r->im->calls, &r->waiter_count);
    int rc = perf_calls_words(r->im->calls, &rows, &count);
    if (!rc) {
        all_stacks_give(r, rows, count);
        rc = locks_make(&source, rows, count, r->m);
    }
    word_rows_free(rows, count);
    return rc;
}

/* ---- the rest ---- */

static int program_find(struct result *r)
{
    const struct importer *im = r->im;
    const struct lock_source source = source_of(r);
    return locks_program(&source, im->command ? spaces_at(im->spaces, im->command, UINT64_MAX) : NULL, r->m);
}

static void outcome_make(const struct importer *im, struct run_outcome *o)
{
    *o = (struct run_outcome){.exit_status = -1, .attached = true, .wall_ns = UINT64_MAX};
    o->started_ns = im->started_ns;
    if (im->started_ns && im->ended_ns > im->started_ns && !im->session->timeless)
        o->wall_ns = im->ended_ns - im->started_ns;
    else if (im->last_ns > im->first_ns && im->first_ns && !im->session->timeless)
        o->wall_ns = im->last_ns - im->first_ns;
    o->interrupted = im->cut != PERF_WHOLE;
    memcpy(o->started_at, im->session->started_at, sizeof(o->started_at));
}

static const char *wall_words(const struct importer *im, const struct run_outcome *o)
{
    if (o->wall_ns == UINT64_MAX)
        return NULL;
    return im->started_ns && im->ended_ns > im->started_ns ? "from the command's exec to its exit"
                                                           : "from the session's first record to its last";
}

int perf_import_result(struct importer *im, struct measurement *m, struct perf_import_notes *notes)
{
    struct result r = {.im = im, .m = m, .naming = naming_new()};
    const struct perf_session *s = im->session;
    m->by_perf = true;
    m->partly = s->begins_partly || s->ends_partly;
    if (r.naming)
        naming_refer(r.naming, im->options->libc_archive);
    if (r.naming)
        naming_debug_files(r.naming, im->options->debug_files);
    const bool calls = s->futex_begins || (s->raw_begins && s->machine[0]);
    m->probes = calls && !s->timeless ? PROBES_WAITS : PROBES_NONE;
    m->paths = s->call_paths ? call_tree_new(0) : NULL;
    int rc = r.naming && (m->paths || !s->call_paths) ? places_make(&r) : -ENOMEM;
    if (!rc)
        rc = samples_make(&r);
    if (!rc && m->probes == PROBES_WAITS)
        rc = words_make(&r);
    if (!rc)
        rc = perf_losses_add(im, m, r.no_room);
    if (!rc)
        rc = program_find(&r);
    if (!rc) {
        outcome_make(im, &m->outcome);
        notes->outside = perf_calls_losses(im->calls)->edges.outside;
        notes->missing = perf_files_missing(im->files);
        notes->wall = wall_words(im, &m->outcome);
        notes->cut = im->cut;
        notes->unused = im->unused;
        notes->copies = perf_script_copies(im->script);
        notes->warnings = im->reading.warnings;
        im->reading.warnings = NULL;
    }
    free(r.places);
    naming_free(r.naming);
    return rc;
}
