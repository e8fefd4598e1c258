/* See naming_private.h.  The innermost function on a call's stack that is not about locking itself owns the
 * word.  An allocator's own lock function tells the allocator, whoever called it.  Functions that take the
 * word now and then are outvoted: each sampled call has a voice. */
#include "probes/names/caller_class.h"
#include "probes/names/functions.h"
#include "probes/names/naming_private.h"

#include <string.h>

/* Who takes the word, by some of its calls. */
struct vote {
    const struct allocator *allocator; /* NULL: no allocator does */
    const struct module *module;
    const char *function; /* NULL: it has no name, or is none of the allocator's */
    bool waits;           /* the function waits for something else than a lock */
    bool mutex;           /* it takes the word by a function of mutexes */
    uint64_t calls;
};

enum { MAX_VOTES = 64 }; /* different ones: more are not counted */

struct votes {
    struct vote list[MAX_VOTES];
    size_t count;
};

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

static bool waits_for_else(const struct frame *f)
{
    return f->function && function_roles(f->function->name) & FUNCTION_WAITS;
}

/* Whether a function of mutexes is met on the way to the owner. */
static bool is_mutex(const struct frame *frames, const struct frame *owner)
{
    for (const struct frame *f = frames; f < owner; f++)
        if (f->function && strstr(f->function->name, "mutex") &&
            function_roles(f->function->name) & FUNCTION_LOCKS)
            return true;
    return false;
}

