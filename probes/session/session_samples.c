/* What a session brings back of its samples and of system calls on memory: modes profile and ledger.  See
 * session.h. */
#include "probes/session/session_private.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

uint64_t session_sample_period(const struct session *s)
{
    return s->hooks.sample_period_ns;
}

int session_samples(struct session *s, struct sample_row **rows, size_t *count)
{
    const struct bpf_map *map = s->skeleton->maps.samples;
    struct sample_key key, *previous = NULL;
    *count = 0;
    *rows = calloc(bpf_map__max_entries(map), sizeof(**rows));
    if (!*rows)
        return -ENOMEM;
    while (*count < bpf_map__max_entries(map) && !bpf_map__get_next_key(map, previous, &key, sizeof(key))) {
        struct sample_row *row = &(*rows)[*count];
        row->key = key;
        previous = &key;
        *count += !bpf_map__lookup_elem(map, &key, sizeof(key), &row->count, sizeof(row->count), 0);
    }
    return 0;
}

size_t session_kernel_stack(const struct session *s, uint32_t number, uint64_t chain[PATH_CHAIN])
{
    const struct bpf_map *map = s->skeleton->maps.kernel_stacks;
    uint32_t id = number - 1;
    size_t count = 0;
    memset(chain, 0, PATH_CHAIN * sizeof(*chain));
    if (!number || bpf_map__lookup_elem(map, &id, sizeof(id), chain, bpf_map__value_size(map), 0))
        return 0;
    while (count < PATH_CHAIN && chain[count])
        count++;
    return count;
}

int session_sample_paths(const struct session *s, struct sample_path **paths, size_t *count)
{
    const struct bpf_map *map = s->skeleton->maps.sample_paths;
    *count = 0;
    *paths = NULL;
    const uint64_t taken = bpf_map__fd(map) < 0 ? 0 : s->skeleton->bss->samples_taken;
    const uint32_t places = taken < SAMPLE_PATHS ? (uint32_t)taken : SAMPLE_PATHS;
    if (!(*paths = calloc(places ? places : 1, sizeof(**paths))))
        return -ENOMEM;
    for (uint32_t i = 0; i < places; i++) {
        struct sample_path *path = &(*paths)[*count];
        if (!bpf_map__lookup_elem(map, &i, sizeof(i), path, sizeof(*path), 0) && path->space && !path->taken)
            ++*count;
    }
    return 0;
}

int session_memory(const struct session *s, struct memory_row **rows, size_t *count)
{
    const struct bpf_map *map = s->skeleton->maps.memory_calls;
    struct memory_key key, *previous = NULL;
    const size_t most = bpf_map__fd(map) < 0 ? 0 : bpf_map__max_entries(map);
    *count = 0;
    if (!(*rows = calloc(most ? most : 1, sizeof(**rows))))
        return -ENOMEM;
    while (*count < most && !bpf_map__get_next_key(map, previous, &key, sizeof(key))) {
        struct memory_row *row = &(*rows)[*count];
        row->key = key;
        previous = &key;
        *count += !bpf_map__lookup_elem(map, &key, sizeof(key), &row->totals, sizeof(row->totals), 0);
    }
    return 0;
}
