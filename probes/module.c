/* See module.h.  libdwfl finds the symbol table (and never asks a network: only the build-id finder is given
 * to it); what is kept is one sorted array for functions and one for objects. */
#include "probes/module.h"

#include <elfutils/libdwfl.h>
#include <fcntl.h>
#include <gelf.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
    MAX_SEGMENTS = 64,
    MAX_SECTIONS = 1024,
};

struct segment {
    uint64_t address, memory_size, file_size, file_offset;
    bool code;
};

struct section {
    uint64_t address, size;
    const char *name;
};

struct symbol_array {
    struct symbol *symbols;
    size_t count, capacity;
};

struct module {
    char *path;
    uint64_t inode;
    Dwfl *dwfl;
    int fd;
    bool usable, dynamic, position_independent;
    struct segment segments[MAX_SEGMENTS];
    size_t segment_count;
    struct section *sections;
    size_t section_count;
    struct symbol_array functions, objects;
};

struct module_table {
    struct module **modules;
    size_t count, capacity;
};

struct module_table *module_table_new(void)
{
    return calloc(1, sizeof(struct module_table));
}

static void module_free(struct module *m)
{
    if (!m)
        return;
    if (m->dwfl)
        dwfl_end(m->dwfl);
    if (m->fd >= 0)
        close(m->fd);
    free(m->functions.symbols);
    free(m->objects.symbols);
    free(m->sections);
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

static bool symbol_push(struct symbol_array *a, const struct symbol *s)
{
    if (a->count == a->capacity) {
        size_t larger = a->capacity ? a->capacity * 2 : 256;
        struct symbol *grown = reallocarray(a->symbols, larger, sizeof(*grown));
        if (!grown)
            return false;
        a->symbols = grown;
        a->capacity = larger;
    }
    a->symbols[a->count++] = *s;
    return true;
}

/* Of symbols at one address the smaller one comes last, so that a search from the right meets it first. */
static int symbol_compare(const void *a, const void *b)
{
    const struct symbol *x = a, *y = b;
    if (x->address != y->address)
        return x->address < y->address ? -1 : 1;
    return x->size == y->size ? strcmp(x->name, y->name) : x->size > y->size ? -1 : 1;
}

static void symbols_sort(struct symbol_array *a)
{
    if (a->count)
        qsort(a->symbols, a->count, sizeof(*a->symbols), symbol_compare);
}

static void symbols_read(struct module *m, Dwfl_Module *dwfl_module, Elf *main_elf)
{
    int count = dwfl_module_getsymtab(dwfl_module);
    for (int i = 1; i < count; i++) {
        GElf_Sym sym;
        GElf_Addr ignored;
        GElf_Word shndx;
        Elf *elf = NULL;
        const char *name = dwfl_module_getsym_info(dwfl_module, i, &sym, &ignored, &shndx, &elf, NULL);
        int type = GELF_ST_TYPE(sym.st_info);
        bool function = type == STT_FUNC || type == STT_GNU_IFUNC;
        if (!name || !*name || shndx == SHN_UNDEF || (!function && type != STT_OBJECT && type != STT_NOTYPE))
            continue;
        struct symbol s = {.address = sym.st_value,
                           .size = sym.st_size,
                           .name = name,
                           .function = function,
                           .separate = elf && elf != main_elf};
        if (!symbol_push(function ? &m->functions : &m->objects, &s))
            break;
    }
    symbols_sort(&m->functions);
    symbols_sort(&m->objects);
}

static void segments_read(struct module *m, Elf *elf)
{
    size_t count = 0;
    GElf_Ehdr header;
    if (!gelf_getehdr(elf, &header) || elf_getphdrnum(elf, &count))
        return;
    m->position_independent = header.e_type == ET_DYN;
    for (size_t i = 0; i < count && m->segment_count < MAX_SEGMENTS; i++) {
        GElf_Phdr p;
        if (!gelf_getphdr(elf, (int)i, &p))
            continue;
        m->dynamic |= p.p_type == PT_INTERP;
        if (p.p_type == PT_LOAD)
            m->segments[m->segment_count++] = (struct segment){.address = p.p_vaddr,
                                                               .memory_size = p.p_memsz,
                                                               .file_size = p.p_filesz,
                                                               .file_offset = p.p_offset,
                                                               .code = p.p_flags & PF_X};
    }
}

static void sections_read(struct module *m, Elf *elf)
{
    size_t names;
    if (elf_getshdrstrndx(elf, &names))
        return;
    m->sections = calloc(MAX_SECTIONS, sizeof(*m->sections));
    Elf_Scn *section = NULL;
    while (m->sections && m->section_count < MAX_SECTIONS && (section = elf_nextscn(elf, section))) {
        GElf_Shdr h;
        if (!gelf_getshdr(section, &h) || !(h.sh_flags & SHF_ALLOC) || h.sh_flags & SHF_TLS)
            continue;
        const char *name = elf_strptr(elf, names, h.sh_name);
        if (name)
            m->sections[m->section_count++] =
                (struct section){.address = h.sh_addr, .size = h.sh_size, .name = name};
    }
}

/* The file may have been replaced since it was mapped: then its symbols are another program's. */
static bool file_is_same(const struct module *m, const struct mapping *mapping)
{
    struct stat st;
    return !fstat(m->fd, &st) && S_ISREG(st.st_mode) && (!mapping->inode || st.st_ino == mapping->inode);
}

static void module_read(struct module *m, const struct mapping *mapping)
{
    static const Dwfl_Callbacks callbacks = {
        .find_elf = dwfl_build_id_find_elf,
        .find_debuginfo = dwfl_build_id_find_debuginfo,
        .section_address = dwfl_offline_section_address,
    };
    m->fd = open(m->path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (m->fd < 0 || !file_is_same(m, mapping) || !(m->dwfl = dwfl_begin(&callbacks)))
        return;
    dwfl_report_begin(m->dwfl);
    int fd = dup(m->fd); /* libdwfl takes it over */
    Dwfl_Module *dwfl_module = dwfl_report_offline(m->dwfl, m->path, m->path, fd);
    dwfl_report_end(m->dwfl, NULL, NULL);
    GElf_Addr bias;
    Elf *elf = dwfl_module ? dwfl_module_getelf(dwfl_module, &bias) : NULL;
    if (!elf)
        return;
    segments_read(m, elf);
    sections_read(m, elf);
    symbols_read(m, dwfl_module, elf);
    m->usable = m->segment_count > 0;
}

const struct module *module_get(struct module_table *t, const struct mapping *mapping)
{
    for (size_t i = 0; i < t->count; i++)
        if (t->modules[i]->inode == mapping->inode && !strcmp(t->modules[i]->path, mapping->path))
            return t->modules[i]->usable ? t->modules[i] : NULL;
    if (t->count == t->capacity) {
        size_t larger = t->capacity ? t->capacity * 2 : 16;
        struct module **grown = reallocarray(t->modules, larger, sizeof(*grown));
        if (!grown)
            return NULL;
        t->modules = grown;
        t->capacity = larger;
    }
    struct module *m = calloc(1, sizeof(*m));
    if (!m)
        return NULL;
    m->fd = -1;
    m->inode = mapping->inode;
    if (!(m->path = strdup(mapping->path))) {
        module_free(m);
        return NULL;
    }
    module_read(m, mapping);
    t->modules[t->count++] = m;
    return m->usable ? m : NULL;
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
    return m->dynamic;
}

bool module_is_position_independent(const struct module *m)
{
    return m->position_independent;
}

bool module_bias(const struct module *m, const struct mapping *mapping, uint64_t *bias)
{
    for (size_t i = 0; i < m->segment_count; i++) {
        const struct segment *s = &m->segments[i];
        uint64_t page_start = s->file_offset & ~(uint64_t)0xffff; /* pages may be as large as 64 KiB */
        if (!s->code || mapping->file_offset < page_start ||
            mapping->file_offset >= s->file_offset + s->file_size)
            continue;
        *bias = mapping->start - (s->address + (mapping->file_offset - s->file_offset));
        return true;
    }
    return false;
}

bool module_contains(const struct module *m, uint64_t address)
{
    for (size_t i = 0; i < m->segment_count; i++)
        if (address >= m->segments[i].address &&
            address - m->segments[i].address < m->segments[i].memory_size)
            return true;
    return false;
}

bool module_is_code(const struct module *m, uint64_t address)
{
    for (size_t i = 0; i < m->segment_count; i++)
        if (m->segments[i].code && address >= m->segments[i].address &&
            address - m->segments[i].address < m->segments[i].memory_size)
            return true;
    return false;
}

/* How far back a containing symbol may begin behind others that don't contain the address (nested symbols).
 */
enum { NESTING = 64 };

const struct symbol *module_symbol_at(const struct module *m, uint64_t address, bool function)
{
    const struct symbol_array *a = function ? &m->functions : &m->objects;
    size_t low = 0, high = a->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (a->symbols[middle].address <= address)
            low = middle + 1;
        else
            high = middle;
    }
    for (size_t i = low; i-- > 0 && low - i <= NESTING;)
        if (address - a->symbols[i].address < a->symbols[i].size)
            return &a->symbols[i];
    return NULL;
}

const struct symbol *module_symbol_named(const struct module *m, const char *name)
{
    const struct symbol_array *arrays[] = {&m->functions, &m->objects};
    for (size_t k = 0; k < 2; k++)
        for (size_t i = 0; i < arrays[k]->count; i++)
            if (!strcmp(arrays[k]->symbols[i].name, name))
                return &arrays[k]->symbols[i];
    return NULL;
}

const char *module_section_at(const struct module *m, uint64_t address, uint64_t *offset)
{
    for (size_t i = 0; i < m->section_count; i++)
        if (address >= m->sections[i].address && address - m->sections[i].address < m->sections[i].size) {
            *offset = address - m->sections[i].address;
            return m->sections[i].name;
        }
    return NULL;
}

int module_descriptor(const struct module *m)
{
    return m->fd;
}

bool module_segment(const struct module *m, size_t n, uint64_t *address, uint64_t *size, bool *code)
{
    if (n >= m->segment_count)
        return false;
    *address = m->segments[n].address;
    *size = m->segments[n].file_size;
    *code = m->segments[n].code;
    return true;
}

bool module_bytes(const struct module *m, uint64_t address, void *buffer, size_t size)
{
    for (size_t i = 0; i < m->segment_count; i++) {
        const struct segment *s = &m->segments[i];
        if (address < s->address || address - s->address >= s->file_size)
            continue;
        uint64_t inside = address - s->address;
        if (s->file_size - inside < size)
            return false;
        return pread(m->fd, buffer, size, (off_t)(s->file_offset + inside)) == (ssize_t)size;
    }
    return false;
}
