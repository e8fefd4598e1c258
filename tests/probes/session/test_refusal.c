/* What is said of programs that the kernel refuses: `test_refusal words` by lines that libbpf has said,
 * `test_refusal kernel` by this kernel, which takes privilege. */
#include "probes/session/refusal.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static void expect_words(const char *const *lines, int code, const char *sentence)
{
    struct refusal r = {0};
    struct error err = {0};
    for (; *lines; lines++)
        refusal_take(&r, *lines);
    assert_int_equal(refusal_set(&r, NULL, code, &err), code);
    assert_string_equal(err.text, sentence);
}

static void verifiers_last_line(void **state)
{
    (void)state;
    expect_words(
        (const char *const[]){"libbpf: prog 'enter': BPF program load failed: Permission denied\n",
                              "libbpf: prog 'enter': -- BEGIN PROG LOAD LOG --\n"
                              "0: R1=ctx() R10=fp0\n"
                              "dereference of modified ctx ptr R6 off=16 disallowed\n"
                              "processed 3 insns (limit 1000000) max_states_per_insn 0\n"
                              "-- END PROG LOAD LOG --\n",
                              "libbpf: prog 'enter': failed to load: -13\n",
                              "libbpf: failed to load object 'probes_bpf'\n", NULL},
        -EACCES,
        "this kernel's verifier refuses heapwait's BPF program 'enter' (Permission denied): dereference of "
        "modified ctx ptr R6 off=16 disallowed; `HEAPWAIT_DEBUG=1 heapwait doctor` prints all of its words");
}

static void missing_field_of_the_kernel(void **state)
{
    (void)state;
    expect_words(
        (const char *const[]){
            "libbpf: prog 'on_switch': -- BEGIN PROG LOAD LOG --\n"
            "1: <invalid CO-RE relocation>\n"
            "failed to resolve CO-RE relocation <byte_off> [27] struct task_struct.x (0:0 @ offset 0)\n"
            "processed 2 insns\n",
            NULL},
        -EINVAL,
        "this kernel's types aren't those that heapwait's BPF program 'on_switch' was written for: failed to "
        "resolve CO-RE relocation <byte_off> [27] struct task_struct.x (0:0 @ offset 0)");
}

/* As libbpf 1.1 says it on Linux 6.1 to a user with CAP_BPF and CAP_PERFMON. */
static void rights_for_types_of_modules(void **state)
{
    (void)state;
    expect_words(
        (const char *const[]){"libbpf: failed to iterate BTF objects: -1\n",
                              "libbpf: failed to load object 'probes_bpf'\n", NULL},
        -EINVAL,
        "with this kernel and this libbpf CAP_BPF and CAP_PERFMON are not enough: libbpf looks for the "
        "types of modules, which takes CAP_SYS_ADMIN; run heapwait as root");
}

/* By number, as a kernel says it that has never heard of the helper; and by name. */
static void helpers_with_their_kernel(void **state)
{
    (void)state;
    const char *const sentence = "this kernel lacks bpf_task_pt_regs() for programs like heapwait's "
                                 "'on_switch': Linux 5.15 or newer has it";
    expect_words((const char *const[]){"libbpf: prog 'on_switch': -- BEGIN PROG LOAD LOG --\n"
                                       "0: (85) call unknown#175\n"
                                       "invalid func unknown#175\n",
                                       NULL},
                 -EINVAL, sentence);
    expect_words((const char *const[]){"libbpf: prog 'on_switch': -- BEGIN PROG LOAD LOG --\n"
                                       "unknown func bpf_task_pt_regs#175\n",
                                       NULL},
                 -EINVAL, sentence);
    expect_words(
        (const char *const[]){"libbpf: prog 'on_switch': -- BEGIN PROG LOAD LOG --\n"
                              "program of this type cannot use helper bpf_task_storage_get#156\n",
                              NULL},
        -EINVAL,
        "this kernel lacks bpf_task_storage_get() for programs like heapwait's 'on_switch': Linux 5.13 or "
        "newer has it");
}

