/* See table.h.  Widths are counted in character cells with a table of our own, not wcwidth(): the layout must
 * not depend on the locale that a test or a cron job happens to run in. */
#include "cli/terminal/table.h"

#include "analysis/base/text.h"
#include "analysis/readable.h"

#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

enum {
    WIDTH_WITHOUT_TERMINAL = 120,
    GAP = 2,         /* cells between two columns */
    SHRINK_LEAST = 8 /* a shortened column stays at least this wide */
};

#define EN_DASH  "\u2013"
#define ELLIPSIS "\u2026"
#define RULE     "\u2500"

struct table {
    struct table_column *columns;
    size_t column_count;
    char **cells; /* row by row */
    size_t row_count, row_room;
    bool failed; /* memory ran out: the table is not whole */
};

struct range {
    uint32_t first, last;
};

static bool is_in(uint32_t c, const struct range *ranges, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (c >= ranges[i].first && c <= ranges[i].last)
            return true;
    return false;
}

/* Combining marks and joiners take no cell, East Asian and picture characters two (Unicode 15, the main
 * blocks). */
static unsigned character_width(uint32_t c)
{
    static const struct range none[] = {{0x300, 0x36f},   {0x1ab0, 0x1aff}, {0x1dc0, 0x1dff},
                                        {0x200b, 0x200d}, {0x20d0, 0x20ff}, {0xfe00, 0xfe0f},
                                        {0xfe20, 0xfe2f}};
    static const struct range wide[] = {{0x1100, 0x115f},   {0x2e80, 0x303e},  {0x3041, 0xa4cf},
                                        {0xac00, 0xd7a3},   {0xf900, 0xfaff},  {0xfe30, 0xfe6f},
                                        {0xff00, 0xff60},   {0xffe0, 0xffe6},  {0x1f300, 0x1f64f},
                                        {0x1f900, 0x1f9ff}, {0x20000, 0x3fffd}};
    if (is_in(c, none, sizeof(none) / sizeof(*none)))
        return 0;
    return is_in(c, wide, sizeof(wide) / sizeof(*wide)) ? 2 : 1;
}

unsigned table_cells_width(const char *text)
{
    unsigned width = 0;
    for (uint32_t c; (c = text_next(&text));)
        width += character_width(c);
    return width;
}

unsigned table_width(FILE *out)
{
    struct winsize size;
    int fd = fileno(out);
    if (fd >= 0 && isatty(fd) && !ioctl(fd, TIOCGWINSZ, &size) && size.ws_col)
        return size.ws_col;
    return WIDTH_WITHOUT_TERMINAL;
}

bool table_heading_is_bold(FILE *out)
{
    const char *no_color = getenv("NO_COLOR");
    int fd = fileno(out);
    return (!no_color || !*no_color) && fd >= 0 && isatty(fd);
}

struct table *table_new(const struct table_column *columns, size_t count)
{
    struct table *t = calloc(1, sizeof(*t));
    if (t)
        t->columns = calloc(count, sizeof(*columns));
    if (!t || !t->columns) {
        free(t);
        return NULL;
    }
    memcpy(t->columns, columns, count * sizeof(*columns));
    t->column_count = count;
    return t;
}

static bool table_grow(struct table *t)
{
    if (t->row_count < t->row_room)
        return true;
    size_t room = t->row_room ? 2 * t->row_room : 16;
    char **cells = reallocarray(t->cells, room * t->column_count, sizeof(*cells));
    if (!cells)
        return false;
    t->cells = cells;
    t->row_room = room;
    return true;
}

void table_add(struct table *t, const char *const *cells)
{
    if (!t)
        return;
    if (!table_grow(t)) {
        t->failed = true;
        return;
    }
    char **row = t->cells + t->row_count++ * t->column_count;
    for (size_t i = 0; i < t->column_count; i++) {
        row[i] = readable_text(cells[i] ? cells[i] : EN_DASH);
        if (row[i])
            text_clean(row[i]);
        else
            t->failed = true;
    }
}

/* Takes cells off the widest column that may shrink until the row fits, or nothing is left to take. */
static void widths_fit(const struct table *t, unsigned *widths, unsigned width)
{
    unsigned total = GAP * (unsigned)(t->column_count - 1);
    for (size_t i = 0; i < t->column_count; i++)
        total += widths[i];
    for (; total > width; total--) {
        unsigned *widest = NULL;
        for (size_t i = 0; i < t->column_count; i++)
            if (t->columns[i].shrink && widths[i] > SHRINK_LEAST && (!widest || widths[i] > *widest))
                widest = &widths[i];
        if (!widest)
            return;
        --*widest;
    }
}

