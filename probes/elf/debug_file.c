/* See debug_file.h. */
#include "probes/elf/debug_file.h"

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <lzma.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
    MAX_PACKED = 64 << 20,
    UNPACK_MEMORY = 128 << 20, /* what the decoder may take: xz -9 takes 65 MiB */
};

const struct unpack_room unpack_room_all = {.kept = 256u << 20, .vain = 1024u << 20};

/* ---- .gnu_debugdata ---- */

/* Lets the decoder go on into memory that grows up to `most` bytes, *out, malloc'd.  Returns LZMA_STREAM_END
 * when all of it is there. */
static lzma_ret unpack_growing(lzma_stream *z, size_t most, unsigned char **out)
{
    size_t room = 0;
    lzma_ret rc = LZMA_OK;
    while (rc == LZMA_OK && room < most) {
        size_t larger = room ? room * 2 : 64 << 10;
        larger = larger < most ? larger : most;
        unsigned char *grown = realloc(*out, larger);
        if (!grown)
            return LZMA_MEM_ERROR;
        *out = grown;
        z->next_out = *out + room;
        z->avail_out = larger - room;
        room = larger;
        rc = lzma_code(z, LZMA_FINISH);
    }
    return rc;
}

/* Returns the unpacked bytes, malloc'd; NULL: they are broken, or more than there is room for. */
static unsigned char *xz_unpack(const unsigned char *packed, size_t size, struct unpack_room *room,
                                size_t *unpacked)
{
    lzma_stream z = LZMA_STREAM_INIT;
    unsigned char *out = NULL;
    if (!room->vain || lzma_stream_decoder(&z, UNPACK_MEMORY, 0) != LZMA_OK)
        return NULL;
    z.next_in = packed;
    z.avail_in = size;
    const lzma_ret rc = unpack_growing(&z, room->kept, &out);
    *unpacked = (size_t)z.total_out;
    lzma_end(&z);
    unsigned char *fitting = rc == LZMA_STREAM_END && *unpacked ? realloc(out, *unpacked) : NULL;
    if (fitting) {
        room->kept -= *unpacked;
        return fitting;
    }
    room->vain -= *unpacked < room->vain ? *unpacked : room->vain;
    free(out);
    return NULL;
}

struct elf_file *debug_file_of_debugdata(const struct elf_file *f, struct unpack_room *room)
{
    const struct elf_section *s = elf_file_section(f, SHT_PROGBITS, ".gnu_debugdata");
    if (!s || !s->size || s->size > MAX_PACKED)
        return NULL;
    unsigned char *packed = malloc(s->size), *bytes = NULL;
    size_t size = 0;
    if (packed && elf_file_read(f, s->file_offset, packed, s->size))
        bytes = xz_unpack(packed, s->size, room, &size);
    free(packed);
    return bytes ? elf_file_of_bytes(bytes, size) : NULL;
}

/* ---- by build-id ---- */

static bool build_id_same(const struct elf_file *a, const struct elf_file *b)
{
    return a->build_id_size && a->build_id_size == b->build_id_size &&
           !memcmp(a->build_id, b->build_id, a->build_id_size);
}

static struct elf_file *file_open(const char *path)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    return fd < 0 ? NULL : elf_file_open(fd);
}

struct elf_file *debug_file_by_build_id(const struct elf_file *f, char **path)
{
    char name[64 + 2 * BUILD_ID_ROOM] = "/usr/lib/debug/.build-id/";
    size_t at = strlen(name);
    *path = NULL;
    if (f->build_id_size < 2)
        return NULL;
    for (size_t i = 0; i < f->build_id_size; i++)
        at += (size_t)snprintf(name + at, sizeof(name) - at, i == 1 ? "/%02x" : "%02x", f->build_id[i]);
    snprintf(name + at, sizeof(name) - at, ".debug");
    struct elf_file *debug = file_open(name);
    if (debug && (!build_id_same(debug, f) || !(*path = strdup(name)))) {
        elf_file_close(debug);
        return NULL;
    }
    return debug;
}

/* ---- given ones ---- */

struct given {
    char *path;
    struct elf_file *file;
    bool used;
    char *other_build; /* a module that it has the name of, but not the build; malloc'd, NULL: none */
};

struct debug_files {
    struct given *given;
    size_t count;
};

struct debug_files *debug_files_new(void)
{
    return calloc(1, sizeof(struct debug_files));
}

void debug_files_free(struct debug_files *d)
{
    if (!d)
        return;
    for (size_t i = 0; i < d->count; i++) {
        elf_file_close(d->given[i].file);
        free(d->given[i].path);
        free(d->given[i].other_build);
    }
    free(d->given);
    free(d);
}

int debug_files_add(struct debug_files *d, const char *path, struct error *err)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0)
        return error_set(err, -errno, "can't read the debug file '%s': %s", path, strerror(errno));
    struct elf_file *f = elf_file_open(fd);
    if (!f)
        return error_set(err, -EINVAL, "the debug file '%s' is not an ELF file of a 64-bit program", path);
    if (!elf_file_section(f, SHT_SYMTAB, NULL) && !elf_file_section(f, SHT_DYNSYM, NULL) &&
        !elf_file_section(f, SHT_PROGBITS, ".debug_info")) {
        elf_file_close(f);
        return error_set(err, -EINVAL,
                         "the debug file '%s' has neither symbols nor debug information: give the file as it "
                         "was before `strip`",
                         path);
    }
    struct given *grown = reallocarray(d->given, d->count + 1, sizeof(*grown));
    char *copy = grown ? strdup(path) : NULL;
    if (grown)
        d->given = grown;
    if (!copy) {
        elf_file_close(f);
        return error_set(err, -ENOMEM, "out of memory");
    }
    d->given[d->count++] = (struct given){.path = copy, .file = f};
    return 0;
}

static bool name_fits(const char *path, const char *module)
{
    static const char *const endings[] = {"", ".debug", ".dbg", ".sym"};
    const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path;
    size_t length = strlen(module);
    if (strncmp(name, module, length) != 0)
        return false;
    for (size_t i = 0; i < sizeof(endings) / sizeof(endings[0]); i++)
        if (!strcmp(name + length, endings[i]))
            return true;
    return false;
}

const struct elf_file *debug_files_match(struct debug_files *d, const struct elf_file *module,
                                         const char *module_name)
{
    for (size_t i = 0; d && i < d->count; i++) {
        struct given *g = &d->given[i];
        bool both = g->file->build_id_size && module->build_id_size;
        bool fits = both ? build_id_same(g->file, module) : name_fits(g->path, module_name);
        g->used |= fits;
        if (fits)
            return g->file;
        if (both && !g->other_build && name_fits(g->path, module_name))
            g->other_build = strdup(module_name);
    }
    return NULL;
}

size_t debug_files_count(const struct debug_files *d)
{
    return d ? d->count : 0;
}

char *debug_files_complaint(const struct debug_files *d, size_t i)
{
    char *text = NULL;
    if (d->given[i].used)
        return NULL;
    const struct given *g = &d->given[i];
    int n = g->other_build
                ? asprintf(&text,
                           "the debug file '%s' is of another build than the %s that ran (their "
                           "build-ids differ); it was not used",
                           g->path, g->other_build)
                : asprintf(&text,
                           "the debug file '%s' belongs to no file that the program had mapped (by "
                           "build-id, or by name where there is none); it was not used",
                           g->path);
    return n < 0 ? NULL : text;
}
