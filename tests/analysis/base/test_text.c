/* Text from hostile recordings. */
#include "analysis/base/error.h"
#include "analysis/base/text.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

static void assert_cleaned(const char *from, const char *to)
{
    char text[64];
    snprintf(text, sizeof(text), "%s", from);
    assert_string_equal(text_clean(text), to);
}

static void test_good_text_stays(void **state)
{
    (void)state;
    assert_cleaned("", "");
    assert_cleaned("__malloc_lock in µ – 漢字 😀", "__malloc_lock in µ – 漢字 😀");
}

static void test_terminal_is_not_obeyed(void **state)
{
    (void)state;
    assert_cleaned("\033[2J\r\n\a", "?[2J???");
    assert_cleaned("a\302\233b", "a?b");     /* C1: CSI */
    assert_cleaned("a\342\200\256b", "a?b"); /* right-to-left override */
}

/* What a sentence quotes is anybody's: a file's name, a library's words of a file's content. */
static void test_sentence_is_clean(void **state)
{
    struct error err = {""};
    (void)state;
    assert_int_equal(error_set(&err, -EIO, "can't read '%s': %s", "a\033[31m\n", "token \"\024\""), -EIO);
    assert_string_equal(err.text, "can't read 'a?[31m?': token \"?\"");
}

static void test_bad_utf8(void **state)
{
    (void)state;
    assert_cleaned("\xff\xfe", "??");
    assert_cleaned("a\xc3", "a?");              /* cut off */
    assert_cleaned("\xc0\xaf", "??");           /* overlong */
    assert_cleaned("\xed\xa0\x80", "???");      /* surrogate */
    assert_cleaned("\xf4\x90\x80\x80", "????"); /* above U+10FFFF */
    assert_cleaned("\xe2\x82z", "??z");
}

static void test_next(void **state)
{
    (void)state;
    const char *p = "aµ\xff";
    assert_int_equal(text_next(&p), 'a');
    assert_int_equal(text_next(&p), 0xb5);
    assert_int_equal(text_next(&p), UINT32_MAX);
    assert_int_equal(text_next(&p), 0);
    assert_int_equal(text_next(&p), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_good_text_stays),
        cmocka_unit_test(test_terminal_is_not_obeyed),
        cmocka_unit_test(test_sentence_is_clean),
        cmocka_unit_test(test_bad_utf8),
        cmocka_unit_test(test_next),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
