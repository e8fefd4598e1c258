/* See libc_archive.h.  On x86-64 a relocation changes four or eight bytes at its place; one that the linker
 * may relax changes the opcode before as well (psABI, "Linker optimization").  On aarch64 it changes the
 * whole instruction. */
#include "probes/names/libc_archive.h"

#include "probes/code/code.h"
#include "probes/code/insn.h"

#include <errno.h>
#include <fcntl.h>
#include <gelf.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#if defined(__x86_64__)
enum { NATIVE = EM_X86_64 };
#elif defined(__aarch64__)
enum { NATIVE = EM_AARCH64 };
#endif

enum {
    MAX_PATTERNS = 64,
    MAX_REFERENCES = 64, /* of one function */
    MAX_MEMBERS = 1 << 16,
    MAX_SIZE = 1 << 16, /* of one function */
    MIN_RUN = 8,        /* bytes in a row that are looked for first */
    MIN_FIXED = 40,     /* bytes that must agree in all: fewer may be any function's */
};

/* A place in a function which a relocation against the lock fills. */
struct reference {
    uint32_t at, type;
    uint64_t addend; /* what is found there, less this, is the lock's address */
};

/* A function of the archive as it is looked for. */
struct pattern {
    uint8_t *bytes, *fixed; /* fixed[i]: bytes[i] is not changed by the linker */
    size_t size, fixed_count;
    size_t run, run_size; /* the longest row of fixed bytes: where it begins, how long it is */
    struct reference references[MAX_REFERENCES];
    size_t reference_count;
    char symbol[32];
    uint64_t symbol_size;
    const struct allocator *allocator;
};

struct libc_archive {
    char *path;
    struct pattern patterns[MAX_PATTERNS];
    size_t count;
    bool objects; /* it holds at least one object for this machine */
};

/* ---- reading ---- */

/* One object of the archive. */
struct object {
    Elf *elf;
    Elf_Data *symbols;
    size_t symbol_count, names;
};

/* malloc's lock in an object. */
struct lock_symbol {
    size_t index;
    GElf_Sym symbol;
    const char *name;
    const struct allocator *allocator;
};

static bool object_symbols(struct object *o)
{
    Elf_Scn *section = NULL;
    while ((section = elf_nextscn(o->elf, section))) {
        GElf_Shdr h;
        if (!gelf_getshdr(section, &h) || h.sh_type != SHT_SYMTAB)
            continue;
        o->symbols = elf_getdata(section, NULL);
        o->names = h.sh_link;
        o->symbol_count = o->symbols ? o->symbols->d_size / sizeof(Elf64_Sym) : 0;
        return o->symbol_count > 0 && o->symbol_count <= INT_MAX;
    }
    return false;
}

static bool object_lock(const struct object *o, struct lock_symbol *lock)
{
    for (size_t i = 1; i < o->symbol_count; i++) {
        if (!gelf_getsym(o->symbols, (int)i, &lock->symbol))
            continue;
        int type = GELF_ST_TYPE(lock->symbol.st_info);
        lock->name = elf_strptr(o->elf, o->names, lock->symbol.st_name);
        lock->allocator = lock->name && (type == STT_OBJECT || type == STT_NOTYPE)
                              ? allocator_of_libc_lock("musl", lock->name)
                              : NULL;
        lock->index = i;
        if (lock->allocator)
            return true;
    }
    return false;
}

/* Whether the relocation `r` is against the lock, by its symbol or by that of its section.  *addend is set to
 * what the relocation's own addend lacks to reference.addend. */
static bool refers(const struct object *o, const struct lock_symbol *lock, const GElf_Rela *r,
                   uint64_t *addend)
{
    GElf_Sym s;
    *addend = 0;
    if (GELF_R_SYM(r->r_info) == lock->index)
        return true;
    if (lock->symbol.st_shndx == SHN_UNDEF || GELF_R_SYM(r->r_info) >= o->symbol_count ||
        !gelf_getsym(o->symbols, (int)GELF_R_SYM(r->r_info), &s) || GELF_ST_TYPE(s.st_info) != STT_SECTION ||
        s.st_shndx != lock->symbol.st_shndx)
        return false;
    /* The section may hold more than the lock.  The addend tells what is meant, less the distance to the
     * instruction's end, which is four bytes or a few more. */
    uint64_t meant = (uint64_t)r->r_addend + (NATIVE == EM_X86_64 ? 4 : 0);
    *addend = -lock->symbol.st_value;
    return meant >= lock->symbol.st_value && meant - lock->symbol.st_value < lock->symbol.st_size;
}

