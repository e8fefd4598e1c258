/* See live_ended.h.  A space is dead when its process's number is free, or has a younger space: by exec, or
 * because the number is another process's now.  Spaces are in the order of their numbers, which only grow. */
#include "probes/run/live_ended.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

struct followed {
    uint32_t number, tgid; /* tgid 0: not known in this pid namespace; it never counts as dead */
    bool dead, held;
};

struct live_ended {
    struct followed *at;
    size_t count, capacity;
};

struct live_ended *live_ended_new(void)
{
    return calloc(1, sizeof(struct live_ended));
}

void live_ended_free(struct live_ended *e)
{
    free(e ? e->at : NULL);
    free(e);
}

size_t live_ended_count(const struct live_ended *e)
{
    return e->count;
}

static int followed_add(struct live_ended *e, const struct noted_space *noted)
{
    if (e->count == e->capacity) {
        size_t larger = e->capacity ? 2 * e->capacity : 64;
        struct followed *grown = reallocarray(e->at, larger, sizeof(*grown));
        if (!grown)
            return -ENOMEM;
        e->at = grown;
        e->capacity = larger;
    }
    e->at[e->count++] = (struct followed){.number = noted->number, .tgid = noted->info.tgid};
    return 0;
}

static int process_compare(const void *a, const void *b)
{
    const struct followed *x = *(struct followed *const *)a, *y = *(struct followed *const *)b;
    if (x->tgid != y->tgid)
        return x->tgid < y->tgid ? -1 : 1;
    return x->number < y->number ? -1 : x->number > y->number;
}

static bool process_is_gone(uint32_t tgid)
{
    return kill((pid_t)tgid, 0) && errno == ESRCH;
}

/* Of each process all but the youngest space are dead; all are when it has ended. */
static int dead_find(struct live_ended *e)
{
    struct followed **by_process = calloc(e->count + 1, sizeof(struct followed *));
    if (!by_process)
        return -ENOMEM;
    for (size_t i = 0; i < e->count; i++)
        by_process[i] = &e->at[i];
    if (e->count)
        qsort(by_process, e->count, sizeof(*by_process), process_compare);
    for (size_t i = 0; i < e->count; i++) {
        struct followed *f = by_process[i];
        const bool youngest = i + 1 == e->count || by_process[i + 1]->tgid != f->tgid;
        f->held = false;
        f->dead |= f->tgid && (!youngest || process_is_gone(f->tgid));
    }
    free(by_process);
    return 0;
}

int live_ended_look(struct live_ended *e, struct session *session)
{
    struct noted_space *noted = NULL;
    size_t count = 0;
    int rc = session_noted(session, &noted, &count);
    for (size_t i = 0; i < count && !rc; i++)
        rc = followed_add(e, &noted[i]);
    free(noted);
    return rc ? rc : dead_find(e);
}

static int number_compare(const void *a, const void *b)
{
    const uint32_t x = ((const struct followed *)a)->number, y = ((const struct followed *)b)->number;
    return (x > y) - (x < y);
}

static struct followed *followed_find(const struct live_ended *e, uint32_t space)
{
    const struct followed wanted = {.number = space};
    return e->count ? bsearch(&wanted, e->at, e->count, sizeof(wanted), number_compare) : NULL;
}

void live_ended_hold(struct live_ended *e, uint32_t space)
{
    struct followed *f = followed_find(e, space);
    if (f)
        f->held = true;
}

static bool is_dropped(const struct live_ended *e, uint32_t space)
{
    const struct followed *f = followed_find(e, space);
    return f && f->dead && !f->held;
}

/* Parts the rows: those of spaces that are dropped into `dropped`; the others stay, in their order.  Returns
 * how many these are. */
static size_t rows_part(const struct live_ended *e, struct word_row *rows, size_t count,
                        struct word_row *dropped, size_t *dropped_count)
{
    size_t left = 0;
    for (size_t i = 0; i < count; i++) {
        if (is_dropped(e, rows[i].key.space))
            dropped[(*dropped_count)++] = rows[i];
        else
            rows[left++] = rows[i];
    }
    return left;
}

/* Takes the spaces that are dropped off the list, and into `numbers`.  Returns how many they are. */
static size_t spaces_part(struct live_ended *e, uint32_t *numbers)
{
    size_t left = 0, dropped = 0;
    for (size_t i = 0; i < e->count; i++) {
        if (e->at[i].dead && !e->at[i].held)
            numbers[dropped++] = e->at[i].number;
        else
            e->at[left++] = e->at[i];
    }
    e->count = left;
    return dropped;
}

size_t live_ended_drop(struct live_ended *e, struct session *session, struct word_row *rows, size_t count)
{
    struct word_row *dropped = calloc(count + 1, sizeof(*dropped));
    uint32_t *numbers = calloc(e->count + 1, sizeof(*numbers));
    size_t dropped_count = 0;
    if (dropped && numbers && session_forget(session, NULL, 0, NULL, 0)) {
        count = rows_part(e, rows, count, dropped, &dropped_count);
        const size_t spaces = spaces_part(e, numbers);
        session_forget(session, numbers, spaces, dropped, dropped_count);
    }
    free(dropped);
    free(numbers);
    return count;
}
