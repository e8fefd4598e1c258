/* Reading code: single instructions of both machines, what a walk knows where ways meet, and a model of
 * musl's malloc in aarch64 instructions, whose lock is found, and isn't when any of the evidence is taken
 * away. */
#include "probes/code/code.h"
#include "probes/names/musl_code.h"
#include "tests/probes/cmocka_test.h"

#include <stdlib.h>
#include <string.h>

/* ---- single instructions ---- */

static const struct x86_case {
    const char *bytes;
    size_t given, size;
    enum insn_kind kind;
    uint64_t value; /* of SET and ADD; the target of calls and jumps; the operand's displacement of OTHER */
} x86_cases[] = {
    {"\x90", 1, 1, INSN_OTHER, 0},
    {"\x31\xc0", 2, 2, INSN_SET, 0},
    {"\x41\x54", 2, 2, INSN_PUSH, 0},                      /* push %r12 */
    {"\xff\x35\x10\x00\x00\x00", 6, 6, INSN_PUSH, 0x1016}, /* push 16(%rip) */
    {"\x9c", 1, 1, INSN_PUSH, 0},                          /* pushf */
    {"\x5d", 1, 1, INSN_POP, 0},                           /* pop %rbp */
    {"\x66\x5d", 2, 2, INSN_OTHER, 0},                     /* pop %bp: two bytes */
    {"\xc9", 1, 1, INSN_LEAVE, 0},
    {"\xb8\xca\x00\x00\x00", 5, 5, INSN_SET, 202},
    {"\x49\xc7\xc0\xff\xff\xff\xff", 7, 7, INSN_SET, UINT64_MAX},
    {"\x48\xb8\x01\x02\x03\x04\x05\x06\x07\x08", 10, 10, INSN_SET, 0x0807060504030201},
    {"\x41\x83\xc8\xff", 4, 4, INSN_SET, UINT32_MAX},         /* or $-1, %r8d */
    {"\x6a\x7f\x58", 3, 3, INSN_SET, 127},                    /* push $127; pop %rax */
    {"\x6a\x7f\xc3", 3, 2, INSN_PUSH, 0},                     /* push $127 alone */
    {"\x48\x8d\x3d\x10\x00\x00\x00", 7, 7, INSN_SET, 0x1017}, /* lea 16(%rip), %rdi */
    {"\x8d\x8a\xff\xff\xff\x7f", 6, 6, INSN_ADD, 0x7fffffff}, /* lea 0x7fffffff(%rdx), %ecx */
    {"\x4c\x89\xef", 3, 3, INSN_COPY, 0},                     /* mov %r13, %rdi */
    {"\xff\xc0", 2, 2, INSN_ADD, 1},                          /* inc %eax */
    {"\xe8\xfb\x00\x00\x00", 5, 5, INSN_CALL, 0x1100},
    {"\x67\xe8\xfa\x00\x00\x00", 6, 6, INSN_CALL, 0x1100}, /* as the linker relaxes a call by the GOT */
    {"\xeb\xfe", 2, 2, INSN_JUMP, 0x1000},
    {"\x0f\x84\xfa\x00\x00\x00", 6, 6, INSN_BRANCH, 0x1100},
    {"\xff\x15\x00\x00\x00\x00", 6, 6, INSN_CALL_INDIRECT, 0x1006},
    {"\x3e\xff\xe0", 3, 3, INSN_JUMP_INDIRECT, 0},
    {"\xf3\xc3", 2, 2, INSN_RETURN, 0},
    {"\x0f\x05", 2, 2, INSN_SYSCALL, 0},
    {"\x0f\x0b", 2, 2, INSN_STOP, 0},
    {"\xf4", 1, 1, INSN_OTHER, 0},                                       /* hlt */
    {"\xf0\x48\x21\x05\x00\x01\x00\x00", 8, 8, INSN_OTHER, 0x1108},      /* lock and %rax, 256(%rip) */
    {"\x66\x2e\x0f\x1f\x84\x00\x00\x00\x00\x00", 10, 10, INSN_OTHER, 0}, /* padding */
    {"\xc5\xf8\x77", 3, 3, INSN_OTHER, 0},                               /* vzeroupper */
    {"\xc4\xe3\x79\x04\xc0\x01", 6, 6, INSN_OTHER, 0},                   /* vpermilps $1 */
    {"\x62\xf1\x7c\x48\x10\x40\x01", 7, 7, INSN_OTHER, 1},               /* vmovups 64(%rax), %zmm0 */
    {"\x66\x0f\x3a\x0f\xc1\x08", 6, 6, INSN_OTHER, 0},                   /* palignr */
    {"\xf6\xc1\x01", 3, 3, INSN_OTHER, 0},                               /* test $1, %cl */
    {"\xf7\xd8", 2, 2, INSN_OTHER, 0},                                   /* neg %eax */
    {"\x66\xc7\x00\x34\x12", 5, 5, INSN_OTHER, 0},                       /* movw $0x1234, (%rax) */
    {"\xa1\x01\x00\x00\x00\x00\x00\x00\x00", 9, 9, INSN_OTHER, 0},       /* movabs */
    {"\x48\x8d\x3d\x10\x00\x00", 6, 0, INSN_OTHER, 0},                   /* cut off */
    {"\x0f", 1, 0, INSN_OTHER, 0},
    {"", 0, 0, INSN_OTHER, 0},
    {"\x06", 1, 0, INSN_OTHER, 0}, /* not in 64-bit mode */
    /* With 66, Intel's jump is another than AMD's, and may be longer. */
    {"\x66\xe9\x01\x02\x03\x04", 6, 0, INSN_OTHER, 0},
    {"\x66\x66\xe8\x01\x02\x03\x04", 7, 0, INSN_OTHER, 0},
    {"\x66\x0f\x84\x01\x02\x03\x04", 7, 0, INSN_OTHER, 0},
    {"\x66\xeb\xfe", 3, 0, INSN_OTHER, 0},
    {"\x66\x74\xfe", 3, 0, INSN_OTHER, 0},
    {"\x66\xe2\xfe", 3, 0, INSN_OTHER, 0},
    {"\x66\x48\xe8\xf9\x00\x00\x00", 7, 7, INSN_CALL, 0x1100}, /* REX.W makes nothing of 66 */
    {"\x66\xff\xe0", 3, 3, INSN_JUMP_INDIRECT, 0},
    {"\x66\xc3", 2, 2, INSN_RETURN, 0},
    {"\x66\x66\x66\x66\x66\x66\x66\x66\x66\x66\x66\x66\x66\x66\x66\x66\x90", 17, 0, INSN_OTHER,
     0}, /* too long */
};

