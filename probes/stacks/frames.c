/* See frames.h.  Instruction forms: Intel SDM vol. 2 (CALL, JMP, LEA), Arm ARM (BL, BLR, B, ADRP, ADD). */
#include "probes/stacks/frames.h"

#include <elf.h>
#include <string.h>

enum { CODE_REACH = 2048, MAX_JUMPS = 3 };

#if defined(__x86_64__)
enum call_kind { CALL_NONE, CALL_DIRECT, CALL_INDIRECT };

/* What ends right before `address`.  Indirect calls are ff /2 in their usual lengths. */
static enum call_kind call_before(const struct module *m, uint64_t address, uint64_t *target)
{
    uint8_t b[7] = {0};
    if (address < 7 || !module_bytes(m, address - 7, b, sizeof(b)))
        return CALL_NONE;
    if (b[2] == 0xe8) {
        int32_t displacement;
        memcpy(&displacement, b + 3, sizeof(displacement));
        *target = address + (uint64_t)(int64_t)displacement;
        if (module_is_code(m, *target))
            return CALL_DIRECT;
    }
    bool indirect =
        (b[5] == 0xff && (b[6] & 0x38) == 0x10) ||                 /* call *%reg, *(%reg) */
        (b[4] == 0xff && b[5] == 0x14) ||                          /* call *(%sib) */
        (b[0] == 0xff && b[1] == 0x94) ||                          /* call *d32(%sib) */
        (b[4] == 0xff && (b[5] & 0xf8) == 0x50) ||                 /* call *d8(%reg) */
        (b[3] == 0xff && b[4] == 0x54) ||                          /* call *d8(%sib) */
        (b[1] == 0xff && (b[2] == 0x15 || (b[2] & 0xf8) == 0x90)); /* call *d32(%rip), *d32(%reg) */
    return indirect ? CALL_INDIRECT : CALL_NONE;
}

/* jmp rel32 in these five bytes. */
static bool jump_in(const uint8_t *code, uint64_t address, uint64_t *target)
{
    int32_t displacement;
    memcpy(&displacement, code + 1, sizeof(displacement));
    *target = address + 5 + (uint64_t)(int64_t)displacement;
    return code[0] == 0xe9;
}

/* A stub or a tail call: the function begins by jumping elsewhere. */
static bool jump_at(const struct module *m, uint64_t address, uint64_t *target)
{
    uint8_t b[16];
    if (!module_bytes(m, address, b, sizeof(b)))
        return false;
    int at = !memcmp(b, "\xf3\x0f\x1e\xfa", 4) ? 4 : 0; /* endbr64 */
    at += b[at] == 0xf2 || b[at] == 0x3e;               /* bnd, notrack */
    if (jump_in(b + at, address + (uint64_t)at, target))
        return true;
    *target = 0;
    return b[at] == 0xff && b[at + 1] == 0x25; /* jmp *GOT(%rip): where to is not known here */
}

/* lea target(%rip), %reg: REX.W 8d /r with mod 00, r/m 101. */
static bool range_refers(const uint8_t *code, size_t size, uint64_t start, uint64_t target)
{
    for (size_t i = 0; i + 7 <= size; i++) {
        if ((code[i] != 0x48 && code[i] != 0x4c) || code[i + 1] != 0x8d || (code[i + 2] & 0xc7) != 0x05)
            continue;
        int32_t displacement;
        memcpy(&displacement, code + i + 3, sizeof(displacement));
        if (start + i + 7 + (uint64_t)(int64_t)displacement == target)
            return true;
    }
    return false;
}
#elif defined(__aarch64__)
enum call_kind { CALL_NONE, CALL_DIRECT, CALL_INDIRECT };

static int64_t sign_extend(uint32_t value, int bits)
{
    return (int64_t)((uint64_t)value << (64 - bits)) >> (64 - bits);
}

static enum call_kind call_before(const struct module *m, uint64_t address, uint64_t *target)
{
    uint32_t i;
    if (address < 4 || address & 3 || !module_bytes(m, address - 4, &i, sizeof(i)))
        return CALL_NONE;
    *target = address - 4 + (uint64_t)(sign_extend(i & 0x3ffffff, 26) * 4);
    if (i >> 26 == 0x25)
        return CALL_DIRECT;
    return (i & 0xfffffc1f) == 0xd63f0000 ? CALL_INDIRECT : CALL_NONE;
}

/* b imm26 in these four bytes. */
static bool jump_in(const uint8_t *code, uint64_t address, uint64_t *target)
{
    uint32_t i;
    memcpy(&i, code, sizeof(i));
    *target = address + (uint64_t)(sign_extend(i & 0x3ffffff, 26) * 4);
    return i >> 26 == 0x05;
}

static bool jump_at(const struct module *m, uint64_t address, uint64_t *target)
{
    uint32_t i;
    if (!module_bytes(m, address, &i, sizeof(i)))
        return false;
    if (jump_in((const uint8_t *)&i, address, target))
        return true;
    *target = 0;
    return (i & 0x9f000000) == 0x90000000; /* adrp: a PLT entry begins so */
}

