/* The reader of perf.data on files made here byte by byte, whole and cut off anywhere; and the kernel's
 * names. */
#include "probes/host/kernel_symbols.h"
#include "probes/perf/perf_data.h"
#include "tests/probes/cmocka_test.h"
#include "tests/probes/folder.h"

#include <errno.h>
#include <linux/perf_event.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ATTR_SIZE = 128, HEAD_SIZE = 104 };

/* A file in the making. */
struct bytes {
    unsigned char data[1 << 16];
    size_t size;
};

static void put(struct bytes *b, const void *what, size_t size)
{
    memcpy(b->data + b->size, what, size);
    b->size += size;
}

static void put64(struct bytes *b, uint64_t value)
{
    put(b, &value, sizeof(value));
}

static void head_put(struct bytes *b, unsigned events, uint64_t data_size)
{
    const uint64_t attrs = HEAD_SIZE, each = ATTR_SIZE + 16, ids = attrs + events * each;
    put(b, "PERFILE2", 8);
    put64(b, HEAD_SIZE);
    put64(b, each);
    put64(b, attrs);
    put64(b, events * each);
    put64(b, ids + 8 * (uint64_t)events);
    put64(b, data_size);
    for (int i = 0; i < 6; i++) /* event types, and the bits of the sections at the end */
        put64(b, 0);
}

/* Events 0, 1... have the ids 100, 101... */
static void attrs_put(struct bytes *b, const struct perf_event_attr *attrs, unsigned events)
{
    for (unsigned i = 0; i < events; i++) {
        unsigned char attr[ATTR_SIZE] = {0};
        memcpy(attr, &attrs[i], sizeof(attrs[i]) < ATTR_SIZE ? sizeof(attrs[i]) : ATTR_SIZE);
        put(b, attr, ATTR_SIZE);
        put64(b, HEAD_SIZE + events * (ATTR_SIZE + 16) + 8 * (uint64_t)i);
        put64(b, 8);
    }
    for (unsigned i = 0; i < events; i++)
        put64(b, 100 + i);
}

static void record_put(struct bytes *b, uint32_t type, const struct bytes *body)
{
    const struct perf_event_header h = {.type = type, .size = (uint16_t)(sizeof(h) + body->size)};
    put(b, &h, sizeof(h));
    put(b, body->data, body->size);
}

/* What the reader handed over, the last sample's fields copied. */
struct seen {
    unsigned samples;
    struct perf_data_sample last;
    uint64_t chain[8], stack[8];
};

static void take(void *context, const struct perf_data_sample *s)
{
    struct seen *seen = context;
    seen->samples++;
    seen->last = *s;
    if (s->chain)
        memcpy(seen->chain, s->chain, 8 * (s->chain_length < 8 ? s->chain_length : 8));
    if (s->stack)
        memcpy(seen->stack, s->stack, s->stack_size < 64 ? s->stack_size : 64);
}

static const uint64_t sample_type = PERF_SAMPLE_IP | PERF_SAMPLE_TID | PERF_SAMPLE_TIME | PERF_SAMPLE_ADDR |
                                    PERF_SAMPLE_ID | PERF_SAMPLE_PERIOD | PERF_SAMPLE_CALLCHAIN |
                                    PERF_SAMPLE_REGS_USER | PERF_SAMPLE_STACK_USER;

/* A sample as perf record --call-graph dwarf has it: registers 6, 7 and 8, 24 bytes of stack of which 16 are
 * filled. */
static void body_put(struct bytes *body, uint64_t mark)
{
    put64(body, 0xffffffff81000000 + mark); /* ip */
    put(body, (const uint32_t[]){17, 18}, 8);
    put64(body, 1000 + mark); /* time */
    put64(body, 0);           /* address */
    put64(body, 100);         /* id */
    put64(body, 1);           /* period */
    put64(body, 3);
    put64(body, (uint64_t)PERF_CONTEXT_KERNEL);
    put64(body, 0xffffffff81000000 + mark);
    put64(body, 0xffffffff82000000);
    put64(body, PERF_SAMPLE_REGS_ABI_64);
    put64(body, 0x6);
    put64(body, 0x7);
    put64(body, 0x8);
    put64(body, 24);
    put64(body, 0x1111);
    put64(body, 0x2222);
    put64(body, 0x3333);
    put64(body, 16);
}

static const char *file_of(const struct bytes *b, size_t size)
{
    const char *path = folder_path("perf.data");
    folder_file_write(path, b->data, size);
    return path;
}