static void maps_and_events(void **state)
{
    (void)state;
    expect_words((const char *const[]){"libbpf: map 'words': failed to create: Cannot allocate memory(-12)\n",
                                       "libbpf: failed to load object 'probes_bpf'\n", NULL},
                 -ENOMEM,
                 "there is no memory for the BPF map 'words': maps count where heapwait runs, so raise the "
                 "memory limit of its cgroup, or run it outside of that");
    expect_words(
        (const char *const[]){"libbpf: prog 'on_contention': failed to find kernel BTF type ID of "
                              "'contention_begin': -3\n",
                              "libbpf: prog 'on_contention': failed to load: -3\n", NULL},
        -ESRCH,
        "this kernel can't take heapwait's BPF program 'on_contention': failed to find kernel BTF type ID "
        "of 'contention_begin': -3");
    expect_words(
        (const char *const[]){NULL}, -EPERM,
        "the kernel refuses the BPF programs: Operation not permitted; `HEAPWAIT_DEBUG=1 heapwait doctor` "
        "prints all of its words");
}

/* Lines of any length, names without an end, a log of nothing: within bounds, and a sentence comes out. */
static void lines_that_are_none(void **state)
{
    (void)state;
    char text[5000];
    struct error err = {0};
    struct refusal r = {0};
    memset(text, 'x', sizeof(text));
    text[sizeof(text) - 1] = '\0';
    memcpy(text, "libbpf: prog '", 14);
    refusal_take(&r, text);
    assert_string_equal(r.program, "");
    assert_int_equal(strlen(r.words), sizeof(r.words) - 1);
    text[4000] = '\'';
    text[4001] = ':';
    text[4002] = ' ';
    refusal_take(&r, text);
    assert_int_equal(strlen(r.program), sizeof(r.program) - 1);
    refusal_take(&r, "");
    refusal_take(&r, "prog 'a': -- BEGIN PROG LOAD LOG --\n");
    assert_string_equal(r.verifier, "");
    assert_int_equal(refusal_set(&r, NULL, -EIO, &err), -EIO);
    assert_non_null(strstr(err.text, "'a'"));
}

/* Loads one program, and at most one map that isn't used. */
static void expect_of_kernel(const char *program, const char *map, const char *words)
{
    struct refusal r;
    struct error err = {0};
    struct bpf_program *p;
    struct bpf_map *m;
    refusal_listen(&r);
    struct bpf_object *object = bpf_object__open(REFUSED);
    assert_non_null(object);
    bpf_object__for_each_program (p, object)
        bpf_program__set_autoload(p, !strcmp(bpf_program__name(p), program));
    bpf_object__for_each_map(m, object) bpf_map__set_autocreate(m, map && !strcmp(bpf_map__name(m), map));
    int rc = bpf_object__load(object);
    refusal_end();
    if (!words) {
        assert_int_equal(rc, 0);
    } else {
        assert_true(rc < 0);
        assert_int_equal(refusal_set(&r, object, rc, &err), rc);
        if (!strstr(err.text, words))
            fail_msg("'%s' is not in: %s", words, err.text);
    }
    bpf_object__close(object);
}

static void of_this_kernel(void **state)
{
    (void)state;
    expect_of_kernel("accepted", NULL, NULL);
    expect_of_kernel("beyond_the_end", NULL, "verifier refuses heapwait's BPF program 'beyond_the_end'");
    expect_of_kernel("missing_field", NULL, "types aren't those that heapwait's BPF program 'missing_field'");
    expect_of_kernel("missing_event", NULL, "can't take heapwait's BPF program 'missing_event'");
    expect_of_kernel("missing_event", NULL, "sched_no_such_event");
    expect_of_kernel("missing_helper", NULL, "this kernel lacks the helper #9999 for programs");
    expect_of_kernel("helper_of_others", NULL, "this kernel lacks the helper bpf_get_stackid for programs");
    expect_of_kernel("accepted", "unknown_map", "has no BPF maps of type unknown, as 'unknown_map' is");
    expect_of_kernel("accepted", "wrong_map",
                     "refuses BPF map 'wrong_map': failed to create: Invalid argument");
}

int main(int argc, char **argv)
{
    const struct CMUnitTest words[] = {
        cmocka_unit_test(verifiers_last_line),       cmocka_unit_test(missing_field_of_the_kernel),
        cmocka_unit_test(helpers_with_their_kernel), cmocka_unit_test(maps_and_events),
        cmocka_unit_test(lines_that_are_none),       cmocka_unit_test(rights_for_types_of_modules),
    };
    const struct CMUnitTest kernel[] = {cmocka_unit_test(of_this_kernel)};
    if (argc < 2 || strcmp(argv[1], "kernel") != 0)
        return cmocka_run_group_tests(words, NULL, NULL);
    if (geteuid() != 0) {
        printf("SKIPPED: only root can load BPF programs\n");
        return 77;
    }
    return cmocka_run_group_tests(kernel, NULL, NULL);
}
