/* The kernel's buffers of records: rings are made here as the kernel maps them, which is why the source is
 * included. */
#include "probes/mappings/perf_rings.c"

#include "tests/probes/cmocka_test.h"

#include <stdbool.h>

struct record {
    struct perf_event_header header;
    uint64_t number;
    char rest[136]; /* so that its size is no divisor of the ring's */
};

/* One page of control, then the data. */
static void ring_make(struct perf_rings *r, size_t bytes)
{
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    void *memory = NULL;
    assert_int_equal(posix_memalign(&memory, page, page + bytes), 0);
    memset(memory, 0, page + bytes);
    *r = (struct perf_rings){.cpus = 1, .rings = calloc(1, sizeof(void *)), .ring_bytes = bytes};
    assert_non_null(r->rings);
    r->rings[0] = memory;
}

static void ring_put(const struct perf_rings *r, const void *record, size_t size)
{
    struct perf_event_mmap_page *page = r->rings[0];
    char *data = (char *)r->rings[0] + sysconf(_SC_PAGESIZE);
    for (size_t i = 0; i < size; i++)
        data[(page->data_head + i) % r->ring_bytes] = ((const char *)record)[i];
    page->data_head += size;
}

static bool ring_is_empty(const struct perf_rings *r)
{
    const struct perf_event_mmap_page *page = r->rings[0];
    return page->data_tail == page->data_head;
}

static void ring_end(struct perf_rings *r)
{
    free(r->rings[0]);
    free(r->rings);
}

static void record_expect(void *context, const struct perf_event_header *h)
{
    const struct record *r = (const void *)h;
    uint64_t *next = context;
    assert_int_equal(h->size, sizeof(*r));
    assert_int_equal(r->number, *next);
    assert_int_equal(r->rest[0], 'x');
    assert_int_equal(r->rest[sizeof(r->rest) - 1], 'z');
    *next += 1;
}

static void ring_wraps_around(void **state)
{
    struct perf_rings r;
    struct record record = {.header = {.type = PERF_RECORD_MMAP2, .size = sizeof(record)}};
    uint64_t next = 1;
    (void)state;
    record.rest[0] = 'x';
    record.rest[sizeof(record.rest) - 1] = 'z';
    assert_int_not_equal(4096 % sizeof(record), 0);
    ring_make(&r, 4096);
    for (int round = 0; round < 100; round++) {
        for (int i = 0; i < 25; i++) {
            record.number++;
            ring_put(&r, &record, sizeof(record));
        }
        perf_rings_read(&r, record_expect, &next);
        assert_true(ring_is_empty(&r));
    }
    assert_int_equal(next, 2501);
    ring_end(&r);
}

static void record_refuse(void *context, const struct perf_event_header *h)
{
    (void)context;
    fail_msg("a record of %u bytes was taken", h->size);
}

static void ring_with_nonsense_ends(void **state)
{
    (void)state;
    for (uint16_t size = 0; size < sizeof(struct perf_event_header); size++) {
        struct perf_rings r;
        struct perf_event_header h = {.type = PERF_RECORD_MMAP2, .size = size};
        ring_make(&r, 4096);
        ring_put(&r, &h, sizeof(h));
        perf_rings_read(&r, record_refuse, NULL); /* comes back */
        assert_true(ring_is_empty(&r));
        ring_end(&r);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ring_wraps_around),
        cmocka_unit_test(ring_with_nonsense_ends),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
