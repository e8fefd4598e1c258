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

/* What is said behind a gain that misses spinning. */
extern const char answer_words_spins[];

/* Returns the gain as a phrase, "at most 1.03 times as fast", without what it misses.  NULL: it is not known.
 */
char *answer_words_gain_phrase(const struct answer_cause *c);

/* Return headline and title of an answer whose conclusion is one or several causes. */
char *answer_words_subjects(const struct answer *a);
char *answer_words_subjects_title(const struct answer *a);

/* Returns `text` with its first letter in upper case; it is the one that was given; NULL stays. */
char *answer_words_capitalised(char *text);

#endif
