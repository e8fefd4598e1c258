/* See naming_private.h.  The innermost function on a call's stack that is not about locking itself owns the
 * word.  An allocator's own lock function tells the allocator, whoever called it. */
#include "probes/names/functions.h"
#include "probes/names/naming_private.h"

/* Whether the function stands between whoever wants a lock and the system call.  One without a name does if
 * it lies in a shared C library. */
static bool is_passed(const struct frame *f)
{
    if (!f->function)
        return allocator_libc_of_module(f->module) != NULL && module_is_position_independent(f->module);
    return function_roles(f->function->name) & FUNCTION_PASSES || allocator_locks_with(f->function->name);
}

/* Returns the innermost frame that isn't passed; NULL: all are. */
static const struct frame *frame_owner(const struct frame *frames, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (!is_passed(&frames[i]))
            return &frames[i];
    return NULL;
}

static const struct allocator *allocator_of_frame(const struct frame *f)
{
    const struct allocator *a = allocator_of_library(f->module);
    return a || !f->function ? a : allocator_of_function(f->module, f->function->name);
}

/* Returns the allocator whose own lock function is met on the way to the owner; NULL: none.  Whoever called
 * it, the lock is the allocator's. */
static const struct allocator *allocator_of_locking(const struct frame *frames, size_t count)
{
    for (size_t i = 0; i < count && is_passed(&frames[i]); i++)
        if (frames[i].function && allocator_locks_with(frames[i].function->name) &&
            allocator_of_frame(&frames[i]))
            return allocator_of_frame(&frames[i]);
    return NULL;
}

/* Answers that the lock is the allocator's.  `owner` may be NULL or no function of the allocator: then only
 * its lock function was seen.  `named`: the word keeps the name that it has. */
static void put_stack_malloc(struct inquiry *q, const struct allocator *a, const struct frame *owner,
                             bool named)
{
    bool own = owner && allocator_of_frame(owner) == a;
    const char *function = own && owner->function ? owner->function->name : NULL;
    const char *role = function ? allocator_role_of(a, function) : NULL;
    inquiry_malloc(q, a);
    if (!named)
        inquiry_put(q, &q->out->name, "lock of %s (%s%s%s)", a->name, role ? role : "", role ? ": " : "",
                    function ? function
                    : own    ? module_basename(owner->module)
                             : "its own mutex");
    if (own)
        inquiry_put(q, &q->out->evidence, "call stack: %s of %s takes it", function ? function : "?",
                    module_basename(owner->module));
    else
        inquiry_put(q, &q->out->evidence, "call stack: %s's own lock function takes it", a->name);
}

bool naming_by_stack(struct inquiry *q)
{
    struct resolve_context context = {q->naming->modules, q->facts->space, q->facts->evidence.first_seen_ns};
    bool named = q->out->name != NULL;
    for (size_t i = 0; i < q->facts->stack_count; i++) {
        struct frame frames[MAX_FRAMES];
        size_t count = frames_scan(q->facts->stacks[i], resolve_address, &context, frames, MAX_FRAMES);
        const struct frame *owner = frame_owner(frames, count);
        const struct allocator *a = owner ? allocator_of_frame(owner) : NULL;
        if (!a)
            a = allocator_of_locking(frames, count);
        if (a) {
            put_stack_malloc(q, a, owner, named);
            return true;
        }
        if (owner && !named && owner->function && !q->out->name) {
            inquiry_put(q, &q->out->name, "word of %s", owner->function->name);
            inquiry_put(q, &q->out->evidence, "call stack: %s of %s waits or wakes here",
                        owner->function->name, module_basename(owner->module));
            inquiry_other(q);
        }
    }
    return q->out->name != NULL;
}
