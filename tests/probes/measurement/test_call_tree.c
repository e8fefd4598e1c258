/* Call paths as a tree: what is shared, what is told apart, and what a full tree leaves. */
#include "probes/measurement/call_tree.h"
#include "tests/probes/cmocka_test.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define FUNCTION(name)                                                                                       \
    {                                                                                                        \
        name, "prog", 0, "program"                                                                           \
    }

static void callers_are_shared(void **state)
{
    struct call_tree *t = call_tree_new(0);
    const struct call_frame f[] = {FUNCTION("f"), FUNCTION("main"), FUNCTION("_start")};
    const struct call_frame g[] = {FUNCTION("g"), FUNCTION("main"), FUNCTION("_start")};
    const struct call_frame recursive[] = {FUNCTION("f"), FUNCTION("f"), FUNCTION("main"),
                                           FUNCTION("_start")};
    (void)state;
    int64_t node = call_tree_add(t, f, 3, 2);
    assert_int_equal(node, 3);
    assert_int_equal(call_tree_add(t, g, 3, 1), 4);
    assert_int_equal(call_tree_add(t, recursive, 4, 1), 5);
    assert_int_equal(call_tree_add(t, f, 3, 5), node);
    assert_int_equal(call_tree_add(t, f + 1, 2, 0), 2);
    assert_int_equal(call_tree_count(t), 5);
    static const uint32_t callers[] = {0, 1, 2, 2, 3};
    static const char *const names[] = {"_start", "main", "f", "g", "f"};
    static const uint64_t samples[] = {0, 0, 7, 1, 1};
    for (uint32_t i = 0; i < 5; i++) {
        const struct call_node *n = call_tree_node(t, i + 1);
        assert_int_equal(n->caller, callers[i]);
        assert_int_equal(n->samples, samples[i]);
        assert_string_equal(n->frame.symbol, names[i]);
        assert_string_equal(n->frame.module, "prog");
    }
    assert_null(call_tree_node(t, 0));
    assert_null(call_tree_node(t, 6));
    call_tree_free(t);
}

/* An address tells frames apart only where no symbol does. */
static void frames_are_told_apart(void **state)
{
    struct call_tree *t = call_tree_new(0);
    struct call_frame variants[] = {
        {"f", "a", 1, "program"},   {"f", "b", 1, "program"},  {"f", NULL, 1, "program"},
        {"f", "a", 1, "lock"},      {NULL, "a", 1, "unknown"}, {NULL, "a", 2, "unknown"},
        {NULL, NULL, 1, "unknown"},
    };
    (void)state;
    for (int64_t i = 0; i < 7; i++)
        assert_int_equal(call_tree_add(t, &variants[i], 1, 1), i + 1);
    variants[0].address = 99;
    assert_int_equal(call_tree_add(t, &variants[0], 1, 1), 1);
    assert_int_equal(call_tree_node(t, 1)->frame.address, 0);
    assert_int_equal(call_tree_node(t, 6)->frame.address, 2);
    call_tree_free(t);
}

/* Strings are the tree's own; and it grows beyond all its first sizes. */
static void many_paths(void **state)
{
    struct call_tree *t = call_tree_new(0);
    char name[32];
    (void)state;
    for (int round = 0; round < 2; round++)
        for (int i = 0; i < 5000; i++) {
            const struct call_frame path[] = {{name, "m", 0, "program"}, FUNCTION("main")};
            snprintf(name, sizeof(name), "function_%d", i);
            assert_int_equal(call_tree_add(t, path, 2, 1), i + 2);
        }
    assert_int_equal(call_tree_count(t), 5001);
    for (uint32_t i = 0; i < 5000; i++) {
        const struct call_node *n = call_tree_node(t, i + 2);
        snprintf(name, sizeof(name), "function_%u", i);
        assert_string_equal(n->frame.symbol, name);
        assert_int_equal(n->samples, 2);
        assert_int_equal(n->caller, 1);
    }
    call_tree_free(t);
}

static void what_finds_no_room(void **state)
{
    struct call_tree *t = call_tree_new(3);
    const struct call_frame path[] = {FUNCTION("c"), FUNCTION("b"), FUNCTION("a")};
    const struct call_frame longer[] = {FUNCTION("d"), FUNCTION("c"), FUNCTION("b"), FUNCTION("a")};
    (void)state;
    assert_int_equal(call_tree_add(t, path, 0, 1), -EINVAL);
    assert_int_equal(call_tree_add(t, path, 3, 1), 3);
    assert_int_equal(call_tree_add(t, longer, 4, 1), -ENOSPC);
    assert_int_equal(call_tree_add(t, path, 3, 1), 3);
    assert_int_equal(call_tree_count(t), 3);
    assert_int_equal(call_tree_node(t, 3)->samples, 2);
    call_tree_free(t);
    call_tree_free(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(callers_are_shared),
        cmocka_unit_test(frames_are_told_apart),
        cmocka_unit_test(many_paths),
        cmocka_unit_test(what_finds_no_room),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
