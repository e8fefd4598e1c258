/* Text that came out of a recording: names of symbols, files and commands, written by anyone. */
#ifndef HEAPWAIT_TEXT_H
#define HEAPWAIT_TEXT_H

#include <stdbool.h>
#include <stdint.h>

/* Reads one character of UTF-8 and moves *text behind it.  Returns 0 at the end; UINT32_MAX for a byte that
 * is not UTF-8 (overlong forms, surrogates and anything above U+10FFFF included), which is skipped alone. */
uint32_t text_next(const char **text);

/* Makes text fit to be shown: a '?' takes the place of what is not UTF-8, of each control character (a
 * terminal would obey it), and of each mark that turns the direction of writing.  Works in place, never makes
 * it longer, returns `text`. */
char *text_clean(char *text);

/* Returns whether a control character of ASCII other than the tabulator is in `text`. */
bool text_has_control(const char *text);

#endif
