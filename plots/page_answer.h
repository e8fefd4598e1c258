/* The answer at a glance, on top of the HTML page: how much, why, what helps, and how sure. */
#ifndef HEAPWAIT_PAGE_ANSWER_H
#define HEAPWAIT_PAGE_ANSWER_H

#include "analysis/answer/answer.h"

#include <stdio.h>

/* Writes it as three boxes and a line below. */
void page_answer_write(FILE *out, const struct answer *answer);

#endif
