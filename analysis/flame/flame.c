/* See flame.h.  The view's rows are read once and kept; a name, which comes again and again, is kept once.
 * Rows come callers first, so the path of a node is the last node of each smaller depth. */
#include "analysis/flame/flame.h"

#include "analysis/base/text.h"

#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

enum { DEPTH_MOST = 1024 }; /* the view has no deeper rows */

struct frame {
    char *label; /* fit for a folded line */
    char *json;  /* an object of speedscope's */
};

struct node {
    uint32_t frame, depth;
    int64_t self;
};

/* One variant at one thread count: a stretch of the nodes. */
struct cell {
    char *name; /* "musl, 4 threads", or the command */
    size_t begin, end;
};

struct tree {
    struct frame *frames;
    size_t frame_count;
    struct node *nodes;
    size_t node_count, node_room;
    struct cell *cells;
    size_t cell_count;
};

static void tree_free(struct tree *t)
{
    for (size_t i = 0; i < t->frame_count; i++) {
        free(t->frames[i].label);
        free(t->frames[i].json);
    }
    for (size_t i = 0; i < t->cell_count; i++)
        free(t->cells[i].name);
    free(t->frames);
    free(t->nodes);
    free(t->cells);
}

static char *column_copy(sqlite3_stmt *row, int column)
{
    const char *text = (const char *)sqlite3_column_text(row, column);
    char *copy = text ? strdup(text) : NULL;
    return copy ? text_clean(copy) : NULL;
}

static char *label_copy(sqlite3_stmt *row, int column)
{
    char *label = column_copy(row, column);
    for (char *c = label; c && (c = strchr(c, ';'));)
        *c = ':';
    return label;
}

static int cell_add(struct tree *t, sqlite3_stmt *row)
{
    struct cell *grown = realloc(t->cells, (t->cell_count + 1) * sizeof(*grown));
    if (!grown)
        return -ENOMEM;
    t->cells = grown;
    grown[t->cell_count] = (struct cell){column_copy(row, 1), t->node_count, t->node_count};
    return grown[t->cell_count++].name ? 0 : -ENOMEM;
}

/* Keeps the row's frame by its number, from 1.  The numbers have no gaps, but come in any order. */
static int frame_keep(struct tree *t, size_t number, sqlite3_stmt *row)
{
    if (number > t->frame_count) {
        struct frame *grown = realloc(t->frames, 2 * number * sizeof(*grown));
        if (!grown)
            return -ENOMEM;
        memset(grown + t->frame_count, 0, (2 * number - t->frame_count) * sizeof(*grown));
        t->frames = grown;
        t->frame_count = 2 * number;
    }
    struct frame *f = &t->frames[number - 1];
    if (f->label)
        return 0;
    *f = (struct frame){label_copy(row, 5), column_copy(row, 6)};
    return f->label && f->json ? 0 : -ENOMEM;
}

/* Keeps a row: place in the cell, cell's name, frame's number, depth, self, label, JSON. */
static int node_add(struct tree *t, sqlite3_stmt *row)
{
    const int64_t rank = sqlite3_column_int64(row, 2); /* from 1 */
    const size_t number = rank > 0 ? (size_t)rank : 1;
    if ((sqlite3_column_int64(row, 0) == 1 || !t->cells) && cell_add(t, row))
        return -ENOMEM;
    if (t->node_count == t->node_room) {
        const size_t room = t->node_room ? 2 * t->node_room : 1024;
        struct node *grown = realloc(t->nodes, room * sizeof(*grown));
        if (!grown)
            return -ENOMEM;
        t->nodes = grown;
        t->node_room = room;
    }
    t->nodes[t->node_count++] = (struct node){(uint32_t)(number - 1), (uint32_t)sqlite3_column_int64(row, 3),
                                              sqlite3_column_int64(row, 4)};
    t->cells[t->cell_count - 1].end = t->node_count;
    return frame_keep(t, number, row);
}

static int tree_read(struct database *db, const struct flame_choice *choice, struct tree *t,
                     struct error *err)
{
    sqlite3_stmt *row = database_prepare(
        db,
        "SELECT f.position, coalesce(f.variant, (SELECT command FROM run WHERE variant IS NULL ORDER BY id "
        "LIMIT "
        "1)) || CASE WHEN f.threads IS NULL THEN '' WHEN f.threads = 1 THEN ', 1 thread' "
        "ELSE ', ' || f.threads || ' threads' END, "
        "dense_rank() OVER (ORDER BY f.label, f.module), f.depth, f.self, f.label, "
        "iif(f.module IS NULL, json_object('name', f.label), json_object('name', f.label, 'file', f.module)) "
        "FROM flame AS f LEFT JOIN variant AS v ON v.name = f.variant "
        "WHERE (?1 IS NULL OR f.variant = ?1) AND (?2 IS NULL OR f.threads = ?2) "
        "ORDER BY v.position, f.variant, f.threads, f.position",
        err);
    int rc = row ? 0 : -EIO;
    if (row && choice->variant)
        sqlite3_bind_text(row, 1, choice->variant, -1, SQLITE_TRANSIENT);
    if (row && choice->threads >= 0)
        sqlite3_bind_int64(row, 2, choice->threads);
    while (rc == 0 && (rc = database_step(db, row, err)) == 1)
        rc = node_add(t, row) ? error_set(err, -ENOMEM, "out of memory") : 0;
    sqlite3_finalize(row);
    if (rc == 0 && t->node_count == 0)
        rc = error_set(err, -ENODATA, "there are no call paths of that choice");
    return rc;
}

