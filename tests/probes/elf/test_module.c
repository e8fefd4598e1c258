/* Reading ELF files that are not what they claim to be: cut off, zeroed, with counts and sizes that lead
 * nowhere.  Whatever comes of it, it comes back, and under AddressSanitizer it reads nothing that isn't
 * there. */
#include "probes/elf/members.h"
#include "probes/mappings/mapped_file.h"
#include "probes/names/naming.h"
#include "probes/stacks/frames.h"
#include "tests/probes/cmocka_test.h"
#include "tests/probes/folder.h"

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

static char *original;
static size_t original_size;

/* Everything that can be asked of a file. */
static bool file_asked(const char *path)
{
    struct module_table *t = module_table_new();
    const struct mapping mapping = {.start = 0x400000, .length = 0x100000, .path = path};
    const struct module *m = module_get(t, &mapping);
    uint64_t addresses[] = {0, 1, 0x1000, 0x1234, 0x401000, 1ull << 32, UINT64_MAX - 7, UINT64_MAX};
    bool usable = m != NULL;
    for (size_t i = 0; m && i < sizeof(addresses) / sizeof(addresses[0]); i++) {
        uint64_t offset, bias;
        char bytes[64];
        module_contains(m, addresses[i]);
        module_is_code(m, addresses[i]);
        module_symbol_at(m, addresses[i], true);
        module_symbol_at(m, addresses[i], false);
        module_section_at(m, addresses[i], &offset);
        module_bytes(m, addresses[i], bytes, sizeof(bytes));
        frame_code_refers(m, "main", addresses[i]);
        module_bias(m, &(struct mapping){.start = addresses[i], .file_offset = addresses[i]}, &bias);
    }
    static unsigned files;
    const struct symbol *object = m ? module_symbol_named(m, "many_words") : NULL;
    if (object && files++ % 4 == 0)                             /* it takes a process */
        free(module_member_at(m, object, object->address + 8)); /* the debug information lies as well */
    module_table_free(t);

    const struct address_space space = {.pid = 1, .mappings = &mapping, .mapping_count = 1};
    struct naming *n = naming_new();
    const char *libc, *linkage, *allocator;
    naming_program(n, &space, &libc, &linkage, &allocator);
    struct word_name name;
    assert_int_equal(naming_word(n, &(struct word_facts){.space = &space, .address = 0x401234}, &name), 0);
    assert_int_not_equal(name.whose, WHOSE_MALLOC);
    word_name_free(&name);
    naming_free(n);
    return usable;
}

static bool bytes_asked(const void *bytes, size_t size)
{
    const char *path = folder_path("file");
    folder_file_write(path, bytes, size);
    return file_asked(path);
}

static void the_file_itself_is_fine(void **state)
{
    (void)state;
    assert_true(bytes_asked(original, original_size));
}

static void no_regular_file(void **state)
{
    (void)state;
    assert_false(file_asked(folder_path("nothing")));
    assert_false(file_asked("/"));
    assert_false(file_asked("/dev/null"));
    assert_false(file_asked("/dev/zero"));
    const char *fifo = folder_path("fifo");
    assert_int_equal(mkfifo(fifo, 0600), 0);
    assert_false(file_asked(fifo)); /* nobody ever writes to it */
    const char *loop = folder_path("loop");
    assert_int_equal(symlink(loop, loop), 0);
    assert_false(file_asked(loop));
}

static void no_elf_file(void **state)
{
    static const char zeros[8192];
    (void)state;
    assert_false(bytes_asked("", 0));
    assert_false(bytes_asked(zeros, sizeof(zeros)));
    assert_false(bytes_asked("\177ELF", 4));
    assert_false(bytes_asked("#!/bin/sh\n", 10));
    assert_false(bytes_asked("!<arch>\n", 8));
}

