/* The verdict's sentences about locks: which one, how many futex calls, with which outcome.  Also those of a
 * plain `heapwait record`, which is about nothing else. */
#include "analysis/base/number.h"
#include "analysis/verdict/verdict_maker.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Returns "musl at 4 threads" or "the command", malloc'd. */
static char *place_phrase(const struct place *place)
{
    char *text = NULL, at[40];
    int n;
    if (!place->variant)
        n = asprintf(&text, "the command");
    else
        n = asprintf(&text, "%s%s", place->variant, place_threads(at, place));
    return n < 0 ? NULL : text;
}

/* A row of hottest_lock. */
struct hot {
    char *name, *module, *evidence;
    char
        *other_allocator; /* whose lock it is, when that is not what the run says of its process; else NULL */
    bool is_malloc, is_known; /* whether it is malloc's, and whether that is known */
    double calls, share;
    long long words, rank;
};

static void hot_free(struct hot *h)
{
    free(h->name);
    free(h->module);
    free(h->evidence);
    free(h->other_allocator);
}

static bool hot_read(struct maker *m, const struct place *place, bool malloc_only, struct hot *h)
{
    sqlite3_stmt *statement = maker_query(
        m,
        "SELECT h.name, h.module, h.evidence, h.is_malloc, h.calls * 1.0 / h.runs, h.share, h.words, h.rank, "
        "iif(h.variant IS NULL AND (SELECT instr(h.allocator, r.allocator) <> 1 FROM run AS r WHERE "
        "r.allocator <> 'unknown' ORDER BY r.id LIMIT 1), h.allocator, NULL) FROM hottest_lock AS h "
        "WHERE h.variant IS ?1 AND h.threads IS ?2 AND (h.is_malloc OR NOT ?3) ORDER BY h.rank",
        place);
    if (statement)
        sqlite3_bind_int(statement, 3, malloc_only);
    *h = (struct hot){0};
    if (!maker_next(m, statement))
        return false;
    h->name = maker_column(m, statement, 0);
    h->module = maker_column(m, statement, 1);
    h->evidence = maker_column(m, statement, 2);
    h->is_malloc = sqlite3_column_int(statement, 3);
    h->is_known = sqlite3_column_type(statement, 3) != SQLITE_NULL;
    h->calls = sqlite3_column_double(statement, 4);
    h->share = sqlite3_column_double(statement, 5);
    h->words = sqlite3_column_int64(statement, 6);
    h->rank = sqlite3_column_int64(statement, 7);
    h->other_allocator = maker_column(m, statement, 8);
    sqlite3_finalize(statement);
    return true;
}

/* Returns true if the name ends with the module already, as names that were made of where a word lies do:
 * "malloc's lock in rg". */
static bool names_place(const struct hot *h, const char *module)
{
    const char *in = h->name ? strstr(h->name, " in ") : NULL;
    size_t length = strlen(module);
    return in && !strncmp(in + 4, module, length) && (!in[4 + length] || in[4 + length] == ' ');
}

/* Returns "`__malloc_lock` in passwords-musl (known by: symbol table)", malloc'd. */
static char *hot_phrase(const struct hot *h)
{
    char *text = NULL, words[64] = "";
    const char *slash = h->module ? strrchr(h->module, '/') : NULL, *module = slash ? slash + 1 : h->module;
    if (module && names_place(h, module))
        module = NULL;
    if (h->words > 1)
        snprintf(words, sizeof(words), "%lld futex words named ", h->words);
    const char *other = h->other_allocator;
    int n = asprintf(&text, "%s%s%s%s%s%s (known by: %s)", words, h->name ? h->name : "?",
                     module ? " in " : "", module ? module : "", other ? ", a lock of " : "",
                     other ? other : "", h->evidence ? h->evidence : "?");
    return n < 0 ? NULL : text;
}

/* Returns the share of the calls whose words nothing tells of, where threads wait for them. */
static double unknown_share(struct maker *m, const struct place *place)
{
    double share[1] = {0};
    maker_numbers(m,
                  "SELECT total(share) FROM hottest_lock WHERE variant IS ?1 AND threads IS ?2 "
                  "AND is_malloc IS NULL AND waits > 0",
                  place, share, 1);
    return share[0];
}

/* Says that no wait for malloc's locks was seen.  That there is none is said only if all words are known. */
static void say_no_malloc(struct maker *m, const char *who, const struct place *place,
                          const struct hot *hottest, const char *first)
{
    char share[32], unknown[32];
    const double dark = unknown_share(m, place);
    number_share(share, hottest->share);
    if (!hottest->is_known)
        maker_say(
            m, "lock",
            "No wait in %s is known to be for a lock of malloc's: the futex word with the most calls, %s of "
            "them, is %s, and nothing tells whose it is.",
            who, share, first);
    else if (dark > 0)
        maker_say(
            m, "lock",
            "No wait in %s is known to be for a lock of malloc's: the futex word with the most calls, %s of "
            "them, is %s, which is not malloc's; nothing tells whose the words of %s of the calls are.",
            who, share, first, number_share(unknown, dark));
    else
        maker_say(
            m, "lock",
            "No malloc lock waits are seen in %s: the futex word with the most calls, %s of them, is %s, "
            "which is not malloc's.",
            who, share, first);
}