static unsigned *widths_measure(const struct table *t, unsigned width)
{
    unsigned *widths = calloc(t->column_count, sizeof(*widths));
    if (!widths)
        return NULL;
    for (size_t i = 0; i < t->column_count; i++) {
        widths[i] = table_cells_width(t->columns[i].title);
        for (size_t row = 0; row < t->row_count; row++) {
            const char *cell = t->cells[row * t->column_count + i];
            unsigned w = cell ? table_cells_width(cell) : 0;
            if (w > widths[i])
                widths[i] = w;
        }
    }
    widths_fit(t, widths, width);
    return widths;
}

/* Prints the text's first cells, an ellipsis, and its last cells, `width` in all at most.  Returns how many
 * were used. */
static unsigned shortened_print(const char *text, unsigned width, FILE *out)
{
    unsigned head = width / 2, tail = width - 1 - head, used = 0;
    const char *p = text;
    for (const char *start = p; text_next(&p); start = p) {
        const char *character = start;
        unsigned w = character_width(text_next(&character));
        if (used + w > head)
            break;
        fwrite(start, 1, (size_t)(p - start), out);
        used += w;
    }
    fputs(ELLIPSIS, out);
    unsigned rest = table_cells_width(text);
    for (p = text; rest > tail;) {
        rest -= character_width(text_next(&p));
    }
    fputs(p, out);
    return used + 1 + rest;
}

static void spaces_print(FILE *out, unsigned count)
{
    fprintf(out, "%*s", (int)count, "");
}

/* Prints a cell; `last`: without spaces behind it. */
static void cell_print(const char *text, unsigned width, bool right, bool last, FILE *out)
{
    unsigned own = table_cells_width(text);
    if (right && own < width)
        spaces_print(out, width - own);
    unsigned used = own;
    if (own > width)
        used = shortened_print(text, width, out);
    else
        fputs(text, out);
    unsigned behind = used < width && (!right || own > width) ? width - used : 0;
    if (!last)
        spaces_print(out, GAP + behind);
}

static void titles_print(const struct table *t, const unsigned *widths, FILE *out)
{
    bool bold = table_heading_is_bold(out);
    fputs(bold ? "\033[1m" : "", out);
    for (size_t i = 0; i < t->column_count; i++)
        cell_print(t->columns[i].title, widths[i], t->columns[i].right, i + 1 == t->column_count, out);
    fputs(bold ? "\033[0m\n" : "\n", out);
    for (size_t i = 0; i < t->column_count; i++) {
        for (unsigned n = 0; n < widths[i]; n++)
            fputs(RULE, out);
        spaces_print(out, i + 1 == t->column_count ? 0 : GAP);
    }
    fputc('\n', out);
}

void table_print(const struct table *t, FILE *out, unsigned width)
{
    unsigned *widths = t && !t->failed ? widths_measure(t, width ? width : table_width(out)) : NULL;
    if (!widths) {
        fputs("(out of memory: a table is missing here)\n", out);
        return;
    }
    titles_print(t, widths, out);
    for (size_t row = 0; row < t->row_count; row++) {
        for (size_t i = 0; i < t->column_count; i++)
            cell_print(t->cells[row * t->column_count + i], widths[i], t->columns[i].right,
                       i + 1 == t->column_count, out);
        fputc('\n', out);
    }
    free(widths);
}

void table_free(struct table *t)
{
    if (!t)
        return;
    for (size_t i = 0; i < t->row_count * t->column_count; i++)
        free(t->cells[i]);
    free(t->cells);
    free(t->columns);
    free(t);
}

/* Returns the length in bytes of the next word: up to a space or the end. */
static size_t word_length(const char *text)
{
    return strcspn(text, " ");
}

void table_paragraph_print(const char *text, const char *first, const char *indent, FILE *out, unsigned width)
{
    unsigned used = table_cells_width(first);
    fputs(first, out);
    for (bool start = true; *text; start = false) {
        size_t n = word_length(text);
        char *word = strndup(text, n);
        unsigned w = word ? table_cells_width(word) : 0;
        if (!start && used + 1 + w > width) {
            fprintf(out, "\n%s", indent);
            used = table_cells_width(indent);
        } else if (!start) {
            fputc(' ', out);
            used++;
        }
        fputs(word ? word : "", out);
        used += w;
        free(word);
        text += n + (text[n] == ' ');
    }
    fputc('\n', out);
}
