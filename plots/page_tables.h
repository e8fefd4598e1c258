/* The tables of the HTML page: what each is asked for. */
#ifndef HEAPWAIT_PAGE_TABLES_H
#define HEAPWAIT_PAGE_TABLES_H

#include "plots/page_table.h"

extern const struct page_table page_tables_variants; /* a study: times, ratios, calls, memory */
extern const struct page_table
    page_tables_busiest; /* a study: the busiest of malloc's words of each variant */
extern const struct page_table page_tables_callers;   /* a study: who waits for them */
extern const struct page_table page_tables_status;    /* a study: variants, present and absent */
extern const struct page_table page_tables_processes; /* a record of several: whose waits they are */
extern const struct page_table page_tables_words;     /* a record: its futex words */
extern const struct page_table page_tables_waiters;   /* a record: who waits for them */

#endif
