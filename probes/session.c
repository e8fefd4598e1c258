/* See session.h.  Open, set, load, attach, run, read, close.  The surprising fact: which of the two ways to
 * see a futex call is used depends on who runs heapwait: the cheaper one needs to read tracefs, which CAP_BPF
 * and CAP_PERFMON alone don't allow. */
#include "probes/session.h"

#include "probes/checks.h"
#include "probes/tracefs.h"
#include "probes/waits.skel.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <linux/membarrier.h>
#include <linux/perf_event.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

/* Numbers newer than the C library's headers may be; the same on all machines. */
enum { NR_FUTEX_WAITV = 449, NR_FUTEX_WAKE = 454, NR_FUTEX_WAIT = 455, NR_FUTEX_REQUEUE = 456 };

static const char *const traced_syscalls[] = {"futex",      "restart_syscall", "futex_waitv",
                                              "futex_wake", "futex_wait",      "futex_requeue"};
enum { SYSCALLS = sizeof(traced_syscalls) / sizeof(traced_syscalls[0]), MAX_LINKS = 2 * SYSCALLS + 8 };

struct session {
    struct waits_bpf *skeleton;
    int tracefs; /* negative: the raw tracepoints are used */
    struct bpf_link *links[MAX_LINKS];
    size_t link_count;
    int stats_fd;                   /* the kernel counts runs and time of programs while this is open */
    uint64_t missed, missed_before; /* in this run; in earlier ones */
};

static int log_quiet(enum libbpf_print_level level, const char *format, va_list args)
{
    if (level == LIBBPF_WARN && getenv("HEAPWAIT_DEBUG"))
        return vfprintf(stderr, format, args);
    return 0;
}

static void settings_put(struct session *s, const struct measure_options *options)
{
    struct waits_bpf *k = s->skeleton;
    k->rodata->nr_futex = SYS_futex;
    k->rodata->nr_restart = SYS_restart_syscall;
    k->rodata->nr_waitv = NR_FUTEX_WAITV;
    k->rodata->nr_wake = NR_FUTEX_WAKE;
    k->rodata->nr_wait = NR_FUTEX_WAIT;
    k->rodata->nr_requeue = NR_FUTEX_REQUEUE;
    bool raw = s->tracefs < 0;
    bpf_program__set_autoload(k->progs.raw_enter, raw);
    bpf_program__set_autoload(k->progs.raw_exit, raw);
    bpf_program__set_autoload(k->progs.syscall_enter_record, !raw);
    bpf_program__set_autoload(k->progs.restart_enter_record, !raw);
    bpf_program__set_autoload(k->progs.syscall_exit_record, !raw);
    if (options->max_words) {
        bpf_map__set_max_entries(k->maps.words, options->max_words);
        bpf_map__set_max_entries(k->maps.histograms, options->max_words);
    }
}

static int link_keep(struct session *s, struct bpf_link *link)
{
    if (!link)
        return -errno;
    s->links[s->link_count++] = link;
    return 0;
}

static int tracepoint_attach(struct session *s, struct bpf_program *program, const char *name)
{
    int id = tracefs_event(s->tracefs, "syscalls", name);
    if (id < 0)
        return id;
    struct perf_event_attr attr = {
        .type = PERF_TYPE_TRACEPOINT, .size = sizeof(attr), .config = (uint64_t)id, .sample_period = 1};
    /* pid -1, cpu 0: a BPF program on a tracepoint runs on every CPU whatever the event is bound to */
    int fd = (int)syscall(SYS_perf_event_open, &attr, -1, 0, -1, PERF_FLAG_FD_CLOEXEC);
    if (fd < 0)
        return -errno;
    int rc = link_keep(s, bpf_program__attach_perf_event(program, fd)); /* the link owns fd from here */
    if (rc)
        close(fd);
    return rc;
}

/* The plain futex() is a must; a kernel may lack the later ones. */
static int syscalls_attach(struct session *s)
{
    for (size_t i = 0; i < SYSCALLS; i++) {
        char enter[64], leave[64];
        snprintf(enter, sizeof(enter), "sys_enter_%s", traced_syscalls[i]);
        snprintf(leave, sizeof(leave), "sys_exit_%s", traced_syscalls[i]);
        struct bpf_program *program = !strcmp(traced_syscalls[i], "restart_syscall")
                                          ? s->skeleton->progs.restart_enter_record
                                          : s->skeleton->progs.syscall_enter_record;
        /* the exit first: an enter without an exit would never be seen to end */
        int rc = tracepoint_attach(s, s->skeleton->progs.syscall_exit_record, leave);
        if (!rc)
            rc = tracepoint_attach(s, program, enter);
        if (rc && (i == 0 || rc != -ENOENT))
            return rc;
    }
    return 0;
}