static void say_hottest(struct maker *m, const char *who, const struct place *place,
                        const struct hot *hottest, const struct hot *malloc_lock)
{
    char share[32], count[32], *first = hot_phrase(hottest), *second = hot_phrase(malloc_lock);
    number_share(share, hottest->share);
    if (hottest->is_malloc && first)
        maker_say(m, "lock", "The lock is %s%s: %s of all futex calls of %s are made for it.",
                  !strncmp(first, "malloc's ", 9)  ? ""
                  : !strncmp(first, "lock of ", 8) ? "a "
                                                   : "malloc's ",
                  first, share, who);
    else if (!malloc_lock->name && first)
        say_no_malloc(m, who, place, hottest, first);
    else if (first && second)
        maker_say(
            m, "lock",
            "The futex word with the most calls of %s, %s of them, is %s, %s; the hottest of malloc's is %s, "
            "with %s calls per run.",
            who, share, first, hottest->is_known ? "which is not malloc's" : "and nothing tells whose it is",
            second, number_count(count, (uint64_t)llround(malloc_lock->calls)));
    free(first);
    free(second);
}

enum { CALLERS_SAID = 3 };

/* Says from which functions of the application the calls on malloc's hottest lock come. */
static void say_callers(struct maker *m, const struct place *place, const struct hot *lock)
{
    char *text = NULL, share[32], count[32];
    size_t size = 0, said = 0;
    double sampled = 0;
    FILE *out = open_memstream(&text, &size);
    if (!out)
        return;
    sqlite3_stmt *row = maker_query(
        m,
        "SELECT lock_rank, function, share, sum(sampled) OVER (PARTITION BY lock_rank) FROM who_waits "
        "WHERE variant IS ?1 AND threads IS ?2 AND is_malloc ORDER BY lock_rank, rank",
        place);
    while (maker_next(m, row)) {
        char *function = maker_column(m, row, 1);
        if (function && sqlite3_column_int64(row, 0) == lock->rank && said < CALLERS_SAID) {
            sampled = sqlite3_column_double(row, 3);
            fprintf(out, "%s%s (%s)", said++ ? ", " : "", function,
                    number_share(share, sqlite3_column_double(row, 2)));
        }
        free(function);
    }
    if (!fclose(out) && said)
        maker_say(m, "lock", "Its callers above malloc, by a random sample of %s calls: %s.",
                  number_count(count, (uint64_t)llround(sampled)), text);
    free(text);
}

void maker_say_lock(struct maker *m, const struct place *place)
{
    char *who = place_phrase(place);
    double traced[1] = {0};
    maker_numbers(m, "SELECT count(*) FROM traced_run WHERE variant IS ?1 AND threads IS ?2", place, traced,
                  1);
    struct hot hottest, malloc_lock;
    bool any = hot_read(m, place, false, &hottest);
    hot_read(m, place, true, &malloc_lock);
    if (who && traced[0] == 0)
        maker_say(m, "lock", "Where %s waits is not known: no run of it was traced.", who);
    else if (who && !any)
        maker_say(m, "lock", "No malloc lock waits: no futex call at all was seen in %s.", who);
    else if (who)
        say_hottest(m, who, place, &hottest, &malloc_lock);
    if (malloc_lock.name)
        say_callers(m, place, &malloc_lock);
    hot_free(&hottest);
    hot_free(&malloc_lock);
    free(who);
}

/* Writes a count with its rate per password, "724 000 (0.724)", or alone if passwords are not known. */
static char *count_text(char *buffer, size_t size, double count, double passwords)
{
    char number[32], rate[32];
    number_count(number, (uint64_t)llround(count));
    if (passwords > 0)
        snprintf(buffer, size, "%s (%s)", number, number_rate(rate, count / passwords));
    else
        snprintf(buffer, size, "%s", number);
    return buffer;
}

/* Returns how many such calls the baseline makes, malloc'd; empty if there is none to stand beside. */
static char *baseline_phrase(struct maker *m, const struct place *place, const char *baseline)
{
    char *text = NULL, number[32];
    double calls[1];
    if (!baseline || !place->variant || !strcmp(baseline, place->variant))
        return strdup("");
    const struct place there = {(char *)baseline, place->threads};
    if (!maker_numbers(m, "SELECT calls FROM malloc_wait WHERE variant IS ?1 AND threads IS ?2", &there,
                       calls, 1))
        return strdup("");
    int n = asprintf(&text, "; beside it, %s makes %s", baseline,
                     calls[0] > 0 ? number_count(number, (uint64_t)llround(calls[0])) : "none");
    return n < 0 ? NULL : text;
}

