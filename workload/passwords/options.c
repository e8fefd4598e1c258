/* Parsing: a table of options, each with the function that takes its value.  Not getopt_long, whose wording
 * and abbreviations differ between the C libraries that this program is built against. */
#include "workload/passwords/options.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

static const char *const source_names[] = {
    [SOURCE_URANDOM] = "urandom", [SOURCE_GETRANDOM] = "getrandom", [SOURCE_PRNG] = "prng"};
static const char *const free_names[] = {[FREE_AT_END] = "at-end", [FREE_IMMEDIATELY] = "immediately"};

struct message {
    char *text;
    size_t size;
};

/* Only digits: no sign, no blank, no suffix, so that "-1" and "1e6" are errors and not surprises. */
static bool number_parse(const char *text, uint64_t *number)
{
    uint64_t n = 0;

    if (!*text)
        return false;
    for (; *text; text++) {
        if (*text < '0' || *text > '9' || n > PASSWORDS_MAX)
            return false;
        n = n * 10 + (uint64_t)(*text - '0');
    }
    *number = n;
    return true;
}

static int take_number(const char *name, const char *value, uint64_t low, uint64_t high, uint64_t *to,
                       struct message m)
{
    uint64_t n;

    if (number_parse(value, &n) && n >= low && n <= high) {
        *to = n;
        return 0;
    }
    snprintf(m.text, m.size, "%s takes a whole number from %llu to %llu, not '%s'", name,
             (unsigned long long)low, (unsigned long long)high, value);
    return -EINVAL;
}

static int take_word(const char *name, const char *value, const char *const *words, int count, int *to,
                     struct message m)
{
    int used;

    for (int i = 0; i < count; i++) {
        if (!strcmp(value, words[i])) {
            *to = i;
            return 0;
        }
    }
    used = snprintf(m.text, m.size, "%s takes", name);
    for (int i = 0; i < count; i++)
        used += snprintf(m.text + used, m.size - (size_t)used, "%s%s", i ? " or " : " ", words[i]);
    snprintf(m.text + used, m.size - (size_t)used, ", not '%s'", value);
    return -EINVAL;
}

static int take_threads(struct options *o, const char *value, struct message m)
{
    return take_number("--threads", value, 1, THREADS_MAX, &o->threads, m);
}

static int take_passwords(struct options *o, const char *value, struct message m)
{
    return take_number("--passwords", value, 1, PASSWORDS_MAX, &o->passwords, m);
}

static int take_length(struct options *o, const char *value, struct message m)
{
    return take_number("--length", value, LENGTH_MIN, LENGTH_MAX, &o->length, m);
}

static int take_source(struct options *o, const char *value, struct message m)
{
    int source;
    int err = take_word("--source", value, source_names, 3, &source, m);

    if (!err)
        o->source = (enum source_kind)source;
    return err;
}

static int take_free(struct options *o, const char *value, struct message m)
{
    int policy;
    int err = take_word("--free", value, free_names, 2, &policy, m);

    if (!err)
        o->free = (enum free_policy)policy;
    return err;
}

static int take_print(struct options *o, const char *value, struct message m)
{
    (void)value, (void)m;
    o->print = true;
    return 0;
}

static int take_json(struct options *o, const char *value, struct message m)
{
    (void)value, (void)m;
    o->json = true;
    return 0;
}

static int take_help(struct options *o, const char *value, struct message m)
{
    (void)value, (void)m;
    o->help = true;
    return 0;
}

static const struct option {
    const char *name;
    bool has_value;
    int (*take)(struct options *o, const char *value, struct message m);
} table[] = {
    {"--threads", true, take_threads}, {"--passwords", true, take_passwords}, {"--length", true, take_length},
    {"--source", true, take_source},   {"--free", true, take_free},           {"--print", false, take_print},
    {"--json", false, take_json},      {"--help", false, take_help},
};

static const struct option *option_find(const char *word, size_t length)
{
    for (size_t i = 0; i < sizeof(table) / sizeof(*table); i++)
        if (strlen(table[i].name) == length && !memcmp(table[i].name, word, length))
            return &table[i];
    return NULL;
}

/* One option at argv[*i], as `--name value` or `--name=value`; *i ends at its last word. */
static int option_parse(int argc, char *const *argv, int *i, struct options *o, struct message m)
{
    const char *word = argv[*i];
    const char *equals = strchr(word, '=');
    const struct option *option = option_find(word, equals ? (size_t)(equals - word) : strlen(word));
    const char *value = equals ? equals + 1 : NULL;

    if (!option)
        snprintf(m.text, m.size, "there is no option '%s'; `passwords --help` lists them", word);
    else if (value && !option->has_value)
        snprintf(m.text, m.size, "%s takes no value", option->name);
    else if (!value && option->has_value && ++*i == argc)
        snprintf(m.text, m.size, "%s needs a value", option->name);
    else
        return option->take(o, value ? value : argv[*i], m);
    return -EINVAL;
}

int options_parse(int argc, char *const *argv, struct options *options, char *message, size_t size)
{
    struct message m = {message, size};

    *options = (struct options){.passwords = 1000000, .length = 32};
    for (int i = 1; i < argc; i++) {
        int err = option_parse(argc, argv, &i, options, m);
        if (err)
            return err;
    }
    if (options->print && options->free == FREE_IMMEDIATELY) {
        snprintf(message, size, "--print has nothing to print with --free immediately");
        return -EINVAL;
    }
    return 0;
}

size_t options_bytes(const struct options *options)
{
    return (size_t)(options->length * 9 / 11);
}

const char *source_name(enum source_kind source)
{
    return source_names[source];
}

const char *free_name(enum free_policy policy)
{
    return free_names[policy];
}

const char *options_usage(void)
{
    return "usage: passwords [OPTION...]\n"
           "Generates random passwords with several threads and tells how long it took.\n"
           "\n"
           "  --threads T        threads; one per available processor unless given\n"
           "  --passwords N      passwords in all (1000000)\n"
           "  --length L         nominal length: L * 9/11 random bytes, in base64 (32: 26 bytes, 36 "
           "characters)\n"
           "  --source SOURCE    urandom: /dev/urandom, one read per password (the default);\n"
           "                     getrandom: the system call; prng: computed, the same in every run, not "
           "secret\n"
           "  --free WHEN        at-end: the passwords are kept until all are made (the default);\n"
           "                     immediately: each is freed as soon as it is made, and only counted\n"
           "  --print            the passwords on stdout, one a line; the timing then goes to stderr\n"
           "  --json             the timing as a JSON object, elapsed_ns in nanoseconds\n"
           "  --help             this text\n";
}
