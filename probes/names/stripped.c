/* See stripped.h. */
#include "probes/names/stripped.h"

#include "probes/code/code.h"
#include "probes/names/allocators.h"

#include <stdlib.h>
#include <string.h>

enum { BLOCK = 1 << 16 };

struct entry {
    const struct module *module;
    struct musl_code *musl;
    struct libc_match match;
    const char *guest;
};

struct stripped {
    const struct libc_archive *archive;
    struct entry *entries;
    size_t count;
};

struct stripped *stripped_new(void)
{
    return calloc(1, sizeof(struct stripped));
}

void stripped_free(struct stripped *s)
{
    for (size_t i = 0; s && i < s->count; i++)
        musl_code_free(s->entries[i].musl);
    if (s)
        free(s->entries);
    free(s);
}

void stripped_refer(struct stripped *s, const struct libc_archive *archive)
{
    s->archive = archive;
}

/* Reads in pieces that overlap by the text's length; `block` is room for one. */
static bool segment_has(const struct module *m, uint64_t address, uint64_t size, const char *text,
                        char *block)
{
    size_t length = strlen(text);
    for (uint64_t at = 0; at < size; at += BLOCK - length) {
        size_t part = size - at < BLOCK ? size - at : BLOCK;
        if (!module_bytes(m, address + at, block, part))
            return false;
        if (memmem(block, part, text, length))
            return true;
        if (part < BLOCK)
            break;
    }
    return false;
}

bool stripped_has_text(const struct module *m, const char *text)
{
    uint64_t address, size;
    bool code, found = false;
    char *block = malloc(BLOCK);
    for (size_t n = 0; block && !found && module_segment(m, n, &address, &size, &code); n++)
        found = segment_has(m, address, size, text, block);
    free(block);
    return found;
}

/* Whether the file names the function by more than what it gives to others, which stripping leaves. */
static bool names(const struct module *m, const char *function)
{
    return module_symbol_named(m, function) && !module_exports(m, function);
}

/* A static file with symbols has malloc.  A dynamic one may leave it to the C library: what it starts with
 * tells. */
static bool has_symbols(const struct module *m)
{
    return module_is_dynamic(m) ? names(m, "_start") || names(m, "main")
                                : module_symbol_named(m, "malloc") != NULL;
}

const char *stripped_unread(const struct module *m)
{
    uint64_t address, size;
    bool code;
    for (size_t n = 0;
         !module_is_dynamic(m) && !has_symbols(m) && module_segment(m, n, &address, &size, &code); n++)
        if (code && size > CODE_MAX_SEGMENT)
            return "; its code was not read, being of more than 1 GiB";
    return "";
}

static void code_read(struct stripped *s, struct entry *e)
{
    e->musl = musl_code_read(e->module, &MACHINE_NATIVE);
    if (s->archive && libc_archive_match(s->archive, e->module, &e->match))
        e->match.size = 0;
}

/* Returns what is known of the file, worked out if it is new; NULL: it has symbols, or there is no memory.
 * `libc`: a C library's file, of which only messages are read. */
static struct entry *entry_make(struct stripped *s, const struct module *m, bool libc)
{
    for (size_t i = 0; i < s->count; i++)
        if (s->entries[i].module == m)
            return &s->entries[i];
    if (!libc && has_symbols(m))
        return NULL;
    struct entry *grown = reallocarray(s->entries, s->count + 1, sizeof(*grown));
    if (!grown)
        return NULL;
    s->entries = grown;
    struct entry *e = &s->entries[s->count++];
    *e = (struct entry){.module = m};
    if (!libc && !module_is_dynamic(m))
        code_read(s, e);
    for (const struct allocator *a = allocator_table(); a->name && !e->guest; a++)
        if (a->text && stripped_has_text(m, a->text))
            e->guest = a->name;
    return e;
}

static struct entry *entry_of(struct stripped *s, const struct module *m)
{
    return entry_make(s, m, false);
}

const struct allocator *stripped_in_libc(struct stripped *s, const struct module *m)
{
    const struct entry *e = entry_make(s, m, true);
    return e && e->guest ? allocator_named(e->guest) : NULL;
}

struct musl_code *stripped_musl(struct stripped *s, const struct module *m)
{
    const struct entry *e = entry_of(s, m);
    return e ? e->musl : NULL;
}

const struct libc_match *stripped_match(struct stripped *s, const struct module *m)
{
    const struct entry *e = entry_of(s, m);
    return e && e->match.size ? &e->match : NULL;
}

const char *stripped_guest(struct stripped *s, const struct module *m)
{
    const struct entry *e = entry_of(s, m);
    return e ? e->guest : NULL;
}
