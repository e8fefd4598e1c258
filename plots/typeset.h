/* Text for figures: strings that grow, their widths, and the escapes of the three formats that plots/ writes
 * (TSV, gnuplot definitions, JSON).  A variant's name is anyone's text: whatever it holds, it must come out
 * of a figure as it went in, and must never be executed by what reads it.  Texts that come in are UTF-8, or
 * not. */
#ifndef HEAPWAIT_TYPESET_H
#define HEAPWAIT_TYPESET_H

#include <stddef.h>
#include <stdio.h>

/* A FILE that writes into memory.  text_open() returns 0, or -1 if there is no memory.  text_take() closes it
 * and returns the string, malloc'd; NULL: no memory. */
struct text {
    FILE *out;
    char *bytes;
    size_t size;
};

int text_open(struct text *t);
char *text_take(struct text *t);
/* Frees what was not taken; a zeroed struct is fine. */
void text_drop(struct text *t);

/* Writes a TSV field.  A tab becomes \t, a newline \n.  Every other control character, a quote (it would make
 * gnuplot swallow the fields behind it), a backslash, and every byte that isn't UTF-8 becomes \xNN, its byte
 * in hexadecimal.  Nothing else has a backslash, so that any text can be read back: docs/report.md. */
void text_tsv(FILE *out, const char *field);

/* Writes a gnuplot string in double quotes, each byte but letters as an octal escape, so that nothing in it
 * can mean anything to gnuplot.  (In single quotes it can't read an apostrophe before the end.)  Control
 * characters become spaces, bytes that aren't UTF-8 U+FFFD. */
void text_gnuplot(FILE *out, const char *value);

/* Writes a JSON string with its quotes; bytes that aren't UTF-8 become U+FFFD.  NULL is written as null. */
void text_json(FILE *out, const char *value);

/* Writes the bytes in Base64, padded: RFC 4648, section 4. */
void text_base64(FILE *out, const char *bytes, size_t size);

/* Returns the width of a string in units of the font's size, for Inter. */
double text_width(const char *utf8);
/* Returns a copy that is at most `width` wide, shortened with an ellipsis in its middle, malloc'd; NULL: out
 * of memory. */
char *text_fit(const char *utf8, double width);

#endif
