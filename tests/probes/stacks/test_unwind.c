/* Reading stacks: what a function's code tells of its frame against what its unwind tables say, for every
 * call in whole files; and stacks that no program ever had. */
#include "probes/code/insn.h"
#include "probes/elf/reader_child.h"
#include "probes/names/caller_class.h"
#include "probes/names/naming.h"
#include "probes/stacks/cfi.h"
#include "probes/stacks/frame_layout.h"
#include "probes/stacks/unwind.h"
#include "tests/probes/cmocka_test.h"

#include <dlfcn.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* So far apart that it shows what a sum was made of. */
static const u64 stack_at = 0x10000000, frame_at = 0x7000000000;

static struct module_table *modules;

static const struct module *module_of(const char *path)
{
    struct mapping m = {.path = path};
    return module_get(modules, &m);
}

/* Memory whose every word holds its own address: what is read says where it was read. */
static bool read_own_address(void *context, u64 address, u64 *value)
{
    (void)context;
    *value = address;
    return true;
}

/* The machine's number of a register in DWARF's. */
static unsigned number_of(unsigned number)
{
#if defined(__x86_64__)
    return number == 5 ? (unsigned)DWARF_FP : number;
#else
    return number;
#endif
}

/* Of as many functions one is compared, and so many odd stacks are tried: emulated, all would take a minute.
 */
#if defined(__x86_64__)
enum { EVERY = 1, FEWEST = 1000, ROUNDS = 3000 };
#else
enum { EVERY = 16, FEWEST = 500, ROUNDS = 600 };
#endif

struct agreement {
    struct cfi_tables *tables;
    size_t agreed, silent, disagreed;
};

/* Where the layout says that the return address is. */
static u64 slot_by_layout(const struct frame_layout *l, bool by_stack)
{
    if (by_stack ? !l->by_stack : !l->by_frame_pointer)
        return 0;
    return by_stack ? stack_at + (u64)l->depth : frame_at + (u64)l->frame_depth;
}

/* Whether both agree on the registers that the function saved, where it saved them, and on the stack pointer.
 */
static bool registers_agree(const struct registers *r, const struct frame_layout *l, u64 slot)
{
    bool same = r->value[DWARF_SP] == slot + (u64)l->above;
    for (unsigned i = 0; i < 32 && same; i++)
        if (l->saved >> i & 1)
            same = r->value[number_of(i)] == slot - (u64)l->saved_at[i];
    return same;
}

/* The place `at` lies behind a call. */
static void place_compare(struct agreement *a, const struct module *m, const struct symbol *s, u64 at)
{
    struct frame_layout l;
    struct registers r = {.known = ~0ull >> (64 - DWARF_REGISTERS)};
    bool signal;
    r.value[DWARF_SP] = stack_at;
    r.value[DWARF_FP] = frame_at;
    r.value[number_of(3)] = 1;
    if (cfi_step(a->tables, m, at - 1, &r, read_own_address, NULL, &signal) != CFI_STEPPED)
        return;
    u64 slot = r.value[DWARF_PC];
    bool by_stack = slot - stack_at < frame_at - stack_at,
         told = frame_layout_read(m, s->address, s->size, at, &l);
    u64 told_slot = told ? slot_by_layout(&l, by_stack) : 0;
    if (!told_slot) {
        a->silent++;
        return;
    }
    bool same = slot == told_slot && registers_agree(&r, &l, slot);
    a->agreed += same;
    a->disagreed += !same;
    if (!same && a->disagreed < 10)
        print_message("%s+0x%llx in %s\n", s->name, (unsigned long long)(at - s->address),
                      module_basename(m));
}