static void x86_instructions(void **state)
{
    (void)state;
    for (size_t n = 0; n < sizeof(x86_cases) / sizeof(x86_cases[0]); n++) {
        const struct x86_case *x = &x86_cases[n];
        struct insn i;
        uint8_t *bytes = malloc(x->given + 1); /* exact, for the sanitizer */
        memcpy(bytes, x->bytes, x->given);
        uint8_t *exact = realloc(bytes, x->given ? x->given : 1);
        machine_x86.decode(exact, x->given, 0x1000, &i);
        bool control = i.kind == INSN_CALL || i.kind == INSN_JUMP || i.kind == INSN_BRANCH;
        uint64_t value = control                                    ? i.target
                         : i.kind == INSN_SET || i.kind == INSN_ADD ? i.value
                                                                    : i.displacement;
        if (i.size != x->size || (i.size && (i.kind != x->kind || value != x->value)))
            fail_msg("case %zu: size %u, kind %u, value 0x%llx", n, i.size, i.kind,
                     (unsigned long long)value);
        free(exact);
    }
}

static void x86_effects(void **state)
{
    struct insn i;
    (void)state;
    machine_x86.decode((const uint8_t *)"\xf0\x0f\xc1\x07", 4, 0, &i); /* lock xadd %eax, (%rdi) */
    assert_int_equal(i.atomic, ATOMIC_OTHER);
    assert_int_equal(i.base, 7);
    assert_int_equal(i.writes, 1);
    machine_x86.decode((const uint8_t *)"\x87\x13", 2, 0, &i); /* xchg %edx, (%rbx) */
    assert_int_equal(i.atomic, ATOMIC_SWAP);
    machine_x86.decode((const uint8_t *)"\x87\xd3", 2, 0, &i); /* xchg %edx, %ebx */
    assert_int_equal(i.atomic, ATOMIC_NONE);
    assert_int_equal(i.writes, 1 << 2 | 1 << 3);
    machine_x86.decode((const uint8_t *)"\x48\x81\xff\xeb\xff\x01\x00", 7, 0, &i); /* cmp $0x1ffeb, %rdi */
    assert_true(i.has_immediate);
    assert_int_equal(i.immediate, 0x1ffeb);
    assert_int_equal(i.writes, 0);
    machine_x86.decode((const uint8_t *)"\x4a\x8d\x0c\x2f", 4, 0, &i); /* lea (%rdi,%r13), %rcx */
    assert_int_equal(i.kind, INSN_OTHER);
    assert_int_equal(i.writes, 1 << 1);
    machine_x86.decode((const uint8_t *)"\xf4", 1, 0, &i);
    assert_true(i.crash);
}

