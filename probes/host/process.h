/* What /proc tells of a process: its numbers, its command line.  Everything here may be gone a moment later.
 */
#ifndef HEAPWAIT_PROCESS_H
#define HEAPWAIT_PROCESS_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/* The numbers of a process in its pid namespaces. */
struct process_numbers {
    pid_t process;   /* the process that a thread belongs to */
    pid_t innermost; /* in the process's own pid namespace */
    unsigned levels; /* 1: that is heapwait's (the one of its /proc) */
};

/* Reads the numbers of a process or thread, given by its number in heapwait's pid namespace.  0 or negative
 * errno; -ENOENT: there is none of that number. */
int process_numbers_read(pid_t pid, struct process_numbers *out);

/* Returns true if the process is a thread of the kernel's own. */
bool process_is_kernel(pid_t pid);

/* Finds the processes of pid namespaces further down that have this number there.  Writes the numbers that
 * heapwait sees, `room` of them at most, to found[].  Returns how many there are, or negative errno. */
int process_find_innermost(pid_t number, pid_t *found, size_t room);

/* Returns the words as one line for reading, malloc'd; NULL: out of memory.  Words with anything but plain
 * characters are quoted as for a shell. */
char *process_command_line(char *const *words);

/* Returns the command line of a running process in the same way, at most 4 KiB of it, malloc'd; its name in
 * brackets if it has none.  NULL: there is no such process, or no memory.  Empty words at the end are left
 * out: they can't be told from what fills the room behind a title that the process gave itself. */
char *process_command(pid_t pid);

#endif
