/* See naming.h.  The kinds of evidence, strongest first: the header of a heap of glibc's that points to the
 * word; a symbol that covers the address; the layout of glibc's malloc_state around the word; the allocator's
 * own library; code of malloc and free that takes the address; in files without symbols, code that a
 * reference archive names, or what the code does; the functions on the stack of a call; the way that threads
 * wait.  One address may be in two libraries, one after the other (dlclose, dlopen): the mappings that count
 * are those of the time when the word was first seen. */
#include "probes/names/naming_private.h"
#include "probes/names/word_use.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    HEAP_SIZE_BITS = 26,      /* HEAP_MAX_SIZE, 64 MiB */
    HEAP_HEADER_REACH = 4096, /* within so many bytes of a heap's header the arena begins */
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

static struct space_identity identity_of(const struct address_space *space)
{
    return space ? (struct space_identity){space->pid, space->since_ns} : (struct space_identity){0};
}

bool naming_space_is(const struct space_identity *known, const struct address_space *space)
{
    const struct space_identity own = identity_of(space);
    return known->pid == own.pid && known->since_ns == own.since_ns;
}

int naming_forget_files(struct naming *n)
{
    struct module_table *modules = module_table_new();
    struct stripped *stripped = stripped_new();
    if (!modules || !stripped) {
        module_table_free(modules);
        stripped_free(stripped);
        return -ENOMEM;
    }
    naming_programs_free(n);
    stripped_free(n->stripped);
    module_table_free(n->modules);
    n->modules = modules;
    n->stripped = stripped;
    return 0;
}

void naming_free(struct naming *n)
{
    if (!n)
        return;
    stripped_free(n->stripped);
    module_table_free(n->modules);
    free(n->arenas);
    naming_programs_free(n);
    free(n);
}

void word_name_free(struct word_name *name)
{
    free(name->name);
    free(name->module);
    free(name->evidence);
    free(name->allocator);
    *name = (struct word_name){0};
}

void naming_debug_files(struct naming *n, struct debug_files *given)
{
    module_table_debug_files(n->modules, given);
}

void naming_refer(struct naming *n, const struct libc_archive *archive)
{
    stripped_refer(n->stripped, archive);
}

struct resolve_context naming_context(const struct naming *n, const struct address_space *space)
{
    return (struct resolve_context){.modules = n->modules, .space = space};
}

bool naming_resolve(struct naming *n, const struct address_space *space, uint64_t address,
                    const struct module **module, uint64_t *own)
{
    struct resolve_context context = naming_context(n, space);
    return resolve_address(&context, address, module, own);
}

const char *naming_code_class(struct naming *n, const struct module *m, uint64_t own)
{
    struct musl_code *code = stripped_musl(n->stripped, m);
    return code ? musl_code_class(code, own) : NULL;
}

static const char *source_text(enum symbol_source source)
{
    switch (source) {
    case SYMBOLS_DEBUGDATA:
        return "symbol of the file's .gnu_debugdata";
    case SYMBOLS_SEPARATE:
        return "symbol of the separate debug file";
    case SYMBOLS_GIVEN:
        return "symbol of the debug file given";
    default:
        return "symbol of the file";
    }
}

static bool by_symbol(struct inquiry *q)
{
    const struct symbol *s = q->module ? module_symbol_at(q->module, q->own, false) : NULL;
    if (!s)
        return false;
    bool may_have_parts = s->size > sizeof(uint32_t);
    char *member = may_have_parts ? module_member_at(q->module, s, q->own) : NULL;
    if (member)
        inquiry_put(q, &q->out->name, "%s%s", s->name, member);
    else
        inquiry_symbol(q, s->name, q->own - s->address);
    inquiry_put(q, &q->out->evidence, "%s%s", source_text(s->source), member ? ", member by DWARF" : "");
    free(member);
    const struct allocator *a = allocator_of_lock(q->module, s->name);
    if (a)
        inquiry_malloc(q, a);
    else
        naming_other(q);
    return true;
}

/* Returns the number of the thread arena that the word is the lock of, a new one if it hasn't been met; 0:
 * out of memory. */
