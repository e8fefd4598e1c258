/* What perf script prints, as perf 6.1 prints it and as older ones and libtraceevent's plugins do, against
 * the records it is to become; and lines that no perf ever printed. */
#include "probes/perf/perf_script.h"
#include "tests/probes/cmocka_test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_RECORDS = 32, MAX_STEPS = 8 };

struct seen {
    struct perf_record r;
    char event[64], path[128], comm[32];
    char symbols[MAX_STEPS][64], dsos[MAX_STEPS][64];
    uint64_t addresses[MAX_STEPS];
    bool kernel[MAX_STEPS];
    char build_id[48];
};

struct reading {
    struct seen records[MAX_RECORDS];
    size_t count;
    uint64_t strange;
};

static void record_take(void *context, const struct perf_record *r)
{
    struct reading *all = context;
    assert_true(all->count < MAX_RECORDS);
    struct seen *s = &all->records[all->count++];
    s->r = *r;
    snprintf(s->event, sizeof(s->event), "%s", r->event ? r->event : "");
    snprintf(s->path, sizeof(s->path), "%s", r->map.path ? r->map.path : "");
    snprintf(s->build_id, sizeof(s->build_id), "%s", r->map.build_id ? r->map.build_id : "");
    snprintf(s->comm, sizeof(s->comm), "%s", r->comm ? r->comm : "");
    for (size_t i = 0; i < r->frame_count && i < MAX_STEPS; i++) {
        s->addresses[i] = r->frames[i].address;
        s->kernel[i] = r->frames[i].kernel;
        snprintf(s->symbols[i], sizeof(s->symbols[i]), "%s", r->frames[i].symbol ? r->frames[i].symbol : "-");
        snprintf(s->dsos[i], sizeof(s->dsos[i]), "%s", r->frames[i].dso ? r->frames[i].dso : "-");
    }
}

/* In pieces of every size: where a piece ends must not matter. */
static const char *machine = "x86_64";
static void read_pieces(struct reading *all, const char *text, size_t size, size_t piece)
{
    struct perf_script *p = perf_script_new(record_take, all);
    assert_non_null(p);
    memset(all, 0, sizeof(*all));
    perf_script_set_machine(p, machine);
    for (size_t at = 0; at < size; at += piece)
        perf_script_feed(p, text + at, size - at < piece ? size - at : piece);
    perf_script_end(p);
    all->strange = perf_script_strange(p);
    perf_script_free(p);
}

static void read_all(struct reading *all, const char *text)
{
    static struct reading other;
    size_t size = strlen(text);
    read_pieces(all, text, size, size ? size : 1);
    for (size_t piece = 1; piece < 70; piece += 7) {
        read_pieces(&other, text, size, piece);
        assert_int_equal(other.count, all->count);
        assert_int_equal(other.strange, all->strange);
        for (size_t i = 0; i < all->count; i++)
            assert_int_equal(other.records[i].r.time_ns, all->records[i].r.time_ns);
    }
}

static struct reading all;

static void samples_and_paths(void **state)
{
    (void)state;
    read_all(&all,
             "  529/530    3124.600401504: cpu-clock:u:  ffffffff81775b9a elf_load ([kernel.kallsyms])\n"
             "  529/530    3124.700401504: cycles:P: \n"
             "\tffffffff8225fd19 asm_exc_page_fault ([kernel.kallsyms])\n"
             "\t            7f43 operator()(int) const (/opt/a b (c)/app)\n"
             "\t               0 [unknown] ([unknown])\n"
             "\n"
             "  529/530    3124.8: page-faults: \n");
    assert_int_equal(all.count, 3);
    assert_int_equal(all.strange, 0);
    const struct seen *one = &all.records[0], *two = &all.records[1];
    assert_int_equal(one->r.kind, PERF_SAMPLE);
    assert_int_equal(one->r.trace.kind, TRACE_CLOCK);
    assert_int_equal(one->r.pid, 529);
    assert_int_equal(one->r.tid, 530);
    assert_true(one->r.time_ns == 3124600401504);
    assert_string_equal(one->event, "cpu-clock:u");
    assert_int_equal(one->r.frame_count, 1);
    assert_false(one->r.has_path);
    assert_true(two->r.has_path);
    assert_int_equal(two->r.frame_count, 3);
    assert_string_equal(two->symbols[1], "operator()(int) const");
    assert_string_equal(two->dsos[1], "/opt/a b (c)/app");
    assert_int_equal(two->addresses[1], 0x7f43);
    assert_string_equal(two->symbols[2], "-");
    assert_string_equal(two->dsos[2], "-");
    assert_int_equal(all.records[2].r.trace.kind, TRACE_OTHER);
    assert_true(all.records[2].r.time_ns == 3124800000000);
}

