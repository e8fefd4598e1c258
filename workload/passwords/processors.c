/* The affinity mask, read into a fixed buffer: CPU_ALLOC would be the process's first allocation. */
#include "workload/passwords/processors.h"

#include <sched.h>
#include <stddef.h>

/* Room for 65536 processors; the kernel's own limit (NR_CPUS) is 8192 on x86-64. */
enum { MASK_SETS = 64 };

unsigned processors_available(void)
{
    static cpu_set_t mask[MASK_SETS];
    int count;

    if (sched_getaffinity(0, sizeof(mask), mask))
        return 1;
    count = CPU_COUNT_S(sizeof(mask), mask);
    return count > 0 ? (unsigned)count : 1;
}
