/* See recording.h.  SQLite works on a file in memory that has no name (see analysis/one_file.h); what becomes
 * of it is recording_publish.c's. */
#include "probes/recording/recording.h"

#include "analysis/base/datadir.h"
#include "analysis/one_file.h"
#include "probes/recording/recording_private.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

static int schema_create(struct recording *r, struct error *err)
{
    char *sql = datadir_read("schema.sql", err);
    if (!sql)
        return -EIO;
    int rc = 0;
    if (sqlite3_exec(r->db, "BEGIN", NULL, NULL, NULL) || sqlite3_exec(r->db, sql, NULL, NULL, NULL) ||
        sqlite3_exec(r->db, "COMMIT", NULL, NULL, NULL))
        rc = recording_db_error(r, err, "make the tables");
    free(sql);
    return rc;
}

/* Makes the work copy, empty or of what is published already. */
static int work_open(struct recording *r, struct error *err)
{
    r->work = memfd_create("heapwait-recording", MFD_CLOEXEC);
    if (r->work < 0)
        return error_set(err, -errno, "can't get memory for the recording '%s': %s", r->at.path,
                         strerror(errno));
    int rc = r->published < 0 ? 0 : recording_content_copy(r->published, r->work);
    if (rc)
        return error_set(err, rc, "can't read '%s': %s", r->at.path, strerror(-rc));
    rc = one_file_connect(r->work, true, &r->db);
    return rc ? error_set(err, -EIO, "can't open '%s': %s", r->at.path,
                          r->db ? sqlite3_errmsg(r->db) : "out of memory")
              : 0;
}

int recording_open(const char *path, enum recording_open_mode mode, struct recording **out, struct error *err)
{
    struct recording *r = calloc(1, sizeof(*r));
    struct error later = {""}; /* dropped: recording_publish() meets it again, and loses nothing */
    if (!r)
        return error_set(err, -ENOMEM, "out of memory");
    r->work = r->published = -1;
    int rc = location_set(&r->at, path, err);
    if (!rc && mode == RECORDING_REPLACE)
        location_open(&r->at, &later);
    else if (!rc)
        rc = location_resume(&r->at, &r->published, err);
    if (!rc)
        rc = work_open(r, err);
    if (!rc && mode == RECORDING_REPLACE)
        rc = schema_create(r, err);
    if (rc) {
        recording_close(r);
        return rc;
    }
    *out = r;
    return 0;
}

int recording_set_host(struct recording *r, const char *key, const char *value, struct error *err)
{
    return RUN(r, err, "INSERT OR REPLACE INTO host (key, value) VALUES (?, ?)", bound_text(key),
               bound_text(value));
}

int recording_set_study(struct recording *r, const char *key, const char *value, struct error *err)
{
    return RUN(r, err, "INSERT OR REPLACE INTO study (key, value) VALUES (?, ?)", bound_text(key),
               bound_text(value));
}

int recording_add_variant(struct recording *r, int position, const char *name, const char *libc,
                          const char *linkage, const char *allocator, const char *command,
                          const char *absent_reason, struct error *err)
{
    return RUN(
        r, err,
        "INSERT OR REPLACE INTO variant (name, position, libc, linkage, allocator, command, absent_reason)"
        " VALUES (?, ?, ?, ?, ?, ?, ?)",
        bound_text(name), bound_int(position), bound_text(libc), bound_text(linkage), bound_text(allocator),
        bound_text(command), bound_text(absent_reason));
}

static const char *probes_name(enum probe_mode mode)
{
    return mode == PROBES_NONE ? "none" : mode == PROBES_LEDGER ? "ledger" : "waits";
}

static const char *collector_name(const struct measurement *m)
{
    if (m && m->by_perf)
        return "perf";
    return m && m->probes != PROBES_NONE ? "bpf" : NULL;
}

static const char *first(const char *a, const char *b)
{
    return a ? a : b;
}

struct run_info run_info_unknown(const char *command)
{
    return (struct run_info){
        .command = command,
        .threads = -1,
        .passwords = -1,
        .rep = -1,
        .position = -1,
        .reported_ns = -1,
        .foreign_cpu_ns = -1,
        .load_average = -1,
    };
}

