/* How a session follows what runs already, and what can be read of it while it runs.  See session.h.  What a
 * CPU adds up for itself is brought to the table by a program that user space lets run there.  So a snapshot
 * needs no lock and no pause, and no total in it ever gets smaller. */
#include "probes/host/clock.h"
#include "probes/session/session_private.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
    MAX_PASSES = 64,   /* each but the first meets only what was made during the one before */
    MAX_MEETINGS = 64, /* how often hand_over() may find a CPU busy: a fraction of a microsecond each */
};

static int iterator_run(const struct bpf_link *link)
{
    int fd = bpf_iter_create(bpf_link__fd(link)), rc = 0;
    char ignored[64];
    if (fd < 0)
        return -errno;
    for (ssize_t n; (n = read(fd, ignored, sizeof(ignored))) != 0;)
        if (n < 0 && errno != EINTR && errno != EAGAIN) {
            rc = -errno;
            break;
        }
    close(fd);
    return rc;
}

int session_iterate(const struct bpf_program *program, const uint32_t *again)
{
    struct bpf_link *link = bpf_program__attach_iter(program, NULL);
    if (!link)
        return -errno;
    int rc = 0;
    for (int i = 0; i < MAX_PASSES && !rc; i++) {
        uint32_t before = again ? __atomic_load_n(again, __ATOMIC_SEQ_CST) : 0;
        rc = iterator_run(link);
        if (!again || __atomic_load_n(again, __ATOMIC_SEQ_CST) == before)
            break;
    }
    bpf_link__destroy(link);
    return rc;
}

/* Sets when the timeline's window opens: a while after tasks are first marked, as it does after a command's
 * exec. */
static void timeline_open(struct session *s)
{
    if (s->skeleton->rodata->timeline_length_ns && !s->skeleton->bss->timeline_from_ns)
        s->skeleton->bss->timeline_from_ns = clock_monotonic_ns() + s->skeleton->rodata->timeline_after_ns;
}

void session_look_again(struct session *s)
{
    for (size_t i = 0; i < s->cpu_count; i++)
        __atomic_store_n(&s->cpu_states[i].passer, 0, __ATOMIC_SEQ_CST);
    for (size_t i = 0; i < sizeof(s->skeleton->bss->bystanders) / sizeof(s->skeleton->bss->bystanders[0]);
         i++)
        __atomic_store_n(&s->skeleton->bss->bystanders[i].task, 0, __ATOMIC_SEQ_CST);
}

static int present_mark(struct session *s, enum follow_scope scope, struct error *err)
{
    struct probes_bpf *k = s->skeleton;
    timeline_open(s);
    __atomic_store_n(&k->bss->follow_scope, (uint32_t)scope, __ATOMIC_SEQ_CST);
    int rc = session_iterate(k->progs.follow_present, &k->bss->marks);
    session_look_again(s);
    return rc ? error_set(err, rc,
                          "can't mark the tasks that run already (BPF task iterator: %s); `heapwait doctor` "
                          "tells what is missing",
                          strerror(-rc))
              : 0;
}

int session_follow_processes(struct session *s, const pid_t *pids, size_t count, uint32_t *tasks,
                             struct error *err)
{
    const struct bpf_map *wanted = s->skeleton->maps.wanted;
    uint32_t number, none = 0;
    if (count > WANTED_PROCESSES)
        return error_set(err, -E2BIG,
                         "at most %d processes can be followed by number, not %zu: use -a or "
                         "--cgroup",
                         WANTED_PROCESSES, count);
    int rc = 0;
    for (size_t i = 0; i < count && !rc; i++) {
        number = (uint32_t)pids[i];
        rc = bpf_map__update_elem(wanted, &number, sizeof(number), &none, sizeof(none), BPF_ANY);
    }
    rc = rc ? error_set(err, rc, "can't note the processes: %s", strerror(-rc))
            : present_mark(s, FOLLOW_PROCESSES, err);
    for (size_t i = 0; i < count && !rc; i++) {
        number = (uint32_t)pids[i];
        if (bpf_map__lookup_elem(wanted, &number, sizeof(number), &tasks[i], sizeof(tasks[i]), 0))
            tasks[i] = 0;
    }
    return rc;
}