static void cut_off(void **state)
{
    (void)state;
    for (size_t size = 1; size < original_size; size = size * 5 / 4 + 1)
        bytes_asked(original, size);
    for (size_t size = original_size - 70; size < original_size; size += 9)
        bytes_asked(original, size);
    for (size_t size = sizeof(Elf64_Ehdr) - 3; size < sizeof(Elf64_Ehdr) + 60; size += 3)
        bytes_asked(original, size);
}

static char *copy_make(void)
{
    char *copy = malloc(original_size);
    assert_non_null(copy);
    memcpy(copy, original, original_size);
    return copy;
}

/* One field of the file header set to values that no file has. */
static void header_lies(void **state)
{
    static const struct {
        size_t offset, size;
    } fields[] = {
        {offsetof(Elf64_Ehdr, e_type), 2},      {offsetof(Elf64_Ehdr, e_machine), 2},
        {offsetof(Elf64_Ehdr, e_phoff), 8},     {offsetof(Elf64_Ehdr, e_shoff), 8},
        {offsetof(Elf64_Ehdr, e_ehsize), 2},    {offsetof(Elf64_Ehdr, e_phentsize), 2},
        {offsetof(Elf64_Ehdr, e_phnum), 2},     {offsetof(Elf64_Ehdr, e_shentsize), 2},
        {offsetof(Elf64_Ehdr, e_shnum), 2},     {offsetof(Elf64_Ehdr, e_shstrndx), 2},
        {offsetof(Elf64_Ehdr, e_ident) + 4, 1}, {offsetof(Elf64_Ehdr, e_ident) + 5, 1},
    };
    static const uint64_t values[] = {
        0, 1, 7, 0xff, 0x7fff, 0xffff, 0x7fffffffffffffff, UINT64_MAX, UINT64_MAX - 63};
    (void)state;
    for (size_t f = 0; f < sizeof(fields) / sizeof(fields[0]); f++)
        for (size_t v = 0; v < sizeof(values) / sizeof(values[0]); v++) {
            char *copy = copy_make();
            memcpy(copy + fields[f].offset, &values[v], fields[f].size);
            bytes_asked(copy, original_size);
            free(copy);
        }
}

/* One field of every segment, or of every section, set to the same value. */
static void table_lie(uint64_t table, unsigned count, size_t entry, size_t field, size_t size, uint64_t value)
{
    char *copy = copy_make();
    for (unsigned i = 0; i < count; i++)
        memcpy(copy + table + i * entry + field, &value, size);
    bytes_asked(copy, original_size);
    free(copy);
}

static void tables_lie(void **state)
{
    static const struct {
        size_t offset, size;
    } segment[] = {{offsetof(Elf64_Phdr, p_offset), 8}, {offsetof(Elf64_Phdr, p_vaddr), 8},
                   {offsetof(Elf64_Phdr, p_filesz), 8}, {offsetof(Elf64_Phdr, p_memsz), 8},
                   {offsetof(Elf64_Phdr, p_type), 4},   {offsetof(Elf64_Phdr, p_align), 8}},
      section[] = {{offsetof(Elf64_Shdr, sh_name), 4},   {offsetof(Elf64_Shdr, sh_type), 4},
                   {offsetof(Elf64_Shdr, sh_offset), 8}, {offsetof(Elf64_Shdr, sh_size), 8},
                   {offsetof(Elf64_Shdr, sh_link), 4},   {offsetof(Elf64_Shdr, sh_info), 4},
                   {offsetof(Elf64_Shdr, sh_addr), 8},   {offsetof(Elf64_Shdr, sh_entsize), 8}};
    static const uint64_t values[] = {0,         1, 11, 0x7fffffff, 0xfffffff0, 1ull << 40, UINT64_MAX - 8,
                                      UINT64_MAX};
    const Elf64_Ehdr *h = (const void *)original;
    (void)state;
    for (size_t v = 0; v < sizeof(values) / sizeof(values[0]); v++) {
        for (size_t i = 0; i < sizeof(segment) / sizeof(segment[0]); i++)
            table_lie(h->e_phoff, h->e_phnum, sizeof(Elf64_Phdr), segment[i].offset, segment[i].size,
                      values[v]);
        for (size_t i = 0; i < sizeof(section) / sizeof(section[0]); i++)
            table_lie(h->e_shoff, h->e_shnum, sizeof(Elf64_Shdr), section[i].offset, section[i].size,
                      values[v]);
    }
}

