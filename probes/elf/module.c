/* See module.h.  Symbol tables are asked in the order of enum symbol_source, and opened when it is their
 * turn: most questions are answered by the first. */
#include "probes/elf/module.h"

#include "probes/elf/members.h"
#include "probes/mappings/mapped_file.h"

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { MAX_VDSO = 1 << 20 };

struct module {
    char *path;
    const struct mapped_file *mapped; /* by this, `path` and `inode` the table tells modules apart */
    uint64_t inode;
    struct elf_file *elf; /* NULL: not usable */
    struct elf_file *debugdata, *separate;
    const struct elf_file *given;
    char *separate_path;
    struct debug_files *debug_files;
    struct unpack_room *room; /* the table's */
    struct reader_time *time; /* the table's */
    struct symbol_table *tables[SYMBOLS_SOURCES];
    bool opened[SYMBOLS_SOURCES];
    const char *const *expected; /* the names that module_symbols_expect() has looked for last */
    struct layouts *layouts;
};

struct module_table {
    struct module **modules;
    size_t count, capacity;
    struct debug_files *given;
    struct unpack_room room;
    struct reader_time time; /* for what children read */
};

struct module_table *module_table_new(void)
{
    struct module_table *t = calloc(1, sizeof(*t));
    if (t) {
        t->room = unpack_room_all;
        t->time = reader_time_of(READER_SECONDS);
    }
    return t;
}

void module_table_debug_files(struct module_table *t, struct debug_files *given)
{
    t->given = given;
}

static void module_free(struct module *m)
{
    if (!m)
        return;
    for (unsigned i = 0; i < SYMBOLS_SOURCES; i++)
        symbol_table_free(m->tables[i]);
    layouts_free(m->layouts);
    elf_file_close(m->elf);
    elf_file_close(m->debugdata);
    elf_file_close(m->separate);
    free(m->separate_path);
    free(m->path);
    free(m);
}

void module_table_free(struct module_table *t)
{
    if (!t)
        return;
    for (size_t i = 0; i < t->count; i++)
        module_free(t->modules[i]);
    free(t->modules);
    free(t);
}

/* ---- opening ---- */

/* Opens the code that the kernel itself maps into each process, by this process's copy: it is the same. */
static struct elf_file *vdso_open(void)
{
    FILE *maps = fopen("/proc/self/maps", "re");
    char line[512];
    unsigned long long start = 0, end = 0;
    bool found = false;
    while (maps && !found && fgets(line, sizeof(line), maps))
        found = strstr(line, "[vdso]") && sscanf(line, "%llx-%llx", &start, &end) == 2 && end > start &&
                end - start <= MAX_VDSO;
    if (maps)
        fclose(maps);
    unsigned char *copy = found ? malloc(end - start) : NULL;
    if (!copy)
        return NULL;
    memcpy(copy, (const void *)(uintptr_t)start, end - start);
    return elf_file_of_bytes(copy, end - start);
}

static struct elf_file *file_open(const struct mapping *m)
{
    if (!strcmp(m->path, "[vdso]"))
        return vdso_open();
    const struct file_identity by_inode = {.inode = m->inode};
    int fd = m->file && m->file->fd >= 0
                 ? fcntl(m->file->fd, F_DUPFD_CLOEXEC, 3)
                 : mapped_file_open(0, 0, 0, m->path, m->file ? &m->file->identity : &by_inode);
    return fd < 0 ? NULL : elf_file_open(fd);
}

static struct module *module_find(const struct module_table *t, const struct mapping *mapping)
{
    for (size_t i = 0; i < t->count; i++) {
        struct module *m = t->modules[i];
        if (m->mapped == mapping->file && m->inode == mapping->inode && !strcmp(m->path, mapping->path))
            return m;
    }
    return NULL;
}

static struct module *module_add(struct module_table *t, const struct mapping *mapping)
{
    if (t->count == t->capacity) {
        size_t larger = t->capacity ? t->capacity * 2 : 16;
        struct module **grown = reallocarray(t->modules, larger, sizeof(*grown));
        if (!grown)
            return NULL;
        t->modules = grown;
        t->capacity = larger;
    }
    struct module *m = calloc(1, sizeof(*m));
    if (!m || !(m->path = strdup(mapping->path))) {
        free(m);
        return NULL;
    }
    m->mapped = mapping->file;
    m->inode = mapping->inode;
    m->debug_files = t->given;
    m->room = &t->room;
    m->time = &t->time;
    m->elf = file_open(mapping);
    if (m->elf && !m->elf->segment_count) {
        elf_file_close(m->elf);
        m->elf = NULL;
    }
    if (m->elf)
        m->given = debug_files_match(t->given, m->elf, module_basename(m));
    t->modules[t->count++] = m;
    return m;
}

