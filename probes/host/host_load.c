/* See host_load.h. */
#include "probes/host/host_load.h"

#include "probes/host/clock.h"
#include "probes/host/host.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

bool host_cpu_time_add(const char *line, uint64_t ticks_per_second, const cpu_set_t *allowed, size_t size,
                       struct host_cpu_time *out)
{
    /* user nice system idle iowait irq softirq steal: proc(5).  Very old kernels have no steal. */
    uint64_t t[8] = {0};
    unsigned cpu;
    int n = sscanf(line,
                   "cpu%u %" SCNu64 " %" SCNu64 " %" SCNu64 " %" SCNu64 " %" SCNu64 " %" SCNu64 " %" SCNu64
                   " %" SCNu64,
                   &cpu, &t[0], &t[1], &t[2], &t[3], &t[4], &t[5], &t[6], &t[7]);
    /* The line of their sum has a blank before its first number. */
    if (n < 8 || line[3] == ' ' || !ticks_per_second ||
        (allowed && (cpu >= 8 * size || !CPU_ISSET_S(cpu, size, allowed))))
        return false;
    uint64_t tick_ns = 1000000000 / ticks_per_second;
    out->busy_ns += (t[0] + t[1] + t[2] + t[5] + t[6]) * tick_ns;
    out->steal_ns += t[7] * tick_ns;
    return true;
}

int host_cpu_time_read(struct host_cpu_time *out)
{
    char line[512];
    FILE *f = fopen("/proc/stat", "re");
    if (!f)
        return -errno;
    const long ticks = sysconf(_SC_CLK_TCK);
    size_t size = 0;
    cpu_set_t *allowed = host_cpus_allowed(&size);
    unsigned cpus = 0;
    *out = (struct host_cpu_time){0};
    /* The first line is their sum, and those of CPUs stand before all others. */
    while (fgets(line, sizeof(line), f) && !strncmp(line, "cpu", 3))
        cpus += host_cpu_time_add(line, ticks > 0 ? (uint64_t)ticks : 0, allowed, size, out);
    CPU_FREE(allowed);
    fclose(f);
    return cpus ? 0 : -EINVAL;
}

void host_watch_start(struct host_watch *w)
{
    *w = (struct host_watch){.own_ns = clock_process_ns(), .start_ns = clock_monotonic_ns()};
    w->error = host_cpu_time_read(&w->at_start);
}

void host_watch_end(const struct host_watch *w, uint64_t run_cpu_ns, struct host_watched *out)
{
    struct host_cpu_time end = {0};
    *out = (struct host_watched){.foreign_ns = INT64_MIN, .wall_ns = clock_monotonic_ns() - w->start_ns};
    if (w->error || host_cpu_time_read(&end))
        return;
    out->foreign_ns = (int64_t)(end.busy_ns - w->at_start.busy_ns) -
                      (int64_t)(clock_process_ns() - w->own_ns) - (int64_t)run_cpu_ns;
    out->steal_ns = end.steal_ns - w->at_start.steal_ns;
}