/* Where the operands don't tell it, or tell it in their own way. */
static void implied_writes(void **state)
{
    static const struct {
        const struct machine *machine;
        const char *bytes;
        size_t size;
        uint32_t writes;
    } cases[] = {
        {&machine_x86, "\x80\xce\x0c", 3, 1 << 2},                  /* or $12, %dh */
        {&machine_x86, "\x40\x80\xce\x0c", 4, 1 << 6},              /* or $12, %sil */
        {&machine_x86, "\x66\x0f\x3a\x63\x00\x12", 6, 1 << 1},      /* pcmpistri $18, (%rax), %xmm0 */
        {&machine_x86, "\xf3\x48\x0f\x1e\xc9", 5, 1 << 1},          /* rdsspq %rcx */
        {&machine_x86, "\xe2\xfe", 2, 1 << 1},                      /* loop */
        {&machine_x86, "\xc8\x10\x00\x00", 4, 1 << 4 | 1 << 5},     /* enter $16, $0 */
        {&machine_x86, "\xf3\xa4", 2, 1 << 1 | 1 << 6 | 1 << 7},    /* rep movsb */
        {&machine_x86, "\xc4\xe2\x73\xf6\xc2", 5, 1 << 0 | 1 << 1}, /* mulx %rdx, %rcx, %rax */
        {&machine_x86, "\x49\x90", 2, 1 << 0 | 1 << 8},             /* xchg %rax, %r8 */
        {&machine_arm64, "\x62\x7c\xe1\x88", 4, 1 << 1},            /* casa w1, w2, [x3] */
        {&machine_arm64, "\x06\x7d\x24\x08", 4, 1 << 4 | 1 << 5},   /* casp w4, w5, w6, w7, [x8] */
        {&machine_arm64, "\xff\x20\x03\xd5", 4, 1 << 30},           /* xpaclri */
        {&machine_arm64, "\x00\x00\x00\x94", 4, 1 << 30},           /* bl */
        {&machine_arm64, "\x41\x84\x40\xf8", 4, 1 << 1 | 1 << 2},   /* ldr x1, [x2], #8 */
        {&machine_arm64, "\x41\x00\x80\xf9", 4, 0},                 /* prfm pldl1strm, [x2] */
    };
    (void)state;
    for (size_t n = 0; n < sizeof(cases) / sizeof(cases[0]); n++) {
        struct insn i;
        cases[n].machine->decode((const uint8_t *)cases[n].bytes, cases[n].size, 0, &i);
        if (i.size != cases[n].size || i.writes != cases[n].writes)
            fail_msg("case %zu: size %u, writes 0x%x", n, i.size, i.writes);
    }
}

