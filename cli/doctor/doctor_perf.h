/* heapwait doctor --perf: the `perf record` line and what each part of it is for. */
#ifndef HEAPWAIT_DOCTOR_PERF_H
#define HEAPWAIT_DOCTOR_PERF_H

/* Prints it.  Returns an exit code. */
int doctor_perf(void);

#endif
