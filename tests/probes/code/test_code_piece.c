/* What a few bytes tell: calls before an address, stubs, addresses and jumps. */
#include "probes/code/code_piece.h"
#include "tests/probes/cmocka_test.h"

#define PIECE(machine, bytes, address)                                                                       \
    {                                                                                                        \
        &(machine), (const uint8_t *)(bytes), sizeof(bytes) - 1, address                                     \
    }

static void calls_before_an_address(void **state)
{
    static const struct {
        struct code_piece piece;
        uint64_t target; /* 0: an indirect one */
        bool call;
    } cases[] = {
        {PIECE(machine_x86, "\x90\x90\xe8\xfb\x00\x00\x00", 0x1000), 0x1102, true},
        {PIECE(machine_x86, "\x90\x90\x90\x90\x41\xff\xd3", 0x1000), 0, true},  /* call *%r11 */
        {PIECE(machine_x86, "\x90\xff\x15\x10\x00\x00\x00", 0x1000), 0, true},  /* call *16(%rip) */
        {PIECE(machine_x86, "\xff\x94\xc8\x10\x00\x00\x00", 0x1000), 0, true},  /* call *16(%rax,%rcx,8) */
        {PIECE(machine_x86, "\xff\x14\x25\x10\x00\x00\x00", 0x1000), 0, true},  /* call *16, after %fs */
        {PIECE(machine_x86, "\x90\x90\x90\x90\xff\x50\x08", 0x1000), 0, true},  /* call *8(%rax) */
        {PIECE(machine_x86, "\xff\x14\xc8", 0x1000), 0, true},                  /* call *(%rax,%rcx,8) */
        {PIECE(machine_x86, "\x90\x90\x90\x90\x90\xff\x50", 0x1000), 0, false}, /* a call's beginning */
        {PIECE(machine_x86, "\x90\x90\x90\x90\x90\xff\xe0", 0x1000), 0, false}, /* jmp *%rax */
        {PIECE(machine_x86, "\x90\x90\xe9\xfb\x00\x00\x00", 0x1000), 0, false},
        {PIECE(machine_x86, "", 0x1000), 0, false},
        {PIECE(machine_arm64, "\x04\x00\x00\x94", 0x1000), 0x1010, true}, /* bl */
        {PIECE(machine_arm64, "\x00\x00\x3f\xd6", 0x1000), 0, true},      /* blr x0 */
        {PIECE(machine_arm64, "\x1f\x08\x3f\xd6", 0x1000), 0, true},      /* blraaz x0 */
        {PIECE(machine_arm64, "\x04\x00\x00\x14", 0x1000), 0, false},     /* b */
    };
    (void)state;
    for (size_t n = 0; n < sizeof(cases) / sizeof(cases[0]); n++) {
        uint64_t target = 0;
        bool direct = code_piece_ends_with_call(&cases[n].piece, &target);
        bool indirect = code_piece_ends_with_indirect_call(&cases[n].piece);
        if (direct != (cases[n].target != 0) || target != cases[n].target ||
            indirect != (cases[n].call && !cases[n].target))
            fail_msg("case %zu: %d, %d, 0x%llx", n, direct, indirect, (unsigned long long)target);
    }
}

static void stubs(void **state)
{
    static const struct {
        struct code_piece piece;
        enum code_stub stub;
        uint64_t target;
    } cases[] = {
        {PIECE(machine_x86, "\xe9\xfb\x00\x00\x00", 0x1000), CODE_STUB_JUMP, 0x1100},
        {PIECE(machine_x86, "\xf3\x0f\x1e\xfa\xe9\xfb\x00\x00\x00", 0x1000), CODE_STUB_JUMP, 0x1104},
        {PIECE(machine_x86, "\xff\x25\x10\x00\x00\x00", 0x1000), CODE_STUB_INDIRECT, 0},
        {PIECE(machine_x86, "\xf3\x0f\x1e\xfa\xf2\xff\x25\x10\x00\x00\x00", 0x1000), CODE_STUB_INDIRECT, 0},
        {PIECE(machine_x86, "\x31\xc0\xe9\xfb\x00\x00\x00", 0x1000), CODE_STUB_NONE, 0}, /* xor %eax,%eax */
        {PIECE(machine_x86, "\x53\xe9\xfb\x00\x00\x00", 0x1000), CODE_STUB_NONE, 0},     /* push %rbx */
        {PIECE(machine_x86, "\xe9\xfb\x00", 0x1000), CODE_STUB_NONE, 0},
        {PIECE(machine_arm64, "\x04\x00\x00\x14", 0x1000), CODE_STUB_JUMP, 0x1010},
        {PIECE(machine_arm64, "\x5f\x24\x03\xd5\x04\x00\x00\x14", 0x1000), CODE_STUB_JUMP,
         0x1014}, /* bti c */
        /* adrp x16; ldr x17, [x16, #4088]; add x16, x16, #4088; br x17: as glibc's table has it */
        {PIECE(machine_arm64, "\xd0\x0b\x00\x90\x11\xfe\x47\xf9\x10\xe2\x3f\x91\x20\x02\x1f\xd6", 0x1000),
         CODE_STUB_INDIRECT, 0},
        {PIECE(machine_arm64, "\xc0\x0b\x00\x90\x20\x02\x1f\xd6", 0x1000), CODE_STUB_NONE, 0}, /* adrp x0 */
    };
    (void)state;
    for (size_t n = 0; n < sizeof(cases) / sizeof(cases[0]); n++) {
        uint64_t target = 0;
        enum code_stub stub = code_piece_stub(&cases[n].piece, &target);
        if (stub != cases[n].stub || target != cases[n].target)
            fail_msg("case %zu: %d, 0x%llx", n, stub, (unsigned long long)target);
    }
}