static void arm64_instructions(void **state)
{
    static const struct {
        uint32_t word;
        enum insn_kind kind;
        uint8_t reg;
        uint64_t value;
    } cases[] = {
        {0xd2800c88, INSN_SET, 8, 100},           /* mov x8, #100 */
        {0x12b00001, INSN_SET, 1, 0x7fffffff},    /* mov w1, #0x7fffffff */
        {0x92800003, INSN_SET, 3, UINT64_MAX},    /* mov x3, #-1 */
        {0x320107e2, INSN_SET, 2, 0x80000001},    /* mov w2, #0x80000001: a rotated mask */
        {0x72b00002, INSN_INSERT, 2, 0x80000000}, /* movk w2, #0x8000, lsl #16 */
        {0xb0000000, INSN_SET, 0, 0x2000},        /* adrp x0, one page on */
        {0x10000080, INSN_SET, 0, 0x1010},        /* adr x0, 16 bytes on */
        {0x91004000, INSN_ADD, 0, 16},            /* add x0, x0, #16 */
        {0xd1004021, INSN_ADD, 1, (uint64_t)-16}, /* sub x1, x1, #16 */
        {0xaa1303e0, INSN_COPY, 0, 0},            /* mov x0, x19 */
        {0xaa1f03e4, INSN_SET, 4, 0},             /* mov x4, xzr */
        {0x94000004, INSN_CALL, NO_REGISTER, 0x1010},
        {0x17ffffff, INSN_JUMP, NO_REGISTER, 0xffc},
        {0x54000080, INSN_BRANCH, NO_REGISTER, 0x1010}, /* b.eq */
        {0x35000080, INSN_BRANCH, NO_REGISTER, 0x1010}, /* cbnz */
        {0x37080080, INSN_BRANCH, NO_REGISTER, 0x1010}, /* tbnz */
        {0xd63f0000, INSN_CALL_INDIRECT, NO_REGISTER, 0},
        {0xd61f0000, INSN_JUMP_INDIRECT, NO_REGISTER, 0},
        {0xd65f03c0, INSN_RETURN, NO_REGISTER, 0},
        {0xd4000001, INSN_SYSCALL, NO_REGISTER, 0},
        {0xd4207d00, INSN_STOP, NO_REGISTER, 0},                   /* brk */
        {0xa9bf7bfd, INSN_STORE_PAIR, 29, 0},                      /* stp x29, x30, [sp, #-16]! */
        {0xa8810be1, INSN_STORE_PAIR, 1, 0},                       /* stp x1, x2, [sp], #16 */
        {0x29000be1, INSN_OTHER, NO_REGISTER, 0},                  /* stp w1, w2, [sp] */
        {0xa9400be1, INSN_LOAD_PAIR, 1, 0},                        /* ldp x1, x2, [sp] */
        {0x69400be1, INSN_OTHER, NO_REGISTER, 0},                  /* ldpsw x1, x2, [sp] */
        {0x910003fd, INSN_STACK_ADDRESS, 29, 0},                   /* mov x29, sp */
        {0x910043fd, INSN_STACK_ADDRESS, 29, 16},                  /* add x29, sp, #16 */
        {0xd10043ff, INSN_STACK_MOVE, NO_REGISTER, (uint64_t)-16}, /* sub sp, sp, #16 */
        {0x910003bf, INSN_STACK_MOVE, NO_REGISTER, 0},             /* mov sp, x29 */
        {0xcb3063ff, INSN_STACK_MOVE, NO_REGISTER, 0},             /* sub sp, sp, x16 */
        {0x927cec1f, INSN_STACK_MOVE, NO_REGISTER, 0},             /* and sp, x0, #~15 */
        {0x043f503f, INSN_STACK_MOVE, NO_REGISTER, 0},             /* addvl sp, sp, #1 */
        {0xf240001f, INSN_OTHER, NO_REGISTER, 1},                  /* tst x0, #1 */
        {0xf9400020, INSN_OTHER, 0, 0},                            /* ldr x0, [x1] */
        {0xf100041f, INSN_OTHER, 31, 1},                           /* cmp x0, #1 */
    };
    (void)state;
    for (size_t n = 0; n < sizeof(cases) / sizeof(cases[0]); n++) {
        struct insn i;
        uint32_t w = cases[n].word;
        uint8_t bytes[4] = {(uint8_t)w, (uint8_t)(w >> 8), (uint8_t)(w >> 16), (uint8_t)(w >> 24)};
        machine_arm64.decode(bytes, 4, 0x1000, &i);
        bool control = i.kind == INSN_CALL || i.kind == INSN_JUMP || i.kind == INSN_BRANCH;
        uint64_t value = control                ? i.target
                         : i.kind != INSN_OTHER ? i.value
                         : i.has_immediate      ? i.immediate
                                                : i.displacement;
        if (i.size != 4 || i.kind != cases[n].kind || i.reg != cases[n].reg || value != cases[n].value)
            fail_msg("%08x: size %u, kind %u, reg %u, value 0x%llx", w, i.size, i.kind, i.reg,
                     (unsigned long long)value);
        machine_arm64.decode(bytes, 3, 0x1000, &i);
        assert_int_equal(i.size, 0);
    }
}

