/* See render.h.  What a report is made of lies in one private folder: analysis.json and figures.json for
 * Typst, the figures and their data, Typst's sources.  Only the results leave it. */
#include "plots/render.h"

#include "analysis/base/datadir.h"
#include "analysis/verdict/json.h"
#include "analysis/verdict/verdict.h"
#include "plots/figure.h"
#include "plots/folder.h"
#include "plots/lineup.h"
#include "plots/query.h"
#include "plots/typeset.h"
#include "plots/typst.h"

#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct report {
    char *target;  /* the folder where it shall go */
    char *folder;  /* the private folder where it is made */
    char *scripts; /* the .gp and .typ files */
    int64_t epoch; /* the recording's start, the report's only date */
    struct lineup lineup;
    struct figures figures;
    struct verdict *verdict;
    sigset_t before; /* the signal mask to go back to */
};

static int epoch_read(struct database *db, int64_t *epoch, struct error *err)
{
    char *text = NULL;
    const int rc = query_text(db,
                              "SELECT CAST(strftime('%s', coalesce(min(started_at), "
                              "(SELECT value FROM host WHERE key = 'started_at'))) AS INTEGER) FROM run",
                              NULL, -1, &text, err);
    *epoch = text ? strtoll(text, NULL, 10) : 0;
    if (*epoch < 0)
        *epoch = 0;
    free(text);
    return rc;
}

static int document_write(struct database *db, const char *folder, struct error *err)
{
    char *json = NULL, *path = folder_path_join(folder, "analysis.json");
    int rc = path ? json_all(db, &json, err) : -ENOMEM;
    if (rc == 0)
        rc = folder_file_write(path, json, strlen(json), err);
    free(json);
    free(path);
    return rc;
}

/* Holds back signals until report_free(), so that an interrupted report leaves no private folder; tool_run()
 * looks whether any came. */
static void signals_hold(sigset_t *before)
{
    sigset_t held;
    sigemptyset(&held);
    sigaddset(&held, SIGINT);
    sigaddset(&held, SIGTERM);
    sigaddset(&held, SIGHUP);
    sigprocmask(SIG_BLOCK, &held, before);
}

int report_collect(struct database *db, const char *folder, struct report **out, struct error *err)
{
    struct report *r = calloc(1, sizeof *r);
    int rc = -ENOMEM;
    *out = NULL;
    if (!r)
        return error_set(err, rc, "out of memory");
    signals_hold(&r->before);
    if (!(r->target = strdup(folder)))
        goto out;
    rc = -ENOENT;
    if (!(r->scripts = datadir_path("plots", err)))
        goto out;
    rc = folder_new(folder, &r->folder, err);
    if (rc == 0)
        rc = epoch_read(db, &r->epoch, err);
    if (rc == 0)
        rc = verdict_make(db, &r->verdict, err);
    if (rc == 0)
        rc = lineup_read(db, &r->lineup, err);
    if (rc == 0)
        rc = document_write(db, r->folder, err);
    if (rc == 0)
        rc = figures_collect(db, &r->lineup, r->folder, &r->figures, err);
out:
    if (rc < 0) {
        error_set(err, rc, "out of memory");
        report_free(r);
    } else {
        *out = r;
    }
    return rc;
}

/* Writes a file as a data: URI, which is how the HTML stays one file. */
static int data_uri_write(FILE *out, const char *folder, const char *name, struct error *err)
{
    char *bytes = NULL, *path = NULL, *file = NULL;
    size_t size = 0;
    int rc = -ENOMEM;
    if (asprintf(&file, "%s.svg", name) >= 0 && (path = folder_path_join(folder, file)))
        rc = folder_file_read(path, &bytes, &size, err);
    if (rc == 0) {
        fputs("\"data:image/svg+xml;base64,", out);
        text_base64(out, bytes, size);
        fputc('"', out);
    }
    free(bytes);
    free(path);
    free(file);
    return rc;
}

static int figure_write(FILE *out, const struct figure *f, const char *folder, struct error *err)
{
    int rc = 0;
    fprintf(out, "{\"name\": \"%s\", \"height\": %.4f, \"title\": ", f->name, f->height);
    text_json(out, f->title);
    fputs(", \"caption\": ", out);
    text_json(out, f->caption);
    fputs(", \"undrawable\": ", out);
    text_json(out, f->undrawable);
    fputs(", \"svg\": ", out);
    if (f->undrawable)
        fputs("null", out);
    else
        rc = data_uri_write(out, folder, f->name, err);
    fputs("}", out);
    return rc;
}

