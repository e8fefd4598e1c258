/* The futex words that `live` has met, in the order of the session's table, each with its name once it has
 * one. */
#ifndef HEAPWAIT_LIVE_WORDS_H
#define HEAPWAIT_LIVE_WORDS_H

#include "probes/mappings/sideband.h"
#include "probes/session/session.h"

/* Futex calls between two looks.  Times are thread time in ns. */
struct live_calls {
    uint64_t slept, eagain;     /* waits */
    uint64_t empty, waking;     /* wakes that woke nobody; that woke somebody */
    uint64_t other;             /* all other calls */
    uint64_t wait_ns, oncpu_ns; /* of the calls that wait, asleep or not; of all calls, on a CPU */
};
uint64_t live_calls_all(const struct live_calls *c);

/* One futex word.  The strings live until the next live_take(). */
struct live_word {
    const char *name, *evidence;
    const char *allocator; /* NULL unless it is a lock of malloc's */
    struct live_calls calls;
};

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
