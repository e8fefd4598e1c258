/* See table.h.  Widths are counted in character cells with a table of our own, not wcwidth(): the layout must
 * not depend on the locale that a test or a cron job happens to run in. */
#include "cli/terminal/table.h"

#include "analysis/base/text.h"
#include "analysis/readable.h"
#include "cli/terminal/terminal.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>

enum {
    GAP = 2,          /* cells between two columns */
    SHRINK_LEAST = 8, /* a shortened column stays at least this wide, but for the last that is left */
    SHRINK_FAIR = 16, /* and this wide while there are columns for wide terminals */
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

/* How a column is printed this time. */
struct slot {
    unsigned width; /* of its widest cell, then of all its cells */
    bool shown;
};

/* Returns the text of a cell, or of the title above it.  NULL: memory ran out when it was added. */
enum { TITLES = -1 };
static const char *text_at(const struct table *t, ssize_t row, size_t column)
{
    return row == TITLES ? t->columns[column].title : t->cells[(size_t)row * t->column_count + column];
}

/* Returns how wide the table is if columns that may shrink are shortened to `least` cells. */
static unsigned width_with(const struct table *t, const struct slot *slots, unsigned least)
{
    unsigned total = 0;
    for (size_t i = 0; i < t->column_count; i++) {
        const bool shortened = t->columns[i].fit & TABLE_SHRINK && slots[i].width > least;
        total += !slots[i].shown ? 0 : (shortened ? least : slots[i].width) + (total ? GAP : 0);
    }
    return total;
}

/* Leaves out, from the right, as many of the columns with `fit` as it takes, but never the first. */
static void columns_leave(const struct table *t, struct slot *slots, unsigned fit, unsigned least,
                          unsigned width)
{
    for (size_t i = t->column_count; i-- > 1 && width_with(t, slots, least) > width;)
        if ((t->columns[i].fit & fit) == fit)
            slots[i].shown = false;
}

/* Takes cells off the widest column that may shrink until the row fits, or nothing is left to take. */
static void columns_shrink(const struct table *t, struct slot *slots, unsigned width)
{
    for (unsigned total = width_with(t, slots, UINT_MAX); total > width; total--) {
        struct slot *widest = NULL;
        for (size_t i = 0; i < t->column_count; i++)
            if (slots[i].shown && t->columns[i].fit & TABLE_SHRINK && slots[i].width > SHRINK_LEAST &&
                (!widest || slots[i].width > widest->width))
                widest = &slots[i];
        if (!widest)
            return;
        widest->width--;
    }
}

/* Returns the columns as they are printed within `width`; to be freed.  NULL: out of memory. */
static struct slot *slots_make(const struct table *t, unsigned width)
{
    struct slot *slots = calloc(t->column_count, sizeof(*slots));
    if (!slots)
        return NULL;
    for (size_t i = 0; i < t->column_count; i++) {
        slots[i].shown = true;
        for (ssize_t row = TITLES; row < (ssize_t)t->row_count; row++) {
            const char *cell = text_at(t, row, i);
            unsigned w = cell ? table_cells_width(cell) : 0;
            if (w > slots[i].width)
                slots[i].width = w;
        }
    }
    columns_leave(t, slots, TABLE_WIDE, SHRINK_FAIR, width);
    columns_leave(t, slots, 0, SHRINK_LEAST, width);
    columns_shrink(t, slots, width);
    if (slots[0].width > width)
        slots[0].width = width;
    return slots;
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

/* Prints a cell, and what takes it to its width; `last`: but for spaces behind it. */
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
        spaces_print(out, behind);
}

static void row_print(const struct table *t, const struct slot *slots, ssize_t row, FILE *out)
{
    size_t last = t->column_count - 1;
    while (!slots[last].shown)
        last--;
    for (size_t i = 0; i <= last; i++)
        if (slots[i].shown) {
            spaces_print(out, i ? GAP : 0);
            cell_print(text_at(t, row, i), slots[i].width, t->columns[i].right, i == last, out);
        }
}

static void titles_print(const struct table *t, const struct slot *slots, FILE *out)
{
    const bool bold = terminal_has_colour(out);
    fputs(bold ? "\033[1m" : "", out);
    row_print(t, slots, TITLES, out);
    fputs(bold ? "\033[0m\n" : "\n", out);
    for (size_t i = 0; i < t->column_count; i++) {
        if (!slots[i].shown)
            continue;
        spaces_print(out, i ? GAP : 0);
        for (unsigned n = 0; n < slots[i].width; n++)
            fputs(RULE, out);
    }
    fputc('\n', out);
}

/* Says which columns had no room. */
static void left_out_print(const struct table *t, const struct slot *slots, FILE *out, unsigned width)
{
    char *text = NULL;
    size_t size = 0, count = 0;
    FILE *memory = open_memstream(&text, &size);
    if (!memory)
        return;
    fprintf(memory, "(no room in %u columns for:", width);
    for (size_t i = 0; i < t->column_count; i++)
        if (!slots[i].shown)
            fprintf(memory, "%s %s", count++ ? "," : "", t->columns[i].title);
    fputc(')', memory);
    if (!fclose(memory) && count)
        table_paragraph_print(text, "", "", out, width);
    free(text);
}

void table_print(const struct table *t, FILE *out, unsigned width)
{
    width = width ? width : terminal_width(out);
    struct slot *slots = t && !t->failed ? slots_make(t, width) : NULL;
    if (!slots) {
        fputs("(out of memory: a table is missing here)\n", out);
        return;
    }
    titles_print(t, slots, out);
    for (size_t row = 0; row < t->row_count; row++) {
        row_print(t, slots, (ssize_t)row, out);
        fputc('\n', out);
    }
    left_out_print(t, slots, out, width);
    free(slots);
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
