/* The page's writers: HTML's escapes, what is taken over of an SVG, SHA-256. */
#include "plots/html.h"
#include "plots/sha256.h"
#include "plots/svg.h"
#include "plots/typeset.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/plots/writes.h"

static void texts(void **state)
{
    (void)state;
    assert_writes(html_text, "a<b>&\"'", "a&lt;b&gt;&amp;&quot;&#39;");
    assert_writes(html_text, "\x1b[31m\xff \xe2\x80\xae", "?[31m? ?");
    assert_writes(html_text, "µs", "µs");
    assert_writes(html_text, NULL, "");
    assert_writes(html_name, "main > a::b_c", "main &gt; a::b_c");
    assert_writes(html_name, "a b::cdefghijklmnopqrstuvwxyz.", "a b::<wbr>cdefghijklmnopqrstuvwxyz.");
}

static void code_in_sentences(void **state)
{
    (void)state;
    assert_writes(html_prose, "It is __malloc_lock, 99 % of all.",
                  "It is <code>__malloc_lock</code>, 99 % of all.");
    assert_writes(html_prose, "server+0x28 (in libc.so.6).",
                  "<code>server+0x28</code> (in <code>libc.so.6</code>).");
    assert_writes(html_prose, "call malloc() now", "call <code>malloc()</code> now");
    assert_writes(html_prose, "libc.so.6's, a_b’s", "<code>libc.so.6</code>&#39;s, <code>a_b</code>’s");
    assert_writes(html_prose, "1/2 of it; and/or", "1/2 of it; and/or");
    assert_writes(html_prose, "<i>_</i>", "<code>&lt;i&gt;_&lt;/i&gt;</code>");
}

#define HEAD "<svg viewBox=\"0 0 680 100\"><title>Gnuplot</title><g id=\"gnuplot_canvas\">"
#define TAIL "</g></svg>"

/* Returns what the page takes over, malloc'd; NULL: nothing, with the error in *rc. */
static char *taken(const char *svg, int *rc)
{
    struct text t;
    struct inks inks = {.count = 0};
    assert_int_equal(text_open(&t), 0);
    *rc = svg_write(t.out, svg, &inks, 3);
    return text_take(&t);
}

static void assert_taken(const char *svg, const char *expected)
{
    int rc;
    char *out = taken(svg, &rc);
    assert_int_equal(rc, 0);
    assert_string_equal(out, expected);
    free(out);
}

#define NO_PLACES "<g class=\"places\">\n</g>\n"

static void shapes(void **state)
{
    (void)state;
    /* two polygons of one paint are one path */
    assert_taken(HEAD "<g><polygon fill = 'rgb(173, 36, 34)' points = '1.00,2.50 3,2.5 3,4 '/>"
                      "<polygon fill = 'rgb(173, 36, 34)' points = '5,2 6,2 6,4 '/></g>" TAIL,
                 "<path fill=\"var(--sad2422)\" d=\"M1 2.5L3 2.5L3 4ZM5 2L6 2L6 4Z\"/>\n" NO_PLACES);
    assert_taken(HEAD "<g stroke-width=\"0.50\"><path stroke='black' stroke-dasharray=' 5,8' opacity='0.44' "
                      "d='M1,2 L3,4 Z'/></g>" TAIL,
                 "<path fill=\"none\" stroke=\"var(--s000000)\" stroke-width=\"0.5\" opacity=\"0.44\" "
                 "stroke-dasharray=\"5 8\" d=\"M1 2L3 4Z\"/>\n" NO_PLACES);
    /* a rectangle, filled or drawn around */
    assert_taken(HEAD "<g stroke-width=\"0.50\"><polygon fill='#010203' points='1,4 9.5,4 9.5,2 1,2 '/>"
                      "<path stroke='white' d='M1,4 L1,2 L9.5,2 L9.5,4 L1,4 Z  '/></g>" TAIL,
                 "<path fill=\"var(--s010203)\" d=\"M1 4H9.5V2H1Z\"/>\n"
                 "<path fill=\"none\" stroke=\"var(--sffffff)\" stroke-width=\"0.5\" d=\"M1 "
                 "4H9.5V2H1Z\"/>\n" NO_PLACES);
    /* a hair is none, nor is a marker without a size */
    assert_taken(HEAD
                 "<g stroke-width=\"0.01\"><path stroke='black' d='M1,2 L3,4'/>"
                 "<use xlink:href='#gpPt6' transform='translate(1,2) scale(0.00)' color='black'/></g>" TAIL,
                 NO_PLACES);
}

