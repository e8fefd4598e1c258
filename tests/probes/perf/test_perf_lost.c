/* Losses that stand in a session's file: among records of every kind, in both forms of file, and in files
 * that are damaged. */
#include "probes/perf/perf_lost.h"
#include "tests/probes/cmocka_test.h"

#include <linux/perf_event.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { TRACING_DATA = 66, AUXTRACE = 71 };

static char path[] = "/tmp/heapwait-test-XXXXXX";
static unsigned char bytes[4096];
static size_t size;

static void put(const void *from, size_t length)
{
    assert_true(size + length <= sizeof(bytes));
    memcpy(bytes + size, from, length);
    size += length;
}

static void put_number(uint64_t n)
{
    put(&n, sizeof(n));
}

/* A record with a number first, and `more` bytes behind it that its size doesn't count. */
static void record(uint32_t type, uint64_t number, size_t more)
{
    const struct perf_event_header h = {.type = type, .size = sizeof(h) + 16};
    static const unsigned char like_losses[256] = {PERF_RECORD_LOST_SAMPLES, 0, 0, 0, 0, 0, 16, 0, 99};
    put(&h, sizeof(h));
    put_number(number);
    put_number(0);
    put(like_losses, more);
}

static void pipe_head(void)
{
    size = 0;
    put("PERFILE2", 8);
    put_number(16);
}

static uint64_t count(void)
{
    FILE *f = fopen(path, "we");
    assert_non_null(f);
    assert_int_equal(fwrite(bytes, 1, size, f), size);
    fclose(f);
    return perf_lost_count(path);
}

static void through_a_pipe(void **state)
{
    (void)state;
    pipe_head();
    assert_int_equal(count(), 0);
    record(PERF_RECORD_LOST_SAMPLES, 5, 0);
    record(PERF_RECORD_SAMPLE, 77, 0);
    record(TRACING_DATA, 13, 16); /* 13 bytes, and up to a multiple of 8 */
    record(AUXTRACE, 24, 24);
    record(PERF_RECORD_LOST, 8, 0); /* told by perf script */
    record(PERF_RECORD_LOST_SAMPLES, 6, 0);
    assert_int_equal(count(), 11);
}

static void with_a_head(void **state)
{
    (void)state;
    size = 0;
    put("PERFILE2", 8);
    put_number(104);
    put_number(144);
    put_number(0);
    put_number(0);
    put_number(104); /* where the records are */
    put_number(48);
    for (int i = 0; i < 6; i++)
        put_number(0);
    record(PERF_RECORD_LOST_SAMPLES, 7, 0);
    record(PERF_RECORD_SAMPLE, 7, 0);
    record(PERF_RECORD_LOST_SAMPLES, 9, 0); /* behind the records: of something else */
    size_t size_at = 48;
    assert_int_equal(count(), 7);
    memset(bytes + size_at, 0, 8); /* killed before it could tell how many there are */
    assert_int_equal(count(), 16);
    memset(bytes + size_at - 8, 0xff, 16);
    assert_int_equal(count(), 0);
}

static void damaged(void **state)
{
    (void)state;
    pipe_head();
    record(PERF_RECORD_LOST_SAMPLES, 5, 0);
    put_number(PERF_RECORD_SAMPLE); /* of no size: nothing behind it can be found */
    record(PERF_RECORD_LOST_SAMPLES, 6, 0);
    assert_int_equal(count(), 5);
    pipe_head();
    record(AUXTRACE, UINT64_MAX, 0);
    record(PERF_RECORD_LOST_SAMPLES, 6, 0);
    assert_int_equal(count(), 0);
    pipe_head();
    record(PERF_RECORD_LOST_SAMPLES, 5, 0);
    size -= 17; /* cut off inside the number */
    assert_int_equal(count(), 0);
    size = 0;
    put("PERFILE2", 8);
    assert_int_equal(count(), 0);
    unlink(path);
    assert_int_equal(perf_lost_count(path), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(through_a_pipe),
        cmocka_unit_test(with_a_head),
        cmocka_unit_test(damaged),
    };
    const int fd = mkstemp(path);
    if (fd < 0)
        return 1;
    close(fd);
    const int rc = cmocka_run_group_tests(tests, NULL, NULL);
    unlink(path);
    return rc;
}
