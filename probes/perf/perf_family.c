/* See perf_family.h.  A child that finds no memory is left out, and with it its children: then fewer threads
 * are told to run still, never more. */
#include "probes/perf/perf_family.h"

#include <stdlib.h>

enum { BUCKETS = 1 << 10 };

struct member {
    struct member *next;
    uint32_t pid, tid;
};

struct perf_family {
    struct member *members[BUCKETS];
    size_t count;
};

struct perf_family *perf_family_new(void)
{
    return calloc(1, sizeof(struct perf_family));
}

static struct member **member_place(const struct perf_family *f, uint32_t tid)
{
    struct member **at = (struct member **)&f->members[tid & (BUCKETS - 1)];
    while (*at && (*at)->tid != tid)
        at = &(*at)->next;
    return at;
}

static void member_drop(struct perf_family *f, struct member **at)
{
    struct member *m = *at;
    *at = m->next;
    free(m);
    f->count--;
}

static void member_add(struct perf_family *f, uint32_t pid, uint32_t tid)
{
    struct member **at = member_place(f, tid), *m = *at ? NULL : calloc(1, sizeof(*m));
    if (!m)
        return;
    *m = (struct member){.pid = pid, .tid = tid};
    *at = m;
    f->count++;
}

void perf_family_exec(struct perf_family *f, uint32_t pid)
{
    for (size_t i = 0; i < BUCKETS; i++)
        for (struct member **at = &f->members[i]; *at;)
            if ((*at)->pid == pid && (*at)->tid != pid)
                member_drop(f, at);
            else
                at = &(*at)->next;
    member_add(f, pid, pid);
}

void perf_family_fork(struct perf_family *f, uint32_t pid, uint32_t tid, uint32_t parent_tid)
{
    if (perf_family_has(f, parent_tid))
        member_add(f, pid, tid);
}

void perf_family_exit(struct perf_family *f, uint32_t tid)
{
    struct member **at = member_place(f, tid);
    if (*at)
        member_drop(f, at);
}

bool perf_family_has(const struct perf_family *f, uint32_t tid)
{
    return *member_place(f, tid) != NULL;
}

size_t perf_family_count(const struct perf_family *f)
{
    return f->count;
}

void perf_family_free(struct perf_family *f)
{
    for (size_t i = 0; f && i < BUCKETS; i++)
        while (f->members[i])
            member_drop(f, &f->members[i]);
    free(f);
}
