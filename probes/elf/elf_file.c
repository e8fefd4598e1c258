/* See elf_file.h.  Layouts: System V gABI, elf(5). */
#include "probes/elf/elf_file.h"

#include <elf.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { MAX_NOTES = 64 << 10 };

void elf_file_close(struct elf_file *f)
{
    if (!f)
        return;
    if (f->fd >= 0)
        close(f->fd);
    free(f->bytes);
    free(f->segments);
    free(f->sections);
    free(f);
}

bool elf_file_read(const struct elf_file *f, uint64_t offset, void *buffer, size_t size)
{
    if (offset > f->size || f->size - offset < size)
        return false;
    if (f->bytes) {
        memcpy(buffer, f->bytes + offset, size);
        return true;
    }
    for (size_t done = 0; done < size;) {
        ssize_t n = pread(f->fd, (char *)buffer + done, size - done, (off_t)(offset + done));
        if (n <= 0) /* the file has become shorter */
            return false;
        done += (size_t)n;
    }
    return true;
}

bool elf_section_lies_in(const struct elf_file *f, const struct elf_section *s)
{
    return s->type != SHT_NOBITS && s->file_offset <= f->size && f->size - s->file_offset >= s->size;
}

const struct elf_section *elf_file_section(const struct elf_file *f, uint32_t type, const char *name)
{
    for (size_t i = 1; i < f->section_count; i++)
        if ((!type || f->sections[i].type == type) && (!name || !strcmp(f->sections[i].name, name)) &&
            elf_section_lies_in(f, &f->sections[i]))
            return &f->sections[i];
    return NULL;
}

/* Looks for the note of name GNU and type NT_GNU_BUILD_ID among the notes at that place, and keeps what it
 * has. */
static bool build_id_find(struct elf_file *f, uint64_t offset, uint64_t size)
{
    size_t bytes = size < MAX_NOTES ? (size_t)size : MAX_NOTES;
    unsigned char *notes = malloc(bytes ? bytes : 1);
    bool found = false;
    if (notes && elf_file_read(f, offset, notes, bytes)) {
        Elf64_Nhdr h;
        for (size_t at = 0; !found && bytes - at >= sizeof(h);) {
            memcpy(&h, notes + at, sizeof(h));
            at += sizeof(h);
            uint64_t name = ((uint64_t)h.n_namesz + 3) & ~3ull, value = ((uint64_t)h.n_descsz + 3) & ~3ull;
            if (name > bytes - at || value > bytes - at - name)
                break;
            found = h.n_type == NT_GNU_BUILD_ID && h.n_namesz == 4 && !memcmp(notes + at, "GNU", 4) &&
                    h.n_descsz > 0 && h.n_descsz <= BUILD_ID_ROOM;
            if (found) {
                memcpy(f->build_id, notes + at + name, h.n_descsz);
                f->build_id_size = h.n_descsz;
            }
            at += name + value;
        }
    }
    free(notes);
    return found;
}

static void segment_take(struct elf_file *f, const Elf64_Phdr *p)
{
    f->interpreter |= p->p_type == PT_INTERP;
    if (p->p_type == PT_NOTE && !f->build_id_size)
        build_id_find(f, p->p_offset, p->p_filesz);
    if (p->p_type == PT_LOAD && f->segment_count < ELF_MAX_SEGMENTS)
        f->segments[f->segment_count++] = (struct elf_segment){.address = p->p_vaddr,
                                                               .memory_size = p->p_memsz,
                                                               .file_size = p->p_filesz,
                                                               .file_offset = p->p_offset,
                                                               .code = p->p_flags & PF_X,
                                                               .writable = p->p_flags & PF_W};
}

