/* See unwind.h.  The kernel's walk along frame pointers looks right even where it is not.  A function that
 * sets up none, as each lock of a C library, leaves its caller's in place, and the walk leaves the caller
 * out.  So a frame pointer counts only for code that is seen to set one up.  The kernel's walk serves where
 * the copy of the stack ends. */
#include "probes/stacks/unwind.h"

#include "probes/elf/reader_child.h"
#include "probes/stacks/cfi.h"
#include "probes/stacks/frame_layout.h"

#include <stdlib.h>
#include <string.h>

enum { LAYOUTS = 1 << 10 }; /* that are kept */

/* What the code tells of the frame at `at`, of the function that begins at `start`. */
struct layout_entry {
    const struct module *module; /* NULL: free */
    u64 start, at;
    bool read; /* it tells something: `layout` */
    struct frame_layout layout;
};

struct unwinder {
    struct cfi_tables *tables;
    struct layout_entry layouts[LAYOUTS]; /* many samples have the same frames */
};

struct unwinder *unwinder_new(void)
{
    struct unwinder *u = calloc(1, sizeof(*u));
    if (u && !(u->tables = cfi_tables_new(READER_SECONDS))) {
        free(u);
        return NULL;
    }
    return u;
}

void unwinder_free(struct unwinder *u)
{
    if (!u)
        return;
    cfi_tables_free(u->tables);
    free(u);
}

struct walk {
    struct unwinder *unwinder;
    struct resolve_context where;
    const struct path_value *stack;
    const u64 *more; /* words that follow stack->stack */
    size_t more_count;
    struct registers registers; /* of the outermost frame so far */
    bool exact;                 /* its program counter is no return address */
    bool sure;                  /* its registers are known, not left over from an inner frame */
    u32 chain_at;               /* where the kernel's walk has the newest frame found by its pointer */
    struct call_path *path;
};

static bool known(const struct registers *r, unsigned number)
{
    return r->known >> number & 1;
}

static bool stack_read(void *context, u64 address, u64 *value)
{
    const struct walk *w = context;
    const struct path_value *s = w->stack;
    u64 offset = address - s->registers[DWARF_SP], at = offset / 8;
    u64 words = s->words < PATH_WORDS ? s->words : PATH_WORDS;
    if (address < s->registers[DWARF_SP] || offset % 8 || at >= words + w->more_count)
        return false;
    *value = at < words ? s->stack[at] : w->more[at - words];
    return true;
}

/* Whether the address lies in an executable mapping.  That sorts out most values on a stack. */
static bool may_be_code(const struct address_space *space, u64 address)
{
    for (size_t i = 0; space && i < space->mapping_count; i++)
        if (address - space->mappings[i].start < space->mappings[i].length)
            return true;
    return false;
}

static bool code_resolve(const struct walk *w, u64 address, struct frame *f)
{
    struct resolve_context where = w->where;
    return may_be_code(where.space, address) && resolve_address(&where, address, &f->module, &f->address) &&
           module_is_code(f->module, f->address);
}

static struct frame *outermost(const struct walk *w)
{
    return &w->path->frames[w->path->count - 1];
}

/* Where the outermost frame's program counter is in its module; of a caller, an address in the call. */
static u64 own_address(const struct walk *w)
{
    return outermost(w)->address - (w->exact ? 0 : 1);
}

static bool name_is_in(const struct frame *f, const char *const *names)
{
    for (; f->function && *names; names++)
        if (!strcmp(f->function->name, *names))
            return true;
    return false;
}

/* Whether the function is one that nobody called.  What lies above it on the stack are arguments, or nothing.
 */
static bool is_first(const struct frame *f)
{
    static const char *const names[] = {"_start",   "__clone",      "clone",          "clone3",
                                        "__clone3", "thread_start", "__thread_start", NULL};
    return name_is_in(f, names);
}

/* Whether the function is called by such only. */
static bool is_second(const struct frame *f)
{
    static const char *const names[] = {"_start_c",
                                        "__libc_start_main",
                                        "__libc_start_main_impl",
                                        "start",
                                        "start_thread",
                                        "__libc_start_call_main",
                                        "start_c11",
                                        NULL};
    return name_is_in(f, names);
}

