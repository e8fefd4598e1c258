/* The terminal as a page that is drawn anew: alternate screen, keys without Enter, and everything as it was
 * when it is closed.  Plain ANSI sequences are used (ECMA-48 and xterm's 1049, which every terminal of today
 * knows): curses would be one more dependency for six of them, and works no better over ssh. */
#ifndef HEAPWAIT_TOP_SCREEN_H
#define HEAPWAIT_TOP_SCREEN_H

#include "analysis/base/error.h"

#include <stdbool.h>
#include <stdio.h>

struct screen;

/* Returns true if stdout is a terminal that can be drawn on. */
bool screen_possible(void);

/* Takes the terminal.  *out is to be closed with screen_close(), also by who dies by a signal from here on.
 * 0 or -ENOMEM, with a sentence. */
int screen_open(struct screen **out, struct error *err);

/* Returns the descriptor that keys come from, owned by the screen; -1: there is none. */
int screen_keys(const struct screen *s);

/* Return its size in character cells, as it is now. */
unsigned screen_width(const struct screen *s);
unsigned screen_height(const struct screen *s);

/* Draws `text`, cut to the screen's lines but for the last, and `footer` in that one, cut to its width in
 * bytes. 0 or negative errno: the terminal is gone, or no memory. */
int screen_draw(struct screen *s, const char *text, const char *footer);

/* Give the terminal back for a while (Ctrl-Z), and take it again. */
void screen_leave(struct screen *s);
void screen_enter(struct screen *s);

/* Gives the terminal back, and frees.  NULL is fine. */
void screen_close(struct screen *s);

#endif
