/* See refusal.h.  The forms of libbpf's lines are those of 0.8 to 1.6; another one is told as it stands. */
#include "probes/session/refusal.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

/* What the programs need that the oldest kernels with BTF haven't got, and what brings it: the version whose
 * merge window took the commit.  A distribution's kernel may have it earlier. */
static const struct {
    int number; /* a kernel without the helper knows it by that alone */
    const char *name, *since;
} helpers[] = {
    {BPF_FUNC_ringbuf_reserve, "bpf_ringbuf_reserve", "5.8"},            /* 457f44363a88 */
    {BPF_FUNC_get_current_task_btf, "bpf_get_current_task_btf", "5.11"}, /* 3ca1032ab7ab */
    /* a10787e6d58c: in tracing programs; since 5.11 in LSM programs alone */
    {BPF_FUNC_task_storage_get, "bpf_task_storage_get", "5.13"},
    {BPF_FUNC_task_storage_delete, "bpf_task_storage_delete", "5.13"},
    {BPF_FUNC_task_pt_regs, "bpf_task_pt_regs", "5.15"}, /* dd6e10fbd9fb */
};

static const struct {
    enum bpf_map_type type;
    const char *since;
} maps[] = {
    {BPF_MAP_TYPE_RINGBUF, "5.8"},       /* 457f44363a88 */
    {BPF_MAP_TYPE_TASK_STORAGE, "5.13"}, /* a10787e6d58c: without CONFIG_BPF_LSM */
};

static struct refusal *listening;

/* Copies the line without its end, and without blanks around it. */
static void line_copy(char *to, size_t size, const char *line, size_t length)
{
    while (length && isspace((unsigned char)*line)) {
        line++;
        length--;
    }
    while (length && isspace((unsigned char)line[length - 1]))
        length--;
    snprintf(to, size, "%.*s", (int)(length < size ? length : size - 1), line);
}

/* "prog 'NAME': ..." sets name[64].  Returns what stands behind; NULL: the line isn't of that kind. */
static const char *name_take(const char *line, const char *kind, char name[64])
{
    const size_t length = strlen(kind);
    if (strncmp(line, kind, length) != 0)
        return NULL;
    const char *from = line + length, *end = strchr(from, '\'');
    if (!end || strncmp(end, "': ", 3) != 0)
        return NULL;
    line_copy(name, 64, from, (size_t)(end - from));
    return end + 3;
}

/* Picks the verifier's last line that isn't its statistics. */
static void log_take(struct refusal *r, const char *log)
{
    for (const char *line = log; *line;) {
        const size_t length = strcspn(line, "\n");
        char text[sizeof(r->verifier)];
        line_copy(text, sizeof(text), line, length);
        if (!strncmp(text, "processed ", 10) || strstr(text, "END PROG LOAD LOG"))
            break;
        if (*text)
            memcpy(r->verifier, text, sizeof(text));
        line += length + (line[length] == '\n');
    }
    r->types |= strstr(r->verifier, "CO-RE relocation") != NULL;
}

/* Sets name[64] to what the line is about.  Returns true if that is something new. */
static bool subject_take(const char **line, const char *kind, char name[64], char other[64])
{
    char before[64];
    memcpy(before, name, sizeof(before));
    const char *rest = name_take(*line, kind, name);
    if (!rest)
        return false;
    *line = rest;
    const bool is_new = other[0] || strcmp(before, name) != 0;
    other[0] = '\0';
    return is_new;
}

void refusal_take(struct refusal *r, const char *text)
{
    static const char own[] = "libbpf: ";
    if (!strncmp(text, own, sizeof(own) - 1))
        text += sizeof(own) - 1;
    if (subject_take(&text, "prog '", r->program, r->map) || subject_take(&text, "map '", r->map, r->program))
        r->words[0] = r->verifier[0] = '\0';
    const char *log = strstr(text, "BEGIN PROG LOAD LOG --\n");
    if (log)
        log_take(r, strchr(log, '\n') + 1);
    else if (!r->words[0])
        line_copy(r->words, sizeof(r->words), text, strcspn(text, "\n"));
}

__attribute__((format(printf, 2, 0))) static int print(enum libbpf_print_level level, const char *format,
                                                       va_list args)
{
    char *text = NULL;
    const char *wanted = getenv("HEAPWAIT_DEBUG");
    va_list again;
    if (level != LIBBPF_WARN)
        return wanted && !strcmp(wanted, "2") ? vfprintf(stderr, format, args) : 0;
    va_copy(again, args);
    if (listening && vasprintf(&text, format, again) >= 0) {
        refusal_take(listening, text);
        free(text);
    }
    va_end(again);
    return wanted ? vfprintf(stderr, format, args) : 0;
}

void refusal_listen(struct refusal *r)
{
    *r = (struct refusal){0};
    listening = r;
    libbpf_set_print(print);
}

void refusal_end(void)
{
    listening = NULL;
}

