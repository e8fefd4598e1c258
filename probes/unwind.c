/* See unwind.h.  The surprising fact: the kernel's walk along frame pointers looks right even where it is
 * not. A function that sets up none (each lock of a C library) leaves its caller's, and the walk leaves the
 * caller out; so a frame pointer counts only for code that is seen to set one up.  The kernel's own walk
 * serves where the copy of the stack ends. */
#include "probes/unwind.h"

#include "probes/cfi.h"

#include <stdlib.h>
#include <string.h>

struct unwinder {
    struct cfi_tables *tables;
};

struct unwinder *unwinder_new(void)
{
    struct unwinder *u = calloc(1, sizeof(*u));
    if (u && !(u->tables = cfi_tables_new())) {
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
    struct naming *naming;
    const struct address_space *space;
    const struct path_value *stack;
    struct registers registers; /* of the outermost frame so far */
    bool exact;                 /* its program counter is no return address */
    bool sure;                  /* its registers are known, not left over from an inner frame */
    bool frame_pointers;        /* are to be used */
    struct call_path *path;
};

static bool known(const struct registers *r, unsigned number)
{
    return r->known >> number & 1;
}

static bool stack_read(void *context, u64 address, u64 *value)
{
    const struct path_value *s = context;
    u64 offset = address - s->registers[DWARF_SP];
    u64 words = s->words < PATH_WORDS ? s->words : PATH_WORDS;
    if (address < s->registers[DWARF_SP] || offset % 8 || offset / 8 >= words)
        return false;
    *value = s->stack[offset / 8];
    return true;
}

/* Code lies in executable mappings: most values on a stack are sorted out here. */
static bool may_be_code(const struct address_space *space, u64 address)
{
    for (size_t i = 0; space && i < space->mapping_count; i++)
        if (address - space->mappings[i].start < space->mappings[i].length)
            return true;
    return false;
}

static bool code_resolve(const struct walk *w, u64 address, struct frame *f)
{
    return may_be_code(w->space, address) &&
           naming_resolve(w->naming, w->space, address, &f->module, &f->address) &&
           module_is_code(f->module, f->address);
}

static struct frame *outermost(const struct walk *w)
{
    return &w->path->frames[w->path->count - 1];
}

/* What the process's addresses are ahead of the file's, in the outermost frame's module. */
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

/* Functions that nobody called: what lies above on the stack are arguments, or nothing. */
static bool is_first(const struct frame *f)
{
    static const char *const names[] = {"_start",   "__clone",      "clone",          "clone3",
                                        "__clone3", "thread_start", "__thread_start", NULL};
    return name_is_in(f, names);
}

/* Functions that are called by those only. */
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

/* The caller's frame is found: it becomes the outermost one. */
static void frame_add(struct walk *w, const struct frame *f, const struct registers *r, bool exact,
                      enum path_evidence evidence)
{
    struct call_path *p = w->path;
    struct frame *added = &p->frames[p->count++];
    *added = *f;
    w->registers = *r;
    w->exact = exact;
    added->function = module_symbol_at(f->module, own_address(w), true);
    if (p->count > 1 && evidence > p->evidence)
        p->evidence = evidence;
}

/* ---- frame pointers ---- */

/* Beyond the copy only the kernel has followed the pointers. */
static bool chain_next(const struct path_value *s, u64 pc, u64 *caller)
{
    for (u32 i = 0; i + 1 < s->chain_length && i + 1 < PATH_CHAIN; i++)
        if (s->chain[i] == pc) {
            *caller = s->chain[i + 1];
            return true;
        }
    return false;
}

static bool frame_pointer_read(const struct walk *w, struct registers *r)
{
    const struct registers *old = &w->registers;
    u64 fp = old->value[DWARF_FP];
    if (known(old, DWARF_FP) && known(old, DWARF_SP) && fp >= old->value[DWARF_SP] &&
        stack_read((void *)w->stack, fp, &r->value[DWARF_FP]) &&
        stack_read((void *)w->stack, fp + 8, &r->value[DWARF_PC])) {
        r->value[DWARF_SP] = fp + 16;
        r->known = 1ull << DWARF_FP | 1ull << DWARF_SP | 1ull << DWARF_PC;
        return true;
    }
    r->known = 1ull << DWARF_PC;
    return w->sure && chain_next(w->stack, old->value[DWARF_PC], &r->value[DWARF_PC]);
}

static bool step_by_frame_pointer(struct walk *w)
{
    const struct frame *inner = outermost(w);
    struct registers r;
    struct frame f = {0};
    if (!frame_pointer_read(w, &r) || !code_resolve(w, r.value[DWARF_PC], &f))
        return false;
    enum call_link link = frame_link(f.module, f.address, inner);
    u64 start = inner->function ? inner->function->address : code_call_target(f.module, f.address);
    bool told = inner->function || (link == LINK_DIRECT && f.module == inner->module);
    if (link == LINK_NONE || (!w->sure && link != LINK_DIRECT) || !told ||
        !code_sets_frame_pointer(inner->module, start))
        return false;
    w->sure = true;
    frame_add(w, &f, &r, false, PATH_FRAME_POINTERS);
    return true;
}

/* ---- unwind tables ---- */

static enum cfi_result step_by_tables(struct walk *w)
{
    struct registers r = w->registers;
    struct frame f = {0};
    bool signal = false;
    enum cfi_result result = known(&r, DWARF_SP)
                                 ? cfi_step(w->unwinder->tables, outermost(w)->module, own_address(w), &r,
                                            stack_read, (void *)w->stack, &signal)
                                 : CFI_NONE;
    if (result != CFI_STEPPED)
        return result;
    if (!code_resolve(w, r.value[DWARF_PC], &f))
        return CFI_NONE;
    if (!w->sure && !signal && frame_link(f.module, f.address, outermost(w)) == LINK_NONE)
        return CFI_NONE;
    frame_add(w, &f, &r, signal, PATH_UNWIND_TABLES);
    return CFI_STEPPED;
}

/* ---- return addresses ---- */

static bool return_address_take(struct walk *w, u64 value, u64 sp)
{
    struct frame f = {0};
    struct registers r = w->registers;
    if (!code_resolve(w, value, &f) || frame_link(f.module, f.address, outermost(w)) == LINK_NONE)
        return false;
    r.value[DWARF_PC] = value;
    r.value[DWARF_SP] = sp;
    w->sure = false;
    frame_add(w, &f, &r, false, PATH_RETURN_ADDRESSES);
    return true;
}

static bool step_by_scanning(struct walk *w)
{
    if (!known(&w->registers, DWARF_SP))
        return false;
    u64 value, sp = w->registers.value[DWARF_SP];
#if defined(__aarch64__)
    if (w->path->count == 1 && return_address_take(w, w->registers.value[DWARF_LR], sp))
        return true;
#endif
    for (; stack_read((void *)w->stack, sp, &value); sp += 8)
        if (return_address_take(w, value, sp + 8))
            return true;
    return false;
}

/* ---- all of it ---- */

/* Whether there is more to come. */
static bool step(struct walk *w)
{
    if (is_first(outermost(w))) {
        w->path->complete = true;
        return false;
    }
    if (w->frame_pointers && step_by_frame_pointer(w))
        return true;
    switch (step_by_tables(w)) {
    case CFI_STEPPED:
        return true;
    case CFI_OUTERMOST:
        w->path->complete = true;
        return false;
    default:
        return step_by_scanning(w);
    }
}

static void walk(struct walk *w)
{
    struct frame f = {0};
    struct registers r = {0};
    memcpy(r.value, w->stack->registers, sizeof(r.value));
    r.known = (1ull << DWARF_REGISTERS) - 1;
    w->sure = true;
    w->path->count = 0;
    w->path->evidence = PATH_UNWIND_TABLES;
    w->path->complete = false;
    if (!code_resolve(w, r.value[DWARF_PC], &f))
        return;
    frame_add(w, &f, &r, true, PATH_UNWIND_TABLES);
    while (w->path->count < MAX_PATH && step(w))
        ;
    w->path->complete |= is_second(outermost(w));
}

void unwind(struct unwinder *u, struct naming *n, const struct address_space *space,
            const struct path_value *stack, struct call_path *path)
{
    struct call_path without;
    struct walk w = {
        .unwinder = u, .naming = n, .space = space, .stack = stack, .frame_pointers = true, .path = path};
    walk(&w);
    if (path->complete)
        return;
    w.frame_pointers = false;
    w.path = &without;
    walk(&w);
    if (without.complete || without.count > path->count)
        *path = without;
}
