/* The futex words that `live` has met, in the order of the session's table, each with its name once it has
 * one. */
#ifndef HEAPWAIT_LIVE_WORDS_H
#define HEAPWAIT_LIVE_WORDS_H

#include "probes/live.h"
#include "probes/session.h"
#include "probes/sideband.h"

struct live_words;

struct live_words *live_words_new(void);
void live_words_free(struct live_words *w);

/* The words of a snapshot: to be called before live_words_name() of any of them.  0 or -ENOMEM. */
int live_words_keep(struct live_words *w, const struct word_row *rows, size_t count);

/* One word of a difference of two snapshots. */
struct moved_word {
    const struct word_row *rows; /* which stand together */
    size_t count;
    struct space_info info; /* of its process; tgid 0: not known */
    struct live_word word;  /* its calls are filled in */
};

/* Names the words (given in the snapshot's order), those with most calls first.  budget_ns: no further one is
 * begun after that long; 0: no limit.  A word that can't be named yet, because its time hasn't come or
 * because its process's mappings are not known so early, has no name afterwards: it is to be offered again,
 * and gets some name after a few seconds in any case.  The strings are those of `w`.  0 or -ENOMEM. */
int live_words_name(struct live_words *w, struct session *session, struct sideband *sideband,
                    struct moved_word *words, size_t count, uint64_t budget_ns);

#endif
