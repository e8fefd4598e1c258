/* See svg.h. */
#include "plots/svg.h"

#include "plots/html.h"
#include "plots/svg_places.h"
#include "plots/svg_tags.h"

#include <errno.h>
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#define HAIR   0.05  /* a thinner line is none */
#define EQUAL  0.015 /* gnuplot rounds to hundredths */
#define MARKER 1.7   /* how much larger than its own gnuplot's markers are on paper */

/* How a path is painted: neighbours of one paint are one path. */
struct paint {
    bool is_open, fills;
    uint32_t colour;
    double width, opacity;
    struct svg_span dashes;
};

/* How the next text is set. */
struct setting {
    double x, y, turn, size;
    uint32_t colour;
    char anchor; /* s, m, e */
    bool bold, has_ground;
};

struct writer {
    FILE *out;
    struct inks *inks;
    struct svg_places places;
    struct svg_span hypertext; /* of the next marker */
    struct paint paint;
    struct setting text;
    bool ground_next;      /* the next text is this one once more, on a ground */
    double width;          /* of lines */
    size_t depth, plot_at; /* of groups; that of the plot we are in, 0: in none */
    bool inside;           /* of the canvas */
};

static void number_write(FILE *out, double n)
{
    char text[32];
    snprintf(text, sizeof text, "%.2f", n);
    for (char *end = text + strlen(text) - 1; *end == '0'; end--)
        *end = '\0';
    const size_t length = strlen(text);
    fprintf(out, "%.*s", (int)(length - (text[length - 1] == '.')), text);
}

static void point_write(FILE *out, char command, double x, double y)
{
    fputc(command, out);
    number_write(out, x);
    fputc(' ', out);
    number_write(out, y);
}

static void attribute_number(FILE *out, const char *name, double n)
{
    fprintf(out, " %s=\"", name);
    number_write(out, n);
    fputc('"', out);
}

static void path_close(struct writer *w)
{
    if (w->paint.is_open)
        fputs("\"/>\n", w->out);
    w->paint.is_open = false;
}

/* Writes the numbers of a list of dashes. */
static void dashes_write(FILE *out, struct svg_span dashes)
{
    double n;
    fputs(" stroke-dasharray=\"", out);
    for (bool first = true; svg_span_number(&dashes, &n); first = false) {
        fputs(first ? "" : " ", out);
        number_write(out, n);
    }
    fputc('"', out);
}

static bool is_same_paint(const struct paint *a, const struct paint *b)
{
    return a->is_open && a->fills == b->fills && a->colour == b->colour && fabs(a->width - b->width) < 1e-6 &&
           fabs(a->opacity - b->opacity) < 1e-6 && a->dashes.length == b->dashes.length &&
           (!a->dashes.length || !memcmp(a->dashes.at, b->dashes.at, a->dashes.length));
}

static void path_open(struct writer *w, const struct paint *paint)
{
    if (is_same_paint(&w->paint, paint))
        return;
    path_close(w);
    w->paint = *paint;
    w->paint.is_open = true;
    fputs(paint->fills ? "<path fill=\"" : "<path fill=\"none\" stroke=\"", w->out);
    inks_write(w->out, w->inks, paint->colour, INK_SHAPE);
    fputc('"', w->out);
    if (!paint->fills)
        attribute_number(w->out, "stroke-width", paint->width);
    if (paint->opacity < 1)
        attribute_number(w->out, "opacity", paint->opacity);
    if (paint->dashes.length)
        dashes_write(w->out, paint->dashes);
    fputs(" d=\"", w->out);
}