/* Keeps the kernel's walk in step with this one, since beyond the copy there is only the kernel's.  It is
 * looked for from the last place on: a recursion has the same return address many times. */
static void chain_follow(struct walk *w, u64 pc)
{
    u32 length = w->stack->chain_length < PATH_CHAIN ? w->stack->chain_length : PATH_CHAIN;
    for (u32 i = w->chain_at + 1; i < length; i++)
        if (w->stack->chain[i] == pc) {
            w->chain_at = i;
            return;
        }
}

/* The caller's frame was found: it becomes the outermost one. */
static void frame_add(struct walk *w, const struct frame *f, const struct registers *r, bool exact,
                      enum path_evidence evidence)
{
    struct call_path *p = w->path;
    struct frame *added = &p->frames[p->count++];
    *added = *f;
    w->registers = *r;
    w->exact = exact;
    chain_follow(w, r->value[DWARF_PC]);
    added->function = module_symbol_at(f->module, own_address(w), true);
    if (p->count > 1 && evidence > p->evidence)
        p->evidence = evidence;
}

/* ---- unwind tables ---- */

/* An address in code as a function keeps it: aarch64's may be signed, in the bits that no user's address has.
 */
static u64 address_plain(u64 value)
{
#if defined(__aarch64__)
    return value & ((1ull << 48) - 1);
#else
    return value;
#endif
}

static enum cfi_result step_by_tables(struct walk *w)
{
    struct registers r = w->registers;
    struct frame f = {0};
    bool signal = false;
    enum cfi_result result = known(&r, DWARF_SP)
                                 ? cfi_step(w->unwinder->tables, outermost(w)->module, own_address(w), &r,
                                            stack_read, (void *)w, &signal)
                                 : CFI_NONE;
    if (result != CFI_STEPPED)
        return result;
    r.value[DWARF_PC] = address_plain(r.value[DWARF_PC]);
    if (!code_resolve(w, r.value[DWARF_PC], &f))
        return CFI_NONE;
    if (!w->sure && !signal && frame_link(f.module, f.address, outermost(w)) == LINK_NONE)
        return CFI_NONE;
    frame_add(w, &f, &r, signal, PATH_UNWIND_TABLES);
    return CFI_STEPPED;
}

/* ---- the function's own code ---- */

/* Returns what the code tells of the outermost frame, if its function begins at `start`, owned by the
 * unwinder until the next is asked for.  `size`: in bytes; 0: not known.  NULL: the code doesn't tell. */
static const struct frame_layout *layout_of(const struct walk *w, u64 start, u64 size)
{
    const struct frame *f = outermost(w);
    struct layout_entry *e = &w->unwinder->layouts[(f->address * 31 + start) % LAYOUTS];
    if (e->module != f->module || e->start != start || e->at != f->address) {
        *e = (struct layout_entry){.module = f->module, .start = start, .at = f->address};
        e->read = frame_layout_read(f->module, start, size, f->address, &e->layout);
    }
    return e->read ? &e->layout : NULL;
}

/* The machine's number of a register in DWARF's: they differ for rbp. */
static unsigned dwarf_number(unsigned number)
{
#if defined(__x86_64__)
    return number == 5 ? (unsigned)DWARF_FP : number;
#else
    return number;
#endif
}

/* Reads what the function has saved, which is the caller's, into *r, where what it may have changed is not
 * known any more. */
static void saved_restore(const struct walk *w, const struct frame_layout *l, u64 slot, struct registers *r)
{
    u64 fp = slot - 8;
    for (unsigned i = 0; i < 32; i++) {
        unsigned number = dwarf_number(i);
        if (!((l->saved | l->changed) >> i & 1))
            continue;
        r->known &= ~(1ull << number);
        if (l->saved >> i & 1 && stack_read((void *)w, slot - (u64)l->saved_at[i], &r->value[number]))
            r->known |= 1ull << number;
    }
    if (l->by_frame_pointer && l->frame_depth == 8 && stack_read((void *)w, fp, &r->value[DWARF_FP]))
        r->known |= 1ull << DWARF_FP;
}

/* The return address should lie at `slot` of the stack.  Returns whether it does: then its frame is added.
 * Without a layout the other registers are not known any more.  Where they are known until here, the layout
 * is sure of the place: then any call will do, since the called function may have jumped on to where nobody
 * can follow. */
