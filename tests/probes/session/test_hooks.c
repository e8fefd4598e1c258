/* Which programs are chosen for a kernel, by its types.  Loads nothing: needs no privilege. */
#include "probes/session/attach.h"

#include "probes/bpf/empty_probes.skel.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

/* The types of a kernel that has these events. */
static struct btf *kernel_of(const char *const *events)
{
    struct btf *kernel = btf__new_empty();
    assert_non_null(kernel);
    int type = btf__add_int(kernel, "int", 4, BTF_INT_SIGNED);
    for (; *events; events++)
        assert_true(btf__add_typedef(kernel, *events, type) > 0);
    return kernel;
}

static void locks_by_types(void **state)
{
    static const char *const since_5_19[] = {"btf_trace_sys_enter", "btf_trace_contention_begin",
                                             "btf_trace_contention_end", NULL};
    static const char *const before[] = {"btf_trace_sys_enter", NULL};
    (void)state;
    struct btf *newer = kernel_of(since_5_19), *older = kernel_of(before);
    assert_true(hooks_see_locks(newer));
    assert_false(hooks_see_locks(older));
    btf__free(newer);
    btf__free(older);
}

/* Which of mode ledger's programs would be loaded. */
static void ledger_choose(bool locks, bool faults, struct empty_probes_bpf **skeleton)
{
    *skeleton = empty_probes_bpf__open();
    assert_non_null(*skeleton);
    struct attachment a = {.object = (*skeleton)->obj,
                           .ledger = true,
                           .hooks = HOOKS_RAW,
                           .locks = locks,
                           .faults = faults,
                           .tracefs = -1};
    assert_int_equal(attachment_choose(&a), 0);
}

static void ledger_goes_without(void **state)
{
    struct empty_probes_bpf *s;
    (void)state;
    ledger_choose(false, false, &s);
    assert_false(bpf_program__autoload(s->progs.on_contention));
    assert_false(bpf_program__autoload(s->progs.on_contention_end));
    assert_false(bpf_program__autoload(s->progs.on_fault));
    assert_false(bpf_program__autoload(s->progs.on_fault_end));
    assert_true(bpf_program__autoload(s->progs.ledger_enter));
    assert_true(bpf_program__autoload(s->progs.on_switch));
    empty_probes_bpf__destroy(s);
    ledger_choose(true, true, &s);
    assert_true(bpf_program__autoload(s->progs.on_contention));
    assert_true(bpf_program__autoload(s->progs.on_contention_end));
    assert_true(bpf_program__autoload(s->progs.on_fault));
    assert_true(bpf_program__autoload(s->progs.on_fault_end));
    empty_probes_bpf__destroy(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(locks_by_types),
                                       cmocka_unit_test(ledger_goes_without)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