static const struct perf_trace *trace(size_t i)
{
    assert_true(i < all.count);
    assert_int_equal(all.records[i].r.kind, PERF_SAMPLE);
    return &all.records[i].r.trace;
}

static void futex_calls(void **state)
{
    (void)state;
    read_all(
        &all,
        "1/2 1.000000001: syscalls:sys_enter_futex: uaddr: 0x004106a0, op: 0x00000080, val: 0x2, utime: 0x0\n"
        "1/2 1.000000002: syscalls:sys_exit_futex: 0xfffffffffffffff5           407f43 __lock (/a)\n"
        "1/2 1.000000003: syscalls:sys_enter_futex: op=FUTEX_WAKE|FUTEX_PRIVATE_FLAG uaddr=0x77 val=1\n"
        "1/2 1.000000004: syscalls:sys_exit_futex: 0x1\n"
        "1/2 1.000000005: syscalls:sys_enter_futex_wait: uaddr: 0x10, val: 0x1, mask: 0xffffffff\n"
        "1/2 1.000000006: syscalls:sys_enter_futex_waitv: waiters: 0x20, nr_futexes: 0x2\n"
        "1/2 1.000000007: syscalls:sys_enter_restart_syscall: \n"
        "1/2 1.000000008: raw_syscalls:sys_enter: NR 202 (7fff10, 81, 1, 0, 0, 0) ffffffff8 x ([k])\n"
        "1/2 1.000000009: raw_syscalls:sys_exit: NR 202 = -11\n"
        "1/2 1.000000010: raw_syscalls:sys_enter: NR 0 (3, 7fff, 10, 0, 0, 0)\n"
        "1/2 1.000000011: syscalls:sys_enter_read: fd: 0x00000003\n");
    assert_int_equal(all.count, 11);
    assert_int_equal(all.strange, 0);
    assert_int_equal(trace(0)->kind, TRACE_CALL_ENTER);
    assert_int_equal(trace(0)->call, CALL_FUTEX);
    assert_int_equal(trace(0)->word, 0x4106a0);
    assert_int_equal(trace(0)->op, 0x80);
    assert_true(trace(0)->has_value);
    assert_int_equal(trace(0)->value, 2);
    assert_int_equal(trace(1)->kind, TRACE_CALL_EXIT);
    assert_int_equal(trace(1)->result, -11);
    assert_int_equal(trace(2)->word, 0x77);
    assert_int_equal(trace(2)->op, 1);
    assert_true(trace(2)->has_value);
    assert_int_equal(trace(2)->value, 1);
    assert_int_equal(trace(3)->result, 1);
    assert_int_equal(trace(4)->call, CALL_WAIT);
    assert_int_equal(trace(4)->word, 0x10);
    assert_int_equal(trace(5)->call, CALL_WAITV);
    assert_int_equal(trace(6)->call, CALL_RESTART);
    assert_true(trace(7)->raw);
    assert_int_equal(trace(7)->call, CALL_FUTEX);
    assert_int_equal(trace(7)->word, 0x7fff10);
    assert_int_equal(trace(7)->op, 0x81);
    assert_int_equal(trace(7)->value, 1);
    assert_int_equal(trace(8)->result, -11);
    assert_int_equal(trace(9)->call, CALL_NONE);
    assert_int_equal(trace(10)->kind, TRACE_OTHER);
}

