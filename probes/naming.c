/* See naming.h.  The kinds of evidence, strongest first: a symbol that covers the address; the layout of
 * glibc's malloc_state around the word; the allocator's own library; code of malloc and free that takes the
 * address; in files without symbols, code that a reference archive names, or what the code does; the
 * functions on the stack of a call.  The surprising fact: `malloc` may be defined several times in a process,
 * and the first module that the dynamic linker mapped wins. */
#include "probes/naming.h"

#include "probes/allocators.h"
#include "probes/frames.h"
#include "probes/stripped.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    MALLOC_STATE_LAST_BIN = 2128, /* offset of bins[252]: see evidence_read() in futex.bpf.h */
    HEAP_SIZE_BITS = 26,          /* HEAP_MAX_SIZE, 64 MiB */
};

struct naming {
    struct module_table *modules;
    struct stripped *stripped;
};

struct naming *naming_new(void)
{
    struct naming *n = calloc(1, sizeof(*n));
    if (!n)
        return NULL;
    n->modules = module_table_new();
    n->stripped = stripped_new();
    if (n->modules && n->stripped)
        return n;
    naming_free(n);
    return NULL;
}

void naming_free(struct naming *n)
{
    if (!n)
        return;
    stripped_free(n->stripped);
    module_table_free(n->modules);
    free(n);
}

void naming_refer(struct naming *n, const struct libc_archive *archive)
{
    stripped_refer(n->stripped, archive);
}

struct resolve_context {
    struct naming *naming;
    const struct address_space *space;
};

/* Latest mapping first: it replaced whatever lay there before. */
static bool resolve(void *context, uint64_t address, const struct module **module, uint64_t *own)
{
    const struct resolve_context *c = context;
    for (size_t i = c->space ? c->space->mapping_count : 0; i-- > 0;) {
        uint64_t bias;
        const struct module *m = module_get(c->naming->modules, &c->space->mappings[i]);
        if (!m || !module_bias(m, &c->space->mappings[i], &bias) || !module_contains(m, address - bias))
            continue;
        *module = m;
        *own = address - bias;
        return true;
    }
    return false;
}

bool naming_resolve(struct naming *n, const struct address_space *space, uint64_t address,
                    const struct module **module, uint64_t *own)
{
    struct resolve_context context = {n, space};
    return resolve(&context, address, module, own);
}

/* What is being worked out for one word. */
struct inquiry {
    struct naming *naming;
    const struct word_facts *facts;
    const struct module *module; /* NULL: in no file */
    uint64_t own;                /* the address in the module */
    struct word_name *out;
    bool failed;
};

__attribute__((format(printf, 3, 4))) static void put(struct inquiry *q, char **text, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    free(*text);
    if (vasprintf(text, format, args) < 0) {
        *text = NULL;
        q->failed = true;
    }
    va_end(args);
}

static void put_malloc(struct inquiry *q, const struct allocator *a)
{
    q->out->is_malloc = true;
    q->out->allocator = a->name;
}

static const struct allocator *glibc_malloc(void)
{
    static const struct allocator ptmalloc = {.name = "ptmalloc", .libc = "glibc"};
    return &ptmalloc;
}

static void put_symbol(struct inquiry *q, const char *symbol, uint64_t offset)
{
    if (offset)
        put(q, &q->out->name, "%s+0x%llx", symbol, (unsigned long long)offset);
    else
        put(q, &q->out->name, "%s", symbol);
}

static bool by_symbol(struct inquiry *q)
{
    const struct symbol *s = q->module ? module_symbol_at(q->module, q->own, false) : NULL;
    if (!s)
        return false;
    put_symbol(q, s->name, q->own - s->address);
    put(q, &q->out->evidence, "symbol of the %s", s->separate ? "separate debug file" : "file");
    const struct allocator *a = allocator_of_lock(q->module, s->name);
    if (a)
        put_malloc(q, a);
    return true;
}

/* The bin for the largest chunks of an arena is empty in all but odd programs, and an empty bin links to
 * itself; a thread arena lies at the start of a heap whose header points to it. */
