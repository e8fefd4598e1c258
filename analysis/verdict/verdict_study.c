/* The verdict of a study: the subject beside the baseline, what each swap of one thing changes, one thread
 * alone, and what measuring cost.  Variants are told apart by the columns of the table `variant`, never by
 * their names. */
#include "analysis/base/number.h"
#include "analysis/verdict/verdict_maker.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct study {
    struct place subject; /* variant NULL: no run counts */
    char *baseline;
    struct ratio ratio; /* of the subject to the baseline */
    bool compared;      /* ratio is there, and subject and baseline are two */
};

static struct study study_read(struct maker *m)
{
    struct study s = {0};
    double threads[1];
    s.subject.variant = maker_text(m, "SELECT variant FROM subject", NULL);
    s.baseline = maker_text(m, "SELECT baseline FROM subject", NULL);
    if (s.subject.variant && maker_numbers(m, "SELECT threads FROM subject", NULL, threads, 1) &&
        !isnan(threads[0]))
        s.subject.threads = (int64_t)threads[0];
    if (s.subject.variant && s.baseline && strcmp(s.subject.variant, s.baseline) != 0)
        s.compared = ratio_to_baseline(m, &s.subject, &s.ratio);
    return s;
}

/* Tells the variants that are not there, or whose runs don't all count. */
void maker_say_missing(struct maker *m)
{
    sqlite3_stmt *statement = maker_query(
        m,
        "SELECT variant, status, absent_reason, runs, failed_runs, first_failure FROM variant_status "
        "WHERE status <> 'measured'",
        NULL);
    while (maker_next(m, statement)) {
        char *name = maker_column(m, statement, 0), *status = maker_column(m, statement, 1);
        char *absent = maker_column(m, statement, 2), *failure = maker_column(m, statement, 5);
        long long runs = sqlite3_column_int64(statement, 3), failed = sqlite3_column_int64(statement, 4);
        if (!m->rc && absent)
            maker_say(m, "missing", "%s is absent: %s.", name, absent);
        else if (!m->rc && !strcmp(status, "not run"))
            maker_say(m, "missing", "%s was not run.", name);
        else if (!m->rc)
            maker_say(m, "missing", "%s: %lld of %lld runs don't count (the first: %s).", name, failed, runs,
                      failure ? failure : "no reason was recorded");
        free(name);
        free(status);
        free(absent);
        free(failure);
    }
}

/* Returns what is known of a variant's build, "static musl, mallocng", malloc'd; "" if nothing is. */
static char *variant_build(struct maker *m, const char *variant)
{
    const struct place place = {(char *)variant, 0};
    char *text = maker_text(m,
                            "SELECT trim(coalesce(linkage || ' ', '') || coalesce(libc, '') || "
                            "coalesce(', ' || allocator, ''), ' ,') FROM variant WHERE name IS ?1",
                            &place);
    return text ? text : strdup("");
}

/* Returns the medians behind a ratio, ", 2.15 s beside 975 ms", malloc'd; "" if there are none. */
static char *times_phrase(struct maker *m, const struct study *s)
{
    static const char *const sql =
        "SELECT median_ns FROM wall_time WHERE variant IS ?1 AND threads IS ?2 AND probes = 'none'";
    const struct place other = {s->baseline, s->subject.threads};
    double here[1], there[1];
    char a[32], b[32], *text = NULL;
    if (!maker_numbers(m, sql, &s->subject, here, 1) || !maker_numbers(m, sql, &other, there, 1))
        return strdup("");
    int n = asprintf(&text, ", %s beside %s", number_ns(a, (uint64_t)llround(here[0])),
                     number_ns(b, (uint64_t)llround(there[0])));
    return n < 0 ? NULL : text;
}

/* Returns the thread counts at which subject and baseline stand beside each other, "1, 2, 4, 22", malloc'd.
 */
static char *thread_counts(struct maker *m, const char *variant)
{
    const struct place place = {(char *)variant, 0};
    char *text = maker_text(m,
                            "SELECT group_concat(threads, ', ') FROM (SELECT threads FROM wall_ratio "
                            "WHERE variant IS ?1 AND threads IS NOT NULL ORDER BY threads)",
                            &place);
    return text ? text : strdup("not known");
}

