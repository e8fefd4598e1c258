/* See naming_private.h.  What the naming knows of programs, and what follows where the table doesn't have a
 * program's allocator.  Then a lock of malloc's may have any name, and its functions any: a symbol or a stack
 * proves of no word that it isn't malloc's.  What can be told is which words the file's own malloc takes, and
 * that a library which brings malloc has its locks in its data. */
#include "probes/names/functions.h"
#include "probes/names/naming_private.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void unknown_read(struct known_program *p)
{
    const struct module *from = p->program.malloc_from;
    if (!p->program.allocator || strcmp(p->program.allocator, "unknown") != 0)
        return;
    if (from && asprintf(&p->unknown_name, "unknown (%s)", module_basename(from)) < 0)
        p->unknown_name = NULL;
    p->unknown.name = p->unknown_name ? p->unknown_name : "unknown";
}

static bool has_mutex_statistics(const struct mapped_program *p)
{
    const struct allocator *a = p->allocator ? allocator_named(p->allocator) : NULL;
    /* the allocator lies in the program's file when it stands beside malloc, or is told by the code */
    const bool inside = p->code || p->malloc_is;
    const struct module *holder = inside ? p->file : p->malloc_from;
    return a && a->mutex_text && holder && stripped_has_text(holder, a->mutex_text);
}

const struct known_program *naming_program_of(struct inquiry *q)
{
    struct naming *n = q->naming;
    const struct address_space *space = q->facts->space;
    if (!space)
        return NULL;
    for (size_t i = 0; i < n->program_count; i++)
        if (naming_space_is(&n->programs[i].space, space) &&
            n->programs[i].mapping_count == space->mapping_count)
            return &n->programs[i];
    struct known_program *grown = reallocarray(n->programs, n->program_count + 1, sizeof(*grown));
    q->failed |= !grown;
    if (!grown)
        return NULL;
    n->programs = grown;
    struct known_program *p = &n->programs[n->program_count++];
    *p =
        (struct known_program){.space = {space->pid, space->since_ns}, .mapping_count = space->mapping_count};
    mapped_program_read(n->modules, n->stripped, space, &p->program);
    p->mutex_statistics = has_mutex_statistics(&p->program);
    unknown_read(p);
    return p;
}

void naming_programs_free(struct naming *n)
{
    for (size_t i = 0; i < n->program_count; i++)
        free(n->programs[i].unknown_name);
    free(n->programs);
    n->programs = NULL;
    n->program_count = 0;
}

const struct allocator *naming_unknown(struct inquiry *q)
{
    const struct known_program *p = naming_program_of(q);
    return p && p->unknown.name ? &p->unknown : NULL;
}

void naming_other(struct inquiry *q)
{
    if (!naming_unknown(q))
        inquiry_other(q);
}

bool naming_by_unknown_library(struct inquiry *q)
{
    const struct allocator *a = q->module ? naming_unknown(q) : NULL;
    const struct mapped_program *p = a ? &naming_program_of(q)->program : NULL;
    if (!a || p->malloc_from != q->module || p->malloc_from == p->file || allocator_libc_of_module(q->module))
        return false;
    if (!q->out->name)
        inquiry_place(q);
    inquiry_put(q, &q->out->evidence, "it lies in the data of the library whose malloc the program calls");
    inquiry_malloc(q, a);
    return true;
}

bool naming_by_unknown_code(struct inquiry *q)
{
    const struct allocator *a = q->module ? naming_unknown(q) : NULL;
    if (!a || naming_program_of(q)->program.malloc_from != q->module ||
        !frame_code_refers(q->module, "malloc", q->own) || !frame_code_refers(q->module, "free", q->own))
        return false;
    if (!q->out->name)
        inquiry_put(q, &q->out->name, "malloc's lock in %s", module_basename(q->module));
    inquiry_put(q, &q->out->evidence, "code: malloc and free both take its address");
    inquiry_malloc(q, a);
    return true;
}

/* Up to malloc all functions have to be of its file, and none may wait for something else than a lock: a
 * return address behind a call to another file may be left of an older call. */
bool naming_unknown_takes(struct inquiry *q, const struct frame *frames, size_t count, size_t owner)
{
    const struct known_program *p = naming_unknown(q) ? naming_program_of(q) : NULL;
    for (size_t i = owner; p && i < count && frames[i].module == p->program.malloc_from; i++) {
        const unsigned roles = frames[i].function ? function_roles(frames[i].function->name) : 0;
        if (roles & FUNCTION_MALLOC)
            return true;
        if (roles & FUNCTION_WAITS)
            return false;
    }
    return false;
}
