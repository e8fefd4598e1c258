/* Escapes: what anyone may put into a name, in the three formats that plots/ writes; widths and shortening.
 */
#include "plots/palette.h"
#include "plots/typeset.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/plots/writes.h"

static void tsv(void **state)
{
    (void)state;
    assert_writes(text_tsv, "musl+jemalloc", "musl+jemalloc");
    assert_writes(text_tsv, "a'b\"$(x)#_^{}", "a'b\\x22$(x)#_^{}");
    assert_writes(text_tsv, "tab\tline\nback\\slash\r", "tab\\tline\\nback\\x5cslash\\x0d");
    assert_writes(text_tsv, "µ\xff", "µ\\xff");
    assert_writes(text_tsv, "", "");
}

static void gnuplot(void **state)
{
    (void)state;
    assert_writes(text_gnuplot, "glibc 2", "\"glibc\\040\\062\"");
    assert_writes(text_gnuplot, "'; \"`", "\"\\047\\073\\040\\042\\140\"");
    assert_writes(text_gnuplot, "a\nb\\7", "\"a\\040b\\134\\067\"");
    assert_writes(text_gnuplot, "µ\xc3(", "\"\\302\\265\\357\\277\\275\\050\"");
    assert_writes(text_gnuplot, "", "\"\"");
}

static void json(void **state)
{
    (void)state;
    assert_writes(text_json, "a\"b\\c\n\x7f", "\"a\\\"b\\\\c\\u000a\\u007f\"");
    assert_writes(text_json, "ok \xed\xa0\x80", "\"ok \\ufffd\\ufffd\\ufffd\"");
    assert_writes(text_json, NULL, "null");
}

static void base64_write(FILE *out, const char *in)
{
    text_base64(out, in, strlen(in));
}

/* RFC 4648, section 10 */
static void base64(void **state)
{
    (void)state;
    assert_writes(base64_write, "", "");
    assert_writes(base64_write, "f", "Zg==");
    assert_writes(base64_write, "fo", "Zm8=");
    assert_writes(base64_write, "foo", "Zm9v");
    assert_writes(base64_write, "foobar", "Zm9vYmFy");
}

static void widths(void **state)
{
    (void)state;
    assert_true(text_width("") == 0);
    assert_true(text_width("mmmm") > text_width("iiii"));
    assert_true(text_width("日本") == 2);
    assert_true(text_width("e\xcc\x81") == text_width("e")); /* a combining accent takes no room */
}

static void fits(void **state)
{
    (void)state;
    char *whole = text_fit("musl", 10), *cut = text_fit("a-very-long-variant-name-of-someone", 8);
    assert_string_equal(whole, "musl");
    assert_true(text_width(cut) <= 8);
    assert_non_null(strstr(cut, "…"));
    assert_true(cut[0] == 'a' && cut[strlen(cut) - 1] == 'e');
    free(whole);
    free(cut);
}

/* A character is never cut in two. */
static void fits_whole_characters(void **state)
{
    (void)state;
    for (double width = 0; width < 12; width += 0.1) {
        char *cut = text_fit("ÄÖÜäöüß日本語ÄÖÜäöüß", width);
        assert_null(strstr(cut, "\xef\xbf\xbd"));
        assert_writes(text_json, cut, strcat(strcat(strcpy((char[200]){0}, "\""), cut), "\""));
        free(cut);
    }
}

static void palette(void **state)
{
    (void)state;
    static const char *const all[] = {"ptmalloc", "mallocng", "oldmalloc",
                                      "jemalloc", "mimalloc", "tcmalloc"};
    for (size_t i = 0; i < 6; i++) {
        assert_true(palette_knows(all[i]));
        for (size_t j = 0; j < i; j++)
            assert_true(palette_find(all[i], 0).colour != palette_find(all[j], 0).colour);
    }
    assert_int_equal(palette_find("jemalloc 5.3.0", 0).colour, palette_find("jemalloc", 0).colour);
    assert_int_equal(palette_find("ptmalloc", 0).colour, palette_find("glibc", 0).colour);
    assert_false(palette_knows("jemallocish"));
    assert_false(palette_knows(NULL));
    assert_true(palette_find("hoard", 0).colour != palette_find("snmalloc", 1).colour);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tsv),     cmocka_unit_test(gnuplot),
        cmocka_unit_test(json),    cmocka_unit_test(base64),
        cmocka_unit_test(widths),  cmocka_unit_test(fits),
        cmocka_unit_test(palette), cmocka_unit_test(fits_whole_characters),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
