/* Where a word lies decides what it can be called: in the latest of the files that were mapped there, in none
 * of which only a piece is, in no code; in a heap of glibc's, whatever the mappings say. */
#include "tests/probes/cmocka_test.h"
#include "tests/probes/names/named.h"

#include <stdlib.h>
#include <string.h>

/* What was mapped later lies over what was there. */
static void the_latest_mapping_counts(void **state)
{
    struct place p;
    (void)state;
    subject_map(&p);
    struct symbol known = symbol_of(&p, "known_word");
    place_map(&p, SUBJECT, subject_bias - 64, NULL, 0); /* the same file, moved a little */
    p.mappings[1].start = p.mappings[0].start - 64;
    assert_called(&p, subject_bias + known.address - 64, "known_word", true);
}

/* A library was closed and another opened in its place: words belong to what was there when they were seen.
 */
static void words_of_their_time(void **state)
{
    struct place p;
    struct named n;
    (void)state;
    subject_map(&p);
    struct symbol known = symbol_of(&p, "known_word");
    place_map(&p, "/proc/self/exe", subject_bias, NULL, 0); /* another file, whose data lies elsewhere */
    p.mappings[1].start = p.mappings[0].start;
    p.mappings[0].since_ns = 100;
    p.mappings[1].since_ns = 200;
    struct word_facts facts = {.space = &p.space, .address = subject_bias + known.address};
    static const struct {
        uint64_t seen;
        bool is_known;
    } cases[] = {{99, false}, {100, true}, {199, true}, {200, false}, {1000, false}, {0, false}};
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        facts.evidence.first_seen_ns = cases[i].seen;
        word_ask(&n, &facts);
        if (!strcmp(n.name.name, "known_word") != cases[i].is_known)
            fail_msg("seen at %llu it is called %s", (unsigned long long)cases[i].seen, n.name.name);
        named_free(&n);
    }
}

/* Maps the first bytes of what the subject's mapping shows once more, elsewhere. */
static void piece_map(struct place *p, uint64_t bias, uint64_t length)
{
    struct mapping *piece = &p->mappings[p->space.mapping_count++];
    *piece = p->mappings[0];
    piece->start += bias - subject_bias;
    piece->length = length;
}

/* A piece of the program's code that is mapped a second time has no data behind it, also when it is all of
 * the code.  What lies there is a library's, or an arena of glibc's. */
static void pieces_place_no_data(void **state)
{
    static const uint64_t elsewhere = 0x7e0000000000;
    (void)state;
    for (unsigned i = 0; i < 4; i++) {
        struct place p;
        struct named n;
        subject_map(&p);
        const uint64_t known = symbol_of(&p, "known_word").address, length = p.mappings[0].length;
        const uint64_t word = elsewhere + known;
        piece_map(&p, elsewhere, i & 1 ? length : 4096);
        if (i & 2) /* in the order of addresses, as of a process that runs already */
            p.mappings[1].since_ns = 100;
        assert_called(&p, subject_bias + known, "known_word", true);
        assert_called(&p, word, "unnamed word at 0x", false);
        word_ask(&n, &(struct word_facts){
                         .space = &p.space,
                         .address = word,
                         .evidence = {.heap_arena = word, .last_bin = {word + 2112, word + 2112}}});
        assert_string_equal(n.name.name, "arena 1");
        assert_null(n.name.module);
        named_free(&n);
        const uint64_t code = p.mappings[1].start - elsewhere + 16;
        const struct module *m = NULL;
        uint64_t own = 0;
        n.naming = naming_new();
        assert_true(naming_resolve(n.naming, &p.space, elsewhere + code, &m, &own));
        assert_int_equal(own, code); /* but it is the program's code that runs there */
        naming_free(n.naming);
    }
}

/* A library that is loaded twice (dlmopen) has its data twice. */
static void libraries_loaded_twice(void **state)
{
    static const uint64_t second = 0x7e0000000000;
    struct place p;
    struct named n;
    (void)state;
    subject_map(&p);
    const uint64_t known = symbol_of(&p, "known_word").address;
    memset(&p, 0, sizeof(p));
    place_map(&p, "/proc/self/exe", subject_bias, NULL, 0); /* the program */
    place_map(&p, SUBJECT, second, NULL, 0);
    place_map(&p, SUBJECT, second + (1 << 30), NULL, 0);
    assert_called(&p, second + known, "known_word", true);
    assert_called(&p, second + (1 << 30) + known, "known_word", true);
    p.mappings[1].length -= 1; /* now it is a piece of the other */
    assert_called(&p, second + known, "unnamed word at 0x", false);
    assert_called(&p, second + (1 << 30) + known, "known_word", true);
    word_ask(&n, &(struct word_facts){.space = &p.space, .address = p.mappings[2].start});
    assert_null(n.name.module); /* no word lies in code */
    named_free(&n);
}

/* ---- arenas ---- */

static void thread_arenas_by_their_heap(void **state)
{
    static const struct {
        uint64_t address, header, bin;
        bool is_arena;
    } cases[] = {
        {0x7f0000000030, 0x7f0000000030, 0, true},  /* the heap's header points to the word */
        {0x7f0000000030, 0x7f0000000040, 0, false}, /* to another */
        {0x7f0000000030, 0, 0, false},
        {0x7f0000000000, 0x7f0000000000, 0, false}, /* the word is the header itself */
        {0x7f0000800030, 0x7f0000800030, 0, false}, /* heaps of 8 MiB, with huge pages: the bins must fit */
        {0x7f0000800030, 0x7f0000800030, 0x7f0000800030 + 2128 - 16, true},
        {0x7f0000800030, 0x7f0000800030, 0x7f0000800030 + 2040 - 16, true},
        {0x7f0000800030, 0x7f0000800030, 0x7f0000800030 + 2040, false},
        {0x7f0000800030, 0, 0x7f0000800030 + 2128 - 16, false},
        {0x7f0000800000, 0x7f0000800000, 0x7f0000800000 + 2128 - 16, false},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct named n;
        word_ask(&n, &(struct word_facts){.address = cases[i].address,
                                          .evidence = {.heap_arena = cases[i].header,
                                                       .last_bin = {cases[i].bin, cases[i].bin}}});
        assert_int_equal(n.name.whose == WHOSE_MALLOC, cases[i].is_arena);
        assert_int_equal(!strcmp(n.name.name, "arena 1"), cases[i].is_arena);
        if (cases[i].is_arena)
            assert_string_equal(n.name.allocator, "ptmalloc");
        named_free(&n);
    }
}

/* main_arena's layout counts in glibc's own data only: in the subject's it is a coincidence. */
static void main_arena_only_in_glibc(void **state)
{
    struct place p;
    struct named n;
    (void)state;
    subject_map(&p);
    uint64_t address = subject_bias + symbol_of(&p, "many_words").address + (4 << 17) - 4;
    for (uint64_t last = 2040; last <= 2128; last += 88) {
        uint64_t bin = address + last - 16;
        word_ask(&n, &(struct word_facts){
                         .space = &p.space, .address = address, .evidence = {.last_bin = {bin, bin}}});
        assert_int_not_equal(n.name.whose, WHOSE_MALLOC);
        named_free(&n);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_latest_mapping_counts),   cmocka_unit_test(words_of_their_time),
        cmocka_unit_test(pieces_place_no_data),        cmocka_unit_test(libraries_loaded_twice),
        cmocka_unit_test(thread_arenas_by_their_heap), cmocka_unit_test(main_arena_only_in_glibc),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
