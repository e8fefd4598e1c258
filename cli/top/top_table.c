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

/* Behind the title of the column that the rows are sorted by. */
#define FALLING "\u2193"
#define RISING  "\u2191"

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
    bool wide;        /* only where there is room */
    char key;         /* sorts by it */
    const char *hint; /* the key within its title, for who looks for it */
} columns[COLUMNS] = {
    [PID] = {{"pid", true, 0}, false, 'p', "p)id"},
    [COMMAND] = {{"command", false, TABLE_SHRINK}, false, 'c', "c)ommand"},
    [ALLOCATOR] = {{"malloc of", false, 0}, true, 'a', "ma)lloc of"},
    [LOCK] = {{"hottest lock", false, TABLE_SHRINK}, false, 'l', "l)ock"},
    [SLEPT] = {{"slept", true, 0}, false, 's', "s)lept"},
    [EAGAINS] = {{"EAGAIN", true, 0}, false, 'e', "E)AGAIN"},
    [EMPTY] = {{"empty", true, 0}, false, 'm', "em)pty"},
    [WAKING] = {{"waking", true, 0}, true, 'k', "wak)ing"},
    [OTHER] = {{"other", true, 0}, true, 't', "ot)her"},
    [WAIT] = {{"waiting", true, 0}, false, 'w', "w)aiting"},
    [CPU] = {{"CPU", true, 0}, false, 'u', "CPU)"},
    [SHARE] = {{"of it", true, 0}, false, 'o', "o)f it"},
};

static bool column_shown(size_t column, unsigned width)
{
    return !columns[column].wide || width >= WIDTH_WIDE;
}

/* ---- order ---- */

bool top_order_take(struct top_order *order, char key, unsigned width)
{
    for (size_t i = 0; i < COLUMNS; i++)
        if (columns[i].key == key && column_shown(i, width)) {
            *order = (struct top_order){key, order->key == key && !order->reversed};
            return true;
        }
    return false;
}

void top_table_keys_print(FILE *out, unsigned width)
{
    fputs("q)uit  sort:", out);
    for (size_t i = 0; i < COLUMNS; i++)
        if (column_shown(i, width))
            fprintf(out, " %s", columns[i].hint);
}

static const char *cpu_write(char *buffer, const struct live_process *p, uint64_t interval_ns)
{
    if (p->cpu_ns < 0 || !interval_ns)
        return NULL;
    snprintf(buffer, TEXT, "%.0f" UNIT_SPACE "%%", 100.0 * (double)p->cpu_ns / (double)interval_ns);
    return buffer;
}

/* Returns how much of the process's CPU time went into calls for malloc's locks; below 0: not known.  Few
 * calls are timed and stand for all: the estimate may come out above the whole, and is cut there. */
static double share_of(const struct live_process *p)
{
    if (p->cpu_ns < 0)
        return -1;
    double share = p->cpu_ns ? (double)p->malloc.oncpu_ns / (double)p->cpu_ns : 0;
    return share > 1 ? 1 : share;
}

/* Returns a text of the process, as it stands in the table; NULL: the column holds numbers. */
static const char *text_of(const struct live_process *p, enum column column)
{
    const bool is_malloc = p->hottest.allocator != NULL;
    switch (column) {
    case COMMAND:
        return p->comm;
    case ALLOCATOR:
        return is_malloc ? p->hottest.allocator : "";
    case LOCK:
        return is_malloc ? p->hottest.name : "";
    default:
        return NULL;
    }
}

/* Returns a number of the process to sort by; below 0: not known. */
static double number_of(const struct live_process *p, enum column column)
{
    const struct live_calls *c = &p->malloc;
    switch (column) {
    case SLEPT:
        return (double)c->slept;
    case EAGAINS:
        return (double)c->eagain;
    case EMPTY:
        return (double)c->empty;
    case WAKING:
        return (double)c->waking;
    case OTHER:
        return (double)c->other;
    case WAIT:
        return (double)c->wait_ns;
    case CPU:
        return (double)p->cpu_ns;
    case SHARE:
        return share_of(p);
    default:
        return (double)p->pid;
    }
}

/* Numbers come with the most first, texts in the alphabet's order, both the other way round when reversed; of
 * equals the one that stood first stays so. */
