/* See cfi_child.h.  The meaning of rules: DWARF 5, 6.4 (call frame information); libdw decodes them.
 * Questions and answers are of fixed size and go over a pair of sockets, one answer for each question.  The
 * child ends when heapwait's side of it does. */
#include "probes/stacks/cfi_child.h"

#include "probes/elf/reader_child.h"

#include <elfutils/libdw.h>
#include <errno.h>
#include <gelf.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

struct cfi_child {
    pid_t pid;
    int socket;
};

struct question {
    u64 address;
    u32 source;
    u32 pad;
};

/* ---- the child ---- */

static struct cfi_rule expression_put(struct cfi_rules *r, const Dwarf_Op *ops, size_t count)
{
    struct cfi_rule rule = {.kind = RULE_LOST, .first = r->op_count};
    if (!count || count > CFI_OPS || count > (size_t)(CFI_POOL - r->op_count))
        return rule;
    for (size_t i = 0; i < count; i++)
        r->ops[r->op_count++] =
            (struct cfi_op){.atom = ops[i].atom, .number = ops[i].number, .number2 = ops[i].number2};
    rule.kind = RULE_EXPRESSION;
    rule.count = (u8)count;
    return rule;
}

static struct cfi_rule register_rule(struct cfi_rules *r, Dwarf_Frame *frame, int number)
{
    Dwarf_Op memory[3], *ops;
    size_t count;
    if (dwarf_frame_register(frame, number, memory, &ops, &count))
        return (struct cfi_rule){.kind = RULE_LOST};
    if (!count)
        return (struct cfi_rule){.kind = ops == memory ? RULE_UNDEFINED : RULE_SAME};
    return expression_put(r, ops, count);
}

static void rules_fill(struct cfi_rules *r, Dwarf_Frame *frame)
{
    Dwarf_Op *ops;
    size_t count;
    bool signal = false;
    int return_register = dwarf_frame_info(frame, NULL, NULL, &signal);
    if (return_register < 0 || return_register >= CFI_REGISTERS || dwarf_frame_cfa(frame, &ops, &count))
        return;
    r->found = 1;
    r->signal = signal;
    r->return_register = (u32)return_register;
    r->cfa = expression_put(r, ops, count);
    for (int i = 0; i < CFI_REGISTERS; i++)
        r->registers[i] = register_rule(r, frame, i);
}

/* Whether there is anything to ask libdw's reader of debug information for: it reads all of that at once. */
static bool has_debug_frame(Elf *elf)
{
    size_t names;
    if (elf_getshdrstrndx(elf, &names))
        return false;
    for (Elf_Scn *section = NULL; (section = elf_nextscn(elf, section));) {
        GElf_Shdr header;
        const char *name = gelf_getshdr(section, &header) ? elf_strptr(elf, names, header.sh_name) : NULL;
        if (name && (!strcmp(name, ".debug_frame") || !strcmp(name, ".zdebug_frame")))
            return true;
    }
    return false;
}

static _Noreturn void child_run(int fd, int socket, pid_t parent, unsigned cpu_seconds)
{
    Dwarf_CFI *tables[CFI_SOURCES] = {0};
    reader_child_confine(parent, cpu_seconds);
    elf_version(EV_CURRENT);
    Elf *elf = elf_begin(fd, ELF_C_READ_MMAP, NULL);
    if (elf) {
        Dwarf *dwarf = has_debug_frame(elf) ? dwarf_begin_elf(elf, DWARF_C_READ, NULL) : NULL;
        tables[CFI_EH_FRAME] = dwarf_getcfi_elf(elf);
        tables[CFI_DEBUG_FRAME] = dwarf ? dwarf_getcfi(dwarf) : NULL;
    }
    for (struct question q; reader_child_receive(socket, &q, sizeof(q)) == sizeof(q);) {
        struct cfi_rules r = {0};
        Dwarf_Frame *frame = NULL;
        Dwarf_CFI *table = q.source < CFI_SOURCES ? tables[q.source] : NULL;
        if (table && !dwarf_cfi_addrframe(table, q.address, &frame))
            rules_fill(&r, frame);
        free(frame);
        if (!reader_child_send(socket, &r, sizeof(r)))
            break;
    }
    _exit(0);
}

/* ---- heapwait ---- */

struct cfi_child *cfi_child_new(int fd, unsigned cpu_seconds)
{
    int ends[2];
    struct cfi_child *c = fd >= 0 ? calloc(1, sizeof(*c)) : NULL;
    if (!c || socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends)) {
        free(c);
        return NULL;
    }
    const pid_t parent = getpid();
    c->pid = fork();
    if (!c->pid) {
        close(ends[0]); /* or it would never see the end of heapwait's side */
        child_run(fd, ends[1], parent, cpu_seconds);
    }
    close(ends[1]);
    if (c->pid < 0) {
        close(ends[0]);
        free(c);
        return NULL;
    }
    c->socket = ends[0];
    return c;
}

u64 cfi_child_used_ns(const struct cfi_child *c)
{
    return reader_child_used_ns(c->pid);
}

u64 cfi_child_free(struct cfi_child *c)
{
    struct rusage used = {0};
    if (!c)
        return 0;
    close(c->socket);
    kill(c->pid, SIGKILL); /* it has nothing to finish, and others' children may hold the other end open */
    while (wait4(c->pid, NULL, 0, &used) < 0 && errno == EINTR)
        ;
    free(c);
    return reader_child_rusage_ns(&used);
}

static bool rule_makes_sense(const struct cfi_rule *rule)
{
    return rule->kind <= RULE_EXPRESSION &&
           (rule->kind != RULE_EXPRESSION ||
            (rule->count && rule->count <= CFI_OPS && rule->first <= CFI_POOL - rule->count));
}

static bool rules_make_sense(const struct cfi_rules *r)
{
    for (int i = 0; i < CFI_REGISTERS; i++)
        if (!rule_makes_sense(&r->registers[i]))
            return false;
    return rule_makes_sense(&r->cfa) && r->return_register < CFI_REGISTERS;
}

bool cfi_child_ask(struct cfi_child *c, enum cfi_source source, u64 address, struct cfi_rules *rules)
{
    struct question q = {.address = address, .source = source};
    if (!reader_child_send(c->socket, &q, sizeof(q)) ||
        reader_child_receive(c->socket, rules, sizeof(*rules)) != sizeof(*rules))
        return false;
    if (!rules_make_sense(rules))
        rules->found = 0;
    return true;
}