/* The bytes are not compared. */
static void mask(struct pattern *p, uint64_t from, uint64_t size)
{
    for (uint64_t i = from; i < from + size && i < p->size; i++)
        p->fixed[i] = 0;
}

static void relocation_mask(struct pattern *p, uint64_t at, uint32_t type)
{
    if (NATIVE == EM_AARCH64)
        mask(p, at, 4);
    else if (type == R_X86_64_GOTPCRELX || type == R_X86_64_REX_GOTPCRELX || type == R_X86_64_GOTTPOFF)
        mask(p, at < 3 ? 0 : at - 3, at < 3 ? at + 4 : 7);
    else
        mask(p, at, type == R_X86_64_64 ? 8 : 4);
}

static void relocations_read(const struct object *o, const struct lock_symbol *lock, size_t section,
                             uint64_t start, struct pattern *p)
{
    Elf_Scn *scn = NULL;
    while ((scn = elf_nextscn(o->elf, scn))) {
        GElf_Shdr h;
        GElf_Rela r;
        if (!gelf_getshdr(scn, &h) || h.sh_type != SHT_RELA || h.sh_info != section)
            continue;
        Elf_Data *data = elf_getdata(scn, NULL);
        for (int i = 0; data && gelf_getrela(data, i, &r); i++) {
            uint64_t at = r.r_offset - start, addend;
            if (r.r_offset < start || at >= p->size)
                continue;
            relocation_mask(p, at, (uint32_t)GELF_R_TYPE(r.r_info));
            if (refers(o, lock, &r, &addend) && p->reference_count < MAX_REFERENCES)
                p->references[p->reference_count++] = (struct reference){
                    (uint32_t)at, (uint32_t)GELF_R_TYPE(r.r_info), (uint64_t)r.r_addend + addend};
        }
    }
}

/* Counts the bytes that are compared, and finds their longest row. */
static void pattern_measure(struct pattern *p)
{
    size_t run = 0;
    for (size_t i = 0; i < p->size; i++) {
        run = p->fixed[i] ? run + 1 : 0;
        p->fixed_count += p->fixed[i];
        if (run > p->run_size) {
            p->run_size = run;
            p->run = i + 1 - run;
        }
    }
}

static void pattern_free(struct pattern *p)
{
    free(p->bytes);
    free(p->fixed);
    *p = (struct pattern){0};
}

/* Makes a pattern of the function `f` if it is long enough and refers to the lock.  0 or -ENOMEM. */
static int function_read(const struct object *o, const struct lock_symbol *lock, const GElf_Sym *f,
                         struct libc_archive *a)
{
    Elf_Scn *section = elf_getscn(o->elf, f->st_shndx);
    Elf_Data *data = section ? elf_getdata(section, NULL) : NULL;
    if (!data || !data->d_buf || f->st_size > MAX_SIZE || f->st_size > data->d_size ||
        f->st_value > data->d_size - f->st_size || a->count == MAX_PATTERNS)
        return 0;
    struct pattern *p = &a->patterns[a->count];
    *p = (struct pattern){
        .size = f->st_size, .symbol_size = lock->symbol.st_size, .allocator = lock->allocator};
    p->bytes = malloc(p->size + 1);
    p->fixed = malloc(p->size + 1);
    if (!p->bytes || !p->fixed) {
        pattern_free(p);
        return -ENOMEM;
    }
    memcpy(p->bytes, (const uint8_t *)data->d_buf + f->st_value, p->size);
    memset(p->fixed, 1, p->size);
    strncpy(p->symbol, lock->name, sizeof(p->symbol) - 1);
    relocations_read(o, lock, f->st_shndx, f->st_value, p);
    pattern_measure(p);
    if (p->reference_count && p->run_size >= MIN_RUN && p->fixed_count >= MIN_FIXED)
        a->count++;
    else
        pattern_free(p);
    return 0;
}