static int run_insert(struct recording *r, const struct run_info *i, const struct measurement *m,
                      struct error *err)
{
    static const struct run_outcome nothing = {.exit_status = -1};
    const struct run_outcome *o = m ? &m->outcome : &nothing;
    /* of a session of perf's that has no date nobody knows when it was; every other run is new */
    const bool ran = m != NULL, used = ran && !o->attached, imported = ran && m->by_perf;
    const char *date = ran && o->started_at[0] ? o->started_at : NULL;
    return RUN(
        r, err,
        "INSERT INTO run (variant, libc, allocator, allocator_evidence, linkage, command, threads, "
        "passwords, rep, "
        "position, probes,"
        " collector, wall_ns, reported_ns, exit_status, term_signal, timed_out, interrupted, failure,"
        " max_rss_bytes, user_ns, system_ns, voluntary_switches, involuntary_switches, minor_faults,"
        " foreign_cpu_ns, heapwait_cpu_ns, load_average, started_at, sample_period_ns) VALUES (?, ?, ?, ?, "
        "?, ?, ?, ?, ?, ?, ?, "
        "?, ?, ?, ?, ?, ?, ?, ?, ?, ?,"
        " ?, ?, ?, ?, ?, ?, ?, iif(?, ?, coalesce(?, strftime('%Y-%m-%dT%H:%M:%SZ', 'now'))), ?)",
        bound_text(i->variant), bound_text(first(i->libc, m ? m->libc : NULL)),
        bound_text(first(i->allocator, m ? m->allocator : NULL)),
        bound_text(m ? m->allocator_evidence : NULL), bound_text(first(i->linkage, m ? m->linkage : NULL)),
        bound_text(i->command), bound_known(i->threads), bound_known(i->passwords), bound_known(i->rep),
        bound_known(i->position), bound_text(probes_name(m ? m->probes : i->probes)),
        bound_text(collector_name(m)), bound_known(ran ? (int64_t)o->wall_ns : -1),
        bound_known(i->reported_ns), bound_known(o->exit_status),
        bound_known(o->term_signal ? o->term_signal : -1), bound_int(o->timed_out), bound_int(o->interrupted),
        bound_text(i->failure), bound_known(used ? (int64_t)o->max_rss_bytes : -1),
        bound_known(used ? (int64_t)o->user_ns : -1), bound_known(used ? (int64_t)o->system_ns : -1),
        bound_known(used ? (int64_t)o->voluntary_switches : -1),
        bound_known(used ? (int64_t)o->involuntary_switches : -1),
        bound_known(used ? (int64_t)o->minor_faults : -1), bound_known(i->foreign_cpu_ns),
        bound_known(used ? (int64_t)o->heapwait_cpu_ns : -1), bound_real(i->load_average),
        bound_int(imported), bound_text(date), bound_text(date),
        bound_known(m && m->ledger && m->ledger->sample_period_ns ? (int64_t)m->ledger->sample_period_ns
                                                                  : -1));
}

static int lock_insert(struct recording *r, int64_t run_id, int64_t frames, const struct lock *l,
                       struct error *err)
{
    int rc = RUN(r, err,
                 "INSERT INTO lock (run_id, tgid, address, name, module, allocator, is_malloc, evidence, use)"
                 " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
                 bound_int(run_id), bound_int(l->tgid), bound_int((int64_t)l->address), bound_text(l->name),
                 bound_text(l->module), bound_text(l->allocator),
                 bound_known(l->whose == WHOSE_UNKNOWN ? -1 : l->whose == WHOSE_MALLOC),
                 bound_text(l->evidence), bound_text(l->use));
    int64_t id = sqlite3_last_insert_rowid(r->db);
    for (size_t i = 0; i < l->outcome_count && !rc; i++) {
        const struct lock_outcome *o = &l->outcomes[i];
        rc = RUN(r, err,
                 "INSERT INTO lock_outcome (lock_id, op, outcome, calls, total_ns, oncpu_ns, blocked_ns,"
                 " runnable_ns, woken, kernel_lock_ns) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                 bound_int(id), bound_text(o->op), bound_text(o->outcome), bound_int((int64_t)o->calls),
                 bound_known((int64_t)o->total_ns), bound_known((int64_t)o->oncpu_ns),
                 bound_known((int64_t)o->blocked_ns), bound_known((int64_t)o->runnable_ns),
                 bound_known(o->woken), bound_known((int64_t)o->kernel_lock_ns));
    }
    for (size_t i = 0; i < l->bucket_count && !rc; i++) {
        const struct wait_bucket *b = &l->buckets[i];
        rc = RUN(
            r, err,
            "INSERT INTO wait_histogram (lock_id, outcome, low_ns, high_ns, calls) VALUES (?, ?, ?, ?, ?)",
            bound_int(id), bound_text(b->outcome), bound_int((int64_t)b->low_ns),
            bound_int((int64_t)b->high_ns), bound_int((int64_t)b->calls));
    }
    for (size_t i = 0; i < l->handoff_count && !rc; i++)
        rc =
            RUN(r, err, "INSERT INTO handoff_histogram (lock_id, low_ns, high_ns, calls) VALUES (?, ?, ?, ?)",
                bound_int(id), bound_int((int64_t)l->handoffs[i].low_ns),
                bound_int((int64_t)l->handoffs[i].high_ns), bound_int((int64_t)l->handoffs[i].calls));
    return rc ? rc : recording_waiters_insert(r, id, frames, l, err);
}

