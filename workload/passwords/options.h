/* The command line of `passwords`, parsed once into a struct that nobody changes afterwards. */
#ifndef PASSWORDS_OPTIONS_H
#define PASSWORDS_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum source_kind { SOURCE_URANDOM, SOURCE_GETRANDOM, SOURCE_PRNG };
enum free_policy { FREE_AT_END, FREE_IMMEDIATELY };

enum option_limits {
    THREADS_MAX = 65536,
    LENGTH_MIN = 2, /* the shortest that is made of at least one random byte */
    LENGTH_MAX = 4096,
};
#define PASSWORDS_MAX UINT64_C(10000000000)

struct options {
    uint64_t threads; /* 0: not given, one per available processor */
    uint64_t passwords;
    uint64_t length; /* nominal: a password is made of length * 9/11 random bytes */
    enum source_kind source;
    enum free_policy free;
    bool print, json, help;
};

/* 0, or -EINVAL with one sentence in `message`. */
int options_parse(int argc, char *const *argv, struct options *options, char *message, size_t size);

/* Random bytes in one password. */
size_t options_bytes(const struct options *options);

const char *options_usage(void);
const char *source_name(enum source_kind source);
const char *free_name(enum free_policy policy);

#endif
