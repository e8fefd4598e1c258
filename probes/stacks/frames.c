/* See frames.h.  What the instructions mean stands in probes/code. */
#include "probes/stacks/frames.h"

#include "probes/code/code_piece.h"

enum {
    CODE_REACH = 2048,     /* bytes of a function that are read */
    CODE_BUDGET = 1 << 14, /* bytes that are read to follow one call */
    STUB_BYTES = 32,
    MAX_JUMPS = 3,
    FUNCTION_REACH = 1 << 16, /* bytes into a function without a symbol that its program counter may be */
};

enum call_kind { CALL_NONE, CALL_DIRECT, CALL_INDIRECT };

/* Reads the bytes from `address` on, `most` of them and fewer near the end of the segment.  p->size is 0
 * where there are none. */
static void piece_read(const struct module *m, uint64_t address, uint8_t *bytes, size_t most,
                       struct code_piece *p)
{
    *p = (struct code_piece){.machine = &MACHINE_NATIVE, .bytes = bytes, .size = most, .address = address};
    while (p->size && !module_bytes(m, address, bytes, p->size))
        p->size /= 2;
}

/* Tells which call ends right before `address`.  *target is set for CALL_DIRECT. */
static enum call_kind call_before(const struct module *m, uint64_t address, uint64_t *target)
{
    uint8_t bytes[MAX_CALL_BYTES];
    size_t size = MACHINE_NATIVE.call_bytes;
    struct code_piece p = {&MACHINE_NATIVE, bytes, size, address - size};
    if (address < size || !module_bytes(m, p.address, bytes, size))
        return CALL_NONE;
    if (code_piece_ends_with_call(&p, target) && module_is_code(m, *target))
        return CALL_DIRECT;
    return code_piece_ends_with_indirect_call(&p) ? CALL_INDIRECT : CALL_NONE;
}

/* Whether the function that begins at `address` does so by jumping elsewhere.  *target is set for
 * CODE_STUB_JUMP. */
static enum code_stub stub_at(const struct module *m, uint64_t address, uint64_t *target)
{
    uint8_t bytes[STUB_BYTES];
    struct code_piece p;
    piece_read(m, address, bytes, sizeof(bytes), &p);
    return code_piece_stub(&p, target);
}

static bool is_stub(const struct module *m, uint64_t address)
{
    uint64_t ignored;
    return stub_at(m, address, &ignored) != CODE_STUB_NONE;
}

bool frame_follows_call(const struct module *m, uint64_t address)
{
    uint64_t target;
    return module_is_code(m, address) && call_before(m, address, &target) != CALL_NONE;
}

/* Returns where the jumps lead with which the function begins: from malloc one leads to __libc_malloc. */
static uint64_t jumps_follow(const struct module *m, uint64_t address)
{
    uint64_t target;
    for (int i = 0; i < MAX_JUMPS && stub_at(m, address, &target) == CODE_STUB_JUMP; i++)
        address = target;
    return address;
}

bool frame_code_refers(const struct module *m, const char *function, uint64_t target)
{
    const struct symbol *s = module_symbol_named(m, function);
    uint8_t bytes[CODE_REACH];
    struct code_piece p;
    if (!s || !s->function)
        return false;
    uint64_t address = jumps_follow(m, s->address);
    size_t size = sizeof(bytes);
    s = module_symbol_at(m, address, true);
    if (s && s->address == address && s->size < size)
        size = s->size;
    piece_read(m, address, bytes, size, &p);
    return code_piece_refers(&p, target);
}

/* Reads the function that begins at `address`, at most `most` bytes of it.  Without a symbol its jumps tell
 * where it ends. */
static void function_read(const struct module *m, uint64_t address, uint8_t *bytes, size_t most,
                          struct code_piece *p)
{
    const struct symbol *s = module_symbol_at(m, address, true);
    const uint64_t left = s ? s->address + s->size - address : most;
    piece_read(m, address, bytes, left < most ? left : most, p);
    if (!s)
        p->size = code_piece_function_size(p);
}

