/* See page_parts.h. */
#include "plots/page_parts.h"

#include "plots/html.h"

#include <stdlib.h>

static void part_add(struct page_parts *parts, struct page_part part)
{
    struct page_part *grown = realloc(parts->items, (parts->count + 1) * sizeof *grown);
    if (!grown || (!part.html && !part.is_figure)) {
        free(part.html);
        parts->failed = true;
    } else {
        grown[parts->count++] = part;
    }
    if (grown)
        parts->items = grown;
}

FILE *page_parts_begin(struct page_parts *parts)
{
    if (text_open(&parts->text) < 0)
        parts->failed = true;
    return parts->text.out;
}

void page_parts_end(struct page_parts *parts, const char *id, const char *title)
{
    if (parts->text.out)
        part_add(parts, (struct page_part){.html = text_take(&parts->text), .id = id, .title = title});
}

void page_parts_section(struct page_parts *parts, const char *id, const char *title)
{
    FILE *out = page_parts_begin(parts);
    if (!out)
        return;
    fprintf(out, "<h2 id=\"%s\">", id);
    html_text(out, title);
    fputs("</h2>\n", out);
    page_parts_end(parts, id, title);
    if (parts->count)
        parts->items[parts->count - 1].is_section = true;
}

void page_parts_figure(struct page_parts *parts, const char *name)
{
    part_add(parts, (struct page_part){.is_figure = true, .id = name});
}

void page_parts_prose(struct page_parts *parts, const char *text)
{
    FILE *out = *text ? page_parts_begin(parts) : NULL;
    if (!out)
        return;
    fputs("<p>", out);
    html_prose(out, text);
    fputs("</p>\n", out);
    page_parts_end(parts, NULL, NULL);
}

void page_parts_free(struct page_parts *parts)
{
    text_drop(&parts->text);
    for (size_t i = 0; i < parts->count; i++)
        free(parts->items[i].html);
    free(parts->items);
    *parts = (struct page_parts){0};
}