/* A thread may call itself anything, 15 bytes long. */
static void the_scheduler(void **state)
{
    (void)state;
    read_all(
        &all,
        "1/2 1.1: sched:sched_switch: prev_comm= prev_state=R  prev_pid=2 prev_prio=120 prev_state=S ==> "
        "next_comm= next_pid=9 ==>  next_pid=7 next_prio=120\n"
        "1/2 1.2: sched:sched_switch: prev_comm=x prev_pid=2 prev_prio=-1 prev_state=R+ ==> next_comm=y "
        "next_pid=0 next_prio=120 ffffffff813a50f1 __traceiter_sched_switch ([kernel.kallsyms])\n"
        "1/2 1.3: sched:sched_switch: a:b:2 [120] D ==> c [7]:d:33 [98]\n"
        "1/2 1.4: sched:sched_waking: comm=x pid=1 pid=5 prio=120 target_cpu=001\n"
        "1/2 1.5: sched:sched_wakeup: a b:12 [120] success=1 CPU:001\n"
        "1/2 1.6: PERF_RECORD_SWITCH OUT preempt\n"
        "1/2 1.7: PERF_RECORD_SWITCH OUT        \n"
        "1/2 1.8: PERF_RECORD_SWITCH IN         \n"
        "1/2 1.9: PERF_RECORD_SWITCH_CPU_WIDE OUT          next pid/tid:     0/0    \n");
    assert_int_equal(all.strange, 0);
    assert_int_equal(all.count, 9);
    assert_int_equal(trace(0)->kind, TRACE_SWITCH);
    assert_false(trace(0)->runnable);
    assert_int_equal(trace(0)->thread, 7);
    assert_true(trace(1)->runnable);
    assert_int_equal(trace(1)->thread, 0);
    assert_false(trace(2)->runnable);
    assert_int_equal(trace(2)->thread, 33);
    assert_int_equal(trace(3)->kind, TRACE_WAKEUP);
    assert_int_equal(trace(3)->thread, 5);
    assert_int_equal(trace(4)->thread, 12);
    assert_int_equal(all.records[5].r.kind, PERF_SWITCH_OUT);
    assert_true(all.records[5].r.preempted);
    assert_false(all.records[6].r.preempted);
    assert_int_equal(all.records[7].r.kind, PERF_SWITCH_IN);
    assert_int_equal(all.records[8].r.kind, PERF_SWITCH_OUT);
}

