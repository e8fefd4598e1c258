/* See noise.h. */
#include "cli/study/noise.h"

#include "probes/host/host.h"

#include <stdio.h>
#include <unistd.h>

void noise_begin(struct noise *n)
{
    double load = host_load_average(), cores = (double)sysconf(_SC_NPROCESSORS_ONLN);
    *n = (struct noise){.busy_before = load > HOST_LOAD_PER_CORE_MAX * cores};
    snprintf(n->load, sizeof(n->load), load < 0 ? "unknown" : "%.2f", load);
    if (n->busy_before)
        fprintf(
            stderr,
            "heapwait: warning: this machine is busy (load average %.2f on %.0f cores): times will be off\n",
            load, cores);
}

void noise_add(struct noise *n, const struct host_watched *watched)
{
    if (watched->foreign_ns == INT64_MIN)
        return;
    n->foreign_ns += watched->foreign_ns;
    n->steal_ns += watched->steal_ns;
    n->watched_ns += watched->wall_ns;
}

static double share(double part, double whole)
{
    return whole > 0 && part > 0 ? part / whole : 0;
}

bool noise_judge(const struct noise *n, char *text, size_t size)
{
    double all_ns = (double)n->watched_ns * host_cores_allowed();
    double foreign = share((double)n->foreign_ns, all_ns), steal = share((double)n->steal_ns, all_ns);
    snprintf(text, size,
             "load average %s at the start; during the runs other work used %.1f %% of the CPUs, the "
             "hypervisor took %.1f %%",
             n->load, foreign * 100, steal * 100);
    return foreign > HOST_FOREIGN_SHARE_MAX || steal > HOST_FOREIGN_SHARE_MAX || n->busy_before;
}
