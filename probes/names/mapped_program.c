/* See mapped_program.h.  `malloc` may be defined several times in a process, and the first in link order
 * wins: the program, then the libraries in the order in which the dynamic linker mapped them (LD_PRELOAD's
 * before those that are needed), the C library last.  A program may call something else than malloc for its
 * own blocks: Rust's jemalloc is linked in as _rjem_malloc, and malloc is still the C library's.  Then the
 * allocator that is linked in is the program's, and the evidence says both. */
#include "probes/names/mapped_program.h"

#include "probes/names/allocators.h"

#include <stdio.h>
#include <string.h>

struct libraries {
    struct module_table *modules;
    const struct address_space *space;
    size_t program; /* the index of the program's mapping; SIZE_MAX: there is none */
};

static const struct module *module_of(const struct libraries *l, size_t i)
{
    return module_get(l->modules, &l->space->mappings[i]);
}

static bool is_library(const struct libraries *l, size_t i)
{
    return i != l->program && l->space->mappings[i].path[0] == '/';
}

/* Returns the index of the C library's mapping and sets *name to "glibc" or "musl"; SIZE_MAX and NULL: none.
 */
static size_t libc_find(const struct libraries *l, const char **name)
{
    for (size_t i = 0; i < l->space->mapping_count; i++) {
        const struct module *m = is_library(l, i) ? module_of(l, i) : NULL;
        if (m && (*name = allocator_libc_of_module(m)))
            return i;
    }
    return SIZE_MAX;
}

/* Returns the module whose malloc the program's calls reach; NULL: none.  What was mapped after the C library
 * was loaded by dlopen, and nobody's malloc resolves to it.  The dynamic linker is mapped first and searched
 * last. */
static const struct module *malloc_find(const struct libraries *l, const struct module *program, size_t libc)
{
    if (module_symbol_named(program, "malloc"))
        return program;
    bool dynamic = module_is_dynamic(program), interpreter = dynamic;
    uint64_t limit = libc == SIZE_MAX ? 0 : l->space->mappings[libc].since_ns;
    for (size_t i = 0; i < l->space->mapping_count && dynamic; i++) {
        const struct mapping *mapping = &l->space->mappings[i];
        if (!is_library(l, i))
            continue;
        bool first = interpreter;
        interpreter = false;
        if (first || i == libc || (limit && mapping->since_ns > limit))
            continue;
        const struct module *m = module_of(l, i);
        if (m && !allocator_libc_of_module(m) && module_exports(m, "malloc"))
            return m;
    }
    const struct module *c = libc == SIZE_MAX ? NULL : module_of(l, libc);
    return c && module_exports(c, "malloc") ? c : NULL;
}

/* Returns the allocator behind malloc; NULL: none is known.  Some distributions build musl with another
 * malloc inside, as Chimera Linux does with mimalloc.  Without symbols only its messages are left. */
static const struct allocator *behind_malloc(struct mapped_program *p, struct stripped *stripped)
{
    const struct allocator *a = p->malloc_from ? allocator_of_module(p->malloc_from) : NULL;
    const struct allocator *other = stripped && a && a->libc && !allocator_marker(p->malloc_from, a)
                                        ? stripped_in_libc(stripped, p->malloc_from)
                                        : NULL;
    p->message = other ? other->name : NULL;
    return other ? other : a;
}

static void allocator_read(struct mapped_program *p, struct stripped *stripped)
{
    const struct allocator *behind = behind_malloc(p, stripped);
    const char *marker = NULL;
    const struct allocator *within = p->malloc_from == p->file ? NULL : allocator_within(p->file, &marker);
    const struct allocator *found = within ? within : behind;
    p->allocator = found ? found->name : "unknown";
    if (within && (!behind || strcmp(behind->name, within->name) != 0))
        p->malloc_is = behind ? behind->name : "unknown";
    if (within)
        p->marker = marker;
    else if (behind && !allocator_of_library(p->malloc_from))
        p->marker = allocator_marker(p->malloc_from, behind);
}

/* Sets what the machine code tells where symbols say nothing.  An allocator that is linked in comes before
 * musl's own malloc, as in the table of allocators. */
