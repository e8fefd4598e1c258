/* A child process that reads somebody else's file in heapwait's place: what it may use up, and how it
 * answers.  Who reads what is members.c's and cfi_child.c's. */
#ifndef HEAPWAIT_READER_CHILD_H
#define HEAPWAIT_READER_CHILD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct rusage;

/* To be called first in the child: lets it end with `parent`, which forked it; leaves it no input or output,
 * no capabilities and no signal blocked, and limits its memory, the files that it writes, and its CPU time,
 * in seconds. */
void reader_child_confine(pid_t parent, unsigned cpu_seconds);

/* Returns the CPU time that the child `pid`, which has not been waited for yet, has used so far, in
 * nanoseconds; 0: it can't be told. */
uint64_t reader_child_used_ns(pid_t pid);

/* Returns the CPU time of one that was waited for, in nanoseconds. */
uint64_t reader_child_rusage_ns(const struct rusage *used);

/* CPU time that the children of one reader may use, all of them together: how much of it is left, in
 * nanoseconds.  Somebody else's files can be any number. */
struct reader_time {
    uint64_t left_ns;
};
enum { READER_SECONDS = 60 }; /* to begin with */
struct reader_time reader_time_of(unsigned seconds);

/* Returns the limit for a child that is to use `most_ns` at most, and no more than is left: in whole seconds,
 * as the kernel counts them, rounded up.  0: nothing is left. */
unsigned reader_time_limit(const struct reader_time *t, uint64_t most_ns);

/* Takes off what a child has used. */
void reader_time_spend(struct reader_time *t, uint64_t used_ns);

/* Sends all bytes to the other side of the socket.  Returns false if it is gone. */
bool reader_child_send(int socket, const void *bytes, size_t size);

/* Receives up to `size` bytes.  Returns how many came: fewer when the other side is gone. */
size_t reader_child_receive(int socket, void *bytes, size_t size);

#endif
