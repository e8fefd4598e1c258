/* What else was done on the CPUs that heapwait may use, and a command inherits: CPU time that was used
 * neither by a run nor by heapwait, from /proc/stat. It counts in ticks of 10 ms.  So a single short run's
 * figure is rough and may even come out negative; only the sum over many runs is worth a judgement, and it
 * keeps the sign. */
#ifndef HEAPWAIT_HOST_LOAD_H
#define HEAPWAIT_HOST_LOAD_H

#include <sched.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A share of the machine above which a study is called disturbed.  5 %: work of that size can move a time by
 * as much, and the good allocators differ by little more than that. */
#define HOST_FOREIGN_SHARE_MAX 0.05
/* The 1-minute load average per core above which the machine was busy before we came.  0.3: the average
 * decays by 1/e a minute, so that a build on all cores which ended a minute ago still shows as 0.37. */
#define HOST_LOAD_PER_CORE_MAX 0.3

/* A watch that is shorter tells nothing: what two ticks of each CPU may be wrong is a tenth of its time. */
#define HOST_WATCH_LEAST_NS 200000000

/* Sums over CPUs since boot. */
struct host_cpu_time {
    uint64_t busy_ns;  /* user, nice, system, irq, softirq; guests are inside user */
    uint64_t steal_ns; /* taken by the hypervisor */
};

/* Adds a line of /proc/stat to *out, if it is of a CPU of the set `allowed`, of `size` bytes; NULL: of any.
 * True: it was. */
bool host_cpu_time_add(const char *line, uint64_t ticks_per_second, const cpu_set_t *allowed, size_t size,
                       struct host_cpu_time *out);

/* Reads /proc/stat into *out, of the CPUs that this process may use.  0 or negative errno. */
int host_cpu_time_read(struct host_cpu_time *out);

struct host_watch {
    struct host_cpu_time at_start;
    uint64_t own_ns, start_ns;
    int error; /* /proc/stat can't be read */
};

/* What a watch saw. */
struct host_watched {
    int64_t foreign_ns; /* may be negative, see above; INT64_MIN: not known */
    uint64_t steal_ns;
    uint64_t wall_ns;
};

/* Begins to watch. */
void host_watch_start(struct host_watch *w);

/* Ends the watch and fills *out.  `run_cpu_ns`: user and system time of what was run meanwhile, in ns. */
void host_watch_end(const struct host_watch *w, uint64_t run_cpu_ns, struct host_watched *out);

#endif
