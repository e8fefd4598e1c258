/* Text for figures: strings that grow, their widths, and the escapes of the three formats that plots/
 * writes (TSV, gnuplot definitions, JSON).  A variant's name is anyone's text: whatever it holds, it must
 * come out of a figure as it went in, and must never be executed by what reads it. */
#ifndef HEAPWAIT_TYPESET_H
#define HEAPWAIT_TYPESET_H

#include <stddef.h>
#include <stdio.h>

/* A FILE that writes into memory; text_take() closes it and returns the malloc'd string (NULL: no memory). */
struct text {
    FILE *out;
    char *bytes;
    size_t size;
};

int text_open(struct text *t);
char *text_take(struct text *t);
/* Frees what was not taken.  Fine on a zeroed struct. */
void text_drop(struct text *t);

/* One TSV field.  A tab becomes \t, a newline \n; every other control character, a quote (it would make
 * gnuplot swallow the fields behind it), a backslash and every byte that isn't UTF-8 become \xNN, their byte
 * in hexadecimal.  Nothing else has a backslash, so that any text can be read back: docs/report.md. */
void text_tsv(FILE *out, const char *field);

/* A gnuplot string, in double quotes, each byte but letters as an octal escape: nothing in it can
 * mean anything to gnuplot.  (In single quotes it can't read an apostrophe before the end.)  Control
 * characters become spaces, bytes that aren't UTF-8 U+FFFD. */
void text_gnuplot(FILE *out, const char *value);

/* A JSON string with its quotes; bytes that aren't UTF-8 become U+FFFD.  NULL is written as null. */
void text_json(FILE *out, const char *value);

void text_base64(FILE *out, const char *bytes, size_t size);

/* Width of a string in units of the font's size, for Inter. */
double text_width(const char *utf8);
/* A malloc'd copy that is at most `width` wide, shortened with an ellipsis in its middle. */
char *text_fit(const char *utf8, double width);

#endif
