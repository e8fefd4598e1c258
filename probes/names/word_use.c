/* See word_use.h. */
#include "probes/names/word_use.h"

#include "probes/names/allocators.h"
#include "probes/names/functions.h"

static const struct {
    unsigned role;
    const char *name;
} uses[] = {
    {FUNCTION_FOR_LOCK, "mutex"},
    {FUNCTION_FOR_CONDITION, "condition"},
    {FUNCTION_FOR_END, "join"},
    {FUNCTION_FOR_WORK, "idle"},
};
enum { USES = sizeof(uses) / sizeof(uses[0]) };

/* Returns which of the uses a function has; USES: none. */
static size_t use_of(const char *function, unsigned roles)
{
    if (allocator_locks_with(function))
        return 0;
    for (size_t i = 0; i < USES; i++)
        if (roles & uses[i].role)
            return i;
    return USES;
}

/* Returns which use a path tells of; USES: none. */
static size_t path_use(const struct word_path *p)
{
    const struct module *nameless = NULL;
    for (size_t i = 0; i < p->count; i++) {
        const struct frame *f = &p->frames[i];
        if (!f->function) {
            if (!f->module || (nameless && f->module != nameless))
                return USES;
            nameless = f->module;
            continue;
        }
        if (nameless && f->module != nameless)
            return USES;
        const unsigned roles = function_roles(f->function->name);
        const size_t use = use_of(f->function->name, roles);
        if (use < USES || !(roles & (FUNCTION_PASSES | FUNCTION_WAITS | FUNCTION_OF_LANGUAGE)))
            return use;
    }
    return USES;
}

const char *word_use(const struct word_path *paths, size_t count)
{
    uint64_t votes[USES + 1] = {0}, all = 0;
    for (size_t i = 0; i < count; i++)
        votes[path_use(&paths[i])] += paths[i].calls;
    for (size_t i = 0; i < USES; i++)
        all += votes[i];
    for (size_t i = 0; i < USES; i++)
        if (2 * votes[i] > all)
            return uses[i].name;
    return NULL;
}

static bool path_apart(const struct word_path *p)
{
    static const unsigned of_malloc = FUNCTION_MALLOC | FUNCTION_ALLOCATES;
    static const unsigned between = FUNCTION_PASSES | FUNCTION_WAITS | FUNCTION_OF_LANGUAGE;
    bool reached =
        false; /* a function that is neither a lock's nor a library's: what is nameless beyond it called it */
    for (size_t i = 0; i < p->count; i++) {
        const struct symbol *s = p->frames[i].function;
        if (!s && !reached)
            return false;
        const unsigned roles = s ? function_roles(s->name) : 0;
        if (s && (roles & of_malloc || allocator_locks_with(s->name) ||
                  allocator_of_function(p->frames[i].module, s->name)))
            return false;
        reached = reached || (i > 0 && !(roles & between));
    }
    return reached;
}

bool word_use_apart(const struct word_path *paths, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (!path_apart(&paths[i]))
            return false;
    return count > 0;
}