static void function_compare(struct agreement *a, const struct module *m, const struct symbol *s)
{
    uint8_t *code = malloc(s->size);
    if (code && module_bytes(m, s->address, code, s->size))
        for (size_t at = 0; at < s->size;) {
            struct insn i;
            MACHINE_NATIVE.decode(code + at, s->size - at, s->address + at, &i);
            if (!i.size)
                break;
            at += i.size;
            if (at < s->size && (i.kind == INSN_CALL || i.kind == INSN_CALL_INDIRECT))
                place_compare(a, m, s, s->address + at);
        }
    free(code);
}

static void module_compare(struct agreement *a, const char *path, u64 step)
{
    const struct module *m = module_of(path);
    const struct symbol *last = NULL;
    u64 address, size;
    bool code;
    if (!m)
        return;
    for (size_t n = 0; module_segment(m, n, &address, &size, &code); n++)
        for (u64 at = address; code && at < address + size; at += step) {
            const struct symbol *s = module_symbol_at(m, at, true);
            if (s && s != last && s->size < 1 << 14 && !strstr(s->name, ".cold") &&
                s->address / 16 % EVERY == 0)
                function_compare(a, m, s);
            last = s ? s : last;
        }
}

#if defined(__x86_64__)
/* As gcc 16 writes where one way alone needs a register: it is saved by mov, and pushed again as an argument.
 * The other function needn't return, and saves nothing. */
__asm__(".text\n.type saves_by_mov, @function\nsaves_by_mov:\n.cfi_startproc\n"
        "subq $40, %rsp\n.cfi_adjust_cfa_offset 40\n"
        "movq %r15, 24(%rsp)\n.cfi_rel_offset %r15, 24\nmovq %rdi, %r15\n"
        "movq %rbx, 32(%rsp)\n.cfi_rel_offset %rbx, 32\n"
        "pushq %r15\n.cfi_adjust_cfa_offset 8\npushq %rbx\n.cfi_adjust_cfa_offset 8\n"
        "call abort@plt\nbehind_pushes:\n"
        "addq $16, %rsp\n.cfi_adjust_cfa_offset -16\n"
        "movq 24(%rsp), %r15\n.cfi_restore %r15\n"
        "call abort@plt\nbehind_restoring:\n.cfi_restore %rbx\n"
        "addq $40, %rsp\n.cfi_adjust_cfa_offset -40\nret\n.cfi_endproc\n"
        ".size saves_by_mov, . - saves_by_mov\n"
        ".type saves_nothing, @function\nsaves_nothing:\n.cfi_startproc\n.cfi_undefined %r14\n"
        "movq %rdi, %r14\npushq %r14\n.cfi_adjust_cfa_offset 8\n"
        "call abort@plt\nbehind_push:\nud2\n.cfi_endproc\n.size saves_nothing, . - saves_nothing\n");

static void registers_saved_by_mov(void **state)
{
    enum { RBX = 1 << 3, R14 = 1 << 14, R15 = 1 << 15 };
    const struct module *m = module_of("/proc/self/exe");
    const struct symbol *saves = module_symbol_named(m, "saves_by_mov"),
                        *nothing = module_symbol_named(m, "saves_nothing");
    struct frame_layout l;
    (void)state;
    assert_non_null(saves);
    assert_non_null(nothing);
    assert_true(frame_layout_read(m, saves->address, saves->size,
                                  module_symbol_named(m, "behind_pushes")->address, &l));
    assert_int_equal(l.depth, 56);
    assert_int_equal(l.saved, RBX | R15);
    assert_int_equal(l.saved_at[15], 16);
    assert_int_equal(l.saved_at[3], 8);
    assert_int_equal(l.changed, 0);
    assert_true(frame_layout_read(m, saves->address, saves->size,
                                  module_symbol_named(m, "behind_restoring")->address, &l));
    assert_int_equal(l.depth, 40);
    assert_int_equal(l.saved, RBX);
    assert_int_equal(l.changed, 0);
    assert_true(frame_layout_read(m, nothing->address, nothing->size,
                                  module_symbol_named(m, "behind_push")->address, &l));
    assert_int_equal(l.depth, 8);
    assert_int_equal(l.saved, 0);
    assert_int_equal(l.changed, R14);
}
#else
/* As compilers write that are told to leave frame pointers out; and a function that calls none. */
__asm__(".text\n.type no_frame_pointer, %function\nno_frame_pointer:\n.cfi_startproc\n"
        "str x30, [sp, #-48]!\n.cfi_def_cfa_offset 48\n.cfi_offset x30, -48\n"
        "stp x19, x20, [sp, #16]\n.cfi_offset x19, -32\n.cfi_offset x20, -24\nmov x19, x0\n"
        "bl abort\nbehind_call:\n"
        "ldp x19, x20, [sp, #16]\nldr x30, [sp], #48\n.cfi_restore x30\n.cfi_restore x19\n.cfi_restore x20\n"
        ".cfi_def_cfa_offset 0\nret\n.cfi_endproc\n.size no_frame_pointer, . - no_frame_pointer\n"
        ".type leaf, %function\nleaf:\n.cfi_startproc\nsub sp, sp, #16\n.cfi_def_cfa_offset 16\n"
        "str x0, [sp]\nin_leaf:\nadd sp, sp, #16\n.cfi_def_cfa_offset 0\nret\n.cfi_endproc\n.size leaf, . - "
        "leaf\n");

