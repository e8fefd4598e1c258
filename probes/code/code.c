/* See code.h.  One pass decodes the whole segment from its beginning.  What is no instruction (tables between
 * functions) is stepped over, and x86-64 code falls into step again within a few instructions.  That is
 * enough to find nearly all functions, since one begins wherever a call leads. */
#include "probes/code/code.h"

#include <stdlib.h>
#include <string.h>

enum {
    MAX_CALLS = 1 << 25,   /* 256 MiB of them: a segment of some 800 MB has so many */
    MAX_OFFSETS = 1 << 24, /* of entries, and of system calls */
};

/* Offsets in the segment, in bytes. */
struct offsets {
    uint32_t *at;
    size_t count, capacity;
};

struct code {
    uint8_t *bytes;
    size_t size;
    uint64_t address;
    const struct machine *machine;
    struct code_call *calls; /* by target, then by site */
    size_t call_count, call_capacity;
    struct offsets entries, syscalls;
};

/* false: out of memory. */
static bool offset_push(struct offsets *o, size_t offset)
{
    if (o->count == MAX_OFFSETS)
        return true; /* more than any real one has: the rest stays unknown */
    if (o->count == o->capacity) {
        size_t larger = o->capacity ? o->capacity * 2 : 256;
        uint32_t *grown = reallocarray(o->at, larger, sizeof(*grown));
        if (!grown)
            return false;
        o->at = grown;
        o->capacity = larger;
    }
    o->at[o->count++] = (uint32_t)offset;
    return true;
}

/* The call of an address in the segment is kept.  false: out of memory. */
static bool call_push(struct code *c, uint64_t target, size_t site)
{
    if (!code_holds(c, target) || c->call_count == MAX_CALLS)
        return true;
    if (c->call_count == c->call_capacity) {
        size_t larger = c->call_capacity ? c->call_capacity * 2 : 1024;
        struct code_call *grown = reallocarray(c->calls, larger, sizeof(*grown));
        if (!grown)
            return false;
        c->calls = grown;
        c->call_capacity = larger;
    }
    c->calls[c->call_count++] = (struct code_call){(uint32_t)(target - c->address), (uint32_t)site};
    return true;
}

/* Decodes the segment, and keeps its calls, entries and system calls.  false: out of memory. */
static bool sweep(struct code *c)
{
    bool ok = true;
    for (size_t at = 0; at < c->size && ok;) {
        struct insn i;
        c->machine->decode(c->bytes + at, c->size - at, c->address + at, &i);
        if (i.kind == INSN_CALL)
            ok = call_push(c, i.target, at) &&
                 (!code_holds(c, i.target) || offset_push(&c->entries, i.target - c->address));
        else if (i.kind == INSN_JUMP && i.far)
            ok = call_push(c, i.target, at);
        else if (i.kind == INSN_SYSCALL)
            ok = offset_push(&c->syscalls, at);
        at += i.size ? i.size : c->machine->step;
    }
    return ok;
}

static int offset_compare(const void *a, const void *b)
{
    const uint32_t *x = a, *y = b;
    return *x < *y ? -1 : *x > *y;
}

static int call_compare(const void *a, const void *b)
{
    const struct code_call *x = a, *y = b;
    if (x->target != y->target)
        return x->target < y->target ? -1 : 1;
    return x->site < y->site ? -1 : x->site > y->site;
}

/* Sorts them, and keeps one of each. */
static void offsets_sort(struct offsets *o)
{
    size_t kept = 0;
    if (o->count)
        qsort(o->at, o->count, sizeof(*o->at), offset_compare);
    for (size_t i = 0; i < o->count; i++)
        if (!kept || o->at[kept - 1] != o->at[i])
            o->at[kept++] = o->at[i];
    o->count = kept;
}

/* Whether the instruction may stand before the jump of a function that keeps nothing on the stack. */
static bool is_light(const struct insn *i)
{
    enum { X86_SP = 4 };
    switch (i->kind) {
    case INSN_OTHER:
    case INSN_SET:
    case INSN_COPY:
    case INSN_INSERT:
    case INSN_BRANCH:
        return true;
    case INSN_ADD:
        return i->reg != X86_SP;
    default:
        return false;
    }
}

