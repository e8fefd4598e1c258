/* The calibration that is kept: what was written is read, and nothing that somebody else could have put in
 * its place, or that was measured on another machine, boot or heapwait. */
#include "probes/run/calibration_keep.h"

#include <fcntl.h>
#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

static char folder[64], file[96];

static const struct calibration example = {
    .calls = {{100.5, 180.25, 30}, {120, 200, -1.5}, {150, 270, 90}},
    .hooks = "raw tracepoints, locks",
    .taken_at = "2025-01-01T00:00:00Z",
    .load_average = 1.25,
};

static int kept_begin(void **state)
{
    (void)state;
    snprintf(folder, sizeof(folder), "/tmp/heapwait-keep-XXXXXX");
    if (!mkdtemp(folder))
        return -1;
    snprintf(file, sizeof(file), "%s/calibration", folder);
    return calibration_keep_write(folder, &example) ? 0 : -1;
}

static int kept_end(void **state)
{
    char command[256];
    (void)state;
    chmod(folder, 0700);
    snprintf(command, sizeof(command), "rm -rf '%s'", folder);
    return system(command);
}

static bool is_read(void)
{
    struct calibration c = {.load_average = 77};
    bool read = calibration_keep_read(folder, &c);
    if (!read) /* and nothing of it was taken */
        assert_true(c.load_average == 77);
    return read;
}

/* Puts this text into the file, as its owner would. */
static void content_set(const char *text, size_t size)
{
    int fd = open(file, O_WRONLY | O_TRUNC);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, text, size), (ssize_t)size);
    close(fd);
}

static size_t content_get(char *text, size_t size)
{
    int fd = open(file, O_RDONLY);
    ssize_t n = read(fd, text, size - 1);
    assert_true(n > 0);
    close(fd);
    text[n] = '\0';
    return (size_t)n;
}

static void read_as_written(void **state)
{
    struct calibration c = {0};
    struct stat st;
    (void)state;
    assert_true(calibration_keep_read(folder, &c));
    for (int i = 0; i < CALL_KINDS; i++) {
        assert_true(c.calls[i].untraced == example.calls[i].untraced);
        assert_true(c.calls[i].traced == example.calls[i].traced);
        assert_true(c.calls[i].seen == example.calls[i].seen);
    }
    assert_string_equal(c.hooks, example.hooks);
    assert_string_equal(c.taken_at, example.taken_at);
    assert_true(c.load_average == example.load_average);
    assert_int_equal(stat(file, &st), 0);
    assert_int_equal(st.st_mode & 07777, 0600);
    assert_true(calibration_keep_write(folder, &example)); /* again, in its place */
    assert_true(is_read());
}

static void others_files(void **state)
{
    char other[128];
    (void)state;
    assert_int_equal(chmod(file, 0644), 0);
    assert_false(is_read());
    assert_int_equal(chmod(file, 0600), 0);
    assert_true(is_read());
    snprintf(other, sizeof(other), "%s/other", folder);
    assert_int_equal(link(file, other), 0);
    assert_false(is_read());
    assert_int_equal(unlink(file), 0);
    assert_int_equal(symlink(other, file), 0);
    assert_false(is_read());
    assert_int_equal(unlink(file), 0);
    assert_int_equal(mkfifo(file, 0600), 0);
    assert_false(is_read());
    assert_int_equal(unlink(file), 0);
    assert_int_equal(rename(other, file), 0);
    assert_true(is_read());
    if (geteuid() == 0) {
        assert_int_equal(chown(file, 1, 1), 0);
        assert_false(is_read());
    }
}

static void others_folders(void **state)
{
    char link_to[128];
    (void)state;
    assert_int_equal(chmod(folder, 0770), 0);
    assert_false(is_read());
    assert_false(calibration_keep_write(folder, &example));
    assert_int_equal(chmod(folder, 0700), 0);
    assert_true(is_read());
    snprintf(link_to, sizeof(link_to), "%s-link", folder);
    assert_int_equal(symlink(folder, link_to), 0);
    struct calibration c;
    const bool followed = calibration_keep_read(link_to, &c) || calibration_keep_write(link_to, &example);
    unlink(link_to);
    assert_false(followed);
    if (geteuid() == 0) {
        assert_int_equal(chown(folder, 1, 1), 0);
        assert_false(is_read());
        assert_false(calibration_keep_write(folder, &example));
    }
}

/* Each single byte of the stamp counts, and each cut is seen. */
static void other_contents(void **state)
{
    char text[4096], changed[4096];
    const size_t size = content_get(text, sizeof(text)), stamp = strcspn(text, "\n");
    (void)state;
    for (size_t i = 0; i < stamp; i++) {
        memcpy(changed, text, size);
        changed[i] ^= 1;
        content_set(changed, size);
        assert_false(is_read());
    }
    for (size_t i = 0; i < size; i++) {
        content_set(text, i);
        assert_false(is_read());
    }
    memcpy(changed, text, size);
    strcpy(changed + size, "1\n");
    content_set(changed, size + 2);
    assert_false(is_read());
    static const char *const numbers[] = {"nan", "inf", "-5", "1e9", "x", "", "0x"};
    for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
        char *at = strstr(text, "100.500");
        int n = snprintf(changed, sizeof(changed), "%.*s%s%s", (int)(at - text), text, numbers[i], at + 7);
        content_set(changed, (size_t)n);
        assert_false(is_read());
    }
    content_set(text, size);
    assert_true(is_read());
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(read_as_written, kept_begin, kept_end),
        cmocka_unit_test_setup_teardown(others_files, kept_begin, kept_end),
        cmocka_unit_test_setup_teardown(others_folders, kept_begin, kept_end),
        cmocka_unit_test_setup_teardown(other_contents, kept_begin, kept_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
