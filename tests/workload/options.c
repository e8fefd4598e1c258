/* What the command line turns into, and which sentence a wrong one gets. */
#include "tests/workload/cmocka_test.h"

#include "workload/passwords/options.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

enum { WORDS_MAX = 8 };

/* Parses a line of words separated by single blanks. */
static int parse(const char *line, struct options *options, char *message, size_t size)
{
    char words[256];
    char *argv[WORDS_MAX];
    char *rest = words;
    int argc = 0;

    snprintf(words, sizeof(words), *line ? "passwords %s" : "passwords", line);
    while (rest && argc < WORDS_MAX)
        argv[argc++] = strsep(&rest, " ");
    return options_parse(argc, argv, options, message, size);
}

static void accepted(const char *line, struct options *options)
{
    char message[256] = "";

    assert_int_equal(parse(line, options, message, sizeof(message)), 0);
    assert_string_equal(message, "");
}

static void refused(const char *line, const char *sentence)
{
    struct options options;
    char message[256] = "";

    assert_int_equal(parse(line, &options, message, sizeof(message)), -EINVAL);
    assert_string_equal(message, sentence);
}

static void has_the_posts_defaults(void **state)
{
    struct options o;

    (void)state;
    accepted("", &o);
    assert_int_equal(o.threads, 0);
    assert_int_equal(o.passwords, 1000000);
    assert_int_equal(o.length, 32);
    assert_int_equal(options_bytes(&o), 26);
    assert_int_equal(o.source, SOURCE_URANDOM);
    assert_int_equal(o.free, FREE_AT_END);
    assert_false(o.print || o.json || o.help);
}

static void takes_every_option(void **state)
{
    struct options o;

    (void)state;
    accepted("--threads 22 --passwords=10000000000 --length 4096 --source=prng --json", &o);
    assert_int_equal(o.threads, 22);
    assert_true(o.passwords == UINT64_C(10000000000));
    assert_int_equal(o.length, 4096);
    assert_int_equal(o.source, SOURCE_PRNG);
    assert_true(o.json);
    accepted("--source getrandom --free immediately", &o);
    assert_int_equal(o.source, SOURCE_GETRANDOM);
    assert_int_equal(o.free, FREE_IMMEDIATELY);
    accepted("--source urandom --free at-end --print --help", &o);
    assert_true(o.print && o.help);
}

static void refuses_absurd_numbers(void **state)
{
    (void)state;
    refused("--threads 0", "--threads takes a whole number from 1 to 65536, not '0'");
    refused("--threads -1", "--threads takes a whole number from 1 to 65536, not '-1'");
    refused("--threads 65537", "--threads takes a whole number from 1 to 65536, not '65537'");
    refused("--threads=", "--threads takes a whole number from 1 to 65536, not ''");
    refused("--passwords 0", "--passwords takes a whole number from 1 to 10000000000, not '0'");
    refused("--passwords 1e6", "--passwords takes a whole number from 1 to 10000000000, not '1e6'");
    refused("--passwords +5", "--passwords takes a whole number from 1 to 10000000000, not '+5'");
    refused("--passwords 10000000001",
            "--passwords takes a whole number from 1 to 10000000000, not '10000000001'");
    refused("--passwords 18446744073709551617",
            "--passwords takes a whole number from 1 to 10000000000, not '18446744073709551617'");
    refused("--length 1", "--length takes a whole number from 2 to 4096, not '1'");
    refused("--length 4097", "--length takes a whole number from 2 to 4096, not '4097'");
}

static void refuses_wrong_words(void **state)
{
    (void)state;
    refused("--source random", "--source takes urandom or getrandom or prng, not 'random'");
    refused("--free never", "--free takes at-end or immediately, not 'never'");
    refused("--threads", "--threads needs a value");
    refused("--print=yes", "--print takes no value");
    refused("--thread 3", "there is no option '--thread'; `passwords --help` lists them");
    refused("22", "there is no option '22'; `passwords --help` lists them");
    refused("--print --free immediately", "--print has nothing to print with --free immediately");
}

/* A value of any length must not write past the message. */
static void survives_a_long_value(void **state)
{
    struct options options;
    char value[4000];
    char program[] = "passwords", name[] = "--source";
    char *argv[] = {program, name, value};
    char message[256];

    (void)state;
    memset(value, 'x', sizeof(value) - 1);
    value[sizeof(value) - 1] = '\0';
    assert_int_equal(options_parse(3, argv, &options, message, sizeof(message)), -EINVAL);
    assert_int_equal(strlen(message), sizeof(message) - 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(has_the_posts_defaults), cmocka_unit_test(takes_every_option),
        cmocka_unit_test(refuses_absurd_numbers), cmocka_unit_test(refuses_wrong_words),
        cmocka_unit_test(survives_a_long_value),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