static int programs_attach(struct session *s)
{
    struct bpf_program *const always[] = {
        s->skeleton->progs.on_switch, s->skeleton->progs.on_wakeup, s->skeleton->progs.on_newtask,
        s->skeleton->progs.on_exec,   s->skeleton->progs.on_exit,
    };
    int rc = 0;
    for (size_t i = 0; i < sizeof(always) / sizeof(always[0]) && !rc; i++)
        rc = link_keep(s, bpf_program__attach(always[i]));
    if (rc)
        return rc;
    if (s->tracefs >= 0)
        return syscalls_attach(s);
    rc = link_keep(s, bpf_program__attach(s->skeleton->progs.raw_exit));
    return rc ? rc : link_keep(s, bpf_program__attach(s->skeleton->progs.raw_enter));
}

int session_open(const struct measure_options *options, struct session **out, struct error *err)
{
    int rc = checks_require(err);
    if (rc)
        return rc;
    libbpf_set_print(log_quiet);
    struct session *s = calloc(1, sizeof(*s));
    if (!s)
        return error_set(err, -ENOMEM, "out of memory");
    s->stats_fd = -1;
    s->tracefs = tracefs_open();
    if (!(s->skeleton = waits_bpf__open())) {
        rc = error_set(err, -errno, "can't open the BPF programs: %s", strerror(errno));
        goto out;
    }
    settings_put(s, options);
    rc = waits_bpf__load(s->skeleton);
    if (rc) {
        error_set(
            err, rc,
            "the kernel refuses the BPF programs: %s; `HEAPWAIT_DEBUG=1 heapwait doctor` prints its words",
            strerror(-rc));
        goto out;
    }
    rc = programs_attach(s);
    if (rc)
        error_set(err, rc, "can't attach the BPF programs: %s; `heapwait doctor` tells what is missing",
                  strerror(-rc));
    if (!rc && options->calibrate)
        s->stats_fd = bpf_enable_stats(BPF_STATS_RUN_TIME);
out:
    if (rc) {
        session_close(s);
        return rc;
    }
    *out = s;
    return 0;
}

int session_follow(struct session *s, int pidfd, struct error *err)
{
    size_t size = bpf_map__value_size(s->skeleton->maps.tasks);
    uint32_t *state = calloc(1, size);
    if (!state)
        return error_set(err, -ENOMEM, "out of memory");
    /* Its space, the first member, is 0: heapwait's own forked image, which makes no futex calls before exec.
     */
    int rc = bpf_map__update_elem(s->skeleton->maps.tasks, &pidfd, sizeof(pidfd), state, size, BPF_NOEXIST);
    free(state);
    return rc ? error_set(err, rc, "can't mark the command's process: %s", strerror(-rc)) : 0;
}

static void missed_add(struct session *s)
{
    uint64_t missed = 0;
    struct bpf_program *program;
    bpf_object__for_each_program (program, s->skeleton->obj) {
        struct bpf_prog_info info = {0};
        uint32_t size = sizeof(info);
        if (bpf_program__fd(program) >= 0 && !bpf_obj_get_info_by_fd(bpf_program__fd(program), &info, &size))
            missed += info.recursion_misses;
    }
    s->missed = missed - s->missed_before;
}

static int living_collect(struct session *s)
{
    struct bpf_link *link = bpf_program__attach(s->skeleton->progs.collect_living);
    if (!link)
        return -errno;
    int rc = 0, fd = bpf_iter_create(bpf_link__fd(link));
    char ignored[64];
    if (fd < 0)
        rc = -errno;
    while (!rc && read(fd, ignored, sizeof(ignored)) > 0)
        ;
    if (fd >= 0)
        close(fd);
    bpf_link__destroy(link);
    return rc;
}

/* Waits until no program runs any more that has begun before: an RCU grace period. */
static void programs_await(void)
{
    syscall(SYS_membarrier, MEMBARRIER_CMD_GLOBAL, 0, 0);
}

int session_stop(struct session *s, struct error *err)
{
    __atomic_store_n(&s->skeleton->bss->stopped, true, __ATOMIC_SEQ_CST);
    programs_await();
    missed_add(s);
    int rc = living_collect(s);
    return rc ? error_set(err, rc, "can't collect from tasks that live on (BPF task iterator: %s)",
                          strerror(-rc))
              : 0;
}

static int map_empty(const struct bpf_map *map)
{
    size_t size = bpf_map__key_size(map);
    char key[sizeof(struct word_key)];
    while (!bpf_map__get_next_key(map, NULL, key, size))
        if (bpf_map__delete_elem(map, key, size, 0))
            return -EIO;
    return 0;
}