static void processes_and_files(void **state)
{
    (void)state;
    read_all(
        &all,
        "    0/0         0.000000000: PERF_RECORD_COMM: perf-exec:20/20\n"
        "20/20  3.1: PERF_RECORD_COMM exec: a:b c:20/21\n"
        "20/20  3.2: PERF_RECORD_MMAP2 20/21: [0x401000(0xa000) @ 0x1000 fe:00 5309463 2614434033]: r-xp "
        "/opt/my app\n"
        "20/20  3.3: PERF_RECORD_MMAP2 20/21: [0x7f00(0x1000) @ 0 <0123456789abcdef>]: r-xp /lib/x.so\n"
        "-1/0  3.4: PERF_RECORD_MMAP -1/0: [0xffffffff81000000(0x127) @ 0xffffffff81000000]: x "
        "[kernel.kallsyms]_text\n"
        "20/20  3.5: PERF_RECORD_MMAP2 20/21: [0x7f00(0x1000) @ 0 fe:00 1 2]: rw-p /data\n"
        "20/20  3.55: PERF_RECORD_MMAP2 20/20: [0x40f000(0x2000) @ 0x40f000 00:00 0 0]: rw-p //anon\n"
        "20/20  3.6: PERF_RECORD_FORK(20:25):(20:20)\n"
        "20/20  3.7: PERF_RECORD_FORK(30:30):(20:25)\n"
        "20/20  3.8: PERF_RECORD_EXIT(30:30):(20:20)\n"
        "20/20  3.9: PERF_RECORD_LOST lost 2669\n"
        "20/20  3.95: PERF_RECORD_LOST_SAMPLES lost 5\n"
        "20/20  3.96: PERF_RECORD_KSYMBOL addr 0 len 0 type 1 flags 0x0 name x\n");
    assert_int_equal(all.count, 9);
    assert_int_equal(all.strange, 0); /* mapped data is of no interest, and nothing is lost with it */
    assert_int_equal(all.records[0].r.kind, PERF_EXEC);
    assert_int_equal(all.records[0].r.pid, 20);
    assert_int_equal(all.records[0].r.tid, 21);
    assert_string_equal(all.records[0].comm, "a:b c");
    const struct perf_record *map = &all.records[1].r;
    assert_int_equal(map->kind, PERF_MAP);
    assert_int_equal(map->map.start, 0x401000);
    assert_int_equal(map->map.length, 0xa000);
    assert_int_equal(map->map.file_offset, 0x1000);
    assert_int_equal(map->map.inode, 5309463);
    assert_string_equal(all.records[1].path, "/opt/my app");
    assert_string_equal(all.records[1].build_id, "");
    assert_int_equal(all.records[2].r.map.inode, 0);
    assert_string_equal(all.records[2].build_id, "0123456789abcdef");
    assert_string_equal(all.records[2].path, "/lib/x.so");
    assert_string_equal(all.records[3].path, "[kernel.kallsyms]_text");
    assert_int_equal(all.records[4].r.kind, PERF_FORK);
    assert_int_equal(all.records[4].r.parent, 20);
    assert_int_equal(all.records[5].r.pid, 30);
    assert_int_equal(all.records[6].r.kind, PERF_EXIT);
    assert_int_equal(all.records[7].r.lost, 2669);
    assert_int_equal(all.records[8].r.lost, 5);
}

/* perf tells whose code ran, if it is asked; what a sample stands for is passed over. */
static void modes_and_periods(void **state)
{
    (void)state;
    read_all(
        &all,
        "    0/0     K         0.000000: PERF_RECORD_MMAP -1/0: [0xffffffff81000000(0x12) @ 0]: x "
        "[kernel]_text\n"
        "20/20 E       337.4: PERF_RECORD_COMM exec: fx:20/20\n"
        "20/20 Sp      337.5: PERF_RECORD_SWITCH OUT preempt\n"
        "20/21 U       337.6:     250000                cpu-clock: \n"
        "\t           1462a work (/opt/app)\n"
        "\tffffffffdeadbeef [unknown] ([unknown])\n"
        "\n"
        "20/21 K      337.7:     250000 cpu-clock: \n"
        "\t           1462a work (/opt/app)\n"
        "\n"
        "20/21 K      337.8: cpu-clock: \n"
        "20/21 U      337.9: 7 cpu-clock: \n"
        "20/21 U      338.0: 12 syscalls:sys_enter_futex: uaddr: 0x5588, op: 0x00000080, val: 0x00000001\n"
        "20/21 K      338.1: cpu-clock:  ffffffff81775b9a elf_load ([kernel.kallsyms])\n");
    assert_int_equal(all.strange, 0);
    assert_int_equal(all.count, 9);
    assert_int_equal(all.records[1].r.kind, PERF_EXEC);
    assert_true(all.records[2].r.preempted);
    const struct seen *user = &all.records[3], *hidden = &all.records[4], *bare = &all.records[5];
    assert_int_equal(user->r.mode, 'U');
    assert_int_equal(user->r.frame_count, 2);
    assert_false(user->kernel[0] || user->kernel[1]); /* no kernel's code in a user's path */
    assert_int_equal(hidden->r.frame_count, 2);       /* the kernel's part was left out of the path */
    assert_true(hidden->kernel[0]);
    assert_string_equal(hidden->symbols[0], "[not recorded]");
    assert_string_equal(hidden->symbols[1], "work");
    assert_int_equal(bare->r.frame_count, 1);
    assert_true(bare->kernel[0]);
    assert_int_equal(all.records[6].r.frame_count, 0); /* the user's, and no more is known */
    assert_int_equal(trace(7)->word, 0x5588);
    assert_int_equal(all.records[8].r.frame_count, 1);
    assert_true(all.records[8].kernel[0]);
}

