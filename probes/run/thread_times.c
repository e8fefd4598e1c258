/* See thread_times.h. */
#include "probes/run/thread_times.h"

#include <string.h>

static uint64_t at_most(uint64_t value, uint64_t limit)
{
    return value < limit ? value : limit;
}

static unsigned longest(const uint64_t *ns)
{
    unsigned most = STATE_USER;
    for (unsigned i = 0; i < STATE_COUNT; i++)
        if (i != STATE_USER && (most == STATE_USER || ns[i] > ns[most]))
            most = i;
    return most;
}

/* Takes what state user is overdrawn by off the longest states. */
static void overdraft_cut(uint64_t *ns)
{
    uint64_t missing = 0 - ns[STATE_USER];
    ns[STATE_USER] = 0;
    for (unsigned i = 0; i < STATE_COUNT && missing; i++) {
        const unsigned most = longest(ns);
        const uint64_t cut = at_most(ns[most], missing);
        ns[most] -= cut;
        missing -= cut;
    }
}

bool thread_times(const struct thread_record *r, uint64_t ns[STATE_ROOM])
{
    double wanted = 0;
    memcpy(ns, r->ns, sizeof(r->ns));
    const bool overdrawn = (int64_t)ns[STATE_USER] < 0;
    if (overdrawn)
        overdraft_cut(ns);
    for (unsigned i = 0; i < STATE_COUNT; i++)
        wanted += (double)r->estimated_ns[i];
    const double user = (double)ns[STATE_USER], scale = wanted > user ? user / wanted : 1;
    for (unsigned i = 0; i < STATE_COUNT; i++) {
        const uint64_t moved = at_most((uint64_t)((double)r->estimated_ns[i] * scale), ns[STATE_USER]);
        ns[i] += moved;
        ns[STATE_USER] -= moved;
    }
    return !overdrawn;
}
