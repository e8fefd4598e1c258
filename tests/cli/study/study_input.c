/* What `heapwait study` takes in: commands, options, the table of variants; and the settings that come of
 * them. */
#include "cli/study/study_options.h"
#include "cli/study/study_settings.h"
#include "cli/study/study_words.h"
#include "cli/study/variants.h"
#include "probes/host/host.h"

#include <errno.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* clang-format off */
#include <cmocka.h>
/* clang-format on */

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static void words_are(const char *text, size_t count, const char *const *expected)
{
    struct words words, again;
    struct error err = {""};
    assert_int_equal(words_split(text, &words, &err), 0);
    assert_int_equal(words.count, count);
    for (size_t i = 0; i < count; i++)
        assert_string_equal(words.items[i], expected[i]);
    assert_null(words.items[count]);
    char *line = words_join(&words);
    assert_int_equal(words_split(line, &again, &err), 0);
    assert_int_equal(again.count, count);
    for (size_t i = 0; i < count; i++)
        assert_string_equal(again.items[i], expected[i]);
    free(line);
    words_free(&words);
    words_free(&again);
}

static void words_split_as_a_shell_does(void **state)
{
    words_are("a b  c", 3, (const char *const[]){"a", "b", "c"});
    words_are("  'a b' \"c d\" e\\ f ", 3, (const char *const[]){"a b", "c d", "e f"});
    words_are("x'y'\"z\"", 1, (const char *const[]){"xyz"});
    words_are("'' \"\"", 2, (const char *const[]){"", ""});
    words_are("\"a\\\"b\\n\" '\\'", 2, (const char *const[]){"a\"b\\n", "\\"});
    words_are("$HOME `id` * ; | > &", 7, (const char *const[]){"$HOME", "`id`", "*", ";", "|", ">", "&"});
    words_are("it\\'s", 1, (const char *const[]){"it's"});
    (void)state;
}

static size_t assignments_of(const char *text)
{
    struct words words;
    struct error err = {""};
    assert_int_equal(words_split(text, &words, &err), 0);
    size_t n = words_assignments(&words);
    words_free(&words);
    return n;
}

static void words_may_set_variables(void **state)
{
    struct words words;
    struct error err = {""};
    (void)state;
    assert_int_equal(assignments_of("a b=c"), 0);
    assert_int_equal(assignments_of("A=1 b"), 1);
    assert_int_equal(assignments_of("LD_PRELOAD='/a b.so' _x2= ./p A=1"), 2);
    assert_int_equal(assignments_of("./a=b"), 0);
    assert_int_equal(assignments_of("1a=b"), 0);
    assert_int_equal(assignments_of("=b"), 0);
    assert_int_equal(words_split("A=1 B=2", &words, &err), -EINVAL);
    assert_non_null(strstr(err.text, "no command after the variables"));
}

static void words_refuse_what_is_no_command(void **state)
{
    static const char *const bad[] = {"", "  \t ", "'a", "\"a", "a\\", "a\nb", "a\033[31m", "a\x7f"};
    for (size_t i = 0; i < COUNT(bad); i++) {
        struct words words;
        struct error err = {""};
        assert_int_equal(words_split(bad[i], &words, &err), -EINVAL);
        assert_true(err.text[0]);
        assert_null(words.items);
    }
    (void)state;
}

static void words_fill_placeholders(void **state)
{
    struct words template, filled;
    struct error err = {""};
    assert_int_equal(
        words_split("p -t {threads} --n={passwords}{threads} {thread} {passwords", &template, &err), 0);
    assert_true(words_have(&template, PLACEHOLDER_THREADS));
    assert_true(words_have(&template, PLACEHOLDER_PASSWORDS));
    assert_int_equal(words_fill(&template, 22, 1000000, &filled), 0);
    char *line = words_join(&filled);
    assert_string_equal(line, "p -t 22 --n=100000022 {thread} {passwords");
    free(line);
    words_free(&filled);
    words_free(&template);
    (void)state;
}

