/* See svg_places.h. */
#include "plots/svg_places.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>

#define LEAST  3.0  /* what is thinner is hard to hit */
#define AROUND 14.0 /* a point's */
#define MOST   1e9  /* rows */

struct svg_place {
    bool is_panel, is_whole; /* is_whole: both corners are noted */
    size_t number;
    double x, y, width, height;
};

/* Returns the place of that number whose second corner is still missing: they come in the order of the first
 * ones. */
static struct svg_place *open_find(struct svg_places *p, bool is_panel, size_t number)
{
    for (size_t n = 0; n < p->count; n++) {
        const size_t i = (p->completed + n) % p->count;
        struct svg_place *place = &p->items[i];
        if (!place->is_whole && place->is_panel == is_panel && place->number == number) {
            p->completed = i;
            return place;
        }
    }
    return NULL;
}

static void first_note(struct svg_places *p, bool is_panel, size_t number, double x, double y)
{
    if (!(p->count & (p->count - 1))) { /* at each power of two there is room for as many again */
        struct svg_place *grown = realloc(p->items, (p->count ? 2 * p->count : 1) * sizeof *grown);
        if (!grown) {
            p->failed = true;
            return;
        }
        p->items = grown;
    }
    p->items[p->count++] = (struct svg_place){is_panel, false, number, x, y, 0, 0};
}

void svg_places_note(struct svg_places *places, struct svg_span text, double x, double y)
{
    const bool is_panel = svg_span_begins(text, "panel ");
    double number;
    if (places->failed || (!is_panel && !svg_span_begins(text, "row ")) || !svg_span_number(&text, &number) ||
        number < 0 || number > MOST)
        return;
    if (svg_span_begins(text, " a")) {
        first_note(places, is_panel, (size_t)number, x, y);
        return;
    }
    struct svg_place *place = open_find(places, is_panel, (size_t)number);
    if (!place)
        return;
    *place = (struct svg_place){
        is_panel,          true, (size_t)number, fmin(place->x, x), fmin(place->y, y), fabs(place->x - x),
        fabs(place->y - y)};
}

/* Makes what is too thin for a pointer thicker, about its middle. */
static void widen(double *at, double *length, double least)
{
    if (*length >= least)
        return;
    *at -= (least - *length) / 2;
    *length = least;
}

/* Panels in their order, then rows, the largest first: the small ones lie on top. */
static int place_compare(const void *a, const void *b)
{
    const struct svg_place *x = a, *y = b;
    const double one = x->width * x->height, other = y->width * y->height;
    if (x->is_panel != y->is_panel)
        return x->is_panel ? -1 : 1;
    if (!x->is_panel && (one > other || one < other))
        return one > other ? -1 : 1;
    return x->number < y->number ? -1 : x->number > y->number;
}

int svg_places_write(struct svg_places *places, FILE *out, size_t rows)
{
    if (places->failed)
        return -ENOMEM;
    for (size_t i = 0; i < places->count; i++) {
        struct svg_place *p = &places->items[i];
        const double least = p->width < 0.01 && p->height < 0.01 ? AROUND : LEAST;
        widen(&p->x, &p->width, least);
        widen(&p->y, &p->height, least);
    }
    if (places->count)
        qsort(places->items, places->count, sizeof *places->items, place_compare);
    fputs("<g class=\"places\">\n", out);
    for (size_t i = 0; i < places->count; i++) {
        const struct svg_place *p = &places->items[i];
        if (!p->is_whole || (!p->is_panel && p->number >= rows))
            continue;
        fprintf(out, "<rect data-%s=\"%zu\" x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"%.1f\"/>\n",
                p->is_panel ? "panel" : "row", p->number, p->x, p->y, p->width, p->height);
    }
    fputs("</g>\n", out);
    return 0;
}

void svg_places_free(struct svg_places *places)
{
    free(places->items);
    *places = (struct svg_places){0};
}
