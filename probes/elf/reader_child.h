/* A child process that reads somebody else's file in heapwait's place: what it may use up, and what it may
 * say.  Who reads what, and how it answers, is members.c's and cfi_child.c's. */
#ifndef HEAPWAIT_READER_CHILD_H
#define HEAPWAIT_READER_CHILD_H

#include <stdbool.h>
#include <stddef.h>

/* In the child, first: no output, no signal blocked, limits on memory, files and CPU time in seconds. */
void reader_child_confine(unsigned cpu_seconds);

/* Sends all bytes to the other side of the socket.  Returns false if it is gone. */
bool reader_child_send(int socket, const void *bytes, size_t size);

/* Receives up to `size` bytes.  Returns how many came: fewer when the other side is gone. */
size_t reader_child_receive(int socket, void *bytes, size_t size);

#endif
