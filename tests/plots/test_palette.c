/* Colours that mean something can be told apart by everybody: under normal sight, and as people without one
 * of the three kinds of cones see them, on paper and in the dark.  The simulation is that of G. M. Machado,
 * M. M. Oliveira and L. A. F. Fernandes, "A Physiologically-based Model for Simulation of Color Vision
 * Deficiency", IEEE TVCG 15(6), 2009 (severity 1), in linear sRGB; the distance is Euclid's in B. Ottosson's
 * OKLab (2020), times 100. */
#include "analysis/base/datadir.h"
#include "plots/inks.h"
#include "plots/palette.h"
#include "plots/tool.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* Two of one legend.  Colours that differ by 2 are just told apart side by side; these stand apart. */
#define LEAST 8.0

enum { SIGHTS = 4, COLOURS = 16 };

static const struct {
    const char *name;
    double matrix[3][3];
} sights[SIGHTS] = {
    {"normal", {{1, 0, 0}, {0, 1, 0}, {0, 0, 1}}},
    {"protanopia",
     {{0.152286, 1.052583, -0.204868}, {0.114503, 0.786281, 0.099216}, {-0.003882, -0.048116, 1.051998}}},
    {"deuteranopia",
     {{0.367322, 0.860646, -0.227968}, {0.280085, 0.672501, 0.047413}, {-0.011820, 0.042940, 0.968881}}},
    {"tritanopia",
     {{1.255528, -0.076749, -0.178779}, {-0.078411, 0.930809, 0.147602}, {0.004733, 0.691367, 0.303900}}},
};

static double linear(uint32_t byte)
{
    const double c = byte / 255.0;
    return c <= 0.04045 ? c / 12.92 : pow((c + 0.055) / 1.055, 2.4);
}

static void multiply(const double m[3][3], const double v[3], double out[3])
{
    for (size_t i = 0; i < 3; i++)
        out[i] = m[i][0] * v[0] + m[i][1] * v[1] + m[i][2] * v[2];
}

static void lab_of(uint32_t colour, size_t sight, double lab[3])
{
    static const double cones[3][3] = {{0.4122214708, 0.5363325363, 0.0514459929},
                                       {0.2119034982, 0.6806995451, 0.1073969566},
                                       {0.0883024619, 0.2817188376, 0.6299787005}},
                        opponents[3][3] = {{0.2104542553, 0.7936177850, -0.0040720468},
                                           {1.9779984951, -2.4285922050, 0.4505937099},
                                           {0.0259040371, 0.7827717662, -0.8086757660}};
    const double rgb[3] = {linear(colour >> 16 & 0xff), linear(colour >> 8 & 0xff), linear(colour & 0xff)};
    double seen[3], lms[3];
    multiply(sights[sight].matrix, rgb, seen);
    for (size_t i = 0; i < 3; i++)
        seen[i] = fmin(fmax(seen[i], 0), 1);
    multiply(cones, seen, lms);
    for (size_t i = 0; i < 3; i++)
        lms[i] = cbrt(lms[i]);
    multiply(opponents, lms, lab);
}

static double distance(uint32_t a, uint32_t b, size_t sight)
{
    double x[3], y[3];
    lab_of(a, sight, x);
    lab_of(b, sight, y);
    return 100 * sqrt(pow(x[0] - y[0], 2) + pow(x[1] - y[1], 2) + pow(x[2] - y[2], 2));
}

/* Asserts that any two of them are told apart, and say which are not. */
static void assert_apart(const char *legend, const uint32_t *colours, size_t count)
{
    int close = 0;
    for (size_t sight = 0; sight < SIGHTS; sight++)
        for (int dark = 0; dark <= 1; dark++)
            for (size_t i = 0; i < count; i++)
                for (size_t j = 0; j < i; j++) {
                    const uint32_t a = dark ? inks_dark(colours[i], INK_SHAPE) : colours[i],
                                   b = dark ? inks_dark(colours[j], INK_SHAPE) : colours[j];
                    const double d = distance(a, b, sight);
                    if (d >= LEAST)
                        continue;
                    close++;
                    print_error("%s, %s sight%s: #%06x and #%06x are %.1f apart\n", legend,
                                sights[sight].name, dark ? ", in the dark" : "", a, b, d);
                }
    assert_int_equal(close, 0);
}

/* Sets *colours to what style.gp has under that name: numbers that gnuplot prints.  Returns how many. */
static size_t style_colours(const char *expression, uint32_t colours[COLOURS])
{
    struct tool_output out;
    struct error err = {""};
    char *print = NULL, *style = datadir_path("plots/style.gp", &err);
    size_t count = 0;
    assert_non_null(style);
    assert_true(asprintf(&print, "print %s", expression) > 0);
    const char *const argv[] = {"gnuplot", "-d", "-e",  "H = 1; OUT = '/dev/null'; DATA = ''; set print '-'",
                                style,     "-e", print, NULL};
    assert_int_equal(tool_run("/tmp", 0, argv, &out, &err), 0);
    for (char *at = out.text; *at && count < COLOURS;) {
        char *end;
        const double n = strtod(at, &end);
        if (end == at) {
            at++;
            continue;
        }
        colours[count++] = (uint32_t)n;
        at = end;
    }
    tool_output_free(&out);
    free(style);
    free(print);
    return count;
}

static void outcomes_are_told_apart(void **state)
{
    (void)state;
    uint32_t colours[COLOURS];
    const size_t count = style_colours("SLEPT, EAGAIN, EMPTY, WAKING, OTHER", colours);
    assert_int_equal(count, 5);
    assert_apart("outcomes", colours, count);
}

/* All but the last, which has no place in a legend: where it is drawn its name stands under it. */
static void states_are_told_apart(void **state)
{
    (void)state;
    uint32_t colours[COLOURS];
    const size_t count = style_colours("LEDGER", colours);
    assert_int_equal(count, 12);
    assert_apart("states", colours, count - 1);
}

static void functions_are_told_apart(void **state)
{
    (void)state;
    uint32_t colours[COLOURS];
    const size_t count = style_colours("FLAME", colours);
    assert_int_equal(count, 8);
    assert_apart("functions", colours, count);
}

static void allocators_are_told_apart(void **state)
{
    (void)state;
    static const char *const names[] = {"ptmalloc", "mallocng", "oldmalloc",
                                        "jemalloc", "mimalloc", "tcmalloc"};
    uint32_t colours[COLOURS];
    for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
        const struct ink ink = palette_find(names[i], 0);
        colours[i] = ink.colour;
        assert_true(inks_contrast(ink.words, INKS_PAPER) >= 4.5);
        assert_true(inks_contrast(inks_dark(ink.words, INK_WORDS), INKS_DARK_PAPER) >= 4.5);
    }
    assert_apart("allocators", colours, sizeof(names) / sizeof(*names));
}

/* WCAG 2.1 gives 21 for black on white. */
static void contrast(void **state)
{
    (void)state;
    assert_true(fabs(inks_contrast(0x000000, 0xffffff) - 21) < 1e-9);
    assert_true(fabs(inks_contrast(0x777777, 0xffffff) - 4.48) < 0.005);
    assert_true(fabs(inks_contrast(0x123456, 0x123456) - 1) < 1e-9);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(contrast),
        cmocka_unit_test(outcomes_are_told_apart),
        cmocka_unit_test(states_are_told_apart),
        cmocka_unit_test(functions_are_told_apart),
        cmocka_unit_test(allocators_are_told_apart),
    };
    if (!tool_exists("gnuplot")) {
        puts("skipped: no gnuplot");
        return 77;
    }
    return cmocka_run_group_tests(tests, NULL, NULL);
}