static bool by_arena_layout(struct inquiry *q)
{
    const struct word_evidence *e = &q->facts->evidence;
    uint64_t address = q->facts->address, bin = address + MALLOC_STATE_LAST_BIN - 16;
    bool bins = e->last_bin[0] == bin && e->last_bin[1] == bin;
    bool in_heap = e->heap_arena == address && address & ((1ull << HEAP_SIZE_BITS) - 1);
    const char *libc = q->module ? libc_of_module(q->module) : NULL;
    if (q->module ? !(bins && libc && !strcmp(libc, "glibc")) : !in_heap)
        return false;
    if (q->module) {
        put(q, &q->out->name, "main_arena");
        put(q, &q->out->evidence, "layout: a malloc_state in glibc's data, its last bin links to itself");
    } else {
        put(q, &q->out->name, "thread arena 0x%llx", (unsigned long long)address);
        put(q, &q->out->evidence, "layout: the header of a 64 MiB heap points to it%s",
            bins ? ", its last bin links to itself" : "");
    }
    put_malloc(q, glibc_malloc());
    return true;
}

static void name_by_place(struct inquiry *q)
{
    uint64_t offset;
    const char *section = q->module ? module_section_at(q->module, q->own, &offset) : NULL;
    if (section)
        put(q, &q->out->name, "unnamed word in %s %s+0x%llx", module_basename(q->module), section,
            (unsigned long long)offset);
    else if (q->module)
        put(q, &q->out->name, "unnamed word in %s at 0x%llx", module_basename(q->module),
            (unsigned long long)q->own);
    else
        put(q, &q->out->name, "unnamed word at 0x%llx", (unsigned long long)q->facts->address);
}

static bool by_library(struct inquiry *q)
{
    const struct allocator *a = q->module ? allocator_of_library(q->module) : NULL;
    if (!a)
        return false;
    name_by_place(q);
    put(q, &q->out->evidence, "it lies in the data of the allocator's own library");
    put_malloc(q, a);
    return true;
}

/* musl's lock in a C library without symbols of its own.  Two functions, since one alone may touch other
 * locks. */
static bool by_code(struct inquiry *q)
{
    const char *libc = q->module ? libc_of_module(q->module) : NULL;
    if (!libc || strcmp(libc, "musl") != 0 || !code_refers(q->module, "malloc", q->own) ||
        !code_refers(q->module, "free", q->own))
        return false;
    put(q, &q->out->name, "malloc's lock in %s", module_basename(q->module));
    put(q, &q->out->evidence, "code: malloc and free both take its address");
    put_malloc(q, allocator_of_module(q->module));
    return true;
}

/* malloc's lock as the code of a reference archive, found in the program, names it. */
static bool by_reference(struct inquiry *q)
{
    const struct libc_match *l = q->module ? stripped_match(q->naming->stripped, q->module) : NULL;
    if (!l || q->own < l->address || q->own - l->address >= l->size)
        return false;
    put_symbol(q, l->symbol, q->own - l->address);
    put(q, &q->out->evidence,
        "reference archive: %u function%s of it match the code, that at 0x%llx first, and name the word",
        l->functions, l->functions == 1 ? "" : "s", (unsigned long long)l->first);
    put_malloc(q, l->allocator);
    return true;
}

/* musl's locks in a static program without symbols. */
static bool by_machine_code(struct inquiry *q)
{
    struct musl_code *code = q->module ? stripped_musl(q->naming->stripped, q->module) : NULL;
    const struct musl_lock *l = code ? musl_code_lock(code, q->own) : NULL;
    if (!l)
        return false;
    if (l->verdict == MUSL_OTHER)
        name_by_place(q);
    else
        put(q, &q->out->name, "%smalloc's lock in %s%s%s%s", l->verdict == MUSL_LIKELY ? "likely " : "",
            module_basename(q->module), l->part ? " (" : "", l->part ? l->part : "", l->part ? ")" : "");
    put(q, &q->out->evidence, "%s", l->evidence);
    if (l->verdict == MUSL_MALLOC)
        put_malloc(q, allocator_named(musl_code_malloc(code)));
    return true;
}

/* Functions that stand between whoever wants a lock and the system call: they say nothing of whose lock it
 * is. */
static bool is_lock_function(const struct frame *f)
{
    static const char *const prefixes[] = {"pthread_mutex",
                                           "__pthread_mutex",
                                           "___pthread_mutex",
                                           "__lll_",
                                           "lll_",
                                           "__timedwait",
                                           "__syscall",
                                           "__lock",
                                           "__unlock",
                                           "__futex",
                                           "futex_",
                                           "__wait",
                                           "__wake",
                                           "__GI___lll",
                                           "__cp_",
                                           "sccp",
                                           "syscall",
                                           "__GI___pthread_mutex"};
    if (!f->function)
        return libc_of_module(f->module) != NULL && module_is_position_independent(f->module);
    for (size_t i = 0; i < sizeof(prefixes) / sizeof(prefixes[0]); i++)
        if (!strncmp(f->function->name, prefixes[i], strlen(prefixes[i])))
            return true;
    return false;
}