static void say_slowdown(struct maker *m, const struct study *s)
{
    char *build = variant_build(m, s->subject.variant), *times = times_phrase(m, s);
    char *counts = thread_counts(m, s->subject.variant), *who = NULL, at[48] = "";
    if (s->subject.threads > 0) /* 0: the program chooses, and nobody knows */
        snprintf(at, sizeof(at), "At %lld thread%s ", (long long)s->subject.threads,
                 s->subject.threads == 1 ? "" : "s");
    if (asprintf(&who, "%s%s%s%s", s->subject.variant, build && *build ? " (" : "", build ? build : "",
                 build && *build ? ")" : "") < 0)
        who = NULL;
    char *phrase = who ? ratio_phrase(&s->ratio, who, s->baseline) : NULL;
    bool chosen = counts && strchr(counts, ',');
    if (phrase)
        maker_say(m, "slowdown", "%s%s%s.%s%s%s", at, phrase, times ? times : "",
                  chosen ? " Of the thread counts above one this has the largest ratio; measured: " : "",
                  chosen ? counts : "", chosen ? "." : "");
    free(build);
    free(times);
    free(counts);
    free(who);
    free(phrase);
}

/* Returns "; futex calls for malloc's locks per run: 1 200 instead of 762 000", malloc'd; "" if they are not
 * known. */
static char *calls_phrase(struct maker *m, const struct place *place, const struct place *subject)
{
    static const char *const sql = "SELECT calls FROM malloc_wait WHERE variant IS ?1 AND threads IS ?2";
    double here[1], there[1];
    char a[32], b[32], *text = NULL;
    if (!maker_numbers(m, sql, place, here, 1) || !maker_numbers(m, sql, subject, there, 1))
        return strdup("");
    if (here[0] == 0 && there[0] == 0)
        return strdup("; neither makes a futex call for malloc's locks");
    int n =
        asprintf(&text, "; futex calls for malloc's locks per run: %s instead of %s",
                 number_count(a, (uint64_t)llround(here[0])), number_count(b, (uint64_t)llround(there[0])));
    return n < 0 ? NULL : text;
}

/* Says what one swap changes: a variant beside the subject, and beside the baseline. */
static void say_swap(struct maker *m, const struct study *s, const char *topic, const char *lead,
                     const char *variant)
{
    const struct place place = {(char *)variant, s->subject.threads};
    struct ratio beside_subject, beside_baseline;
    if (!ratio_to_subject(m, &place, &beside_subject))
        return;
    char *phrase = ratio_phrase(&beside_subject, variant, s->subject.variant), *base = NULL;
    char *calls = calls_phrase(m, &place, &s->subject);
    if (s->compared && ratio_to_baseline(m, &place, &beside_baseline))
        base = ratio_phrase(&beside_baseline, "it", s->baseline);
    if (phrase)
        maker_say(m, topic, "%s%s%s%s%s.", lead, phrase, base ? "; " : "", base ? base : "",
                  calls ? calls : "");
    free(phrase);
    free(base);
    free(calls);
}

/* Says what a swap changes, for every variant that differs from the subject in its allocator only. */
static void say_swaps(struct maker *m, const struct study *s)
{
    sqlite3_stmt *statement = maker_query(
        m,
        "SELECT v.name, v.allocator, s.allocator, trim(s.linkage || ' ' || s.libc) FROM variant AS v "
        "JOIN variant AS s ON s.name = ?1 WHERE v.libc = s.libc AND v.linkage = s.linkage "
        "AND v.allocator <> s.allocator ORDER BY v.position, v.name",
        &s->subject);
    while (maker_next(m, statement)) {
        char *name = maker_column(m, statement, 0), *allocator = maker_column(m, statement, 1);
        char *own = maker_column(m, statement, 2), *build = maker_column(m, statement, 3), *lead = NULL;
        if (asprintf(&lead, "With %s in place of %s in the same %s binary: ", allocator ? allocator : "?",
                     own ? own : "?", build ? build : "?") >= 0) {
            say_swap(m, s, "cure", lead, name);
            free(lead);
        }
        free(name);
        free(allocator);
        free(own);
        free(build);
    }
}

