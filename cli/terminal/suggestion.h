/* What may have been meant by a word that isn't known.  It is asked, at the end of an error, and never done.
 */
#ifndef HEAPWAIT_SUGGESTION_H
#define HEAPWAIT_SUGGESTION_H

#include <stddef.h>

enum { SUGGESTION_WORDS = 3, SUGGESTION_TEXT = 256 };

/* The known words that are nearest to `meant`, all equally near.  All words are borrowed. */
struct suggestion {
    const char *meant;
    const char *words[SUGGESTION_WORDS];
    size_t count;      /* 0: none is near enough */
    unsigned distance; /* of each of them to `meant`; 0: they begin with it */
};

/* Returns how many edits make `b` of `a`: a letter more, less or another one, or two neighbours swapped.
 * UINT_MAX: one of them is too long to have been meant. */
unsigned suggestion_distance(const char *a, const char *b);

/* Returns a suggestion without words. */
struct suggestion suggestion_begin(const char *meant);

/* Takes `word` for what was meant if it is near enough and no other is nearer.  Of those that are equally
 * near the first SUGGESTION_WORDS are kept. */
void suggestion_offer(struct suggestion *s, const char *word);

/* Writes " (did you mean `--mode`?)", each word behind `before`, into buffer[SUGGESTION_TEXT]; an empty text
 * if there is nothing to suggest.  Returns `buffer`. */
const char *suggestion_write(const struct suggestion *s, const char *before, char *buffer);

/* Tells on stderr that `./program` is here, if `program` is a name without a slash that is not in PATH, and
 * such a program lies in the current folder; and how `heapwait COMMAND` is told to run it. */
void suggestion_here_tell(const char *command, const char *program);

#endif