void maker_say_calls(struct maker *m, const struct place *place, const char *baseline)
{
    enum { RUNS, CALLS, SLEPT, EAGAIN_, EMPTY, WAKING, OTHER, IDLE_SHARE, PASSWORDS, COUNT };
    double n[COUNT];
    if (!maker_numbers(
            m,
            "SELECT runs, calls, slept, eagain, empty_wakes, waking_wakes, other_calls, idle_share, "
            "(SELECT avg(passwords) FROM traced_run AS r WHERE r.variant IS ?1 AND r.threads IS ?2) "
            "FROM malloc_wait WHERE variant IS ?1 AND threads IS ?2",
            place, n, COUNT) ||
        !(n[CALLS] > 0))
        return;
    char calls[80], slept[80], eagain[80], empty[80], waking[80], other[80], share[32], per[64] = "one run";
    double p = n[PASSWORDS];
    if (n[RUNS] > 1)
        snprintf(per, sizeof(per), "per run, medians of %.0f traced runs", n[RUNS]);
    if (isnan(n[SLEPT])) {
        maker_say(
            m, "calls",
            "Futex calls for malloc's locks (%s): %s; how they ended is not known, since the session has "
            "their beginnings only.",
            per, count_text(calls, sizeof(calls), n[CALLS], p));
        return;
    }
    char *beside = baseline_phrase(m, place, baseline);
    maker_say(m, "calls",
              "Futex calls for malloc's locks (%s%s): %s, of these %s EAGAIN waits, %s slept waits, %s empty "
              "wakes, "
              "%s waking wakes and %s others; %s of them neither slept nor woke anybody%s.",
              per, p > 0 ? "; in brackets: per password" : "", count_text(calls, sizeof(calls), n[CALLS], p),
              count_text(eagain, sizeof(eagain), n[EAGAIN_], p),
              count_text(slept, sizeof(slept), n[SLEPT], p), count_text(empty, sizeof(empty), n[EMPTY], p),
              count_text(waking, sizeof(waking), n[WAKING], p), count_text(other, sizeof(other), n[OTHER], p),
              number_share(share, n[IDLE_SHARE]), beside ? beside : "");
    free(beside);
}

/* Returns how the recorded command ended, for the one run of `heapwait record`, malloc'd. */
static char *end_phrase(struct maker *m)
{
    return maker_text(m,
                      "SELECT CASE WHEN timed_out THEN ' and was stopped at its time limit'"
                      " WHEN interrupted THEN ' and was interrupted: this is only its beginning'"
                      " WHEN term_signal IS NOT NULL THEN ' and died by signal ' || term_signal"
                      " WHEN exit_status > 0 THEN ' and ended with exit status ' || exit_status"
                      " ELSE '' END FROM run ORDER BY id LIMIT 1",
                      NULL);
}

/* Says what the process whose lock is named allocates with, and how that is known; nothing if nobody looked.
 */
static void say_allocator(struct maker *m)
{
    char *text = maker_text(
        m,
        "SELECT iif(allocator = 'unknown', 'What ' || iif(other, 'the process with the hottest lock', "
        "'it') || ' allocates with is not known', iif(other, 'The process with the hottest lock', "
        "'It') || ' allocates with ' || allocator) || coalesce(' (' || allocator_evidence || ')', "
        "'') || '.' FROM (SELECT *, coalesce(allocator_evidence LIKE 'in process %', 0) AS other "
        "FROM run) WHERE allocator IS NOT NULL ORDER BY id LIMIT 1",
        NULL);
    if (text)
        maker_say(m, "run", "%s", text);
    free(text);
}

void maker_say_record(struct maker *m)
{
    double n[3];
    if (!maker_numbers(
            m, "SELECT wall_ns, (SELECT count(*) FROM run), probes = 'none' FROM run ORDER BY id LIMIT 1",
            NULL, n, 3)) {
        maker_say(m, "run", "The recording holds no run: nothing was measured.");
        return;
    }
    char took[32] = "a time that is not known", *end = end_phrase(m);
    char *wall = maker_text(m, "SELECT ', ' || value FROM main.host WHERE key = 'perf_wall_time'", NULL);
    char *command = maker_text(m, "SELECT command FROM run ORDER BY id LIMIT 1", NULL);
    if (!isnan(n[0]))
        number_ns(took, (uint64_t)n[0]);
    char *verb = maker_text(m,
                            "SELECT CASE WHEN exit_status IS NULL AND term_signal IS NULL AND NOT interrupted"
                            " AND NOT timed_out THEN 'was measured for' ELSE 'took' END"
                            " FROM run ORDER BY id LIMIT 1",
                            NULL); /* "was measured for": it goes on, or its end was not seen */
    maker_say(m, "run", "`%s` %s %s%s%s.", command ? command : "?", verb ? verb : "took", took,
              wall && !isnan(n[0]) ? wall : "", end ? end : "");
    free(verb);
    free(wall);
    say_allocator(m);
    const struct place place = {0};
    if (n[2] != 0)
        maker_say(m, "lock", "It was not traced, so where it waits is not known.");
    else {
        maker_say_lock(m, &place);
        maker_say_calls(m, &place, NULL);
        maker_say_core_time(m, &place);
    }
    free(end);
    free(command);
}
