/* See perf_trace.h.  Formats: print fmt in /sys/kernel/tracing/events/EVENT/format (Linux 6.1 to 6.18) and
 * libtraceevent's plugins futex and sched_switch.  Names of threads stand in the text and may hold anything
 * but are at most 15 bytes long: what is searched for is longer, or is read from the right. */
#include "probes/perf/perf_trace.h"

#include "probes/perf/perf_event.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* Sets *out to the number behind `key` in the text, in C's notation. */
static bool number_after(const char *text, const char *key, uint64_t *out)
{
    const char *at = strstr(text, key);
    if (!at)
        return false;
    char *end;
    errno = 0;
    *out = strtoull(at + strlen(key), &end, 0);
    return end != at + strlen(key) && !errno;
}

/* Sets *out to the decimal number behind the last `key`. */
static bool id_after_last(const char *text, const char *key, uint32_t *out)
{
    const char *at = NULL;
    for (const char *next = text; (next = strstr(next, key)); next++)
        at = next + strlen(key);
    char *end;
    long n = at ? strtol(at, &end, 10) : -1;
    if (!at || end == at || n < 0 || n > INT32_MAX)
        return false;
    *out = (uint32_t)n;
    return true;
}

/* FUTEX_* of include/uapi/linux/futex.h, as libtraceevent's plugin spells them. */
static bool op_of_name(const char *name, uint32_t *op)
{
    static const char *const names[] = {"FUTEX_WAIT",           "FUTEX_WAKE",        "FUTEX_FD",
                                        "FUTEX_REQUEUE",        "FUTEX_CMP_REQUEUE", "FUTEX_WAKE_OP",
                                        "FUTEX_LOCK_PI",        "FUTEX_UNLOCK_PI",   "FUTEX_TRYLOCK_PI",
                                        "FUTEX_WAIT_BITSET",    "FUTEX_WAKE_BITSET", "FUTEX_WAIT_REQUEUE_PI",
                                        "FUTEX_CMP_REQUEUE_PI", "FUTEX_LOCK_PI2"};
    size_t length = strspn(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZ_0123456789");
    for (uint32_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        if (strlen(names[i]) == length && !strncmp(name, names[i], length)) {
            *op = i;
            return true;
        }
    return false;
}

static bool futex_parse(const char *text, struct perf_trace *out)
{
    uint64_t op;
    uint64_t value;
    const char *name = strstr(text, "op=");
    out->has_value = number_after(text, name ? " val=" : " val: ", &value);
    out->value = out->has_value ? (uint32_t)value : 0;
    if (name)
        return number_after(text, "uaddr=", &out->word) && op_of_name(name + 3, &out->op);
    if (!number_after(text, "uaddr: ", &out->word) || !number_after(text, " op: ", &op))
        return false;
    out->op = (uint32_t)op;
    return true;
}

static bool call_parse(const char *name, bool enter, const char *text, struct perf_trace *out)
{
    static const struct {
        const char *name;
        enum perf_call call;
        const char *word;
    } calls[] = {
        {"futex", CALL_FUTEX, NULL},
        {"futex_wait", CALL_WAIT, "uaddr: "},
        {"futex_wake", CALL_WAKE, "uaddr: "},
        {"futex_requeue", CALL_REQUEUE, "waiters: "},
        {"futex_waitv", CALL_WAITV, "waiters: "},
        {"restart_syscall", CALL_RESTART, NULL},
    };
    for (size_t i = 0; i < sizeof(calls) / sizeof(calls[0]); i++) {
        if (strcmp(name, calls[i].name) != 0)
            continue;
        out->kind = enter ? TRACE_CALL_ENTER : TRACE_CALL_EXIT;
        out->call = calls[i].call;
        uint64_t result;
        if (!enter) {
            if (!number_after(text, "", &result))
                return false;
            out->result = (int64_t)result;
            return true;
        }
        if (out->call == CALL_FUTEX)
            return futex_parse(text, out);
        return !calls[i].word || number_after(text, calls[i].word, &out->word);
    }
    return true;
}

/* System call numbers of asm/unistd.h: x86_64, and the generic table (aarch64). */
static enum perf_call call_of_number(long number, const char *machine)
{
    bool x86 = machine && !strcmp(machine, "x86_64"), arm = machine && !strcmp(machine, "aarch64");
    if (!x86 && !arm)
        return CALL_NONE;
    if (number == (x86 ? 202 : 98))
        return CALL_FUTEX;
    if (number == (x86 ? 219 : 128))
        return CALL_RESTART;
    return number == 449   ? CALL_WAITV
           : number == 454 ? CALL_WAKE
           : number == 455 ? CALL_WAIT
           : number == 456 ? CALL_REQUEUE
                           : CALL_NONE;
}

/* "NR 202 (7f.., 80, 2, ...)" and "NR 202 = 0". */
static bool raw_parse(bool enter, const char *text, const char *machine, struct perf_trace *out)
{
    char *end;
    if (strncmp(text, "NR ", 3) != 0)
        return false;
    long number = strtol(text + 3, &end, 10);
    out->raw = true;
    out->kind = enter ? TRACE_CALL_ENTER : TRACE_CALL_EXIT;
    out->call = call_of_number(number, machine);
    if (!enter) {
        if (strncmp(end, " = ", 3) != 0)
            return false;
        out->result = strtoll(end + 3, NULL, 10);
        return true;
    }
    if (strncmp(end, " (", 2) != 0)
        return false;
    out->word = strtoull(end + 2, &end, 16);
    if (strncmp(end, ", ", 2) != 0)
        return false;
    out->op = (uint32_t)strtoull(end + 2, &end, 16);
    out->has_value = !strncmp(end, ", ", 2);
    out->value = out->has_value ? (uint32_t)strtoull(end + 2, NULL, 16) : 0;
    return true;
}

/* Returns the letter behind " prev_prio=120 prev_state=", a text that is too long to stand in a thread's
 * name.  NULL: there is none. */
static const char *state_find(const char *text)
{
    static const char prio[] = " prev_prio=", state[] = " prev_state=";
    for (const char *at = text; (at = strstr(at, prio)); at++) {
        const char *end = at + sizeof(prio) - 1;
        end += strspn(end, "-0123456789");
        if (!strncmp(end, state, sizeof(state) - 1))
            return end + sizeof(state) - 1;
    }
    return NULL;
}

/* Sets *out to the number before the last bracket at or behind `from`, as in "name:12 [120]...". */
static bool id_before_bracket(const char *from, uint32_t *out)
{
    const char *bracket = strrchr(from, '[');
    if (!bracket || bracket - from < 3 || bracket[-1] != ' ')
        return false;
    const char *digits = bracket - 1;
    while (digits > from && digits[-1] != ':')
        digits--;
    char *end;
    long n = strtol(digits, &end, 10);
    *out = (uint32_t)n;
    return end == bracket - 1 && n >= 0 && n <= INT32_MAX;
}

/* The kernel's: "prev_comm=a prev_pid=1 prev_prio=120 prev_state=S ==> next_comm=b next_pid=2 next_prio=120";
 * the plugin's: "a:1 [120] S ==> b:2 [120]".  A state that begins with R is a thread that would go on. */
static bool switch_parse(const char *text, struct perf_trace *out)
{
    out->kind = TRACE_SWITCH;
    const char *state = state_find(text);
    if (state) {
        out->runnable = *state == 'R';
        return id_after_last(text, " next_pid=", &out->thread);
    }
    const char *arrow = strstr(text, " ==> ");
    if (!arrow || arrow == text)
        return false;
    for (state = arrow; state > text && state[-1] != ' ';)
        state--;
    out->runnable = *state == 'R';
    return id_before_bracket(arrow, &out->thread);
}

/* The kernel's: "comm=a pid=1 prio=120 target_cpu=000"; the plugin's: "a:1 [120] success=1 CPU:000". */
static bool wakeup_parse(const char *text, struct perf_trace *out)
{
    out->kind = TRACE_WAKEUP;
    if (strstr(text, " target_cpu="))
        return id_after_last(text, " pid=", &out->thread);
    return id_before_bracket(text, &out->thread);
}

/* Returns true if the event samples time on a CPU, by a clock or by cycles: "cpu-clock:u", "cycles:P",
 * "cpu_core/cycles/". */
static bool is_clock(const char *event)
{
    return !strncmp(event, "cpu-clock", 9) || !strncmp(event, "task-clock", 10) ||
           (strstr(event, "cycles") && !strstr(event, "stalled"));
}

bool perf_trace_parse(const char *event, const char *text, const char *machine, struct perf_trace *out)
{
    char base[96];
    *out = (struct perf_trace){.call = CALL_NONE};
    perf_event_base(event, base, sizeof(base), NULL, 0);
    if (!strncmp(base, "syscalls:sys_enter_", 19))
        return call_parse(base + 19, true, text, out);
    if (!strncmp(base, "syscalls:sys_exit_", 18))
        return call_parse(base + 18, false, text, out);
    if (!strcmp(base, "raw_syscalls:sys_enter"))
        return raw_parse(true, text, machine, out);
    if (!strcmp(base, "raw_syscalls:sys_exit"))
        return raw_parse(false, text, machine, out);
    if (!strcmp(base, "sched:sched_switch"))
        return switch_parse(text, out);
    if (!strcmp(base, "sched:sched_wakeup") || !strcmp(base, "sched:sched_waking") ||
        !strcmp(base, "sched:sched_wakeup_new"))
        return wakeup_parse(text, out);
    if (is_clock(event))
        out->kind = TRACE_CLOCK;
    return true;
}
