/* See path_frames.h. */
#include "probes/run/path_frames.h"

#include "probes/names/caller_class.h"
#include "probes/names/code_class.h"

#include <string.h>

/* Returns the class of frame `i`, a static string. */
static const char *frame_class(struct naming *naming, const struct frame *f, size_t i)
{
    const char *by_code =
        f->function || !f->module ? NULL : naming_code_class(naming, f->module, f->address - (i ? 1 : 0));
    return by_code ? by_code : code_class(f->module, f->function);
}

static bool class_is_open(const char *class)
{
    return !strcmp(class, "program") || !strcmp(class, "unknown");
}

size_t path_frames_user(struct unwinder *unwinder, struct naming *naming, const struct address_space *space,
                        const struct copied_stack *stack, struct call_frame *frames)
{
    struct call_path path;
    const struct resolve_context where = naming_context(naming, space);
    unwind_long(unwinder, &where, stack->value, stack->more, stack->more_count, &path);
    const size_t inside = caller_class_inside(path.frames, path.count);
    for (size_t i = 0; i < path.count; i++) {
        const struct frame *f = &path.frames[i];
        const char *class = frame_class(naming, f, i);
        frames[i] = (struct call_frame){.symbol = f->function ? f->function->name : NULL,
                                        .module = f->module ? module_basename(f->module) : NULL,
                                        .address = f->address,
                                        .class = i < inside && class_is_open(class) ? "allocator" : class};
    }
    if (path.count == 0) /* code in no file: made at run time, or the vdso */
        frames[0] = (struct call_frame){.address = stack->value->registers[DWARF_PC], .class = "unknown"};
    return path.count ? path.count : 1;
}

void path_frames_kernel(const struct kernel_symbols *kernel, const uint64_t *chain, size_t count,
                        struct call_frame *frames)
{
    for (size_t i = 0; i < count; i++)
        frames[i] = (struct call_frame){.symbol = kernel_symbol_at(kernel, chain[i]),
                                        .module = "[kernel]",
                                        .address = chain[i],
                                        .class = "kernel"};
}