static void functions_without_frame_pointer(void **state)
{
    enum { X19 = 1 << 19, X20 = 1 << 20, X30 = 1 << 30 };
    const struct module *m = module_of("/proc/self/exe");
    const struct symbol *calls = module_symbol_named(m, "no_frame_pointer"),
                        *leaf = module_symbol_named(m, "leaf");
    struct frame_layout l;
    (void)state;
    assert_non_null(calls);
    assert_non_null(leaf);
    assert_true(frame_layout_read(m, calls->address, calls->size,
                                  module_symbol_named(m, "behind_call")->address, &l));
    assert_true(l.by_stack && !l.by_frame_pointer && !l.by_link);
    assert_int_equal(l.depth, 0);
    assert_int_equal(l.above, 48);
    assert_int_equal(l.saved, X19 | X20);
    assert_int_equal(l.saved_at[19], -16);
    assert_int_equal(l.saved_at[20], -24);
    assert_int_equal(l.changed, X30);
    assert_true(
        frame_layout_read(m, leaf->address, leaf->size, module_symbol_named(m, "in_leaf")->address, &l));
    assert_true(l.by_link && !l.by_stack && !l.by_frame_pointer);
    assert_int_equal(l.above, 16);
}
#endif

/* Unwind tables are made by the compiler, which knows; the code is read by us. */
static void code_agrees_with_tables(void **state)
{
    struct agreement a = {.tables = cfi_tables_new(READER_SECONDS)};
    Dl_info libc;
    (void)state;
    assert_true(dladdr(dlsym(RTLD_DEFAULT, "malloc"), &libc));
    module_compare(&a, PATH_SUBJECT "_tables", 16);
    module_compare(&a, SELF, 16);
    module_compare(&a, "/proc/self/exe", 16);
    module_compare(&a, libc.dli_fname, 16);
    print_message("%zu calls agree, of %zu the code doesn't tell, %zu disagree\n", a.agreed, a.silent,
                  a.disagreed);
    assert_true(a.agreed > FEWEST);
#if !defined(__SANITIZE_ADDRESS__) /* its functions realign their stacks, for red zones */
    assert_true(a.silent < a.agreed / 4);
#endif
    assert_int_equal(a.disagreed, 0);
    cfi_tables_free(a.tables);
}

/* ---- files that change under the reader ---- */

static bool file_copy(const char *from, int to)
{
    char bytes[1 << 14];
    int in = open(from, O_RDONLY | O_CLOEXEC);
    ssize_t n = -1;
    while (in >= 0 && (n = read(in, bytes, sizeof(bytes))) > 0)
        if (write(to, bytes, (size_t)n) != n)
            break;
    if (in >= 0)
        close(in);
    return n == 0;
}

