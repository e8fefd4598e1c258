/* The answer in eight lines of Markdown, for an issue tracker. */
#ifndef HEAPWAIT_ANSWER_MARKDOWN_H
#define HEAPWAIT_ANSWER_MARKDOWN_H

#include "analysis/answer/answer.h"

#include <stdio.h>

/* Writes the lines.  Text of the recording is escaped: it makes no link, no mention and no markup. */
void answer_markdown_write(const struct answer *a, FILE *out);

#endif
