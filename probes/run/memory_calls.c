/* See memory_calls.h.  A process has several address spaces in turn, one for each program that it begins. */
#include "probes/run/memory_calls.h"

#include "probes/bpf/terms.h"

#include <errno.h>
#include <stdlib.h>

enum { KINDS = MEMORY_KINDS - 1 };

/* Returns the process's rows, one of each kind, made if they are not there; NULL: no memory. */
static struct memory_count *process_rows(struct measurement *m, uint32_t tgid)
{
    for (size_t i = 0; i < m->memory_count; i += KINDS)
        if (m->memory[i].tgid == tgid)
            return &m->memory[i];
    struct memory_count *grown = reallocarray(m->memory, m->memory_count + KINDS, sizeof(*grown));
    if (!grown)
        return NULL;
    m->memory = grown;
    struct memory_count *rows = &m->memory[m->memory_count];
    for (unsigned kind = 1; kind < MEMORY_KINDS; kind++)
        rows[kind - 1] = (struct memory_count){.tgid = tgid, .kind = term_memory_kind(kind)};
    m->memory_count += KINDS;
    return rows;
}

static int row_add(struct session *session, struct measurement *m, const struct memory_row *row)
{
    struct space_info info = {0};
    const unsigned kind = row->key.kind;
    if (!kind || kind >= MEMORY_KINDS || session_space(session, row->key.space, &info))
        return 0; /* a space that was not noted is a loss already */
    struct memory_count *rows = process_rows(m, info.tgid);
    if (!rows)
        return -ENOMEM;
    rows[kind - 1].calls += row->totals.calls;
    rows[kind - 1].total_ns += row->totals.total_ns;
    rows[kind - 1].blocked_ns += row->totals.blocked_ns;
    return 0;
}

static int row_compare(const void *a, const void *b)
{
    const struct memory_key *x = &((const struct memory_row *)a)->key,
                            *y = &((const struct memory_row *)b)->key;
    if (x->space != y->space)
        return x->space < y->space ? -1 : 1;
    return x->kind < y->kind ? -1 : x->kind > y->kind;
}

int memory_calls_collect(struct session *session, struct measurement *m)
{
    struct memory_row *rows = NULL;
    size_t count = 0;
    int rc = session_memory(session, &rows, &count);
    if (!rc && count)
        qsort(rows, count, sizeof(*rows), row_compare);
    for (size_t i = 0; i < count && !rc; i++)
        rc = row_add(session, m, &rows[i]);
    free(rows);
    return rc;
}
