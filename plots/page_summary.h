/* The top of the HTML page: its title, what was recorded, and the verdict. */
#ifndef HEAPWAIT_PAGE_SUMMARY_H
#define HEAPWAIT_PAGE_SUMMARY_H

#include "analysis/database.h"
#include "analysis/verdict/verdict.h"
#include "plots/lineup.h"
#include "plots/page_parts.h"

#include <stdint.h>

/* Adds it as one part; *title is set to the page's title, malloc'd.  `epoch` as in page.h.  0 or negative
 * errno, -ENOMEM without a sentence. */
int page_summary_add(struct page_parts *parts, struct database *db, const struct lineup *lineup,
                     const struct verdict *verdict, int64_t epoch, char **title, struct error *err);

/* Adds a paragraph of the verdict's sentences of these topics; NULL ends them. */
void page_summary_topics(struct page_parts *parts, const struct verdict *verdict, const char *const *topics);

#endif
