/* The colour of the made-up allocator is that of its row, and no other's. */
#include "plots/palette.h"
#include "tests/probes/cmocka_test.h"

static void colour_of_the_row(void **state)
{
    (void)state;
    const struct ink ink = palette_find("madeup 1.0", 0);
    assert_true(palette_knows("madeup"));
    assert_int_equal(ink.colour, 0x7A5C00);
    assert_int_equal(ink.words, 0x6B5000);
    assert_int_equal(ink.filled, 3);
    assert_int_equal(ink.hollow, 2);
}

static void others_as_before(void **state)
{
    (void)state;
    for (const struct allocator *a = allocator_table(); a->name; a++)
        if (a != allocator_named("madeup"))
            assert_true(palette_find(a->name, 0).colour != 0x7A5C00);
    assert_true(palette_knows("ptmalloc"));
    assert_false(palette_knows("madeupish"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(colour_of_the_row),
        cmocka_unit_test(others_as_before),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
