/* See samples.h.  Classes of user code: program, allocator, lock, copy; unknown if no symbol covers the
 * address and the code itself doesn't tell.  Classes of kernel code in mode ledger, while a thread is in
 * state user: page_fault (it came by an exception), or fault_entry where the handler of faults has a state of
 * its own, and syscall_entry (what no event shows of a system call; it checks the calibration); everything
 * else is kernel:STATE, whose time the ledger knows exactly.  In mode profile: page_fault where the call
 * stack shows one, kernel:STATE by the system call, kernel:unknown where neither tells. */
#include "probes/run/samples.h"

#include "probes/bpf/terms.h"
#include "probes/host/kernel_symbols.h"
#include "probes/measurement/call_tree.h"
#include "probes/names/code_class.h"
#include "probes/run/path_frames.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_ALL = PATH_CHAIN + MAX_PATH };

/* What the functions here share. */
struct samples {
    struct session *session;
    const struct sideband *sideband;
    struct naming *naming;
    struct measurement *m;
    struct kernel_symbols *kernel; /* by kernel_names() */
    bool nameless;                 /* which had no memory for them */
    struct unwinder *unwinder;
    struct call_frame frames[MAX_ALL];
    uint64_t total, no_room; /* samples; those whose path found no room in the tree */
};

static bool is_profile(const struct samples *c)
{
    return c->m->probes == PROBES_PROFILE;
}

/* Returns the names of the kernel's functions; NULL: out of memory.  They are read when they are first asked
 * for: they are some hundred thousand lines, and many runs need none. */
static const struct kernel_symbols *kernel_names(struct samples *c)
{
    if (!c->kernel)
        c->kernel = kernel_symbols_read("/proc/kallsyms");
    c->nameless |= !c->kernel;
    return c->kernel;
}

/* ---- classes ---- */

static bool stack_has(struct samples *c, uint32_t stack, bool (*is)(const char *function))
{
    uint64_t chain[PATH_CHAIN];
    const size_t count = session_kernel_stack(c->session, stack, chain);
    for (size_t i = 0; i < count && kernel_names(c); i++)
        if (is(kernel_symbol_at(kernel_names(c), chain[i])))
            return true;
    return false;
}

/* A sample whose registers told no system call: a fault, or a call that has just begun. */
static const char *class_by_stack(struct samples *c, const struct sample_key *key)
{
    if (stack_has(c, (uint32_t)key->ip, kernel_symbol_is_fault))
        return "page_fault";
    if (key->state != STATE_USER && stack_has(c, (uint32_t)key->ip, kernel_symbol_is_call))
        return term_kernel_class(key->state);
    return "kernel:unknown";
}

static const char *class_of_kernel(struct samples *c, const struct sample_key *key)
{
    if (is_profile(c) && key->exception)
        return class_by_stack(c, key);
    if (key->state == STATE_USER && key->exception)
        return session_sees_faults(c->session) ? "fault_entry" : "page_fault";
    if (key->state == STATE_USER)
        return "syscall_entry";
    return term_kernel_class(key->state);
}

static const struct address_space *space_of(const struct samples *c, uint32_t number)
{
    struct space_info info = {0};
    return session_space(c->session, number, &info) ? NULL
                                                    : sideband_space(c->sideband, info.tgid, info.born_ns);
}

static int sample_classify(struct samples *c, const struct sample_row *row)
{
    struct ledger *l = c->m->ledger;
    if (!row->key.user)
        return ledger_sample_add(l, class_of_kernel(c, &row->key), NULL, NULL, row->count, false);
    const struct module *m = NULL;
    uint64_t own = 0;
    if (!naming_resolve(c->naming, space_of(c, row->key.space), row->key.ip, &m, &own))
        m = NULL;
    const struct symbol *s = m ? module_symbol_at(m, own, true) : NULL;
    const char *told = m && !s ? naming_code_class(c->naming, m, own) : NULL;
    const char *class = told ? told : code_class_at(m, s, own);
    return ledger_sample_add(l, class, s ? s->name : NULL, m ? module_basename(m) : NULL, row->count,
                             m && !strcmp(class, "lock") && code_class_spins(m, own));
}

static int rows_classify(struct samples *c)
{
    struct sample_row *rows = NULL;
    size_t count = 0;
    int rc = session_samples(c->session, &rows, &count);
    for (size_t i = 0; i < count && !rc; i++) {
        rc = sample_classify(c, &rows[i]);
        c->total += rows[i].count;
    }
    ledger_samples_merge(c->m->ledger);
    free(rows);
    return rc;
}

/* ---- call paths ---- */

/* Adds a path, which stands for `samples` samples. */
static int path_add(struct samples *c, const struct sample_path *path, uint64_t samples)
{
    uint64_t chain[PATH_CHAIN];
    const struct copied_stack stack = {.value = &path->value};
    size_t count = session_kernel_stack(c->session, path->kernel_stack, chain);
    if (count && !kernel_names(c))
        return -ENOMEM;
    path_frames_kernel(c->kernel, chain, count, c->frames);
    if (!path->user && !count)
        c->frames[count++] = (struct call_frame){.module = "[kernel]", .class = "kernel"};
    count += path_frames_user(c->unwinder, c->naming, space_of(c, path->space), &stack, c->frames + count);
    const int64_t node = call_tree_add(c->m->paths, c->frames, count, samples);
    if (node == -ENOSPC)
        c->no_room += samples;
    return node < 0 && node != -ENOSPC ? (int)node : 0;
}

/* The paths that were kept are a random sample of all: each stands for its share, and together they stand for
 * all samples, exactly. */
static int paths_add(struct samples *c)
{
    struct sample_path *paths = NULL;
    size_t count = 0;
    int rc = session_sample_paths(c->session, &paths, &count);
    for (size_t i = 0; i < count && !rc; i++)
        rc = path_add(c, &paths[i], c->total * (i + 1) / count - c->total * i / count);
    free(paths);
    const struct loss loss = {"samples without room for their call path", c->no_room, NULL};
    return rc || !count ? rc : measurement_losses_add(c->m, &loss, 1);
}

int samples_classify(struct session *session, const struct sideband *sideband, struct naming *naming,
                     struct measurement *m)
{
    struct samples *c = calloc(1, sizeof(*c));
    if (!c)
        return -ENOMEM;
    c->session = session;
    c->sideband = sideband;
    c->naming = naming;
    c->m = m;
    c->unwinder = unwinder_new();
    int rc = c->unwinder ? 0 : -ENOMEM;
    if (!rc)
        rc = rows_classify(c);
    if (!rc)
        rc = paths_add(c);
    if (!rc && c->nameless)
        rc = -ENOMEM;
    kernel_symbols_free(c->kernel);
    unwinder_free(c->unwinder);
    free(c);
    return rc;
}

int samples_collect(struct session *session, const struct sideband *sideband, struct naming *naming,
                    struct measurement *m)
{
    if (!session_sample_period(session))
        return 0;
    if (!(m->ledger = calloc(1, sizeof(*m->ledger))))
        return -ENOMEM;
    m->ledger->sample_period_ns = session_sample_period(session);
    return samples_classify(session, sideband, naming, m);
}
