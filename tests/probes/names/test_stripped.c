/* malloc's lock in programs without symbols.  Each program has a twin with symbols, which is the answer: for
 * every word of its data, what the code is said to tell must be what the twin's symbols say.  With arguments:
 * checks these programs (with symbols) instead, whatever musl they were linked with. */
#include "probes/names/allocators.h"
#include "probes/names/libc_archive.h"
#include "probes/names/musl_code.h"
#include "probes/names/naming.h"
#include "tests/probes/cmocka_test.h"
#include "tests/probes/folder.h"

#include <elf.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { OLD_SIZE = 0x610, OLD_LAST = 0x608, OLD_BIN = 24 };

/* A file as a module. */
struct opened {
    struct module_table *table;
    struct mapping mapping;
    char path[PATH_MAX];
    const struct module *module;
    const struct machine *machine;
};

static void module_open(struct opened *o, const char *path)
{
    struct stat st;
    size_t size;
    char *file = file_slurp(path, &size);
    assert_true(size > sizeof(Elf64_Ehdr));
    o->machine = ((const Elf64_Ehdr *)(void *)file)->e_machine == EM_AARCH64 ? &machine_arm64 : &machine_x86;
    free(file);
    assert_non_null(realpath(path, o->path));
    assert_int_equal(stat(path, &st), 0);
    o->mapping = (struct mapping){.inode = st.st_ino, .path = o->path};
    o->table = module_table_new();
    o->module = module_get(o->table, &o->mapping);
    assert_non_null(o->module);
}

/* What the twin's symbols say. */
struct answer {
    const struct symbol *ng, *old;
};

static bool is_malloc_lock(const struct answer *a, uint64_t address)
{
    if (a->ng && !a->ng->function && a->ng->address == address)
        return true;
    if (!a->old || a->old->size != OLD_SIZE || address < a->old->address + 8)
        return false;
    uint64_t offset = address - a->old->address;
    return offset == OLD_LAST || (offset < OLD_LAST && (offset - 8) % OLD_BIN == 0);
}

/* Every word of the data against the symbols; returns how many locks of malloc's were found. */
static unsigned words_check(struct musl_code *c, const struct module *twin, const char *name)
{
    const struct answer answer = {module_symbol_named(twin, "__malloc_lock"),
                                  module_symbol_named(twin, "mal")};
    uint64_t address, size;
    bool code;
    unsigned found = 0;
    for (size_t n = 0; module_segment(twin, n, &address, &size, &code); n++) {
        for (uint64_t word = address; !code && module_contains(twin, word); word += 4) {
            const struct musl_lock *l = musl_code_lock(c, word);
            bool expected = is_malloc_lock(&answer, word);
            found += expected;
            if (expected == (l && l->verdict == MUSL_MALLOC) && (!l || expected || l->verdict == MUSL_OTHER))
                continue;
            const struct symbol *s = module_symbol_at(twin, word, false);
            fail_msg("%s: 0x%llx (%s): verdict %d, %s", name, (unsigned long long)word,
                     s ? s->name : "no symbol", l ? (int)l->verdict : -1, l ? l->evidence : "no evidence");
        }
    }
    return found;
}

/* Whether a function is that one, or what the compiler made of it: "__wake.constprop.0". */
static bool is_called(const struct symbol *s, const char *name)
{
    const size_t length = strlen(name);
    return !strncmp(s->name, name, length) && (!s->name[length] || s->name[length] == '.');
}

/* What is said of each byte of code, against the twin's function there.  Returns how many functions are the
 * allocator's. */
static unsigned classes_check(struct musl_code *c, const struct module *twin, const char *name)
{
    uint64_t address, size;
    bool code;
    unsigned found = 0;
    const struct symbol *last = NULL;
    for (size_t n = 0; module_segment(twin, n, &address, &size, &code); n++)
        for (uint64_t at = address; code && at < address + size; at++) {
            const char *class = musl_code_class(c, at);
            const struct symbol *s = class ? module_symbol_at(twin, at, true) : NULL;
            if (!class || s == last)
                continue;
            last = s; /* NULL: padding behind a function */
            bool lock = s && ((strstr(s->name, "lock") && strncmp(s->name, "pthread", 7)) ||
                              is_called(s, "__wait") || is_called(s, "__wake"));
            bool allocates = s && (allocator_has_function(twin, s->name) ||
                                   !strncmp(s->name, "__malloc_", 9) || !strcmp(s->name, "unlock"));
            if (s && (strcmp(class, "lock") ? !allocates : !lock))
                fail_msg("%s: %s is called %s", name, s->name, class);
            found += s && !strcmp(class, "allocator");
        }
    return found;
}