static void code_read(struct stripped *stripped, struct mapped_program *p)
{
    struct musl_code *code = stripped_musl(stripped, p->file);
    const struct libc_match *match = stripped_match(stripped, p->file);
    const char *guest = stripped_guest(stripped, p->file);
    if (!p->libc && (code || match))
        p->libc = "musl";
    const char *own = match ? match->allocator->name : code ? musl_code_malloc(code) : NULL;
    if (!guest && !own)
        return;
    if (p->malloc_from)
        p->malloc_is = p->allocator;
    p->allocator = guest ? guest : own;
    p->code = guest   ? "messages of its code are"
              : match ? "code of the reference archive is"
                      : "code like that of its lock and of malloc is";
}

void mapped_program_read(struct module_table *modules, struct stripped *stripped,
                         const struct address_space *space, struct mapped_program *p)
{
    struct libraries l = {.modules = modules, .space = space, .program = SIZE_MAX};
    *p = (struct mapped_program){0};
    for (size_t i = 0; space && i < space->mapping_count; i++) {
        if (space->mappings[i].path[0] != '/')
            continue;
        const struct module *m = module_of(&l, i);
        if (!m && !p->unreachable)
            p->unreachable = space->mappings[i].path;
        if (l.program != SIZE_MAX)
            continue;
        l.program = i; /* the program's own file is mapped first */
        p->file = m;
    }
    if (l.program == SIZE_MAX)
        return;
    p->allocator = "unknown";
    size_t libc = libc_find(&l, &p->libc);
    if (!p->file)
        return;
    p->linkage = module_is_dynamic(p->file)                ? "dynamic"
                 : module_is_position_independent(p->file) ? "static-pie"
                                                           : "static";
    const char *within = allocator_libc_of_module(p->file);
    p->libc = within && !module_is_dynamic(p->file) ? within : p->libc ? p->libc : within;
    p->malloc_from = malloc_find(&l, p->file, libc);
    allocator_read(p, stripped);
    bool left_to_libc =
        p->malloc_from && p->malloc_from != p->file && allocator_libc_of_module(p->malloc_from);
    if (stripped && !p->malloc_is && (left_to_libc || !strcmp(p->allocator, "unknown")))
        code_read(stripped, p);
}

char *mapped_program_evidence(const struct mapped_program *p)
{
    char *text = NULL;
    int n;
    const char *file = p->file ? module_basename(p->file) : NULL;
    const char *from = p->malloc_from ? module_basename(p->malloc_from) : NULL;
    if (!p->allocator)
        return NULL;
    if (!file)
        n = asprintf(&text, "the program's file is not reachable: %s", p->unreachable);
    else if (p->malloc_is && p->code)
        n = asprintf(&text, "%s in %s; malloc itself is %s's (%s)", p->code, file, from, p->malloc_is);
    else if (p->malloc_is && !from)
        n = asprintf(&text, "%s is linked into %s, which calls no malloc", p->marker, file);
    else if (p->malloc_is)
        n = asprintf(&text, "%s is linked into %s; malloc itself is %s's (%s)", p->marker, file, from,
                     p->malloc_is);
    else if (p->code)
        n = asprintf(&text, "there is no symbol malloc, but %s in %s", p->code, file);
    else if (!from)
        n = asprintf(&text, "no symbol malloc in %s%s%s%s%s", file,
                     module_is_dynamic(p->file) ? " or its libraries" : "", stripped_unread(p->file),
                     p->unreachable ? "; not reachable: " : "", p->unreachable ? p->unreachable : "");
    else if (p->message)
        n = asprintf(&text, "malloc is %s's, which has messages of %s's code", from, p->message);
    else if (p->marker)
        n = asprintf(&text, "malloc is %s's, which has %s", from, p->marker);
    else if (!strcmp(p->allocator, "unknown"))
        n = asprintf(&text, "malloc is %s's, which is no allocator that heapwait knows", from);
    else
        n = asprintf(&text, "malloc is %s's, known by the file's name", from);
    return n < 0 ? NULL : text;
}