static int options_of(const char *line, struct study_options *o, struct error *err)
{
    struct words words;
    *err = (struct error){""};
    assert_int_equal(words_split(line, &words, err), 0);
    int rc = study_options_parse((int)words.count, words.items, o, err);
    /* What points into argv is compared at once or not at all: only numbers are looked at after this. */
    words_free(&words);
    return rc;
}

static void options_keep_what_was_given(void **state)
{
    struct study_options o;
    struct error err;
    assert_int_equal(
        options_of("study --threads 22,1,4,1 --passwords 5 --reps 3 --traced-reps 0 --seed 9 --timeout 0.5",
                   &o, &err),
        0);
    assert_int_equal(o.thread_count, 3);
    assert_int_equal(o.threads[0], 1);
    assert_int_equal(o.threads[2], 22);
    assert_int_equal(o.passwords, 5);
    assert_int_equal(o.reps, 3);
    assert_int_equal(o.traced_reps, 0);
    assert_true(o.seed_given && o.seed == 9);
    assert_int_equal(o.timeout_ns, 500000000);
    study_options_free(&o);
    assert_int_equal(options_of("study", &o, &err), 0);
    assert_int_equal(o.reps, -1);
    assert_int_equal(o.thread_count, 0);
    study_options_free(&o);
    (void)state;
}

static void options_refuse_nonsense(void **state)
{
    static const char *const bad[] = {
        "study --threads 0",
        "study --threads ''",
        "study --threads 1,,2",
        "study --threads 4097",
        "study --threads 1,",
        "study --passwords 0",
        "study --passwords 1x",
        "study --passwords -1",
        "study --reps 0",
        "study --reps 1001",
        "study --timeout 0",
        "study --timeout nan",
        "study --timeout -1",
        "study --seed x",
        "study --seed",
        "study --what",
        "study extra",
        "study --variant a",
        "study --variant =b",
        "study --variant 'a b=c'",
        "study --variant ../x=c",
        "study --variant a=b --variant a=c",
        "study --quick --passwords 5",
        "study --no-probes --traced-reps 2",
        "study --no-probes --ledger-reps 2",
        "study --ledger-reps x",
        "study -o ''",
    };
    for (size_t i = 0; i < COUNT(bad); i++) {
        struct study_options o;
        struct error err;
        if (options_of(bad[i], &o, &err) != -EINVAL || !err.text[0])
            fail_msg("accepted: %s", bad[i]);
        study_options_free(&o);
    }
    (void)state;
}

static const char HEADER[] = "name\tlibc\tlinkage\tallocator\tpath\tabsent_reason\n";

static int table_of(const char *rows, struct variant_list *list)
{
    char text[4096];
    struct error err = {""};
    snprintf(text, sizeof(text), "%s%s", HEADER, rows);
    int rc = variants_parse(list, text, strlen(text), "/share/variants.tsv", &err);
    assert_true(!rc == !err.text[0]);
    return rc;
}

static void table_is_read(void **state)
{
    struct variant_list list;
    assert_int_equal(table_of("glibc\tglibc 2.36\tdynamic\tptmalloc\t/b/passwords-glibc\t\n"
                              "musl+x\t\t\t\tbin/passwords-musl+x\t\n\n"
                              "gone\tmusl\tstatic\tx\t\tno sources\n",
                              &list),
                     0);
    assert_int_equal(list.count, 3);
    assert_string_equal(list.items[0].libc, "glibc 2.36");
    assert_null(list.items[0].absent_reason);
    assert_null(list.items[1].libc);
    assert_string_equal(list.items[1].path, "/share/bin/passwords-musl+x");
    assert_string_equal(variants_find(&list, "gone")->absent_reason, "no sources");
    assert_null(variants_find(&list, "other"));
    variants_free(&list);
    (void)state;
}

static void table_columns_go_by_name(void **state)
{
    static const char text[] = "absent_reason\tpath\textra\tallocator\tlinkage\tlibc\tname\n"
                               "\t/p\twhatever\tA\tK\tL\tN\n";
    struct variant_list list;
    struct error err = {""};
    assert_int_equal(variants_parse(&list, text, sizeof(text) - 1, "t", &err), 0);
    assert_string_equal(list.items[0].name, "N");
    assert_string_equal(list.items[0].allocator, "A");
    variants_free(&list);
    (void)state;
}