int session_follow_cgroup(struct session *s, uint64_t cgroup, struct error *err)
{
    s->skeleton->bss->follow_cgroup = cgroup;
    return present_mark(s, FOLLOW_CGROUP, err);
}

int session_follow_all(struct session *s, struct error *err)
{
    return present_mark(s, FOLLOW_ALL, err);
}

int session_follow_moved(struct session *s, bool *moved, struct error *err)
{
    uint32_t moves = __atomic_load_n(&s->skeleton->bss->cgroup_moves, __ATOMIC_SEQ_CST);
    *moved = moves != s->moves_seen;
    s->moves_seen = moves;
    return *moved ? present_mark(s, FOLLOW_CGROUP, err) : 0;
}

int session_present(struct session *s, uint32_t **pids, size_t *count)
{
    uint32_t made = __atomic_load_n(&s->skeleton->bss->spaces_made, __ATOMIC_SEQ_CST);
    *count = 0;
    *pids = calloc(made - s->spaces_seen + 1ul, sizeof(**pids));
    if (!*pids)
        return -ENOMEM;
    for (uint32_t space = s->spaces_seen + 1; space <= made; space++) {
        struct space_info info;
        if (!session_space(s, space, &info) && !info.parent && !info.by_exec && info.tgid)
            (*pids)[(*count)++] = info.tgid;
    }
    s->spaces_seen = made;
    return 0;
}

int session_noted(struct session *s, struct noted_space **spaces, size_t *count)
{
    const uint32_t sure = s->spaces_sure,
                   made = __atomic_load_n(&s->skeleton->bss->spaces_made, __ATOMIC_SEQ_CST);
    *count = 0;
    *spaces = calloc(sure - s->spaces_noted + 1ul, sizeof(**spaces));
    if (!*spaces)
        return -ENOMEM;
    for (uint32_t number = s->spaces_noted + 1; number <= sure; number++) {
        struct noted_space *noted = &(*spaces)[*count];
        noted->number = number;
        *count += !session_space(s, number, &noted->info);
    }
    s->spaces_noted = sure;
    s->spaces_sure = made;
    return 0;
}

/* Removes what the tables have of a row. */
static void row_forget(const struct probes_bpf *k, struct word_key key)
{
    bpf_map__delete_elem(k->maps.words, &key, sizeof(key), 0);
    key.thread = 0; /* what all threads share */
    bpf_map__delete_elem(k->maps.stacks, &key, sizeof(key), 0);
    bpf_map__delete_elem(k->maps.histograms, &key, sizeof(key), 0);
    if (key.op != OP_WAIT || key.outcome != OUTCOME_SLEPT)
        return;
    key.op = OP_HANDOFF;
    bpf_map__delete_elem(k->maps.histograms, &key, sizeof(key), 0);
}

bool session_forget(struct session *s, const uint32_t *spaces, size_t space_count,
                    const struct word_row *rows, size_t row_count)
{
    if (s->held)
        return false;
    for (size_t i = 0; i < row_count; i++)
        row_forget(s->skeleton, rows[i].key);
    for (size_t i = 0; i < space_count; i++)
        bpf_map__delete_elem(s->skeleton->maps.spaces, &spaces[i], sizeof(spaces[i]), 0);
    return true;
}

int session_hand_over(struct session *s)
{
    int cpus = libbpf_num_possible_cpus(), late = 0;
    for (int cpu = 0; cpu < cpus; cpu++) {
        LIBBPF_OPTS(bpf_test_run_opts, options, .cpu = (unsigned)cpu, .flags = BPF_F_TEST_RUN_ON_CPU);
        int rc = 0;
        for (int i = 0; i < MAX_MEETINGS; i++) {
            rc = bpf_prog_test_run_opts(bpf_program__fd(s->skeleton->progs.hand_over), &options);
            if (rc || !options.retval)
                break;
        }
        if (rc && rc != -ENXIO) /* that CPU is offline, and holds nothing new */
            return rc;
        late += !rc && options.retval;
    }
    return late;
}

int session_snapshot(struct session *s, struct word_row **rows, size_t *count, struct error *err)
{
    int rc = session_hand_over(s);
    if (rc < 0)
        return error_set(err, rc, "can't let the CPUs hand over what they hold: %s", strerror(-rc));
    s->held = rc > 0;
    return session_table(s, rows, count, err);
}
