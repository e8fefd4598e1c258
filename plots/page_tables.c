/* See page_tables.h. */
#include "plots/page_tables.h"

const struct page_table page_tables_variants = {
    "variants",
    "All variants",
    "Wall time%s and its interval, the ratio to the baseline in the same rounds, futex calls on malloc’s "
    "locks per "
    "password, peak resident set.",
    "WITH wall AS MATERIALIZED (SELECT * FROM wall_time WHERE threads IS ?2 AND probes = 'none'), "
    "ratio AS MATERIALIZED (SELECT * FROM wall_ratio WHERE threads IS ?2), "
    "peak AS MATERIALIZED (SELECT * FROM memory WHERE threads IS ?2 AND probes = 'none'), "
    "made AS MATERIALIZED (SELECT variant, iif(count(calls_per_password) = count(*), "
    "sum(calls_per_password), NULL) "
    "AS calls FROM futex_kind_per_password WHERE threads IS ?2 AND class = 'malloc' GROUP BY variant) "
    "SELECT iif(wall.variant IS NULL, 'not measured: ' || coalesce(v.absent_reason, "
    "(SELECT reason FROM failed_run AS f WHERE f.variant = v.name AND f.threads IS ?2 AND f.probes = 'none' "
    "LIMIT 1), "
    "'no untraced run'), NULL), v.name, wall.median_ns, iif(wall.coverage > 0, wall.low_ns, NULL), "
    "wall.high_ns, "
    "ratio.ratio, iif(ratio.coverage > 0 AND ratio.variant <> ratio.baseline, ratio.low, NULL), ratio.high, "
    "made.calls, peak.median_bytes "
    "FROM variant AS v LEFT JOIN wall ON wall.variant = v.name LEFT JOIN ratio ON ratio.variant = v.name "
    "LEFT JOIN peak ON peak.variant = v.name LEFT JOIN made ON made.variant = v.name ORDER BY v.position, "
    "v.name",
    {{"variant", PAGE_VARIANT},
     {"wall, ms", PAGE_MS},
     {"interval, ms", PAGE_MS_RANGE},
     {"ratio", PAGE_RATIO},
     {"its interval", PAGE_RATIO_RANGE},
     {"calls", PAGE_RATE},
     {"peak, MiB", PAGE_MIB}}};

/* What the columns of counts take: of one run. */
#define COUNTS                                                                                               \
    "h.slept * 1.0 / h.runs, h.eagain * 1.0 / h.runs, h.empty_wakes * 1.0 / h.runs, "                        \
    "h.waking_wakes * 1.0 / h.runs, h.total_ns * 1.0 / h.runs "
#define COUNT_COLUMNS                                                                                        \
    {"slept", PAGE_COUNT}, {"EAGAIN", PAGE_COUNT}, {"empty wakes", PAGE_COUNT},                              \
        {"waking wakes", PAGE_COUNT},                                                                        \
    {                                                                                                        \
        "thread time", PAGE_NS                                                                               \
    }

const struct page_table page_tables_busiest = {
    "busiest-locks",
    "The busiest futex word of each variant’s malloc",
    "Calls and thread time per run%s. Words that aren’t malloc’s, such as joins, are left out.",
    "WITH hot AS MATERIALIZED (SELECT *, row_number() OVER (PARTITION BY variant ORDER BY rank) AS nth, "
    "count(*) OVER (PARTITION BY variant) AS words_found FROM hottest_lock WHERE threads IS ?2 AND is_malloc "
    "= 1), "
    "traced AS MATERIALIZED (SELECT DISTINCT variant FROM futex_kind_per_password WHERE threads IS ?2) "
    "SELECT CASE WHEN traced.variant IS NULL THEN 'not measured: ' || coalesce(v.absent_reason, "
    "(SELECT reason FROM failed_run AS f WHERE f.variant = v.name AND f.threads IS ?2 AND f.probes <> 'none' "
    "LIMIT 1), 'no traced run') WHEN h.name IS NULL THEN 'no futex call on malloc’s locks' END, v.name, "
    "h.name, h.module, h.words_found - 1, h.evidence, " COUNTS
    "FROM variant AS v LEFT JOIN traced ON traced.variant = v.name "
    "LEFT JOIN hot AS h ON h.variant = v.name AND h.nth = 1 ORDER BY v.position, v.name",
    {{"variant", PAGE_VARIANT}, {"futex word", PAGE_LOCK}, COUNT_COLUMNS}};

