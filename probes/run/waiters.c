/* See waiters.h.  Between a lock and whoever wants it stand functions of waiting and of allocation.  Each
 * frame's class tells which those are; the views conclude from that which function is the application's. */
#include "probes/run/waiters.h"

#include "probes/names/caller_class.h"
#include "probes/stacks/unwind.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct waiters {
    struct naming *naming;
    struct call_tree *tree;
    struct unwinder *unwinder;
    struct path_row *rows; /* ordered by space and address */
    size_t row_count;
    uint64_t lost;
};

int waiters_new(struct session *session, struct naming *naming, struct call_tree *tree, struct waiters **out)
{
    struct waiters *w = calloc(1, sizeof(*w));
    if (!w)
        return -ENOMEM;
    w->naming = naming;
    w->tree = tree;
    int rc = (w->unwinder = unwinder_new()) ? session_paths(session, &w->rows, &w->row_count) : -ENOMEM;
    if (rc) {
        waiters_free(w);
        return rc;
    }
    *out = w;
    return 0;
}

void waiters_free(struct waiters *w)
{
    if (!w)
        return;
    unwinder_free(w->unwinder);
    path_rows_free(w->rows, w->row_count);
    free(w);
}

uint64_t waiters_lost(const struct waiters *w)
{
    return w->lost;
}

static const char *evidence_name(const struct call_path *p)
{
    static const char *const names[PATH_EVIDENCES] = {
        [PATH_UNWIND_TABLES] = "unwind tables",
        [PATH_FRAME_POINTERS] = "frame pointers",
        [PATH_RETURN_ADDRESSES] = "return addresses",
    };
    return p->count > 1 || p->complete ? names[p->evidence] : "program counter";
}

/* Returns the path's node in the tree, or negative errno.  `pc` is the frame of a path that has none. */
static int64_t path_add(struct waiters *w, const struct call_path *p, uint64_t pc)
{
    struct call_frame frames[MAX_PATH] = {{.address = pc, .class = "unknown"}};
    const char *classes[MAX_PATH];
    caller_class_path(w->naming, p->frames, p->count, classes);
    for (size_t i = 0; i < p->count; i++) {
        const struct frame *f = &p->frames[i];
        frames[i] = (struct call_frame){.symbol = f->function ? f->function->name : NULL,
                                        .module = module_basename(f->module),
                                        .address = f->address,
                                        .class = classes[i]};
    }
    return call_tree_add(w->tree, frames, p->count ? p->count : 1, 0);
}

static int waiter_count(struct lock *lock, uint32_t node, const char *evidence, bool waits)
{
    struct waiter *found = NULL;
    for (size_t i = 0; i < lock->waiter_count && !found; i++)
        if (lock->waiters[i].node == node && lock->waiters[i].evidence == evidence)
            found = &lock->waiters[i];
    if (!found) {
        struct waiter *grown = reallocarray(lock->waiters, lock->waiter_count + 1, sizeof(*grown));
        if (!grown)
            return -ENOMEM;
        lock->waiters = grown;
        found = &lock->waiters[lock->waiter_count++];
        *found = (struct waiter){.node = node, .evidence = evidence};
    }
    found->waits += waits;
    found->wakes += !waits;
    return 0;
}

static int row_take(struct waiters *w, const struct address_space *space, const struct path_row *row,
                    struct lock *lock, struct word_paths *paths)
{
    struct call_path path;
    const struct resolve_context where = naming_context(w->naming, space);
    unwind(w->unwinder, &where, row->value, &path);
    int rc = path.count ? word_paths_add(paths, path.frames, path.count, 1) : 0;
    if (rc)
        return rc;
    int64_t node = path_add(w, &path, row->value->registers[DWARF_PC]);
    if (node == -ENOSPC) {
        w->lost += 1;
        return 0;
    }
    return node < 0 ? (int)node
                    : waiter_count(lock, (uint32_t)node, evidence_name(&path), row->key.waits != 0);
}

static size_t first_row(const struct waiters *w, uint32_t space, uint64_t address)
{
    size_t low = 0, high = w->row_count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        const struct path_key *k = &w->rows[middle].key;
        if (k->space < space || (k->space == space && k->address < address))
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

int waiters_of(struct waiters *w, uint32_t number, const struct address_space *space, struct lock *lock,
               struct word_paths *paths)
{
    int rc = 0;
    for (size_t i = first_row(w, number, lock->address); i < w->row_count && !rc; i++) {
        const struct path_row *row = &w->rows[i];
        if (row->key.space != number || row->key.address != lock->address)
            break;
        rc = row_take(w, space, row, lock, paths);
    }
    return rc;
}
