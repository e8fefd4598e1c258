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

/* Blocks them.  0 or negative errno. */
int signals_take(struct signals *s);

/* The next one; false: there is none.  *from_terminal: everybody in the foreground has got it as well. */
bool signals_next(struct signals *s, int *number, bool *from_terminal);

/* Drops those that have come since (or a second Ctrl-C, taken back to its default, would end heapwait before
 * it has written), and takes the mask back. */
void signals_give_back(struct signals *s);

#endif