/* Two samples, and between them what is lost and what is of no interest. */
static void session_put(struct bytes *b, unsigned events)
{
    static struct bytes body, records;
    struct perf_event_attr attrs[2] = {
        {.size = ATTR_SIZE, .sample_type = sample_type, .sample_regs_user = 7 << 6}};
    attrs[1] = attrs[0];
    attrs[1].type = PERF_TYPE_SOFTWARE; /* without samples: its registers don't matter */
    attrs[1].config = PERF_COUNT_SW_DUMMY;
    attrs[1].sample_regs_user = 1 << 6;
    *b = body = records = (struct bytes){.size = 0};
    body_put(&body, 1);
    record_put(&records, PERF_RECORD_SAMPLE, &body);
    body.size = 0;
    put64(&body, 100);
    put64(&body, 5);
    record_put(&records, PERF_RECORD_LOST, &body);
    body.size = 0;
    put64(&body, 2);
    record_put(&records, PERF_RECORD_LOST_SAMPLES, &body);
    record_put(&records, PERF_RECORD_COMM, &body);
    body.size = 0;
    body_put(&body, 2);
    record_put(&records, PERF_RECORD_SAMPLE, &body);
    head_put(b, events, records.size);
    attrs_put(b, attrs, events);
    put(b, records.data, records.size);
}

static void test_sample(void **state)
{
    (void)state;
    static struct bytes b;
    for (unsigned events = 1; events <= 2; events++) {
        struct seen seen = {0};
        struct perf_data_counts counts;
        struct error err = {""};
        session_put(&b, events);
        assert_int_equal(perf_data_read(file_of(&b, b.size), take, &seen, &counts, &err), 0);
        assert_int_equal(counts.samples, 2);
        assert_int_equal(counts.lost, 7);
        assert_int_equal(counts.strange, 0);
        assert_int_equal(seen.samples, 2);
        assert_int_equal(seen.last.time_ns, 1002);
        assert_int_equal(seen.last.pid, 17);
        assert_int_equal(seen.last.tid, 18);
        assert_int_equal(seen.last.ip, 0xffffffff81000002);
        assert_int_equal(seen.last.chain_length, 3);
        assert_int_equal(seen.chain[2], 0xffffffff82000000);
        assert_int_equal(seen.last.known, 7 << 6);
        assert_int_equal(seen.last.registers[8], 8);
        assert_int_equal(seen.last.stack_size, 16);
        assert_int_equal(seen.stack[1], 0x2222);
    }
}

/* A sample that came while perf asked how full the buffer is: perf writes it as the last of one round and as
 * the first of its buffer in the next one.  What another thread did in that nanosecond is no copy, nor are
 * samples without a time. */
static void test_twice(void **state)
{
    (void)state;
    static struct bytes b, body, records;
    struct perf_event_attr attr = {.size = ATTR_SIZE,
                                   .sample_type = PERF_SAMPLE_IP | PERF_SAMPLE_TID | PERF_SAMPLE_TIME};
    /* instruction, thread, time */
    static const uint64_t written[][3] = {{77, 18, 1000}, {77, 19, 1000}, {77, 18, 1000}, {77, 19, 1001},
                                          {77, 18, 1001}, {77, 18, 1000}, {77, 18, 0},    {77, 18, 0}};
    struct seen seen = {0};
    struct perf_data_counts counts;
    struct error err = {""};
    b = records = (struct bytes){.size = 0};
    for (size_t i = 0; i < sizeof(written) / sizeof(written[0]); i++) {
        body.size = 0;
        put64(&body, written[i][0]);
        put(&body, (const uint32_t[]){17, (uint32_t)written[i][1]}, 8);
        put64(&body, written[i][2]);
        record_put(&records, PERF_RECORD_SAMPLE, &body);
        body.size = 0;
        record_put(&records, 68, &body); /* PERF_RECORD_FINISHED_ROUND of tools/perf */
    }
    head_put(&b, 1, records.size);
    attrs_put(&b, &attr, 1);
    put(&b, records.data, records.size);
    assert_int_equal(perf_data_read(file_of(&b, b.size), take, &seen, &counts, &err), 0);
    assert_int_equal(counts.samples, 6);
    assert_int_equal(seen.samples, 6);
    assert_int_equal(counts.copies, 2);
    assert_int_equal(counts.strange, 0);
}

/* A record of loss as perf_event_attr.sample_id_all has it: with its thread and time behind it. */
static void lost_put(struct bytes *records, uint32_t type, uint64_t lost, uint64_t time_ns)
{
    struct bytes body = {.size = 0};
    if (type == PERF_RECORD_LOST)
        put64(&body, 100);
    put64(&body, lost);
    put(&body, (const uint32_t[]){17, 18}, 8);
    put64(&body, time_ns);
    record_put(records, type, &body);
}

