/* The verdict's sentences made from the ledger: where a variant's extra core time went, how much of it stays
 * unexplained, and, for a plain recording, where the command's core time went.  Says nothing without a
 * ledger.  Differences of less than LEAST_DIFFERENCE are not divided: their shares would be noise in big
 * letters. */
#include "analysis/base/number.h"
#include "analysis/verdict/verdict_maker.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LARGEST = 3 };
#define LEAST_DIFFERENCE 0.05 /* of the baseline's core time */
#define ROUNDING         1e-9 /* of sums of shares */

static char *ns_text(char *buffer, double ns)
{
    return number_ns(buffer, (uint64_t)llround(fabs(ns)));
}

/* Returns a phrase of rows of label, share and time, malloc'd: "system call entry and exit (45.1 %), random
 * source (20.2 %) and ...".  *beyond is whether they are more than the whole; then their times stand there.
 */
static char *states_phrase(struct maker *m, const char *sql, const struct place *place, bool *beyond)
{
    char *text = NULL, *labels[LARGEST], share[LARGEST][32];
    double shares[LARGEST], ns[LARGEST], sum = 0;
    size_t size = 0, count = 0;
    sqlite3_stmt *statement = maker_query(m, sql, place);
    while (maker_next(m, statement))
        if (count < LARGEST) {
            labels[count] = maker_column(m, statement, 0);
            sum += shares[count] = sqlite3_column_double(statement, 1);
            ns[count++] = sqlite3_column_double(statement, 2);
        }
    *beyond = sum > 1 + ROUNDING;
    for (size_t i = 0; i < count; i++)
        *beyond ? ns_text(share[i], ns[i]) : number_share(share[i], shares[i]);
    FILE *out = open_memstream(&text, &size);
    for (size_t i = 0; i < count; i++) {
        if (out)
            fprintf(out, "%s%s (%s)",
                    i == 0           ? ""
                    : i + 1 == count ? " and "
                                     : ", ",
                    labels[i] ? labels[i] : "?", share[i]);
        free(labels[i]);
    }
    if (out && fclose(out)) {
        free(text);
        return NULL;
    }
    return text;
}

/* Says how much is unexplained; `below` is what it means if that is below zero. */
static void say_unexplained(struct maker *m, double ns, double share, const char *of, const char *below)
{
    char time[32], percent[32];
    if (isnan(ns) || isnan(share))
        return;
    double lost[1] = {0};
    if (ns == 0 && maker_numbers(m, "SELECT count(*) FROM loss_total WHERE count > 0", NULL, lost, 1) &&
        lost[0] > 0)
        maker_say(m, "account", "Whether any of %s stays unexplained can't be told: events were lost.", of);
    else if (ns == 0)
        maker_say(m, "account", "None of %s stays unexplained.", of);
    else
        maker_say(m, "account", "Unexplained stays %s%s of %s (%s%s)%s.", share < 0 ? "\u2212" : "",
                  number_share(percent, fabs(share)), of, ns < 0 ? "\u2212" : "", ns_text(time, ns),
                  ns < 0 ? below : "");
}

/* Says what the numbers rest on: samples, and whether the calibration is there. */
static void say_basis(struct maker *m, const struct place *place)
{
    double n[5];
    char share[32], samples[32];
    if (!maker_numbers(m,
                       "SELECT sum(estimated * ns) * 1.0 / nullif(sum(ns) FILTER (WHERE kind IN ('user', "
                       "'kernel', 'probes')), 0), sum(samples), (SELECT count(*) FROM calibration), "
                       "EXISTS (SELECT 1 FROM host WHERE key = 'hooks_page_faults' AND value <> 'none'), "
                       "EXISTS (SELECT 1 FROM host WHERE key = 'hooks_kernel_locks' AND value = 'none') "
                       "FROM core_account WHERE variant IS ?1 AND threads IS ?2",
                       place, n, 5))
        return;
    if (n[4] != 0)
        maker_say(m, "account",
                  "Waits for the kernel's own locks are not measured: this kernel has no event for them "
                  "(contention_begin, Linux 5.19).");
    if (n[2] == 0)
        maker_say(m, "account",
                  "System calls were not calibrated: their entry and exit and the probes' own time are still "
                  "part of the user code, which is not divided.");
    else if (n[1] > 0)
        maker_say(m, "account", "%s of the time on a core is user code and %s, divided by %s samples.",
                  number_share(share, n[0]), n[3] != 0 ? "the way into page faults and back" : "page faults",
                  number_count(samples, (uint64_t)n[1]));
}

/* Says what the whole difference is.  Returns true if it is large enough to say where it goes. */
static bool difference_say(struct maker *m, const struct place *place, const char *baseline, const double *n)
{
    char here[32], there[32], extra[32], at[40];
    const double delta = n[0] - n[1];
    const char *runs = n[3] > 1 ? " (runs with the median wall time)" : "";
    const bool large = fabs(delta) >= LEAST_DIFFERENCE * n[1];
    if (!large)
        maker_say(m, "account",
                  "In core time (wall time x %.0f cores) %s and %s hardly differ%s: %s beside %s%s.", n[2],
                  place->variant, baseline, place_threads(at, place), ns_text(here, n[0]),
                  ns_text(there, n[1]), runs);
    else if (delta < 0)
        maker_say(m, "account",
                  "In core time (wall time x %.0f cores) %s takes %s less than %s%s: %s "
                  "beside %s%s.",
                  n[2], place->variant, ns_text(extra, delta), baseline, place_threads(at, place),
                  ns_text(here, n[0]), ns_text(there, n[1]), runs);
    return large && delta > 0;
}