static int row_compare(const void *a, const void *b, void *context)
{
    const struct live_process *x = *(const struct live_process *const *)a,
                              *y = *(const struct live_process *const *)b;
    const struct top_order *order = context;
    enum column column = 0;
    while (columns[column].key != order->key)
        column++;
    const char *text = text_of(x, column);
    const double first = text ? 0 : number_of(x, column), second = text ? 0 : number_of(y, column);
    int result = text ? strcmp(text, text_of(y, column)) : (first < second) - (first > second);
    if (!result)
        return x < y ? -1 : x > y;
    return order->reversed ? -result : result;
}

/* Returns the first `count` processes of the view in this order, to be freed.  NULL: out of memory. */
static const struct live_process **rows_sort(const struct live_view *view, size_t count,
                                             const struct top_order *order)
{
    const struct live_process **rows = calloc(count ? count : 1, sizeof(*rows));
    for (size_t i = 0; rows && i < count; i++)
        rows[i] = &view->processes[i];
    struct top_order wanted = *order;
    if (rows && order->key)
        qsort_r(rows, count, sizeof(*rows), row_compare, &wanted);
    return rows;
}

/* ---- the page ---- */

static void row_add(struct table *t, const struct live_process *p, uint64_t interval_ns, unsigned width)
{
    char text[COLUMNS][TEXT];
    const struct live_calls *c = &p->malloc;
    snprintf(text[PID], TEXT, "%" PRIu32, p->pid);
    const char *all[COLUMNS] = {
        [PID] = text[PID],
        [COMMAND] = text_of(p, COMMAND),
        [ALLOCATOR] = text_of(p, ALLOCATOR),
        [LOCK] = text_of(p, LOCK),
        [SLEPT] = number_count(text[SLEPT], c->slept),
        [EAGAINS] = number_count(text[EAGAINS], c->eagain),
        [EMPTY] = number_count(text[EMPTY], c->empty),
        [WAKING] = number_count(text[WAKING], c->waking),
        [OTHER] = number_count(text[OTHER], c->other),
        [WAIT] = number_ns(text[WAIT], c->wait_ns),
        [CPU] = cpu_write(text[CPU], p, interval_ns),
        [SHARE] = share_of(p) < 0 ? NULL : number_share(text[SHARE], share_of(p)),
    };
    const char *cells[COLUMNS];
    size_t n = 0;
    for (size_t i = 0; i < COLUMNS; i++)
        if (column_shown(i, width))
            cells[n++] = all[i];
    table_add(t, cells);
}

static void table_make(const struct live_view *view, const struct live_process *const *processes,
                       size_t count, const struct top_order *order, FILE *out, unsigned width)
{
    struct table_column chosen[COLUMNS];
    char sorted[TEXT];
    size_t n = 0;
    for (size_t i = 0; i < COLUMNS; i++)
        if (column_shown(i, width)) {
            chosen[n] = columns[i].column;
            if (columns[i].key == order->key) {
                const bool falls = chosen[n].right != order->reversed; /* numbers stand at the right */
                snprintf(sorted, sizeof(sorted), "%s%s", chosen[n].title, falls ? FALLING : RISING);
                chosen[n].title = sorted;
            }
            n++;
        }
    struct table *t = table_new(chosen, n);
    for (size_t i = 0; i < count; i++)
        row_add(t, processes[i], view->interval_ns, width);
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

void top_table_print(const struct live_view *view, const struct top_order *order, FILE *out, unsigned width,
                     unsigned rows, bool bold)
{
    size_t with = 0;
    while (with < view->count && live_calls_all(&view->processes[with].malloc))
        with++;
    /* processes that were asked for are there with zeros, too */
    size_t shown = view->asked ? view->count : with;
    size_t cut = shown > rows ? rows : shown;
    char number[32];
    const struct live_process **sorted = rows_sort(view, shown, order);
    head_print(view, out, width, bold);
    if (shown && sorted)
        table_make(view, sorted, cut, order, out, width);
    if (cut < shown)
        fprintf(out, "and %s more processes\n", number_count(number, shown - cut));
    if (!with)
        table_paragraph_print("no process made a futex call for a lock that is known to be malloc's", "",
                              "  ", out, width);
    others_print(view, out, width);
    free(sorted);
}