static void table_may_be_hostile(void **state)
{
    static const char *const bad[] = {
        "",                               /* no variant at all */
        "a\tb\n",                         /* too few columns */
        "a\t\t\t\t/p\t\t\n",              /* too many */
        "a\t\t\t\t\t\n",                  /* neither path nor reason */
        "a\t\t\t\t/p\t\na\t\t\t\t/p\t\n", /* twice */
        "\t\t\t\t/p\t\n",                 /* no name */
        "a,b\t\t\t\t/p\t\n",              /* names go into lists */
        "../../etc\t\t\t\t/p\t\n",        /* and into file names */
        "a\t\t\t\t/p\033[2J\t\n",         /* and into terminals */
        "-rf\t\t\t\t/p\t\n",
        "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\t\t\t\t/p\t\n",
    };
    for (size_t i = 0; i < COUNT(bad); i++) {
        struct variant_list list;
        if (table_of(bad[i], &list) != -EINVAL)
            fail_msg("accepted: %s", bad[i]);
        assert_null(list.items);
    }
    static const char binary[] = "name\tlibc\0";
    struct variant_list list;
    struct error err = {""};
    assert_int_equal(variants_parse(&list, binary, sizeof(binary), "t", &err), -EINVAL);
    err.text[0] = '\0';
    assert_int_equal(variants_parse(&list, "a\tb\n", 4, "t", &err), -EINVAL);
    (void)state;
}

static void settings_are_made(void **state)
{
    struct variant_list table;
    struct study_options o;
    struct study_settings s;
    struct error err = {""};
    struct words argv;
    assert_int_equal(words_split("study --variant \"mine='/a b/c' {passwords}\" --quick", &argv, &err), 0);
    assert_int_equal(table_of("x\t\t\t\t\tno sources\ny\tL\t\t\t/the path/y\t\n", &table), 0);
    assert_int_equal(study_options_parse((int)argv.count, argv.items, &o, &err), 0);
    assert_int_equal(study_settings_make(&o, &table, &s, &err), 0);
    assert_int_equal(s.variant_count, 3);
    assert_int_equal(s.present_count, 2);
    assert_string_equal(s.variants[0].name, "y");
    assert_string_equal(s.variants[0].command,
                        "'/the path/y' --threads {threads} --passwords {passwords} --json");
    assert_int_equal(s.variants[0].position, 2);
    assert_string_equal(s.variants[1].command, "'/a b/c' {passwords}");
    assert_true(s.variants[1].own_threads && s.variants[1].given && !s.variants[0].own_threads);
    assert_string_equal(s.variants[2].absent_reason, "no sources");
    assert_int_equal(s.passwords, 100000);
    assert_int_equal(s.reps, 6); /* two variants, which may meet at one thread count */
    assert_int_equal(s.traced_reps, 1);
    assert_int_equal(s.ledger_reps, 1);
    study_settings_free(&s);
    study_options_free(&o);
    words_free(&argv);
    variants_free(&table);
    (void)state;
}

static unsigned reps_of(const char *rows, const char *line)
{
    struct variant_list table;
    struct study_options o;
    struct study_settings s;
    struct error err = {""};
    struct words argv;
    assert_int_equal(words_split(line, &argv, &err), 0);
    assert_int_equal(table_of(rows, &table), 0);
    assert_int_equal(study_options_parse((int)argv.count, argv.items, &o, &err), 0);
    assert_int_equal(study_settings_make(&o, &table, &s, &err), 0);
    const unsigned reps = s.reps;
    study_settings_free(&s);
    study_options_free(&o);
    words_free(&argv);
    variants_free(&table);
    return reps;
}

/* As many rounds as judge all that is compared at once: with each other variant beside musl, and beside
 * glibc; any two, where the times choose. */
