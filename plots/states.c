/* See states.h. */
#include "plots/states.h"

#include <stdlib.h>
#include <string.h>

static const struct {
    const char *name, *column;
} groups[GROUPS] = {
    {"program", "program_ms"},
    {"allocator", "allocator_ms"},
    {"lock functions", "lock_ms"},
    {"futex calls", "futex_calls_ms"},
    {"random source", "random_ms"},
    {"kernel, else", "kernel_ms"},
    {"mmap_lock", "mmap_lock_ms"},
    {"probes", "probes_ms"},
    {"waiting for a CPU", "runnable_ms"},
    {"asleep, malloc’s lock", "asleep_malloc_ms"},
    {"asleep, else", "asleep_other_ms"},
    {"rest", "rest_ms"},
};

static const struct {
    const char *state;
    enum group group;
} states[] = {
    {"allocator", GROUP_ALLOCATOR},
    {"lock", GROUP_LOCK},
    {"random", GROUP_RANDOM},
    {"mmap_lock", GROUP_MMAP_LOCK},
    {"mmap_lock_blocked", GROUP_MMAP_LOCK},
    {"futex_blocked_malloc", GROUP_ASLEEP_MALLOC},
};

static const struct {
    const char *kind;
    enum group group;
} kinds[] = {
    {"user", GROUP_USER},         {"kernel", GROUP_KERNEL},  {"probes", GROUP_PROBES},
    {"runnable", GROUP_RUNNABLE}, {"blocked", GROUP_ASLEEP},
};

enum group group_find(const char *state, const char *kind)
{
    for (size_t i = 0; state && i < sizeof states / sizeof *states; i++)
        if (!strcmp(state, states[i].state))
            return states[i].group;
    if (state && (!strncmp(state, "futex_wait", 10) || !strncmp(state, "futex_wake", 10)))
        return GROUP_FUTEX;
    for (size_t i = 0; kind && i < sizeof kinds / sizeof *kinds; i++)
        if (!strcmp(kind, kinds[i].kind))
            return kinds[i].group;
    return GROUP_REST;
}

const char *group_name(enum group group)
{
    return groups[group].name;
}

const char *group_column(enum group group)
{
    return groups[group].column;
}
