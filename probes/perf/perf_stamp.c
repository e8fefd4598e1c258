/* See perf_stamp.h.  perf_sample__fprintf_start() of tools/perf/builtin-script.c prints these. */
#include "probes/perf/perf_stamp.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Reads the letters of the mode, if there are any: blanks follow them.  Returns what comes then. */
static const char *mode_take(const char *text, char *mode)
{
    /* perf's other letters tell of records what their text tells too */
    const size_t letters = strspn(text, "KUHGgMESp");
    *mode = 0;
    if (!letters || text[letters] != ' ')
        return text;
    if (strchr("KUHGg", *text))
        *mode = *text;
    return text + letters + strspn(text + letters, " ");
}

/* Reads "SECONDS.NANOSECONDS:", or with fewer digits.  Returns what follows; NULL: it is no time. */
static const char *time_take(const char *text, uint64_t *time_ns, bool *exact)
{
    int n = 0;
    uint64_t seconds, fraction;
    char digits[10];
    if (sscanf(text, "%" SCNu64 ".%9[0-9]%n", &seconds, digits, &n) != 2)
        return NULL;
    size_t given = strlen(digits);
    *exact = given == 9;
    fraction = strtoull(digits, NULL, 10);
    for (; given < 9; given++)
        fraction *= 10;
    if (text[n] != ':' || seconds > UINT64_MAX / 2000000000)
        return NULL;
    *time_ns = seconds * 1000000000 + fraction;
    return text + n + 1;
}

const char *perf_stamp_read(const char *line, bool timeless, struct perf_stamp *out)
{
    int pid, tid, n = 0;
    if (sscanf(line, "%d/%d %n", &pid, &tid, &n) != 2 || !n)
        return NULL;
    out->pid = (uint32_t)pid;
    out->tid = (uint32_t)tid;
    const char *text = mode_take(line + n, &out->mode);
    out->exact = false;
    if (!timeless)
        text = time_take(text, &out->time_ns, &out->exact);
    return text ? text + strspn(text, " ") : NULL;
}

uint64_t perf_stamp_time(const char *line)
{
    struct perf_stamp stamp = {.time_ns = 0};
    return perf_stamp_read(line, false, &stamp) ? stamp.time_ns : 0;
}