static int threads_insert(struct recording *r, int64_t run_id, const struct ledger *l, struct error *err)
{
    int rc = 0;
    for (size_t i = 0; i < l->thread_count && !rc; i++) {
        const struct thread_account *a = &l->threads[i];
        rc = RUN(r, err,
                 "INSERT INTO thread (run_id, thread, tid, comm, lifetime_ns, syscalls, faults)"
                 " VALUES (?, ?, ?, ?, ?, ?, ?)",
                 bound_int(run_id), bound_int(a->thread), bound_int(a->tid), bound_text(a->comm),
                 bound_int((int64_t)a->lifetime_ns), bound_int((int64_t)a->syscalls),
                 bound_int((int64_t)a->faults));
        for (size_t k = 0; k < a->state_count && !rc; k++)
            rc = RUN(r, err,
                     "INSERT INTO thread_state (run_id, thread, tid, state, ns, entries) VALUES (?, ?, ?, ?, "
                     "?, ?)",
                     bound_int(run_id), bound_int(a->thread), bound_int(a->tid),
                     bound_text(a->states[k].state), bound_int((int64_t)a->states[k].ns),
                     bound_int((int64_t)a->states[k].entries));
    }
    return rc;
}

static int ledger_insert(struct recording *r, int64_t run_id, const struct ledger *l, struct error *err)
{
    int rc = threads_insert(r, run_id, l, err);
    if (!rc && l->core.cores)
        rc = RUN(
            r, err,
            "INSERT INTO core (run_id, cores, idle_ns, other_ns, sample_period_ns) VALUES (?, ?, ?, ?, ?)",
            bound_int(run_id), bound_int(l->core.cores), bound_int((int64_t)l->core.idle_ns),
            bound_int((int64_t)l->core.other_ns),
            bound_known(l->sample_period_ns ? (int64_t)l->sample_period_ns : -1));
    for (size_t i = 0; i < l->sample_count && !rc; i++)
        rc = RUN(
            r, err,
            "INSERT INTO sample (run_id, class, symbol, module, samples, spinning) VALUES (?, ?, ?, ?, ?, ?)",
            bound_int(run_id), bound_text(l->samples[i].class), bound_text(l->samples[i].symbol),
            bound_text(l->samples[i].module), bound_int((int64_t)l->samples[i].samples),
            bound_int((int64_t)l->samples[i].spinning));
    for (size_t i = 0; i < l->stretch_count && !rc; i++)
        rc = RUN(r, err,
                 "INSERT INTO timeline (run_id, thread, state, from_ns, until_ns) VALUES (?, ?, ?, ?, ?)",
                 bound_int(run_id), bound_int(l->timeline[i].thread), bound_text(l->timeline[i].state),
                 bound_int(l->timeline[i].from_ns), bound_int(l->timeline[i].until_ns));
    return rc;
}

