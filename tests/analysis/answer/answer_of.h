/* Answers of the recordings of tests/data, and of changed copies of them. */
#ifndef HEAPWAIT_ANSWER_OF_H
#define HEAPWAIT_ANSWER_OF_H

#include "analysis/answer/answer.h"

#define RECORD       ((const char *const[]){"record.sql", NULL})
#define LEDGER       ((const char *const[]){"ledger.sql", "ledger_record.sql", NULL})
#define LEDGER_STUDY ((const char *const[]){"ledger.sql", NULL})
#define STUDY        ((const char *const[]){"study.sql", NULL})

#define QUEUE_IS(use) "UPDATE lock SET use = '" use "' WHERE name = 'queue_lock';"

/* Returns the answer of a recording of these files, after the statements of `more` (NULL: none), to be freed
 * with answer_free(); fails the test if there is none. */
struct answer *answer_of(const char *const *files, const char *more);

/* Fails the test unless the answer has these keys. */
void assert_concludes(const char *const *files, const char *more, const char *conclusion,
                      const char *instead);

#endif
