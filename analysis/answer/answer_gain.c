/* See answer_gain.h. */
#include "analysis/answer/answer_gain.h"

#include "analysis/answer/answer_limits.h"

#include <math.h>
#include <stdbool.h>

/* Returns the cores that the program could have without the cause.  `most`: where its threads, which want
 * more of them then, take them from others, too. */
static double cores_left(const struct gain_facts *f, bool most)
{
    if (isnan(f->foreign_ns) || !(f->wall_ns > 0))
        return f->usable_cores;
    /* The program ran, so that it had at least what it used. */
    const double free_cores = fmin(f->cores - f->foreign_ns / f->wall_ns, f->usable_cores);
    const double had = fmax(free_cores, f->cpu_ns / f->wall_ns);
    if (!most)
        return fmin(had, f->usable_cores);
    const double more = f->wanted_ns > 0 ? 1 + f->cause_blocked_ns / f->wanted_ns : INFINITY;
    return fmin(had * more, f->usable_cores);
}

/* Returns the most of the critical path that the cause's core time may take, in line for a core included. */
static double path_ns(const struct gain_facts *f, double cause_cpu_ns)
{
    if (!isnan(f->stretch))
        return cause_cpu_ns * f->stretch;
    if (isnan(f->foreign_ns) || isnan(f->cpu_ns))
        return cause_cpu_ns;
    const double idle = f->cores * f->wall_ns - f->foreign_ns - f->cpu_ns;
    /* It got a second of core time in so much time, and so would it have been rid of the cause's. */
    return idle > LIMIT_IDLE * f->cores * f->wall_ns ? cause_cpu_ns : cause_cpu_ns * f->wall_ns / f->cpu_ns;
}

/* Which end of the interval is meant: without the time that threads slept for the cause, since others may
 * have worked meanwhile; with it; and with the cores that they would take from others. */
enum end { LEAST, LIKELY, MOST };

static double factor_of(const struct gain_facts *f, double cause_cpu_ns, enum end end)
{
    const double off_core = end == LEAST ? 0 : fmax(f->cause_thread_ns - f->cause_cpu_ns.value, 0);
    double least = fmax(f->wall_ns - off_core - path_ns(f, cause_cpu_ns), 0);
    const double cores = cores_left(f, end == MOST);
    if (!isnan(f->cpu_ns) && cores > 0)
        least = fmax(least, fmax(f->cpu_ns - cause_cpu_ns, 0) / cores);
    if (!isnan(f->longest_ns))
        least = fmax(least, f->longest_ns - cause_cpu_ns);
    least = fmin(least, f->wall_ns);
    return least > 0 ? f->wall_ns / least : INFINITY;
}

struct estimate answer_gain(const struct gain_facts *f)
{
    if (!(f->wall_ns > 0) || isnan(f->cause_cpu_ns.value) || isnan(f->cause_thread_ns))
        return (struct estimate){NAN, NAN, NAN};
    const double most = factor_of(f, f->cause_cpu_ns.high, MOST);
    return (struct estimate){factor_of(f, f->cause_cpu_ns.value, LIKELY),
                             factor_of(f, f->cause_cpu_ns.low, LEAST),
                             most > LIMIT_GAIN_END ? INFINITY : most};
}