static const struct frame *frame_owner(const struct frame *frames, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (!is_lock_function(&frames[i]))
            return &frames[i];
    return NULL;
}

static const struct allocator *allocator_of_frame(const struct frame *f)
{
    const struct allocator *a = allocator_of_library(f->module);
    return a || !f->function ? a : allocator_of_function(f->module, f->function->name);
}

/* Whose lock: the innermost function that is not about locking itself. */
static bool by_stack(struct inquiry *q)
{
    struct resolve_context context = {q->naming, q->facts->space};
    bool named = q->out->name != NULL;
    for (size_t i = 0; i < q->facts->stack_count; i++) {
        struct frame frames[MAX_FRAMES];
        size_t count = frames_scan(q->facts->stacks[i], resolve, &context, frames, MAX_FRAMES);
        const struct frame *owner = frame_owner(frames, count);
        if (!owner)
            continue;
        const char *function = owner->function ? owner->function->name : "?";
        const struct allocator *a = allocator_of_frame(owner);
        if (a) {
            put_malloc(q, a);
            if (!named)
                put(q, &q->out->name, "lock of %s (%s)", a->name,
                    owner->function ? function : module_basename(owner->module));
            put(q, &q->out->evidence, "call stack: %s of %s takes it", function,
                module_basename(owner->module));
            return true;
        }
        if (!named && owner->function && !q->out->name) {
            put(q, &q->out->name, "word of %s", function);
            put(q, &q->out->evidence, "call stack: %s of %s waits or wakes here", function,
                module_basename(owner->module));
        }
    }
    return q->out->name != NULL;
}

int naming_word(struct naming *n, const struct word_facts *facts, struct word_name *out)
{
    struct inquiry q = {.naming = n, .facts = facts, .out = out};
    struct resolve_context context = {n, facts->space};
    *out = (struct word_name){0};
    if (!resolve(&context, facts->address, &q.module, &q.own))
        q.module = NULL;
    if (q.module)
        put(&q, &out->module, "%s", module_path(q.module));
    bool found = by_symbol(&q) || by_arena_layout(&q) || by_library(&q) || by_code(&q) || by_reference(&q) ||
                 by_machine_code(&q);
    if (!found || !out->is_malloc)
        found |= by_stack(&q);
    if (!found) {
        name_by_place(&q);
        put(&q, &out->evidence,
            facts->space ? "none: no symbol, no known layout, no telling stack"
                         : "none: the process's mappings are not known");
    }
    return q.failed ? -ENOMEM : 0;
}

const char *naming_code_class(struct naming *n, const struct module *m, uint64_t own)
{
    const struct musl_code *code = stripped_musl(n->stripped, m);
    return code ? musl_code_class(code, own) : NULL;
}

/* Where symbols say nothing.  A guest that is linked in comes before musl's own malloc, as in allocators.c.
 */
static void program_by_code(struct naming *n, const struct module *m, const char **libc,
                            const char **allocator)
{
    struct musl_code *code = stripped_musl(n->stripped, m);
    const struct libc_match *match = stripped_match(n->stripped, m);
    if (!*libc && (code || match))
        *libc = "musl";
    if (!*allocator)
        *allocator = stripped_guest(n->stripped, m);
    if (!*allocator && match)
        *allocator = match->allocator->name;
    if (!*allocator && code)
        *allocator = musl_code_malloc(code);
}

void naming_program(struct naming *n, const struct address_space *space, const char **libc,
                    const char **linkage, const char **allocator)
{
    *libc = *linkage = *allocator = NULL;
    bool first = true;
    for (size_t i = 0; space && i < space->mapping_count; i++) {
        const struct module *m = module_get(n->modules, &space->mappings[i]);
        if (!m)
            continue;
        if (first)
            *linkage = module_is_dynamic(m)                ? "dynamic"
                       : module_is_position_independent(m) ? "static-pie"
                                                           : "static";
        const struct module *program = first ? m : NULL;
        first = false;
        const char *c = libc_of_module(m);
        if (c && !*libc)
            *libc = c;
        const struct allocator *a = *allocator ? NULL : allocator_of_module(m);
        if (a)
            *allocator = a->name;
        if (program)
            program_by_code(n, program, libc, allocator);
    }
}
