/* What the files of the answer's words share.  Not for use outside analysis/answer/. */
#ifndef HEAPWAIT_ANSWER_WORDS_PRIVATE_H
#define HEAPWAIT_ANSWER_WORDS_PRIVATE_H

#include "analysis/answer/answer.h"

/* Returns the text without control characters, malloc'd; NULL: out of memory. */
char *answer_words_format(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Returns "musl's" of mallocng, "jemalloc's" of jemalloc, malloc'd.  NULL: it is not known. */
char *answer_words_whose(const char *allocator);

/* Returns what the cause costs, of the time of `its` ("this program's").  NULL: it is not known. */
char *answer_words_cost_of(const char *its, const struct answer_cause *c);

#endif
