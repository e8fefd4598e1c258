/* What the HTML page is made of, in the order in which it stands there: pieces of HTML, and places for
 * figures, which are drawn later.  What has a name is in the page's contents. */
#ifndef HEAPWAIT_PAGE_PARTS_H
#define HEAPWAIT_PAGE_PARTS_H

#include "plots/inks.h"
#include "plots/typeset.h"

#include <stdbool.h>
#include <stddef.h>

struct page_part {
    char *html;        /* malloc'd; NULL: a figure's place, or there was no memory */
    const char *id;    /* of the anchor, static; for a figure it is its name; NULL: not in the contents */
    const char *title; /* in the contents, static; NULL: a figure's own */
    bool is_figure, is_section;
};

struct page_parts {
    struct page_part *items;
    size_t count;
    struct text text; /* the piece that is being written; its FILE is NULL between pieces */
    struct inks inks; /* colours of the whole page */
    size_t tables;    /* so far: they are counted from 1 */
    bool failed;      /* there was no memory: the page can't be made */
};

/* Begins a piece, to be written to what is returned and ended by page_parts_end(); there is one at a time.
 * NULL: no memory. */
FILE *page_parts_begin(struct page_parts *parts);
/* Ends it.  `id` NULL: it isn't in the contents. */
void page_parts_end(struct page_parts *parts, const char *id, const char *title);
/* Adds a heading, under which what follows stands in the contents. */
void page_parts_section(struct page_parts *parts, const char *id, const char *title);
/* Adds the place of a figure; if the report doesn't have it nothing stands there. */
void page_parts_figure(struct page_parts *parts, const char *name);
/* Adds a paragraph of sentences; the empty string is none. */
void page_parts_prose(struct page_parts *parts, const char *text);
void page_parts_free(struct page_parts *parts);

#endif