static void looks_write(FILE *out, const struct lineup *l)
{
    for (size_t i = 0; i < l->count; i++) {
        const struct variant *v = &l->variants[i];
        fputs(i ? ",\n" : "\n", out);
        fputs("{\"variant\": ", out);
        text_json(out, v->name ? v->full : NULL);
        fputs(", \"label\": ", out);
        text_json(out, v->label);
        fputs(", \"missing\": ", out);
        text_json(out, v->missing);
        fprintf(out, ", \"colour\": \"#%06" PRIx32 "\", \"static\": %s}", v->ink.colour,
                v->is_static ? "true" : "false");
    }
}

/* Writes what Typst needs to know besides the analysis. */
static int figures_write(const struct report *r, struct error *err)
{
    struct text t;
    int rc = text_open(&t);
    if (rc < 0)
        return -ENOMEM;
    fprintf(t.out, "{\"epoch\": %" PRId64 ", \"study\": %s, \"ledger\": %s, \"threads\": ", r->epoch,
            r->lineup.study ? "true" : "false", r->lineup.ledger ? "true" : "false");
    if (r->lineup.subject_threads < 0)
        fputs("null", t.out);
    else
        fprintf(t.out, "%" PRId64, r->lineup.subject_threads);
    fputs(", \"subject\": ", t.out);
    text_json(t.out, r->lineup.subject);
    fputs(",\n\"variants\": [", t.out);
    looks_write(t.out, &r->lineup);
    fputs("],\n\"figures\": [", t.out);
    for (size_t i = 0; rc == 0 && i < r->figures.count; i++) {
        fputs(i ? ",\n" : "\n", t.out);
        rc = figure_write(t.out, &r->figures.items[i], r->folder, err);
    }
    fputs("]}\n", t.out);
    char *json = text_take(&t), *path = folder_path_join(r->folder, "figures.json");
    if (rc == 0)
        rc = json && path ? folder_file_write(path, json, strlen(json), err) : -ENOMEM;
    free(json);
    free(path);
    return rc;
}

/* Moves one figure's files, or clears an older report's away where this one has none. */
static int figure_move(const struct report *r, const char *name, const char *figures, const char *data,
                       struct error *err)
{
    static const char *const suffixes[] = {".tsv", ".pdf", ".svg"};
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < 3; i++) {
        char *file = NULL, *from = NULL, *to = NULL;
        const char *where = i == 0 ? data : figures;
        rc = -ENOMEM;
        if (asprintf(&file, "%s%s", name, suffixes[i]) >= 0 && (from = folder_path_join(r->folder, file)) &&
            (to = folder_path_join(where, file)))
            rc = access(from, F_OK) == 0 ? folder_file_move(r->folder, where, file, err)
                                         : (unlink(to) < 0 && errno != ENOENT ? -errno : 0);
        free(file);
        free(from);
        free(to);
    }
    return rc;
}

static int report_move(const struct report *r, struct error *err)
{
    char *figures = folder_path_join(r->target, "figures"), *data = folder_path_join(r->target, "data");
    int rc = figures && data ? folder_make(r->target, err) : -ENOMEM;
    if (rc == 0)
        rc = folder_make(figures, err);
    if (rc == 0)
        rc = folder_make(data, err);
    for (const char *const *name = figure_names(); rc == 0 && *name; name++)
        rc = figure_move(r, *name, figures, data, err);
    if (rc == 0)
        rc = folder_file_move(r->folder, r->target, "report.pdf", err);
    if (rc == 0)
        rc = folder_file_move(r->folder, r->target, "report.html", err);
    free(figures);
    free(data);
    return rc;
}

static int report_make(struct report *r, struct error *err)
{
    int rc = typst_check(r->scripts, err); /* before the slow part */
    if (rc == 0)
        rc = figures_draw(&r->figures, r->folder, r->scripts, r->epoch, err);
    if (rc == 0)
        rc = figures_write(r, err);
    if (rc == 0)
        rc = typst_compile(r->folder, r->scripts, r->epoch, err);
    return rc == 0 ? report_move(r, err) : rc;
}

int report_draw(struct report *report, struct error *err)
{
    const int rc = report_make(report, err);
    return rc < 0 ? error_set(err, rc, "can't make the report: %s", strerror(-rc)) : 0;
}

size_t report_sentences(const struct report *report)
{
    return report->verdict->count;
}

const char *report_sentence(const struct report *report, size_t index)
{
    return report->verdict->sentences[index].text;
}

void report_free(struct report *report)
{
    if (!report)
        return;
    folder_remove(report->folder);
    figures_free(&report->figures);
    lineup_free(&report->lineup);
    verdict_free(report->verdict);
    free(report->folder);
    free(report->scripts);
    free(report->target);
    sigprocmask(SIG_SETMASK, &report->before, NULL); /* a signal that came meanwhile ends the program here */
    free(report);
}