/* The symbols' names and places point anywhere. */
static void symbols_lie(void **state)
{
    const Elf64_Ehdr *h = (const void *)original;
    (void)state;
    for (int kind = 0; kind < 3; kind++) {
        char *copy = copy_make();
        const Elf64_Shdr *sections = (const void *)(copy + h->e_shoff);
        for (unsigned i = 0; i < h->e_shnum; i++) {
            Elf64_Sym *symbols = (void *)(copy + sections[i].sh_offset);
            bool table = sections[i].sh_type == SHT_SYMTAB || sections[i].sh_type == SHT_DYNSYM;
            for (size_t k = 0; table && k < sections[i].sh_size / sizeof(*symbols); k++) {
                symbols[k].st_name = kind == 0 ? 0xfffffff0 : symbols[k].st_name;
                symbols[k].st_value = kind == 1 ? UINT64_MAX - k : symbols[k].st_value;
                symbols[k].st_size = kind == 2 ? UINT64_MAX : symbols[k].st_size;
                symbols[k].st_shndx = kind == 1 ? 0xfff0 : symbols[k].st_shndx;
            }
        }
        bytes_asked(copy, original_size);
        free(copy);
    }
}

/* Bytes changed at random, always the same ones. */
static void bytes_change(void **state)
{
    uint32_t random = 1;
    (void)state;
    for (int round = 0; round < 300; round++) {
        char *copy = copy_make();
        for (int i = 0; i < 40; i++) {
            random = random * 1664525 + 1013904223;
            uint32_t where = random >> 3;
            random = random * 1664525 + 1013904223;
            const Elf64_Ehdr *h = (const void *)original;
            size_t size = round % 3 == 0 ? 64 + h->e_phnum * sizeof(Elf64_Phdr) : original_size;
            size_t from = round % 3 == 1 ? h->e_shoff : 0;
            copy[from + where % (size - from)] = (char)(random >> 24);
        }
        bytes_asked(copy, original_size);
        free(copy);
    }
}

/* A file that has been replaced since it was mapped is another program's. */
static void replaced_file(void **state)
{
    struct module_table *t = module_table_new();
    struct stat st;
    (void)state;
    const char *path = folder_path("program");
    folder_file_write(path, original, original_size);
    assert_int_equal(stat(path, &st), 0);
    struct mapping mapping = {.path = path, .inode = st.st_ino};
    assert_non_null(module_get(t, &mapping));
    assert_ptr_equal(module_get(t, &mapping), module_get(t, &mapping)); /* read once */
    mapping.inode += 1;
    assert_null(module_get(t, &mapping));
    module_table_free(t);
}

/* What each source of symbols brings, and that it is said which. */
static void symbols_by_source(void **state)
{
    static const struct {
        const char *file, *symbol;
        enum symbol_source source;
    } cases[] = {
        {CORPUS "/static", "pool", SYMBOLS_STATIC},
        {CORPUS "/library", "mal", SYMBOLS_STATIC},
        {CORPUS "/debugdata", "pool", SYMBOLS_DEBUGDATA},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct module_table *t = module_table_new();
        const struct module *m = module_get(t, &(struct mapping){.path = cases[i].file});
        assert_non_null(m);
        const struct symbol *named = module_symbol_named(m, cases[i].symbol);
        assert_non_null(named);
        assert_int_equal(named->source, cases[i].source);
        const struct symbol *at = module_symbol_at(m, named->address + named->size - 1, false);
        assert_ptr_equal(at, named);
        assert_ptr_not_equal(module_symbol_at(m, named->address + named->size, false), named);
        module_table_free(t);
    }
}