int session_reset(struct session *s)
{
    struct waits_bpf *k = s->skeleton;
    const struct bpf_map *const maps[] = {k->maps.words, k->maps.histograms, k->maps.stacks, k->maps.spaces};
    int rc = 0;
    for (size_t i = 0; i < sizeof(maps) / sizeof(maps[0]) && !rc; i++)
        rc = map_empty(maps[i]);
    memset(k->bss->losses, 0, sizeof(k->bss->losses));
    k->bss->living_tasks = 0;
    k->bss->spaces_made = 0;
    s->missed_before += s->missed;
    s->missed = 0;
    __atomic_store_n(&k->bss->stopped, false, __ATOMIC_SEQ_CST);
    return rc;
}

static int row_compare(const void *a, const void *b)
{
    const struct word_key *x = &((const struct word_row *)a)->key, *y = &((const struct word_row *)b)->key;
    if (x->space != y->space)
        return x->space < y->space ? -1 : 1;
    if (x->address != y->address)
        return x->address < y->address ? -1 : 1;
    return x->op != y->op ? (int)x->op - (int)y->op : (int)x->outcome - (int)y->outcome;
}

/* A copy of the map's value for the key; NULL when there is none. */
static void *value_copy(const struct bpf_map *map, const struct word_key *key)
{
    size_t size = bpf_map__value_size(map);
    void *value = malloc(size);
    if (value && bpf_map__lookup_elem(map, key, sizeof(*key), value, size, 0)) {
        free(value);
        value = NULL;
    }
    return value;
}

int session_words(struct session *s, struct word_row **rows, size_t *count, struct error *err)
{
    const struct bpf_map *words = s->skeleton->maps.words;
    struct word_key key, *previous = NULL;
    size_t capacity = 0;
    *rows = NULL;
    *count = 0;
    while (!bpf_map__get_next_key(words, previous, &key, sizeof(key))) {
        if (*count == capacity) {
            capacity = capacity ? 2 * capacity : 64;
            struct word_row *grown = reallocarray(*rows, capacity, sizeof(*grown));
            if (!grown)
                return error_set(err, -ENOMEM, "out of memory for %zu futex words", *count);
            *rows = grown;
        }
        struct word_row *row = &(*rows)[*count];
        *row = (struct word_row){.key = key};
        previous = &key;
        if (bpf_map__lookup_elem(words, &key, sizeof(key), &row->value, sizeof(row->value), 0))
            continue;
        row->stack = value_copy(s->skeleton->maps.stacks, &key);
        row->histogram = value_copy(s->skeleton->maps.histograms, &key);
        ++*count;
    }
    if (*count)
        qsort(*rows, *count, sizeof(**rows), row_compare);
    return 0;
}

void word_rows_free(struct word_row *rows, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        free(rows[i].stack);
        free(rows[i].histogram);
    }
    free(rows);
}

int session_space(struct session *s, uint32_t space, struct space_info *info)
{
    return bpf_map__lookup_elem(s->skeleton->maps.spaces, &space, sizeof(space), info, sizeof(*info), 0);
}

uint64_t session_loss(const struct session *s, enum loss_reason reason)
{
    return s->skeleton->bss->losses[reason];
}

uint64_t session_living(const struct session *s)
{
    return s->skeleton->bss->living_tasks;
}

uint64_t session_missed(const struct session *s)
{
    return s->missed;
}

int session_stats(struct session *s, struct probe_stat **stats, size_t *count)
{
    struct bpf_program *program;
    *stats = calloc(32, sizeof(**stats));
    *count = 0;
    if (!*stats)
        return -ENOMEM;
    bpf_object__for_each_program (program, s->skeleton->obj) {
        struct bpf_prog_info info = {0};
        uint32_t size = sizeof(info);
        if (*count == 32 || bpf_program__fd(program) < 0 || program == s->skeleton->progs.collect_living ||
            bpf_obj_get_info_by_fd(bpf_program__fd(program), &info, &size))
            continue;
        struct probe_stat *p = &(*stats)[(*count)++];
        bool measured = s->stats_fd >= 0;
        *p = (struct probe_stat){.calls = measured ? (int64_t)info.run_cnt : -1,
                                 .ns = measured ? (int64_t)info.run_time_ns : -1};
        snprintf(p->name, sizeof(p->name), "%s", bpf_program__name(program));
    }
    return 0;
}

const char *session_hooks(const struct session *s)
{
    return s->tracefs >= 0 ? "syscall tracepoints" : "raw tracepoints";
}

void session_close(struct session *s)
{
    if (!s)
        return;
    while (s->link_count)
        bpf_link__destroy(s->links[--s->link_count]);
    waits_bpf__destroy(s->skeleton);
    if (s->stats_fd >= 0)
        close(s->stats_fd);
    if (s->tracefs >= 0)
        close(s->tracefs);
    free(s);
}
