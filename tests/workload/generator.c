/* The threads together: how the work is shared, what the allocator is asked for, and how a failure ends it
 * all. Under LeakSanitizer these tests also prove that a failed generation leaves nothing behind. */
#include "tests/workload/cmocka_test.h"

#include "workload/passwords/generator.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <string.h>

void *__real_malloc(size_t size);
void *__wrap_malloc(size_t size);
int __real_pthread_create(pthread_t *thread, const pthread_attr_t *attributes, void *(*run)(void *),
                          void *argument);
int __wrap_pthread_create(pthread_t *thread, const pthread_attr_t *attributes, void *(*run)(void *),
                          void *argument);

enum { PASSWORD_SIZE = 36 };

static atomic_long password_blocks; /* blocks of 36 bytes asked for */
static atomic_long fail_after = -1; /* the block of 36 bytes that is refused, and all after it; -1: none */
static long threads_allowed = -1;   /* threads that may start; -1: all */

void *__wrap_malloc(size_t size)
{
    long nth;

    if (size != PASSWORD_SIZE)
        return __real_malloc(size);
    nth = atomic_fetch_add(&password_blocks, 1);
    return fail_after >= 0 && nth >= fail_after ? NULL : __real_malloc(size);
}

int __wrap_pthread_create(pthread_t *thread, const pthread_attr_t *attributes, void *(*run)(void *),
                          void *argument)
{
    if (threads_allowed == 0)
        return EAGAIN;
    threads_allowed -= threads_allowed > 0;
    return __real_pthread_create(thread, attributes, run, argument);
}

static int reset(void **state)
{
    (void)state;
    password_blocks = 0;
    fail_after = -1;
    threads_allowed = -1;
    return 0;
}

static struct options prng_options(uint64_t threads, uint64_t passwords)
{
    return (struct options){.threads = threads, .passwords = passwords, .length = 32, .source = SOURCE_PRNG};
}

static void makes_one_block_per_password(void **state)
{
    struct options options = prng_options(4, 1003);
    struct generation g;
    char message[256];

    (void)state;
    assert_int_equal(generation_run(&options, &g, message, sizeof(message)), 0);
    assert_int_equal(password_blocks, 1003);
    assert_int_equal(g.count, 1003);
    assert_int_equal(g.passwords.count, 1003);
    assert_true(g.elapsed_ns > 0);
    for (size_t i = 0; i < g.passwords.count; i++) {
        assert_int_equal(g.passwords.items[i].length, PASSWORD_SIZE);
        assert_int_equal(g.passwords.items[i].text[35], '=');
    }
    generation_free(&g);
}

/* 10 passwords, 4 threads: 2, 2, 2 and 4, in the order of the threads.  Each thread's stream starts anew, so
 * the first password of a thread with another number of passwords to make is the same. */
static void shares_with_the_remainder_last(void **state)
{
    struct options options = prng_options(4, 10), fewer = prng_options(4, 4);
    struct generation g, first;
    char message[256];

    (void)state;
    assert_int_equal(generation_run(&options, &g, message, sizeof(message)), 0);
    assert_int_equal(generation_run(&fewer, &first, message, sizeof(message)), 0);
    for (size_t thread = 0; thread < 4; thread++)
        assert_memory_equal(g.passwords.items[thread * 2].text, first.passwords.items[thread].text,
                            PASSWORD_SIZE);
    generation_free(&g);
    generation_free(&first);
}

static void works_with_more_threads_than_passwords(void **state)
{
    struct options options = prng_options(9, 5);
    struct generation g;
    char message[256];

    (void)state;
    assert_int_equal(generation_run(&options, &g, message, sizeof(message)), 0);
    assert_int_equal(g.passwords.count, 5);
    generation_free(&g);
}

static void counts_what_it_frees_immediately(void **state)
{
    struct options options = prng_options(3, 100);
    struct generation g;
    char message[256];

    (void)state;
    options.free = FREE_IMMEDIATELY;
    assert_int_equal(generation_run(&options, &g, message, sizeof(message)), 0);
    assert_int_equal(password_blocks, 100);
    assert_int_equal(g.count, 100);
    assert_int_equal(g.passwords.count, 0);
    generation_free(&g);
}

static void tells_when_memory_runs_out(void **state)
{
    struct options options = prng_options(1, 1000);
    struct generation g;
    char message[256];

    (void)state;
    fail_after = 500;
    assert_int_equal(generation_run(&options, &g, message, sizeof(message)), -ENOMEM);
    assert_string_equal(message, "out of memory in thread 1 after 500 passwords");
    assert_null(g.passwords.items);
    options.threads = 8;
    assert_int_equal(generation_run(&options, &g, message, sizeof(message)), -ENOMEM);
    assert_non_null(strstr(message, "out of memory in thread"));
}

static void tells_which_thread_could_not_start(void **state)
{
    struct options options = prng_options(6, 1000);
    struct generation g;
    char message[256];

    (void)state;
    threads_allowed = 3;
    assert_int_equal(generation_run(&options, &g, message, sizeof(message)), -EAGAIN);
    assert_string_equal(message, "starting thread 4 of 6 failed: Resource temporarily unavailable");
    assert_null(g.passwords.items);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(makes_one_block_per_password, reset),
        cmocka_unit_test_setup(shares_with_the_remainder_last, reset),
        cmocka_unit_test_setup(works_with_more_threads_than_passwords, reset),
        cmocka_unit_test_setup(counts_what_it_frees_immediately, reset),
        cmocka_unit_test_setup(tells_when_memory_runs_out, reset),
        cmocka_unit_test_setup(tells_which_thread_could_not_start, reset),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