const struct page_table page_tables_callers = {
    "callers",
    "Who waits",
    "For each variant’s busiest malloc lock%s: the functions above malloc, with their shares of a random "
    "sample of its "
    "futex calls; below each the way that most of its calls came, and how it was found. MODULE+0xADDRESS: "
    "the name is "
    "missing.",
    "WITH w AS MATERIALIZED (SELECT * FROM who_waits WHERE threads IS ?2 AND is_malloc = 1) "
    "SELECT NULL, w.variant, w.function, w.path, w.evidence, w.wait_share, w.wake_share, w.sampled FROM w "
    "WHERE w.rank <= 3 AND w.lock_rank = (SELECT min(lock_rank) FROM w AS o WHERE o.variant IS w.variant)",
    {{"variant", PAGE_VARIANT},
     {"function", PAGE_FUNCTION},
     {"of waits", PAGE_SHARE},
     {"of wakes", PAGE_SHARE},
     {"sampled", PAGE_COUNT}}};

const struct page_table page_tables_status = {
    "status",
    "The variants",
    "Present and absent.",
    "SELECT NULL, variant, libc, linkage, allocator, status || CASE WHEN absent_reason IS NOT NULL THEN ': ' "
    "|| "
    "absent_reason WHEN first_failure IS NOT NULL THEN ': ' || failed_runs || ' of ' || runs || "
    "' runs don’t count, the first because ' || first_failure ELSE '' END FROM variant_status",
    {{"variant", PAGE_VARIANT},
     {"libc", PAGE_WORDS},
     {"linkage", PAGE_WORDS},
     {"allocator", PAGE_WORDS},
     {"status", PAGE_WORDS}}};

const struct page_table page_tables_processes = {
    "processes",
    "The processes",
    "Their calls on malloc’s locks, and the lock that has most of them.",
    "SELECT NULL, program, lock, allocator, tgid, malloc_calls, eagain, slept, empty_wakes FROM process_wait "
    "WHERE (SELECT count(*) FROM process_wait) > 1",
    {{"program", PAGE_PROGRAM},
     {"pid", PAGE_WORDS},
     {"calls", PAGE_COUNT},
     {"EAGAIN", PAGE_COUNT},
     {"slept", PAGE_COUNT},
     {"empty wakes", PAGE_COUNT}}};

const struct page_table page_tables_words = {
    "words",
    "The futex words",
    "By their number of calls; below each how its name is known. Thread time is the sum over all threads.",
    "SELECT NULL, h.name, h.module, 0, h.evidence, iif(h.is_malloc, 'malloc’s', NULL), " COUNTS
    "FROM hottest_lock AS h",
    {{"futex word", PAGE_LOCK}, {"whose", PAGE_WORDS}, COUNT_COLUMNS}};

const struct page_table page_tables_waiters = {
    "callers",
    "Who waits",
    "The functions of the program, with their shares of a random sample of each lock’s futex calls; below "
    "each the way "
    "that most of its calls came, and how it was found. MODULE+0xADDRESS: the name is missing.",
    "SELECT NULL, name, function, path, evidence, wait_share, wake_share, sampled FROM who_waits "
    "WHERE lock_rank <= 8 AND rank <= 3",
    {{"futex word", PAGE_NAME},
     {"function", PAGE_FUNCTION},
     {"of waits", PAGE_SHARE},
     {"of wakes", PAGE_SHARE},
     {"sampled", PAGE_COUNT}}};
