/* See named.h. */
#include "tests/probes/names/named.h"

#include "tests/probes/cmocka_test.h"

#include <stdlib.h>
#include <string.h>

void subject_map(struct place *p)
{
    memset(p, 0, sizeof(*p));
    place_map(p, SUBJECT, subject_bias, NULL, 0);
}

void word_ask(struct named *n, const struct word_facts *facts)
{
    n->naming = naming_new();
    assert_non_null(n->naming);
    assert_int_equal(naming_word(n->naming, facts, &n->name), 0);
    assert_non_null(n->name.name);
    assert_non_null(n->name.evidence);
}

void named_free(struct named *n)
{
    word_name_free(&n->name);
    naming_free(n->naming);
}

struct symbol symbol_of(const struct place *p, const char *name)
{
    struct module_table *t = module_table_new();
    const struct module *m = module_get(t, &p->mappings[0]);
    assert_non_null(m);
    const struct symbol *s = module_symbol_named(m, name);
    assert_non_null(s);
    struct symbol copy = *s;
    copy.name = name;
    module_table_free(t);
    return copy;
}

void assert_called(const struct place *p, uint64_t address, const char *expected, bool exactly)
{
    struct named n;
    word_ask(&n, &(struct word_facts){.space = &p->space, .address = address});
    if (strncmp(n.name.name, expected, exactly ? sizeof(p->paths[0]) : strlen(expected)) != 0)
        fail_msg("0x%llx is called %s, not %s", (unsigned long long)address, n.name.name, expected);
    assert_int_not_equal(n.name.whose, WHOSE_MALLOC);
    assert_null(n.name.allocator);
    named_free(&n);
}

void assert_not_called(const struct place *p, uint64_t address, const char *forbidden)
{
    struct named n;
    word_ask(&n, &(struct word_facts){.space = &p->space, .address = address});
    if (strstr(n.name.name, forbidden))
        fail_msg("0x%llx is called %s", (unsigned long long)address, n.name.name);
    named_free(&n);
}
