/* See inquiry.h. */
#include "probes/names/inquiry.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

void inquiry_put(struct inquiry *q, char **text, const char *format, ...)
{
    va_list args;
    char *made = NULL;
    va_start(args, format);
    if (vasprintf(&made, format, args) < 0) {
        made = NULL;
        q->failed = true;
    }
    va_end(args);
    free(*text); /* not before: it may be a part of what is written */
    *text = made;
}

void inquiry_malloc(struct inquiry *q, const struct allocator *a)
{
    q->out->whose = WHOSE_MALLOC;
    inquiry_put(q, &q->out->allocator, "%s", a->name);
}

void inquiry_other(struct inquiry *q)
{
    q->out->whose = WHOSE_OTHER;
}

void inquiry_place(struct inquiry *q)
{
    uint64_t offset;
    const char *section = q->module ? module_section_at(q->module, q->own, &offset) : NULL;
    if (section)
        inquiry_put(q, &q->out->name, "unnamed word in %s %s+0x%llx", module_basename(q->module), section,
                    (unsigned long long)offset);
    else if (q->module)
        inquiry_put(q, &q->out->name, "unnamed word in %s at 0x%llx", module_basename(q->module),
                    (unsigned long long)q->own);
    else
        inquiry_put(q, &q->out->name, "unnamed word at 0x%llx", (unsigned long long)q->facts->address);
}

void inquiry_symbol(struct inquiry *q, const char *symbol, uint64_t offset)
{
    if (offset)
        inquiry_put(q, &q->out->name, "%s+0x%llx", symbol, (unsigned long long)offset);
    else
        inquiry_put(q, &q->out->name, "%s", symbol);
}