/* Says what linkage alone changes: of variants with the libc and allocator of `of`, linked otherwise. */
static void say_linkage(struct maker *m, const struct study *s, const char *of)
{
    const struct place place = {(char *)of, 0};
    sqlite3_stmt *statement =
        maker_query(m,
                    "SELECT v.name, v.linkage, o.linkage FROM variant AS v JOIN variant AS o ON o.name = ?1 "
                    "WHERE v.libc = o.libc AND v.allocator = o.allocator AND v.linkage <> o.linkage "
                    "ORDER BY v.position, v.name",
                    &place);
    while (maker_next(m, statement)) {
        char *name = maker_column(m, statement, 0), *linkage = maker_column(m, statement, 1);
        char *own = maker_column(m, statement, 2), *phrase = NULL;
        const struct place other = {name, s->subject.threads};
        struct ratio ratio;
        bool found = !strcmp(of, s->subject.variant) ? ratio_to_subject(m, &other, &ratio)
                                                     : ratio_to_baseline(m, &other, &ratio);
        if (found && name && (phrase = ratio_phrase(&ratio, name, of)))
            maker_say(m, "linkage", "Linked %s instead of %s, with nothing else changed: %s.",
                      linkage ? linkage : "?", own ? own : "?", phrase);
        free(name);
        free(linkage);
        free(own);
        free(phrase);
    }
}

/* Says of whatever variant is left how it stands beside the baseline, at the same thread count. */
static void say_others(struct maker *m, const struct study *s)
{
    sqlite3_stmt *statement = maker_query(
        m,
        "SELECT w.variant FROM wall_ratio AS w JOIN subject AS s ON s.threads IS w.threads "
        "LEFT JOIN variant AS v ON v.name = w.variant LEFT JOIN variant AS a ON a.name = s.variant "
        "LEFT JOIN variant AS b ON b.name = s.baseline "
        "WHERE w.variant NOT IN (s.variant, s.baseline) "
        "AND NOT coalesce(v.libc = a.libc AND (v.linkage = a.linkage) + (v.allocator = a.allocator) = 1, 0) "
        "AND NOT coalesce(v.libc = b.libc AND v.linkage <> b.linkage AND v.allocator = b.allocator, 0)",
        NULL);
    while (maker_next(m, statement)) {
        char *name = maker_column(m, statement, 0), *phrase = NULL;
        const struct place place = {name, s->subject.threads};
        struct ratio ratio;
        if (name && ratio_to_baseline(m, &place, &ratio) &&
            (phrase = ratio_phrase(&ratio, name, s->baseline)))
            maker_say(m, "other", "%c%s.", strncmp(phrase, "whether ", 8) ? phrase[0] : 'W', phrase + 1);
        free(name);
        free(phrase);
    }
}

/* Returns true if the subject was seen calling the kernel for malloc's locks more than the baseline does. */
static bool locks_contended(struct maker *m, const struct study *s)
{
    static const char *const sql = "SELECT calls FROM malloc_wait WHERE variant IS ?1 AND threads IS ?2";
    const struct place other = {s->baseline, s->subject.threads};
    double here[1] = {0}, there[1] = {0};
    maker_numbers(m, sql, &s->subject, here, 1);
    maker_numbers(m, sql, &other, there, 1);
    return here[0] > there[0];
}

/* Returns what one thread alone says about the slowdown at many.  The intervals must lie apart before
 * anything is said to come with threads; and "not a slow allocator" needs nine tenths of the extra time to be
 * absent on one thread. */