/* From an exclusive load to the store: what is done in between tells what the two do. */
static void arm64_exclusives(void **state)
{
    static const struct {
        uint32_t words[5];
        enum insn_atomic atomic;
    } cases[] = {
        /* ldaxr w0, [x2]; and w0, w5, w0; stlxr w4, w0, [x2] */
        {{0x885ffc40, 0x0a0000a0, 0x8804fc40}, ATOMIC_AND},
        /* the same with orr, and the address computed once more */
        {{0x885ffc40, 0x2a000080, 0x910ac045, 0x8803fca0}, ATOMIC_OR},
        {{0x885ffc40, 0x8802fc41}, ATOMIC_SWAP},              /* another register is stored */
        {{0x885ffc40, 0x51000400, 0x8801fc40}, ATOMIC_OTHER}, /* sub w0, w0, #1 */
        {{0x885ffc40, 0x6b06001f, 0x54000041, 0x8801fc41},
         ATOMIC_OTHER},                                       /* cmp, b.ne: it may not be stored */
        {{0x885ffc40}, ATOMIC_OTHER},                         /* the store is nowhere */
        {{0x88dffc40, 0x2a000080, 0x8803fca0}, ATOMIC_OTHER}, /* ldar: not exclusive */
        {{0x885ffc40, 0x4a000080, 0x8803fc40}, ATOMIC_OTHER}, /* eor */
    };
    (void)state;
    for (size_t n = 0; n < sizeof(cases) / sizeof(cases[0]); n++) {
        struct insn i;
        uint8_t bytes[sizeof(cases[n].words)];
        for (size_t b = 0; b < sizeof(bytes); b++)
            bytes[b] = (uint8_t)(cases[n].words[b / 4] >> 8 * (b % 4));
        size_t size = sizeof(bytes);
        while (!cases[n].words[size / 4 - 1])
            size -= 4;
        machine_arm64.decode(bytes, size, 0x1000, &i);
        if (i.atomic != cases[n].atomic || i.indexed || !i.memory)
            fail_msg("case %zu: atomic %u", n, i.atomic);
    }
}

/* ---- the walk ---- */

struct seen {
    uint64_t address;
    struct code_state state;
    unsigned visits, all;
};

static void see(void *context, uint64_t address, const struct insn *insn, const struct code_state *state)
{
    struct seen *s = context;
    (void)insn;
    s->all++;
    if (address != s->address)
        return;
    s->visits++;
    s->state = *state;
}

static void a_walk_knows_what_all_ways_agree_on(void **state)
{
    /* 0: mov $1,%ebx; 5: mov $2,%ebp; a: test %edi,%edi; c: je 13; e: mov $3,%ebp; 13: mov $7,%ecx; 18: call
     * 1f; 1d: jmp 13; 1f: ret */
    static const char bytes[] = "\xbb\x01\x00\x00\x00\xbd\x02\x00\x00\x00\x85\xff\x74\x05\xbd\x03\x00\x00\x00"
                                "\xb9\x07\x00\x00\x00\xe8\x02\x00\x00\x00\xeb\xf4\xc3";
    uint8_t *copy = malloc(sizeof(bytes) - 1);
    (void)state;
    memcpy(copy, bytes, sizeof(bytes) - 1);
    struct code *c = code_open(copy, sizeof(bytes) - 1, 0x1000, &machine_x86);
    assert_non_null(c);
    assert_true(code_is_entry(c, 0x101f));
    assert_false(code_is_entry(c, 0x1013));
    struct seen join = {.address = 0x1013}, call = {.address = 0x1018}, after = {.address = 0x101d};
    assert_true(code_walk(c, 0x1000, see, &join));
    assert_true(code_walk(c, 0x1000, see, &call));
    assert_true(code_walk(c, 0x1000, see, &after));
    assert_int_equal(join.visits, 1);
    assert_int_equal(join.all, 8);
    assert_int_equal(join.state.kinds[3], VALUE_CONSTANT); /* %rbx on all ways */
    assert_int_equal(join.state.values[3], 1);
    assert_int_equal(join.state.kinds[5], VALUE_UNKNOWN); /* %rbp is 2 or 3 */
    assert_int_equal(join.state.kinds[1], VALUE_UNKNOWN); /* %rcx once round the loop */
    assert_int_equal(call.state.values[1], 7);
    assert_int_equal(after.state.kinds[1], VALUE_UNKNOWN); /* the call may change %rcx, not %rbx */
    assert_int_equal(after.state.values[3], 1);
    code_close(c);
}

