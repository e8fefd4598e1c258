/* See perf_stacks.h.  perf numbers registers as the kernel does (asm/perf_regs.h), the unwinder as DWARF
 * does. */
#include "probes/run/perf_stacks.h"

#include "probes/measurement/call_tree.h"
#include "probes/perf/perf_data.h"
#include "probes/perf/perf_record.h"
#include "probes/run/path_frames.h"

#include <asm/perf_regs.h>
#include <errno.h>
#include <linux/perf_event.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_KERNEL = 128, MAX_ALL = MAX_KERNEL + MAX_PATH };

struct stacks {
    const struct sideband *sideband;
    struct naming *naming;
    struct unwinder *unwinder;
    struct kernel_symbols *kernel;
    struct call_tree *tree;
    struct path_value stack;
    u64 more[PERF_STACK_BYTES / 8]; /* the copied stack beyond stack.stack */
    struct call_frame frames[MAX_ALL];
    uint64_t no_path, no_room;
    int rc;
};

#if defined(__x86_64__)
static const struct {
    unsigned perf, dwarf;
} registers[] = {
    {PERF_REG_X86_BX, DWARF_RBX},  {PERF_REG_X86_BP, DWARF_RBP},  {PERF_REG_X86_SP, DWARF_SP},
    {PERF_REG_X86_R12, DWARF_R12}, {PERF_REG_X86_R13, DWARF_R13}, {PERF_REG_X86_R14, DWARF_R14},
    {PERF_REG_X86_R15, DWARF_R15}, {PERF_REG_X86_IP, DWARF_PC},
};
enum { PERF_PC = PERF_REG_X86_IP, PERF_SP = PERF_REG_X86_SP };

static void registers_translate(const struct perf_data_sample *s, u64 *to)
{
    for (size_t i = 0; i < sizeof(registers) / sizeof(registers[0]); i++)
        to[registers[i].dwarf] = s->registers[registers[i].perf];
}
#else
/* perf and DWARF have the same numbers for x0 to x30 and sp; perf's pc is the next. */
enum { PERF_PC = PERF_REG_ARM64_PC, PERF_SP = PERF_REG_ARM64_SP };

static void registers_translate(const struct perf_data_sample *s, u64 *to)
{
    for (unsigned i = 0; i < DWARF_PC; i++)
        to[i] = s->registers[i];
    to[DWARF_PC] = s->registers[PERF_PC];
}
#endif

/* Fills c->frames with the kernel's frames and returns how many they are.  They stand first in perf's chain,
 * between the kernel's marker and the user's. */
static size_t kernel_frames(struct stacks *c, const struct perf_data_sample *s)
{
    size_t count = 0;
    bool in_kernel = false;
    for (size_t i = 0; i < s->chain_length && count < MAX_KERNEL; i++) {
        uint64_t ip;
        memcpy(&ip, s->chain + i, sizeof(ip));
        if (ip >= (uint64_t)PERF_CONTEXT_MAX) {
            in_kernel = ip == (uint64_t)PERF_CONTEXT_KERNEL;
            continue;
        }
        if (in_kernel)
            path_frames_kernel(c->kernel, &ip, 1, &c->frames[count++]);
    }
    return count;
}

static bool has_user_part(const struct perf_data_sample *s)
{
    return (s->known >> PERF_PC & 1) && (s->known >> PERF_SP & 1) && s->registers[PERF_PC];
}

/* Fills frames[] with the user's frames, unwound, and returns how many they are, at least 1. */
static size_t user_frames(struct stacks *c, const struct perf_data_sample *s, struct call_frame *frames)
{
    struct path_value *stack = &c->stack;
    const struct address_space *space = sideband_space(c->sideband, s->pid, s->time_ns);
    const size_t words = s->stack_size / 8;
    memset(stack, 0, sizeof(*stack));
    registers_translate(s, stack->registers);
    stack->words = (u32)(words < PATH_WORDS ? words : PATH_WORDS);
    if (stack->words)
        memcpy(stack->stack, s->stack, 8 * (size_t)stack->words);
    const size_t left = words - stack->words;
    const size_t more = left < PERF_STACK_BYTES / 8 ? left : PERF_STACK_BYTES / 8;
    if (more)
        memcpy(c->more, (const u64 *)s->stack + stack->words, 8 * more);
    const struct copied_stack copied = {stack, c->more, more};
    return path_frames_user(c->unwinder, c->naming, space, &copied, frames);
}

static void sample_take(void *context, const struct perf_data_sample *s)
{
    struct stacks *c = context;
    if (c->rc)
        return;
    size_t count = kernel_frames(c, s);
    if (has_user_part(s))
        count += user_frames(c, s, c->frames + count);
    const int64_t node = call_tree_add(c->tree, c->frames, count, 1);
    c->no_path += node == -EINVAL;
    c->no_room += node == -ENOSPC;
    if (node == -ENOMEM)
        c->rc = -ENOMEM;
}

static int losses_add(struct measurement *m, const struct stacks *c, const struct perf_data_counts *counts)
{
    const struct loss more[] = {
        {"samples that perf lost", counts->lost, NULL},
        {"samples that can't be read", counts->strange, NULL},
        {"samples without a call path", c->no_path, NULL},
        {"samples without room for their call path", c->no_room, NULL},
    };
    return measurement_losses_add(m, more, sizeof(more) / sizeof(more[0]));
}

int perf_stacks_collect(const char *file, const struct sideband *sideband, struct naming *naming,
                        struct measurement *m)
{
    struct perf_data_counts counts = {0};
    struct error err = {""};
    struct stacks *c = calloc(1, sizeof(*c));
    if (!c)
        return -ENOMEM;
    c->sideband = sideband;
    c->naming = naming;
    c->unwinder = unwinder_new();
    c->kernel = kernel_symbols_read("/proc/kallsyms");
    if (!m->paths)
        m->paths = call_tree_new(0);
    c->tree = m->paths;
    int rc = c->unwinder && c->kernel && c->tree ? 0 : -ENOMEM;
    if (!rc && perf_data_read(file, sample_take, c, &counts, &err) && !(m->perf_failure = strdup(err.text)))
        rc = -ENOMEM;
    if (!rc)
        rc = c->rc;
    if (!rc)
        rc = losses_add(m, c, &counts);
    unwinder_free(c->unwinder);
    kernel_symbols_free(c->kernel);
    free(c);
    return rc;
}
