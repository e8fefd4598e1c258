/* See verdict.h.  This file makes and frees a verdict, and tells what was lost; the other sentences are in
 * verdict_study.c, verdict_lock.c and verdict_ledger.c. */
#include "analysis/verdict/verdict.h"

#include "analysis/base/number.h"
#include "analysis/base/text.h"
#include "analysis/verdict/verdict_maker.h"

#include <errno.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What is lost of the calls: a count that is too low is called so. */
static void say_missing_calls(struct maker *m)
{
    double n[2];
    char calls[32];
    if (!maker_numbers(m, "SELECT calls, skipped FROM calls_missing", NULL, n, 2))
        return;
    if (n[0] > 0)
        maker_say(m, "loss", "At least %s futex calls are missing.", number_count(calls, (uint64_t)n[0]));
    else if (n[1] > 0)
        maker_say(m, "loss", "Futex calls may be missing: how many is not known.");
}

/* Losses come first: whoever reads on must know what the counts leave out. */
void maker_say_losses(struct maker *m)
{
    sqlite3_stmt *statement =
        maker_query(m, "SELECT reason, count, runs_hit, runs_watched FROM loss_total WHERE count > 0", NULL);
    while (maker_next(m, statement)) {
        char count[32], *reason = maker_column(m, statement, 0);
        maker_say(
            m, "loss", "Lost: %s events in %lld of %lld traced runs (%s); what stands below lacks them.",
            number_count(count, (uint64_t)sqlite3_column_int64(statement, 1)),
            sqlite3_column_int64(statement, 2), sqlite3_column_int64(statement, 3), reason ? reason : "?");
        free(reason);
    }
    say_missing_calls(m);
    double n[2] = {0};
    if (maker_numbers(
            m,
            "SELECT count(*) FILTER (WHERE NOT EXISTS (SELECT 1 FROM loss AS l WHERE l.run_id = r.id)), "
            "count(*) FROM counted_run AS r WHERE probes <> 'none'",
            NULL, n, 2) &&
        n[0] > 0)
        maker_say(m, "loss", "What was lost is not known in %.0f of %.0f traced runs: nobody watched for it.",
                  n[0], n[1]);
}

int verdict_make(struct database *db, struct verdict **out, struct error *err)
{
    struct maker m = {.db = db, .err = err, .verdict = calloc(1, sizeof(*m.verdict))};
    if (!m.verdict)
        return error_set(err, -ENOMEM, "out of memory");
    double studied[1] = {0};
    maker_numbers(
        &m, "SELECT (SELECT count(*) FROM variant) + (SELECT count(*) FROM run WHERE variant IS NOT NULL)",
        NULL, studied, 1);
    maker_say_losses(&m);
    if (studied[0] > 0) {
        maker_say_missing(&m);
        maker_say_study(&m);
    } else
        maker_say_record(&m);
    maker_say_measuring(&m);
    if (m.rc) {
        verdict_free(m.verdict);
        return m.rc;
    }
    *out = m.verdict;
    return 0;
}

void verdict_free(struct verdict *v)
{
    if (!v)
        return;
    for (size_t i = 0; i < v->count; i++)
        free(v->sentences[i].text);
    free(v->sentences);
    free(v);
}
