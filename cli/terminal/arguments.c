/* See arguments.h.  The C library's functions take blanks, signs and what stands behind a number: these
 * don't. */
#include "cli/terminal/arguments.h"

#include "cli/terminal/command.h"

#include <errno.h>
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
