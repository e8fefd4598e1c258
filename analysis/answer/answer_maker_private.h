/* The answer under construction: questions to the recording, and the facts of its run.  Errors stick: after
 * the first one nothing more is asked, and answer_make() returns it. */
#ifndef HEAPWAIT_ANSWER_MAKER_PRIVATE_H
#define HEAPWAIT_ANSWER_MAKER_PRIVATE_H

#include "analysis/answer/answer.h"

/* The core time of a state of the ledger's (view ledger_state). */
struct answer_facts_part {
    char *state;
    struct estimate ns;
};

/* What is known of the run that the answer speaks of. */
struct answer_facts {
    char *libc, *linkage, *allocator;
    double wall_ns, cores, foreign_ns, cpu_ns, longest_ns;
    double heapwait_ns; /* its core time beside its probes, where foreign_ns hasn't it; else 0 */
    bool any, ledger, sampled, counted; /* counted: futex calls */
    double samples;                     /* of all states */
    double entry_ns;                    /* of a system call without work: entry and exit */
    double futex_calls;                 /* of all words */
    double memory_samples; /* of memory calls, if most of them are malloc's; NAN: they aren't, or not known */
    double lock_ns;        /* of threads, asleep for the kernel's mmap_lock; NAN: not known */
    struct answer_facts_part *parts;
    size_t part_count;
};

struct answer_maker {
    struct database *db;
    struct error *err;
    struct answer *answer;
    struct answer_facts facts;
    int rc;
};

/* Note an error, of which the first one stays; text NULL: err has its sentence already. */
void answer_maker_fail(struct answer_maker *m, int rc, const char *text);

/* Returns a SELECT, prepared; answer_maker_next() steps it, and finalizes it when it returns false. */
sqlite3_stmt *answer_maker_query(struct answer_maker *m, const char *sql);
bool answer_maker_next(struct answer_maker *m, sqlite3_stmt *statement);

/* Return a column: NAN for NULL; malloc'd, fit to be shown, NULL for NULL. */
double answer_maker_number(sqlite3_stmt *statement, int column);
char *answer_maker_text(struct answer_maker *m, sqlite3_stmt *statement, int column);

/* Reads the first row's `count` numbers.  Returns false, and leaves them NAN, if there is no row. */
bool answer_maker_numbers(struct answer_maker *m, const char *sql, double *values, int count);

/* Returns a formatted text, malloc'd; NULL after an error.  Of control characters only the newline stays. */
char *answer_maker_format(struct answer_maker *m, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Returns array[count + 1] with a zeroed element more at its end, and counts it; NULL after an error. */
void *answer_maker_grow(struct answer_maker *m, void *array, size_t *count, size_t size);

/* Reads the facts of the answer's run, into m->facts and the answer; frees them. */
void answer_maker_facts(struct answer_maker *m);
void answer_facts_free(struct answer_facts *f);

/* Returns the core time of a state; zeros where it is not there. */
struct estimate answer_facts_state(const struct answer_facts *f, const char *state);

/* Returns Wilson's 95 % interval of `samples` of `n`, times `whole`: E. B. Wilson, "Probable Inference", J.
 * Am. Stat. Assoc. 22, 1927. */
struct estimate answer_facts_estimate(double samples, double n, double whole);

/* Fills the gain of a cause from its cpu_ns and thread_ns, and its shares. */
void answer_maker_weigh(const struct answer_maker *m, struct answer_cause *c);

/* Read the words into rows and causes: one cause for all of malloc's locks, one for each other lock. */
void answer_maker_words(struct answer_maker *m);

/* Add the causes that are no futex words: the allocator's memory, spinning. */
void answer_maker_memory(struct answer_maker *m);
void answer_maker_spinning(struct answer_maker *m);

/* Tell what makes the calls of a cause, and what helps. */
void answer_maker_mechanism(struct answer_maker *m, struct answer_cause *c);
void answer_maker_cures(struct answer_maker *m, struct answer_cause *c);

/* Reads how sure it is: losses, rounds, others' work, what isn't seen. */
void answer_maker_sure(struct answer_maker *m);
void answer_maker_study(struct answer_maker *m);

/* Concludes: the subject of the answer, or what it is instead, or why it can't be told. */
void answer_maker_conclude(struct answer_maker *m);

#endif
