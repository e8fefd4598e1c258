/* See perf_event.h.  The text: perf_event_attr__fprintf() of tools/perf/util/perf_event_attr_fprintf.c. */
#include "probes/perf/perf_event.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Returns the text behind ", KEY = "; NULL: it is not there. */
static const char *value_find(const char *text, const char *key)
{
    const size_t length = strlen(key);
    for (const char *at = text; (at = strstr(at, ", ")); at++)
        if (!strncmp(at + 2, key, length) && !strncmp(at + 2 + length, " = ", 3))
            return at + 2 + length + 3;
    return NULL;
}

static uint64_t number_find(const char *text, const char *key)
{
    const char *value = value_find(text, key);
    return value ? strtoull(value, NULL, 0) : 0;
}

/* Returns true if the list "IP|TID|TIME, ..." has the word. */
static bool list_has(const char *list, const char *word)
{
    const size_t length = strlen(word);
    for (const char *at = list; at && *at && *at != ','; at += *at == '|') {
        const size_t n = strcspn(at, "|,");
        if (n == length && !memcmp(at, word, n))
            return true;
        at += n;
    }
    return false;
}

static void piece_copy(char *to, size_t size, const char *from, size_t length)
{
    if (to)
        snprintf(to, size, "%.*s", (int)length, from);
}

/* There are "group:tracepoint:u/terms/", "cycles:u", "cycles/freq=99/u" and "cpu_core/cycles,percore/u". */
void perf_event_base(const char *name, char *base, size_t size, char *pmu, size_t pmu_size)
{
    const size_t length = strcspn(name, ":/");
    const char *rest = name[length] ? name + length + 1 : "";
    size_t piece = strcspn(rest, ":/,");
    piece_copy(pmu, pmu_size, "", 0);
    if (name[length] == '/' && piece && !memchr(rest, '=', piece)) {
        piece_copy(pmu, pmu_size, name, length);
        piece_copy(base, size, rest, piece);
    } else if (name[length] == ':' && strspn(rest, "ukhGHIpPSDWeb") < piece) {
        piece_copy(base, size, name, length + 1 + piece);
    } else {
        piece_copy(base, size, name, length);
    }
}

/* The name may hold commas ("cpu-clock/freq=99,call-graph=fp/"): it ends before what follows. */
static void name_take(const char *text, struct perf_event_facts *e)
{
    const char *end = strchr(text, ','), *id = strstr(text, ", id = {");
    for (const char *at = end; at && id && at < id; at = strstr(at + 1, ", "))
        end = at;
    size_t length = end ? (size_t)(end - text) : strlen(text);
    while (length && (text[length - 1] == ' ' || text[length - 1] == ','))
        length--;
    piece_copy(e->name, sizeof(e->name), text, length);
    perf_event_base(e->name, e->base, sizeof(e->base), NULL, 0);
}

void perf_event_read(const char *text, struct perf_event_facts *e)
{
    const char *fields = value_find(text, "sample_type");
    *e = (struct perf_event_facts){
        .rate = number_find(text, "{ sample_period, sample_freq }"),
        .frequency = number_find(text, "freq") != 0,
        .tracepoint = number_find(text, "type") == 2,
        .exclude_user = number_find(text, "exclude_user") != 0,
        .exclude_kernel = number_find(text, "exclude_kernel") != 0,
        .context_switches = number_find(text, "context_switch") != 0,
        .call_paths = list_has(fields, "CALLCHAIN"),
        .stacks = list_has(fields, "STACK_USER"),
        .periods = list_has(fields, "PERIOD"),
        /* older perfs don't tell who is followed; those that do tell the size of their attributes */
        .inherits = !value_find(text, "size") || number_find(text, "inherit") != 0,
        .timeless = fields && !list_has(fields, "TIME"),
    };
    e->fieldless = e->tracepoint && fields && !list_has(fields, "RAW");
    name_take(strncmp(text, "name = ", 7) ? text : text + 7, e);
}

bool perf_event_is_sampled(const struct perf_event_facts *e)
{
    return e->tracepoint && (e->frequency || (e->rate > 1 && !e->periods));
}

bool perf_event_is_excluded(const struct perf_event_facts *e)
{
    const bool of_call = !strncmp(e->base, "syscalls:", 9);
    return e->tracepoint && (of_call ? e->exclude_user : e->exclude_kernel);
}