static int measurement_insert(struct recording *r, int64_t run_id, const struct measurement *m,
                              struct error *err)
{
    int64_t frames = 0;
    int rc = recording_frames_insert(r, run_id, m->paths, &frames, err);
    for (size_t i = 0; i < m->lock_count && !rc; i++) {
        const struct lock *l = &m->locks[i];
        rc = RUN(r, err,
                 "INSERT INTO process (run_id, tgid, program) VALUES (?, ?, ?) ON CONFLICT DO UPDATE "
                 "SET program = coalesce(program, excluded.program)",
                 bound_int(run_id), bound_int(l->tgid), bound_text(l->program));
        if (!rc)
            rc = lock_insert(r, run_id, frames, l, err);
    }
    if (m->ledger && !rc)
        rc = ledger_insert(r, run_id, m->ledger, err);
    for (size_t i = 0; i < m->memory_count && !rc; i++)
        rc = RUN(r, err,
                 "INSERT INTO memory_call (run_id, tgid, kind, calls, total_ns, blocked_ns)"
                 " VALUES (?, ?, ?, ?, ?, ?)",
                 bound_int(run_id), bound_int(m->memory[i].tgid), bound_text(m->memory[i].kind),
                 bound_int((int64_t)m->memory[i].calls), bound_int((int64_t)m->memory[i].total_ns),
                 bound_int((int64_t)m->memory[i].blocked_ns));
    for (size_t i = 0; i < m->loss_count && !rc; i++)
        rc = RUN(r, err, "INSERT INTO loss (run_id, reason, count, unit) VALUES (?, ?, ?, ?)",
                 bound_int(run_id), bound_text(m->losses[i].reason), bound_int((int64_t)m->losses[i].count),
                 bound_text(m->losses[i].unit));
    for (size_t i = 0; i < m->probe_stat_count && !rc; i++)
        rc = RUN(r, err, "INSERT INTO probe (run_id, name, calls, ns) VALUES (?, ?, ?, ?)", bound_int(run_id),
                 bound_text(m->probe_stats[i].name), bound_known(m->probe_stats[i].calls),
                 bound_known(m->probe_stats[i].ns));
    return rc;
}

static int hooks_insert(struct recording *r, const struct measurement *m, struct error *err)
{
    if (m->probes == PROBES_LEDGER) {
        int rc = recording_set_host(r, "hooks_ledger", m->hooks, err);
        rc =
            rc ? rc
               : recording_set_host(r, "hooks_kernel_locks", m->sees_locks ? "raw tracepoints" : "none", err);
        return rc ? rc
                  : recording_set_host(r, "hooks_page_faults", m->sees_faults ? "fentry and fexit" : "none",
                                       err);
    }
    return recording_set_host(r, "hooks_waits", m->hooks, err);
}

int recording_add_run(struct recording *r, const struct run_info *info, const struct measurement *m,
                      struct error *err)
{
    if (sqlite3_exec(r->db, "BEGIN IMMEDIATE", NULL, NULL, NULL))
        return recording_db_error(r, err, "begin a run");
    int rc = run_insert(r, info, m, err);
    if (!rc && m)
        rc = measurement_insert(r, sqlite3_last_insert_rowid(r->db), m, err);
    if (!rc && m && m->hooks)
        rc = hooks_insert(r, m, err);
    if (!rc && sqlite3_exec(r->db, "COMMIT", NULL, NULL, NULL))
        rc = recording_db_error(r, err, "keep a run");
    if (rc)
        sqlite3_exec(r->db, "ROLLBACK", NULL, NULL, NULL);
    else
        r->runs++;
    return rc;
}

int recording_has_position(struct recording *r, int64_t position)
{
    sqlite3_stmt *stmt = NULL;
    if (sqlite3_prepare_v2(r->db, "SELECT 1 FROM run WHERE position = ?", -1, &stmt, NULL))
        return -EIO;
    sqlite3_bind_int64(stmt, 1, position);
    int step = sqlite3_step(stmt);
    sqlite3_finalize(stmt);
    return step == SQLITE_ROW ? 1 : step == SQLITE_DONE ? 0 : -EIO;
}

int recording_descriptor(const struct recording *r)
{
    return r->published;
}

void recording_close(struct recording *r)
{
    if (!r)
        return;
    for (size_t i = 0; i < r->statement_count; i++)
        sqlite3_finalize(r->statements[i].stmt);
    sqlite3_close(r->db);
    if (r->work >= 0)
        close(r->work);
    if (r->published >= 0)
        close(r->published);
    location_close(&r->at);
    free(r);
}