/* Which malloc of musl's a program holds; NULL: none.  Beside a guest it is there when musl itself calls it
 * by its inner name, as dlerror() does. */
static const char *musl_malloc_of(const struct module *twin)
{
    return module_symbol_named(twin, "__malloc_lock") ? "mallocng"
           : module_symbol_named(twin, "mal")         ? "oldmalloc"
                                                      : NULL;
}

static void file_check(const char *stripped, const char *twin, const char *allocator)
{
    struct opened s, t;
    module_open(&s, stripped);
    module_open(&t, twin);
    struct musl_code *c = musl_code_read(s.module, s.machine);
    if (!c)
        fail_msg("%s: nothing of musl's was found", stripped);
    unsigned found = words_check(c, t.module, stripped);
    unsigned functions = classes_check(c, t.module, stripped);
    const char *own = musl_malloc_of(t.module);
    if (!strcmp(allocator, "mallocng") || !strcmp(allocator, "oldmalloc"))
        assert_string_equal(own, allocator);
    assert_int_equal(found, !own ? 0 : !strcmp(own, "mallocng") ? 1 : 65);
    assert_int_equal(own != NULL, musl_code_malloc(c) != NULL);
    assert_true(own ? functions >= 2 : functions == 0);
    if (own)
        assert_string_equal(musl_code_malloc(c), own);
    musl_code_free(c);
    module_table_free(s.table);
    module_table_free(t.table);
}

/* Lets the mapping be that of the code, with no bias. */
static void code_map(struct opened *s)
{
    uint64_t address, size;
    bool code = false;
    for (size_t n = 0; module_segment(s->module, n, &address, &size, &code) && !code;)
        n++;
    s->mapping.start = address & ~4095ull;
    s->mapping.length = size;
    for (uint64_t offset = 0; offset < 1 << 24; offset += 4096) { /* the file's place of the code */
        uint64_t bias = 1;
        s->mapping.file_offset = offset;
        if (module_bias(s->module, &s->mapping, &bias) && bias == 0)
            break;
    }
}

/* As the recording would tell of the program. */
static void naming_check(const char *stripped, const char *allocator)
{
    const char *libc, *linkage, *told;
    struct opened s;
    module_open(&s, stripped);
    assert_null(module_symbol_named(s.module, "main"));
    code_map(&s);
    struct address_space space = {.pid = 1, .mappings = &s.mapping, .mapping_count = 1};
    struct naming *n = naming_new();
    naming_program(n, &space, &libc, &linkage, &told);
    assert_string_equal(libc, "musl");
    assert_string_equal(told, allocator);
    assert_string_equal(linkage, strstr(stripped, "pie") ? "static-pie" : "static");
    naming_free(n);
    module_table_free(s.table);
}

/* A line of the list. */
struct program {
    const char *stripped, *twin, *allocator, *archive;
};

/* Calls for each line of the list. */
static void each_program(void (*check)(const struct program *p))
{
    char line[1024], name[128], allocator[32], archive[512], twin[512], stripped[512];
    unsigned count = 0;
    FILE *list = fopen(PROGRAMS "/list", "r");
    if (!list)
        skip();
    while (fgets(line, sizeof(line), list)) {
        assert_int_equal(sscanf(line, "%127s %31s %511[^\n]", name, allocator, archive), 3);
        snprintf(twin, sizeof(twin), PROGRAMS "/%s", name);
        snprintf(stripped, sizeof(stripped), PROGRAMS "/%s.stripped", name);
        check(&(struct program){stripped, twin, allocator, archive});
        count++;
    }
    fclose(list);
    assert_true(count >= 8); /* with musl-gcc alone: two programs, at -O2 and -Os, static and static-pie */
}

static void words_one(const struct program *p)
{
    file_check(p->stripped, p->twin, p->allocator);
}

static void words_of_programs(void **state)
{
    (void)state;
    each_program(words_one);
}

