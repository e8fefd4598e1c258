/* The colours of the HTML page's figures: each is a variable of the style sheet, with a value for paper and
 * one for the dark.  A set grows as figures are written; its style is written at the end. */
#ifndef HEAPWAIT_INKS_H
#define HEAPWAIT_INKS_H

#include <stdint.h>
#include <stdio.h>

/* What is drawn in a colour: words must be read, shapes be seen and told apart. */
enum ink_use { INK_SHAPE, INK_WORDS, INK_USES };

enum { INKS_MOST = 256 }; /* of one page: what is beyond has the colour of words */

struct inks {
    struct ink_pair {
        uint32_t colour; /* 0xRRGGBB, as on paper */
        enum ink_use use;
    } items[INKS_MOST];
    size_t count;
};

/* Writes "var(--...)", which stands for that colour, and takes it into the set. */
void inks_write(FILE *out, struct inks *inks, uint32_t colour, enum ink_use use);
/* Writes the variables' definitions, for paper and for the dark. */
void inks_style(FILE *out, const struct inks *inks);

/* Returns the colour that stands in the dark for that of paper. */
uint32_t inks_dark(uint32_t colour, enum ink_use use);
/* Returns the contrast of two colours, between 1 and 21: WCAG 2.1's contrast ratio, of sRGB's relative
 * luminance. */
double inks_contrast(uint32_t a, uint32_t b);

/* The page's grounds. */
enum { INKS_PAPER = 0xFFFFFF, INKS_DARK_PAPER = 0x12171C };

#endif