/* On a 32-bit machine the kernel's addresses are in the lower half of 64 bits: its code is known by its
 * files. */
static void kernels_of_32_bits(void **state)
{
    static const struct {
        const char *dso;
        bool kernel;
    } files[] = {
        {"[kernel.kallsyms]", true}, {"[ext4]", true},  {"/lib/modules/6.1.0/kernel/fs/ext4/ext4.ko", true},
        {"/opt/app", false},         {"[vdso]", false}, {"[vectors]", false},
        {"[unknown]", false},        {"[heap]", false},
    };
    (void)state;
    machine = "armv7l";
    for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
        char text[256];
        snprintf(text, sizeof(text), "1/2 4.0: cycles: \n\tc0123456 name (%s)\n\n", files[i].dso);
        read_all(&all, text);
        assert_int_equal(all.records[0].r.frame_count, 1);
        if (all.records[0].kernel[0] != files[i].kernel)
            fail_msg("%s is taken to be the %s's", files[i].dso, files[i].kernel ? "user" : "kernel");
    }
    read_all(&all, "1/2 U 4.0: cycles: \n\tc0123456 name ([ext4])\n\n");
    assert_false(all.records[0].kernel[0]); /* perf says so */
    machine = "x86_64";
    read_all(&all, "1/2 4.0: cycles: \n\t7f00 name ([ext4])\n\n");
    assert_false(all.records[0].kernel[0]);
    read_all(&all, "1/2 4.0: cycles: \n\tffffffffc0123456 name ([ext4])\n\n");
    assert_true(all.records[0].kernel[0]);
}

static void nonsense_is_counted(void **state)
{
    static const char *const lines[] = {
        "x",
        "1/2",
        "1/2 K",
        "1/2 KKK 3",
        "1/2 3.5: 17",
        "1/2 3.5: 17 ",
        "1/2 3",
        "1/2 3.5",
        "1/2 3.5:",
        "1/2 3.5: no_colon here",
        "1/2 99999999999999999999.5: cpu-clock: ",
        "1/2 3.5: PERF_RECORD_MMAP2 1/2: nonsense",
        "1/2 3.5: PERF_RECORD_FORK nonsense",
        "1/2 3.5: PERF_RECORD_LOST lost many",
        "1/2 3.5: syscalls:sys_enter_futex: ",
        "1/2 3.5: syscalls:sys_enter_futex: op=FUTEX_NONE uaddr=0x1",
        "1/2 3.5: syscalls:sys_exit_futex: what",
        "1/2 3.5: sched:sched_switch: ==>",
        "1/2 3.5: sched:sched_wakeup: [",
        "1/2 3.5: raw_syscalls:sys_enter: NR",
        "a comm of two",
    };
    (void)state;
    for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
        char text[256];
        snprintf(text, sizeof(text), "%s\n1/2 4.0: cpu-clock: \n", lines[i]);
        read_all(&all, text);
        if (all.strange != 1 || all.count != 1)
            fail_msg("'%s': %zu records, %llu strange", lines[i], all.count, (unsigned long long)all.strange);
    }
    read_all(&all, "1/2 4.0: cpu-clock: \n\tnonsense\n\n\t7f43 stray (x)\n");
    assert_int_equal(all.count, 1);
    assert_int_equal(all.strange, 1);
    read_all(&all, "1/2 4.0: cpu-cl");
    assert_int_equal(all.count, 0);
    assert_int_equal(all.strange, 1); /* cut off */
}

/* A line longer than any perf prints is passed over; the next is read again. */
static void overlong_lines(void **state)
{
    size_t size = 200000;
    char *text = malloc(size + 64);
    (void)state;
    assert_non_null(text);
    memset(text, 'x', size);
    snprintf(text + size, 64, "\n1/2 4.0: cpu-clock: \n");
    read_pieces(&all, text, strlen(text), 4096);
    free(text);
    assert_int_equal(all.count, 1);
    assert_int_equal(all.strange, 1);
}