/* Where malloc begins only a jump tells. */
static void words_where_nothing_calls_malloc(void **state)
{
    (void)state;
    if (access(PATH_SUBJECT "_musl_jumps", R_OK))
        skip();
    file_check(PATH_SUBJECT "_musl_jumps_stripped", PATH_SUBJECT "_musl_jumps", "mallocng");
}

static void naming_one(const struct program *p)
{
    naming_check(p->stripped, p->allocator);
}

static void names_of_programs(void **state)
{
    (void)state;
    each_program(naming_one);
}

static void word_check(const char *program, uint64_t word, const char *name, bool is_malloc)
{
    struct opened s;
    struct word_name told;
    module_open(&s, program);
    code_map(&s);
    struct address_space space = {.pid = 1, .mappings = &s.mapping, .mapping_count = 1};
    struct naming *n = naming_new();
    assert_int_equal(naming_word(n, &(struct word_facts){.space = &space, .address = word}, &told), 0);
    if (strncmp(told.name, name, strlen(name)) || (told.whose == WHOSE_MALLOC) != is_malloc ||
        strncmp(told.evidence, "code: ", 6) || (told.allocator != NULL) != is_malloc)
        fail_msg("%s: %s (%s)", program, told.name, told.evidence);
    word_name_free(&told);
    naming_free(n);
    module_table_free(s.table);
}

/* Whether there was mallocng's threshold, or one less: then there is another now. */
static bool threshold_change(char *at)
{
#if defined(__aarch64__)
    uint32_t word; /* mov, wN or xN, #0xffec; the bit above is a second instruction */
    memcpy(&word, at, sizeof(word));
    bool found = (word & 0x7fffffe0) == 0x529ffd80 || (word & 0x7fffffe0) == 0x529ffd60;
    word ^= found ? 1 << 19 : 0;
    memcpy(at, &word, sizeof(word));
#else
    bool found = !memcmp(at + 1, "\xff\x01", 3) && ((uint8_t)*at | 7) == 0xef;
    at[1] = found ? 0x7f : at[1];
#endif
    return found;
}

/* A malloc with another threshold than the known ones: likely, and not counted as malloc's. */
static void likely_is_not_known(void **state)
{
    struct opened twin;
    size_t size;
    unsigned changed = 0;
    (void)state;
    if (access(PROGRAMS "/list", R_OK))
        skip();
    module_open(&twin, PROGRAMS "/subject-static-O2");
    uint64_t word = module_symbol_named(twin.module, "__malloc_lock")->address,
             other = module_symbol_named(twin.module, "ofl_lock")->address;
    module_table_free(twin.table);
    word_check(PROGRAMS "/subject-static-O2.stripped", word, "malloc's lock in subject", true);
    word_check(PROGRAMS "/subject-static-O2.stripped", other, "unnamed word in subject", false);
    char *file = file_slurp(PROGRAMS "/subject-static-O2.stripped", &size);
    for (size_t i = 0; i + 4 <= size; i++)
        changed += threshold_change(file + i);
    assert_true(changed > 0);
    folder_make();
    const char *path = folder_path("changed");
    folder_file_write(path, file, size);
    free(file);
    word_check(path, word, "likely malloc's lock in changed", false);
    word_check(path, other, "unnamed word in changed", false);
    folder_remove();
}

/* The archive that it was linked with says the same as the twin; another one says nothing. */
static void archive_one(const struct program *p)
{
    struct libc_archive *a;
    struct libc_match match;
    struct error err = {""};
    struct opened s, t;
    module_open(&s, p->stripped);
    module_open(&t, p->twin);
    if (libc_archive_open(p->archive, &a, &err))
        fail_msg("%s", err.text);
    assert_int_equal(libc_archive_match(a, s.module, &match), 0);
    const struct symbol *lock = module_symbol_named(t.module, "__malloc_lock");
    lock = lock ? lock : module_symbol_named(t.module, "mal");
    if (!lock) {
        assert_int_equal(match.size, 0);
    } else {
        assert_int_equal(match.address, lock->address);
        assert_int_equal(match.size, lock->size);
        assert_string_equal(match.symbol, lock->name);
        assert_string_equal(match.allocator->name, musl_malloc_of(t.module));
        assert_true(match.functions >= 2);
    }
    libc_archive_close(a);
    module_table_free(s.table);
    module_table_free(t.table);
}

