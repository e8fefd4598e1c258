/* The numbers of a tracepoint in the text that perf prints for it: futex calls, all system calls by number,
 * the scheduler's switches and wakeups.  perf has two ways of printing each, the kernel's own format and that
 * of libtraceevent's plugins, where they are installed; both are read. */
#ifndef HEAPWAIT_PERF_TRACE_H
#define HEAPWAIT_PERF_TRACE_H

#include <stdbool.h>
#include <stdint.h>

enum perf_trace_kind {
    TRACE_OTHER,
    TRACE_CLOCK,      /* no tracepoint: a sample of what runs, by a clock or by cycles */
    TRACE_CALL_ENTER, /* a futex call begins */
    TRACE_CALL_EXIT,
    TRACE_SWITCH, /* the sampled thread leaves the CPU to another one */
    TRACE_WAKEUP, /* a thread is made runnable */
};

enum perf_call { CALL_FUTEX, CALL_WAIT, CALL_WAKE, CALL_REQUEUE, CALL_WAITV, CALL_RESTART, CALL_NONE };

struct perf_trace {
    enum perf_trace_kind kind;
    bool raw;            /* from raw_syscalls: the same call may also have a tracepoint of its own */
    enum perf_call call; /* TRACE_CALL_*; CALL_NONE: another system call (raw) */
    uint64_t word;       /* the futex word's address; of requeue and waitv that of an array of words */
    uint32_t op;         /* CALL_FUTEX: FUTEX_* with its flags */
    uint32_t value;      /* CALL_FUTEX, if has_value: the call's argument `val` */
    bool has_value;
    int64_t result;  /* TRACE_CALL_EXIT */
    bool runnable;   /* TRACE_SWITCH: the thread was put off its CPU, it doesn't sleep */
    uint32_t thread; /* TRACE_SWITCH: the next one; TRACE_WAKEUP: the woken one */
};

/* Reads the text of an event into *out; an event that is none of these becomes TRACE_OTHER.  `machine` tells
 * by which table system calls are numbered ("x86_64", "aarch64"); with another, or NULL, no call of
 * raw_syscalls is a futex call.  Returns false if the text of a known event is not as expected. */
bool perf_trace_parse(const char *event, const char *text, const char *machine, struct perf_trace *out);

#endif
