/* The signals that end a measurement: SIGINT, SIGTERM and SIGHUP, taken from a descriptor, so that none of
 * them ends heapwait before it has written. */
#ifndef HEAPWAIT_SIGNALS_H
#define HEAPWAIT_SIGNALS_H

#include <signal.h>
#include <stdbool.h>

struct signals {
    int fd; /* readable when one is there; -1: not taken */
    sigset_t before;
};

/* Blocks the signals and opens s->fd.  0 or negative errno. */
int signals_take(struct signals *s);

/* Takes the next signal.  Returns false if there is none; else *number is set, and *from_terminal to whether
 * the kernel sent it, so that everybody in the terminal's foreground has got it as well. */
bool signals_next(struct signals *s, int *number, bool *from_terminal);

/* Drops the signals that have come since, and restores the mask.  If a second Ctrl-C were not dropped, it
 * would get its default effect with the mask, and end heapwait before it has written. */
void signals_give_back(struct signals *s);

#endif