static void rounds_are_enough(void **state)
{
#define ROW(name) name "\t\t\t\t/" name "\t\n"
    const char *two = ROW("glibc") ROW("musl"), *four = ROW("glibc") ROW("musl") ROW("a") ROW("b");
    const char *ten =
        ROW("glibc") ROW("musl") ROW("a") ROW("b") ROW("c") ROW("d") ROW("e") ROW("f") ROW("g") ROW("h");
    assert_int_equal(reps_of(two, "study --threads 4"), 6);         /* 1 */
    assert_int_equal(reps_of(two, "study --threads 1,4"), 7);       /* 2 */
    assert_int_equal(reps_of(four, "study --threads 4"), 7);        /* 3 */
    assert_int_equal(reps_of(ten, "study --threads 1,2,4,22"), 11); /* 36 */
    assert_int_equal(reps_of(ten, "study --threads 1,2,4,22 --quick"), 11);
    assert_int_equal(reps_of(ten, "study --threads 1,2,4,22 --reps 3"), 3);
    assert_int_equal(reps_of(ROW("w") ROW("x") ROW("y") ROW("z"), "study --threads 4"), 8); /* 6 */
    (void)state;
}

static void settings_refused(const char *line)
{
    struct variant_list table;
    struct study_options o;
    struct study_settings s;
    struct error err = {""};
    assert_int_equal(table_of("x\t\t\t\t\tno sources\ny\t\t\t\t/y\t\n", &table), 0);
    struct words argv;
    assert_int_equal(words_split(line, &argv, &err), 0);
    assert_int_equal(study_options_parse((int)argv.count, argv.items, &o, &err), 0);
    assert_int_equal(study_settings_make(&o, &table, &s, &err), -EINVAL);
    assert_true(err.text[0]);
    study_options_free(&o);
    words_free(&argv);
    variants_free(&table);
}

static void settings_refuse_what_cannot_be_run(void **state)
{
    settings_refused("study --variants y,z");        /* unknown */
    settings_refused("study --variants x");          /* absent */
    settings_refused("study --variants none");       /* nothing */
    settings_refused("study --variant y=/bin/true"); /* the name is taken */
    settings_refused("study --variant \"q='\"");
    (void)state;
}

/* The default is made from the CPUs that we may use, not from those that there are. */
static void settings_respect_affinity(void **state)
{
    cpu_set_t before, one;
    struct study_options o = {.reps = -1, .traced_reps = -1, .ledger_reps = -1, .variants = "none"};
    char name[] = "a";
    struct given_variant given = {.name = name, .command = "b"};
    struct variant_list none = {0};
    struct study_settings s;
    struct error err = {""};
    o.given = &given;
    o.given_count = 1;
    assert_int_equal(sched_getaffinity(0, sizeof(before), &before), 0);
    int cpu = 0;
    while (!CPU_ISSET(cpu, &before))
        cpu++;
    CPU_ZERO(&one);
    CPU_SET(cpu, &one);
    assert_int_equal(sched_setaffinity(0, sizeof(one), &one), 0);
    assert_int_equal(host_cores_allowed(), 1);
    assert_int_equal(study_settings_make(&o, &none, &s, &err), 0);
    assert_int_equal(sched_setaffinity(0, sizeof(before), &before), 0);
    assert_int_equal(s.thread_count, 3);
    assert_int_equal(s.threads[0], 1);
    assert_int_equal(s.threads[1], 2);
    assert_int_equal(s.threads[2], 22);
    study_settings_free(&s);
    assert_int_equal(host_cores_allowed(), CPU_COUNT(&before));
    (void)state;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(words_split_as_a_shell_does),
        cmocka_unit_test(words_may_set_variables),
        cmocka_unit_test(words_refuse_what_is_no_command),
        cmocka_unit_test(words_fill_placeholders),
        cmocka_unit_test(options_keep_what_was_given),
        cmocka_unit_test(options_refuse_nonsense),
        cmocka_unit_test(table_is_read),
        cmocka_unit_test(table_columns_go_by_name),
        cmocka_unit_test(table_may_be_hostile),
        cmocka_unit_test(settings_are_made),
        cmocka_unit_test(rounds_are_enough),
        cmocka_unit_test(settings_refuse_what_cannot_be_run),
        cmocka_unit_test(settings_respect_affinity),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