/* ---- a model of malloc ---- */

enum { BASE = 0x10000, WORD = 0x20000, OTHER_WORD = 0x20010, MAX_WORDS = 256 };

struct model {
    uint32_t words[MAX_WORDS];
    size_t count;
};

static uint32_t here(const struct model *m)
{
    return (uint32_t)(BASE + 4 * m->count);
}

static void emit(struct model *m, uint32_t word)
{
    m->words[m->count++] = word;
}

static void emit_set(struct model *m, unsigned reg, uint32_t value)
{
    emit(m, 0xd2800000 | (value & 0xffff) << 5 | reg); /* movz */
    if (value >> 16)
        emit(m, 0xf2a00000 | value >> 16 << 5 | reg); /* movk, lsl #16 */
}

static void emit_call(struct model *m, uint32_t target)
{
    emit(m, 0x94000000 | ((target - here(m)) >> 2 & 0x3ffffff));
}

static void emit_address(struct model *m, uint32_t target)
{
    uint32_t distance = target - here(m);
    emit(m, 0x10000000 | (distance & 3) << 29 | (distance >> 2 & 0x7ffff) << 5); /* adr x0 */
}

static uint32_t emit_syscall(struct model *m, uint32_t number)
{
    uint32_t entry = here(m);
    emit_set(m, 8, number);
    emit(m, 0xd4000001);
    emit(m, 0xd65f03c0);
    return entry;
}

/* A futex call behind an exclusive access to the word, with a constant of musl's protocol. */
static uint32_t emit_lock_function(struct model *m, uint32_t constant, uint32_t operation)
{
    uint32_t entry = here(m);
    emit_set(m, 3, constant);
    emit(m, 0x885ffc02); /* ldaxr w2, [x0] */
    emit(m, 0x8804fc03); /* stlxr w4, w3, [x0] */
    emit_set(m, 1, operation);
    emit_set(m, 2, 1);
    emit_syscall(m, 98);
    return entry;
}

/* What is left out of the evidence. */
enum lack { LACKS_NOTHING, LACKS_THRESHOLD, LACKS_CHECKS, LACKS_MAPPING, LACKS_COMMON_WORD };

static void emit_program(struct model *m, enum lack lack)
{
    uint32_t lock = emit_lock_function(m, 0x80000001, 0x80), unlock = emit_lock_function(m, 0x7fffffff, 0x81);
    uint32_t map = emit_syscall(m, 222), unmap = emit_syscall(m, 215);
    uint32_t allocate = here(m);
    emit_set(m, 9, lack == LACKS_THRESHOLD ? 0x12345 : 0x1ffec);
    emit_address(m, WORD);
    emit_call(m, lock);
    emit_set(m, 3, lack == LACKS_MAPPING ? 1 : 0x22);
    emit(m, 0x92800004); /* mov x4, #-1 */
    emit_call(m, map);
    emit_address(m, WORD);
    emit_call(m, unlock);
    emit(m, 0xd65f03c0);
    uint32_t release = here(m);
    for (int i = 0; i < 3 && lack != LACKS_CHECKS; i++) {
        emit(m, 0xaa1f03eb); /* mov x11, xzr */
        emit(m, 0x3900017f); /* strb wzr, [x11] */
    }
    emit_address(m, lack == LACKS_COMMON_WORD ? OTHER_WORD : WORD);
    emit_call(m, lock);
    emit_call(m, unmap);
    emit(m, 0xd65f03c0);
    uint32_t other = here(m);
    emit_address(m, OTHER_WORD);
    emit_call(m, lock);
    emit(m, 0xd65f03c0);
    emit_call(m, allocate);
    emit_call(m, release);
    emit_call(m, other);
}

