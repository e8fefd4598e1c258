/* Where the data folder is found: from the build tree, and where HEAPWAIT_DATA says, and nowhere else then.
 */
#include "analysis/base/datadir.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void test_source_tree(void **state)
{
    (void)state;
    static const char *const found[][2] = {
        {"schema.sql", TEST_SOURCE_DIR "/analysis/schema.sql"},
        {"views", TEST_SOURCE_DIR "/analysis/views"},
        {"views/wall_time.sql", TEST_SOURCE_DIR "/analysis/views/wall_time.sql"},
        {"plots", TEST_SOURCE_DIR "/plots"},
    };
    unsetenv("HEAPWAIT_DATA");
    for (size_t i = 0; i < sizeof(found) / sizeof(*found); i++) {
        struct error err = {0};
        char *path = datadir_path(found[i][0], &err);
        assert_non_null(path);
        assert_string_equal(path, found[i][1]);
        free(path);
    }
}

static void test_missing_file(void **state)
{
    (void)state;
    struct error err = {0};
    unsetenv("HEAPWAIT_DATA");
    assert_null(datadir_path("nothing.sql", &err));
    assert_non_null(strstr(err.text, "nothing.sql"));
    assert_non_null(strstr(err.text, "cmake --install"));
}

static void test_variable(void **state)
{
    (void)state;
    struct error err = {0};
    setenv("HEAPWAIT_DATA", TEST_SOURCE_DIR "/analysis", 1);
    char *path = datadir_path("views", &err);
    assert_non_null(path);
    assert_string_equal(path, TEST_SOURCE_DIR "/analysis/views");
    free(path);
    setenv("HEAPWAIT_DATA", "/nonexistent", 1);
    assert_null(datadir_path("views", &err));
    assert_non_null(strstr(err.text, "HEAPWAIT_DATA is set to '/nonexistent'"));
    unsetenv("HEAPWAIT_DATA");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_source_tree),
        cmocka_unit_test(test_missing_file),
        cmocka_unit_test(test_variable),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
