/* See perf_script.h.  A record is a line, and of a call path those that follow it up to an empty one; they
 * begin with a tab, which no record does. */
#include "probes/perf/perf_script.h"

#include "probes/perf/perf_stamp.h"
#include "probes/perf/perf_twice.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    MAX_LINE = 1 << 16, /* a path has at most 4096 bytes, a C++ symbol may have more */
    MAX_TEXT = 1 << 18, /* of a record with its call path */
    MAX_DEPTH = 512,    /* perf's own limit is 127, unless sysctl kernel.perf_event_max_stack says more */
};

struct perf_script {
    perf_take_fn take;
    void *context;
    char *machine, *counted;
    bool timeless;
    uint64_t number; /* of records without a time */
    void (*comment)(void *context, const char *line);
    void *comment_context;
    char *line, *text;
    size_t line_size, text_size;
    bool overlong; /* the line has outgrown MAX_LINE: the rest of it is passed over */
    bool pending;
    struct perf_record record;
    struct perf_frame frames[MAX_DEPTH];
    struct perf_twice twice;
    uint64_t strange;
};

struct perf_script *perf_script_new(perf_take_fn take, void *context)
{
    struct perf_script *p = calloc(1, sizeof(*p));
    if (!p)
        return NULL;
    p->take = take;
    p->context = context;
    p->line = malloc(MAX_LINE);
    p->text = malloc(MAX_TEXT);
    if (!p->line || !p->text) {
        perf_script_free(p);
        return NULL;
    }
    return p;
}

void perf_script_free(struct perf_script *p)
{
    if (!p)
        return;
    free(p->machine);
    free(p->counted);
    free(p->line);
    free(p->text);
    free(p);
}

void perf_script_set_machine(struct perf_script *p, const char *machine)
{
    free(p->machine);
    p->machine = strdup(machine);
}

void perf_script_set_timeless(struct perf_script *p)
{
    p->timeless = true;
}

void perf_script_set_counted(struct perf_script *p, const char *names)
{
    free(p->counted);
    p->counted = strdup(names);
}

void perf_script_set_comment(struct perf_script *p, void (*take)(void *context, const char *line),
                             void *context)
{
    p->comment = take;
    p->comment_context = context;
}

uint64_t perf_script_strange(const struct perf_script *p)
{
    return p->strange;
}

uint64_t perf_script_copies(const struct perf_script *p)
{
    return p->twice.copies;
}

/* perf may have been told to keep the kernel's part of a path out.  Then the kernel's code, where the thread
 * was, has a step without a name. */
static void kernel_step_add(struct perf_script *p)
{
    struct perf_record *r = &p->record;
    if (r->mode != 'K' || r->trace.kind != TRACE_CLOCK || (r->frame_count && p->frames[0].kernel))
        return;
    r->frame_count += r->frame_count < MAX_DEPTH;
    memmove(p->frames + 1, p->frames, (r->frame_count - 1) * sizeof(*p->frames));
    p->frames[0] =
        (struct perf_frame){.symbol = "[not recorded]", .dso = "[kernel.kallsyms]", .kernel = true};
}

static void record_emit(struct perf_script *p)
{
    if (!p->pending)
        return;
    p->pending = false;
    if (p->record.kind == PERF_SAMPLE)
        kernel_step_add(p);
    p->record.frames = p->frames;
    p->take(p->context, &p->record);
}

/* Returns a copy of the text that lives as long as the record; NULL: there is no room. */
static const char *text_keep(struct perf_script *p, const char *text, size_t length)
{
    if (p->text_size + length + 1 > MAX_TEXT)
        return NULL;
    char *copy = p->text + p->text_size;
    memcpy(copy, text, length);
    copy[length] = '\0';
    p->text_size += length + 1;
    return copy;
}

/* Returns a copy of the name; NULL: it is empty or "[unknown]", which perf prints if it knows nothing, or
 * there is no room. */
static const char *name_keep(struct perf_script *p, const char *text, size_t length)
{
    static const char unknown[] = "[unknown]";
    if (!length || (length == sizeof(unknown) - 1 && !memcmp(text, unknown, length)))
        return NULL;
    return text_keep(p, text, length);
}

/* Finds where the file's name begins in "__lock (/path/of the (file))".  A symbol may hold blanks and
 * brackets, and so may a path; but a path begins with a slash, and what is no file's with "[". */
static const char *dso_find(const char *text)
{
    const char *last = NULL;
    for (const char *next = text; (next = strstr(next, " (")); next++) {
        last = next;
        if (next[2] == '/' || next[2] == '[')
            break;
    }
    return last;
}

/* Returns true if the code is the kernel's.  On 64-bit machines the upper half of the addresses is (but for
 * s390x); elsewhere it is known by what perf calls it: "[kernel.kallsyms]", "[a_module]", a file of a module.
 */