static bool range_refers(const uint8_t *code, size_t size, uint64_t start, uint64_t target)
{
    for (size_t at = 0; at + 8 <= size; at += 4) {
        uint32_t page, add;
        memcpy(&page, code + at, 4);
        memcpy(&add, code + at + 4, 4);
        if ((page & 0x9f000000) != 0x90000000 || (add & 0xffc00000) != 0x91000000)
            continue;
        int64_t pages = sign_extend(((page >> 5) & 0x7ffff) << 2 | ((page >> 29) & 3), 21);
        if (((start + at) & ~0xfffull) + (uint64_t)(pages * 4096) + ((add >> 10) & 0xfff) == target)
            return true;
    }
    return false;
}
#else
#error "heapwait reads x86-64 and aarch64 code"
#endif

bool frame_follows_call(const struct module *m, uint64_t address)
{
    uint64_t target;
    return module_is_code(m, address) && call_before(m, address, &target) != CALL_NONE;
}

/* Follows jumps from the entry of a function: __libc_malloc is reached from malloc by one. */
static uint64_t jumps_follow(const struct module *m, uint64_t address)
{
    uint64_t target;
    for (int i = 0; i < MAX_JUMPS && jump_at(m, address, &target) && target; i++)
        address = target;
    return address;
}

bool frame_code_refers(const struct module *m, const char *function, uint64_t target)
{
    const struct symbol *s = module_symbol_named(m, function);
    if (!s || !s->function)
        return false;
    uint64_t start = jumps_follow(m, s->address);
    uint8_t code[CODE_REACH];
    size_t size = sizeof(code);
    while (size >= 64 && !module_bytes(m, start, code, size))
        size /= 2; /* near the end of the segment there is less */
    return size >= 64 && range_refers(code, size, start, target);
}

/* Whether the function at `from` ends, somewhere, by jumping to the start of `to`: a tail call. */
static bool tail_calls(const struct module *m, const struct symbol *from, uint64_t to)
{
    uint8_t code[CODE_REACH];
    size_t size = from->size < sizeof(code) ? from->size : sizeof(code);
    if (!module_bytes(m, from->address, code, size))
        return false;
    for (size_t i = 0; i + 5 <= size; i++) {
        uint64_t target;
        if (jump_in(code + i, from->address + i, &target) && target == to)
            return true;
    }
    return false;
}

/* Whether a call to `target` may have led into the function of the inner frame. */
static bool call_fits(const struct module *m, uint64_t target, const struct frame *inner)
{
    uint64_t ignored;
    if (!inner->function || inner->module != m)
        return true;
    if (target == inner->function->address || jumps_follow(m, target) == inner->function->address)
        return true;
    const struct symbol *called = module_symbol_at(m, target, true);
    return called ? tail_calls(m, called, inner->function->address) : jump_at(m, target, &ignored);
}

/* How far into a function without a symbol the program counter may be. */
enum { FUNCTION_REACH = 1 << 16 };

/* Stricter than call_fits(), since there is more than one way to find a caller: where nothing is known of the
 * inner function the call's target has to lie a little before, or to be a stub. */
enum call_link frame_link(const struct module *m, uint64_t address, const struct frame *inner)
{
    uint64_t target = 0, ignored;
    enum call_kind kind = module_is_code(m, address) ? call_before(m, address, &target) : CALL_NONE;
    if (kind != CALL_DIRECT)
        return kind == CALL_NONE ? LINK_NONE : LINK_INDIRECT;
    if (inner->module != m)
        return jump_at(m, target, &ignored) ? LINK_DIRECT : LINK_NONE;
    if (inner->function)
        return call_fits(m, target, inner) ? LINK_DIRECT : LINK_NONE;
    bool near = inner->address >= target && inner->address - target < FUNCTION_REACH;
    return near || jump_at(m, target, &ignored) ? LINK_DIRECT : LINK_NONE;
}

uint64_t frame_call_target(const struct module *m, uint64_t address)
{
    uint64_t target = 0;
    return call_before(m, address, &target) == CALL_DIRECT ? target : 0;
}

size_t frames_scan(const struct stack_value *stack, resolve_fn resolve, void *context, struct frame *frames,
                   size_t max)
{
    size_t count = 0;
    struct frame f = {0};
    if (max && resolve(context, stack->ip, &f.module, &f.address)) {
        f.function = module_symbol_at(f.module, f.address, true);
        frames[count++] = f;
    }
    for (uint32_t i = 0; i < stack->words && i < STACK_WORDS && count && count < max; i++) {
        uint64_t target = 0;
        if (!resolve(context, stack->slots[i], &f.module, &f.address) || !module_is_code(f.module, f.address))
            continue;
        enum call_kind kind = call_before(f.module, f.address, &target);
        if (kind == CALL_NONE || (kind == CALL_DIRECT && !call_fits(f.module, target, &frames[count - 1])))
            continue;
        f.function = module_symbol_at(f.module, f.address - 1, true);
        frames[count++] = f;
    }
    return count;
}
