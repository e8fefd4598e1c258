/* See perf_command.h.  The options: record_options of tools/perf/builtin-record.c in Linux 6.1 to 6.18; how
 * they are read: tools/lib/subcmd/parse-options.c. */
#include "probes/perf/perf_command.h"

#include "probes/host/process.h"
#include "probes/perf/perf_head.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct option {
    char letter; /* 0: it has none */
    const char *name;
};

/* Options that have a value, in the same word or the next.  Those whose value may be missing (-z, -I, -S,
 * --switch-output, --threads...) have it in the same word only, and so don't concern anybody here. */
static const struct option valued[] = {
    {'e', "event"},
    {0, "filter"},
    {'p', "pid"},
    {'t', "tid"},
    {'r', "realtime"},
    {'C', "cpu"},
    {'c', "count"},
    {'o', "output"},
    {'F', "freq"},
    {'m', "mmap-pages"},
    {0, "mmap-flush"},
    {0, "call-graph"},
    {'D', "delay"},
    {'G', "cgroup"},
    {'u', "uid"},
    {'j', "branch-filter"},
    {'k', "clockid"},
    {0, "clang-path"},
    {0, "clang-opt"},
    {0, "vmlinux"},
    {0, "proc-map-timeout"},
    {0, "switch-output-event"},
    {0, "switch-max-files"},
    {0, "affinity"},
    {0, "max-size"},
    {0, "num-thread-synthesize"},
    {0, "control"},
    {0, "synth"},
    {0, "off-cpu-thresh"},
    {0, "setup-filter"},
    {0, "buildid-dir"},
};

/* Letters of options whose value, if any, is the rest of the word. */
static const char rest_is_value[] = "zIS";

/* Takes note of an option that has been read. */
static void option_take(struct perf_command *c, const char *name, const char *value, const char **event)
{
    if (!strcmp(name, "event"))
        *event = value;
    else if (!strcmp(name, "filter") && *event && c->filtered_count < MAX_PERF_FILTERS)
        c->filtered[c->filtered_count++] = *event;
    else if (!strcmp(name, "filter"))
        c->filtered_more = true;
    else if (!strcmp(name, "pid"))
        c->pids = value;
    else if (!strcmp(name, "tid"))
        c->tids = value;
    else if (!strcmp(name, "uid"))
        c->user = value;
    else if (!strcmp(name, "delay"))
        c->delayed = true;
    else if (!strcmp(name, "cpu") || !strcmp(name, "cgroup") || !strcmp(name, "all-cpus"))
        c->all = true;
}

static const struct option *valued_by_letter(char letter)
{
    for (size_t i = 0; i < sizeof(valued) / sizeof(valued[0]); i++)
        if (valued[i].letter == letter)
            return &valued[i];
    return NULL;
}

/* Returns the option of that name, or the only one that begins so. */
static const struct option *valued_by_name(const char *name, size_t length)
{
    static const char others[] =
        " aio all-cgroups all-cpus all-kernel all-user aux-sample bpf-event branch-any buildid-all "
        "buildid-mmap"
        " code-page-size compression-level data data-page-size debuginfod dry-run exclude-perf group "
        "intr-regs"
        " kcore kernel-callchains namespaces no-bpf-event no-buffering no-buildid no-buildid-cache no-inherit"
        " no-samples off-cpu overwrite per-thread period phys-data quiet raw-samples running-time sample-cpu"
        " sample-identifier snapshot stat strict-freq switch-events switch-output tail-synthesize threads"
        " timestamp timestamp-boundary timestamp-filename transaction user-callchains user-regs verbose "
        "weight";
    const struct option *found = NULL;
    size_t fits = 0;
    for (size_t i = 0; i < sizeof(valued) / sizeof(valued[0]); i++) {
        if (strncmp(valued[i].name, name, length) != 0)
            continue;
        if (!valued[i].name[length])
            return &valued[i];
        found = &valued[i];
        fits++;
    }
    for (const char *at = others; (at = strchr(at, ' ')); at++)
        fits += !strncmp(at + 1, name, length);
    return fits == 1 ? found : NULL;
}

