/* Marks of the program's phases: USDT probes of the provider `heapwait`, for any tracer that knows them
 * (perf, bpftrace, systemtap).  A mark is one nop in the code and a note in the file that says where it is
 * and where its arguments are; nobody is asked whether a tracer is there.  Each has the thread's number, from
 * 1, and a count of passwords.  Without sys/sdt.h, or with HEAPWAIT_USDT=OFF, there are none. */
#ifndef PASSWORDS_MARKS_H
#define PASSWORDS_MARKS_H

enum { MARK_EVERY = 1024 }; /* passwords */

#ifdef HEAPWAIT_USDT
#include <sys/sdt.h>
#define MARK(name, thread, count) DTRACE_PROBE2(heapwait, name, thread, count)
#else
#define MARK(name, thread, count) ((void)(thread), (void)(count))
#endif

#define mark_thread_start(thread, wanted) MARK(thread_start, thread, wanted)
#define mark_passwords(thread, made)      MARK(passwords, thread, made)
#define mark_thread_end(thread, made)     MARK(thread_end, thread, made)

#endif
