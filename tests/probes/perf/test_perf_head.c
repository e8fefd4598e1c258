/* What a session's file says beside perf's text: made here byte by byte, whole and cut off at every place. */
#include "probes/perf/perf_head.h"
#include "tests/probes/cmocka_test.h"

#include <errno.h>
#include <linux/perf_event.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static unsigned char bytes[1 << 16];
static size_t size;
static char path[] = "/tmp/test_perf_head-XXXXXX";

static void put(const void *data, size_t n)
{
    assert_true(size + n <= sizeof(bytes));
    memcpy(bytes + size, data, n);
    size += n;
}
static void put32(uint32_t n)
{
    put(&n, sizeof(n));
}
static void put64(uint64_t n)
{
    put(&n, sizeof(n));
}

static void put_record(uint32_t type, size_t payload)
{
    const struct perf_event_header h = {.type = type, .size = (uint16_t)(sizeof(h) + payload)};
    put(&h, sizeof(h));
}

/* perf, record, "a b": each in a room of 64 bytes. */
static void put_words(void)
{
    static const char *const words[] = {"/usr/bin/perf", "record", "a b"};
    put32(3);
    for (size_t i = 0; i < 3; i++) {
        char room[64] = "";
        snprintf(room, sizeof(room), "%s", words[i]);
        put32(sizeof(room));
        put(room, sizeof(room));
    }
}
enum { WORDS_SIZE = 4 + 3 * (4 + 64) };

static struct perf_head head;

static int head_of(size_t length)
{
    FILE *f = fopen(path, "w");
    assert_non_null(f);
    assert_int_equal(fwrite(bytes, 1, length, f), length);
    fclose(f);
    return perf_head_read(path, &head);
}

static void words_check(void)
{
    assert_int_equal(head.word_count, 3);
    assert_string_equal(head.words[0], "/usr/bin/perf");
    assert_string_equal(head.words[2], "a b");
}

static void piped(void **state)
{
    size_t marks[3], mark_count = 0;
    (void)state;
    size = 0;
    put("PERFILE2", 8);
    put64(16);
    put_record(80, 8 + WORDS_SIZE); /* a feature: the command line */
    put64(11);
    put_words();
    put_record(66, 4); /* formats of tracepoints: 13 bytes behind it, in units of 8 */
    put32(13);
    put(bytes, 16);
    put_record(68, 0);
    marks[mark_count++] = size;
    put_record(PERF_RECORD_SAMPLE, 24);
    put(bytes, 24);
    put_record(68, 0);
    marks[mark_count++] = size;
    put_record(PERF_RECORD_LOST_SAMPLES, 8); /* perf's own, at the very end */
    put64(0);
    marks[mark_count++] = size;
    assert_int_equal(head_of(size), 0);
    words_check();
    assert_false(head.cut);
    perf_head_free(&head);
    for (size_t cut = 16; cut < size; cut++) {
        bool mark = cut == 16; /* nothing at all came after its head */
        for (size_t i = 0; i < mark_count; i++)
            mark |= cut == marks[i];
        assert_int_equal(head_of(cut), 0);
        /* behind what perf tells of files and features nothing shows whether more was to come */
        const bool can_tell = cut > marks[0] || mark;
        if (can_tell && head.cut == mark)
            fail_msg("cut at %zu of %zu: %d", cut, size, head.cut);
        perf_head_free(&head);
    }
}

static void put_file(void)
{
    size = 0;
    put("PERFILE2", 8);
    put64(104); /* its own size */
    put64(0);
    put64(0), put64(0);   /* attributes */
    put64(104), put64(8); /* data */
    put64(0), put64(0);
    put64(1u << 11 | 1u << 3), put64(0), put64(0), put64(0); /* features: hostname, command line */
    put64(0);                                                /* the data */
    put64(0), put64(0);
    put64(size + 16), put64(WORDS_SIZE);
    put_words();
}

static void in_a_file(void **state)
{
    (void)state;
    put_file();
    assert_int_equal(head_of(size), 0);
    words_check();
    assert_false(head.cut);
    perf_head_free(&head);
    for (size_t cut = 0; cut < size; cut++) {
        const int rc = head_of(cut);
        assert_int_equal(rc, cut < 16 ? -EINVAL : 0);
        assert_int_equal(head.word_count, 0);
        perf_head_free(&head);
    }
}

/* Numbers that lie of how much there is. */
static void hostile(void **state)
{
    (void)state;
    for (size_t at = 8; at < 104 + 8 + 32 + 8; at += 4) {
        put_file();
        const uint32_t large = UINT32_MAX;
        memcpy(bytes + at, &large, sizeof(large));
        head_of(size);
        perf_head_free(&head);
    }
    put_file();
    memcpy(bytes, "2ELIFREP", 8);
    assert_int_equal(head_of(size), -EINVAL);
    assert_int_equal(perf_head_read("/nonexistent/file", &head), -ENOENT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(piped),
        cmocka_unit_test(in_a_file),
        cmocka_unit_test(hostile),
    };
    const int fd = mkstemp(path);
    if (fd < 0)
        return 1;
    close(fd);
    const int failed = cmocka_run_group_tests(tests, NULL, NULL);
    unlink(path);
    return failed;
}