static enum cfi_result step_at(struct cfi_tables *t, const struct module *m, u64 address)
{
    struct registers r = {.known = (1ull << DWARF_REGISTERS) - 1};
    bool signal;
    r.value[DWARF_SP] = stack_at;
    r.value[DWARF_FP] = frame_at;
#if defined(__aarch64__)
    r.value[DWARF_LR] = 1; /* at the first instruction the return address is there: somewhere */
#endif
    return cfi_step(t, m, address, &r, read_own_address, NULL, &signal);
}

/* The file is cut off after its tables were found: who reads them dies of it (SIGBUS), which is a child. */
static void file_cut_off(void **state)
{
    (void)state;
    char path[] = "/tmp/heapwait-cut-XXXXXX";
    int fd = mkstemp(path);
    assert_true(fd >= 0 && file_copy(PATH_SUBJECT "_tables", fd));
    const struct module *m = module_of(path), *other = module_of(PATH_SUBJECT "_tables");
    struct cfi_tables *t = cfi_tables_new(READER_SECONDS);
    const struct symbol *first = module_symbol_named(m, "main");
    assert_non_null(first);
    assert_int_equal(step_at(t, m, first->address), CFI_STEPPED);
    assert_int_equal(ftruncate(fd, 0), 0);
    assert_int_equal(step_at(t, m, first->address), CFI_STEPPED); /* known */
    assert_int_equal(step_at(t, m, first->address + 1), CFI_NONE);
    assert_int_equal(step_at(t, m, first->address + 2), CFI_NONE);
    assert_int_equal(step_at(t, other, first->address + 1), CFI_STEPPED);
    cfi_tables_free(t);
    close(fd);
    unlink(path);
}

/* ---- stacks that no program ever had ---- */

/* xorshift64, Marsaglia 2003: the same in each run. */
static u64 random_next(u64 *state)
{
    *state ^= *state << 13;
    *state ^= *state >> 7;
    return *state ^= *state << 17;
}

static void odd_stacks(void **state)
{
    const char *path = PATH_SUBJECT "_tables";
    const struct module *m = module_of(path);
    struct naming *n = naming_new();
    struct unwinder *u = unwinder_new();
    struct path_value *v = calloc(1, sizeof(*v));
    struct call_path *p = calloc(1, sizeof(*p));
    u64 random = 4711, start = 0, size = 0, bias;
    bool code = false;
    (void)state;
    for (size_t i = 0; module_segment(m, i, &start, &size, &code) && !code; i++)
        ;
    assert_true(code);
    struct mapping mapping = {.start = 0x555500000000 + (start & ~0xfffull),
                              .length = size + 0x1000,
                              .file_offset = start & ~0xfffull,
                              .path = path};
    struct address_space space = {.mappings = &mapping, .mapping_count = 1};
    struct resolve_context where = naming_context(n, &space);
    assert_true(module_bias(m, &mapping, &bias));
    for (int round = 0; round < ROUNDS; round++) {
        for (size_t i = 0; i < PATH_WORDS; i++)
            v->stack[i] = random_next(&random) % 3 ? mapping.start + random_next(&random) % mapping.length
                                                   : random_next(&random);
        for (size_t i = 0; i < PATH_CHAIN; i++)
            v->chain[i] = mapping.start + random_next(&random) % mapping.length;
        for (size_t i = 0; i < DWARF_REGISTERS; i++)
            v->registers[i] = 0x7ffc00000000 + random_next(&random) % 8192 / 8 * 8;
        v->registers[DWARF_PC] = mapping.start + random_next(&random) % mapping.length;
        v->registers[DWARF_SP] = round % 5 ? 0x7ffc00000000 : UINT64_MAX - 64;
        v->words = round % 7 ? (u32)(random_next(&random) % (PATH_WORDS + 1)) : UINT32_MAX;
        v->chain_length = round % 3 ? (u32)(random_next(&random) % (PATH_CHAIN + 1)) : UINT32_MAX;
        unwind(u, &where, v, p);
        assert_true(p->count <= MAX_PATH && p->evidence < PATH_EVIDENCES);
        for (size_t i = 0; i < p->count; i++)
            assert_true(module_is_code(p->frames[i].module, p->frames[i].address));
    }
    where.space = NULL;
    unwind(u, &where, v, p); /* whose mappings are not known */
    assert_int_equal(p->count, 0);
    free(p);
    free(v);
    unwinder_free(u);
    unwinder_free(NULL);
    naming_free(n);
}

