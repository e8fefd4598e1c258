/* Reading an SVG file by its tags, one after the other, as far as gnuplot's need it.  Nothing is copied:
 * names and values lie in the text. */
#ifndef HEAPWAIT_SVG_TAGS_H
#define HEAPWAIT_SVG_TAGS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct svg_span {
    const char *at; /* NULL: there is none */
    size_t length;
};

struct svg_tag {
    struct svg_span before;     /* the text before it */
    struct svg_span name;       /* of the element; comments and declarations have none */
    struct svg_span attributes; /* between the name and the end */
    bool closes, is_empty;      /* </name>, <name/> */
};

/* Reads the next tag and moves *text behind it; false: there is none. */
bool svg_tag_next(const char **text, struct svg_tag *tag);
bool svg_tag_is(const struct svg_tag *tag, const char *name);
/* Returns an attribute's value. */
struct svg_span svg_tag_value(const struct svg_tag *tag, const char *attribute);
/* Returns the number that an attribute begins with; `missing` if there is none. */
double svg_tag_number(const struct svg_tag *tag, const char *attribute, double missing);
/* Returns an attribute's colour, 0xRRGGBB, written as rgb(1,2,3), #010203, black or white; `missing` for
 * anything else. */
uint32_t svg_tag_colour(const struct svg_tag *tag, const char *attribute, uint32_t missing);

/* Returns whether a text begins so. */
bool svg_span_begins(struct svg_span span, const char *with);
/* Reads the next number of a text, past whatever stands before it, and moves *span behind it; false: there is
 * none. */
bool svg_span_number(struct svg_span *span, double *number);

#endif