static int object_read(struct libc_archive *a, Elf *elf)
{
    GElf_Ehdr header;
    struct object o = {.elf = elf};
    struct lock_symbol lock;
    int rc = 0;
    if (elf_kind(elf) != ELF_K_ELF || gelf_getclass(elf) != ELFCLASS64 || !gelf_getehdr(elf, &header) ||
        header.e_type != ET_REL || header.e_machine != NATIVE)
        return 0;
    a->objects = true;
    if (!object_symbols(&o) || !object_lock(&o, &lock))
        return 0;
    for (size_t i = 1; i < o.symbol_count && !rc; i++) {
        GElf_Sym s;
        if (gelf_getsym(o.symbols, (int)i, &s) && GELF_ST_TYPE(s.st_info) == STT_FUNC &&
            s.st_shndx != SHN_UNDEF && s.st_shndx < SHN_LORESERVE)
            rc = function_read(&o, &lock, &s, a);
    }
    return rc;
}

static int members_read(struct libc_archive *a, int fd)
{
    int rc = 0;
    Elf *archive = elf_begin(fd, ELF_C_READ, NULL), *member;
    if (!archive || elf_kind(archive) != ELF_K_AR) {
        elf_end(archive);
        return -ENOEXEC;
    }
    Elf_Cmd command = ELF_C_READ;
    for (int n = 0; n < MAX_MEMBERS && !rc && (member = elf_begin(fd, command, archive)); n++) {
        rc = object_read(a, member);
        command = elf_next(member);
        elf_end(member);
    }
    elf_end(archive);
    return rc;
}

/* The lock is undefined in most objects, and its size unknown there: it is that of the object which defines
 * it. */
static void sizes_spread(struct libc_archive *a)
{
    for (size_t i = 0; i < a->count; i++)
        for (size_t k = 0; k < a->count && !a->patterns[i].symbol_size; k++)
            if (!strcmp(a->patterns[i].symbol, a->patterns[k].symbol))
                a->patterns[i].symbol_size = a->patterns[k].symbol_size;
    for (size_t i = 0; i < a->count; i++)
        if (!a->patterns[i].symbol_size)
            a->patterns[i].symbol_size = sizeof(int);
}

int libc_archive_open(const char *path, struct libc_archive **out, struct error *err)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK), rc;
    if (fd < 0)
        return error_set(err, -errno, "can't read %s: %s", path, strerror(errno));
    elf_version(EV_CURRENT);
    struct libc_archive *a = calloc(1, sizeof(*a));
    if (!a || !(a->path = strdup(path)))
        rc = error_set(err, -ENOMEM, "out of memory");
    else if ((rc = members_read(a, fd)) == -ENOEXEC)
        error_set(err, rc, "%s is no archive: give the libc.a that the program was linked with", path);
    else if (rc)
        error_set(err, rc, "can't read %s: %s", path, strerror(-rc));
    else if (!a->count)
        rc = error_set(err, -ENOENT,
                       "%s holds no function that takes the lock of musl's malloc%s: give musl's libc.a",
                       path, a->objects ? "" : ", and no object for this machine");
    close(fd);
    if (rc) {
        libc_archive_close(a);
        return rc;
    }
    sizes_spread(a);
    *out = a;
    return 0;
}

void libc_archive_close(struct libc_archive *a)
{
    if (!a)
        return;
    for (size_t i = 0; i < a->count; i++)
        pattern_free(&a->patterns[i]);
    free(a->path);
    free(a);
}

/* ---- matching ---- */

static bool fits(const struct pattern *p, const uint8_t *code)
{
    for (size_t i = 0; i < p->size; i++)
        if (p->fixed[i] && p->bytes[i] != code[i])
            return false;
    return true;
}

