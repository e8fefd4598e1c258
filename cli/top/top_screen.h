/* The terminal as a page that is drawn anew: alternate screen, keys without Enter, and everything as it was
 * when it is closed.  Plain ANSI sequences (ECMA-48 and xterm's 1049, which every terminal of today knows):
 * curses would be one more dependency for six of them, and works no better over ssh. */
#ifndef HEAPWAIT_TOP_SCREEN_H
#define HEAPWAIT_TOP_SCREEN_H

#include "analysis/base/error.h"

#include <stdbool.h>
#include <stdio.h>

struct screen;

/* Whether stdout is a terminal that can be drawn on. */
bool screen_possible(void);

/* Takes the terminal.  Who dies by a signal from here on must call screen_close() before. */
int screen_open(struct screen **out, struct error *err);

/* Where keys come from; -1: nowhere. */
int screen_keys(const struct screen *s);

unsigned screen_width(const struct screen *s);
unsigned screen_height(const struct screen *s);

/* Draws `text`, cut to the screen's lines.  Negative errno: the terminal is gone. */
int screen_draw(struct screen *s, const char *text);

/* Gives the terminal back for a while (Ctrl-Z), and takes it again. */
void screen_leave(struct screen *s);
void screen_enter(struct screen *s);

/* NULL is fine. */
void screen_close(struct screen *s);

#endif
