/* See top_table.h.  Counts are those of the interval, as they are, not rates: with the usual second they are
 * calls per second, and with any other they still add up. */
#include "cli/top/top_table.h"

#include "analysis/base/text.h"
#include "analysis/readable.h"
#include "cli/terminal/table.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { WIDTH_WIDE = 110, TEXT = 48 };

enum column {
    PID,
    COMMAND,
    ALLOCATOR,
    LOCK,
    SLEPT,
    EAGAINS,
    EMPTY,
    WAKING,
    OTHER,
    WAIT,
    CPU,
    SHARE,
    COLUMNS
};

static const struct {
    struct table_column column;
    bool wide; /* only where there is room */
} columns[COLUMNS] = {
    {{"pid", true, false}, false},       {{"command", false, true}, false},
    {{"malloc of", false, false}, true}, {{"hottest lock", false, true}, false},
    {{"slept", true, false}, false},     {{"EAGAIN", true, false}, false},
    {{"empty", true, false}, false},     {{"waking", true, false}, true},
    {{"other", true, false}, true},      {{"waiting", true, false}, false},
    {{"CPU", true, false}, false},       {{"of it", true, false}, false},
};

static const char *cpu_write(char *buffer, const struct live_process *p, uint64_t interval_ns)
{
    if (p->cpu_ns < 0 || !interval_ns)
        return NULL;
    snprintf(buffer, TEXT, "%.0f" UNIT_SPACE "%%", 100.0 * (double)p->cpu_ns / (double)interval_ns);
    return buffer;
}

/* Writes how much of the process's CPU time went into calls for malloc's locks.  Few calls are timed and
 * stand for all: the estimate may come out above the whole, and is cut there. */
static const char *share_write(char *buffer, const struct live_process *p)
{
    if (p->cpu_ns < 0)
        return NULL;
    double share = p->cpu_ns ? (double)p->malloc.oncpu_ns / (double)p->cpu_ns : 0;
    return number_share(buffer, share > 1 ? 1 : share);
}

static void row_add(struct table *t, const struct live_process *p, uint64_t interval_ns, bool wide)
{
    char text[COLUMNS][TEXT];
    const struct live_calls *c = &p->malloc;
    const bool is_malloc = p->hottest.allocator != NULL;
    snprintf(text[PID], TEXT, "%" PRIu32, p->pid);
    const char *all[COLUMNS] = {
        [PID] = text[PID],
        [COMMAND] = p->comm,
        [ALLOCATOR] = is_malloc ? p->hottest.allocator : "",
        [LOCK] = is_malloc ? p->hottest.name : "",
        [SLEPT] = number_count(text[SLEPT], c->slept),
        [EAGAINS] = number_count(text[EAGAINS], c->eagain),
        [EMPTY] = number_count(text[EMPTY], c->empty),
        [WAKING] = number_count(text[WAKING], c->waking),
        [OTHER] = number_count(text[OTHER], c->other),
        [WAIT] = number_ns(text[WAIT], c->wait_ns),
        [CPU] = cpu_write(text[CPU], p, interval_ns),
        [SHARE] = share_write(text[SHARE], p),
    };
    const char *cells[COLUMNS];
    size_t n = 0;
    for (size_t i = 0; i < COLUMNS; i++)
        if (wide || !columns[i].wide)
            cells[n++] = all[i];
    table_add(t, cells);
}

static void table_make(const struct live_view *view, size_t rows, FILE *out, unsigned width)
{
    struct table_column chosen[COLUMNS];
    const bool wide = width >= WIDTH_WIDE;
    size_t n = 0;
    for (size_t i = 0; i < COLUMNS; i++)
        if (wide || !columns[i].wide)
            chosen[n++] = columns[i].column;
    struct table *t = table_new(chosen, n);
    for (size_t i = 0; i < rows; i++)
        row_add(t, &view->processes[i], view->interval_ns, wide);
    table_print(t, out, width);
    table_free(t);
}

static void head_print(const struct live_view *view, FILE *out, unsigned width, bool bold)
{
    char clock[16], interval[32], count[32], line[256];
    time_t now = time(NULL);
    struct tm tm;
    localtime_r(&now, &tm);
    strftime(clock, sizeof(clock), "%H:%M:%S", &tm);
    fputs(bold ? "\033[1m" : "", out);
    int n = snprintf(line, sizeof(line), "%s  futex calls for malloc's locks in %s; ", clock,
                     number_ns(interval, view->interval_ns));
    if (view->lost)
        snprintf(line + n, sizeof(line) - (size_t)n, "LOST: %s (most: %s)", number_count(count, view->lost),
                 view->lost_reason);
    else
        snprintf(line + n, sizeof(line) - (size_t)n, "lost: nothing");
    table_paragraph_print(line, "", "  ", out, width);
    fputs(bold ? "\033[0m" : "", out);
}

/* Prints what else there was: a word without a name may be malloc's, which nobody can know. */
static void others_print(const struct live_view *view, FILE *out, unsigned width)
{
    const struct live_process *most = NULL;
    uint64_t calls = 0;
    char number[32], unnamed[32], *text = NULL, *whose = NULL;
    for (size_t i = 0; i < view->count; i++) {
        const struct live_process *p = &view->processes[i];
        uint64_t own = live_calls_all(&p->others);
        calls += own;
        if (p->hottest.name && !p->hottest.allocator && (!most || own > live_calls_all(&most->others)))
            most = p;
    }
    char *name = most ? readable_text(most->hottest.name) : NULL;
    if (name && asprintf(&whose, "; beside those above most by %s (pid %" PRIu32 "), for %s", most->comm,
                         most->pid, name) < 0)
        whose = NULL;
    free(name);
    bool some = view->unnamed > 0;
    if (asprintf(&text, "calls for other words: %s%s%s%s%s", number_count(number, calls), some ? " (" : "",
                 some ? number_count(unnamed, view->unnamed) : "",
                 some ? " more, of words not named yet, will be shown)" : "", whose ? whose : "") < 0)
        text = NULL;
    if (text)
        table_paragraph_print(text_clean(text), "", "  ", out, width);
    free(text);
    free(whose);
}

void top_table_print(const struct live_view *view, FILE *out, unsigned width, unsigned rows, bool bold)
{
    size_t with = 0;
    while (with < view->count && live_calls_all(&view->processes[with].malloc))
        with++;
    /* processes that were asked for are there with zeros, too */
    size_t shown = view->asked ? view->count : with;
    size_t cut = shown > rows ? rows : shown;
    char number[32];
    head_print(view, out, width, bold);
    if (shown)
        table_make(view, cut, out, width);
    if (cut < shown)
        fprintf(out, "and %s more processes\n", number_count(number, shown - cut));
    if (!with)
        fputs("no process made a futex call for a lock that is known to be malloc's\n", out);
    others_print(view, out, width);
}