static void extra_say(struct maker *m, const struct place *place, const char *baseline, const double *n)
{
    char here[32], there[32], extra[32], at[40], share[32], looking[80] = "";
    double probes;
    bool beyond;
    char *states =
        states_phrase(m,
                      "SELECT label, share, delta_ns FROM slowdown WHERE variant IS ?1 AND threads IS ?2 "
                      "AND state <> 'unexplained' AND kind <> 'probes' AND delta_ns > 0 "
                      "ORDER BY delta_ns DESC, position",
                      place, &beyond);
    if (maker_numbers(m,
                      "SELECT share FROM slowdown WHERE variant IS ?1 AND threads IS ?2 AND kind = 'probes' "
                      "AND share > 0",
                      place, &probes, 1))
        snprintf(looking, sizeof(looking), "; heapwait's own probes took %s of it",
                 number_share(share, probes));
    if (states && *states)
        maker_say(m, "account",
                  "Where the extra time goes:%s %s takes %s of core time (wall time x %.0f cores) "
                  "more than %s, %s beside %s%s; %s%s%s%s.",
                  place_threads(at, place), place->variant, ns_text(extra, n[0] - n[1]), n[2], baseline,
                  ns_text(here, n[0]), ns_text(there, n[1]),
                  n[3] > 1 ? " (runs with the median wall time)" : "",
                  beyond ? "it takes more for " : "most of it is ", states,
                  beyond ? ", and less for other things" : "", looking);
    free(states);
}

void maker_say_extra_time(struct maker *m, const struct place *place, const char *baseline)
{
    double n[6];
    if (!maker_numbers(m,
                       "SELECT r.core_ns, b.core_ns, r.cores, max(r.runs, b.runs), s.delta_ns, s.share "
                       "FROM ledger_run AS r JOIN ledger_run AS b ON b.threads IS r.threads AND b.chosen "
                       "JOIN slowdown AS s ON s.variant = r.variant AND s.threads IS r.threads "
                       "AND s.state = 'unexplained' AND s.baseline = b.variant "
                       "WHERE r.variant IS ?1 AND r.threads IS ?2 AND r.chosen",
                       place, n, 6))
        return;
    if (difference_say(m, place, baseline, n)) {
        extra_say(m, place, baseline, n);
        say_unexplained(m, n[4], n[5], "the extra time", ": less than in the baseline");
    }
    say_basis(m, place);
}

/* There is nothing to compare a plain recording with, so it is the whole that is divided. */
void maker_say_core_time(struct maker *m, const struct place *place)
{
    double n[4];
    char whole[32];
    bool beyond;
    if (!maker_numbers(m,
                       "SELECT wall_ns * cores, cores, ns, share FROM core_account WHERE variant IS ?1 AND "
                       "threads IS ?2 AND state = 'unexplained'",
                       place, n, 4))
        return;
    char *states =
        states_phrase(m,
                      "SELECT label, share, ns FROM core_account WHERE variant IS ?1 AND threads IS ?2 "
                      "AND state <> 'unexplained' AND ns > 0 ORDER BY ns DESC, position",
                      place, &beyond);
    if (states && *states)
        maker_say(m, "account", "%s of the core time (wall time x %.0f cores, %s) is %s%s.",
                  beyond ? "All" : "Most", n[1], ns_text(whole, n[0]), states, beyond ? ", by estimate" : "");
    free(states);
    say_unexplained(m, n[2], n[3], "the core time", ": the states add up to more than there is");
    say_basis(m, place);
}

/* There is a sentence for each way of looking. */
void maker_say_overhead(struct maker *m)
{
    static const char *const sql = "SELECT probes, ratio, least, most, cells FROM overhead_total "
                                   "ORDER BY probes = 'ledger', probes";
    sqlite3_stmt *statement = maker_query(m, sql, NULL);
    while (maker_next(m, statement)) {
        char ratio[32], least[32], most[32], *mode = maker_column(m, statement, 0);
        const long long cells = sqlite3_column_int64(statement, 4);
        const char *who = mode && !strcmp(mode, "ledger") ? "runs with a ledger" : "runs that count waits";
        number_ratio(ratio, sqlite3_column_double(statement, 1));
        number_ratio(least, sqlite3_column_double(statement, 2));
        number_ratio(most, sqlite3_column_double(statement, 3));
        if (cells == 1)
            maker_say(m, "overhead", "Measuring cost: %s took %s times as long as untraced ones.", who,
                      ratio);
        else
            maker_say(
                m, "overhead",
                "Measuring cost: %s took %s times as long as untraced ones (median of %lld variants and "
                "thread counts; %s to %s).",
                who, ratio, cells, least, most);
        free(mode);
    }
}
