/* See members.h. */
#include "probes/elf/members.h"

#include "probes/elf/members_private.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
    MAX_ASKED = 64,   /* variables per file; each is searched for in all of its debug information */
    ONE_SECONDS = 5,  /* CPU time of one such search */
    ALL_SECONDS = 10, /* and of all in one file */
};

struct layout {
    uint64_t address;
    struct layout_node *nodes; /* NULL: nothing is known of it */
    size_t count;
};

struct layouts {
    int fd;
    struct reader_time time; /* for searches in this file */
    struct reader_time *all; /* and in others */
    bool too_large;          /* one of them was not done in its time: nor would be the next */
    struct layout asked[MAX_ASKED];
    size_t count;
};

struct layouts *layouts_new(int fd, struct reader_time *all)
{
    struct layouts *l = calloc(1, sizeof(*l));
    if (l) {
        l->fd = fd;
        l->time = reader_time_of(ALL_SECONDS);
        l->all = all;
    }
    return l;
}

void layouts_free(struct layouts *l)
{
    for (size_t i = 0; l && i < l->count; i++)
        free(l->asked[i].nodes);
    free(l);
}

/* ---- the child ---- */

static _Noreturn void child_run(int fd, uint64_t address, int out, pid_t parent, unsigned cpu_seconds)
{
    static struct layout_node nodes[LAYOUT_NODES];
    reader_child_confine(parent, cpu_seconds);
    size_t count = members_from_dwarf(fd, address, nodes);
    _exit(reader_child_send(out, nodes, count * sizeof(*nodes)) ? 0 : 1);
}

/* Returns true if this is what the child may say: nodes whose parents come before them, names that end, no
 * arrays of elements without a size. */
static bool nodes_make_sense(const struct layout_node *nodes, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const struct layout_node *n = &nodes[i];
        if ((i ? n->parent < 0 : n->parent != -1) || n->parent >= (int32_t)i ||
            !memchr(n->name, 0, LAYOUT_NAME) || (n->count && !n->stride))
            return false;
    }
    return count > 0;
}

/* Waits for the child's end and counts its CPU time.  Returns true if it has done all. */
static bool child_await(struct layouts *l, pid_t pid)
{
    struct rusage used;
    int status = 1;
    pid_t ended;
    while ((ended = wait4(pid, &status, 0, &used)) < 0 && errno == EINTR)
        ;
    if (ended != pid)
        return false;
    reader_time_spend(&l->time, reader_child_rusage_ns(&used));
    reader_time_spend(l->all, reader_child_rusage_ns(&used));
    l->too_large |= WIFSIGNALED(status) && (WTERMSIG(status) == SIGKILL || WTERMSIG(status) == SIGXCPU);
    return status == 0;
}

static size_t nodes_by_child(struct layouts *l, uint64_t address, struct layout_node *nodes)
{
    int ends[2];
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends))
        return 0;
    const pid_t parent = getpid();
    const unsigned seconds = reader_time_limit(l->all, reader_time_of(ONE_SECONDS).left_ns);
    pid_t pid = fork();
    if (pid == 0)
        child_run(l->fd, address, ends[1], parent, seconds);
    close(ends[1]);
    size_t count =
        pid > 0 ? reader_child_receive(ends[0], nodes, LAYOUT_NODES * sizeof(*nodes)) / sizeof(*nodes) : 0;
    close(ends[0]);
    return pid > 0 && child_await(l, pid) && nodes_make_sense(nodes, count) ? count : 0;
}

static const struct layout *layout_get(struct layouts *l, uint64_t address)
{
    for (size_t i = 0; i < l->count; i++)
        if (l->asked[i].address == address)
            return &l->asked[i];
    if (l->fd < 0 || l->count == MAX_ASKED || l->too_large || !l->time.left_ns || !l->all->left_ns)
        return NULL;
    struct layout *fresh = &l->asked[l->count++];
    fresh->address = address;
    struct layout_node *nodes = calloc(LAYOUT_NODES, sizeof(*nodes));
    fresh->count = nodes ? nodes_by_child(l, address, nodes) : 0;
    fresh->nodes = fresh->count ? reallocarray(nodes, fresh->count, sizeof(*nodes)) : NULL;
    if (!fresh->nodes) {
        free(nodes);
        fresh->count = 0;
    }
    return fresh;
}

/* ---- the path ---- */

struct path {
    char text[512];
    size_t length;
};

static void path_add(struct path *p, const char *prefix, const char *text)
{
    int n = snprintf(p->text + p->length, sizeof(p->text) - p->length, "%s%s", prefix, text);
    if (n > 0 && (size_t)n < sizeof(p->text) - p->length)
        p->length += (size_t)n;
}

/* Goes down from a node to the member that holds the offset (of a union's the first that does), and adds its
 * name to *p.  Returns what is left of the offset. */
static uint64_t path_walk(const struct layout *l, size_t at, uint64_t offset, struct path *p)
{
    const struct layout_node *n = &l->nodes[at];
    if (at && n->name[0])
        path_add(p, ".", n->name);
    if (n->count) {
        char index[32];
        snprintf(index, sizeof(index), "[%llu]", (unsigned long long)(offset / n->stride));
        path_add(p, "", index);
        offset %= n->stride;
    }
    for (size_t i = at + 1; i < l->count; i++) {
        const struct layout_node *member = &l->nodes[i];
        if (member->parent == (int32_t)at && offset >= member->offset &&
            offset - member->offset < member->size)
            return path_walk(l, i, offset - member->offset, p);
    }
    return n->whole ? 0 : offset;
}

char *layouts_member(struct layouts *l, uint64_t address, uint64_t offset)
{
    const struct layout *layout = layout_get(l, address);
    struct path p = {.length = 0};
    if (!layout || !layout->nodes || offset >= layout->nodes[0].size)
        return NULL;
    uint64_t rest = path_walk(layout, 0, offset, &p);
    if (!p.length && !layout->nodes[0].whole)
        return NULL;
    if (rest) {
        char text[32];
        snprintf(text, sizeof(text), "+0x%llx", (unsigned long long)rest);
        path_add(&p, "", text);
    }
    return strdup(p.text);
}
