/* The vector's growth is part of what is measured: which sizes it asks the allocator for, and in which order.
 */
#include "tests/workload/cmocka_test.h"

#include "workload/passwords/vector.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>

void *__real_malloc(size_t size);
void *__real_realloc(void *block, size_t size);
void *__wrap_malloc(size_t size);
void *__wrap_realloc(void *block, size_t size);

static struct {
    bool on, failing;
    size_t mallocs, reallocs, last_size;
} allocator;

void *__wrap_malloc(size_t size)
{
    if (!allocator.on)
        return __real_malloc(size);
    allocator.mallocs++;
    allocator.last_size = size;
    return allocator.failing ? NULL : __real_malloc(size);
}

void *__wrap_realloc(void *block, size_t size)
{
    if (!allocator.on)
        return __real_realloc(block, size);
    allocator.reallocs++;
    allocator.last_size = size;
    return allocator.failing ? NULL : __real_realloc(block, size);
}

static void watch(bool failing)
{
    allocator.on = true;
    allocator.failing = failing;
    allocator.mallocs = allocator.reallocs = allocator.last_size = 0;
}

static struct password item(size_t length)
{
    return (struct password){__real_malloc(length), length, length};
}

static void fill(struct password_vector *v, size_t count)
{
    allocator.on = false;
    while (v->count < count)
        assert_int_equal(vector_push(v, item(v->count + 1)), 0);
}

static void grows_from_4_by_doubling(void **state)
{
    struct password_vector v = {0};
    static const struct {
        size_t count, capacity, reallocs;
    } steps[] = {{1, 4, 0}, {4, 4, 0}, {5, 8, 1}, {8, 8, 1}, {9, 16, 2}, {1000, 1024, 8}};

    (void)state;
    watch(false);
    for (size_t i = 0; i < sizeof(steps) / sizeof(*steps); i++) {
        while (v.count < steps[i].count)
            assert_int_equal(vector_push(&v, item(1)), 0);
        assert_int_equal(v.capacity, steps[i].capacity);
        assert_int_equal(allocator.mallocs, 1);
        assert_int_equal(allocator.reallocs, steps[i].reallocs);
        assert_int_equal(allocator.last_size, steps[i].capacity * sizeof(struct password));
    }
    allocator.on = false;
    vector_free(&v);
    assert_null(v.items);
}

static void extends_in_order_and_empties_the_other(void **state)
{
    struct password_vector to = {0}, from = {0};

    (void)state;
    fill(&to, 3);
    fill(&from, 7);
    assert_int_equal(vector_extend(&to, &from), 0);
    assert_int_equal(to.count, 10);
    assert_int_equal(to.capacity, 10); /* what is needed is more than double */
    assert_int_equal(to.items[2].length, 3);
    assert_int_equal(to.items[3].length, 1);
    assert_int_equal(to.items[9].length, 7);
    assert_null(from.items);
    assert_int_equal(from.count + from.capacity, 0);
    fill(&from, 2);
    assert_int_equal(vector_extend(&to, &from), 0);
    assert_int_equal(to.capacity, 20);              /* double is more than what is needed */
    assert_int_equal(vector_extend(&to, &from), 0); /* nothing to move */
    assert_int_equal(to.count, 12);
    vector_free(&to);
}

static void keeps_everything_when_memory_runs_out(void **state)
{
    struct password_vector to = {0}, from = {0};
    struct password extra = item(5);

    (void)state;
    fill(&to, 4);
    fill(&from, 1);
    watch(true);
    assert_int_equal(vector_push(&to, extra), -ENOMEM);
    assert_int_equal(vector_extend(&to, &from), -ENOMEM);
    allocator.on = false;
    assert_int_equal(to.count, 4);
    assert_int_equal(to.capacity, 4);
    assert_int_equal(to.items[3].length, 4);
    assert_int_equal(from.count, 1);
    free(extra.text);
    vector_free(&to);
    vector_free(&from);
}

static void refuses_to_overflow(void **state)
{
    struct password block;
    struct password_vector full = {&block, SIZE_MAX / sizeof(block), SIZE_MAX / sizeof(block)};

    (void)state;
    watch(false);
    assert_int_equal(vector_push(&full, block), -ENOMEM);
    allocator.on = false;
    assert_int_equal(allocator.mallocs + allocator.reallocs, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(grows_from_4_by_doubling),
        cmocka_unit_test(extends_in_order_and_empties_the_other),
        cmocka_unit_test(keeps_everything_when_memory_runs_out),
        cmocka_unit_test(refuses_to_overflow),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
