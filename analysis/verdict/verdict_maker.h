/* What the files of the verdict share: the verdict under construction, numbers from the views, and phrases.
 * Not for use outside analysis/verdict/.
 *
 * Errors stick: after the first one nothing more is asked or said, and verdict_make() returns it.  Texts that
 * functions return are malloc'd unless they are said to be another's; NULL may mean such an error. */
#ifndef HEAPWAIT_VERDICT_MAKER_H
#define HEAPWAIT_VERDICT_MAKER_H

#include "analysis/answer/comparison.h"
#include "analysis/base/error.h"
#include "analysis/database.h"
#include "analysis/verdict/verdict.h"

#include <stdbool.h>
#include <stdint.h>

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

/* A ratio with its distribution-free interval by itself (views/order_statistic.sql); coverage 0: one round
 * only, no interval.  It is judged by the interval that holds for all `comparisons` of its family at once
 * (views/joint_statistic.sql); NAN: its rounds are too few for one. */
struct ratio {
    double value, low, high, coverage;
    int64_t rounds;
    double comparisons, joint_low, joint_high;
};

/* Writes " at 4 threads" into buffer, or nothing if their number is not known, and returns it. */
const char *place_threads(char buffer[40], const struct place *place);

/* Adds a sentence.  `topic` is static, one of verdict.h. */
void maker_say(struct maker *m, const char *topic, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Runs a SELECT whose ?1 is the place's variant and ?2 its threads (either NULL when not known), and reads
 * the first row's `count` numbers, NAN for NULL.  Returns false if there is no row. */
bool maker_numbers(struct maker *m, const char *sql, const struct place *place, double *values, int count);

/* The same for one text.  NULL: there is no row, or it is NULL. */
char *maker_text(struct maker *m, const char *sql, const struct place *place);

/* Returns the statement itself, bound, for more rows than one; maker_next() steps it, and finalizes it when
 * it returns false. */
sqlite3_stmt *maker_query(struct maker *m, const char *sql, const struct place *place);
bool maker_next(struct maker *m, sqlite3_stmt *statement);

/* Returns a column of a statement as text; NULL stays NULL. */
char *maker_column(struct maker *m, sqlite3_stmt *statement, int column);

/* Set *ratio to a variant's ratio to the baseline (view wall_ratio), or to the verdict's subject (view
 * beside_subject).  Return false if it was not measured. */
bool ratio_to_baseline(struct maker *m, const struct place *place, struct ratio *ratio);
bool ratio_to_subject(struct maker *m, const struct place *place, struct ratio *ratio);

/* Reads a ratio from a statement that selects RATIO_COLUMNS from `first` on.  Returns false if it was not
 * measured. */
#define RATIO_COLUMNS "ratio, low, high, coverage, rounds, comparisons, joint_low, joint_high"
bool ratio_of_columns(sqlite3_stmt *statement, int first, struct ratio *ratio);

/* Returns what the ratio's joint interval allows to say. */
enum comparison ratio_claim(const struct ratio *ratio);

/* Returns "musl takes 2.21 times as long as glibc (96.1 % interval 2.10 to 2.31 over 9 rounds)", or what the
 * joint interval allows to say instead; NULL: out of memory.  Of several comparisons at once the interval is
 * the joint one; where the rounds are too few for one it is the ratio's by itself, which is said. */
char *ratio_phrase(const struct ratio *ratio, const char *who, const char *than);

/* Say which lock is the hottest at a place, and how many futex calls there are: the sentences of topics
 * `lock` and `calls`. */
void maker_say_lock(struct maker *m, const struct place *place);
void maker_say_calls(struct maker *m, const struct place *place, const char *baseline);

/* Say where the core time went, from the ledger, topic `account`: a variant's extra time over the baseline's;
 * a plain recording's whole time.  The last says what looking cost, topic `overhead`. */
void maker_say_extra_time(struct maker *m, const struct place *place, const char *baseline);
void maker_say_core_time(struct maker *m, const struct place *place);
void maker_say_overhead(struct maker *m);

/* Say the parts of a verdict, in their order. */
void maker_say_losses(struct maker *m);
void maker_say_missing(struct maker *m);
void maker_say_record(struct maker *m);
void maker_say_study(struct maker *m);
void maker_say_measuring(struct maker *m);

#endif
