/* See child.h. */
#include "analysis/base/child.h"

#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

void child_bind(pid_t parent, int signal)
{
    prctl(PR_SET_PDEATHSIG, signal);
    if (getppid() != parent) /* it ended before the line above, and no signal will come */
        _exit(125);
}

static void limit_lower(int resource, rlim_t soft, rlim_t hard)
{
    struct rlimit limit;
    if (getrlimit(resource, &limit))
        return;
    limit.rlim_max = hard < limit.rlim_max ? hard : limit.rlim_max;
    limit.rlim_cur = soft < limit.rlim_cur ? soft : limit.rlim_cur;
    limit.rlim_cur = limit.rlim_cur < limit.rlim_max ? limit.rlim_cur : limit.rlim_max;
    setrlimit(resource, &limit);
}

void child_bound(const struct child_bounds *bounds)
{
    limit_lower(RLIMIT_CORE, 0, 0);
    if (bounds->cpu_seconds)
        limit_lower(RLIMIT_CPU, bounds->cpu_seconds, bounds->cpu_seconds + 1);
    if (bounds->data_bytes)
        limit_lower(RLIMIT_DATA, bounds->data_bytes, bounds->data_bytes);
    if (bounds->file_bytes)
        limit_lower(RLIMIT_FSIZE, bounds->file_bytes, bounds->file_bytes);
}
