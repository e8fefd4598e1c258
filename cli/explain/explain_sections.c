/* See explain_sections.h. */
#include "cli/explain/explain_sections.h"

#define ORDER_OF(view)                                                                                       \
    " ORDER BY (SELECT position FROM variant WHERE name = " view ".variant), " view ".variant, " view        \
    ".threads"

/* Makes an account's rows come twice: as they are (sums 0), and for their sums (1).  Each view stands in a
 * statement once: SQLite takes views apart anew wherever they are named, and these are deep. */
#define WITH_SUMS "(SELECT 0 AS sums UNION ALL SELECT 1) AS t"

/* The label of a line of thread time side by side.  That of mmap_lock says what is sleep of the baseline's
 * and of the subject's. */
#define ASLEEP(side) "coalesce(max(a.asleep) FILTER (WHERE a.variant = u." side "), '\u2013')"
#define LINE_LABEL                                                                                           \
    "iif(a.line = 'mmap_lock' AND max(a.asleep) IS NOT NULL, 'kernel: mmap_lock, ' || " ASLEEP(              \
        "baseline") " || ' and ' || " ASLEEP("variant") " || ' asleep', a.label)"

/* Selects the rows of an account of the baseline and the subject, one for each `key`.  Bars are relative to
 * the longest of both. */
#define SIDE_BY_SIDE(view, key, label, sum_label)                                                            \
    "WITH g AS (SELECT t.sums, iif(t.sums, " sum_label ", " label " || iif(max(a.estimated), ' *', '')) "    \
    "AS label, a.position, sum(a.ns) FILTER (WHERE a.variant = u.baseline) AS b, "                           \
    "sum(a.ns) FILTER (WHERE a.variant = u.variant) AS s, "                                                  \
    "sum(a.share) FILTER (WHERE a.variant = u.baseline) AS b_share, "                                        \
    "sum(a.share) FILTER (WHERE a.variant = u.variant) AS s_share "                                          \
    "FROM " view " AS a JOIN subject AS u ON a.threads IS u.threads "                                        \
    "AND a.variant IN (u.variant, u.baseline) AND u.variant <> u.baseline CROSS JOIN " WITH_SUMS             \
    " GROUP BY t.sums, iif(t.sums, NULL, a." key ")), "                                                      \
    "w AS (SELECT *, max(max(abs(coalesce(b, 0)), abs(coalesce(s, 0)))) FILTER (WHERE NOT sums) OVER () "    \
    "AS top FROM g) "                                                                                        \
    "SELECT label, iif(sums, NULL, b * 1.0 / nullif(top, 0)), b, round(b_share, 12), "                       \
    "iif(sums, NULL, s * 1.0 / nullif(top, 0)), s, round(s_share, 12) FROM w "                               \
    "WHERE sums OR b <> 0 OR s <> 0 OR (b IS NULL AND s IS NULL) ORDER BY sums, position"

#define SIDE_BY_SIDE_COLUMNS                                                                                 \
    {                                                                                                        \
        {"state", CELL_TEXT, SHRINK}, {"{baseline}", CELL_BAR, SHRINK}, {"time", CELL_NS, 0},                \
            {"share", CELL_SHARE, WIDE}, {"{subject}", CELL_BAR, SHRINK}, {"time", CELL_NS, 0},              \
        {                                                                                                    \
            "share", CELL_SHARE, WIDE                                                                        \
        }                                                                                                    \
    }

/* If the function can't be told the whole path stands for it. */
#define WHO_WAITS_CELLS                                                                                      \
    "coalesce(h.function, h.path), h.wait_share, h.wake_share, h.sampled, h.through, "                       \
    "h.callers"
#define WHO_WAITS_COLUMNS                                                                                    \
    {"function", CELL_TEXT, SHRINK}, {"of waits", CELL_SHARE, 0}, {"of wakes", CELL_SHARE, 0},               \
        {"sampled", CELL_COUNT, 0}, {"through", CELL_TEXT, SHRINK | WIDE},                                   \
    {                                                                                                        \
        "called by", CELL_TEXT, SHRINK | WIDE                                                                \
    }
