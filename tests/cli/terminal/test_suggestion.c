/* What may have been meant: distances, what is near enough, and how it is asked. */
#include "cli/terminal/suggestion.h"

#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void test_distance(void **state)
{
    (void)state;
    assert_int_equal(suggestion_distance("record", "record"), 0);
    assert_int_equal(suggestion_distance("recrod", "record"), 1); /* swapped */
    assert_int_equal(suggestion_distance("rcord", "record"), 1);
    assert_int_equal(suggestion_distance("reccord", "record"), 1);
    assert_int_equal(suggestion_distance("rekord", "record"), 1);
    assert_int_equal(suggestion_distance("erocrd", "record"), 2);
    assert_int_equal(suggestion_distance("", "top"), 3);
    assert_int_equal(suggestion_distance("top", ""), 3);
    assert_int_equal(suggestion_distance("kitten", "sitting"), 3);
    assert_int_equal(suggestion_distance("ca", "abc"), 3); /* each place is edited once */
    assert_int_equal(suggestion_distance("a word that is longer than anybody's", "word"), UINT_MAX);
}

static void assert_suggested(const char *meant, const char *const *words, const char *expected)
{
    char text[SUGGESTION_TEXT];
    struct suggestion s = suggestion_begin(meant);
    for (; *words; words++)
        suggestion_offer(&s, *words);
    assert_string_equal(suggestion_write(&s, "--", text), expected);
}

static void test_nearest(void **state)
{
    (void)state;
    static const char *const words[] = {"top", "try", "tap", "tip", "record", "report", NULL};
    assert_suggested("recrod", words, " (did you mean `--record`?)");
    assert_suggested("toy", words, " (did you mean `--top` or `--try`?)");
    assert_suggested("tup", words, " (did you mean `--top`, `--tap` or `--tip`?)");
    assert_suggested("re", words, " (did you mean `--record` or `--report`?)");
    assert_suggested("r", words, " (did you mean `--record` or `--report`?)");
    assert_suggested("x", words, "");
    assert_suggested("xyz", words, "");
    assert_suggested("", words, "");
    assert_suggested("something else", words, "");
}

/* Words of any length leave the buffer whole. */
static void test_long_words(void **state)
{
    (void)state;
    char word[2 * SUGGESTION_TEXT], other[2 * SUGGESTION_TEXT];
    memset(word, 'a', sizeof(word));
    memset(other, 'a', sizeof(other));
    word[sizeof(word) - 1] = other[sizeof(other) - 1] = '\0';
    const char *const words[] = {word, other, NULL};
    char text[SUGGESTION_TEXT];
    struct suggestion s = suggestion_begin("aa");
    for (size_t i = 0; words[i]; i++)
        suggestion_offer(&s, words[i]);
    suggestion_write(&s, "--", text);
    assert_int_equal(strlen(text), SUGGESTION_TEXT - 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_distance),
        cmocka_unit_test(test_nearest),
        cmocka_unit_test(test_long_words),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
