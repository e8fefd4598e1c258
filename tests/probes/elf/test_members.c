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
    struct layouts *l = layouts_new(fd);
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

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(searches_of_a_large_file_are_bounded)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
