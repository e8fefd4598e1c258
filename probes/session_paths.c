/* Brings back the call stacks that were taken, of all words. */
#include "probes/session_private.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <stdlib.h>

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
