/* What the files of the verdict share: the one under construction, numbers from the views, and phrases.
 * Not for use outside analysis/verdict*.c. */
#ifndef HEAPWAIT_VERDICT_MAKER_H
#define HEAPWAIT_VERDICT_MAKER_H

#include "analysis/base/error.h"
#include "analysis/database.h"
#include "analysis/verdict/verdict.h"

#include <stdbool.h>
#include <stdint.h>

/* Errors stick: after the first one everything below does nothing, and verdict_make() returns it. */
struct maker {
    struct database *db;
    struct error *err;
    struct verdict *verdict;
    int rc;
};

/* A variant at a thread count.  variant NULL: the plain recording; threads 0: not known. */
struct place {
    char *variant;
    int64_t threads;
};

/* A ratio with its distribution-free interval; coverage 0: one round only, no interval. */
struct ratio {
    double value, low, high, coverage;
    int64_t rounds;
};

/* " at 4 threads"; nothing where their number is not known. */
const char *place_threads(char buffer[40], const struct place *place);

/* Adds a sentence. */
void maker_say(struct maker *m, const char *topic, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Runs a SELECT whose ?1 is the place's variant and ?2 its threads (either NULL when not known), and reads
 * the first row's numbers, NAN for NULL.  False: no row (or an error before). */
bool maker_numbers(struct maker *m, const char *sql, const struct place *place, double *values, int count);

/* The same for one text; malloc'd, NULL: no row or NULL. */
char *maker_text(struct maker *m, const char *sql, const struct place *place);

/* The statement itself, bound, for more rows than one; maker_next() steps and finalizes it at its end. */
sqlite3_stmt *maker_query(struct maker *m, const char *sql, const struct place *place);
bool maker_next(struct maker *m, sqlite3_stmt *statement);

/* A column of a statement as malloc'd text; NULL stays NULL. */
char *maker_column(struct maker *m, sqlite3_stmt *statement, int column);

/* wall_ratio (to the baseline) or beside_subject (to the verdict's subject) of a variant.  False: not
 * measured. */
bool ratio_to_baseline(struct maker *m, const struct place *place, struct ratio *ratio);
bool ratio_to_subject(struct maker *m, const struct place *place, struct ratio *ratio);

enum claim { CLAIM_LONGER, CLAIM_SHORTER, CLAIM_NO_DIFFERENCE, CLAIM_ONE_ROUND };
enum claim ratio_claim(const struct ratio *ratio);

/* "musl takes 2.21 times as long as glibc (96.1 % interval 2.10 to 2.31 over 9 rounds)", or what the interval
 * allows to say instead.  malloc'd; NULL when out of memory. */
char *ratio_phrase(const struct ratio *ratio, const char *who, const char *than);

/* The hottest lock and the futex calls at a place: the sentences of topics `lock` and `calls`. */
void maker_say_lock(struct maker *m, const struct place *place);
void maker_say_calls(struct maker *m, const struct place *place, const char *baseline);

/* Topic `account`, from the ledger: a variant's extra core time over the baseline; a plain recording's core
 * time. Topic `overhead`: what looking cost. */
void maker_say_extra_time(struct maker *m, const struct place *place, const char *baseline);
void maker_say_core_time(struct maker *m, const struct place *place);
void maker_say_overhead(struct maker *m);

/* The parts, in their order. */
void maker_say_losses(struct maker *m);
void maker_say_missing(struct maker *m);
void maker_say_record(struct maker *m);
void maker_say_study(struct maker *m);
void maker_say_measuring(struct maker *m);

#endif
