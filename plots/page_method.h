/* The last section of the HTML page: how it was measured, on which machine, what was lost. */
#ifndef HEAPWAIT_PAGE_METHOD_H
#define HEAPWAIT_PAGE_METHOD_H

#include "analysis/database.h"
#include "analysis/verdict/verdict.h"
#include "plots/lineup.h"
#include "plots/page_parts.h"

/* Adds it.  0 or negative errno, -ENOMEM without a sentence. */
int page_method_add(struct page_parts *parts, struct database *db, const struct lineup *lineup,
                    const struct verdict *verdict, struct error *err);

#endif