static void exits_check(const struct code_piece *p, const uint64_t *expected, size_t count)
{
    uint64_t target;
    size_t at = 0;
    for (size_t i = 0; i < count; i++) {
        assert_true(code_piece_next_exit(p, &at, &target));
        assert_int_equal(target, expected[i]);
    }
    assert_false(code_piece_next_exit(p, &at, &target));
}

static void addresses_and_jumps(void **state)
{
    /* nop; lea 16(%rip),%rdi; mov $0x2000,%esi; jmp 0x1100; jmp 0x100f (within) */
    static const struct code_piece x86 =
        PIECE(machine_x86, "\x90\x48\x8d\x3d\x10\x00\x00\x00\xbe\x00\x20\x00\x00\xe9\xee\x00\x00\x00\xeb\xfe",
              0x1000);
    /* adrp x0, 0x2000; mov x1, #1; add x0, x0, #16; b 0x1100 */
    static const struct code_piece arm64 =
        PIECE(machine_arm64, "\x00\x00\x00\xb0\x21\x00\x80\xd2\x00\x40\x00\x91\x3d\x00\x00\x14", 0x1000);
    (void)state;
    assert_true(code_piece_refers(&x86, 0x1018));
    assert_false(code_piece_refers(&x86, 0x2000)); /* a number */
    exits_check(&x86, &(uint64_t){0x1100}, 1);
    assert_true(code_piece_refers(&arm64, 0x2010));
    assert_false(code_piece_refers(&arm64, 0x2020));
    assert_false(code_piece_refers(&arm64, 1));
    exits_check(&arm64, &(uint64_t){0x1100}, 1);
}

/* Where a function ends, and where it goes on elsewhere. */
static void functions(void **state)
{
    /* test %edi,%edi; je 0x100a; jne 0x2000 (a tail call); jmp 0x1080; ret; then another: nop; jmp 0x1200 */
    static const struct code_piece x86 = PIECE(
        machine_x86,
        "\x85\xff\x74\x0b\x0f\x85\xf6\x0f\x00\x00\xe9\x71\x00\x00\x00\xc3\x90\xe9\xea\x01\x00\x00", 0x1000);
    /* cbz x0, 0x100c; b 0x2000; ret; b 0x1080; another: ret */
    static const struct code_piece arm64 =
        PIECE(machine_arm64,
              "\x60\x00\x00\xb4\xff\x03\x00\x14\xc0\x03\x5f\xd6\x1d\x00\x00\x14\xc0\x03\x5f\xd6", 0x1000);
    static const uint64_t x86_exits[] = {0x2000, 0x1080, 0x1200}, arm64_exits[] = {0x2000, 0x1080};
    static const struct code_piece none = {&machine_x86, NULL, 0, 0x1000};
    (void)state;
    assert_int_equal(code_piece_function_size(&x86), 16);
    exits_check(&x86, x86_exits, 3);
    assert_int_equal(code_piece_function_size(&arm64), 16);
    exits_check(&arm64, arm64_exits, 2);
    assert_int_equal(code_piece_function_size(&none), 0);
    assert_false(code_piece_jumps_indirectly(&x86));
    assert_false(code_piece_jumps_indirectly(&none));
    static const struct code_piece by_register =
        PIECE(machine_x86, "\x90\xff\xe0", 0x1000); /* nop; jmp *%rax */
    assert_true(code_piece_jumps_indirectly(&by_register));
    exits_check(&none, NULL, 0);
}

/* What lies behind a function's end is another's; what lies behind one of its ways out may be its own. */
static void addresses_of_one_function(void **state)
{
    /* je 0x1003; ret; lea 16(%rip),%rdi; ret; and another function's lea */
    static const struct code_piece x86 = PIECE(
        machine_x86, "\x74\x01\xc3\x48\x8d\x3d\x10\x00\x00\x00\xc3\x48\x8d\x3d\x10\x00\x00\x00", 0x1000);
    /* The same, with a jump back and ud2 for the two ends: jmp 0x1004; ud2; lea; jmp 0x1002; lea */
    static const struct code_piece jumps =
        PIECE(machine_x86, "\xeb\x02\x0f\x0b\x48\x8d\x3d\x10\x00\x00\x00\xeb\xf5\x48\x8d\x3d\x10\x00\x00\x00",
              0x1000);
    /* cbz x0, 0x1008; ret; adr x0, 0x1018; ret; adr x0, 0x1020 */
    static const struct code_piece arm64 =
        PIECE(machine_arm64,
              "\x40\x00\x00\xb4\xc0\x03\x5f\xd6\x80\x00\x00\x10\xc0\x03\x5f\xd6\x80\x00\x00\x10", 0x1000);
    (void)state;
    assert_true(code_piece_refers(&x86, 0x101a));
    assert_false(code_piece_refers(&x86, 0x1022));
    assert_true(code_piece_refers(&jumps, 0x101b));
    assert_false(code_piece_refers(&jumps, 0x1024));
    assert_true(code_piece_refers(&arm64, 0x1018));
    assert_false(code_piece_refers(&arm64, 0x1020));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(calls_before_an_address),
        cmocka_unit_test(stubs),
        cmocka_unit_test(addresses_and_jumps),
        cmocka_unit_test(addresses_of_one_function),
        cmocka_unit_test(functions),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