/* ---- classes ---- */

static void classes_of_frames(void **state)
{
    static const struct {
        const char *name, *class;
    } cases[] = {
        {"make_password", "program"},
        {"pthread_mutex_lock", "lock"},
        {"pthread_cond_wait@@GLIBC_2.3.2", "lock"},
        {"syscall", "lock"},
        {"malloc", "allocator"},
        {"_Znwm", "allocator"},
        {"_ZN3app5_ZnwmEv", "program"},
        {"__rust_alloc", "allocator"},
        {"_RNvCsjrHSEGnQ3l9_7___rustc12___rust_alloc", "allocator"},
        {"_ZNSt6vectorIiSaIiEE17_M_realloc_insertIJRKiEEEvN9__gnu_cxx17__normal_iteratorIPiS1_EEDpOT_",
         "library"},
        {"_ZN3app6vectorEv", "program"},
        {"_ZN5alloc7raw_vec11finish_grow17h0123456789abcdefE", "library"},
        {"_ZN66_$LT$app..T$u20$as$u20$core..fmt..Display$GT$3fmt17h0123456789abcdefE", "program"},
        {"_RNvMs0_NtNtNtCsjrHSEGnQ3l9_3std3sys6thread4unixNtB5_6Thread4join", "library"},
        {"_RNvNtCs1234_7mycrate4core4work", "program"},
        {"_RNvC3std4work", "library"},
        {"_R", "program"},
        {"_RNvCs", "program"},
        {"_RC99999999999999999999999std", "program"},
        {"_ZN3std3sys4sync5mutex5futex5Mutex14lock_contended17h0123456789abcdefE", "lock"},
    };
    const struct module *m = module_of(PATH_SUBJECT "_tables");
    (void)state;
    assert_non_null(m);
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        const struct symbol s = {.name = cases[i].name, .function = true};
        if (strcmp(caller_class(m, &s), cases[i].class) != 0)
            fail_msg("%s is %s", cases[i].name, caller_class(m, &s));
    }
    assert_string_equal(caller_class(m, NULL), "unknown");
    assert_string_equal(caller_class(NULL, NULL), "unknown");
    Dl_info libc;
    assert_true(dladdr(dlsym(RTLD_DEFAULT, "malloc"), &libc));
    const char *slash = strrchr(libc.dli_fname, '/');
    if (slash && !strncmp(slash, "/libc.so", 8)) { /* else it is a sanitizer's */
        assert_string_equal(caller_class(module_of(libc.dli_fname), NULL), "library");
        assert_string_equal(caller_class(module_of(libc.dli_fname), &(struct symbol){.name = "strdup"}),
                            "library");
    }
}

static int begin(void **state)
{
    (void)state;
    modules = module_table_new();
    return modules ? 0 : -1;
}

static int end(void **state)
{
    (void)state;
    module_table_free(modules);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(code_agrees_with_tables),
#if defined(__x86_64__)
        cmocka_unit_test(registers_saved_by_mov),
#else
        cmocka_unit_test(functions_without_frame_pointer),
#endif
        cmocka_unit_test(file_cut_off),
        cmocka_unit_test(odd_stacks),
        cmocka_unit_test(classes_of_frames),
    };
    return cmocka_run_group_tests(tests, begin, end);
}