/* Goes on to the cell's next node that has samples of its own.  Returns true if there is one; path[0] to
 * path[depth - 1] is its path then. */
static bool path_next(const struct tree *t, const struct cell *c, size_t *next, uint32_t path[DEPTH_MOST],
                      const struct node **node)
{
    while (*next < c->end) {
        const struct node *n = &t->nodes[(*next)++];
        path[n->depth - 1] = n->frame;
        *node = n;
        if (n->self > 0)
            return true;
    }
    return false;
}

static void folded_write(const struct tree *t, const struct cell *c, FILE *out)
{
    uint32_t path[DEPTH_MOST];
    const struct node *node;
    for (size_t next = c->begin; path_next(t, c, &next, path, &node);) {
        if (t->cell_count > 1)
            fprintf(out, "%s;", c->name);
        for (uint32_t i = 0; i < node->depth; i++)
            fprintf(out, "%s%s", i ? ";" : "", t->frames[path[i]].label);
        fprintf(out, " %" PRId64 "\n", node->self);
    }
}

int flame_write_folded(struct database *db, const struct flame_choice *choice, FILE *out, struct error *err)
{
    struct tree t = {0};
    const int rc = tree_read(db, choice, &t, err);
    for (size_t i = 0; rc == 0 && i < t.cell_count; i++)
        folded_write(&t, &t.cells[i], out);
    tree_free(&t);
    return rc;
}

/* Writes a JSON string made by SQLite, so that there is one quoting only. */
static int string_write(struct database *db, const char *text, FILE *out, struct error *err)
{
    sqlite3_stmt *row = database_prepare(db, "SELECT json_quote(?1)", err);
    if (!row)
        return -EIO;
    sqlite3_bind_text(row, 1, text, -1, SQLITE_TRANSIENT);
    int rc = database_step(db, row, err);
    char *quoted = rc == 1 ? column_copy(row, 0) : NULL;
    if (rc == 1)
        rc = quoted ? 0 : error_set(err, -ENOMEM, "out of memory");
    if (quoted)
        fputs(quoted, out);
    free(quoted);
    sqlite3_finalize(row);
    return rc;
}

static int64_t cell_samples(const struct tree *t, const struct cell *c)
{
    int64_t sum = 0;
    for (size_t i = c->begin; i < c->end; i++)
        sum += t->nodes[i].self;
    return sum;
}

static int profile_write(struct database *db, const struct tree *t, const struct cell *c, FILE *out,
                         struct error *err)
{
    uint32_t path[DEPTH_MOST];
    const struct node *node;
    const char *comma = "";
    fputs("{\"type\": \"sampled\", \"name\": ", out);
    const int rc = string_write(db, c->name, out, err);
    fprintf(out, ", \"unit\": \"none\", \"startValue\": 0, \"endValue\": %" PRId64 ",\n\"samples\": [",
            cell_samples(t, c));
    for (size_t next = c->begin; path_next(t, c, &next, path, &node); comma = ",") {
        fprintf(out, "%s\n[", comma);
        for (uint32_t i = 0; i < node->depth; i++)
            fprintf(out, "%s%" PRIu32, i ? "," : "", path[i]);
        fputc(']', out);
    }
    fputs("],\n\"weights\": [", out);
    comma = "";
    for (size_t next = c->begin; path_next(t, c, &next, path, &node); comma = ",")
        fprintf(out, "%s%" PRId64, comma, node->self);
    fputs("]}", out);
    return rc;
}

static int document_write(struct database *db, const struct tree *t, const char *name, const char *exporter,
                          FILE *out, struct error *err)
{
    fputs("{\"$schema\": \"https://www.speedscope.app/file-format-schema.json\",\n\"name\": ", out);
    int rc = string_write(db, name, out, err);
    fputs(",\n\"exporter\": ", out);
    if (rc == 0)
        rc = string_write(db, exporter, out, err);
    fputs(",\n\"shared\": {\"frames\": [", out);
    for (size_t i = 0; i < t->frame_count && t->frames[i].json; i++)
        fprintf(out, "%s\n%s", i ? "," : "", t->frames[i].json);
    fputs("]},\n\"profiles\": [", out);
    for (size_t i = 0; rc == 0 && i < t->cell_count; i++) {
        fputs(i ? ",\n" : "\n", out);
        rc = profile_write(db, t, &t->cells[i], out, err);
    }
    fputs("]}\n", out);
    return rc;
}

int flame_write_speedscope(struct database *db, const struct flame_choice *choice, const char *name,
                           const char *exporter, FILE *out, struct error *err)
{
    struct tree t = {0};
    int rc = tree_read(db, choice, &t, err);
    if (rc == 0)
        rc = document_write(db, &t, name, exporter, out, err);
    tree_free(&t);
    return rc;
}