/* A given debug file, by build-id; the same bytes under another build-id are refused, and that is told. */
static void given_debug_files(void **state)
{
    struct error err = {""};
    struct debug_files *d = debug_files_new();
    struct module_table *t = module_table_new();
    (void)state;
    assert_int_equal(debug_files_add(d, CORPUS "/debug", &err), 0);
    assert_int_equal(debug_files_add(d, CORPUS "/nothing", &err), -ENOENT);
    assert_non_null(strstr(err.text, "can't read the debug file"));
    err.text[0] = 0;
    assert_int_equal(debug_files_add(d, CORPUS "/cut-4", &err), -EINVAL);
    err.text[0] = 0;
    assert_int_equal(debug_files_add(d, CORPUS "/stripped", &err), -EINVAL);
    assert_non_null(strstr(err.text, "neither symbols nor debug information"));
    assert_int_equal(debug_files_count(d), 1);
    module_table_debug_files(t, d);
    assert_non_null(module_get(t, &(struct mapping){.path = CORPUS "/static"}));
    char *complaint = debug_files_complaint(d, 0);
    assert_non_null(complaint);
    assert_non_null(strstr(complaint, "belongs to no file"));
    free(complaint);
    module_table_free(t);
    debug_files_free(d);
}

/* Members by DWARF: of the corpus's pool, which is { char *name; struct { int size, lock; } queue[4]; }. */
/* What objcopy --only-keep-debug leaves of the segments: their addresses, and no contents.  Where the code
 * lies follows from the length of its mapping, in pages. */
static void debug_information_alone(void **state)
{
    (void)state;
    char *copy = copy_make();
    const Elf64_Ehdr *head = (const Elf64_Ehdr *)copy;
    Elf64_Phdr *segments = (Elf64_Phdr *)(copy + head->e_phoff);
    uint64_t first = 0, last = 0, bias;
    for (unsigned i = 0; i < head->e_phnum; i++) {
        if (segments[i].p_type != PT_LOAD)
            continue;
        if (segments[i].p_flags & PF_X) {
            first = segments[i].p_vaddr & ~(uint64_t)4095;
            last = (segments[i].p_vaddr + segments[i].p_memsz - 1) | 4095;
        }
        segments[i].p_offset = segments[i].p_filesz = 0;
    }
    const char *path = folder_path("only.debug");
    folder_file_write(path, copy, original_size);
    free(copy);
    struct module_table *t = module_table_new();
    struct mapping mapping = {
        .start = 0x7f0000000000, .length = last - first + 1, .file_offset = 0x1000, .path = path};
    const struct module *m = module_get(t, &mapping);
    assert_non_null(m);
    assert_true(module_bias(m, &mapping, &bias));
    assert_true(bias == mapping.start - first);
    mapping.length += 4096; /* another segment's, or a part: nothing tells where it is */
    const bool larger_pages = ((last | 16383) - (first & ~(uint64_t)16383) + 1) == mapping.length;
    assert_true(larger_pages || !module_bias(m, &mapping, &bias));
    module_table_free(t);
}

static void members(void **state)
{
    static const struct {
        uint64_t offset;
        const char *member;
    } cases[] = {{0, ".name"},           {8, ".queue[0].size"},      {12, ".queue[0].lock"},
                 {36, ".queue[3].lock"}, {38, ".queue[3].lock+0x2"}, {40, NULL},
                 {UINT64_MAX, NULL}};
    (void)state;
    int fd = open(CORPUS "/debug", O_RDONLY | O_CLOEXEC);
    struct elf_file *f = elf_file_open(fd);
    assert_non_null(f);
    struct symbol_table *t = symbol_table_new(f, elf_file_section(f, SHT_SYMTAB, NULL), SYMBOLS_GIVEN);
    const struct symbol *pool = symbol_table_named(t, "pool");
    assert_non_null(pool);
    struct reader_time time = reader_time_of(READER_SECONDS);
    struct layouts *l = layouts_new(f->fd, &time);
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        char *member = layouts_member(l, pool->address, cases[i].offset);
        if (!member || !cases[i].member)
            assert_true(!member && !cases[i].member);
        else
            assert_string_equal(member, cases[i].member);
        free(member);
    }
    assert_null(layouts_member(l, pool->address + 1, 0)); /* no variable begins there */
    layouts_free(l);
    symbol_table_free(t);
    elf_file_close(f);
}

