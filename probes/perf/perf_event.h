/* What a session says of one of its events: what it is, and which part of it was recorded.  An event that was
 * sampled, filtered or restricted is not all that happened. */
#ifndef HEAPWAIT_PERF_EVENT_H
#define HEAPWAIT_PERF_EVENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct perf_event_facts {
    char name[128]; /* as perf prints it with each sample */
    char base[96];  /* without modifiers and terms: "syscalls:sys_enter_futex", "cycles" */
    uint64_t rate;  /* each so many of it made a sample; `frequency`: so many samples a second */
    bool frequency, tracepoint, exclude_user, exclude_kernel, context_switches;
    bool call_paths, stacks, periods; /* its samples have call paths; copies of stacks; tell their period */
    bool inherits;                    /* it follows threads and children that began later */
    bool timeless;                    /* its samples have no time */
    bool fieldless; /* a tracepoint that was counted with another event's samples (:S): no fields */
};

/* Reads the text behind "# event : " in perf's header: "name = sched:sched_switch, , id = { 1, 2 }, type = 2,
 * ..., sample_type = IP|TID|TIME|CALLCHAIN, ..., freq = 1, exclude_kernel = 1".  What is not told is taken to
 * be perf's default: all of it is recorded. */
void perf_event_read(const char *text, struct perf_event_facts *out);

/* Returns true if not each time that a tracepoint was met is in the session, because only some were sampled:
 * by frequency; or by number, unless each sample has a field for its period.  With that field the kernel
 * makes a sample each time, whatever perf record -c says (perf_swevent_event() in kernel/events/core.c). */
bool perf_event_is_sampled(const struct perf_event_facts *e);

/* Returns true if the event can't be in the session at all: a tracepoint that happens in the kernel's code
 * when perf left that out, or one of a system call, which counts as the user's, when it left that out. */
bool perf_event_is_excluded(const struct perf_event_facts *e);

/* Copies the event's name without its modifiers and terms: "cycles" of "cpu_core/cycles/u" too, `pmu` set to
 * "cpu_core" then, else to an empty text.  `pmu` NULL: nobody asks. */
void perf_event_base(const char *name, char *base, size_t size, char *pmu, size_t pmu_size);

#endif
