/* A child process that reads somebody else's file in heapwait's place: what it may use up, and what it may
 * say.  Who reads what, and how it answers, is members.c's and cfi_child.c's. */
#ifndef HEAPWAIT_READER_CHILD_H
#define HEAPWAIT_READER_CHILD_H

/* In the child, first: no output, no signal blocked, limits on memory, files and CPU time in seconds. */
void reader_child_confine(unsigned cpu_seconds);

#endif
