/* See inks.h. */
#include "plots/inks.h"

#include <inttypes.h>
#include <math.h>
#include <stdbool.h>
#include <stddef.h>

/* What has a place of its own in the dark: style.gp's colours of words, axes and grounds; and the palest and
 * the darkest of its classes, which would be too near to the ground, or to each other if they were only
 * lightened. */
static const struct {
    uint32_t paper, dark;
} turning[] = {
    {0x000000, 0xE4E9EE},                                /* gnuplot's own */
    {0x1F2933, 0xE4E9EE},                                /* INK */
    {0x5F6C7B, 0xA3AFBC},                                /* MUTE */
    {0x8A96A3, 0x6E7B88},                                /* AXIS */
    {0xE3E8EE, 0x2A333C},                                /* GRID */
    {INKS_PAPER, INKS_DARK_PAPER}, {0x1F2934, 0x1F2934}, /* ON_PALE */
    {0xFFFFFE, 0xFFFFFE},                                /* ON_DARK */
    {0xFFFFFD, 0x1F2934},                                /* ON_TURNING */
    {0xE4E8ED, 0x3A444E},                                /* asleep, else; others */
    {0x5A1426, 0xFFF6F0},                                /* probes */
    {0x23402E, 0xB7F0C8},                                /* copy */
};

static double linear(uint32_t byte)
{
    const double c = byte / 255.0;
    return c <= 0.03928 ? c / 12.92 : pow((c + 0.055) / 1.055, 2.4);
}

static double luminance(uint32_t colour)
{
    return 0.2126 * linear(colour >> 16 & 0xff) + 0.7152 * linear(colour >> 8 & 0xff) +
           0.0722 * linear(colour & 0xff);
}

double inks_contrast(uint32_t a, uint32_t b)
{
    const double x = luminance(a), y = luminance(b);
    return (fmax(x, y) + 0.05) / (fmin(x, y) + 0.05);
}

/* Returns the colour mixed with white. */
static uint32_t lighten(uint32_t colour, double part)
{
    uint32_t mixed = 0;
    for (unsigned shift = 0; shift < 24; shift += 8) {
        const double byte = colour >> shift & 0xff;
        mixed |= (uint32_t)lround(byte + (255 - byte) * part) << shift;
    }
    return mixed;
}

uint32_t inks_dark(uint32_t colour, enum ink_use use)
{
    const double least = use == INK_WORDS ? 4.5 : 3; /* WCAG 2.1, 1.4.3 and 1.4.11 */
    for (size_t i = 0; i < sizeof turning / sizeof *turning; i++)
        if (colour == turning[i].paper)
            return turning[i].dark;
    uint32_t dark = colour;
    for (int part = 5; inks_contrast(dark, INKS_DARK_PAPER) < least && part <= 100; part += 5)
        dark = lighten(colour, part / 100.0);
    return dark;
}

static char letter(enum ink_use use)
{
    return use == INK_WORDS ? 'w' : 's';
}

void inks_write(FILE *out, struct inks *inks, uint32_t colour, enum ink_use use)
{
    colour &= 0xffffff;
    size_t i = 0;
    while (i < inks->count && (inks->items[i].colour != colour || inks->items[i].use != use))
        i++;
    if (i == INKS_MOST) {
        fputs("currentColor", out);
        return;
    }
    if (i == inks->count)
        inks->items[inks->count++] = (struct ink_pair){colour, use};
    fprintf(out, "var(--%c%06" PRIx32 ")", letter(use), colour);
}

static void variables_write(FILE *out, const struct inks *inks, bool dark)
{
    for (size_t i = 0; i < inks->count; i++) {
        const struct ink_pair *p = &inks->items[i];
        fprintf(out, "--%c%06" PRIx32 ":#%06" PRIx32 ";", letter(p->use), p->colour,
                dark ? inks_dark(p->colour, p->use) : p->colour);
    }
}

void inks_style(FILE *out, const struct inks *inks)
{
    fputs(":root{", out);
    variables_write(out, inks, false);
    fputs("}\n@media screen and (prefers-color-scheme:dark){:root{", out);
    variables_write(out, inks, true);
    fputs("}}\n", out);
}
