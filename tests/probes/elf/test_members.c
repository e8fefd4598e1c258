/* What a file costs whose debug information takes longer to search than it may: one search, whatever number
 * of variables it is asked for. */
#include "probes/elf/members.h"
#include "tests/probes/cmocka_test.h"

#include <fcntl.h>
#include <sys/resource.h>
#include <unistd.h>

enum { VARIABLES = 64, ALL_SECONDS = 10, ONE_SECONDS = 5 };

static void searches_of_a_large_file_are_bounded(void **state)
{
    (void)state;
    struct rusage used;
    int fd = open(MEMBERS_BOMB, O_RDONLY | O_CLOEXEC);
    struct reader_time all = reader_time_of(READER_SECONDS);
    struct layouts *l = layouts_new(fd, &all);
    assert_true(fd >= 0);
    assert_non_null(l);
    for (uint64_t i = 0; i < VARIABLES; i++)
        assert_null(layouts_member(l, 0x1000 + 8 * i, 0));
    layouts_free(l);
    close(fd);
    getrusage(RUSAGE_CHILDREN, &used);
    assert_true(used.ru_utime.tv_sec + used.ru_stime.tv_sec <= ALL_SECONDS + ONE_SECONDS + 1);
    assert_true(used.ru_maxrss < 2048l << 10); /* KiB */
}

/* Returns the CPU time of the children that have ended, in seconds. */
static double children_used(void)
{
    struct rusage used;
    getrusage(RUSAGE_CHILDREN, &used);
    return (double)(used.ru_utime.tv_sec + used.ru_stime.tv_sec) +
           (double)(used.ru_utime.tv_usec + used.ru_stime.tv_usec) / 1e6;
}

/* Large files together have the time of one table: here the first takes it all. */
static void searches_of_many_files_are_bounded(void **state)
{
    enum { FILES = 8 };
    (void)state;
    int fd = open(MEMBERS_BOMB, O_RDONLY | O_CLOEXEC);
    struct reader_time all = reader_time_of(1);
    const double before = children_used();
    assert_true(fd >= 0);
    for (int i = 0; i < FILES; i++) {
        struct layouts *l = layouts_new(fd, &all);
        assert_non_null(l);
        assert_null(layouts_member(l, 0x1000, 0));
        layouts_free(l);
    }
    close(fd);
    assert_true(children_used() - before < 2);
    assert_true(all.left_ns == 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(searches_of_a_large_file_are_bounded),
                                       cmocka_unit_test(searches_of_many_files_are_bounded)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