/* Writes a rectangle in few bytes; there are many. */
static bool rectangle_write(FILE *out, struct svg_span points)
{
    double x[5], y[5];
    size_t n = 0;
    while (n < 5 && svg_span_number(&points, &x[n]) && svg_span_number(&points, &y[n]))
        n++;
    const bool closed = n == 5 && fabs(x[4] - x[0]) < EQUAL && fabs(y[4] - y[0]) < EQUAL;
    if ((n != 4 && !closed) || points.length > 4 || fabs(x[0] - x[2]) < EQUAL || fabs(y[0] - y[2]) < EQUAL)
        return false;
    const bool across = fabs(y[0] - y[1]) < EQUAL && fabs(x[1] - x[2]) < EQUAL && fabs(y[2] - y[3]) < EQUAL &&
                        fabs(x[3] - x[0]) < EQUAL,
               along = fabs(x[0] - x[1]) < EQUAL && fabs(y[1] - y[2]) < EQUAL && fabs(x[2] - x[3]) < EQUAL &&
                       fabs(y[3] - y[0]) < EQUAL;
    if (!across && !along)
        return false;
    point_write(out, 'M', x[0], y[0]);
    fputc('H', out);
    number_write(out, x[2]);
    fputc('V', out);
    number_write(out, y[2]);
    fputc('H', out);
    number_write(out, x[0]);
    fputc('Z', out);
    return true;
}

static void stroke_write(struct writer *w, const struct svg_tag *tag)
{
    struct svg_span d = svg_tag_value(tag, "d");
    const struct paint paint = {.colour = svg_tag_colour(tag, "stroke", 0),
                                .width = w->width,
                                .opacity = svg_tag_number(tag, "opacity", 1),
                                .dashes = svg_tag_value(tag, "stroke-dasharray")};
    if (!d.at || w->width < HAIR)
        return;
    path_open(w, &paint);
    if (memchr(d.at, 'Z', d.length) && rectangle_write(w->out, d))
        return;
    while (d.length) {
        const char command = *d.at;
        double x, y;
        if (command == 'Z')
            fputc('Z', w->out);
        d = (struct svg_span){d.at + 1, d.length - 1};
        if ((command == 'M' || command == 'L') && svg_span_number(&d, &x) && svg_span_number(&d, &y))
            point_write(w->out, command, x, y);
    }
}

static void polygon_write(struct writer *w, const struct svg_tag *tag)
{
    struct svg_span points = svg_tag_value(tag, "points");
    const struct paint paint = {.fills = true,
                                .colour = svg_tag_colour(tag, "fill", 0),
                                .opacity = svg_tag_number(tag, "fill-opacity", 1)};
    double x, y;
    if (!points.at)
        return;
    path_open(w, &paint);
    if (rectangle_write(w->out, points))
        return;
    for (char command = 'M'; svg_span_number(&points, &x) && svg_span_number(&points, &y); command = 'L')
        point_write(w->out, command, x, y);
    fputc('Z', w->out);
}

/* A marker is one of gnuplot's symbols; with a hypertext it is a place instead. */
static void marker_write(struct writer *w, const struct svg_tag *tag)
{
    struct svg_span symbol = svg_tag_value(tag, "xlink:href"), place = svg_tag_value(tag, "transform");
    double number, x, y, scale;
    if (!svg_span_number(&place, &x) || !svg_span_number(&place, &y) || !svg_span_number(&place, &scale))
        return;
    if (w->hypertext.at) {
        svg_places_note(&w->places, w->hypertext, x, y);
        w->hypertext = (struct svg_span){NULL, 0};
        return;
    }
    if (scale <= 0 || !svg_span_begins(symbol, "#gpPt") || !svg_span_number(&symbol, &number) || number < 0 ||
        number > 14)
        return;
    path_close(w);
    fprintf(w->out, "<use href=\"#marker-%d\" transform=\"translate(", (int)number);
    point_write(w->out, ' ', x, y);
    fputs(") scale(", w->out);
    number_write(w->out, scale * MARKER);
    fputs(")\" color=\"", w->out);
    inks_write(w->out, w->inks, svg_tag_colour(tag, "color", 0), INK_SHAPE);
    fputs("\"/>\n", w->out);
}

/* Takes what a group around a text tells. */
static void setting_read(struct writer *w, const struct svg_tag *tag)
{
    struct setting *t = &w->text;
    struct svg_span place = svg_tag_value(tag, "transform"), anchor = svg_tag_value(tag, "text-anchor"),
                    family = svg_tag_value(tag, "font-family");
    *t = (struct setting){.size = svg_tag_number(tag, "font-size", 12),
                          .colour = svg_tag_colour(tag, "fill", 0),
                          .anchor = svg_span_begins(anchor, "m")   ? 'm'
                                    : svg_span_begins(anchor, "e") ? 'e'
                                                                   : 's',
                          .bold = family.at && memmem(family.at, family.length, ":Bold", 5) != NULL,
                          .has_ground = svg_span_begins(svg_tag_value(tag, "style"), "filter")};
    if (!svg_span_number(&place, &t->x) || !svg_span_number(&place, &t->y))
        return;
    svg_span_number(&place, &t->turn);
}