static bool segments_read(struct elf_file *f, const Elf64_Ehdr *h)
{
    f->segments = calloc(ELF_MAX_SEGMENTS, sizeof(*f->segments));
    if (!f->segments || (h->e_phnum && h->e_phentsize != sizeof(Elf64_Phdr)))
        return false;
    for (unsigned i = 0; i < h->e_phnum && i < ELF_MAX_SECTIONS; i++) {
        Elf64_Phdr p;
        if (!elf_file_read(f, h->e_phoff + i * sizeof(p), &p, sizeof(p)))
            break;
        segment_take(f, &p);
    }
    return true;
}

static void section_name(struct elf_file *f, const struct elf_section *names, uint32_t at,
                         struct elf_section *s)
{
    if (at >= names->size)
        return;
    uint64_t room = names->size - at;
    size_t size = room < sizeof(s->name) - 1 ? (size_t)room : sizeof(s->name) - 1;
    if (!elf_file_read(f, names->file_offset + at, s->name, size))
        s->name[0] = 0;
}

/* Reads the sections.  A file without them, or with broken ones, is still good for its segments. */
static void sections_read(struct elf_file *f, const Elf64_Ehdr *h)
{
    if (!h->e_shoff || h->e_shentsize != sizeof(Elf64_Shdr))
        return;
    size_t count = h->e_shnum < ELF_MAX_SECTIONS ? h->e_shnum : ELF_MAX_SECTIONS;
    Elf64_Shdr *headers = calloc(count ? count : 1, sizeof(*headers));
    f->sections = calloc(count ? count : 1, sizeof(*f->sections));
    if (!headers || !f->sections || !elf_file_read(f, h->e_shoff, headers, count * sizeof(*headers)))
        count = 0;
    f->section_count = count;
    for (size_t i = 0; i < count; i++)
        f->sections[i] = (struct elf_section){.address = headers[i].sh_addr,
                                              .size = headers[i].sh_size,
                                              .file_offset = headers[i].sh_offset,
                                              .flags = headers[i].sh_flags,
                                              .type = headers[i].sh_type,
                                              .link = headers[i].sh_link};
    const struct elf_section *names = h->e_shstrndx < count ? &f->sections[h->e_shstrndx] : NULL;
    for (size_t i = 0; names && elf_section_lies_in(f, names) && i < count; i++)
        section_name(f, names, headers[i].sh_name, &f->sections[i]);
    for (size_t i = 1; i < count && !f->build_id_size; i++)
        if (f->sections[i].type == SHT_NOTE)
            build_id_find(f, f->sections[i].file_offset, f->sections[i].size);
    free(headers);
}

static bool header_fits(const Elf64_Ehdr *h)
{
    const unsigned char native = __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__ ? ELFDATA2LSB : ELFDATA2MSB;
    return !memcmp(h->e_ident, ELFMAG, SELFMAG) && h->e_ident[EI_CLASS] == ELFCLASS64 &&
           h->e_ident[EI_DATA] == native && h->e_ident[EI_VERSION] == EV_CURRENT &&
           (h->e_type == ET_EXEC || h->e_type == ET_DYN);
}

static struct elf_file *file_begin(struct elf_file *f)
{
    Elf64_Ehdr h;
    if (!elf_file_read(f, 0, &h, sizeof(h)) || !header_fits(&h) || !segments_read(f, &h)) {
        elf_file_close(f);
        return NULL;
    }
    f->position_independent = h.e_type == ET_DYN;
    sections_read(f, &h);
    return f;
}

struct elf_file *elf_file_open(int fd)
{
    struct stat st;
    struct elf_file *f = calloc(1, sizeof(*f));
    if (!f || fd < 0 || fstat(fd, &st) || !S_ISREG(st.st_mode)) {
        if (fd >= 0)
            close(fd);
        free(f);
        return NULL;
    }
    f->fd = fd;
    f->size = (uint64_t)st.st_size;
    return file_begin(f);
}

struct elf_file *elf_file_of_bytes(unsigned char *bytes, size_t size)
{
    struct elf_file *f = calloc(1, sizeof(*f));
    if (!f) {
        free(bytes);
        return NULL;
    }
    f->fd = -1;
    f->bytes = bytes;
    f->size = size;
    return file_begin(f);
}