static bool is_kernel(const struct perf_script *p, uint64_t address, const char *dso)
{
    static const char *const user[] = {"[vdso",  "[vvar", "[vectors",  "[sigpage", "[heap",
                                       "[stack", "[anon", "[vsyscall", "[uprobes", "[JIT"};
    if (p->record.mode == 'U' || p->record.mode == 'g')
        return false;
    if (address >> 63 || (dso && !strncmp(dso, "[kernel.", 8)))
        return true;
    if (!dso || !p->machine || strstr(p->machine, "64"))
        return false;
    for (size_t i = 0; i < sizeof(user) / sizeof(user[0]); i++)
        if (!strncmp(dso, user[i], strlen(user[i])))
            return false;
    return dso[0] == '[' || !strncmp(dso, "/lib/modules/", 13) || !strncmp(dso, "/usr/lib/modules/", 17);
}

/* Adds the frame of a line such as "  7f43 __lock (/path/of the file)". */
static bool frame_take(struct perf_script *p, const char *line)
{
    char *end;
    uint64_t address = strtoull(line, &end, 16);
    size_t length = strlen(line);
    if (end == line || *end != ' ' || line[length - 1] != ')')
        return false;
    const char *dso = dso_find(end);
    if (!dso || p->record.frame_count == MAX_DEPTH)
        return dso != NULL;
    struct perf_frame *f = &p->frames[p->record.frame_count++];
    *f = (struct perf_frame){.address = address};
    if (dso > end + 1)
        f->symbol = name_keep(p, end + 1, (size_t)(dso - end - 1));
    f->dso = name_keep(p, dso + 2, (size_t)(line + length - 1 - dso - 2));
    f->kernel = is_kernel(p, address, f->dso);
    return true;
}

/* Reads what follows PERF_RECORD_COMM: " exec: NAME:PID/TID".  Without "exec" it is only a new name. */
static bool comm_take(struct perf_script *p, const char *text)
{
    struct perf_record *r = &p->record;
    const char *colon = strrchr(text, ':');
    if (strncmp(text, " exec:", 6) != 0 || !colon)
        return false;
    int pid, tid;
    if (sscanf(colon, ":%d/%d", &pid, &tid) != 2)
        return false;
    r->kind = PERF_EXEC;
    r->pid = (uint32_t)pid;
    r->tid = (uint32_t)tid;
    const char *name = text + 6 + (text[6] == ' ');
    r->comm = colon > name ? text_keep(p, name, (size_t)(colon - name)) : NULL;
    return true;
}

/* Reads "(PID:TID):(PARENT:PARENT'S TID)". */
static bool fork_take(struct perf_record *r, enum perf_kind kind, const char *text)
{
    int pid, tid, parent, parent_tid;
    if (sscanf(text, "(%d:%d):(%d:%d", &pid, &tid, &parent, &parent_tid) != 4)
        return false;
    r->kind = kind;
    r->pid = (uint32_t)pid;
    r->tid = (uint32_t)tid;
    r->parent = (uint32_t)parent;
    r->parent_tid = (uint32_t)parent_tid;
    return true;
}

/* " PID/TID: [0x401000(0xa000) @ 0x1000 fe:00 5309463 2614434033]: r-xp PATH"; instead of the device, inode
 * and generation there may be "<build-id>", or nothing (PERF_RECORD_MMAP).  Mappings of data are of no
 * interest: with copies of stacks (--call-graph dwarf) perf records them as well. */
static bool map_take(struct perf_script *p, const char *text, bool *interesting)
{
    struct perf_record *r = &p->record;
    int pid, tid, n = 0;
    if (sscanf(text, " %d/%d: [%" SCNx64 "(%" SCNx64 ") @ %" SCNx64 "%n", &pid, &tid, &r->map.start,
               &r->map.length, &r->map.file_offset, &n) != 5)
        return false;
    const char *rest = text + n, *close = strstr(rest, "]: ");
    if (!close)
        return false;
    unsigned major, minor;
    const char *id = strchr(rest, '<'), *end = id ? strchr(id, '>') : NULL;
    if (end && end < close)
        r->map.build_id = text_keep(p, id + 1, (size_t)(end - id - 1));
    if (sscanf(rest, " %x:%x %" SCNu64, &major, &minor, &r->map.inode) != 3)
        r->map.inode = 0;
    const char *rights = close + 3, *path = strchr(rights, ' ');
    if (!path)
        return false;
    *interesting = memchr(rights, 'x', (size_t)(path - rights));
    r->kind = PERF_MAP;
    r->pid = (uint32_t)pid;
    r->tid = (uint32_t)tid;
    r->map.path = text_keep(p, path + 1, strlen(path + 1));
    return r->map.path != NULL;
}

static bool switch_take(struct perf_record *r, const char *text)
{
    if (!strncmp(text, "_CPU_WIDE", 9))
        text += 9;
    if (!strncmp(text, " IN", 3)) {
        r->kind = PERF_SWITCH_IN;
        return true;
    }
    r->kind = PERF_SWITCH_OUT;
    r->preempted = !strncmp(text, " OUT preempt", 12);
    return !strncmp(text, " OUT", 4);
}

