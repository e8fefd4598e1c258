/* Files whose .gnu_debugdata unpacks to far more than it is: what is of use is found, and however many bombs
 * there are, memory has a bound.  Files are made here, of those of tests/fuzz. */
#include "probes/elf/module.h"
#include "tests/probes/cmocka_test.h"
#include "tests/probes/folder.h"

#include <elf.h>
#include <lzma.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

enum { MEGABYTE = 1 << 20, FILES = 4 };

/* Memory that grows, and a packed file in it. */
struct packed {
    uint8_t *bytes;
    size_t size;
};

static void packer_run(lzma_stream *z, struct packed *p, const uint8_t *bytes, size_t size, lzma_action how)
{
    z->next_in = bytes;
    z->avail_in = size;
    for (lzma_ret rc = LZMA_OK; rc == LZMA_OK && (z->avail_in || how == LZMA_FINISH);) {
        p->bytes = realloc(p->bytes, p->size + MEGABYTE);
        assert_non_null(p->bytes);
        z->next_out = p->bytes + p->size;
        z->avail_out = MEGABYTE;
        rc = lzma_code(z, how);
        assert_true(rc == LZMA_OK || (rc == LZMA_STREAM_END && how == LZMA_FINISH));
        p->size += MEGABYTE - z->avail_out;
    }
}

/* Packs the file and so many megabytes of zeros behind it. */
static struct packed pack(const char *path, unsigned zeros)
{
    static const uint8_t nothing[MEGABYTE];
    struct packed p = {NULL, 0};
    size_t size;
    char *file = file_slurp(path, &size);
    lzma_stream z = LZMA_STREAM_INIT;
    assert_int_equal(lzma_easy_encoder(&z, 0, LZMA_CHECK_CRC32), LZMA_OK);
    packer_run(&z, &p, (const uint8_t *)file, size, LZMA_RUN);
    for (unsigned i = 0; i < zeros; i++)
        packer_run(&z, &p, nothing, sizeof(nothing), LZMA_RUN);
    packer_run(&z, &p, nothing, 0, LZMA_FINISH);
    lzma_end(&z);
    free(file);
    return p;
}

/* Writes a file like the stripped one, with three sections: none, .gnu_debugdata, their names. */
static void file_make(const char *path, const struct packed *p)
{
    static const char names[] = "\0.gnu_debugdata\0.shstrtab";
    size_t size;
    char *file = file_slurp(CORPUS "/stripped", &size);
    Elf64_Ehdr *head = (void *)file;
    const Elf64_Shdr sections[3] = {
        [1] = {.sh_name = 1, .sh_type = SHT_PROGBITS, .sh_offset = size, .sh_size = p->size},
        [2] = {.sh_name = 16, .sh_type = SHT_STRTAB, .sh_offset = size + p->size, .sh_size = sizeof(names)}};
    head->e_shoff = size + p->size + sizeof(names);
    head->e_shnum = 3;
    head->e_shstrndx = 2;
    FILE *out = fopen(path, "we");
    assert_non_null(out);
    assert_int_equal(fwrite(file, 1, size, out), size);
    assert_int_equal(fwrite(p->bytes, 1, p->size, out), p->size);
    assert_int_equal(fwrite(names, 1, sizeof(names), out), sizeof(names));
    assert_int_equal(fwrite(sections, 1, sizeof(sections), out), sizeof(sections));
    assert_int_equal(fclose(out), 0);
    free(file);
}

static long peak_kib(void)
{
    struct rusage usage;
    assert_int_equal(getrusage(RUSAGE_SELF, &usage), 0);
    return usage.ru_maxrss;
}

/* Whether memory has grown by no more than what may be kept.  The sanitizer's quarantine and shadow are
 * memory, too: it tells nothing there. */
static bool is_bounded(long before_kib)
{
#if defined(__SANITIZE_ADDRESS__)
    return before_kib > 0;
#else
    return peak_kib() - before_kib <= 300 * 1024;
#endif
}

/* Asks FILES such files for a symbol.  Returns how many know it; memory has the bound. */
static unsigned found(const struct packed *p)
{
    unsigned known = 0;
    const long before = peak_kib();
    struct module_table *t = module_table_new();
    for (unsigned i = 0; i < FILES; i++) {
        char name[32];
        snprintf(name, sizeof(name), "program-%u", i);
        const char *path = folder_path(name);
        file_make(path, p);
        const struct module *m = module_get(t, &(struct mapping){.path = path});
        assert_non_null(m);
        const struct symbol *s = module_symbol_named(m, "pool");
        assert_true(!s || s->source == SYMBOLS_DEBUGDATA);
        known += s != NULL;
        remove(path);
    }
    assert_true(is_bounded(before));
    module_table_free(t);
    free(p->bytes);
    return known;
}

static void small_ones(void **state)
{
    const struct packed p = pack(CORPUS "/static", 0);
    (void)state;
    assert_int_equal(found(&p), FILES);
}

/* A decoder that is told of a dictionary of 4 GiB would take as much. */
static void claims_of_a_dictionary(void **state)
{
    enum { BLOCK = 12, DICTIONARY = BLOCK + 4 }; /* .xz file format, 2.1.1 and 3.1 */
    const struct packed p = pack(CORPUS "/static", 0);
    const size_t size = 4 * (size_t)p.bytes[BLOCK];
    (void)state;
    p.bytes[DICTIONARY] = 40;
    const uint32_t sum = lzma_crc32(p.bytes + BLOCK, size, 0);
    memcpy(p.bytes + BLOCK + size, &sum, sizeof(sum));
    assert_int_equal(found(&p), 0);
}

/* Each is no larger than it may be, and has the symbol: two of them are too much. */
static void many_large_ones(void **state)
{
    const struct packed p = pack(CORPUS "/static", 130);
    (void)state;
    assert_true(p.size < MEGABYTE);
    assert_int_equal(found(&p), 1);
}

static void too_large(void **state)
{
    const struct packed p = pack(CORPUS "/static", 300);
    (void)state;
    assert_int_equal(found(&p), 0);
}

static int folder_begin(void **state)
{
    (void)state;
    folder_make();
    return 0;
}

static int folder_end(void **state)
{
    (void)state;
    folder_remove();
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(small_ones),
        cmocka_unit_test(claims_of_a_dictionary),
        cmocka_unit_test(many_large_ones),
        cmocka_unit_test(too_large),
    };
    return cmocka_run_group_tests(tests, folder_begin, folder_end);
}
