/* See session.h.  Open, set, load, attach, run, read, close. */
#include "probes/session/session.h"

#include "probes/host/checks.h"
#include "probes/host/clock.h"
#include "probes/session/cpu_pinning.h"
#include "probes/session/refusal.h"
#include "probes/session/session_private.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <linux/membarrier.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

/* What the verifier counts of each program (BPF_LOG_STATS), also where it lets them in. */
static void verifier_ask(struct bpf_object *o)
{
    enum { LOG_STATS = 4 };
    const char *wanted = getenv("HEAPWAIT_DEBUG");
    struct bpf_program *p;
    bpf_object__for_each_program (p, o)
        if (wanted && !strcmp(wanted, "2"))
            bpf_program__set_log_level(p, LOG_STATS);
}

/* The kernel rounds such a map up to whole pages. */
static int cpu_states_map(struct session *s, struct error *err)
{
    void *at = mmap(NULL, s->cpu_count * sizeof(*s->cpu_states), PROT_READ | PROT_WRITE, MAP_SHARED,
                    bpf_map__fd(s->skeleton->maps.cpu_states), 0);
    if (at == MAP_FAILED)
        return error_set(err, -errno, "can't map the state of the CPUs: %s", strerror(errno));
    s->cpu_states = at;
    session_cpu_states_reset(s);
    return 0;
}

/* Tells all programs, those that are under way as well, whether they are to record. */
static void recording_stop(struct session *s, bool stopped)
{
    for (size_t i = 0; i < s->cpu_count; i++)
        __atomic_store_n(&s->cpu_states[i].stopped, stopped, __ATOMIC_SEQ_CST);
    __atomic_store_n(&s->skeleton->bss->stopped, stopped, __ATOMIC_SEQ_CST);
}

/* Opens the session by these hooks.  0 or negative errno, with a sentence; what is open stays so. */
static int session_load(struct session *s, const struct measure_options *options, enum hooks hooks,
                        bool pinned, struct refusal *refusal, struct error *err)
{
    refusal_listen(refusal); /* from the beginning */
    s->hooks = (struct attachment){
        .tracefs = -1, .ledger = options->probes == PROBES_LEDGER, .cgroup = options->cgroup, .hooks = hooks};
    s->hooks.memory = options->probes == PROBES_PROFILE || options->probes == PROBES_LEDGER;
    s->hooks.locks = s->locks;
    s->hooks.faults = s->faults;
    s->hooks.sample_period_ns = options->probes == PROBES_WAITS ? 0 : options->sample_period_ns;
    if (!(s->skeleton = session_skeleton_open(s->static_functions)))
        return refusal_set(refusal, NULL, -errno, err);
    s->hooks.object = s->skeleton->obj;
    int rc = attachment_choose(&s->hooks); /* first: the settings go by what it chooses */
    if (rc)
        return error_set(err, rc, "can't see system calls by %s: %s", session_hooks(s), strerror(-rc));
    session_settings_put(s, options, pinned);
    verifier_ask(s->hooks.object);
    rc = probes_bpf__load(s->skeleton);
    if (rc)
        return refusal_set(refusal, s->skeleton->obj, rc, err);
    rc = cpu_states_map(s, err);
    if (rc)
        return rc;
    rc = attachment_make(&s->hooks);
    return rc ? refusal_set_attach(refusal, rc, err) : 0;
}

/* Lets go what session_try() has opened. */
static void session_end(struct session *s)
{
    attachment_end(&s->hooks);
    if (s->cpu_states)
        munmap(s->cpu_states, s->cpu_count * sizeof(*s->cpu_states));
    probes_bpf__destroy(s->skeleton);
    s->cpu_states = NULL;
    s->skeleton = NULL;
}

/* The same, with static functions if the kernel refuses the others; it is asked once. */
static int session_try(struct session *s, const struct measure_options *options, enum hooks hooks,
                       bool pinned, struct refusal *refusal, struct error *err)
{
    struct error first = {""};
    int rc = session_load(s, options, hooks, pinned, refusal, s->static_functions ? err : &first);
    if (!rc || s->static_functions)
        return rc;
    if (rc != -EINVAL && rc != -EACCES)
        return error_set(err, rc, "%s", first.text);
    session_end(s);
    s->static_functions = true;
    return session_load(s, options, hooks, pinned, refusal, err);
}

/* Finds out what else than system calls this kernel shows: mode ledger. */
static void sights_find(struct session *s)
{
    struct btf *kernel = btf__load_vmlinux_btf();
    s->locks = kernel && hooks_see_locks(kernel);
    s->faults = kernel && hooks_see_faults(kernel);
    btf__free(kernel);
}