static void archives_of_programs(void **state)
{
    (void)state;
    each_program(archive_one);
}

static char musl_archive[512];

static void musl_archive_note(const struct program *p)
{
    snprintf(musl_archive, sizeof(musl_archive), "%s", p->archive);
}

/* An archive cut off anywhere, or with any of its bytes wrong, is refused or read; it is never believed
 * blindly. */
static void hostile_archives(void **state)
{
    uint64_t seed = 5;
    size_t size;
    (void)state;
    each_program(musl_archive_note);
    folder_make();
    const char *path = folder_path("libc.a");
    char *good = file_slurp(musl_archive, &size);
    for (size_t n = 0; n < 48; n++) {
        char *bad = malloc(size);
        size_t length = n < 24 ? size * n / 24 : size;
        assert_non_null(bad);
        memcpy(bad, good, size);
        for (size_t k = 0; n >= 24 && k < 4000; k++) {
            seed = seed * 6364136223846793005u + 1442695040888963407u;
            bad[(seed >> 33) % size] = (char)(seed >> 25);
        }
        folder_file_write(path, bad, length);
        struct libc_archive *a = NULL;
        struct libc_match match;
        struct error err = {""};
        struct opened o;
        if (!libc_archive_open(path, &a, &err)) {
            module_open(&o, "/proc/self/exe");
            assert_int_equal(libc_archive_match(a, o.module, &match), 0);
            assert_int_equal(match.size, 0);
            module_table_free(o.table);
        } else {
            assert_true(err.text[0]);
        }
        libc_archive_close(a);
        free(bad);
    }
    free(good);
    folder_remove();
}

/* A program of another C library, and files that are none. */
static void nothing_of_musl(void **state)
{
    struct opened o;
    (void)state;
    module_open(&o, "/proc/self/exe");
    assert_null(musl_code_read(o.module, o.machine));
    module_table_free(o.table);
    assert_null(musl_code_of_bytes(NULL, 0, 0, &machine_x86));
    assert_null(musl_code_of_bytes(calloc(1, 1), 1, UINT64_MAX, &machine_arm64));
}

/* Bytes by a linear congruential generator (Knuth, MMIX): the same each time. */
static void hostile_code(void **state)
{
    uint64_t seed = 4;
    (void)state;
    for (size_t n = 0; n < 40; n++) {
        size_t size = n * 97;
        uint8_t *bytes = malloc(size ? size : 1);
        assert_non_null(bytes);
        for (size_t i = 0; i < size; i++) {
            seed = seed * 6364136223846793005u + 1442695040888963407u;
            bytes[i] =
                n & 1 ? (uint8_t)(seed >> 56) : (uint8_t)("\x0f\x05\xe8\xe9\xf0\x00\xff\xeb"[seed >> 61]);
        }
        musl_code_free(musl_code_of_bytes(bytes, size, n & 2 ? 0x400000 : UINT64_MAX - size / 2,
                                          n & 4 ? &machine_arm64 : &machine_x86));
    }
}

static void strangers_check(int count, char **files)
{
    for (int i = 0; i < count; i++) {
        struct opened o;
        module_open(&o, files[i]);
        const char *allocator = module_symbol_named(o.module, "__malloc_lock") ? "mallocng"
                                : module_symbol_named(o.module, "mal")         ? "oldmalloc"
                                                                               : "none";
        module_table_free(o.table);
        file_check(files[i], files[i], allocator);
        print_message("%s: %s\n", files[i], allocator);
    }
}

static int file_count;
static char **file_names;

static void strangers(void **state)
{
    (void)state;
    strangers_check(file_count, file_names);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest own[] = {
        cmocka_unit_test(words_of_programs),   cmocka_unit_test(names_of_programs),
        cmocka_unit_test(likely_is_not_known), cmocka_unit_test(archives_of_programs),
        cmocka_unit_test(hostile_archives),    cmocka_unit_test(nothing_of_musl),
        cmocka_unit_test(hostile_code),        cmocka_unit_test(words_where_nothing_calls_malloc),
    };
    const struct CMUnitTest other[] = {cmocka_unit_test(strangers)};
    file_count = argc - 1;
    file_names = argv + 1;
    return argc > 1 ? cmocka_run_group_tests(other, NULL, NULL) : cmocka_run_group_tests(own, NULL, NULL);
}