/* Whether a function may begin there: where symbols are, one has to. */
static bool may_begin(const struct module *m, uint64_t address)
{
    const struct symbol *s = module_is_code(m, address) ? module_symbol_at(m, address, true) : NULL;
    return s ? s->address == address : module_is_code(m, address);
}

static void entry_add(uint64_t entries[FRAME_ENTRIES], size_t *count, uint64_t entry)
{
    for (size_t i = 0; i < *count; i++)
        if (entries[i] == entry)
            return;
    if (*count < FRAME_ENTRIES)
        entries[(*count)++] = entry;
}

/* Each function that is found is read for further ones in its turn. */
size_t frame_call_entries(const struct module *m, uint64_t target, uint64_t entries[FRAME_ENTRIES])
{
    uint8_t bytes[CODE_REACH];
    size_t count = 0, budget = CODE_BUDGET;
    entry_add(entries, &count, target);
    for (size_t i = 0; i < count && count < FRAME_ENTRIES && budget; i++) {
        struct code_piece p;
        uint64_t exit;
        function_read(m, entries[i], bytes, budget < sizeof(bytes) ? budget : sizeof(bytes), &p);
        budget -= p.size;
        for (size_t at = 0; code_piece_next_exit(&p, &at, &exit);)
            if (may_begin(m, exit))
                entry_add(entries, &count, exit);
    }
    return count;
}

bool frame_call_is_open(const struct module *m, uint64_t target)
{
    uint8_t bytes[CODE_REACH];
    uint64_t entries[FRAME_ENTRIES];
    const size_t count = frame_call_entries(m, target, entries);
    for (size_t i = 0; i < count; i++) {
        struct code_piece p;
        function_read(m, entries[i], bytes, sizeof(bytes), &p);
        if (code_piece_jumps_indirectly(&p))
            return true;
    }
    return false;
}

static bool leads_to(const struct module *m, uint64_t target, uint64_t function)
{
    uint64_t entries[FRAME_ENTRIES];
    const size_t count = target == function ? 0 : frame_call_entries(m, target, entries);
    for (size_t i = 0; i < count; i++)
        if (entries[i] == function)
            return true;
    return target == function;
}

/* Whether a call to `target` may have led into the function of the inner frame. */
static bool call_fits(const struct module *m, uint64_t target, const struct frame *inner)
{
    if (!inner->function || inner->module != m)
        return true;
    return leads_to(m, target, inner->function->address) ||
           (!module_symbol_at(m, target, true) && is_stub(m, target));
}

/* Whether one of the functions that the call may have led into begins a little before the program counter. */
static bool leads_near(const struct module *m, uint64_t target, uint64_t address)
{
    uint64_t entries[FRAME_ENTRIES];
    if (address - target < FUNCTION_REACH)
        return true;
    const size_t count = frame_call_entries(m, target, entries);
    for (size_t i = 0; i < count; i++)
        if (address - entries[i] < FUNCTION_REACH)
            return true;
    return false;
}

/* Stricter than call_fits(), since unwinding has other ways to find a caller.  Where nothing is known of the
 * inner function, the call has to lead to a little before its program counter, or to a stub. */
enum call_link frame_link(const struct module *m, uint64_t address, const struct frame *inner)
{
    uint64_t target = 0;
    enum call_kind kind = module_is_code(m, address) ? call_before(m, address, &target) : CALL_NONE;
    if (kind != CALL_DIRECT)
        return kind == CALL_NONE ? LINK_NONE : LINK_INDIRECT;
    if (inner->module != m)
        return is_stub(m, target) ? LINK_DIRECT : LINK_NONE;
    if (inner->function)
        return call_fits(m, target, inner) ? LINK_DIRECT : LINK_NONE;
    return leads_near(m, target, inner->address) || is_stub(m, target) ? LINK_DIRECT : LINK_NONE;
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
    if (count && count < max && stack->link && resolve(context, stack->link, &f.module, &f.address) &&
        frame_link(f.module, f.address, &frames[0]) != LINK_NONE) {
        f.function = module_symbol_at(f.module, f.address - 1, true);
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
