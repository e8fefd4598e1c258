/* Forgets processes that have ended: see sideband_forget() in sideband.h.  Owns nothing of the history
 * itself. */
#include "probes/mappings/mapped_file.h"
#include "probes/mappings/sideband_private.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>

struct ended {
    uint32_t pid;
    bool wanted; /* by records that are not in the history yet */
};

/* What is to be forgotten, and what is still in use; both in order. */
struct forgetting {
    struct ended *ended;
    size_t ended_count;
    const struct mapped_file **used;
    size_t used_count;
};

static int ended_compare(const void *a, const void *b)
{
    const uint32_t x = ((const struct ended *)a)->pid, y = ((const struct ended *)b)->pid;
    return (x > y) - (x < y);
}

static struct ended *ended_find(const struct forgetting *f, uint32_t pid)
{
    const struct ended wanted = {.pid = pid};
    return f->ended_count ? bsearch(&wanted, f->ended, f->ended_count, sizeof(wanted), ended_compare) : NULL;
}

static bool pid_stays(void *context, uint32_t pid)
{
    const struct ended *e = ended_find(context, pid);
    return !e || e->wanted;
}

static void ended_want(const struct forgetting *f, const struct events *events)
{
    for (size_t i = 0; i < events->count; i++)
        for (int parent = 0; parent < 2; parent++) {
            struct ended *e = ended_find(f, parent ? events->at[i].parent : events->at[i].pid);
            if (e)
                e->wanted = true;
        }
}

/* Finds who has ended, and only then reads the records: what these forked before is among them, and a child
 * gets its mappings from its parent. */
static bool ended_collect(struct sideband *s, struct forgetting *f)
{
    f->ended = calloc(spaces_count(s->spaces) + 1, sizeof(*f->ended));
    for (uint32_t i = 1; f->ended && i <= spaces_count(s->spaces); i++) {
        const uint32_t pid = spaces_get(s->spaces, i)->pid;
        if (pid && kill((pid_t)pid, 0) && errno == ESRCH)
            f->ended[f->ended_count++].pid = pid;
    }
    if (f->ended_count)
        qsort(f->ended, f->ended_count, sizeof(*f->ended), ended_compare);
    sideband_read(s);
    ended_want(f, &s->met);
    ended_want(f, &s->events);
    return f->ended_count > 0;
}

static int pointer_compare(const void *a, const void *b)
{
    const uintptr_t x = (uintptr_t) * (const void *const *)a, y = (uintptr_t) * (const void *const *)b;
    return (x > y) - (x < y);
}

static bool file_is_used(void *context, const struct mapped_file *file)
{
    const struct forgetting *f = context;
    return f->used_count && bsearch(&file, f->used, f->used_count, sizeof(*f->used), pointer_compare);
}

/* Closes the files that nothing in the history, and no record on its way there, has mapped. */
static void files_release(struct sideband *s, struct forgetting *f)
{
    size_t count = s->events.count;
    for (uint32_t i = 1; i <= spaces_count(s->spaces); i++)
        count += spaces_get(s->spaces, i)->mapping_count;
    f->used = calloc(count + 1, sizeof(*f->used));
    if (!f->used)
        return; /* they stay open */
    for (uint32_t i = 1; i <= spaces_count(s->spaces); i++) {
        const struct address_space *space = spaces_get(s->spaces, i);
        for (size_t m = 0; m < space->mapping_count; m++)
            f->used[f->used_count++] = space->mappings[m].file;
    }
    for (size_t i = 0; i < s->events.count; i++)
        f->used[f->used_count++] = s->events.at[i].mapping.file;
    if (f->used_count)
        qsort(f->used, f->used_count, sizeof(*f->used), pointer_compare);
    mapped_files_release(s->files, file_is_used, f);
}

bool sideband_forget(struct sideband *s)
{
    struct forgetting f = {0};
    if (spaces_count(s->spaces) < s->forget_at)
        return false;
    const bool any = ended_collect(s, &f);
    if (any) {
        spaces_forget(s->spaces, pid_stays, &f);
        files_release(s, &f);
    }
    s->forget_at = 2 * spaces_count(s->spaces) > FEW_SPACES ? 2 * spaces_count(s->spaces) : FEW_SPACES;
    free(f.used);
    free(f.ended);
    return any;
}