/* Writes a text, for which gnuplot wrote the same before if it stands on a ground. */
static void text_write(struct writer *w, const char *text)
{
    const struct setting *t = &w->text;
    if (t->has_ground) {
        w->ground_next = true;
        return;
    }
    text += strspn(text, " ");
    if (*text) {
        path_close(w);
        fputs("<text", w->out);
        attribute_number(w->out, "x", t->x);
        attribute_number(w->out, "y", t->y);
        attribute_number(w->out, "font-size", t->size);
        if (t->turn > 0 || t->turn < 0) {
            fputs(" transform=\"rotate(", w->out);
            number_write(w->out, t->turn);
            point_write(w->out, ' ', t->x, t->y);
            fputs(")\"", w->out);
        }
        if (t->anchor != 's')
            fputs(t->anchor == 'm' ? " text-anchor=\"middle\"" : " text-anchor=\"end\"", w->out);
        if (t->bold || w->ground_next)
            fprintf(w->out, " class=\"%s%s\"", t->bold ? "bold" : "", w->ground_next ? " ground" : "");
        fputs(" fill=\"", w->out);
        inks_write(w->out, w->inks, t->colour, INK_WORDS);
        fputs("\">", w->out);
        html_text(w->out, text);
        fputs("</text>\n", w->out);
    }
    w->ground_next = false;
}

/* Appends text with its entities undone; only those that gnuplot writes are known. */
static void unescape(FILE *out, struct svg_span from)
{
    static const struct {
        const char *entity;
        char c;
    } entities[] = {{"&lt;", '<'}, {"&gt;", '>'}, {"&amp;", '&'}, {"&quot;", '"'}, {"&apos;", '\''}};
    for (size_t i = 0; i < from.length;) {
        size_t e = 0;
        const struct svg_span rest = {from.at + i, from.length - i};
        while (e < sizeof entities / sizeof *entities && !svg_span_begins(rest, entities[e].entity))
            e++;
        const bool known = e < sizeof entities / sizeof *entities;
        fputc(known ? entities[e].c : from.at[i], out);
        i += known ? strlen(entities[e].entity) : 1;
    }
}

/* Reads from behind <text> to </text>, with whatever spans are in it. */
static int text_read(struct writer *w, const char **source)
{
    struct svg_tag tag;
    char *text = NULL;
    size_t size;
    FILE *out = open_memstream(&text, &size);
    if (!out)
        return -ENOMEM;
    while (svg_tag_next(source, &tag)) {
        unescape(out, tag.before);
        if (svg_tag_is(&tag, "text"))
            break;
        const struct svg_span weight = svg_tag_value(&tag, "font-weight");
        w->text.bold |= svg_span_begins(weight, "bold");
    }
    const int rc = fclose(out) == 0 ? 0 : -ENOMEM;
    if (rc == 0)
        text_write(w, text);
    free(text);
    return rc;
}

static void group_open(struct writer *w, const struct svg_tag *tag)
{
    const struct svg_span id = svg_tag_value(tag, "id"), hint = svg_tag_value(tag, "onmousemove");
    const char *said = hint.at ? memchr(hint.at, '\'', hint.length) : NULL;
    w->depth++;
    if (svg_span_begins(id, "gnuplot_canvas")) {
        w->inside = true;
    } else if (svg_span_begins(id, "gnuplot_plot_")) {
        path_close(w);
        w->plot_at = w->depth;
        fputs("<g class=\"plot\">\n", w->out);
    } else if (said) {
        w->hypertext = (struct svg_span){said + 1, hint.length - (size_t)(said + 1 - hint.at)};
    } else if (svg_tag_value(tag, "font-size").at) {
        setting_read(w, tag);
    } else {
        w->width = svg_tag_number(tag, "stroke-width", w->width);
    }
}

