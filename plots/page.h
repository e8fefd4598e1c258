/* The HTML report: one page that needs no other file and asks for none, made of the same views and sentences
 * as everything else.  page_collect() reads the recording; page_write() puts the drawn figures in. */
#ifndef HEAPWAIT_PAGE_H
#define HEAPWAIT_PAGE_H

#include "analysis/database.h"
#include "analysis/verdict/verdict.h"
#include "plots/figure.h"
#include "plots/lineup.h"

#include <stdint.h>

struct page;

/* `epoch`, in seconds since 1970, is when the recording began; 0: not known.  `lineup` and `verdict` have to
 * be there until page_free().  *out is to be freed with it.  0 or negative errno, with a sentence. */
int page_collect(struct database *db, const struct lineup *lineup, const struct verdict *verdict,
                 int64_t epoch, struct page **out, struct error *err);
/* Writes report.html into `folder`, where the figures lie; `scripts` is the folder of page.css and page.js.
 * The same. */
int page_write(struct page *page, const struct figures *figures, const char *folder, const char *scripts,
               struct error *err);
/* NULL is fine. */
void page_free(struct page *page);

#endif
