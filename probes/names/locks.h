/* From rows of the table of words to locks: grouped by word, added up, named. */
#ifndef HEAPWAIT_LOCKS_H
#define HEAPWAIT_LOCKS_H

#include "probes/measurement/measurement.h"
#include "probes/measurement/word_row.h"
#include "probes/names/futex_split.h"
#include "probes/names/naming.h"

/* Who has a table of words, and what is to be known of them beside the rows. */
struct lock_source {
    struct naming *naming;
    struct futex_split *split; /* NULL: no account of threads is kept */
    void *context;
    /* The address space of that number, NULL when its mappings are not known; and the process it belongs to.
     */
    const struct address_space *(*space)(void *context, uint32_t number, uint32_t *tgid);
    /* May be NULL: called for each lock once it is named, with the number of its space and that space.  0 or
     * negative errno. */
    int (*made)(void *context, struct lock *lock, uint32_t number, const struct address_space *space);
};

/* Groups rows (ordered by word_row_compare()) into m->locks, named, hottest first.  0 or negative errno. */
int locks_make(const struct lock_source *source, const struct word_row *rows, size_t count,
               struct measurement *m);

/* What is known of a word from its calls, given all its rows (at least one), ordered by word_row_compare():
 * of one call, by which it was waited for if any was, what the call named and what stood before the word; of
 * whichever call saw one, what a glibc arena there would hold; and when the word was first seen.  *waited:
 * that one call is a wait. */
struct word_evidence locks_word_evidence(const struct word_row *rows, size_t count, bool *waited);

#endif
