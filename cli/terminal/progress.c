/* See progress.h.  The only escape sequences are "clear to the end of the line" and, unless NO_COLOR is set,
 * the colour of the bar. */
#include "cli/terminal/progress.h"

#include "cli/terminal/terminal.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

enum {
    WIDTH = 80, /* never wider, and narrower on a narrower terminal */
    BAR = 24,
    MAX_LINE = 256,
    LINES_IN_ALL = 10, /* if there is no terminal */
};

struct progress {
    FILE *out;
    size_t total, lines;
    bool terminal, colour, drawn;
};

struct progress *progress_new(FILE *out, size_t total)
{
    struct progress *p = calloc(1, sizeof(*p));
    if (!p)
        return NULL;
    *p = (struct progress){
        .out = out, .total = total, .terminal = terminal_obeys(out), .colour = terminal_has_colour(out)};
    return p;
}

char *progress_duration(char *buffer, uint64_t ns)
{
    uint64_t s = ns / 1000000000 + (ns % 1000000000 >= 500000000);
    if (s >= 3600)
        snprintf(buffer, 32, "%" PRIu64 " h %" PRIu64 " min", s / 3600, s % 3600 / 60);
    else if (s >= 60)
        snprintf(buffer, 32, "%" PRIu64 " min %" PRIu64 " s", s / 60, s % 60);
    else
        snprintf(buffer, 32, "%" PRIu64 " s", s);
    return buffer;
}

static void left_format(char *buffer, size_t size, uint64_t left_ns)
{
    char duration[32] = "";
    if (left_ns != UINT64_MAX)
        snprintf(buffer, size, "%s left", progress_duration(duration, left_ns));
    else
        snprintf(buffer, size, "%s", "");
}

void progress_format(char *buffer, size_t size, unsigned width, size_t done, size_t total, const char *label,
                     uint64_t left_ns)
{
    char bar[BAR + 1], left[48], head[MAX_LINE];
    size_t full = total ? done * BAR / total : BAR;
    memset(bar, '.', BAR);
    memset(bar, '#', full > BAR ? BAR : full);
    bar[BAR] = '\0';
    left_format(left, sizeof(left), left_ns);
    /* One column stays free: a terminal wraps when the last one is written. */
    int room = (int)width - 1 - (int)strlen(left) - 1;
    int n = snprintf(head, sizeof(head), "%3zu %% [%s] %zu/%zu  %s", total ? done * 100 / total : 100, bar,
                     done, total, label);
    if (room < 1)
        snprintf(buffer, size, "%.*s", width > 1 ? (int)width - 1 : 0, left);
    else
        snprintf(buffer, size, "%-*.*s %s", room, n < room ? n : room, head, left);
}

static void bar_draw(struct progress *p, size_t done, const char *label, uint64_t left_ns)
{
    char line[MAX_LINE];
    const unsigned width = terminal_width(p->out);
    progress_format(line, sizeof(line), width < WIDTH ? width : WIDTH, done, p->total, label, left_ns);
    fprintf(p->out, "\r%s%s%s\033[K", p->colour ? "\033[36m" : "", line, p->colour ? "\033[0m" : "");
    fflush(p->out);
    p->drawn = true;
}

static void line_print(struct progress *p, size_t done, uint64_t left_ns)
{
    size_t tenth = p->total ? done * LINES_IN_ALL / p->total : LINES_IN_ALL;
    if (tenth <= p->lines)
        return;
    char left[48];
    left_format(left, sizeof(left), left_ns);
    p->lines = tenth;
    fprintf(p->out, "%3zu %%  %zu of %zu%s%s\n", p->total ? done * 100 / p->total : 100, done, p->total,
            *left ? ", about " : "", left);
    fflush(p->out);
}

void progress_show(struct progress *p, size_t done, const char *label, uint64_t left_ns)
{
    if (!p)
        return;
    if (p->terminal)
        bar_draw(p, done, label, left_ns);
    else
        line_print(p, done, left_ns);
}

void progress_hide(struct progress *p)
{
    if (!p || !p->drawn)
        return;
    fputs("\r\033[K", p->out);
    fflush(p->out);
    p->drawn = false;
}

void progress_free(struct progress *p)
{
    progress_hide(p);
    free(p);
}

void progress_phase(FILE *out, const char *what)
{
    if (!terminal_obeys(out))
        return;
    fputs("\r\033[K", out);
    if (what)
        fprintf(out, "heapwait: %s ...", what);
    fflush(out);
}
