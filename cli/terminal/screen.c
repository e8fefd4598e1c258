/* See screen.h. */
#include "cli/terminal/screen.h"

#include "analysis/base/text.h"
#include "cli/terminal/terminal.h"

#include <stdlib.h>
#include <string.h>

#define ELLIPSIS "\u2026"

struct line {
    char *text;
    unsigned rank;
    size_t unit; /* lines of a paragraph have the same: they are left out together */
    bool strong;
};

struct screen {
    struct line *lines;
    size_t count, room, units;
    unsigned width;
    bool failed; /* memory ran out: the page is not whole */
};

struct screen *screen_new(unsigned width)
{
    struct screen *p = calloc(1, sizeof(*p));
    if (p)
        p->width = width;
    return p;
}

/* Adds a line, which is the page's from now on. */
static void line_add(struct screen *p, unsigned rank, bool strong, char *text)
{
    if (p->count == p->room) {
        const size_t room = p->room ? 2 * p->room : 32;
        struct line *lines = reallocarray(p->lines, room, sizeof(*lines));
        if (!lines) {
            p->failed = true;
            free(text);
            return;
        }
        p->lines = lines;
        p->room = room;
    }
    p->failed = p->failed || !text;
    p->lines[p->count++] = (struct line){text, rank, p->units, strong};
}

/* Returns how many bytes of `text` fit into `width` columns. */
static size_t fitting(const char *text, unsigned width)
{
    const char *end = text;
    for (const char *next = text; *next; end = next) {
        text_next(&next);
        char *part = strndup(text, (size_t)(next - text));
        const unsigned used = part ? table_cells_width(part) : 0;
        free(part);
        if (used > width)
            break;
    }
    return (size_t)(end - text);
}

/* Returns how many bytes of `text` make the next line of `width` columns: up to a space, if there is one. */
static size_t line_length(const char *text, unsigned width)
{
    const size_t fits = fitting(text, width);
    if (!text[fits] || text[fits] == ' ')
        return fits;
    size_t at = fits;
    while (at && text[at - 1] != ' ')
        at--;
    const char *next = text;
    if (!at && !fits)
        text_next(&next); /* a character that is wider than the line: it has to go somewhere */
    return at ? at : fits ? fits : (size_t)(next - text);
}

static char *line_text(const char *label, const char *text, size_t length, bool cut)
{
    char *line = NULL;
    while (length && text[length - 1] == ' ')
        length--;
    return asprintf(&line, "%s%.*s%s", label, (int)length, text, cut ? ELLIPSIS : "") < 0 ? NULL : line;
}

static void paragraph_add(struct screen *p, unsigned rank, bool strong, const char *label, const char *text,
                          size_t most)
{
    const unsigned margin = table_cells_width(label), width = p->width > margin + 8 ? p->width - margin : 8;
    char indent[64];
    snprintf(indent, sizeof(indent), "%*s", (int)(margin < sizeof(indent) ? margin : sizeof(indent) - 1), "");
    p->units++;
    for (size_t n = 1; n <= most && (*text || n == 1); n++) {
        size_t length = line_length(text, width);
        const bool cut = n == most && text[length + strspn(text + length, " ")];
        if (cut)
            length = fitting(text, width - 1);
        line_add(p, rank, strong, line_text(n == 1 ? label : indent, text, length, cut));
        text += length;
        text += strspn(text, " ");
    }
}

void screen_add(struct screen *p, unsigned rank, const char *label, const char *text, size_t most)
{
    if (p && text)
        paragraph_add(p, rank, false, label, text, most);
}

void screen_add_strong(struct screen *p, unsigned rank, const char *label, const char *text, size_t most)
{
    if (p && text)
        paragraph_add(p, rank, true, label, text, most);
}

void screen_add_table(struct screen *p, unsigned rank, const char *indent, const struct table *t)
{
    char *text = NULL;
    size_t size = 0, n = 0;
    FILE *memory = p ? open_memstream(&text, &size) : NULL;
    if (!memory)
        return;
    const unsigned margin = table_cells_width(indent);
    table_print(t, memory, p->width > margin ? p->width - margin : p->width);
    p->failed = p->failed || fclose(memory);
    enum { TITLES, RULE, FIRST };
    for (char *line = text, *end; line && *line; line = end ? end + 1 : NULL, n++) {
        end = strchr(line, '\n');
        p->units += n == TITLES || n > FIRST;
        if (n != RULE)
            line_add(p, rank + (unsigned)(n > FIRST ? n - FIRST : 0), false,
                     line_text(indent, line, end ? (size_t)(end - line) : strlen(line), false));
    }
    free(text);
}

void screen_add_blank(struct screen *p, unsigned rank)
{
    if (!p)
        return;
    p->units++;
    line_add(p, rank, false, strdup(""));
}

/* Leaves out blank lines at the page's ends, and those behind another one.  Returns how many lines are left.
 */
static size_t blanks_choose(const struct screen *p, bool *left_out)
{
    size_t left = 0, last = p->count;
    for (size_t i = 0; i < p->count; i++) {
        const bool blank = !*p->lines[i].text;
        if (left_out[i])
            continue;
        left_out[i] = blank && (last == p->count || !*p->lines[last].text);
        if (!left_out[i]) {
            last = i;
            left++;
        }
    }
    if (left && !*p->lines[last].text) {
        left_out[last] = true;
        left--;
    }
    return left;
}

/* Marks the lines that are left out, so that `most` stay. */
static void lines_choose(const struct screen *p, bool *left_out, size_t most)
{
    while (blanks_choose(p, left_out) > most) {
        size_t worst = p->count;
        for (size_t i = 0; i < p->count; i++)
            if (!left_out[i] && p->lines[i].rank &&
                (worst == p->count || p->lines[i].rank >= p->lines[worst].rank))
                worst = i;
        if (worst == p->count)
            return;
        for (size_t i = 0; i < p->count; i++)
            left_out[i] = left_out[i] || p->lines[i].unit == p->lines[worst].unit;
    }
}

void screen_print(const struct screen *p, FILE *out, size_t most)
{
    bool *left_out = p && !p->failed ? calloc(p->count + 1, sizeof(*left_out)) : NULL;
    if (!left_out) {
        fputs("(out of memory: a page is missing here)\n", out);
        return;
    }
    lines_choose(p, left_out, most);
    for (size_t i = 0; i < p->count; i++) {
        if (left_out[i])
            continue;
        if (p->lines[i].strong)
            terminal_emphasis_begin(out);
        fputs(p->lines[i].text, out);
        if (p->lines[i].strong)
            terminal_emphasis_end(out);
        fputc('\n', out);
    }
    free(left_out);
}

void screen_free(struct screen *p)
{
    for (size_t i = 0; p && i < p->count; i++)
        free(p->lines[i].text);
    if (p)
        free(p->lines);
    free(p);
}

char *screen_shorten(const char *text, unsigned width)
{
    char *shortened = NULL;
    if (table_cells_width(text) <= width)
        return strdup(text);
    const unsigned tail_width = width / 3;
    const size_t head = fitting(text, width - 1 - tail_width);
    const char *tail = text + head;
    while (table_cells_width(tail) > tail_width)
        text_next(&tail);
    return asprintf(&shortened, "%.*s%s%s", (int)head, text, ELLIPSIS, tail) < 0 ? NULL : shortened;
}
