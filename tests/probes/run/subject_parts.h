/* What the ledger's subject is made of: clocks, sleeping, computing, and waiting for what others do by
 * looking at /proc, so that nothing depends on speed. */
#ifndef TESTS_PROBES_RUN_SUBJECT_PARTS_H
#define TESTS_PROBES_RUN_SUBJECT_PARTS_H

#include <stddef.h>
#include <stdint.h>
#include <time.h>

/* A private futex call, without a timeout. */
long futex(uint32_t *word, int op, uint32_t value);

uint64_t clock_ns(clockid_t clock);
void sleep_ms(long ms);

/* So many rounds of arithmetic; so much CPU time of the thread.  By these names in the samples. */
void compute(uint64_t rounds);
void compute_ms(uint64_t ms);

/* One file of /proc, as text; "" when it can't be read. */
void folder_file_read(const char *path, char *text, size_t size);

/* Until the thread sleeps in the system call. */
void asleep_await(int pid, int tid, long call);

/* Until the process is in this state, by the letter of /proc/PID/stat. */
void state_await(int pid, char letter);

#endif
