/* What `perf script` prints, line by line, as records: samples with their call path, tracepoints with their
 * numbers, mappings, forks, execs, exits, switches, losses.  Owns a line, a call path and nothing else:
 * memory is bounded whatever comes in, and what isn't understood is counted and passed over.
 *
 * A thread's name (comm) may hold anything, line ends included, so names are never asked for.  Since Linux
 * 5.18 perf prints a user address of a call path as an offset in its file; older perfs print the process's
 * address. */
#ifndef HEAPWAIT_PERF_SCRIPT_H
#define HEAPWAIT_PERF_SCRIPT_H

#include "probes/perf/perf_trace.h"

#include <stddef.h>
#include <stdint.h>

/* The fields that the parser expects.  It also expects --ns, and --show-*-events of the records below.  Text
 * without the field misc, or with period, is read as well. */
#define PERF_SCRIPT_FIELDS "pid,tid,misc,time,event,ip,sym,dso,trace"
/* The same of a session whose samples have no time. */
#define PERF_SCRIPT_FIELDS_TIMELESS "pid,tid,misc,event,ip,sym,dso,trace"
/* What prints a session so that its text can be imported: on one line, or, where lines are short, on two. */
#define PERF_SCRIPT_COMMAND_BEGIN "perf script --show-mmap-events --show-task-events --show-lost-events -F"
#define PERF_SCRIPT_COMMAND_END   PERF_SCRIPT_FIELDS " --show-switch-events --header --ns"
#define PERF_SCRIPT_COMMAND       PERF_SCRIPT_COMMAND_BEGIN " " PERF_SCRIPT_COMMAND_END

enum perf_kind {
    PERF_SAMPLE, /* any event that was sampled: perf_record.trace tells what it was */
    PERF_MAP,    /* an executable mapping was made, by exec or later */
    PERF_EXEC,
    PERF_FORK, /* a process or (pid == parent) a thread */
    PERF_EXIT,
    PERF_SWITCH_OUT, /* perf's own records (--switch-events) of the thread tid */
    PERF_SWITCH_IN,
    PERF_LOST,
};

/* One step of a call path, innermost first. */
struct perf_frame {
    uint64_t address;   /* as printed: an offset or an address, see above */
    const char *symbol; /* NULL: perf knew none */
    const char *dso;    /* path of a file, "[kernel.kallsyms]", "[vdso]"...; NULL: perf knew none */
    bool kernel;        /* it is the kernel's code */
};

/* Valid during the call of `take` only, strings too. */
struct perf_record {
    enum perf_kind kind;
    uint64_t time_ns; /* on the session's clock; 0: before the session began */
    uint32_t pid, tid;
    char mode; /* whose code ran: 'U'ser's, 'K'ernel's, 'H'ypervisor's, 'G' and 'g': a guest's; 0: not told */
    const char *event; /* its name (PERF_SAMPLE) */
    struct perf_trace trace;
    const struct perf_frame *frames;
    size_t frame_count;
    bool has_path;       /* the frames are a call path; else there is at most one, where the thread was */
    const char *comm;    /* PERF_EXEC: at most 15 bytes of the program's name; NULL: no room */
    uint32_t parent;     /* PERF_FORK: the parent's pid */
    uint32_t parent_tid; /* PERF_FORK: which of its threads it was */
    bool preempted;      /* PERF_SWITCH_OUT */
    uint64_t lost;       /* PERF_LOST: how many records, or samples of one event */
    bool lost_samples;   /* PERF_LOST: it is samples */
    struct {
        uint64_t start, length, file_offset, inode; /* inode 0: not told */
        const char *build_id;                       /* in hexadecimal; NULL: not told */
        const char *path;                           /* as printed: "[vdso]" and "//anon" too */
    } map;
};

struct perf_script;

typedef void (*perf_take_fn)(void *context, const struct perf_record *r);

/* Records are handed to `take` with `context`.  NULL: out of memory. */
struct perf_script *perf_script_new(perf_take_fn take, void *context);

/* Tells by which table system calls are numbered ("x86_64", "aarch64"); without it raw_syscalls can't be
 * read.  The text is copied. */
void perf_script_set_machine(struct perf_script *p, const char *machine);

/* Samples have no time, and their lines none: time_ns is then the number of the record, from 1. */
void perf_script_set_timeless(struct perf_script *p);

/* Tells of which tracepoints the fields aren't there: names, each between blanks (" a:b c:d ").  They become
 * TRACE_OTHER.  The text is copied. */
void perf_script_set_counted(struct perf_script *p, const char *names);

/* Lines that begin with "#" are handed to `take` without their end; else they are passed over. */
void perf_script_set_comment(struct perf_script *p, void (*take)(void *context, const char *line),
                             void *context);

/* Takes the next piece of the output, of any size and cut anywhere. */
void perf_script_feed(struct perf_script *p, const char *text, size_t size);

/* Takes note that the output has ended: hands over the record that is pending. */
void perf_script_end(struct perf_script *p);

/* Returns how many lines made no sense, cut ones included. */
uint64_t perf_script_strange(const struct perf_script *p);

/* Returns how many records were passed over since perf had written them twice (perf_twice.h). */
uint64_t perf_script_copies(const struct perf_script *p);

/* NULL is fine. */
void perf_script_free(struct perf_script *p);

#endif
