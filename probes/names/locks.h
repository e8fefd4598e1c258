/* Makes locks of the rows of the table of words: groups them by word, adds them up, has the words named. */
#ifndef HEAPWAIT_LOCKS_H
#define HEAPWAIT_LOCKS_H

#include "probes/measurement/measurement.h"
#include "probes/measurement/word_row.h"
#include "probes/names/futex_split.h"
#include "probes/names/naming.h"

/* The paths of a word's sampled calls, malloc'd. */
struct word_paths {
    struct word_path *list;
    size_t count;
};

/* Adds a path of `calls` calls, of which the `count` frames are read.  Returns 0 or -ENOMEM. */
int word_paths_add(struct word_paths *p, const struct frame *frames, size_t count, uint64_t calls);

/* Who has a table of words, and what is asked of it beside the rows.  The callbacks get `context`. */
struct lock_source {
    struct naming *naming;
    struct futex_split *split; /* NULL: no account of threads is kept */
    bool kernel_locks;         /* the rows tell of waits for the kernel's own locks */
    void *context;
    /* Returns the address space of that number, NULL when its mappings are not known, and sets *tgid to the
     * process that it belongs to. */
    const struct address_space *(*space)(void *context, uint32_t number, uint32_t *tgid);
    /* Is called for each lock before it is named, with the number of its space and that space.  Adds the
     * waiters to it, and their paths to `paths`.  Returns 0, or a negative errno, which ends the making.  May
     * be NULL. */
    int (*made)(void *context, struct lock *lock, uint32_t number, const struct address_space *space,
                struct word_paths *paths);
};

/* Makes m->locks, the one with the most calls first, of `count` rows that are ordered by word_row_compare().
 * Returns 0 or a negative errno; what was made until then is in `m`, which owns it. */
int locks_make(const struct lock_source *source, const struct word_row *rows, size_t count,
               struct measurement *m);

/* Sets m->libc, linkage, allocator and its evidence, when m->locks are made: of the process whose lock is the
 * hottest of malloc's; without any, of that with the hottest word; without words, of `first`, the command's
 * own as it was at the end (NULL: it is not known).  The evidence names a process that is another than
 * `first`. Returns 0 or -ENOMEM. */
int locks_program(const struct lock_source *source, const struct address_space *first, struct measurement *m);

/* Returns what is known of a word from its calls.  `rows` are all of the word, at least one, ordered by
 * word_row_compare().  What a call named and what stood before the word are of one call, a wait if there was
 * any; *waited is set to whether it is one.  What a glibc arena would hold is of whichever call saw some of
 * it. first_seen_ns is the earliest of all. */
struct word_evidence locks_word_evidence(const struct word_row *rows, size_t count, bool *waited);

#endif