static void words(void **state)
{
    (void)state;
    assert_taken(HEAD
                 "<g transform=\"translate(5.00,6.00) rotate(270)\" stroke=\"none\" fill=\"rgb(31,41,51)\" "
                 "font-family=\"Inter:Bold\" font-size=\"12.00\" text-anchor=\"end\">"
                 "<text><tspan font-family=\"Inter\" > a&lt;b&amp;amp;</tspan></text></g>" TAIL,
                 "<text x=\"5\" y=\"6\" font-size=\"12\" transform=\"rotate(270 5 6)\" text-anchor=\"end\" "
                 "class=\"bold\" "
                 "fill=\"var(--w1f2933)\">a&lt;b&amp;amp;</text>\n" NO_PLACES);
}

static void places(void **state)
{
    (void)state;
#define HINT(text, x, y)                                                                                     \
    "<g onmousemove=\"gnuplot_svg.showHypertext(evt,'" text "')\"><title> </title>"                          \
    "<use xlink:href='#gpPt6' transform='translate(" x "," y ") scale(0.00)' color='black'/></g>"
    assert_taken(HEAD HINT("row 1 a", "10", "20") HINT("row 2 a", "1", "1") HINT("row 1 b", "30", "10")
                     HINT("row 9 a", "1", "1") HINT("row 9 b", "5", "5") HINT("else", "1", "1") TAIL,
                 "<g class=\"places\">\n<rect data-row=\"1\" x=\"10.0\" y=\"10.0\" width=\"20.0\" "
                 "height=\"10.0\"/>\n</g>\n");
}

/* Whatever else is in the file doesn't reach the page. */
static void nothing_else(void **state)
{
    (void)state;
    assert_taken(HEAD "<script>alert(1)</script><image href=\"x\" onerror=\"alert(1)\"/>"
                      "<g onmousemove=\"alert('&quot;')\"></g>"
                      "<polygon fill='url(javascript:1)' points='1,1 \"/><script> 2,2'/>" TAIL,
                 "<path fill=\"var(--s000000)\" d=\"M1 1L2 2Z\"/>\n" NO_PLACES);
    int rc;
    static const char *const broken[] = {"", "<svg>", "no tags", "<g id=\"gnuplot_canvas\"><g>", "<g a='"};
    for (size_t i = 0; i < sizeof(broken) / sizeof(*broken); i++) {
        free(taken(broken[i], &rc));
        assert_int_equal(rc, -EPROTO);
    }
}

static void sizes(void **state)
{
    (void)state;
    double width, height;
    assert_int_equal(svg_size(HEAD TAIL, &width, &height), 0);
    assert_true(width == 680 && height == 100);
    assert_int_equal(svg_size("<svg viewBox='0 0 0 5'>", &width, &height), -EPROTO);
    assert_int_equal(svg_size("", &width, &height), -EPROTO);
}

/* FIPS 180-4's examples (NIST's "SHA256.pdf"), and the lengths around a block's. */
static void digests(void **state)
{
    (void)state;
    static const struct {
        const char *text, *digest;
    } known[] = {
        {"", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"},
        {"abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"},
        {"abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
         "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"},
    };
    for (size_t i = 0; i < sizeof(known) / sizeof(*known); i++) {
        unsigned char digest[SHA256_SIZE];
        char hex[2 * SHA256_SIZE + 1];
        sha256(known[i].text, strlen(known[i].text), digest);
        for (size_t n = 0; n < SHA256_SIZE; n++)
            snprintf(hex + 2 * n, 3, "%02x", digest[n]);
        assert_string_equal(hex, known[i].digest);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(texts),  cmocka_unit_test(code_in_sentences),
        cmocka_unit_test(shapes), cmocka_unit_test(words),
        cmocka_unit_test(places), cmocka_unit_test(nothing_else),
        cmocka_unit_test(sizes),  cmocka_unit_test(digests),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