static bool lost_take(struct perf_record *r, const char *text)
{
    r->kind = PERF_LOST;
    r->lost_samples = !strncmp(text, "_SAMPLES", 8);
    return sscanf(text, " lost %" SCNu64, &r->lost) == 1 ||
           sscanf(text, "_SAMPLES lost %" SCNu64, &r->lost) == 1;
}

/* Reads the text behind "PERF_RECORD_".  *interesting is set to whether it is a record that anybody asks for:
 * names, namespaces, BPF programs, text pokes are not. */
static bool event_take(struct perf_script *p, const char *text, bool *interesting)
{
    struct perf_record *r = &p->record;
    *interesting = true;
    if (!strncmp(text, "MMAP2", 5))
        return map_take(p, text + 5, interesting);
    if (!strncmp(text, "MMAP", 4))
        return map_take(p, text + 4, interesting);
    if (!strncmp(text, "FORK", 4))
        return fork_take(r, PERF_FORK, text + 4);
    if (!strncmp(text, "EXIT", 4))
        return fork_take(r, PERF_EXIT, text + 4);
    if (!strncmp(text, "SWITCH", 6))
        return switch_take(r, text + 6);
    if (!strncmp(text, "LOST", 4))
        return lost_take(r, text + 4);
    *interesting = !strncmp(text, "COMM exec:", 10);
    return !*interesting || comm_take(p, text + 4);
}

static bool is_counted(const struct perf_script *p, const char *event)
{
    const size_t length = strlen(event);
    for (const char *at = p->counted; at && (at = strstr(at, event)); at++)
        if (at > p->counted && at[-1] == ' ' && at[length] == ' ')
            return true;
    return false;
}

/* Reads a sample.  Without a call path the thread's place stands at the end of the line.  It is read for a
 * clock, where it is all there is; for a tracepoint it says nothing. */
static bool sample_take(struct perf_script *p, const char *text)
{
    struct perf_record *r = &p->record;
    const size_t digits = strspn(text, "0123456789");
    if (digits && text[digits] == ' ') /* the period */
        text += digits + strspn(text + digits, " ");
    size_t length = strcspn(text, " ");
    const char *rest = text + length + strspn(text + length, " ");
    if (length < 2 || text[length - 1] != ':')
        return false;
    r->kind = PERF_SAMPLE;
    r->event = text_keep(p, text, length - 1);
    if (r->event && is_counted(p, r->event)) {
        r->trace = (struct perf_trace){.call = CALL_NONE};
        return true;
    }
    if (!r->event || !perf_trace_parse(r->event, rest, p->machine, &r->trace))
        return false;
    if (r->trace.kind == TRACE_CLOCK && *rest)
        return frame_take(p, rest);
    return true;
}

/* Reads a record's first line: its stamp, then "EVENT: ..." or "PERF_RECORD_...", with the period before the
 * event or without. */
static bool head_take(struct perf_script *p, const char *line)
{
    struct perf_record *r = &p->record;
    struct perf_stamp stamp = {.time_ns = p->number + 1};
    const char *text = perf_stamp_read(line, p->timeless, &stamp);
    if (!text)
        return false;
    p->number++;
    if (stamp.exact && perf_twice_take(&p->twice, stamp.tid, stamp.time_ns, line))
        return true;
    *r = (struct perf_record){
        .pid = stamp.pid, .tid = stamp.tid, .mode = stamp.mode, .time_ns = stamp.time_ns};
    p->text_size = 0;
    bool interesting = true;
    bool good =
        strncmp(text, "PERF_RECORD_", 12) ? sample_take(p, text) : event_take(p, text + 12, &interesting);
    p->pending = good && interesting;
    return good;
}

static void line_take(struct perf_script *p)
{
    char *line = p->line;
    line[p->line_size] = '\0';
    while (p->line_size && (line[p->line_size - 1] == ' ' || line[p->line_size - 1] == '\r'))
        line[--p->line_size] = '\0';
    if (line[0] == '\t') {
        const char *frame = line + strspn(line, "\t ");
        if (p->pending && p->record.kind == PERF_SAMPLE) {
            p->record.has_path = true;
            p->strange += !frame_take(p, frame);
        }
        return;
    }
    record_emit(p);
    if (line[0] == '#') {
        if (p->comment)
            p->comment(p->comment_context, line);
        return;
    }
    if (line[0])
        p->strange += !head_take(p, line);
}

void perf_script_feed(struct perf_script *p, const char *text, size_t size)
{
    while (size) {
        const char *end = memchr(text, '\n', size);
        size_t piece = end ? (size_t)(end - text) : size, room = MAX_LINE - 1 - p->line_size;
        p->overlong |= piece > room;
        size_t taken = piece > room ? room : piece;
        memcpy(p->line + p->line_size, text, taken);
        p->line_size += taken;
        text += piece + (end != NULL);
        size -= piece + (end != NULL);
        if (!end)
            return;
        if (p->overlong)
            p->strange++;
        else
            line_take(p);
        p->overlong = false;
        p->line_size = 0;
    }
}

void perf_script_end(struct perf_script *p)
{
    if (p->line_size) /* a line without its end was cut off */
        p->strange++;
    p->line_size = 0;
    record_emit(p);
}
