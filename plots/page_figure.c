/* See page_figure.h. */
#include "plots/page_figure.h"

#include "plots/folder.h"
#include "plots/html.h"
#include "plots/svg.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static int part_read(const char *folder, const char *name, const char *suffix, char **bytes, size_t *size,
                     struct error *err)
{
    char *path = NULL;
    const int rc = asprintf(&path, "%s/%s%s", folder, name, suffix) < 0
                       ? -ENOMEM
                       : folder_file_read(path, bytes, size, err);
    free(path);
    return rc;
}

static int picture_write(FILE *out, const struct figure *f, const char *svg, size_t rows, struct inks *inks,
                         struct error *err)
{
    double width, height;
    int rc = svg_size(svg, &width, &height);
    if (rc == 0) {
        fputs("<div class=\"picture\" tabindex=\"0\" role=\"group\" aria-label=\"Picture: ", out);
        html_text(out, f->title);
        fprintf(out,
                "\"><svg viewBox=\"0 0 %.0f %.0f\" role=\"img\" aria-labelledby=\"%s-title\" "
                "aria-describedby=\"%s-desc\"><title id=\"%s-title\">",
                width, height, f->name, f->name, f->name);
        html_text(out, f->title);
        fprintf(out, "</title><desc id=\"%s-desc\">", f->name);
        html_text(out, f->caption);
        fputs("</desc>\n", out);
        rc = svg_write(out, svg, inks, rows);
        fputs("</svg></div>\n", out);
    }
    return rc == -EPROTO
               ? error_set(err, rc,
                           "gnuplot drew '%s' in a way that heapwait can't read: use version 5.4 of it",
                           f->name)
               : rc;
}

static void caption_write(FILE *out, const struct figure *f, size_t number)
{
    fprintf(out, "<figcaption><b>Figure %zu. ", number);
    html_text(out, f->title);
    fputs(".</b> ", out);
    html_prose(out, f->caption);
    fputs("</figcaption>\n", out);
}

/* Returns how much of the data the page has room for: whole lines. */
static size_t data_shown(const char *tsv, size_t size, size_t room)
{
    if (size <= room)
        return size;
    const char *end = memrchr(tsv, '\n', room);
    return end ? (size_t)(end + 1 - tsv) : 0;
}

/* Returns how many rows there are, below the line of names. */
static size_t rows_count(const char *tsv, size_t size)
{
    size_t lines = 0;
    for (size_t i = 0; i < size; i++)
        lines += tsv[i] == '\n';
    return lines ? lines - 1 : 0;
}

static void data_write(FILE *out, const struct figure *f, const char *tsv, size_t size, size_t shown)
{
    const size_t rows = rows_count(tsv, size);
    char *text = strndup(tsv, shown);
    fprintf(out, "<details class=\"data\"><summary>The numbers behind it: %zu row%s</summary>\n", rows,
            rows == 1 ? "" : "s");
    if (shown < size)
        fprintf(out, "<p>Only the beginning; all of it is in data/%s.tsv.</p>\n", f->name);
    fprintf(out, "<pre data-file=\"%s.tsv\" tabindex=\"0\" aria-label=\"Data of %s\">", f->name, f->name);
    for (char *line, *rest = text;
         (line = strsep(&rest, "\n")) && rest;) { /* a newline is no text to html_text() */
        for (char *field; (field = strsep(&line, "\t"));) {
            html_text(out, field);
            fputs(line ? "\t" : "\n", out);
        }
    }
    fputs("</pre></details>\n", out);
    free(text);
}

static void undrawn_write(FILE *out, const struct figure *figure)
{
    fputs("<figcaption class=\"undrawn\"><b>", out);
    html_text(out, figure->title);
    fputs(".</b> Not drawn: ", out);
    html_prose(out, figure->undrawable);
    fputs(".</figcaption></figure>\n", out);
}

int page_figure_write(FILE *out, const struct figure *figure, size_t number, const char *folder,
                      struct inks *inks, size_t *room, struct error *err)
{
    char *svg = NULL, *tsv = NULL;
    size_t size = 0, svg_bytes;
    fprintf(out, "<figure id=\"%s\">\n", figure->name);
    if (figure->undrawable) {
        undrawn_write(out, figure);
        return 0;
    }
    int rc = part_read(folder, figure->name, ".tsv", &tsv, &size, err);
    if (rc == 0)
        rc = part_read(folder, figure->name, ".page.svg", &svg, &svg_bytes, err);
    if (rc == 0) {
        const size_t shown = data_shown(tsv, size, *room);
        *room -= shown;
        rc = picture_write(out, figure, svg, rows_count(tsv, shown), inks, err);
        caption_write(out, figure, number);
        data_write(out, figure, tsv, size, shown);
        fputs("</figure>\n", out);
    }
    free(svg);
    free(tsv);
    return rc;
}
