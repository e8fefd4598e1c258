/* Sources that are interrupted, give little, end or can't be opened; and the computed one's determinism. */
#include "tests/workload/cmocka_test.h"

#include "workload/passwords/random.h"

#include <errno.h>
#include <string.h>
#include <sys/types.h>

int __wrap_open(const char *path, int flags, ...);
ssize_t __real_read(int fd, void *bytes, size_t size);
ssize_t __wrap_read(int fd, void *bytes, size_t size);

enum { FAKE_FD = 12345 };

/* What the fake /dev/urandom answers, one after the other: a byte count, 0, or a negative errno. */
static struct {
    int open_error;
    ssize_t answers[8];
    size_t next;
    unsigned char value;
} fake;

int __wrap_open(const char *path, int flags, ...)
{
    (void)flags;
    assert_string_equal(path, "/dev/urandom");
    errno = fake.open_error;
    return fake.open_error ? -1 : FAKE_FD;
}

ssize_t __wrap_read(int fd, void *bytes, size_t size)
{
    ssize_t answer;

    if (fd != FAKE_FD)
        return __real_read(fd, bytes, size);
    answer = fake.answers[fake.next++];
    assert_true(answer <= (ssize_t)size);
    if (answer < 0) {
        errno = (int)-answer;
        return -1;
    }
    memset(bytes, ++fake.value, (size_t)answer);
    return answer;
}

static struct random_source fake_open(void)
{
    struct random_source source;

    memset(&fake, 0, sizeof(fake));
    assert_int_equal(random_open(&source, SOURCE_URANDOM, 0), 0);
    return source;
}

static void reads_once_when_it_can(void **state)
{
    struct random_source source = fake_open();
    unsigned char bytes[26];

    (void)state;
    fake.answers[0] = 26;
    assert_int_equal(random_read(&source, bytes, sizeof(bytes)), 0);
    assert_int_equal(fake.next, 1);
}

static void goes_on_after_a_short_read_and_a_signal(void **state)
{
    struct random_source source = fake_open();
    static const ssize_t answers[] = {10, -EINTR, 15, 1};
    unsigned char bytes[26];

    (void)state;
    memcpy(fake.answers, answers, sizeof(answers));
    assert_int_equal(random_read(&source, bytes, sizeof(bytes)), 0);
    assert_int_equal(fake.next, 4);
    assert_int_equal(bytes[9], 1);
    assert_int_equal(bytes[10], 2);
    assert_int_equal(bytes[25], 3);
}

static void tells_an_end_from_an_error(void **state)
{
    struct random_source source = fake_open();
    unsigned char bytes[26];

    (void)state;
    fake.answers[0] = 25;
    assert_int_equal(random_read(&source, bytes, sizeof(bytes)), -ENODATA);
    fake.answers[2] = -EIO;
    assert_int_equal(random_read(&source, bytes, sizeof(bytes)), -EIO);
    memset(&fake, 0, sizeof(fake));
    fake.open_error = EACCES;
    assert_int_equal(random_open(&source, SOURCE_URANDOM, 0), -EACCES);
    random_close(&source);
}

static void getrandom_fills_large_requests(void **state)
{
    struct random_source source;
    unsigned char bytes[4096] = {0};
    int zeros = 0;

    (void)state;
    assert_int_equal(random_open(&source, SOURCE_GETRANDOM, 0), 0);
    assert_int_equal(random_read(&source, bytes, sizeof(bytes)), 0);
    random_close(&source);
    for (size_t i = 0; i < sizeof(bytes); i++)
        zeros += bytes[i] == 0;
    assert_true(zeros < 200); /* 16 expected */
}

static void prng_read_all(uint64_t stream, unsigned char *bytes, size_t size)
{
    struct random_source source;

    assert_int_equal(random_open(&source, SOURCE_PRNG, stream), 0);
    assert_int_equal(random_read(&source, bytes, size), 0);
    random_close(&source);
}

static void prng_repeats_itself_and_its_streams_differ(void **state)
{
    unsigned char first[26], again[26], other[26];
    /* splitmix64's published first output for the seed 0. */
    const uint64_t expected = UINT64_C(0xe220a8397b1dcdaf);
    uint64_t word = 0;

    (void)state;
    prng_read_all(0, first, sizeof(first));
    prng_read_all(0, again, sizeof(again));
    prng_read_all(1, other, sizeof(other));
    assert_memory_equal(first, again, sizeof(first));
    assert_memory_not_equal(first, other, sizeof(first));
    memcpy(&word, first, sizeof(word));
    assert_true(word == expected);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_once_when_it_can),
        cmocka_unit_test(goes_on_after_a_short_read_and_a_signal),
        cmocka_unit_test(tells_an_end_from_an_error),
        cmocka_unit_test(getrandom_fills_large_requests),
        cmocka_unit_test(prng_repeats_itself_and_its_streams_differ),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
