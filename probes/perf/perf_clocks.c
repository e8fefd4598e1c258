/* See perf_clocks.h. */
#include "probes/perf/perf_clocks.h"

#include <stdlib.h>
#include <string.h>

/* Returns which halves of the code the event sees: bit 0 the user's, bit 1 the kernel's. */
static unsigned halves(const struct perf_event_facts *e)
{
    return (unsigned)!e->exclude_user | (unsigned)!e->exclude_kernel << 1;
}

/* Returns true if the two clocks never sample the same time. */
static bool are_apart(const struct perf_session *session, const char *a, const char *b)
{
    char a_base[96], b_base[96], a_pmu[64], b_pmu[64];
    const struct perf_event_facts *x = perf_session_event(session, a), *y = perf_session_event(session, b);
    perf_event_base(a, a_base, sizeof(a_base), a_pmu, sizeof(a_pmu));
    perf_event_base(b, b_base, sizeof(b_base), b_pmu, sizeof(b_pmu));
    if (strcmp(a_base, b_base) != 0)
        return false;
    return (a_pmu[0] && b_pmu[0] && strcmp(a_pmu, b_pmu) != 0) || (x && y && !(halves(x) & halves(y)));
}

static bool is_part(const struct perf_clocks *c, const struct perf_session *session, const char *event)
{
    bool part = true;
    for (size_t i = 0; i < c->count; i++)
        part &= !c->counts[i] || are_apart(session, c->names[i], event);
    return part;
}

bool perf_clocks_take(struct perf_clocks *c, const struct perf_session *session, const char *event,
                      bool *failed)
{
    for (size_t i = 0; i < c->count; i++)
        if (!strcmp(c->names[i], event))
            return c->counts[i];
    if (c->count == MAX_CLOCKS)
        return false;
    const bool counts = is_part(c, session, event);
    if (!(c->names[c->count] = strdup(event))) {
        *failed = true;
        return false;
    }
    c->counts[c->count++] = counts;
    return counts;
}

void perf_clocks_free(struct perf_clocks *c)
{
    for (size_t i = 0; i < c->count; i++)
        free(c->names[i]);
    c->count = 0;
}