static unsigned arena_number(struct inquiry *q)
{
    struct naming *n = q->naming;
    unsigned number = 1;
    for (size_t i = 0; i < n->arena_count; i++) {
        if (!naming_space_is(&n->arenas[i].space, q->facts->space))
            continue;
        if (n->arenas[i].address == q->facts->address)
            return n->arenas[i].number;
        number++;
    }
    if (n->arena_count == n->arena_capacity) {
        size_t larger = n->arena_capacity ? n->arena_capacity * 2 : 16;
        struct arena *grown = reallocarray(n->arenas, larger, sizeof(*grown));
        q->failed |= !grown;
        if (!grown)
            return 0;
        n->arenas = grown;
        n->arena_capacity = larger;
    }
    n->arenas[n->arena_count++] = (struct arena){identity_of(q->facts->space), q->facts->address, number};
    return number;
}

/* A malloc_state is told by its last bin, that of the largest chunks: it is empty in all but odd programs,
 * and an empty bin links to itself. */
static bool bins_fit(const struct word_facts *f)
{
    const struct word_evidence *e = &f->evidence;
    const uint64_t bin = e->last_bin[0] - f->address + 16;
    return e->last_bin[0] == e->last_bin[1] &&
           (bin == MALLOC_STATE_LAST_BIN_2_27 || bin == MALLOC_STATE_LAST_BIN_2_43);
}

static void put_arena(struct inquiry *q)
{
    inquiry_malloc(q, allocator_of_libc_lock("glibc", "main_arena"));
}

/* A thread arena lies at the start of a heap, whose header points to it.  Heaps are of 64 MiB and begin at a
 * multiple of that, but with huge pages (glibc.malloc.hugetlb): then the bins have to fit, too.  No file's
 * data looks so, whatever the mappings say. */
static bool by_heap(struct inquiry *q)
{
    const uint64_t address = q->facts->address, in_heap = address & ((1ull << HEAP_SIZE_BITS) - 1);
    const bool bins = bins_fit(q->facts);
    if (q->facts->evidence.heap_arena != address || !(address & (HEAP_HEADER_REACH - 1)) ||
        (in_heap >= HEAP_HEADER_REACH && !bins))
        return false;
    q->module = NULL;
    inquiry_put(q, &q->out->name, "arena %u", arena_number(q));
    inquiry_put(q, &q->out->evidence, "layout: the header of a %sheap points to it%s",
                in_heap < HEAP_HEADER_REACH ? "64 MiB " : "", bins ? ", its last bin links to itself" : "");
    put_arena(q);
    return true;
}

static bool by_main_arena(struct inquiry *q)
{
    const char *libc = q->module ? allocator_libc_of_module(q->module) : NULL;
    if (!libc || strcmp(libc, "glibc") != 0 || !bins_fit(q->facts))
        return false;
    inquiry_put(q, &q->out->name, "main_arena");
    inquiry_put(q, &q->out->evidence, "layout: a malloc_state in glibc's data, its last bin links to itself");
    put_arena(q);
    return true;
}

static bool by_library(struct inquiry *q)
{
    const struct allocator *a = q->module ? allocator_of_library(q->module) : NULL;
    if (!a)
        return false;
    inquiry_place(q);
    inquiry_put(q, &q->out->evidence, "it lies in the data of the allocator's own library");
    inquiry_malloc(q, a);
    naming_role_by_stack(q, a);
    return true;
}

/* The lock of musl's malloc in a C library without symbols of its data: malloc and free both take its
 * address.  One of the two alone may take other locks. */
static bool by_code(struct inquiry *q)
{
    const char *libc = q->module ? allocator_libc_of_module(q->module) : NULL;
    const struct allocator *a = libc && !strcmp(libc, "musl") ? allocator_of_module(q->module) : NULL;
    if (!a || !frame_code_refers(q->module, "malloc", q->own) ||
        !frame_code_refers(q->module, "free", q->own))
        return false;
    inquiry_put(q, &q->out->name, "malloc's lock in %s", module_basename(q->module));
    inquiry_put(q, &q->out->evidence, "code: malloc and free both take its address");
    const struct allocator *other =
        allocator_marker(q->module, a) ? NULL : stripped_in_libc(q->naming->stripped, q->module);
    inquiry_malloc(q, other ? other : a);
    return true;
}

