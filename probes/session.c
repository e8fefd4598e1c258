/* See session.h.  Open, set, load, attach, run, read, close. */
#include "probes/session.h"

#include "probes/checks.h"
#include "probes/clock.h"
#include "probes/session_private.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <linux/membarrier.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

__attribute__((format(printf, 2, 0))) static int log_quiet(enum libbpf_print_level level, const char *format,
                                                           va_list args)
{
    if (level == LIBBPF_WARN && getenv("HEAPWAIT_DEBUG"))
        return vfprintf(stderr, format, args);
    return 0;
}

/* The kernel rounds such a map up to whole pages. */
static int cpu_states_map(struct session *s, struct error *err)
{
    void *at = mmap(NULL, s->cpu_count * sizeof(*s->cpu_states), PROT_READ | PROT_WRITE, MAP_SHARED,
                    bpf_map__fd(s->skeleton->maps.cpu_states), 0);
    if (at == MAP_FAILED)
        return error_set(err, -errno, "can't map the state of the CPUs: %s", strerror(errno));
    s->cpu_states = at;
    cpu_states_reset(s);
    return 0;
}

/* For programs under way and those to come. */
static void recording_stop(struct session *s, bool stopped)
{
    for (size_t i = 0; i < s->cpu_count; i++)
        __atomic_store_n(&s->cpu_states[i].stopped, stopped, __ATOMIC_SEQ_CST);
    __atomic_store_n(&s->skeleton->bss->stopped, stopped, __ATOMIC_SEQ_CST);
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
    s->cpu_count = libbpf_num_possible_cpus() > 0 ? (size_t)libbpf_num_possible_cpus() : 1;
    s->hooks =
        (struct attachment){.tracefs = -1,
                            .ledger = options->probes == PROBES_LEDGER,
                            .cgroup = options->cgroup,
                            .pins = options->probes == PROBES_LEDGER && (options->pins || settings_pins())};
    s->hooks.sample_period_ns = s->hooks.ledger ? options->sample_period_ns : 0;
    if (!(s->skeleton = probes_bpf__open())) {
        rc = error_set(err, -errno, "can't open the BPF programs: %s", strerror(errno));
        goto out;
    }
    s->hooks.object = s->skeleton->obj;
    attachment_choose(&s->hooks); /* first: the settings go by what it chooses */
    settings_put(s, options);
    rc = probes_bpf__load(s->skeleton);
    if (rc) {
        error_set(
            err, rc,
            "the kernel refuses the BPF programs: %s; `HEAPWAIT_DEBUG=1 heapwait doctor` prints its words",
            strerror(-rc));
        goto out;
    }
    rc = cpu_states_map(s, err);
    if (rc)
        goto out;
    rc = attachment_make(&s->hooks);
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
        s); /* what a CPU knows of the thread that it runs on; words are read from it in any case */
    s->skeleton->bss->stopped_ns = monotonic_ns(); /* for a thread that ends between the two */
    recording_stop(s, true);
    s->skeleton->bss->stopped_ns = monotonic_ns();
    session_await();
    missed_add(s);
    int rc = session_iterate(s->skeleton->progs.collect_living, NULL);
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
    const struct bpf_map *const maps[] = {k->maps.words,  k->maps.histograms, k->maps.stacks,
                                          k->maps.spaces, k->maps.wanted,     k->maps.processes,
                                          k->maps.paths,  k->maps.path_calls};
    const struct bpf_map *const ledgers[] = {k->maps.threads, k->maps.samples};
    int rc = 0;
    for (size_t i = 0; i < sizeof(maps) / sizeof(maps[0]) && !rc; i++)
        rc = map_empty(maps[i]);
    for (size_t i = 0; i < sizeof(ledgers) / sizeof(ledgers[0]) && s->hooks.ledger && !rc; i++)
        rc = map_empty(ledgers[i]);
    cpu_states_reset(s);
    if (!rc)
        rc = percpu_zero(k->maps.path_states);
    memset(k->bss->losses, 0, sizeof(k->bss->losses));
    k->bss->living_tasks = 0;
    k->bss->stopped_ns = 0;
    k->bss->spaces_made = 0;
    k->bss->paths_made = 0;
    k->bss->threads_made = 0;
    k->bss->timeline_from_ns = 0;
    k->bss->follow_scope = FOLLOW_COMMAND;
    s->spaces_seen = 0;
    s->moves_seen = k->bss->cgroup_moves;
    s->missed_before += s->missed;
    s->missed = 0;
    recording_stop(s, false);
    return rc;
}

/* A copy of the map's value for the key, which all threads share; NULL when there is none. */
static void *value_copy(const struct bpf_map *map, struct word_key key)
{
    size_t size = bpf_map__value_size(map);
    void *value = malloc(size);
    key.thread = 0;
    if (value && bpf_map__lookup_elem(map, &key, sizeof(key), value, size, 0)) {
        free(value);
        value = NULL;
    }
    return value;
}

struct stack_value *session_stack(const struct session *s, const struct word_key *key)
{
    return value_copy(s->skeleton->maps.stacks, *key);
}

