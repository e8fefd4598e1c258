/* The rows of call paths: `frame`, `frame_sample` and `waiter`.  A tree's nodes are numbered callers first,
 * so that their rows can be written in order, each referring to one that is there. */
#include "probes/measurement/call_tree.h"
#include "probes/recording/recording_private.h"

/* Sets *frames to the greatest id of a frame of all runs so far; 0: there is none. */
static int frames_begin(struct recording *r, int64_t *frames, struct error *err)
{
    sqlite3_stmt *stmt = NULL;
    if (sqlite3_prepare_v2(r->db, "SELECT coalesce(max(id), 0) FROM frame", -1, &stmt, NULL))
        return recording_db_error(r, err, "read");
    int rc = sqlite3_step(stmt) == SQLITE_ROW ? 0 : recording_db_error(r, err, "read");
    *frames = rc ? 0 : sqlite3_column_int64(stmt, 0);
    sqlite3_finalize(stmt);
    return rc;
}

static int frame_insert(struct recording *r, int64_t run_id, int64_t frames, uint32_t number,
                        const struct call_node *n, struct error *err)
{
    const struct call_frame *f = &n->frame;
    int rc =
        RUN(r, err,
            "INSERT INTO frame (id, run_id, caller, symbol, module, address, class)"
            " VALUES (?, ?, ?, ?, ?, ?, ?)",
            bound_int(frames + number), bound_int(run_id), bound_known(n->caller ? frames + n->caller : -1),
            bound_text(f->symbol), bound_text(f->module),
            f->symbol ? bound_text(NULL) : bound_int((int64_t)f->address), bound_text(f->class));
    return rc || !n->samples ? rc
                             : RUN(r, err, "INSERT INTO frame_sample (frame_id, samples) VALUES (?, ?)",
                                   bound_int(frames + number), bound_int((int64_t)n->samples));
}

int recording_frames_insert(struct recording *r, int64_t run_id, const struct call_tree *t, int64_t *frames,
                            struct error *err)
{
    size_t count = t ? call_tree_count(t) : 0;
    int rc = count ? frames_begin(r, frames, err) : 0;
    for (uint32_t i = 1; i <= count && !rc; i++)
        rc = frame_insert(r, run_id, *frames, i, call_tree_node(t, i), err);
    return rc;
}

int recording_waiters_insert(struct recording *r, int64_t lock_id, int64_t frames, const struct lock *l,
                             struct error *err)
{
    int rc = 0;
    for (size_t i = 0; i < l->waiter_count && !rc; i++) {
        const struct waiter *w = &l->waiters[i];
        rc = RUN(r, err,
                 "INSERT INTO waiter (lock_id, frame_id, evidence, waits, wakes) VALUES (?, ?, ?, ?, ?)",
                 bound_int(lock_id), bound_int(frames + w->node), bound_text(w->evidence),
                 bound_int((int64_t)w->waits), bound_int((int64_t)w->wakes));
    }
    return rc;
}