/* The kernel's own code is in no file. */
static void the_vdso(void **state)
{
    struct module_table *t = module_table_new();
    (void)state;
    const struct module *m = module_get(t, &(struct mapping){.path = "[vdso]"});
    if (!m)
        skip();
    assert_true(module_symbol_named(m, "__vdso_clock_gettime") ||
                module_symbol_named(m, "__kernel_clock_gettime"));
    module_table_free(t);
}

/* This process's mapping of a file, as the kernel shows it. */
static bool mapping_identity(uintptr_t start, struct file_identity *identity)
{
    FILE *maps = fopen("/proc/self/maps", "re");
    char line[1024];
    unsigned long long from, inode;
    bool found = false;
    assert_non_null(maps);
    while (!found && fgets(line, sizeof(line), maps))
        found = sscanf(line, "%llx-%*x %*s %*x %x:%x %llu", &from, &identity->major, &identity->minor,
                       &inode) == 4 &&
                from == start;
    fclose(maps);
    identity->inode = inode;
    return found;
}

/* Removed since it was mapped, and another put in its place: through map_files it is still had. */
static void a_mapped_file_that_is_gone(void **state)
{
    const char *path = folder_path("mapped"), *other = folder_path("other");
    struct file_identity identity;
    (void)state;
    folder_file_write(path, original, original_size);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    void *at = mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE, fd, 0);
    close(fd);
    assert_ptr_not_equal(at, MAP_FAILED);
    assert_true(mapping_identity((uintptr_t)at, &identity));
    fd = mapped_file_open(getpid(), (uintptr_t)at, 4096, path, &identity);
    assert_true(fd >= 0);
    close(fd);
    identity.minor++;
    assert_true(mapped_file_open(getpid(), (uintptr_t)at, 4096, path, &identity) < 0); /* of another device */
    identity.minor--;
    folder_file_write(other, original, original_size);
    assert_int_equal(rename(other, path), 0);
    assert_true(mapped_file_open(0, 0, 0, path, &identity) < 0);
    fd = mapped_file_open(getpid(), (uintptr_t)at, 4096, path, &identity);
    if (fd < 0 && geteuid())
        print_message("map_files are root's\n");
    else
        assert_true(fd >= 0 && mapped_file_is(fd, &identity));
    close(fd);
    munmap(at, 4096);
}

static int original_read(void **state)
{
    (void)state;
    folder_make();
    original = file_slurp(SUBJECT, &original_size);
    return 0;
}

static int original_drop(void **state)
{
    (void)state;
    free(original);
    folder_remove();
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_file_itself_is_fine),
        cmocka_unit_test(no_regular_file),
        cmocka_unit_test(no_elf_file),
        cmocka_unit_test(cut_off),
        cmocka_unit_test(header_lies),
        cmocka_unit_test(tables_lie),
        cmocka_unit_test(symbols_lie),
        cmocka_unit_test(bytes_change),
        cmocka_unit_test(replaced_file),
        cmocka_unit_test(symbols_by_source),
        cmocka_unit_test(given_debug_files),
        cmocka_unit_test(debug_information_alone),
        cmocka_unit_test(members),
        cmocka_unit_test(the_vdso),
        cmocka_unit_test(a_mapped_file_that_is_gone),
    };
    return cmocka_run_group_tests(tests, original_read, original_drop);
}