/* Sets *at to the only place where the pattern fits.  Returns false if there is none, or several. */
static bool pattern_find(const struct pattern *p, const uint8_t *code, size_t size, size_t *at)
{
    unsigned found = 0;
    const uint8_t *hit;
    for (size_t from = 0;
         from < size && (hit = memmem(code + from, size - from, p->bytes + p->run, p->run_size));
         from = (size_t)(hit - code) + 1) {
        size_t place = (size_t)(hit - code);
        if (place < p->run || size - (place - p->run) < p->size || !fits(p, hit - p->run))
            continue;
        *at = place - p->run;
        if (++found > 1)
            return false;
    }
    return found == 1;
}

#if defined(__x86_64__)
/* Sets *target to the address that the n-th reference names.  The linker has put S + A or S + A - P there, of
 * which S is wanted.  Returns false where it can't be told. */
static bool reference_read(const struct pattern *p, size_t n, const uint8_t *code, uint64_t address,
                           uint64_t *target)
{
    const struct reference *r = &p->references[n];
    int32_t value;
    if (r->at + sizeof(value) > p->size)
        return false;
    memcpy(&value, code + r->at, sizeof(value));
    switch (r->type) {
    case R_X86_64_PC32:
    case R_X86_64_PLT32:
        *target = (uint64_t)(int64_t)value + address + r->at - r->addend;
        return true;
    case R_X86_64_32:
        *target = (uint32_t)value - r->addend;
        return true;
    case R_X86_64_32S:
        *target = (uint64_t)(int64_t)value - r->addend;
        return true;
    default:
        return false; /* through the GOT: it says less */
    }
}
#elif defined(__aarch64__)
/* As above.  The address is made by an adrp and an add that follows somewhere, or by an adr that the linker
 * made of the two. */
static bool reference_read(const struct pattern *p, size_t n, const uint8_t *code, uint64_t address,
                           uint64_t *target)
{
    const struct reference *r = &p->references[n];
    struct insn page, low;
    if (r->type != R_AARCH64_ADD_ABS_LO12_NC || !n || r->at + 4 > p->size)
        return false;
    const struct reference *before = r - 1;
    machine_arm64.decode(code + before->at, 4, address + before->at, &page);
    machine_arm64.decode(code + r->at, 4, address + r->at, &low);
    if (low.kind == INSN_SET)
        *target = low.value - r->addend;
    else if (before->type == R_AARCH64_ADR_PREL_PG_HI21 && page.kind == INSN_SET && low.kind == INSN_ADD)
        *target = page.value + low.value - r->addend;
    else
        return false;
    return true;
}
#endif

/* Adds what the pattern tells to *out, if it is found.  Returns false on a contradiction: all references of
 * all functions must name the same place, and it must lie in the module's data. */
static bool pattern_match(const struct pattern *p, const struct module *m, const uint8_t *code, size_t size,
                          uint64_t address, struct libc_match *out)
{
    size_t at;
    bool counted = false;
    if (!pattern_find(p, code, size, &at))
        return true;
    for (size_t n = 0; n < p->reference_count; n++) {
        uint64_t target;
        if (!reference_read(p, n, code + at, address + at, &target))
            continue;
        if (!module_contains(m, target) || module_is_code(m, target) ||
            (out->functions && (out->address != target || out->allocator != p->allocator)))
            return false;
        out->address = target;
        out->size = p->symbol_size;
        out->allocator = p->allocator;
        memcpy(out->symbol, p->symbol, sizeof(out->symbol));
        if (!out->functions)
            out->first = address + at;
        out->functions += !counted;
        counted = true;
    }
    return true;
}

int libc_archive_match(const struct libc_archive *a, const struct module *m, struct libc_match *out)
{
    uint64_t address, size;
    bool is_code, agreed = true;
    *out = (struct libc_match){0};
    for (size_t n = 0; agreed && module_segment(m, n, &address, &size, &is_code); n++) {
        if (!is_code || !size || size > CODE_MAX_SEGMENT)
            continue;
        uint8_t *code = malloc(size);
        if (!code)
            return -ENOMEM;
        bool read = module_bytes(m, address, code, size);
        for (size_t k = 0; agreed && read && k < a->count; k++)
            agreed = pattern_match(&a->patterns[k], m, code, size, address, out);
        free(code);
    }
    if (!agreed)
        *out = (struct libc_match){0};
    return 0;
}