const struct module *module_get(struct module_table *t, const struct mapping *mapping)
{
    struct module *m = module_find(t, mapping);
    if (!m)
        m = module_add(t, mapping);
    return m && m->elf ? m : NULL;
}

const char *module_path(const struct module *m)
{
    return m->path;
}

const char *module_basename(const struct module *m)
{
    const char *slash = strrchr(m->path, '/');
    return slash ? slash + 1 : m->path;
}

bool module_is_dynamic(const struct module *m)
{
    return m->elf->interpreter;
}

bool module_is_position_independent(const struct module *m)
{
    return m->elf->position_independent;
}

/* ---- places ---- */

/* A file of debug information alone has the segments' addresses and nothing of their contents, so that
 * offsets tell nothing.  The mapping of its only segment of code begins with the page that the segment does,
 * if it is as long as the segment, in pages of any size that there is. */
static bool bias_by_pages(const struct module *m, const struct mapping *mapping, uint64_t *bias)
{
    const struct elf_segment *only = NULL;
    size_t count = 0;
    for (size_t i = 0; i < m->elf->segment_count; i++)
        if (m->elf->segments[i].code) {
            only = &m->elf->segments[i];
            count++;
        }
    if (count != 1 || only->file_size || !only->memory_size || only->address > UINT64_MAX - only->memory_size)
        return false;
    for (uint64_t page = 4096; page <= 65536; page *= 4) {
        const uint64_t first = only->address & ~(page - 1),
                       last = (only->address + only->memory_size - 1) | (page - 1);
        if (mapping->length == last - first + 1) {
            *bias = mapping->start - first;
            return true;
        }
    }
    return false;
}

bool module_bias(const struct module *m, const struct mapping *mapping, uint64_t *bias)
{
    for (size_t i = 0; i < m->elf->segment_count; i++) {
        const struct elf_segment *s = &m->elf->segments[i];
        uint64_t page_start = s->file_offset & ~(uint64_t)0xffff; /* pages may be as large as 64 KiB */
        if (!s->code || mapping->file_offset < page_start ||
            mapping->file_offset >= s->file_offset + s->file_size)
            continue;
        *bias = mapping->start - (s->address + (mapping->file_offset - s->file_offset));
        return true;
    }
    return bias_by_pages(m, mapping, bias);
}

static const struct elf_segment *segment_at(const struct module *m, uint64_t address)
{
    for (size_t i = 0; i < m->elf->segment_count; i++) {
        const struct elf_segment *s = &m->elf->segments[i];
        if (address >= s->address && address - s->address < s->memory_size)
            return s;
    }
    return NULL;
}

bool module_contains(const struct module *m, uint64_t address)
{
    return segment_at(m, address) != NULL;
}

void module_extent(const struct module *m, uint64_t *low, uint64_t *high)
{
    *low = UINT64_MAX;
    *high = 0;
    for (size_t i = 0; i < m->elf->segment_count; i++) {
        const struct elf_segment *s = &m->elf->segments[i];
        uint64_t end = s->memory_size > UINT64_MAX - s->address ? UINT64_MAX : s->address + s->memory_size;
        *low = s->address < *low ? s->address : *low;
        *high = end > *high ? end : *high;
    }
}

bool module_is_code(const struct module *m, uint64_t address)
{
    for (size_t i = 0; i < m->elf->segment_count; i++) {
        const struct elf_segment *s = &m->elf->segments[i];
        if (s->code && address >= s->address && address - s->address < s->memory_size)
            return true;
    }
    return false;
}

bool module_is_data(const struct module *m, uint64_t address)
{
    const struct elf_segment *s = segment_at(m, address);
    return s && s->writable;
}

const char *module_section_at(const struct module *m, uint64_t address, uint64_t *offset)
{
    for (size_t i = 1; i < m->elf->section_count; i++) {
        const struct elf_section *s = &m->elf->sections[i];
        if (!(s->flags & SHF_ALLOC) || s->flags & SHF_TLS || address < s->address ||
            address - s->address >= s->size)
            continue;
        *offset = address - s->address;
        return s->name;
    }
    return NULL;
}

int module_descriptor(const struct module *m)
{
    return m->elf->fd;
}