/* Sets *target to where the function at `entry` goes on for good, as one does that has nothing to do but
 * jump, as musl's malloc to __libc_malloc_impl, or that first sets what the other is called with.  The latter
 * is told from a loop by another function that begins in between. */
static bool jump_of_wrapper(const struct code *c, uint64_t entry, uint64_t *target)
{
    enum { MOST = 32 }; /* instructions */
    struct insn i;
    uint64_t at = entry;
    bool plain = true;
    for (int n = 0; n < MOST; n++, at += i.size) {
        code_decode(c, at, &i);
        if (i.size && i.kind == INSN_JUMP && i.far && code_holds(c, i.target)) {
            *target = i.target;
            return plain || code_entry_before(c, i.target) != code_entry_before(c, at);
        }
        if (!i.size || !is_light(&i))
            return false;
        plain &= i.kind == INSN_OTHER && !i.writes && !i.memory; /* endbr64, bti */
    }
    return false;
}

/* Where wrappers go on functions begin, too.  false: out of memory. */
static bool wrappers_follow(struct code *c)
{
    enum { ROUNDS = 4 };
    bool ok = true;
    for (int round = 0; round < ROUNDS && ok; round++) {
        struct offsets found = {0};
        const size_t before = c->entries.count;
        uint64_t target;
        for (size_t n = 0; n < before && ok; n++)
            if (jump_of_wrapper(c, c->address + c->entries.at[n], &target))
                ok = offset_push(&found, target - c->address);
        for (size_t n = 0; n < found.count && ok; n++)
            ok = offset_push(&c->entries, found.at[n]);
        free(found.at);
        offsets_sort(&c->entries);
        if (c->entries.count == before)
            break;
    }
    return ok;
}

struct code *code_open(uint8_t *bytes, size_t size, uint64_t address, const struct machine *machine)
{
    struct code *c = size <= UINT32_MAX && bytes ? calloc(1, sizeof(*c)) : NULL;
    if (!c) {
        free(bytes);
        return NULL;
    }
    *c = (struct code){.bytes = bytes, .size = size, .address = address, .machine = machine};
    bool ok = sweep(c);
    offsets_sort(&c->entries);
    ok = ok && wrappers_follow(c);
    offsets_sort(&c->syscalls);
    if (!ok) {
        code_close(c);
        return NULL;
    }
    if (c->call_count)
        qsort(c->calls, c->call_count, sizeof(*c->calls), call_compare);
    return c;
}

void code_close(struct code *c)
{
    if (!c)
        return;
    free(c->bytes);
    free(c->calls);
    free(c->entries.at);
    free(c->syscalls.at);
    free(c);
}

const struct machine *code_machine(const struct code *c)
{
    return c->machine;
}

size_t code_size(const struct code *c)
{
    return c->size;
}

bool code_holds(const struct code *c, uint64_t address)
{
    return address >= c->address && address - c->address < c->size;
}

void code_decode(const struct code *c, uint64_t address, struct insn *out)
{
    memset(out, 0, sizeof(*out));
    if (code_holds(c, address))
        c->machine->decode(c->bytes + (address - c->address), c->size - (address - c->address), address, out);
}

const uint32_t *code_syscalls(const struct code *c, size_t *count)
{
    *count = c->syscalls.count;
    return c->syscalls.at;
}

uint64_t code_address(const struct code *c, uint32_t offset)
{
    return c->address + offset;
}

/* Returns the first of the calls whose target is `offset` or lies behind it. */
static size_t calls_from(const struct code *c, uint64_t offset)
{
    size_t low = 0, high = c->call_count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (c->calls[middle].target < offset)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

const struct code_call *code_callers(const struct code *c, uint64_t target, size_t *count)
{
    *count = 0;
    if (!code_holds(c, target))
        return NULL;
    const size_t first = calls_from(c, target - c->address);
    *count = calls_from(c, target - c->address + 1) - first;
    return *count ? &c->calls[first] : NULL;
}

uint64_t code_entry_before(const struct code *c, uint64_t address)
{
    size_t low = 0, high = c->entries.count;
    if (!code_holds(c, address))
        return 0;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (c->entries.at[middle] <= address - c->address)
            low = middle + 1;
        else
            high = middle;
    }
    return low ? c->address + c->entries.at[low - 1] : 0;
}

bool code_is_entry(const struct code *c, uint64_t address)
{
    return address && code_entry_before(c, address) == address;
}
