/* Brings back what the kernel's tables hold: words with what belongs to them, call stacks, address spaces.
 * See session.h. */
#include "probes/session/session_private.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>

/* Returns a copy of the map's value for the key without its thread: all threads share it.  malloc'd; NULL:
 * there is none, or no memory. */
static void *value_copy(const struct bpf_map *map, struct word_key key)
{
    size_t size = bpf_map__value_size(map);
    void *value = malloc(size);
    key.thread = 0;
    if (value && bpf_map__lookup_elem(map, &key, sizeof(key), value, size, 0)) {
        free(value);
        value = NULL;
    }
    return value;
}

struct stack_value *session_stack(const struct session *s, const struct word_key *key)
{
    return value_copy(s->skeleton->maps.stacks, *key);
}

static struct word_row *row_find(struct word_row *rows, size_t count, const struct word_key *key)
{
    struct word_row wanted = {.key = *key};
    return count ? bsearch(&wanted, rows, count, sizeof(*rows), word_row_compare) : NULL;
}

static bool row_same(const struct word_row *a, const struct word_row *b)
{
    return a->key.space == b->key.space && a->key.address == b->key.address && a->key.op == b->key.op &&
           a->key.outcome == b->key.outcome;
}

/* Returns the first row of the key's word, operation and outcome, whichever thread's; NULL: there is none. */
static struct word_row *row_first(struct word_row *rows, size_t count, const struct word_key *key)
{
    size_t low = 0, high = count;
    struct word_row wanted = {.key = *key};
    wanted.key.thread = 0;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (word_row_compare(&rows[middle], &wanted) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low < count && row_same(&rows[low], &wanted) ? &rows[low] : NULL;
}

/* Adds what a CPU still holds in a slot to its row.  A word without a row is one that the table has no room
 * for: its calls are a loss. */
static void slot_merge(struct session *s, struct word_row *rows, size_t count, const struct cache_slot *slot)
{
    if (!slot->totals.calls)
        return;
    struct word_row *row = row_find(rows, count, &slot->key);
    if (!row) {
        s->skeleton->bss->losses[LOSS_WORD] += slot->totals.calls;
        return;
    }
    struct word_totals *to = &row->value.totals;
    const struct word_totals *from = &slot->totals;
    to->calls += from->calls;
    to->timed += from->timed;
    to->oncpu_ns += from->oncpu_ns;
    to->blocked_ns += from->blocked_ns;
    to->runnable_ns += from->runnable_ns;
    to->kernel_lock_ns += from->kernel_lock_ns;
    to->woken += from->woken;
}

/* Adds the waits that a CPU has not brought to their histogram.  The histogram is with the first row of each
 * word, operation and outcome. */
static void pending_merge(struct session *s, struct word_row *rows, size_t count,
                          const struct pending_waits *pending)
{
    struct word_key key = pending->key;
    uint32_t waits = pending->count < PENDING_WAITS ? pending->count : PENDING_WAITS;
    bool handoff = key.op == OP_HANDOFF;
    if (handoff)
        key.op = OP_WAIT;
    struct word_row *row = waits ? row_first(rows, count, &key) : NULL;
    struct histogram_value **to = !row ? NULL : handoff ? &row->handoff : &row->histogram;
    if (to && !*to)
        *to = calloc(1, sizeof(**to));
    if (!to || !*to) {
        s->skeleton->bss->losses[LOSS_HISTOGRAM] += waits;
        return;
    }
    for (uint32_t i = 0; i < waits; i++)
        if (pending->buckets[i] < HISTOGRAM_BUCKETS)
            (*to)->calls[pending->buckets[i]] += 1;
}

/* Adds all that the pages of the CPUs still hold.  Rows must be in order. */
static void caches_merge(struct session *s, struct word_row *rows, size_t count)
{
    for (size_t cpu = 0; cpu < s->cpu_count; cpu++) {
        for (int i = 0; i < CACHE_SLOTS; i++)
            slot_merge(s, rows, count, &s->cpu_states[cpu].slots[i]);
        for (int i = 0; i < PENDING_SLOTS; i++)
            pending_merge(s, rows, count, &s->cpu_states[cpu].pending[i]);
    }
}

/* Adds stacks and histograms to the rows.  What threads share goes to the first of their rows. */
static void rows_complete(const struct session *s, struct word_row *rows, size_t count)
{
    const struct probes_bpf *k = s->skeleton;
    for (size_t i = 0; i < count; i++) {
        struct word_row *row = &rows[i];
        if (i && row_same(row, row - 1))
            continue;
        row->stack = value_copy(k->maps.stacks, row->key);
        row->histogram = value_copy(k->maps.histograms, row->key);
        struct word_key handoff = row->key;
        handoff.op = OP_HANDOFF;
        if (row->key.op == OP_WAIT && row->key.outcome == OUTCOME_SLEPT)
            row->handoff = value_copy(k->maps.histograms, handoff);
    }
}

/* The rows that are read so far. */
struct word_table {
    struct word_row *rows;
    size_t count, room;
};

static int table_add(struct word_table *t, const struct word_key *key, const struct word_value *value)
{
    if (t->count == t->room) {
        const size_t room = t->room ? 2 * t->room : 64;
        struct word_row *grown = reallocarray(t->rows, room, sizeof(*grown));
        if (!grown)
            return -ENOMEM;
        t->rows = grown;
        t->room = room;
    }
    t->rows[t->count++] = (struct word_row){.key = *key, .value = *value};
    return 0;
}

/* Reads the table by two calls for each word. */
static int table_read_singly(const struct bpf_map *words, struct word_table *t)
{
    struct word_key key, *previous = NULL;
    struct word_value value;
    int rc = 0;
    while (!rc && !bpf_map__get_next_key(words, previous, &key, sizeof(key))) {
        previous = &key;
        if (!bpf_map__lookup_elem(words, &key, sizeof(key), &value, sizeof(value), 0))
            rc = table_add(t, &key, &value);
    }
    return rc;
}

/* Reads up to `most` words a call, of which one bucket's fit.  -ENOSPC: they don't; -EOPNOTSUPP: the kernel
 * has no such call for this kind of table, or none at all (before Linux 5.6). */
static int table_read_batches(int words, struct word_table *t, struct word_key *keys,
                              struct word_value *values, uint32_t most)
{
    uint32_t from, next, read;
    bool begun = false;
    for (int rc = 0; !rc; from = next, begun = true) {
        read = most;
        rc = bpf_map_lookup_batch(words, begun ? &from : NULL, &next, keys, values, &read, NULL) ? -errno : 0;
        if (rc && rc != -ENOENT)
            return rc == -ENOSPC || rc == -EINTR ? rc : -EOPNOTSUPP;
        for (uint32_t i = 0; i < read; i++)
            if (table_add(t, &keys[i], &values[i]))
                return -ENOMEM;
        if (rc)
            return 0; /* that was the last one */
    }
    return 0;
}

static int table_read(const struct bpf_map *words, struct word_table *t)
{
    enum { FIRST = 1024, LAST = 65536 };
    int rc = -ENOSPC;
    for (uint32_t most = FIRST; rc == -ENOSPC && most <= LAST; most *= 8) {
        struct word_key *keys = calloc(most, sizeof(*keys));
        struct word_value *values = calloc(most, sizeof(*values));
        t->count = 0;
        rc = keys && values ? table_read_batches(bpf_map__fd(words), t, keys, values, most) : -ENOMEM;
        free(keys);
        free(values);
    }
    if (!rc || rc == -ENOMEM)
        return rc;
    t->count = 0;
    return table_read_singly(words, t);
}

int session_table(struct session *s, struct word_row **rows, size_t *count, struct error *err)
{
    struct word_table t = {0};
    const int rc = table_read(s->skeleton->maps.words, &t);
    *rows = t.rows;
    *count = t.count;
    if (rc)
        return error_set(err, rc, "out of memory for %zu futex words", t.count);
    if (t.count)
        qsort(t.rows, t.count, sizeof(*t.rows), word_row_compare);
    return 0;
}

int session_words(struct session *s, struct word_row **rows, size_t *count, struct error *err)
{
    int rc = session_table(s, rows, count, err);
    if (rc)
        return rc;
    rows_complete(s, *rows, *count);
    caches_merge(s, *rows, *count);
    return 0;
}

int session_space(struct session *s, uint32_t space, struct space_info *info)
{
    return bpf_map__lookup_elem(s->skeleton->maps.spaces, &space, sizeof(space), info, sizeof(*info), 0);
}

/* ---- call stacks, of all words ---- */

static int path_compare(const void *a, const void *b)
{
    const struct path_key *x = &((const struct path_row *)a)->key, *y = &((const struct path_row *)b)->key;
    if (x->space != y->space)
        return x->space < y->space ? -1 : 1;
    if (x->address != y->address)
        return x->address < y->address ? -1 : 1;
    if (x->waits != y->waits)
        return x->waits > y->waits ? -1 : 1;
    return x->place < y->place ? -1 : x->place > y->place;
}

int session_paths(struct session *s, struct path_row **rows, size_t *count)
{
    const struct bpf_map *paths = s->skeleton->maps.paths;
    struct path_key key, *previous = NULL;
    int rc = 0;
    *count = 0;
    if (!(*rows = calloc(PATHS_MOST, sizeof(**rows))))
        return -ENOMEM;
    while (*count < PATHS_MOST && !bpf_map__get_next_key(paths, previous, &key, sizeof(key))) {
        struct path_row *row = &(*rows)[*count];
        row->key = key;
        previous = &key;
        if (!(row->value = malloc(sizeof(*row->value)))) {
            rc = -ENOMEM;
            break;
        }
        if (bpf_map__lookup_elem(paths, &key, sizeof(key), row->value, sizeof(*row->value), 0))
            free(row->value);
        else
            ++*count;
    }
    qsort(*rows, *count, sizeof(**rows), path_compare);
    return rc;
}

void path_rows_free(struct path_row *rows, size_t count)
{
    for (size_t i = 0; rows && i < count; i++)
        free(rows[i].value);
    free(rows);
}