int session_open(const struct measure_options *options, struct session **out, struct error *err)
{
    enum hooks choices[HOOKS_COUNT];
    bool pinned;
    int rc = checks_require(err);
    if (rc)
        return rc;
    struct refusal refusal;
    struct session *s = calloc(1, sizeof(*s));
    if (!s)
        return error_set(err, -ENOMEM, "out of memory");
    refusal_listen(&refusal); /* quiet: an experiment may fail */
    s->stats_fd = -1;
    s->hooks.tracefs = -1;
    s->cpu_count = libbpf_num_possible_cpus() > 0 ? (size_t)libbpf_num_possible_cpus() : 1;
    s->events_pinned = !options->pins && hooks_can_pin() && cpu_pinning_of_tracepoints();
    if (options->probes == PROBES_LEDGER)
        sights_find(s);
    size_t count = hooks_choose(options->probes == PROBES_LEDGER, options->pins, choices, &pinned);
    for (size_t i = 0; i < count; i++) {
        /* the last one's words are what the user gets to know */
        rc = session_try(s, options, choices[i], pinned, &refusal, i + 1 < count ? NULL : err);
        if (!rc)
            break;
        if (i + 1 < count)
            session_end(s);
    }
    refusal_end();
    if (rc) {
        session_close(s);
        return rc;
    }
    if (options->calibrate)
        s->stats_fd = bpf_enable_stats(BPF_STATS_RUN_TIME);
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
    session_look_again(s);
    return rc && rc != -EEXIST /* that follows all there is */ ? error_set(
                                                                     err, rc,
                                                                     "can't mark the command's process: %s",
                                                                     strerror(-rc))
                                                               : 0;
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

void session_await(void)
{
    syscall(SYS_membarrier, MEMBARRIER_CMD_GLOBAL, 0, 0);
}

int session_stop(struct session *s, struct error *err)
{
    session_hand_over(
        s); /* for the time of the threads that run now; words are read from the pages in any case */
    s->skeleton->bss->stopped_ns = clock_monotonic_ns(); /* for a thread that exits meanwhile */
    recording_stop(s, true);
    s->skeleton->bss->stopped_ns = clock_monotonic_ns();
    session_await();
    missed_add(s);
    int rc = session_iterate(s->skeleton->progs.collect_living, NULL);
    return rc ? error_set(err, rc, "can't collect from tasks that live on (BPF task iterator: %s)",
                          strerror(-rc))
              : 0;
}

/* Empties the map, if it was made. */
static int map_empty(const struct bpf_map *map)
{
    size_t size = bpf_map__key_size(map);
    char key[sizeof(struct word_key)];
    while (bpf_map__fd(map) >= 0 && !bpf_map__get_next_key(map, NULL, key, size))
        if (bpf_map__delete_elem(map, key, size, 0))
            return -EIO;
    return 0;
}

static int percpu_zero(const struct bpf_map *map)
{
    int cpus = libbpf_num_possible_cpus();
    size_t each = ((size_t)bpf_map__value_size(map) + 7) / 8 * 8;
    if (cpus <= 0)
        return -ENODEV;
    size_t size = each * (size_t)cpus;
    uint32_t zero = 0;
    void *value = calloc(1, size);
    int rc = value ? bpf_map__update_elem(map, &zero, sizeof(zero), value, size, 0) : -ENOMEM;
    free(value);
    return rc;
}

int session_reset(struct session *s)
{
    struct probes_bpf *k = s->skeleton;
    const struct bpf_map *const maps[] = {k->maps.words,   k->maps.histograms,    k->maps.stacks,
                                          k->maps.spaces,  k->maps.wanted,        k->maps.processes,
                                          k->maps.paths,   k->maps.path_calls,    k->maps.threads,
                                          k->maps.samples, k->maps.kernel_stacks, k->maps.memory_calls};
    int rc = 0;
    for (size_t i = 0; i < sizeof(maps) / sizeof(maps[0]) && !rc; i++)
        rc = map_empty(maps[i]);
    session_cpu_states_reset(s);
    if (!rc)
        rc = percpu_zero(k->maps.path_states);
    memset(k->bss->losses, 0, sizeof(k->bss->losses));
    k->bss->living_tasks = 0;
    k->bss->stopped_ns = 0;
    k->bss->spaces_made = 0;
    k->bss->paths_made = 0;
    k->bss->samples_taken = 0;
    k->bss->threads_made = 0;
    k->bss->timeline_from_ns = 0;
    k->bss->follow_scope = FOLLOW_COMMAND;
    s->spaces_seen = s->spaces_noted = s->spaces_sure = 0;
    s->moves_seen = k->bss->cgroup_moves;
    s->missed_before += s->missed;
    s->missed = 0;
    recording_stop(s, false);
    return rc;
}

uint64_t session_loss(const struct session *s, enum loss_reason reason)
{
    return s->skeleton->bss->losses[reason];
}

uint64_t session_living(const struct session *s)
{
    return s->skeleton->bss->living_tasks;
}

uint64_t session_stopped(const struct session *s)
{
    return s->skeleton->bss->stopped_ns;
}

uint64_t session_missed(const struct session *s)
{
    return s->missed;
}

enum { MOST_STATS = 64 };

int session_stats(struct session *s, struct probe_stat **stats, size_t *count)
{
    struct bpf_program *program;
    *stats = calloc(MOST_STATS, sizeof(**stats));
    *count = 0;
    if (!*stats)
        return -ENOMEM;
    bpf_object__for_each_program (program, s->skeleton->obj) {
        struct bpf_prog_info info = {0};
        uint32_t size = sizeof(info);
        if (*count == MOST_STATS || bpf_program__fd(program) < 0 ||
            !attachment_knows(bpf_program__name(program)) ||
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
    return hooks_name(s->hooks.hooks);
}

bool session_sees_locks(const struct session *s)
{
    return s->locks;
}

bool session_sees_faults(const struct session *s)
{
    return s->faults;
}

void session_close(struct session *s)
{
    if (!s)
        return;
    session_end(s);
    if (s->stats_fd >= 0)
        close(s->stats_fd);
    free(s);
}