/* What was lost is lost once, though the record of it stands there twice.  Without a time two losses can't be
 * told from one and its copy: then both count. */
static void test_lost_twice(void **state)
{
    (void)state;
    static struct bytes b, records;
    static const struct {
        bool timed;
        uint64_t lost, copies;
    } cases[] = {{true, 5 + 7 + 5 + 3 + 3 + 2, 3}, {false, 3 * 5 + 7 + 5 + 3 + 3 + 2 + 2, 0}};
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct perf_event_attr attr = {.size = ATTR_SIZE,
                                       .sample_type = PERF_SAMPLE_IP | PERF_SAMPLE_TID | PERF_SAMPLE_TIME,
                                       .sample_id_all = cases[i].timed};
        struct seen seen = {0};
        struct perf_data_counts counts;
        struct error err = {""};
        b = records = (struct bytes){.size = 0};
        lost_put(&records, PERF_RECORD_LOST, 5, 1000);
        lost_put(&records, PERF_RECORD_LOST, 7, 1001);
        lost_put(&records, PERF_RECORD_LOST, 5, 1000); /* a copy */
        lost_put(&records, PERF_RECORD_LOST, 5, 1000); /* and one more */
        lost_put(&records, PERF_RECORD_LOST, 5, 1002);
        lost_put(&records, PERF_RECORD_LOST, 3, 0);
        lost_put(&records, PERF_RECORD_LOST, 3, 0);
        lost_put(&records, PERF_RECORD_LOST_SAMPLES, 2, 1003);
        lost_put(&records, PERF_RECORD_LOST_SAMPLES, 2, 1003); /* a copy */
        head_put(&b, 1, records.size);
        attrs_put(&b, &attr, 1);
        put(&b, records.data, records.size);
        assert_int_equal(perf_data_read(file_of(&b, b.size), take, &seen, &counts, &err), 0);
        assert_int_equal(counts.lost, cases[i].lost);
        assert_int_equal(counts.copies, cases[i].copies);
    }
}

/* Of several events with different fields the record's own, which its last field names, tells whether it has
 * a time. */
static void test_lost_twice_of_events(void **state)
{
    (void)state;
    static struct bytes b, body, records;
    const struct perf_event_attr attrs[2] = {
        {.size = ATTR_SIZE, .sample_type = PERF_SAMPLE_IDENTIFIER | PERF_SAMPLE_TIME, .sample_id_all = 1},
        {.size = ATTR_SIZE, .sample_type = PERF_SAMPLE_IDENTIFIER | PERF_SAMPLE_IP, .sample_id_all = 1}};
    struct seen seen = {0};
    struct perf_data_counts counts;
    struct error err = {""};
    b = records = (struct bytes){.size = 0};
    for (int i = 0; i < 4; i++) {
        const bool timed = i < 2;
        body.size = 0;
        put64(&body, 100);
        put64(&body, timed ? 5 : 7);
        if (timed)
            put64(&body, 1000);
        put64(&body, timed ? 100 : 101);
        record_put(&records, PERF_RECORD_LOST, &body);
    }
    head_put(&b, 2, records.size);
    attrs_put(&b, attrs, 2);
    put(&b, records.data, records.size);
    assert_int_equal(perf_data_read(file_of(&b, b.size), take, &seen, &counts, &err), 0);
    assert_int_equal(counts.lost, 5 + 7 + 7);
    assert_int_equal(counts.copies, 1);
}

/* Cut off anywhere: an error with a sentence, or what stood before the cut and a strange record. */
static void test_cut(void **state)
{
    (void)state;
    static struct bytes b;
    session_put(&b, 2);
    const size_t records = HEAD_SIZE + 2 * (ATTR_SIZE + 16) + 16;
    for (size_t size = 0; size < b.size; size++) {
        struct seen seen = {0};
        struct perf_data_counts counts;
        struct error err = {""};
        const int rc = perf_data_read(file_of(&b, size), take, &seen, &counts, &err);
        if (size < records - 16) {
            assert_true(rc < 0);
            assert_true(err.text[0]);
        } else if (rc == 0) {
            assert_true(counts.samples < 2);
        }
    }
}

