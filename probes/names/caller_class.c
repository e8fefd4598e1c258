/* See caller_class.h.  A function of malloc's kind may have gone on in another by a jump, which then stands
 * in its place on the path: so what the caller's call names counts as much as the name of the frame. */
#include "probes/names/caller_class.h"

#include "probes/names/allocators.h"
#include "probes/names/code_class.h"
#include "probes/names/functions.h"
#include "probes/stacks/frame_layout.h"

#include <string.h>

static bool is_library(const struct module *m)
{
    static const char *const prefixes[] = {"libc.so",   "libc-2.",   "libpthread", "ld-musl-", "libc.musl-",
                                           "ld-linux-", "libstdc++", "libc++",     "libgcc_s", NULL};
    for (const char *const *prefix = prefixes; *prefix; prefix++)
        if (!strncmp(module_basename(m), *prefix, strlen(*prefix)))
            return true;
    return false;
}

const char *caller_class(const struct module *m, const struct symbol *s)
{
    const unsigned roles = s ? function_roles(s->name) : 0;
    if (roles & FUNCTION_WAITS)
        return "lock";
    if (roles & FUNCTION_ALLOCATES)
        return "allocator";
    const char *class = code_class(m, s);
    if (strcmp(class, "program") != 0 && strcmp(class, "unknown") != 0)
        return class;
    if (m && allocator_is_library(m))
        return "allocator";
    return roles & FUNCTION_OF_LANGUAGE || (m && is_library(m)) ? "library" : class;
}

static bool is_of_malloc(const struct symbol *s)
{
    return s && function_roles(s->name) & (FUNCTION_MALLOC | FUNCTION_ALLOCATES);
}

/* Whether the frame is one of malloc and its kin, or was called as one. */
static bool is_entry(const struct frame *frames, size_t count, size_t i)
{
    if (is_of_malloc(frames[i].function))
        return true;
    const struct frame *caller = i + 1 < count && frames[i + 1].module ? &frames[i + 1] : NULL;
    const uint64_t called = caller ? frame_call_target(caller->module, caller->address) : 0;
    return called && is_of_malloc(module_symbol_at(caller->module, called, true));
}

/* Whether the function is an allocator's by a name that nobody else gives, in a file that holds more. */
static bool is_linked_in(const struct frame *f)
{
    return f->function && !allocator_is_library(f->module) &&
           allocator_of_function(f->module, f->function->name);
}

/* Returns the class of a frame that was taken for the allocator's and stands outside of it. */
static const char *class_outside(const struct frame *f)
{
    return allocator_is_library(f->module) ? "library" : f->function ? "program" : "unknown";
}

static bool is_between(const char *class)
{
    static const char *const between[] = {"lock", "allocator", "library", "copy"};
    for (size_t i = 0; i < sizeof(between) / sizeof(between[0]); i++)
        if (!strcmp(class, between[i]))
            return true;
    return false;
}

size_t caller_class_inside(const struct frame *frames, size_t count)
{
    size_t linked = 0;
    for (size_t i = count; i-- > 0;) {
        if (is_entry(frames, count, i))
            return i + 1;
        if (!linked && is_linked_in(&frames[i]))
            linked = i + 1;
    }
    return linked;
}

void caller_class_path(struct naming *n, const struct frame *frames, size_t count, const char **classes)
{
    for (size_t i = 0; i < count; i++) {
        const struct frame *f = &frames[i];
        const char *by_code =
            f->function || !f->module ? NULL : naming_code_class(n, f->module, f->address - (i ? 1 : 0));
        classes[i] = by_code ? by_code : caller_class(f->module, f->function);
    }
    size_t i = 0;
    for (const size_t inside = caller_class_inside(frames, count); i < inside; i++)
        if (strcmp(classes[i], "lock") != 0)
            classes[i] = "allocator";
    while (i < count && is_between(classes[i]))
        i++;
    for (; i < count; i++)
        if (!strcmp(classes[i], "allocator"))
            classes[i] = class_outside(&frames[i]);
}

/* Whether the function of the frame is seen to keep a frame pointer where the frame is. */
static bool keeps_pointer(const struct frame *f)
{
    struct frame_layout l;
    return f->function &&
           frame_layout_read(f->module, f->function->address, f->function->size, f->address, &l) &&
           l.by_frame_pointer;
}

size_t caller_class_gap(const struct frame *frames, size_t count, const char *const *classes,
                        bool by_pointers)
{
    size_t i = 0;
    while (i < count && is_between(classes[i]))
        i++;
    if (i == 0 || i == count || !frames[i].module || !frames[i - 1].module)
        return 0;
    const struct frame *f = &frames[i], *inner = &frames[i - 1];
    switch (frame_link(f->module, f->address, inner)) {
    case LINK_DIRECT:
        return 0;
    case LINK_INDIRECT:
        return by_pointers && !keeps_pointer(inner) ? i : 0;
    default:
        return frame_call_is_open(f->module, frame_call_target(f->module, f->address)) ? 0 : i;
    }
}