static struct word_row *row_find(struct word_row *rows, size_t count, const struct word_key *key)
{
    struct word_row wanted = {.key = *key};
    return count ? bsearch(&wanted, rows, count, sizeof(*rows), word_row_compare) : NULL;
}

static bool row_same(const struct word_row *a, const struct word_row *b)
{
    return a->key.space == b->key.space && a->key.address == b->key.address && a->key.op == b->key.op &&
           a->key.outcome == b->key.outcome;
}

/* The first row of the key's word, operation and outcome, whichever thread's. */
static struct word_row *row_first(struct word_row *rows, size_t count, const struct word_key *key)
{
    size_t low = 0, high = count;
    struct word_row wanted = {.key = *key};
    wanted.key.thread = 0;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (word_row_compare(&rows[middle], &wanted) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low < count && row_same(&rows[low], &wanted) ? &rows[low] : NULL;
}

/* What a CPU still held of a word that the table has no room for. */
static void slot_merge(struct session *s, struct word_row *rows, size_t count, const struct cache_slot *slot)
{
    if (!slot->totals.calls)
        return;
    struct word_row *row = row_find(rows, count, &slot->key);
    if (!row) {
        s->skeleton->bss->losses[LOSS_WORD] += slot->totals.calls;
        return;
    }
    struct word_totals *to = &row->value.totals;
    const struct word_totals *from = &slot->totals;
    to->calls += from->calls;
    to->timed += from->timed;
    to->oncpu_ns += from->oncpu_ns;
    to->blocked_ns += from->blocked_ns;
    to->runnable_ns += from->runnable_ns;
    to->kernel_lock_ns += from->kernel_lock_ns;
    to->woken += from->woken;
}

/* Waits that a CPU has not brought to their histogram.  Rows: the first of each word, operation and outcome
 * holds it. */
static void pending_merge(struct session *s, struct word_row *rows, size_t count,
                          const struct pending_waits *pending)
{
    struct word_key key = pending->key;
    uint32_t waits = pending->count < PENDING_WAITS ? pending->count : PENDING_WAITS;
    bool handoff = key.op == OP_HANDOFF;
    if (handoff)
        key.op = OP_WAIT;
    struct word_row *row = waits ? row_first(rows, count, &key) : NULL;
    struct histogram_value **to = !row ? NULL : handoff ? &row->handoff : &row->histogram;
    if (to && !*to)
        *to = calloc(1, sizeof(**to));
    if (!to || !*to) {
        s->skeleton->bss->losses[LOSS_HISTOGRAM] += waits;
        return;
    }
    for (uint32_t i = 0; i < waits; i++)
        if (pending->buckets[i] < HISTOGRAM_BUCKETS)
            (*to)->calls[pending->buckets[i]] += 1;
}

/* Rows must be in order. */
static void caches_merge(struct session *s, struct word_row *rows, size_t count)
{
    for (size_t cpu = 0; cpu < s->cpu_count; cpu++) {
        for (int i = 0; i < CACHE_SLOTS; i++)
            slot_merge(s, rows, count, &s->cpu_states[cpu].slots[i]);
        for (int i = 0; i < PENDING_SLOTS; i++)
            pending_merge(s, rows, count, &s->cpu_states[cpu].pending[i]);
    }
}

/* What threads share goes to the first of their rows. */
static void rows_complete(const struct session *s, struct word_row *rows, size_t count)
{
    const struct probes_bpf *k = s->skeleton;
    for (size_t i = 0; i < count; i++) {
        struct word_row *row = &rows[i];
        if (i && row_same(row, row - 1))
            continue;
        row->stack = value_copy(k->maps.stacks, row->key);
        row->histogram = value_copy(k->maps.histograms, row->key);
        struct word_key handoff = row->key;
        handoff.op = OP_HANDOFF;
        if (row->key.op == OP_WAIT && row->key.outcome == OUTCOME_SLEPT)
            row->handoff = value_copy(k->maps.histograms, handoff);
    }
}

int session_table(struct session *s, struct word_row **rows, size_t *count, struct error *err)
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
        ++*count;
    }
    if (*count)
        qsort(*rows, *count, sizeof(**rows), word_row_compare);
    return 0;
}

int session_words(struct session *s, struct word_row **rows, size_t *count, struct error *err)
{
    int rc = session_table(s, rows, count, err);
    if (rc)
        return rc;
    rows_complete(s, *rows, *count);
    caches_merge(s, *rows, *count);
    return 0;
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

uint64_t session_stopped(const struct session *s)
{
    return s->skeleton->bss->stopped_ns;
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
        if (*count == 32 || bpf_program__fd(program) < 0 || !attachment_knows(bpf_program__name(program)) ||
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
    return s->hooks.tracefs >= 0 ? "syscall tracepoints" : "raw tracepoints";
}

void session_close(struct session *s)
{
    if (!s)
        return;
    attachment_end(&s->hooks);
    if (s->cpu_states)
        munmap(s->cpu_states, s->cpu_count * sizeof(*s->cpu_states));
    probes_bpf__destroy(s->skeleton);
    if (s->stats_fd >= 0)
        close(s->stats_fd);
    free(s);
}
