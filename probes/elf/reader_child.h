/* A child process that reads somebody else's file in heapwait's place: what it may use up, and how it
 * answers.  Who reads what is members.c's and cfi_child.c's. */
#ifndef HEAPWAIT_READER_CHILD_H
#define HEAPWAIT_READER_CHILD_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/* To be called first in the child: lets it end with `parent`, which forked it; leaves it no input or output,
 * no capabilities and no signal blocked, and limits its memory, the files that it writes, and its CPU time,
 * in seconds. */
void reader_child_confine(pid_t parent, unsigned cpu_seconds);

/* Sends all bytes to the other side of the socket.  Returns false if it is gone. */
bool reader_child_send(int socket, const void *bytes, size_t size);

/* Receives up to `size` bytes.  Returns how many came: fewer when the other side is gone. */
size_t reader_child_receive(int socket, void *bytes, size_t size);

#endif
