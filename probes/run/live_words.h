/* The futex words that `live` has met, in the order of the session's table, each with its name once it has
 * one. */
#ifndef HEAPWAIT_LIVE_WORDS_H
#define HEAPWAIT_LIVE_WORDS_H

#include "probes/mappings/sideband.h"
#include "probes/session/session.h"

/* Futex calls between two looks.  Times are thread time in ns. */
struct live_calls {
    uint64_t slept, eagain;     /* waits, by outcome */
    uint64_t empty, waking;     /* wakes that woke nobody; somebody */
    uint64_t other;             /* all other calls */
    uint64_t wait_ns, oncpu_ns; /* of calls that wait, asleep or not; of all calls, on a CPU */
};
/* Returns the number of all calls. */
uint64_t live_calls_all(const struct live_calls *c);

/* One futex word.  The strings are owned by the struct live_words: they live until its words are kept or
 * named again, or it is freed. */
struct live_word {
    const char *name, *evidence;
    const char *allocator; /* NULL unless it is a lock of malloc's */
    struct live_calls calls;
};

struct live_words;

/* NULL: out of memory. */
struct live_words *live_words_new(void);
/* NULL is fine. */
void live_words_free(struct live_words *w);

/* Takes note of the words of a snapshot, in its order, and forgets all others.  To be called before any of
 * them is offered to live_words_name().  0 or -ENOMEM. */
int live_words_keep(struct live_words *w, const struct word_row *rows, size_t count);

/* Closes the files that words were named by.  They are opened again as names are asked for.  0 or -ENOMEM. */
int live_words_forget_files(struct live_words *w);

/* One word of a difference of two snapshots. */
struct moved_word {
    const struct word_row *rows; /* which stand together */
    size_t count;
    struct space_info info; /* of its process; tgid 0: it is not known */
    struct live_word word;  /* its calls are filled in */
};

/* Names the words, which are given in the snapshot's order; those with most calls first.  `budget_ns`: no
 * further one is begun after that long; 0: no limit.  A word may be too early: its process's mappings are not
 * known yet.  Then its name is NULL afterwards, and it is to be offered again; after a few seconds it gets
 * some name in any case.  0 or -ENOMEM; -EINVAL: a word was not in the snapshot. */
int live_words_name(struct live_words *w, struct session *session, struct sideband *sideband,
                    struct moved_word *words, size_t count, uint64_t budget_ns);

#endif
