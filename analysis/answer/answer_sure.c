/* How sure the answer is: rounds, others' work, losses, and what this way of looking can't see.  A loss that
 * touches no number of the answer is a note. */
#include "analysis/answer/answer_limits.h"
#include "analysis/answer/answer_maker_private.h"
#include "analysis/base/number.h"

#include <math.h>
#include <string.h>

static void list_add(struct answer_maker *m, char ***list, size_t *count, char *text)
{
    char **more = text ? answer_maker_grow(m, *list, count, sizeof(*more)) : NULL;
    if (!more)
        return;
    *list = more;
    more[*count - 1] = text;
}

static void losses_read(struct answer_maker *m)
{
    struct answer *a = m->answer;
    sqlite3_stmt *row =
        answer_maker_query(m, "SELECT reason, count, touches FROM answer_loss WHERE count > 0");
    while (answer_maker_next(m, row)) {
        char count[32];
        const char *reason = (const char *)sqlite3_column_text(row, 0);
        char *text = answer_maker_format(
            m, "%s %s", number_count(count, (uint64_t)sqlite3_column_int64(row, 1)), reason ? reason : "?");
        if (sqlite3_column_int(row, 2))
            list_add(m, &a->losses, &a->loss_count, text);
        else
            list_add(m, &a->notes, &a->note_count, text);
    }
}

static void not_seen_add(struct answer_maker *m, const char *text)
{
    list_add(m, &m->answer->not_seen, &m->answer->not_seen_count, answer_maker_format(m, "%s", text));
}

/* Tells that no other allocator could be told to be faster, for want of rounds. */
static void few_rounds_add(struct answer_maker *m)
{
    double n[1];
    if (answer_maker_numbers(
            m,
            "SELECT max(b.comparisons) FROM beside_subject AS b JOIN subject AS s "
            "JOIN variant AS v ON v.name = b.variant JOIN variant AS sv ON sv.name = s.variant "
            "WHERE b.coverage > 0 AND b.joint_low IS NULL AND v.libc IS sv.libc AND v.linkage IS sv.linkage",
            n, 1) &&
        !isnan(n[0]))
        list_add(
            m, &m->answer->not_seen, &m->answer->not_seen_count,
            answer_maker_format(m,
                                "whether another allocator in the same build is faster: %.0f comparisons "
                                "at once need %u rounds",
                                n[0], comparison_rounds_least(n[0])));
}

static void not_seen_read(struct answer_maker *m)
{
    const struct answer_facts *f = &m->facts;
    if (!f->counted)
        not_seen_add(m, "futex calls: none were counted");
    if (!f->sampled)
        not_seen_add(m, "locks that only spin, and what code does: no samples were taken");
    if (!f->ledger)
        not_seen_add(m,
                     "what threads do while they are off a CPU and at no futex: `heapwait record -m ledger`");
    few_rounds_add(m);
}

void answer_maker_sure(struct answer_maker *m)
{
    enum { MISSING, FOREIGN, ROUNDS, COUNT };
    double n[COUNT];
    answer_maker_numbers(
        m,
        "SELECT (SELECT calls FROM calls_missing), coalesce((SELECT foreign_share FROM noise_total), "
        "foreign_cpu_ns * 1.0 / nullif(wall_ns * cores, 0)), coalesce((SELECT rounds FROM subject), 1) FROM "
        "answer_run",
        n, COUNT);
    struct answer *a = m->answer;
    a->missing_calls = isnan(n[MISSING]) ? 0 : n[MISSING];
    a->foreign_share = isnan(n[FOREIGN]) ? NAN : fmin(fmax(n[FOREIGN], 0), 1);
    a->rounds = isnan(n[ROUNDS]) ? 1 : n[ROUNDS];
    losses_read(m);
    not_seen_read(m);
}

void answer_maker_study(struct answer_maker *m)
{
    enum {
        THREADS,
        RATIO,
        LOW,
        HIGH,
        COVERAGE,
        COMPARISONS,
        VARIANT_NS,
        BASELINE_NS,
        PASSWORDS,
        ALONE,
        ALONE_LOW,
        ALONE_HIGH,
        ALONE_COVERAGE,
        COUNT
    };
    double n[COUNT];
    if (!answer_maker_numbers(
            m,
            "SELECT s.threads, s.ratio, iif(s.coverage > 0, s.joint_low, NULL), "
            "iif(s.coverage > 0, s.joint_high, NULL), s.coverage, s.comparisons, "
            "(SELECT median_ns FROM wall_time AS t WHERE t.variant = s.variant AND t.threads IS s.threads "
            "AND t.probes = 'none'), "
            "(SELECT median_ns FROM wall_time AS t WHERE t.variant = s.baseline AND t.threads IS s.threads "
            "AND t.probes = 'none'), "
            "(SELECT max(passwords) FROM run AS r WHERE r.variant = s.variant AND r.threads IS s.threads), "
            "o.ratio, iif(o.coverage > 0, o.joint_low, NULL), iif(o.coverage > 0, o.joint_high, NULL), "
            "o.coverage FROM subject AS s "
            "LEFT JOIN wall_ratio AS o ON o.variant = s.variant AND o.threads = 1",
            n, COUNT))
        return;
    struct answer_study *s = m->answer->study = answer_maker_grow(m, NULL, &(size_t){0}, sizeof(*s));
    if (!s)
        return;
    sqlite3_stmt *row = answer_maker_query(m, "SELECT variant, baseline FROM subject");
    if (answer_maker_next(m, row)) {
        s->variant = answer_maker_text(m, row, 0);
        s->baseline = answer_maker_text(m, row, 1);
        sqlite3_finalize(row);
    }
    s->threads = isnan(n[THREADS]) ? 0 : (long long)n[THREADS];
    s->passwords = isnan(n[PASSWORDS]) ? 0 : (long long)n[PASSWORDS];
    s->factor = (struct estimate){n[RATIO], n[LOW], n[HIGH]};
    s->comparisons = isnan(n[COMPARISONS]) ? 1 : n[COMPARISONS];
    s->coverage = isnan(n[LOW]) || isnan(n[COVERAGE]) ? 0
                  : s->comparisons > 1                ? 1 - LIMIT_MISSED
                                                      : n[COVERAGE];
    s->variant_ns = n[VARIANT_NS];
    s->baseline_ns = n[BASELINE_NS];
    s->alone = (struct estimate){n[ALONE], n[ALONE_LOW], n[ALONE_HIGH]};
    s->outcome = comparison_of(n[LOW], n[HIGH], n[COVERAGE]);
    s->alone_outcome = comparison_of(n[ALONE_LOW], n[ALONE_HIGH], n[ALONE_COVERAGE]);
}