/* A mutex that is let go and taken again by a wait for a condition is that of whoever waits for it. */
static const struct frame *mutex_owner(const struct frame *frames, size_t count, const struct frame *owner)
{
    const struct frame *f = owner;
    while (f < frames + count && (is_passed(f) || waits_for_else(f)))
        f++;
    return f < frames + count ? f : owner;
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

/* Returns the allocator that the owner belongs to since it stands between a function of malloc's kind in its
 * own file and the lock, though no list has its name; NULL: it doesn't, or the allocator isn't known.  No
 * file takes the locks of an allocator in another one. */
static const struct allocator *allocator_around(struct inquiry *q, const struct frame *frames, size_t count,
                                                const struct frame *owner)
{
    const char *classes[MAX_FRAMES];
    caller_class_path(q->naming, frames, count, classes);
    for (size_t i = (size_t)(owner - frames); i < count && !strcmp(classes[i], "allocator"); i++) {
        const struct allocator *a = frames[i].module == owner->module ? allocator_of_frame(&frames[i]) : NULL;
        if (a)
            return a;
    }
    return strcmp(classes[owner - frames], "allocator") != 0 ? NULL : allocator_of_module(owner->module);
}

static void vote_add(struct votes *v, const struct vote *vote)
{
    for (size_t i = 0; i < v->count; i++) {
        struct vote *o = &v->list[i];
        if (o->allocator != vote->allocator || o->module != vote->module || o->mutex != vote->mutex ||
            (o->function && vote->function ? strcmp(o->function, vote->function) != 0
                                           : o->function != vote->function))
            continue;
        o->calls += vote->calls;
        return;
    }
    if (v->count < MAX_VOTES)
        v->list[v->count++] = *vote;
}

static void path_vote(struct inquiry *q, struct votes *v, const struct frame *frames, size_t count,
                      uint64_t calls)
{
    const struct frame *owner = frame_owner(frames, count);
    struct vote vote = {.allocator = allocator_of_locking(frames, count), .calls = calls};
    if (owner) {
        vote.mutex = is_mutex(frames, owner);
        if (vote.mutex && waits_for_else(owner))
            owner = mutex_owner(frames, count, owner);
        const struct allocator *a = allocator_of_frame(owner);
        if (!a)
            a = allocator_around(q, frames, count, owner);
        if (!a && !vote.allocator && naming_unknown_takes(q, frames, count, (size_t)(owner - frames)))
            a = naming_unknown(q);
        vote.allocator = a ? a : vote.allocator;
        vote.module = a || !vote.allocator ? owner->module : NULL;
        vote.function = (a || !vote.allocator) && owner->function ? owner->function->name : NULL;
        vote.waits = waits_for_else(owner);
    }
    if (vote.allocator || vote.function)
        vote_add(v, &vote);
}

/* Lets all calls vote whose paths are known: the sampled ones, or, where there are none, the first ones, by
 * scanning.  A scan also finds what older calls have left on a stack: it says nothing against paths. */
static void votes_read(struct inquiry *q, struct votes *v)
{
    struct resolve_context context = {q->naming->modules, q->facts->space, q->facts->evidence.first_seen_ns};
    v->count = 0;
    for (size_t i = 0; i < q->facts->path_count; i++) {
        const struct word_path *p = &q->facts->paths[i];
        path_vote(q, v, p->frames, p->count, p->calls);
    }
    for (size_t i = 0; i < q->facts->stack_count && !q->facts->path_count && !v->count; i++) {
        struct frame frames[MAX_FRAMES];
        size_t count = frames_scan(q->facts->stacks[i], resolve_address, &context, frames, MAX_FRAMES);
        path_vote(q, v, frames, count, 1);
    }
}

/* Returns the calls of the votes that fit: those for the allocator `a`, or for none; of the role `role` where
 * that is asked for. */
static uint64_t votes_sum(const struct votes *v, const struct allocator *a, const char *role)
{
    uint64_t sum = 0;
    for (size_t i = 0; i < v->count; i++) {
        const struct vote *o = &v->list[i];
        const char *own = a && o->function ? allocator_role_of(a, o->function) : NULL;
        if (o->allocator == a && (!role || own == role))
            sum += o->calls;
    }
    return sum;
}

/* Returns the allocator that most calls are for, though fewer than for all the others together may be; NULL:
 * most are for none. */
static const struct allocator *votes_allocator(const struct votes *v)
{
    const struct allocator *most = NULL;
    uint64_t most_calls = 0, all = 0, others = votes_sum(v, NULL, NULL);
    for (size_t i = 0; i < v->count; i++) {
        const struct allocator *a = v->list[i].allocator;
        all += a ? v->list[i].calls : 0;
        if (a && votes_sum(v, a, NULL) > most_calls) {
            most = a;
            most_calls = votes_sum(v, a, NULL);
        }
    }
    return all >= others ? most : NULL;
}

/* Returns the vote that tells most of the allocator's lock: of the role that most calls tell, the function
 * that most calls are by.  One with a name comes before any without. */
static const struct vote *votes_role(const struct votes *v, const struct allocator *a, const char **role)
{
    const struct vote *best = NULL;
    uint64_t best_role = 0;
    *role = NULL;
    for (size_t i = 0; i < v->count; i++) {
        const struct vote *o = &v->list[i];
        const char *own = o->allocator == a && o->function ? allocator_role_of(a, o->function) : NULL;
        const uint64_t sum = own ? votes_sum(v, a, own) : 0;
        if (o->allocator != a)
            continue;
        bool better = !best || sum > best_role || (sum == best_role && o->function && !best->function);
        bool same = best && sum == best_role && !o->function == !best->function && own == *role;
        if (!better && !(same && o->calls > best->calls))
            continue;
        best = o;
        best_role = sum;
        *role = own;
    }
    return best;
}

/* Returns the function that most calls are by; where the word is taken as a mutex somewhere, one that takes
 * it so. */
static const struct vote *votes_function(const struct votes *v)
{
    const struct vote *best = NULL;
    bool mutex = false;
    for (size_t i = 0; i < v->count; i++)
        mutex |= v->list[i].mutex && !v->list[i].waits;
    for (size_t i = 0; i < v->count; i++) {
        const struct vote *o = &v->list[i];
        if (!o->allocator && !(mutex && o->waits) && (!best || o->calls > best->calls))
            best = o;
    }
    return best;
}

/* Answers that the lock is the allocator's.  `named`: the word keeps the name that it has. */
static void put_stack_malloc(struct inquiry *q, const struct votes *v, const struct allocator *a, bool named)
{
    const char *role, *unknown = "its own mutex";
    const struct vote *vote = votes_role(v, a, &role);
    const char *function = vote->function;
    if (vote->module && !function)
        unknown = "role not known: no symbols";
    inquiry_malloc(q, a);
    if (!named)
        inquiry_put(q, &q->out->name, "lock of %s (%s%s%s)", a->name, role ? role : "", role ? ": " : "",
                    function ? function : unknown);
    if (a == naming_unknown(q))
        inquiry_put(q, &q->out->evidence, "call stack: malloc's functions take it: %s of %s",
                    function ? function : "one without a name", module_basename(vote->module));
    else if (function)
        inquiry_put(q, &q->out->evidence, "call stack: %s of %s takes it", function,
                    module_basename(vote->module));
    else if (vote->module)
        inquiry_put(q, &q->out->evidence, "call stack: a function without a name in %s takes it",
                    module_basename(vote->module));
    else
        inquiry_put(q, &q->out->evidence, "call stack: %s's own lock function takes it", a->name);
}

bool naming_by_stack(struct inquiry *q)
{
    struct votes votes;
    bool named = q->out->name != NULL;
    votes_read(q, &votes);
    const struct allocator *a = votes_allocator(&votes);
    const struct vote *vote = a ? NULL : votes_function(&votes);
    if (a) {
        put_stack_malloc(q, &votes, a, named);
    } else if (vote && !named) {
        inquiry_put(q, &q->out->name, "word of %s", vote->function);
        inquiry_put(q, &q->out->evidence, "call stack: %s of %s waits or wakes here", vote->function,
                    module_basename(vote->module));
        naming_other(q);
    }
    return q->out->name != NULL;
}

void naming_role_by_stack(struct inquiry *q, const struct allocator *a)
{
    struct votes votes;
    const char *role;
    votes_read(q, &votes);
    votes_role(&votes, a, &role);
    if (role)
        put_stack_malloc(q, &votes, a, false);
}