static void group_close(struct writer *w)
{
    if (w->depth == w->plot_at) {
        path_close(w);
        w->plot_at = 0;
        fputs("</g>\n", w->out);
    }
    w->depth -= w->depth > 0;
}

/* Passes over an element that means nothing to the page. */
static void element_skip(const char **source, const char *name)
{
    struct svg_tag tag;
    while (svg_tag_next(source, &tag) && !(tag.closes && svg_tag_is(&tag, name)))
        ;
}

static int tag_take(struct writer *w, const struct svg_tag *tag, const char **source)
{
    if (svg_tag_is(tag, "g") && tag->closes)
        group_close(w);
    else if (svg_tag_is(tag, "g") && !tag->is_empty)
        group_open(w, tag);
    else if (tag->closes || !w->inside)
        return 0;
    else if (svg_tag_is(tag, "defs") && !tag->is_empty)
        element_skip(source, "defs");
    else if (svg_tag_is(tag, "title") && !tag->is_empty)
        element_skip(source, "title");
    else if (svg_tag_is(tag, "path"))
        stroke_write(w, tag);
    else if (svg_tag_is(tag, "polygon"))
        polygon_write(w, tag);
    else if (svg_tag_is(tag, "use"))
        marker_write(w, tag);
    else if (svg_tag_is(tag, "text"))
        return text_read(w, source);
    return 0;
}

int svg_write(FILE *out, const char *source, struct inks *inks, size_t rows)
{
    struct writer w = {.out = out, .inks = inks, .width = 1};
    struct svg_tag tag;
    int rc = 0;
    while (rc == 0 && svg_tag_next(&source, &tag))
        rc = tag_take(&w, &tag, &source);
    path_close(&w);
    if (rc == 0)
        rc = !w.inside || w.depth ? -EPROTO : svg_places_write(&w.places, out, rows);
    svg_places_free(&w.places);
    return rc;
}

int svg_size(const char *source, double *width, double *height)
{
    struct svg_tag tag;
    while (svg_tag_next(&source, &tag))
        if (svg_tag_is(&tag, "svg") && !tag.closes) {
            struct svg_span box = svg_tag_value(&tag, "viewBox");
            double x, y;
            return box.at && svg_span_number(&box, &x) && svg_span_number(&box, &y) &&
                           svg_span_number(&box, width) && svg_span_number(&box, height) && *width > 0 &&
                           *height > 0
                       ? 0
                       : -EPROTO;
        }
    return -EPROTO;
}

void svg_symbols(FILE *out)
{
    /* gnuplot's, of its own sizes: plus, cross, star, square, circle, triangle up and down, diamond,
     * pentagon; the second of each pair is filled. */
    static const char *const shapes[] = {"M-1,0h2M0,-1v2",
                                         "M-1,-1L1,1M1,-1L-1,1",
                                         "M-1,0h2M0,-1v2M-1,-1L1,1M1,-1L-1,1",
                                         "M-1,-1h2v2h-2Z",
                                         NULL,
                                         "M-1,0a1,1 0 1 0 2,0a1,1 0 1 0 -2,0Z",
                                         NULL,
                                         "M0,-1.33L-1.33,.67L1.33,.67Z",
                                         NULL,
                                         "M0,1.33L-1.33,-.67L1.33,-.67Z",
                                         NULL,
                                         "M0,-1.414L1.414,0L0,1.414L-1.414,0Z",
                                         NULL,
                                         "M0,1.33L1.265,.411L.782,-1.067L-.782,-1.076L-1.265,.411Z",
                                         NULL};
    fputs("<svg width=\"0\" height=\"0\" aria-hidden=\"true\" class=\"symbols\"><defs>\n", out);
    for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i++)
        fprintf(
            out,
            "<path id=\"marker-%zu\" fill=\"%s\" stroke=\"currentColor\" stroke-width=\".333\" d=\"%s\"/>\n",
            i, shapes[i] ? "none" : "currentColor", shapes[i] ? shapes[i] : shapes[i - 1]);
    fputs("</defs></svg>\n", out);
}
