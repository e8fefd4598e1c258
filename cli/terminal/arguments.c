/* See arguments.h.  The C library's functions take blanks, signs and what stands behind a number: these
 * don't. */
#include "cli/terminal/arguments.h"

#include "cli/terminal/command.h"
#include "cli/terminal/suggestion.h"
#include "probes/elf/debug_file.h"

#include <errno.h>
#include <getopt.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

bool argument_number(const char *text, uint64_t least, uint64_t most, uint64_t *number)
{
    char *end;
    errno = 0;
    const unsigned long long n = strtoull(text, &end, 10);
    if (*text < '0' || *text > '9' || errno || *end || n < least || n > most)
        return false;
    *number = n;
    return true;
}

bool argument_seconds(const char *text, double least, double most, uint64_t *ns)
{
    char *end;
    const double seconds = strtod(text, &end);
    if (((*text < '0' || *text > '9') && *text != '.') || end == text || *end || !isfinite(seconds) ||
        seconds < least || seconds > most)
        return false;
    *ns = (uint64_t)(seconds * 1e9);
    return true;
}

bool argument_lists(const char *list, const char *name)
{
    size_t n = strlen(name);
    for (const char *p = list; p;) {
        size_t item = strcspn(p, ",");
        if (item == n && !strncmp(p, name, n))
            return true;
        p = p[item] ? p + item + 1 : NULL;
    }
    return false;
}

int argument_debug_file(const char *path, struct debug_files **given)
{
    struct error err = {""};
    if (!*given)
        *given = debug_files_new();
    const int rc = *given ? debug_files_add(*given, path, &err) : error_set(&err, -ENOMEM, "out of memory");
    if (rc)
        fprintf(stderr, "heapwait: %s\n", err.text);
    return rc;
}

int argument_error(const char *command, const char *format, ...)
{
    va_list args;
    fprintf(stderr, "heapwait %s: ", command);
    va_start(args, format);
    vfprintf(stderr, format, args);
    va_end(args);
    fprintf(stderr, "; `heapwait %s --help` tells the options\n", command);
    return EXIT_USAGE;
}

/* Returns the long option whose name, up to an '=', is the whole of this word behind its two dashes; NULL: it
 * is none. */
static const struct option *long_find(const char *word, const struct option *longs)
{
    if (strncmp(word, "--", 2) != 0)
        return NULL;
    const size_t n = strcspn(word + 2, "=");
    for (const struct option *o = longs; o->name; o++)
        if (strlen(o->name) == n && !strncmp(o->name, word + 2, n))
            return o;
    return NULL;
}

const char *argument_unknown(char *buffer, char *const *argv, const struct option *longs)
{
    const char *word = argv[optind - 1];
    const struct option *whole = long_find(word, longs);
    char suggested[SUGGESTION_TEXT];
    if (whole && whole->has_arg == no_argument && strchr(word, '=')) {
        snprintf(buffer, ARGUMENT_TEXT, "--%s takes no value, and '%.256s' has one", whole->name, word);
        return buffer;
    }
    if (optopt) { /* of one letter; with others behind it getopt_long() has not gone on to the next word yet
                   */
        snprintf(buffer, ARGUMENT_TEXT, "there is no option '-%c'", optopt);
        return buffer;
    }
    char *name = strncmp(word, "--", 2) ? NULL : strndup(word + 2, strcspn(word + 2, "="));
    struct suggestion s = suggestion_begin(name ? name : "");
    for (const struct option *o = longs; o->name; o++)
        suggestion_offer(&s, o->name);
    snprintf(buffer, ARGUMENT_TEXT, "there is no option '%.200s'%s", word,
             suggestion_write(&s, "--", suggested));
    free(name);
    return buffer;
}

void argument_behind_tell(const char *command, char *const *argv, int at, const struct option *longs)
{
    if (!strcmp(argv[at - 1], "--"))
        return;
    for (int i = at + 1; argv[i] && strcmp(argv[i], "--"); i++) {
        const struct option *o = long_find(argv[i], longs);
        if (!o || !strcmp(o->name, "help"))
            continue;
        const char *value = o->has_arg == required_argument ? " VALUE" : "", *program = argv[at];
        fprintf(stderr,
                "heapwait: note: --%s stands behind '%s', so '%s' gets it (heapwait's: `heapwait %s --%s%s "
                "-- %s`; "
                "a `--` before '%s' ends this note)\n",
                o->name, program, program, command, o->name, value, program, program);
    }
}