/* Sizes that lie: in each place a number far too large. */
static void test_lies(void **state)
{
    (void)state;
    static struct bytes b, lie;
    session_put(&b, 2);
    for (size_t at = 0; at + 8 <= b.size; at += 4) {
        struct seen seen = {0};
        struct perf_data_counts counts;
        struct error err = {""};
        lie = b;
        memset(lie.data + at, 0xff, 8);
        const int rc = perf_data_read(file_of(&lie, lie.size), take, &seen, &counts, &err);
        assert_true(rc == 0 || err.text[0]);
    }
}

/* A session of several events with different fields: whose a sample is, its id says. */
static void test_identifier(void **state)
{
    (void)state;
    static struct bytes b, body, records;
    const struct perf_event_attr attrs[2] = {
        {.size = ATTR_SIZE, .sample_type = PERF_SAMPLE_IDENTIFIER | PERF_SAMPLE_TIME},
        {.size = ATTR_SIZE, .sample_type = PERF_SAMPLE_IDENTIFIER | PERF_SAMPLE_IP}};
    b = body = records = (struct bytes){.size = 0};
    put64(&body, 101);
    put64(&body, 77);
    record_put(&records, PERF_RECORD_SAMPLE, &body);
    body.size = 0;
    put64(&body, 999); /* nobody's */
    put64(&body, 77);
    record_put(&records, PERF_RECORD_SAMPLE, &body);
    head_put(&b, 2, records.size);
    attrs_put(&b, attrs, 2);
    put(&b, records.data, records.size);
    struct seen seen = {0};
    struct perf_data_counts counts;
    struct error err = {""};
    assert_int_equal(perf_data_read(file_of(&b, b.size), take, &seen, &counts, &err), 0);
    assert_int_equal(seen.samples, 1);
    assert_int_equal(seen.last.ip, 77);
    assert_int_equal(counts.strange, 1);
}

static void test_refused(void **state)
{
    (void)state;
    struct perf_data_counts counts;
    struct error err = {""};
    assert_int_equal(perf_data_read(folder_path("nothing"), take, NULL, &counts, &err), -ENOENT);
    static struct bytes b;
    session_put(&b, 1);
    const uint64_t unreadable = sample_type | PERF_SAMPLE_READ;
    memcpy(b.data + HEAD_SIZE + offsetof(struct perf_event_attr, sample_type), &unreadable, 8);
    err.text[0] = '\0';
    assert_int_equal(perf_data_read(file_of(&b, b.size), take, NULL, &counts, &err), -EINVAL);
    assert_non_null(strstr(err.text, "fields that heapwait doesn't read"));
}

static void test_kernel_symbols(void **state)
{
    (void)state;
    static const char text[] = "ffffffff81000100 T second\n"
                               "ffffffff81000000 t first\n"
                               "ffffffff81000000 T alias_of_first\n"
                               "ffffffff81000080 d data\n"
                               "0000000000000000 A hidden\n"
                               "nonsense\n"
                               "ffffffffc0000000 t in_module\t[module]\n";
    const char *path = folder_path("kallsyms");
    folder_file_write(path, text, sizeof(text) - 1);
    struct kernel_symbols *k = kernel_symbols_read(path);
    assert_string_equal(kernel_symbol_at(k, 0xffffffff81000000), "first");
    assert_string_equal(kernel_symbol_at(k, 0xffffffff810000ff), "first");
    assert_string_equal(kernel_symbol_at(k, 0xffffffff81000100), "second");
    assert_string_equal(kernel_symbol_at(k, 0xffffffffc0000010), "in_module");
    assert_null(kernel_symbol_at(k, 0xffffffff80ffffff));
    assert_null(kernel_symbol_at(k, 0xffffffff90000000)); /* far behind the last one below it */
    assert_true(kernel_symbol_is_fault("el0_da") && kernel_symbol_is_call("el0_svc"));
    assert_false(kernel_symbol_is_call("el0_da") || kernel_symbol_is_fault("el0_svc") ||
                 kernel_symbol_is_call(NULL));
    kernel_symbols_free(k);
    k = kernel_symbols_read(folder_path("nothing"));
    assert_null(kernel_symbol_at(k, 0xffffffff81000000));
    kernel_symbols_free(k);
}

static int setup(void **state)
{
    (void)state;
    folder_make();
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    folder_remove();
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sample),
        cmocka_unit_test(test_twice),
        cmocka_unit_test(test_lost_twice),
        cmocka_unit_test(test_lost_twice_of_events),
        cmocka_unit_test(test_cut),
        cmocka_unit_test(test_lies),
        cmocka_unit_test(test_identifier),
        cmocka_unit_test(test_refused),
        cmocka_unit_test(test_kernel_symbols),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
