/* What /proc tells of a process: its numbers, its command line.  Everything here may be gone a moment later.
 */
#ifndef HEAPWAIT_PROCESS_H
#define HEAPWAIT_PROCESS_H

#include <stddef.h>
#include <sys/types.h>

/* The numbers of a process in its pid namespaces. */
struct process_numbers {
    pid_t process;   /* the process that a thread belongs to */
    pid_t innermost; /* in the process's own pid namespace */
    unsigned levels; /* 1: that is heapwait's (the one of its /proc) */
};

/* 0 or negative errno: -ENOENT, there is no such process or thread. */
int process_numbers_read(pid_t pid, struct process_numbers *out);

/* The processes of namespaces further down which have this number there: writes up to `room` of them and
 * returns how many there are, or negative errno. */
int process_find_innermost(pid_t number, pid_t *found, size_t room);

/* The words as one line for reading: those with anything but plain characters are quoted as a shell would.
 * malloc'd, NULL when there is no memory. */
char *process_command_line(char *const *words);

/* The same of a running process (at most 4 KiB of it); its name in brackets where it has none.  Empty words
 * at the end are left out: they can't be told from what fills the room behind a title that the process gave
 * itself.  malloc'd; NULL: there is no such process, or no memory. */
char *process_command(pid_t pid);

#endif