/* Reads a word of letters, "-ag" or "-aF99".  Returns true if the next word is a value. */
static bool letters_read(struct perf_command *c, const char *letters, const char *next, const char **event)
{
    for (; *letters && !strchr(rest_is_value, *letters); letters++) {
        const struct option *o = valued_by_letter(*letters);
        if (o) {
            option_take(c, o->name, letters[1] ? letters + 1 : next, event);
            return !letters[1];
        }
        c->all |= *letters == 'a';
    }
    return false;
}

/* Reads "--name", "--name=value".  Returns true if the next word is a value. */
static bool name_read(struct perf_command *c, const char *name, const char *next, const char **event)
{
    const size_t length = strcspn(name, "=");
    const struct option *o = length ? valued_by_name(name, length) : NULL;
    if (o)
        option_take(c, o->name, name[length] ? name + length + 1 : next, event);
    else if (length > 4 && !strncmp("all-cpus", name, length))
        c->all = true;
    return o && !name[length];
}

/* Returns the word behind "record", and takes note of what the command before it asks for by itself:
 * `perf sched record` and `perf kvm record` look at the whole machine. */
static size_t record_find(char *const *words, size_t count, struct perf_command *c)
{
    for (size_t i = 1; i < count; i++) {
        if (!strcmp(words[i], "record") || !strcmp(words[i], "rec"))
            return i + 1;
        c->all |= !strcmp(words[i], "sched") || !strcmp(words[i], "kvm") || !strcmp(words[i], "timechart");
    }
    return count;
}

void perf_command_read(char *const *words, size_t count, struct perf_command *c)
{
    const char *event = NULL;
    *c = (struct perf_command){.at = count};
    size_t i = record_find(words, count, c);
    for (; i < count && words[i][0] == '-' && words[i][1]; i++) {
        const char *next = i + 1 < count ? words[i + 1] : NULL;
        if (!strcmp(words[i], "--")) {
            i++;
            break;
        }
        i += words[i][1] == '-' ? name_read(c, words[i] + 2, next, &event)
                                : letters_read(c, words[i] + 1, next, &event);
    }
    c->at = i < count ? i : count;
}

bool perf_command_is_measured(const struct perf_command *c, size_t word_count)
{
    return c->at < word_count && !c->all && !c->pids && !c->tids && !c->user;
}

bool perf_command_filters(const struct perf_command *c, const char *event)
{
    const size_t length = strlen(event);
    for (size_t i = 0; i < c->filtered_count; i++) {
        const size_t all = strlen(c->filtered[i]);
        /* a pattern of names ("syscalls:sys_*_futex") filters all of them */
        if (strpbrk(c->filtered[i], "*?[") ||
            (all >= length && !strcmp(c->filtered[i] + all - length, event) &&
             (all == length || c->filtered[i][all - length - 1] == ',')))
            return true;
    }
    return c->filtered_more;
}

char *perf_command_text(const struct perf_command *c, char *const *words, size_t count)
{
    const char *const what = c->all    ? "all processes"
                             : c->pids ? "process "
                             : c->tids ? "thread "
                             : c->user ? "processes of user "
                                       : NULL;
    const char *which = c->all ? "" : c->pids ? c->pids : c->tids ? c->tids : c->user;
    char *copy[MAX_PERF_WORDS + 1], *command = NULL, *line = NULL;
    size_t n = 0;
    for (size_t i = c->at; i < count && n < MAX_PERF_WORDS; i++)
        copy[n++] = words[i];
    copy[n] = NULL;
    if (n)
        command = process_command_line(copy);
    if (!what)
        return n ? command : strdup("not told: perf's command line is not in the session");
    if (asprintf(&line, "%s%s%s%s", what, which ? which : "?", command ? ", while: " : "",
                 command ? command : "") < 0)
        line = NULL;
    free(command);
    return line;
}
