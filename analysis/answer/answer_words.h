/* What the answer's values are called in sentences, the same in the terminal, the report and in Markdown.
 * What is returned is malloc'd, UTF-8 without control characters; NULL: out of memory, or where it says so
 * there is nothing to say.  Names are shortened in their middle to 60 characters. */
#ifndef HEAPWAIT_ANSWER_WORDS_H
#define HEAPWAIT_ANSWER_WORDS_H

#include "analysis/answer/answer.h"

/* Returns the first line: the conclusion in capitals and its cost, "MALLOC'S LOCK.  Up to 45 % of its CPU
 * time: __malloc_lock (musl)." */
char *answer_words_headline(const struct answer *a);

/* Returns the title of the report's first page: factor, cause, cure. */
char *answer_words_title(const struct answer *a);

/* Returns true if of the gain only its upper end is worth telling: what it rests on may cost nothing. */
bool answer_words_gain_is_bound(const struct answer_cause *c);

/* Returns "Without it the program could be at most 1.03 times as fast." */
char *answer_words_gain(const struct answer_cause *c);

/* Returns the same of the conclusion's causes: of several by their names, and that which of them costs more
 * can't be told.  NULL: no cause is the conclusion. */
char *answer_words_gains(const struct answer *a);

/* Returns how sure the answer is, in one line: "579 samples; others used 81 % of the machine". */
char *answer_words_sure(const struct answer *a);

/* Returns "9 rounds, judged for 5 comparisons at once", or what so many need; NULL: there are no rounds. */
char *answer_words_rounds(const struct answer *a);

/* Returns "mutex", "waits for work", "waits for end", "waits for work or an event"; static. */
const char *answer_words_role(enum answer_word w);

/* Returns what is said of malloc's locks where they are not the subject: "malloc's locks cost next to nothing
 * here: 12 ms of 11.8 s of CPU time."  NULL: they are the subject, or nothing is known of them. */
char *answer_words_malloc(const struct answer *a);

/* Returns the cause by its name and whose it is: "__malloc_lock (musl, mallocng)",
 * and in which process where there are several. */
char *answer_words_cause(const struct answer *a, const struct answer_cause *c);

/* Returns the cause's name alone, for sentences that tell of several: "__malloc_lock", "malloc's memory
 * calls". */
char *answer_words_cause_name(const struct answer_cause *c);

/* Returns whether words of several processes are told of: then each cause and each row names its own. */
bool answer_words_processes(const struct answer *a);

/* Returns what the cause costs, "up to 45 % of its CPU time", or of its threads' time if that is more.  NULL:
 * it is not known. */
char *answer_words_cost(const struct answer *a, const struct answer_cause *c);

/* Returns "66 517 futex calls, 99 % of them in vain".  NULL: they were not counted. */
char *answer_words_calls(const struct answer_cause *c);

/* Returns "work 61 %, take_block 39 %", at most `most` of the `count` callers or holders.  NULL: none is
 * known. */
char *answer_words_callers(const struct answer_caller *callers, size_t count, size_t most);

/* Returns "mimalloc in place of musl's malloc: 0.50 x the time, +9 MiB", or that it was not measured. */
char *answer_words_cure(const struct answer_cure *c);

/* Returns the row's name, with how many words it stands for: "33 words of lock_slow". */
char *answer_words_row(const struct answer_row *r);

/* Returns how big the run was: "0.70 s, 4 threads on 2 cores".  NULL: nothing of it is known. */
char *answer_words_run(const struct answer *a);

/* Returns the command that would settle it or goes on from here, with the recording's command in the place of
 * COMMAND, where there was one.  NULL: there is none. */
char *answer_words_settle(const struct answer *a);

/* Returns a name out of a recording, shortened and without control characters. */
char *answer_words_name(const char *name);

#endif