static const char *single_meaning(const struct ratio *single, const struct ratio *many, bool contended)
{
    if (ratio_claim(many) != COMPARISON_LONGER || single->coverage <= 0)
        return "";
    if (!(single->joint_high < many->joint_low))
        return ratio_claim(single) == COMPARISON_LONGER
                   ? ": the slowdown is there without any contention"
                   : ": whether the slowdown comes with threads can't be told from these runs";
    if (single->value - 1 <= (many->value - 1) / 10)
        return contended ? ": the slowdown is contention, not a slow allocator"
                         : ": the slowdown comes with threads, it is not a slow allocator";
    return ratio_claim(single) == COMPARISON_LONGER
               ? ": part of the slowdown is there without any contention, the rest comes with threads"
               : ": most of the slowdown comes with threads";
}

/* Says whether the allocator is slow by itself, or only when threads meet. */
static void say_single_thread(struct maker *m, const struct study *s)
{
    const struct place single = {s->subject.variant, 1};
    struct ratio ratio;
    if (s->subject.threads <= 1 || !ratio_to_baseline(m, &single, &ratio))
        return;
    char *phrase = ratio_phrase(&ratio, s->subject.variant, s->baseline);
    if (phrase)
        maker_say(m, "single_thread", "On one thread %s%s.", phrase,
                  single_meaning(&ratio, &s->ratio, locks_contended(m, s)));
    free(phrase);
}

/* Says the post's own figure beside ours, if the same variant ran on as many threads. */
static void say_published(struct maker *m, const struct study *s)
{
    struct ratio ours;
    sqlite3_stmt *row =
        maker_query(m,
                    "SELECT p.ratio AS published, r." RATIO_COLUMNS " FROM published_time AS p "
                    "JOIN reported_ratio AS r ON r.variant = p.variant AND r.threads = p.threads "
                    "WHERE p.variant IS ?1 AND r.baseline = 'glibc'",
                    &s->subject);
    if (!maker_next(m, row))
        return;
    const double published = sqlite3_column_double(row, 0);
    const bool found = ratio_of_columns(row, 1, &ours);
    sqlite3_finalize(row);
    if (!found)
        return;
    char theirs[32], *phrase = ratio_phrase(&ours, s->subject.variant, s->baseline);
    if (phrase)
        maker_say(m, "published",
                  "The blog post \"Performance of static Rust with MUSL\" (2025) found %s times as long on "
                  "22 threads of another machine; on 22 threads here, by the program's own clock, %s.",
                  number_ratio(theirs, published), phrase);
    free(phrase);
}

void maker_say_study(struct maker *m)
{
    struct study s = study_read(m);
    if (!s.subject.variant) {
        maker_say(m, "slowdown", "No run counts: nothing was measured.");
        goto out;
    }
    if (s.compared)
        say_slowdown(m, &s);
    else
        maker_say(m, "slowdown",
                  "There is nothing to compare %s with: no other variant was measured in the same rounds.",
                  s.subject.variant);
    maker_say_lock(m, &s.subject);
    maker_say_calls(m, &s.subject, s.baseline);
    if (s.baseline && strcmp(s.subject.variant, s.baseline) != 0)
        maker_say_extra_time(m, &s.subject, s.baseline);
    if (s.compared) {
        say_swaps(m, &s);
        say_linkage(m, &s, s.subject.variant);
        say_linkage(m, &s, s.baseline);
        say_others(m, &s);
        say_single_thread(m, &s);
        say_published(m, &s);
    }
out:
    free(s.subject.variant);
    free(s.baseline);
}

/* Says how much of the machine others used.  Their time is counted in whole clock ticks, which may add up to
 * more than there was. */
static void say_noise(struct maker *m, double used)
{
    char share[32];
    if (used > 0.05)
        maker_say(
            m, "noise",
            "The machine was not quiet: other processes used %s of its CPU time during the untraced runs.",
            used > 1 ? "all" : number_share(share, used));
}

/* These come last: what measuring cost, and what else the machine did meanwhile. */
void maker_say_measuring(struct maker *m)
{
    double noise[1];
    maker_say_overhead(m);
    if (maker_numbers(m, "SELECT foreign_share FROM noise_total", NULL, noise, 1))
        say_noise(m, noise[0]);
}
