/* See elf_make.h. */
#include "tests/probes/elf/elf_make.h"

#include "tests/probes/cmocka_test.h"

#include <elf.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char section_names[] = "\0.symtab\0.strtab\0.shstrtab\0.note.gnu.build-id";
enum { NAME_SYMTAB = 1, NAME_STRTAB = 9, NAME_SHSTRTAB = 17, NAME_NOTE = 27, SECTIONS = 5, HEAD = 4096 };

uint64_t elf_make_data(const struct elf_plan *plan)
{
    return ELF_MAKE_CODE + (uint64_t)(plan->symbols / 2) * ELF_MAKE_STEP;
}

static uint64_t file_at(FILE *f)
{
    return (uint64_t)ftello(f);
}

static void put(FILE *f, const void *bytes, size_t size)
{
    assert_int_equal(fwrite(bytes, 1, size, f), size);
}

/* Names in the order of their symbols, as linkers write them. */
static size_t name_make(const struct elf_plan *plan, uint32_t i, char *name, size_t size)
{
    uint32_t half = plan->symbols / 2;
    if (i + 1 == plan->symbols && plan->last_name)
        return (size_t)snprintf(name, size, "%s", plan->last_name);
    if (i == 0 && plan->first_name)
        return (size_t)snprintf(name, size, "%s", plan->first_name);
    if (i < half)
        return (size_t)snprintf(name, size, "_ZN8function6numberE%ujRKSt6vectorIiSaIiEEOS2_", i);
    return (size_t)snprintf(name, size, "object_%u", i - half);
}

static void names_put(FILE *f, const struct elf_plan *plan)
{
    char name[256];
    put(f, "", 1);
    for (uint32_t i = 0; i < plan->symbols; i++)
        put(f, name, name_make(plan, i, name, sizeof(name)) + 1);
}

static void symbols_put(FILE *f, const struct elf_plan *plan)
{
    uint32_t half = plan->symbols / 2, at = 1;
    char name[256];
    put(f, &(Elf64_Sym){0}, sizeof(Elf64_Sym));
    for (uint32_t i = 0; i < plan->symbols; i++) {
        bool function = i < half;
        const Elf64_Sym s = {.st_name = at,
                             .st_info = ELF64_ST_INFO(STB_GLOBAL, function ? STT_FUNC : STT_OBJECT),
                             .st_shndx = 1,
                             .st_value = ELF_MAKE_CODE + (uint64_t)i * ELF_MAKE_STEP,
                             .st_size = ELF_MAKE_STEP};
        put(f, &s, sizeof(s));
        at += (uint32_t)name_make(plan, i, name, sizeof(name)) + 1;
    }
}

static uint64_t note_put(FILE *f, const struct elf_plan *plan)
{
    const Elf64_Nhdr h = {.n_namesz = 4, .n_descsz = 20, .n_type = NT_GNU_BUILD_ID};
    uint64_t at = file_at(f);
    if (!plan->build_id)
        return at;
    put(f, &h, sizeof(h));
    put(f, "GNU", 4);
    put(f, plan->build_id, 20);
    return at;
}

static void head_put(FILE *f, const struct elf_plan *plan, uint64_t sections, uint64_t note)
{
    Elf64_Ehdr h = {.e_ident = {0x7f, 'E', 'L', 'F', ELFCLASS64,
                                __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__ ? ELFDATA2LSB : ELFDATA2MSB,
                                EV_CURRENT},
                    .e_type = ET_EXEC,
                    .e_version = EV_CURRENT,
                    .e_phoff = sizeof(h),
                    .e_shoff = sections,
                    .e_ehsize = sizeof(h),
                    .e_phentsize = sizeof(Elf64_Phdr),
                    .e_phnum = 4,
                    .e_shentsize = sizeof(Elf64_Shdr),
                    .e_shnum = SECTIONS,
                    .e_shstrndx = 3};
    uint64_t code = elf_make_data(plan) - ELF_MAKE_CODE,
             data = (uint64_t)plan->symbols * ELF_MAKE_STEP - code;
    const Elf64_Phdr segments[] = {
        {.p_type = PT_LOAD,
         .p_flags = PF_R | PF_X,
         .p_vaddr = ELF_MAKE_CODE,
         .p_filesz = plan->code ? plan->code : HEAD,
         .p_memsz = code},
        {.p_type = PT_LOAD, .p_flags = PF_R | PF_W, .p_vaddr = elf_make_data(plan), .p_memsz = data},
        {.p_type = plan->build_id ? PT_NOTE : PT_NULL, .p_offset = note, .p_filesz = 36},
        {.p_type = plan->interpreter ? PT_INTERP : PT_NULL}};
    rewind(f);
    put(f, &h, sizeof(h));
    put(f, segments, sizeof(segments));
}

void elf_make(const char *path, const struct elf_plan *plan)
{
    FILE *f = fopen(path, "wbe");
    assert_non_null(f);
    assert_int_equal(fseeko(f, (off_t)(HEAD + plan->hole), SEEK_SET), 0);
    uint64_t symbols = file_at(f);
    symbols_put(f, plan);
    uint64_t names = file_at(f);
    names_put(f, plan);
    uint64_t section_text = file_at(f);
    put(f, section_names, sizeof(section_names));
    uint64_t note = note_put(f, plan);
    put(f, (const char[8]){0}, (8 - file_at(f) % 8) % 8);
    uint64_t sections = file_at(f);
    const Elf64_Shdr headers[SECTIONS] = {
        {0},
        {.sh_name = NAME_SYMTAB,
         .sh_type = SHT_SYMTAB,
         .sh_offset = symbols,
         .sh_size = names - symbols,
         .sh_link = 2,
         .sh_entsize = sizeof(Elf64_Sym)},
        {.sh_name = NAME_STRTAB, .sh_type = SHT_STRTAB, .sh_offset = names, .sh_size = section_text - names},
        {.sh_name = NAME_SHSTRTAB,
         .sh_type = SHT_STRTAB,
         .sh_offset = section_text,
         .sh_size = sizeof(section_names)},
        {.sh_name = NAME_NOTE,
         .sh_type = plan->build_id ? SHT_NOTE : SHT_NULL,
         .sh_offset = note,
         .sh_size = 36},
    };
    put(f, headers, sizeof(headers));
    head_put(f, plan, sections, note);
    assert_int_equal(fclose(f), 0);
}
