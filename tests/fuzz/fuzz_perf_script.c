/* The reader of what `perf script` prints, given any bytes for it, in pieces of any size; and what an import
 * keeps of it while it reads: threads and words, call paths, address spaces, the session's facts. */
#include "probes/bpf/terms.h"
#include "probes/mappings/spaces.h"
#include "probes/perf/perf_call_paths.h"
#include "probes/perf/perf_calls.h"
#include "probes/perf/perf_script.h"
#include "probes/perf/perf_session.h"
#include "tests/fuzz/fuzz.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

struct kept {
    struct perf_calls *calls;
    struct perf_paths *paths;
    struct spaces *spaces;
    uint64_t last_ns;
};

/* Every string is a string, and every number what the record promises. */
static void record_check(const struct perf_record *r)
{
    size_t length = r->event ? strlen(r->event) : 0;
    for (size_t i = 0; i < r->frame_count; i++) {
        length += r->frames[i].symbol ? strlen(r->frames[i].symbol) : 0;
        length += r->frames[i].dso ? strlen(r->frames[i].dso) : 0;
    }
    if (length > 1 << 20 || (r->kind == PERF_SAMPLE && !r->event) || (r->kind == PERF_MAP && !r->map.path))
        abort();
}

static void sample_keep(struct kept *k, const struct perf_record *r)
{
    uint32_t space = spaces_now(k->spaces, r->pid), path = perf_paths_add(k->paths, r, space, 1);
    const struct perf_trace *t = &r->trace;
    if (path > perf_paths_count(k->paths))
        abort();
    if (t->kind == TRACE_CALL_ENTER)
        perf_calls_enter(k->calls, r->tid, space, r->time_ns, t, path);
    else if (t->kind == TRACE_CALL_EXIT)
        perf_calls_exit(k->calls, r->tid, r->time_ns, t);
    else if (t->kind == TRACE_SWITCH)
        perf_calls_leave(k->calls, r->tid, r->time_ns, t->runnable);
    else if (t->kind == TRACE_WAKEUP)
        perf_calls_wake(k->calls, t->thread, r->time_ns);
    perf_calls_state(k->calls, r->tid);
}

static void record_keep(void *context, const struct perf_record *r)
{
    struct kept *k = context;
    struct mapping m = {.start = r->map.start, .length = r->map.length, .path = r->map.path};
    record_check(r);
    k->last_ns = r->time_ns;
    if (r->kind == PERF_SAMPLE)
        sample_keep(k, r);
    else if (r->kind == PERF_MAP)
        spaces_map(k->spaces, r->pid, r->time_ns, &m);
    else if (r->kind == PERF_EXEC)
        spaces_exec(k->spaces, r->pid, r->time_ns);
    else if (r->kind == PERF_FORK)
        spaces_fork(k->spaces, r->pid, r->parent, r->time_ns);
    else if (r->kind == PERF_EXIT)
        perf_calls_die(k->calls, r->tid, spaces_now(k->spaces, r->pid), r->time_ns);
    else if (r->kind == PERF_SWITCH_OUT)
        perf_calls_leave(k->calls, r->tid, r->time_ns, r->preempted);
    else if (r->kind == PERF_SWITCH_IN)
        perf_calls_return(k->calls, r->tid, r->time_ns);
    else if (r->kind == PERF_LOST)
        perf_calls_gap(k->calls);
}

/* Every call that was begun is counted once. */
static void rows_check(struct kept *k)
{
    struct word_row *rows = NULL;
    size_t count = 0, waiters = 0;
    perf_calls_finish(k->calls, k->last_ns);
    if (perf_calls_words(k->calls, &rows, &count))
        abort();
    const struct perf_calls_loss *lost = perf_calls_losses(k->calls);
    uint64_t calls = lost->edges.endless + lost->words;
    for (size_t i = 0; i < count; i++) {
        const uint8_t outcome = rows[i].key.outcome;
        if (rows[i].key.op >= OP_COUNT || (outcome >= OUTCOME_COUNT && outcome != OUTCOME_NOT_TOLD) ||
            (i && word_row_compare(&rows[i - 1], &rows[i]) >= 0))
            abort();
        calls += rows[i].value.totals.calls;
    }
    if (calls != lost->begun)
        abort();
    word_rows_free(rows, count);
    perf_calls_waiters(k->calls, &waiters);
}

static void session_lines(const uint8_t *data, size_t size)
{
    struct perf_session session = {.cores = 0};
    char *text = malloc(size + 1);
    if (!text)
        abort();
    memcpy(text, data, size);
    text[size] = '\0';
    for (char *rest = text, *line; (line = strsep(&rest, "\n"));)
        perf_session_line(&session, line);
    if (memchr(session.command, 0, sizeof(session.command)) == NULL ||
        memchr(session.events, 0, sizeof(session.events)) == NULL)
        abort();
    perf_session_free(&session);
    free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct kept k = {
        .calls = perf_calls_new(true, true), .paths = perf_paths_new(), .spaces = spaces_new(1000)};
    struct perf_script *p = perf_script_new(record_keep, &k);
    if (!p || !k.calls || !k.paths || !k.spaces)
        abort();
    /* what sort of session it is follows from its size: whole, a part of the beginnings, of the ends, of
     * both; of a machine with 64 bits, or with 32 */
    perf_calls_limit(k.calls, &(struct perf_calls_limits){.begins_partly = size & 1,
                                                          .ends_partly = size & 2,
                                                          .no_pairs = (size & 3) == 3});
    perf_script_set_machine(p, size & 4 ? "armv7l" : "x86_64");
    for (size_t at = 0, piece; at < size; at += piece) {
        piece = size - at < 61 ? size - at : 61;
        perf_script_feed(p, (const char *)data + at, piece);
    }
    perf_script_end(p);
    rows_check(&k);
    perf_script_free(p);
    perf_calls_free(k.calls);
    perf_paths_free(k.paths);
    spaces_free(k.spaces);
    session_lines(data, size);
    return 0;
}