static bool slot_take(struct walk *w, u64 slot, const struct frame_layout *l, enum path_evidence evidence)
{
    struct registers r = w->registers;
    struct frame f = {0};
    if (!stack_read((void *)w, slot, &r.value[DWARF_PC]))
        return false;
    r.value[DWARF_PC] = address_plain(r.value[DWARF_PC]);
    if (!code_resolve(w, r.value[DWARF_PC], &f))
        return false;
    if (l && w->sure ? !frame_follows_call(f.module, f.address)
                     : frame_link(f.module, f.address, outermost(w)) == LINK_NONE)
        return false;
    r.value[DWARF_SP] = slot + (l ? (u64)l->above : 8);
    if (l)
        saved_restore(w, l, slot, &r);
    else
        w->sure = false;
    frame_add(w, &f, &r, false, evidence);
    return true;
}

/* Takes the next frame of the kernel's walk, which has followed the frame pointers beyond the copy. */
static bool chain_take(struct walk *w)
{
    struct registers r = {.known = 1ull << DWARF_PC};
    struct frame f = {0};
    u32 next = w->chain_at + 1;
    if (!w->sure || next >= w->stack->chain_length || next >= PATH_CHAIN ||
        w->stack->chain[w->chain_at] != w->registers.value[DWARF_PC])
        return false;
    r.value[DWARF_PC] = w->stack->chain[next];
    if (!code_resolve(w, r.value[DWARF_PC], &f) || frame_link(f.module, f.address, outermost(w)) == LINK_NONE)
        return false;
    frame_add(w, &f, &r, false, PATH_FRAME_POINTERS);
    return true;
}

static bool slot_by_frame_pointer(const struct walk *w, const struct frame_layout *l, u64 *slot)
{
    if (!w->sure || !l->by_frame_pointer || !known(&w->registers, DWARF_FP))
        return false;
    *slot = w->registers.value[DWARF_FP] + (u64)l->frame_depth;
    return true;
}

static bool slot_by_stack(const struct walk *w, const struct frame_layout *l, u64 *slot)
{
    if (!l->by_stack || !known(&w->registers, DWARF_SP))
        return false;
    *slot = w->registers.value[DWARF_SP] + (u64)l->depth;
    return true;
}

/* aarch64: a function that calls none has its return address in a register still.  `l`: what its code tells;
 * NULL: it doesn't. */
static bool step_by_link_register(struct walk *w, const struct frame_layout *l)
{
#if defined(__aarch64__)
    struct registers r = w->registers;
    struct frame f = {0};
    r.value[DWARF_PC] = address_plain(r.value[DWARF_LR]);
    if (w->path->count != 1 || !code_resolve(w, r.value[DWARF_PC], &f) ||
        frame_link(f.module, f.address, outermost(w)) == LINK_NONE)
        return false;
    if (l) {
        r.value[DWARF_SP] += (u64)l->above;
        saved_restore(w, l, r.value[DWARF_SP], &r);
    }
    frame_add(w, &f, &r, false, PATH_RETURN_ADDRESSES);
    return true;
#else
    (void)w, (void)l;
    return false;
#endif
}

static bool step_by_code(struct walk *w)
{
    const struct symbol *s = outermost(w)->function;
    bool entered = s && !strstr(s->name, ".cold"); /* such a part of a function is jumped to */
    const struct frame_layout *l = entered ? layout_of(w, s->address, s->size) : NULL;
    u64 slot;
    if (!l)
        return false;
    if (l->by_link)
        return step_by_link_register(w, l);
    if (slot_by_frame_pointer(w, l, &slot) && slot_take(w, slot, l, PATH_FRAME_POINTERS))
        return true;
    if (slot_by_stack(w, l, &slot) && slot_take(w, slot, l, PATH_RETURN_ADDRESSES))
        return true;
    return l->by_frame_pointer && l->frame_depth == 8 && chain_take(w);
}

/* ---- scanning ---- */

/* What the value at a slot can be. */
enum fit {
    FITS_NOT,     /* no return address */
    FITS_OTHER,   /* one that lies behind a call of another function of the same file */
    FITS,         /* one of the outermost frame's function */
    FITS_EXACTLY, /* and that function's code agrees that its return address lies just there */
};