/* malloc's lock, which code of the reference archive that was found in the program names. */
static bool by_reference(struct inquiry *q)
{
    const struct libc_match *l = q->module ? stripped_match(q->naming->stripped, q->module) : NULL;
    if (!l || q->own < l->address || q->own - l->address >= l->size)
        return false;
    inquiry_symbol(q, l->symbol, q->own - l->address);
    inquiry_put(
        q, &q->out->evidence,
        "reference archive: %u function%s of it match the code, that at 0x%llx first, and name the word",
        l->functions, l->functions == 1 ? "" : "s", (unsigned long long)l->first);
    inquiry_malloc(q, l->allocator);
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
        inquiry_place(q);
    else
        inquiry_put(q, &q->out->name, "%smalloc's lock in %s%s%s%s",
                    l->verdict == MUSL_LIKELY ? "likely " : "", module_basename(q->module),
                    l->part ? " (" : "", l->part ? l->part : "", l->part ? ")" : "");
    inquiry_put(q, &q->out->evidence, "%s", l->evidence);
    if (l->verdict == MUSL_MALLOC)
        inquiry_malloc(q, allocator_named(musl_code_malloc(code)));
    else if (l->verdict == MUSL_OTHER)
        inquiry_other(q);
    return true;
}

/* Returns the path of a file of the process that can't be read any more, which may be the one that the word
 * lies in; NULL: none, or the word's file is known. */
static const char *unreachable_file(const struct inquiry *q)
{
    const struct address_space *space = q->facts->space;
    for (size_t i = 0; space && !q->module && i < space->mapping_count; i++)
        if (space->mappings[i].path[0] == '/' && !module_get(q->naming->modules, &space->mappings[i]))
            return space->mappings[i].path;
    return NULL;
}

static void put_nothing_known(struct inquiry *q)
{
    const char *unreachable = unreachable_file(q);
    inquiry_place(q);
    if (!q->facts->space)
        inquiry_put(q, &q->out->evidence, "none: the process's mappings are not known");
    else
        inquiry_put(q, &q->out->evidence, "none: no symbol, no known layout, no telling stack%s%s%s%s",
                    q->module ? stripped_unread(q->module) : "", unreachable ? "; file not reachable: " : "",
                    unreachable ? unreachable : "", naming_value_class(q->facts));
}

/* Where no malloc was found in the program, its callers may tell that a word is none of malloc's.  Where one
 * was found that heapwait doesn't know they don't: functions of its own may stand where malloc would. */
static void by_callers(struct inquiry *q)
{
    const struct known_program *p = naming_program_of(q);
    if (p && p->unknown_name)
        return;
    if (q->failed || q->out->whose != WHOSE_UNKNOWN || !word_use_apart(q->facts->paths, q->facts->path_count))
        return;
    inquiry_other(q);
    inquiry_put(q, &q->out->evidence, "%s; no call path to it comes from malloc", q->out->evidence);
}

int naming_word(struct naming *n, const struct word_facts *facts, struct word_name *out)
{
    struct inquiry q = {.naming = n, .facts = facts, .out = out};
    struct resolve_context context = {n->modules, facts->space, facts->evidence.first_seen_ns};
    *out = (struct word_name){0};
    if (!resolve_word(&context, facts->address, &q.module, &q.own))
        q.module = NULL;
    bool found = by_heap(&q);
    if (q.module)
        inquiry_put(&q, &out->module, "%s", module_path(q.module));
    found = found || by_symbol(&q) || by_main_arena(&q) || by_library(&q) || by_code(&q) ||
            by_reference(&q) || by_machine_code(&q);
    if (out->whose != WHOSE_MALLOC)
        found |= naming_by_unknown_library(&q) || naming_by_unknown_code(&q);
    if (out->whose != WHOSE_MALLOC)
        found |= naming_by_stack(&q);
    if (!found)
        found = naming_by_waiting(&q);
    if (!found)
        put_nothing_known(&q);
    by_callers(&q);
    return q.failed ? -ENOMEM : 0;
}

void naming_program(struct naming *n, const struct address_space *space, const char **libc,
                    const char **linkage, const char **allocator)
{
    struct mapped_program p;
    mapped_program_read(n->modules, n->stripped, space, &p);
    *libc = p.libc;
    *linkage = p.linkage;
    *allocator = p.allocator;
}

/* The program's own file is mapped first. */
const char *naming_program_path(const struct address_space *space)
{
    for (size_t i = 0; space && i < space->mapping_count; i++)
        if (space->mappings[i].path[0] == '/')
            return space->mappings[i].path;
    return NULL;
}

char *naming_allocator(struct naming *n, const struct address_space *space, const char **allocator)
{
    struct mapped_program p;
    mapped_program_read(n->modules, n->stripped, space, &p);
    *allocator = p.allocator;
    return mapped_program_evidence(&p);
}