/* Returns the helper that the verifier's line refuses, behind one of: "invalid func unknown#175", "unknown
 * func bpf_task_pt_regs#175", "program of this type cannot use helper bpf_task_storage_get#156".  NULL: the
 * line is about something else. */
static const char *helper_find(const char *line)
{
    static const char *const forms[] = {"invalid func ", "unknown func ", "cannot use helper "};
    for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++)
        if (strstr(line, forms[i]))
            return strstr(line, forms[i]) + strlen(forms[i]);
    return NULL;
}

static int helper_set(const struct refusal *r, const char *helper, int code, struct error *err)
{
    const char *number = strchr(helper, '#');
    for (size_t i = 0; number && i < sizeof(helpers) / sizeof(helpers[0]); i++)
        if (atoi(number + 1) == helpers[i].number)
            return error_set(
                err, code,
                "this kernel lacks %s() for programs like heapwait's '%s': Linux %s or newer has it",
                helpers[i].name, r->program, helpers[i].since);
    const char *name = number && !strncmp(helper, "unknown#", 8) ? number : helper;
    const size_t length = name == number ? strcspn(name, " ") : strcspn(name, "# ");
    return error_set(err, code, "this kernel lacks the helper %.*s for programs like heapwait's '%s'",
                     (int)length, name, r->program);
}

static int map_set(const struct refusal *r, const struct bpf_object *object, int code, struct error *err)
{
    const struct bpf_map *map = object ? bpf_object__find_map_by_name(object, r->map) : NULL;
    const char *type = map ? libbpf_bpf_map_type_str(bpf_map__type(map)) : NULL;
    /* to ask makes such a map, with nothing that is special about this one */
    if (map && code != -EPERM && libbpf_probe_bpf_map_type(bpf_map__type(map), NULL) != 1) {
        for (size_t i = 0; i < sizeof(maps) / sizeof(maps[0]); i++)
            if (maps[i].type == bpf_map__type(map))
                return error_set(
                    err, code,
                    "this kernel has no BPF maps of type %s, as '%s' is: Linux %s or newer has them", type,
                    r->map, maps[i].since);
        return error_set(err, code, "this kernel has no BPF maps of type %s, as '%s' is",
                         type ? type : "unknown", r->map);
    }
    if (code == -ENOMEM)
        return error_set(
            err, code,
            "there is no memory for the BPF map '%s': maps count where heapwait runs, so raise the memory "
            "limit of its cgroup, or run it outside of that",
            r->map);
    return error_set(err, code, "the kernel refuses BPF map '%s': %s", r->map, r->words);
}

/* Says that this is no refusal: heapwait may open too few files. */
static int files_set(int code, struct error *err)
{
    struct rlimit limit = {0};
    getrlimit(RLIMIT_NOFILE, &limit);
    return error_set(
        err, code,
        "heapwait may have %llu files open at a time, and each BPF program, map and CPU takes one: "
        "raise that limit (`ulimit -n 1024`)",
        (unsigned long long)limit.rlim_cur);
}

int refusal_set(const struct refusal *r, const struct bpf_object *object, int code, struct error *err)
{
    static const char more[] = "`HEAPWAIT_DEBUG=1 heapwait doctor` prints all of its words";
    const char *helper = helper_find(r->verifier);
    if (code == -EMFILE)
        return files_set(code, err);
    if (r->map[0])
        return map_set(r, object, code, err);
    if (!r->program[0] && !strcmp(r->words, "failed to iterate BTF objects: -1")) /* EPERM */
        return error_set(
            err, code,
            "with this kernel and this libbpf CAP_BPF and CAP_PERFMON are not enough: libbpf looks for the "
            "types of modules, which takes CAP_SYS_ADMIN; run heapwait as root");
    if (!r->program[0])
        return error_set(err, code, "the kernel refuses the BPF programs: %s%s%s; %s", strerror(-code),
                         r->words[0] ? ": " : "", r->words, more);
    if (r->types)
        return error_set(
            err, code,
            "this kernel's types aren't those that heapwait's BPF program '%s' was written for: %s",
            r->program, r->verifier);
    if (helper)
        return helper_set(r, helper, code, err);
    if (r->verifier[0])
        return error_set(err, code, "this kernel's verifier refuses heapwait's BPF program '%s' (%s): %s; %s",
                         r->program, strerror(-code), r->verifier, more);
    return error_set(err, code, "this kernel can't take heapwait's BPF program '%s': %s", r->program,
                     r->words);
}

int refusal_set_attach(const struct refusal *r, int code, struct error *err)
{
    static const char remedy[] = "`heapwait doctor` tells what is missing";
    if (code == -EMFILE)
        return files_set(code, err);
    if (!r->program[0])
        return error_set(err, code, "can't attach the BPF programs: %s; %s", strerror(-code), remedy);
    return error_set(err, code, "can't attach BPF program '%s': %s; %s", r->program, r->words, remedy);
}