#define IS_MALLOC "CASE h.is_malloc WHEN 1 THEN 'yes' WHEN 0 THEN 'no' ELSE '?' END"
#define WHO_WAITS_NOTE                                                                                       \
    "By a random sample of each lock's futex calls.  MODULE+0xADDRESS: the name is missing; where the "      \
    "application's function can't be told the whole path stands for it."

static const struct section sections[] = {
    {.heading = "Time from exec to end, untraced runs",
     .note = "Median, its distribution-free interval, and the ratio to the baseline within the interleaved "
             "rounds.",
     .sql = "SELECT t.variant, t.threads, t.runs, t.median_ns, iif(t.coverage > 0, t.low_ns, NULL), "
            "t.high_ns, t.coverage, "
            "r.ratio, iif(r.coverage > 0, r.low, NULL), r.high, p.median_ns FROM wall_time AS t "
            "LEFT JOIN wall_ratio AS r ON r.variant IS t.variant AND r.threads IS t.threads "
            "LEFT JOIN reported_time AS p ON p.variant IS t.variant AND p.threads IS t.threads AND p.probes "
            "= t.probes "
            "WHERE t.probes = 'none' AND t.variant IS NOT NULL" ORDER_OF("t"),
     .columns = {{"variant", CELL_TEXT, SHRINK},
                 {"threads", CELL_COUNT, 0},
                 {"runs", CELL_COUNT, 0},
                 {"median", CELL_NS, 0},
                 {"interval", CELL_NS_RANGE, 0},
                 {"covers", CELL_SHARE, WIDE},
                 {"ratio", CELL_RATIO, 0},
                 {"interval", CELL_RATIO_RANGE, 0},
                 {"own clock", CELL_NS, WIDE}}},
    {.heading = "Futex calls for malloc's locks, per password",
     .note = "Medians over the traced runs. \"calls\" is per run; EAGAIN and slept are waits, empty and "
             "waking are wakes; "
             "idle: the share of all calls that neither slept nor woke anybody.",
     .sql = "SELECT w.variant, w.threads, w.calls, "
            "max(k.calls_per_password) FILTER (WHERE k.kind = 'eagain'), "
            "max(k.calls_per_password) FILTER (WHERE k.kind = 'slept'), "
            "max(k.calls_per_password) FILTER (WHERE k.kind = 'empty_wake'), "
            "max(k.calls_per_password) FILTER (WHERE k.kind = 'waking_wake'), "
            "max(k.calls_per_password) FILTER (WHERE k.kind = 'other'), iif(w.calls > 0, w.idle_share, "
            "NULL), w.blocked_ns "
            "FROM malloc_wait AS w JOIN futex_kind_per_password AS k "
            "ON k.variant IS w.variant AND k.threads IS w.threads AND k.class = 'malloc' "
            "WHERE w.variant IS NOT NULL GROUP BY w.variant, w.threads" ORDER_OF("w"),
     .columns = {{"variant", CELL_TEXT, SHRINK},
                 {"threads", CELL_COUNT, 0},
                 {"calls", CELL_COUNT, 0},
                 {"EAGAIN", CELL_RATE, 0},
                 {"slept", CELL_RATE, 0},
                 {"empty", CELL_RATE, 0},
                 {"waking", CELL_RATE, 0},
                 {"other", CELL_RATE, WIDE},
                 {"idle", CELL_SHARE, 0},
                 {"blocked", CELL_NS, WIDE}}},
    {.heading = "Locks, the three with the most futex calls",
     .note = "Sums over the traced runs of a variant and thread count, divided by their number.",
     .sql = "SELECT h.variant, h.threads, h.name, h.module, " IS_MALLOC ", h.calls * 1.0 / "
            "h.runs, "
            "h.share, h.evidence FROM hottest_lock AS h WHERE h.variant IS NOT NULL AND h.rank <= 3" ORDER_OF(
                "h") ", h.rank",
     .columns = {{"variant", CELL_TEXT, SHRINK},
                 {"threads", CELL_COUNT, 0},
                 {"lock", CELL_TEXT, SHRINK},
                 {"module", CELL_FILE, SHRINK},
                 {"malloc's", CELL_TEXT, 0},
                 {"calls", CELL_COUNT, 0},
                 {"share", CELL_SHARE, 0},
                 {"evidence", CELL_TEXT, SHRINK | WIDE}}},
    {.heading = "Processes, the twenty that wait most for malloc's locks",
     .note = "Calls on malloc's locks; \"?\": on words of which nothing tells whose they are.",
     .sql = "SELECT CAST(h.tgid AS TEXT), h.program, h.allocator, h.lock, h.malloc_calls, h.eagain, h.slept, "
            "h.empty_wakes, "
            "h.wait_ns, h.unknown_calls FROM process_wait AS h WHERE h.rank <= 20 AND "
            "(SELECT count(DISTINCT tgid) FROM lock) > 1 ORDER BY h.run_id, h.rank",
     .columns = {{"process", CELL_TEXT, 0},
                 {"program", CELL_TEXT, SHRINK},
                 {"malloc of", CELL_TEXT, 0},
                 {"hottest lock", CELL_TEXT, SHRINK},
                 {"calls", CELL_COUNT, 0},
                 {"EAGAIN", CELL_COUNT, 0},
                 {"slept", CELL_COUNT, 0},
                 {"empty", CELL_COUNT, 0},
                 {"waits", CELL_NS, 0},
                 {"?", CELL_COUNT, WIDE}}},
    {.heading = "Locks, the twenty with the most futex calls",
     .note = "EAGAIN and slept are waits, empty and waking are wakes; blocked: thread time asleep in waits.",
     .sql = "SELECT h.name, h.module, " IS_MALLOC ", h.eagain, h.slept, h.empty_wakes, "
            "h.waking_wakes, "
            "h.other_calls, h.blocked_ns, h.evidence FROM hottest_lock AS h WHERE h.variant IS NULL AND "
            "h.rank <= 20 "
            "ORDER BY h.threads, h.rank",
     .columns = {{"lock", CELL_TEXT, SHRINK},
                 {"module", CELL_FILE, SHRINK},
                 {"malloc's", CELL_TEXT, 0},
                 {"EAGAIN", CELL_COUNT, 0},
                 {"slept", CELL_COUNT, 0},
                 {"empty", CELL_COUNT, 0},
                 {"waking", CELL_COUNT, 0},
                 {"other", CELL_COUNT, 0},
                 {"blocked", CELL_NS, 0},
                 {"evidence", CELL_TEXT, SHRINK | WIDE}}},
    {.heading = "Who waits for malloc's locks{at threads}: the functions above malloc",
     .note = WHO_WAITS_NOTE,
     .sql = "SELECT h.variant, h.name, " WHO_WAITS_CELLS " FROM who_waits AS h "
            "WHERE h.variant IS NOT NULL AND h.is_malloc AND h.rank <= 3 AND h.threads IS "
            "(SELECT threads FROM subject)" ORDER_OF("h") ", h.lock_rank, h.rank",
     .columns = {{"variant", CELL_TEXT, SHRINK}, {"lock", CELL_TEXT, SHRINK}, WHO_WAITS_COLUMNS}},
    {.heading = "Who waits: the application's functions, by lock",
     .note = WHO_WAITS_NOTE,
     .sql = "SELECT h.name, " WHO_WAITS_CELLS
            " FROM who_waits AS h WHERE h.variant IS NULL AND h.lock_rank <= 10 "
            "AND h.rank <= 5 ORDER BY h.threads, h.lock_rank, h.rank",
     .columns = {{"lock", CELL_TEXT, SHRINK}, WHO_WAITS_COLUMNS}},
    {.heading = "User code, by samples",
     .note =
         "Estimates: with Wilson's 95 % interval.  Page faults are the kernel's, but count as time in code, "
         "unless its handler was seen: then only the way into them and back does.",
     .sql = "SELECT label, share, low_share, high_share, samples FROM sample_class WHERE variant IS NULL "
            "AND samples > 0 ORDER BY threads, samples DESC, class",
     .columns = {{"what ran", CELL_TEXT, SHRINK},
                 {"share", CELL_SHARE, 0},
                 {"at least", CELL_SHARE, 0},
                 {"at most", CELL_SHARE, 0},
                 {"samples", CELL_COUNT, 0}}},
    {.heading = "Functions of user code, the ten with the most samples",
     .note = "Estimates: of all samples of user code.",
     .sql = "SELECT coalesce(symbol, 'no symbol'), module, class, share, samples FROM hottest_function "
            "WHERE variant IS NULL AND rank <= 10 ORDER BY threads, rank",
     .columns = {{"function", CELL_TEXT, SHRINK},
                 {"file", CELL_FILE, SHRINK},
                 {"class", CELL_TEXT, 0},
                 {"share", CELL_SHARE, 0},
                 {"samples", CELL_COUNT, 0}}},
    {.heading = "Core time of {baseline} and {subject}{at threads}: wall time x cores",
     .note = "Of one real run each, the one with the median wall time among those with a ledger.  Times with "
             "* are "
             "estimated from samples; system call entry and exit, and the probes' own time, are calibrated: "
             "loops of "
             "calls of known length, and the number of calls.",
     .sql = SIDE_BY_SIDE("core_account", "state", "a.label", "'wall time x cores'"),
     .columns = SIDE_BY_SIDE_COLUMNS},
    {.heading = "Extra core time of {subject} over {baseline}{at threads}, by state",
     .note = "The differences sum to that in wall time x cores.  Light bars: less time than the baseline.",
     .sql = "WITH g AS (SELECT t.sums, iif(t.sums, 'wall time x cores', s.label) AS label, s.position, "
            "NOT t.sums AND s.state = 'unexplained' AS late, sum(s.delta_ns) AS d, sum(s.share) AS share "
            "FROM slowdown AS s JOIN subject AS u ON u.variant = s.variant AND u.threads IS s.threads "
            "CROSS JOIN " WITH_SUMS " GROUP BY t.sums, iif(t.sums, NULL, s.state)), "
            "w AS (SELECT *, max(abs(d)) FILTER (WHERE NOT sums) OVER () AS top FROM g) "
            "SELECT label, iif(sums, NULL, d * 1.0 / nullif(top, 0)), d, round(share, 12) FROM w "
            "WHERE sums OR late OR d <> 0 ORDER BY sums, late, d DESC, position",
     .columns = {{"state", CELL_TEXT, SHRINK},
                 {"", CELL_BAR, 0},
                 {"difference", CELL_DELTA, 0},
                 {"share", CELL_SHARE, 0}}},
    {.heading = "Extra core time over the baseline, every variant and thread count with a ledger",
     .note = "Shares of the extra time; \"most of it in\" is the state with the largest.",
     .sql = "WITH s AS (SELECT *, row_number() OVER (PARTITION BY variant, threads ORDER BY state = "
            "'unexplained', share DESC, position) AS rank FROM slowdown) "
            "SELECT s.variant, s.threads, sum(s.baseline_ns), sum(s.ns), sum(s.delta_ns), "
            "max(s.label) FILTER (WHERE s.rank = 1), max(s.share) FILTER (WHERE s.rank = 1), "
            "max(s.share) FILTER (WHERE s.state = 'unexplained') FROM s "
            "GROUP BY s.variant, s.threads" ORDER_OF("s"),
     .columns = {{"variant", CELL_TEXT, SHRINK},
                 {"threads", CELL_COUNT, 0},
                 {"baseline", CELL_NS, WIDE},
                 {"variant", CELL_NS, WIDE},
                 {"extra", CELL_DELTA, 0},
                 {"most of it in", CELL_TEXT, SHRINK},
                 {"share", CELL_SHARE, 0},
                 {"unexplained", CELL_SHARE, 0}}},
    {.heading = "Thread time of {baseline} and {subject}{at threads}: sums over all threads",
     .note = "Of the same two runs; what threads do without a core is in here too.  * as above.",
     .sql = SIDE_BY_SIDE("thread_line", "line", LINE_LABEL, "'lifetimes of the threads'"),
     .columns = SIDE_BY_SIDE_COLUMNS},
    {.heading = "Core time: wall time x cores",
     .note = "Times with * are estimated from samples, with their 95 % interval; system call entry and exit, "
             "and the "
             "probes' own time, are calibrated.",
     .sql = "SELECT label || iif(estimated, ' *', ''), ns * 1.0 / nullif(max(abs(ns)) OVER (), 0), ns, "
            "share, low_ns, "
            "high_ns, samples FROM core_account "
            "WHERE variant IS NULL AND (ns <> 0 OR state = 'unexplained' OR ns IS NULL) ORDER BY threads, "
            "position",
     .columns = {{"state", CELL_TEXT, SHRINK},
                 {"", CELL_BAR, 0},
                 {"time", CELL_NS, 0},
                 {"share", CELL_SHARE, 0},
                 {"interval", CELL_NS_RANGE, WIDE},
                 {"samples", CELL_COUNT, WIDE}}},
    {.heading = "Thread time: sums over all threads",
     .note = "What threads do without a core is in here too.  * as above.",
     .sql = "SELECT label || iif(estimated, ' *', ''), ns * 1.0 / nullif(max(ns) OVER (), 0), ns, share "
            "FROM thread_line WHERE variant IS NULL AND (ns <> 0 OR ns IS NULL) ORDER BY threads, position",
     .columns =
         {{"state", CELL_TEXT, SHRINK}, {"", CELL_BAR, 0}, {"time", CELL_NS, 0}, {"share", CELL_SHARE, 0}}},
    {.heading = "Handoffs of malloc's locks: from the wake of a sleeping waiter to its running",
     .note = "Over before so long (upper ends of buckets, at most 12.5 % wide); sums over the traced runs.",
     .sql = "SELECT q.variant, q.threads, q.handoffs, q.half_ns, q.ninety_ns, q.ninety_nine_ns, q.most_ns "
            "FROM handoff_quantile AS q" ORDER_OF("q"),
     .columns = {{"variant", CELL_TEXT, SHRINK},
                 {"threads", CELL_COUNT, 0},
                 {"handoffs", CELL_COUNT, 0},
                 {"half", CELL_NS, 0},
                 {"90 %", CELL_NS, 0},
                 {"99 %", CELL_NS, 0},
                 {"all", CELL_NS, 0}}},
    {.heading = "Memory: peak resident set, untraced runs",
     .sql = "SELECT m.variant, m.threads, m.runs, m.median_bytes, iif(m.coverage > 0, m.low_bytes, NULL), "
            "m.high_bytes FROM memory AS m "
            "WHERE m.probes = 'none' AND m.variant IS NOT NULL" ORDER_OF("m"),
     .columns = {{"variant", CELL_TEXT, SHRINK},
                 {"threads", CELL_COUNT, 0},
                 {"runs", CELL_COUNT, 0},
                 {"median", CELL_BYTES, 0},
                 {"interval", CELL_BYTES_RANGE, 0}}},
    {.heading = "What measuring cost: traced beside untraced runs",
     .sql = "SELECT o.variant, o.threads, o.probes, o.untraced_ns, o.traced_ns, o.ratio FROM overhead AS o "
            "WHERE o.variant IS NOT NULL" ORDER_OF("o") ", o.probes",
     .columns = {{"variant", CELL_TEXT, SHRINK},
                 {"threads", CELL_COUNT, 0},
                 {"mode", CELL_TEXT, 0},
                 {"untraced", CELL_NS, 0},
                 {"traced", CELL_NS, 0},
                 {"ratio", CELL_RATIO, 0}}},
    {.heading = "How it was measured",
     .sql = "SELECT key, value FROM main.host UNION ALL SELECT 'study: ' || key, value FROM main.study "
            "UNION ALL SELECT 'runs that count', ((SELECT count(*) FROM run) - (SELECT count(*) FROM "
            "failed_run)) "
            "|| ' of ' || (SELECT count(*) FROM run) "
            "UNION ALL SELECT 'other processes'' share', printf('%.1f %%', 100 * foreign_share) FROM "
            "noise_total "
            "WHERE foreign_share IS NOT NULL "
            "UNION ALL SELECT 'highest load average', printf('%.2f', max_load_average) FROM noise_total "
            "WHERE max_load_average IS NOT NULL",
     .columns = {{"fact", CELL_TEXT, 0}, {"value", CELL_TEXT, SHRINK}}},
};

const struct section *explain_sections(size_t *count)
{
    *count = sizeof(sections) / sizeof(*sections);
    return sections;
}