bool module_segment(const struct module *m, size_t n, uint64_t *address, uint64_t *size, bool *code)
{
    if (n >= m->elf->segment_count)
        return false;
    *address = m->elf->segments[n].address;
    *size = m->elf->segments[n].file_size;
    *code = m->elf->segments[n].code;
    return true;
}

bool module_bytes(const struct module *m, uint64_t address, void *buffer, size_t size)
{
    for (size_t i = 0; i < m->elf->segment_count; i++) {
        const struct elf_segment *s = &m->elf->segments[i];
        if (address < s->address || address - s->address >= s->file_size)
            continue;
        uint64_t inside = address - s->address;
        if (s->file_size - inside < size || s->file_offset > UINT64_MAX - inside)
            return false;
        return elf_file_read(m->elf, s->file_offset + inside, buffer, size);
    }
    return false;
}

/* ---- symbols ---- */

static struct symbol_table *table_of(const struct elf_file *f, enum symbol_source source)
{
    const struct elf_section *s =
        f ? elf_file_section(f, source == SYMBOLS_DYNAMIC ? SHT_DYNSYM : SHT_SYMTAB, NULL) : NULL;
    return s ? symbol_table_new(f, s, source) : NULL;
}

static struct symbol_table *table_open(struct module *m, enum symbol_source source)
{
    switch (source) {
    case SYMBOLS_DEBUGDATA:
        m->debugdata = debug_file_of_debugdata(m->elf, m->room);
        return table_of(m->debugdata, source);
    case SYMBOLS_SEPARATE:
        m->separate = debug_file_by_build_id(m->elf, &m->separate_path);
        return table_of(m->separate, source);
    case SYMBOLS_GIVEN:
        return table_of(m->given, source);
    default:
        return table_of(m->elf, source);
    }
}

/* Returns the table, opened when it is first asked for; NULL: there is none.  To whoever asks that is no
 * change of the module. */
static struct symbol_table *table_get(const struct module *m, enum symbol_source source)
{
    struct module *changing = (struct module *)(uintptr_t)m;
    if (!m->opened[source]) {
        changing->opened[source] = true;
        changing->tables[source] = table_open(changing, source);
    }
    return m->tables[source];
}

const struct symbol *module_symbol_at(const struct module *m, uint64_t address, bool function)
{
    for (enum symbol_source i = 0; i < SYMBOLS_SOURCES; i++) {
        struct symbol_table *t = table_get(m, i);
        const struct symbol *s = t ? symbol_table_at(t, address, function) : NULL;
        if (s)
            return s;
    }
    return NULL;
}

const struct symbol *module_symbol_named(const struct module *m, const char *name)
{
    for (enum symbol_source i = 0; i < SYMBOLS_SOURCES; i++) {
        struct symbol_table *t = table_get(m, i);
        const struct symbol *s = t ? symbol_table_named(t, name) : NULL;
        if (s)
            return s;
    }
    return NULL;
}

void module_symbols_expect(const struct module *m, const char *const *names, size_t count)
{
    if (m->expected == names)
        return;
    ((struct module *)(uintptr_t)m)->expected = names;
    for (enum symbol_source i = 0; i < SYMBOLS_SOURCES; i++) {
        struct symbol_table *t = table_get(m, i);
        if (t)
            symbol_table_expect(t, names, count);
    }
}

bool module_exports(const struct module *m, const char *name)
{
    struct symbol_table *t = table_get(m, SYMBOLS_DYNAMIC);
    return t && symbol_table_named(t, name);
}

/* ---- members ---- */

/* Returns the file that has debug information: the module, its separate debug file, or the given one; NULL:
 * none has. */
static const struct elf_file *debug_info_file(const struct module *m)
{
    table_get(m, SYMBOLS_SEPARATE);
    const struct elf_file *files[] = {m->elf, m->separate, m->given};
    for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++)
        if (files[i] && files[i]->fd >= 0 && elf_file_section(files[i], SHT_PROGBITS, ".debug_info"))
            return files[i];
    return NULL;
}

char *module_member_at(const struct module *m, const struct symbol *object, uint64_t address)
{
    struct module *changing = (struct module *)(uintptr_t)m;
    if (!m->layouts) {
        const struct elf_file *f = debug_info_file(m);
        changing->layouts = layouts_new(f ? f->fd : -1, m->time);
    }
    return m->layouts ? layouts_member(changing->layouts, object->address, address - object->address) : NULL;
}