/* More steps than there is room for are left out, innermost ones stay. */
static void deep_paths(void **state)
{
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);
    (void)state;
    assert_non_null(out);
    fputs("1/2 4.0: cpu-clock: \n", out);
    for (int i = 0; i < 5000; i++)
        fprintf(out, "\t%16x function_with_a_rather_long_name_%d (/a/file/with/a/long/name)\n", i + 1, i);
    fputs("\n1/2 5.0: cpu-clock: \n", out);
    fclose(out);
    read_pieces(&all, text, size, 1000);
    free(text);
    assert_int_equal(all.count, 2);
    assert_int_equal(all.records[0].r.frame_count, 512);
    assert_int_equal(all.records[0].addresses[0], 1);
    assert_string_equal(all.records[0].symbols[7], "function_with_a_rather_long_name_7");
}

static char comment[64];

static void comment_take(void *context, const char *line)
{
    snprintf(context, sizeof(comment), "%s", line);
}

/* Without times records are numbered, so that their order is kept. */
static void without_times(void **state)
{
    static const char text[] = "# a comment\n"
                               "20/20 PERF_RECORD_COMM exec: a 1.5: b:20/20\n"
                               "20/20    cpu-clock:      7f69d893e62a handle (/lib/ld.so)\n"
                               "20/20 nonsense\n"
                               "20/21 PERF_RECORD_SWITCH OUT preempt\n";
    (void)state;
    struct perf_script *p = perf_script_new(record_take, &all);
    assert_non_null(p);
    memset(&all, 0, sizeof(all));
    perf_script_set_timeless(p);
    perf_script_set_comment(p, comment_take, comment);
    perf_script_feed(p, text, strlen(text));
    perf_script_end(p);
    assert_string_equal(comment, "# a comment");
    assert_int_equal(all.count, 3);
    assert_int_equal(perf_script_strange(p), 1);
    perf_script_free(p);
    assert_int_equal(all.records[0].r.time_ns, 1);
    assert_string_equal(all.records[0].comm, "a 1.5: b");
    assert_int_equal(all.records[1].r.trace.kind, TRACE_CLOCK);
    assert_int_equal(all.records[1].r.frame_count, 1);
    assert_true(all.records[2].r.time_ns > all.records[1].r.time_ns);
    assert_int_equal(all.records[2].r.tid, 21);
}

/* A tracepoint that was counted with another event's samples has that one's place where its fields would be.
 */
static void counted_tracepoints(void **state)
{
    static const char text[] = "1/2 1.5: syscalls:sys_exit_futex:  7f00087a56b2 printf (/lib/libc.so.6)\n"
                               "1/2 1.6: syscalls:sys_exit_futex_wait: 0x7\n";
    (void)state;
    struct perf_script *p = perf_script_new(record_take, &all);
    assert_non_null(p);
    memset(&all, 0, sizeof(all));
    perf_script_set_counted(p, " cycles syscalls:sys_exit_futex ");
    perf_script_feed(p, text, strlen(text));
    perf_script_end(p);
    assert_int_equal(perf_script_strange(p), 0);
    perf_script_free(p);
    assert_int_equal(trace(0)->kind, TRACE_OTHER);
    assert_int_equal(trace(1)->kind, TRACE_CALL_EXIT); /* its name only begins alike */
    assert_int_equal(trace(1)->result, 7);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(samples_and_paths),   cmocka_unit_test(futex_calls),
        cmocka_unit_test(the_scheduler),       cmocka_unit_test(processes_and_files),
        cmocka_unit_test(modes_and_periods),   cmocka_unit_test(kernels_of_32_bits),
        cmocka_unit_test(nonsense_is_counted), cmocka_unit_test(overlong_lines),
        cmocka_unit_test(deep_paths),          cmocka_unit_test(without_times),
        cmocka_unit_test(counted_tracepoints),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