/* Judges by the code of the functions that the call behind the return address may have led into.  *l is set
 * for FITS_EXACTLY. */
static enum fit slot_judge_layout(const struct walk *w, u64 slot, const struct frame *f,
                                  const struct frame_layout **l)
{
    u64 entries[FRAME_ENTRIES], expected;
    const size_t count = frame_call_entries(f->module, frame_call_target(f->module, f->address), entries);
    enum fit fit = FITS;
    for (size_t i = 0; i < count; i++) {
        const bool behind = outermost(w)->address >= entries[i];
        *l = behind ? layout_of(w, entries[i], 0) : NULL;
        if (!*l || !(slot_by_frame_pointer(w, *l, &expected) || slot_by_stack(w, *l, &expected)))
            continue;
        if (expected == slot)
            return FITS_EXACTLY;
        fit = FITS_OTHER;
    }
    return fit;
}

static enum fit slot_judge(const struct walk *w, u64 slot, u64 value, const struct frame_layout **l)
{
    struct frame f = {0};
    const struct frame *inner = outermost(w);
    if (!code_resolve(w, value, &f))
        return FITS_NOT;
    enum call_link link = frame_link(f.module, f.address, inner);
    if (link == LINK_NONE)
        return f.module == inner->module && frame_follows_call(f.module, f.address) ? FITS_OTHER : FITS_NOT;
    bool code_tells = link == LINK_DIRECT && !inner->function && f.module == inner->module;
    return code_tells ? slot_judge_layout(w, slot, &f, l) : FITS;
}

/* What earlier calls have left looks like a return address, too.  So one that is merely possible counts only
 * if no other was passed over, which may be the true one, of a call that went where nobody can follow. */
static bool step_by_scanning(struct walk *w)
{
    const struct frame_layout *l = NULL;
    u64 value, first = 0, sp = w->registers.value[DWARF_SP];
    bool passed = false;
    if (!known(&w->registers, DWARF_SP))
        return false;
    for (u64 slot = sp; stack_read((void *)w, slot, &value); slot += 8) {
        const enum fit fit = slot_judge(w, slot, value, &l);
        if (fit == FITS_EXACTLY)
            return slot_take(w, slot, l, PATH_RETURN_ADDRESSES);
        passed |= fit == FITS_OTHER;
        if (fit == FITS && !first && !passed)
            first = slot;
    }
    return first && slot_take(w, first, NULL, PATH_RETURN_ADDRESSES);
}

/* ---- all of it ---- */

/* Leaves the outermost frame.  Returns whether there may be more to come. */
static bool step(struct walk *w)
{
    if (is_first(outermost(w))) {
        w->path->complete = true;
        return false;
    }
    switch (step_by_tables(w)) {
    case CFI_STEPPED:
        return true;
    case CFI_OUTERMOST:
        w->path->complete = true;
        return false;
    default:
        return step_by_code(w) || step_by_link_register(w, NULL) || step_by_scanning(w);
    }
}

void unwind(struct unwinder *u, const struct resolve_context *where, const struct path_value *stack,
            struct call_path *path)
{
    unwind_long(u, where, stack, NULL, 0, path);
}

void unwind_long(struct unwinder *u, const struct resolve_context *where, const struct path_value *stack,
                 const u64 *more, size_t more_count, struct call_path *path)
{
    struct walk w = {.unwinder = u, .where = *where, .stack = stack, .path = path};
    w.more = more;
    w.more_count = more_count;
    struct frame f = {0};
    memcpy(w.registers.value, stack->registers, sizeof(w.registers.value));
    w.registers.known = (1ull << DWARF_REGISTERS) - 1;
    w.sure = true;
    path->count = 0;
    path->evidence = PATH_UNWIND_TABLES;
    path->complete = false;
    if (!code_resolve(&w, w.registers.value[DWARF_PC], &f))
        return;
    const struct registers first = w.registers;
    frame_add(&w, &f, &first, true, PATH_UNWIND_TABLES);
    while (path->count < MAX_PATH && step(&w))
        ;
    path->complete |= is_second(outermost(&w));
}
