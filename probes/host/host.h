/* Facts of the machine that a measurement can't be understood without: what it is, and what else it was
 * doing. Reads /proc, /sys and a clock; needs no privilege and changes nothing.  What can't be known is
 * absent, never guessed.  The facts of the command itself are measure.h's. */
#ifndef HEAPWAIT_HOST_H
#define HEAPWAIT_HOST_H

#include <sched.h>
#include <stddef.h>
#include <stdint.h>

/* Rows for the recording's table `host`: kernel, machine, distribution, glibc_version, libbpf_version,
 * cpu_model, cores (online), cores_allowed (by affinity), cpu_quota (of a container), mem_bytes, hypervisor,
 * clocksource, cpu_governor, transparent_hugepages, aslr, load_average, load_averages, started_at. */
struct host_fact {
    char key[32];
    char value[224];
};
struct host_facts {
    struct host_fact rows[32];
    size_t count;
};

/* Fills *facts with what the machine tells.  `root` goes before every path: "" for the machine itself, a
 * folder in tests. */
void host_facts_read(struct host_facts *facts, const char *root);

/* Returns the value of the fact, owned by *facts; NULL: there is no such fact. */
const char *host_fact_find(const struct host_facts *facts, const char *key);

/* Returns on how many CPUs this process may run, at least 1. */
unsigned host_cores_allowed(void);

/* Returns the set of processors that this process may use, of *size bytes, to be freed with CPU_FREE; NULL:
 * it can't be read.  A command inherits it. */
cpu_set_t *host_cpus_allowed(size_t *size);

/* Returns the load average of the last minute; negative: not known. */
double host_load_average(void);

/* Returns what a system call that does nothing costs in ns, entry and exit included: the median of many
 * batches of getppid(). */
uint64_t host_null_syscall_ns(void);

#endif