static void model_check(enum lack lack, enum musl_verdict expected)
{
    struct model m = {.count = 0};
    emit_program(&m, lack);
    uint8_t *bytes = malloc(4 * m.count);
    memcpy(bytes, m.words, 4 * m.count);
    struct musl_code *c = musl_code_of_bytes(bytes, 4 * m.count, BASE, &machine_arm64);
    assert_non_null(c);
    const struct musl_lock *word = musl_code_lock(c, WORD), *other = musl_code_lock(c, OTHER_WORD);
    assert_non_null(word);
    assert_non_null(other);
    assert_int_equal(word->verdict, expected);
    assert_int_equal(other->verdict, MUSL_OTHER);
    assert_null(musl_code_lock(c, WORD + 4));
    assert_int_equal(musl_code_malloc(c) != NULL, expected == MUSL_MALLOC);
    assert_true(strlen(word->evidence) > 20);
    musl_code_free(c);
}

static void all_evidence_or_none(void **state)
{
    (void)state;
    model_check(LACKS_NOTHING, MUSL_MALLOC);
    model_check(LACKS_THRESHOLD, MUSL_LIKELY);
    model_check(LACKS_CHECKS, MUSL_OTHER);
    model_check(LACKS_MAPPING, MUSL_OTHER);
    model_check(LACKS_COMMON_WORD, MUSL_OTHER);
}

/* Where loads and stores put things, and what becomes of their base. */
static void arm64_memory(void **state)
{
    static const struct {
        uint32_t word;
        uint8_t reg, source;
        bool load, store;
        int64_t displacement;
        int moves;
    } cases[] = {
        {0xa9bf7bfd, 29, 30, false, false, -16, -16},                   /* stp x29, x30, [sp, #-16]! */
        {0xa8c17bfd, 29, 30, false, false, 0, 16},                      /* ldp x29, x30, [sp], #16 */
        {0xa90153f3, 19, 20, false, false, 16, 0},                      /* stp x19, x20, [sp, #16] */
        {0x6dbe27e8, NO_REGISTER, NO_REGISTER, false, false, -32, -32}, /* stp d8, d9, [sp, #-32]! */
        {0xf81e0ffe, NO_REGISTER, 30, false, true, -32, -32},           /* str x30, [sp, #-32]! */
        {0xf84207fe, 30, NO_REGISTER, true, false, 0, 32},              /* ldr x30, [sp], #32 */
        {0xf9000bf3, NO_REGISTER, 19, false, true, 16, 0},              /* str x19, [sp, #16] */
        {0xf81f83a0, NO_REGISTER, 0, false, true, -8, 0},               /* stur x0, [x29, #-8] */
        {0xb94013e0, NO_REGISTER, NO_REGISTER, false, false, 16, 0},    /* ldr w0, [sp, #16] */
        {0x3d8007e0, NO_REGISTER, NO_REGISTER, false, false, 16, 0},    /* str q0, [sp, #16] */
    };
    (void)state;
    for (size_t n = 0; n < sizeof(cases) / sizeof(cases[0]); n++) {
        struct insn i;
        uint32_t w = cases[n].word;
        uint8_t bytes[4] = {(uint8_t)w, (uint8_t)(w >> 8), (uint8_t)(w >> 16), (uint8_t)(w >> 24)};
        machine_arm64.decode(bytes, 4, 0x1000, &i);
        if (!i.memory || i.reg != cases[n].reg || i.source != cases[n].source || i.load != cases[n].load ||
            i.store != cases[n].store || (int64_t)i.displacement != cases[n].displacement ||
            i.moves != cases[n].moves)
            fail_msg("case %zu: reg %u, source %u, load %d, store %d, displacement %lld, moves %d", n, i.reg,
                     i.source, i.load, i.store, (long long)i.displacement, i.moves);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(x86_instructions),
        cmocka_unit_test(x86_effects),
        cmocka_unit_test(implied_writes),
        cmocka_unit_test(arm64_instructions),
        cmocka_unit_test(arm64_memory),
        cmocka_unit_test(arm64_exclusives),
        cmocka_unit_test(a_walk_knows_what_all_ways_agree_on),
        cmocka_unit_test(all_evidence_or_none),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
