/* See render.h.  What a report is made of lies in one private folder: analysis.json and figures.json for
 * Typst, the figures and their data, Typst's sources.  Only the results leave it. */
#include "plots/render.h"

#include "analysis/base/datadir.h"
#include "analysis/verdict/json.h"
#include "analysis/verdict/verdict.h"
#include "plots/figure.h"
#include "plots/folder.h"
#include "plots/lineup.h"
#include "plots/page.h"
#include "plots/query.h"
#include "plots/typeset.h"
#include "plots/typst.h"

#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Rows of one table of the document that Typst reads.  Real recordings have hundreds; what is cut is told. */
enum { ROWS_MOST = 4000 };

struct report {
    struct folder *own; /* the private folder where it is made, and where it shall go */
    const char *folder; /* the private one's path */
    char *scripts;      /* the .gp and .typ files */
    int64_t epoch;      /* the recording's start, the report's only date */
    struct lineup lineup;
    struct figures figures;
    struct verdict *verdict;
    struct page *page;    /* the HTML report's, without its figures */
    struct error without; /* why there is no PDF; empty: there is one */
    sigset_t before;      /* the signal mask to go back to */
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
    int rc = path ? json_most(db, ROWS_MOST, &json, err) : -ENOMEM;
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

/* What a report's folder holds: of each figure these files, and the pages. */
static const struct part {
    const char *folder, *suffix;
} parts[] = {{"data", ".tsv"}, {"figures", ".pdf"}, {"figures", ".svg"}};
static const char *const pages[] = {"report.pdf", "report.html"};

/* Returns the name of a figure's file, malloc'd; NULL: out of memory. */
static char *part_file(const struct part *part, const char *figure)
{
    char *file = NULL;
    return asprintf(&file, "%s%s", figure, part->suffix) < 0 ? NULL : file;
}

static int places_check(const struct folder *own, struct error *err)
{
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < sizeof parts / sizeof *parts; i++)
        for (const char *const *name = figure_names(); rc == 0 && *name; name++) {
            char *file = part_file(&parts[i], *name);
            rc = file ? folder_place_check(own, parts[i].folder, file, err) : -ENOMEM;
            free(file);
        }
    for (size_t i = 0; rc == 0 && i < sizeof pages / sizeof *pages; i++)
        rc = folder_place_check(own, NULL, pages[i], err);
    return rc;
}

int report_collect(struct database *db, const char *folder, struct report **out, struct error *err)
{
    struct report *r = calloc(1, sizeof *r);
    int rc = -ENOMEM;
    *out = NULL;
    if (!r)
        return error_set(err, rc, "out of memory");
    signals_hold(&r->before);
    rc = -ENOENT;
    if (!(r->scripts = datadir_path("plots", err)))
        goto out;
    rc = folder_new(folder, &r->own, err);
    if (rc == 0)
        rc = places_check(r->own, err);
    r->folder = r->own ? folder_path(r->own) : NULL;
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
    if (rc == 0)
        rc = page_collect(db, &r->lineup, r->verdict, r->epoch, &r->page, err);
out:
    if (rc < 0) {
        error_set(err, rc, "out of memory");
        report_free(r);
    } else {
        *out = r;
    }
    return rc;
}

static void figure_write(FILE *out, const struct figure *f)
{
    fprintf(out, "{\"name\": \"%s\", \"height\": %.4f, \"title\": ", f->name, f->height);
    text_json(out, f->title);
    fputs(", \"caption\": ", out);
    text_json(out, f->caption);
    fputs(", \"undrawable\": ", out);
    text_json(out, f->undrawable);
    fputs("}", out);
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
    fprintf(t.out, ", \"variants_cut\": %zu, \"threads_cut\": %zu", r->lineup.variants_cut,
            r->lineup.threads_cut);
    fputs(",\n\"variants\": [", t.out);
    looks_write(t.out, &r->lineup);
    fputs("],\n\"figures\": [", t.out);
    for (size_t i = 0; i < r->figures.count; i++) {
        fputs(i ? ",\n" : "\n", t.out);
        figure_write(t.out, &r->figures.items[i]);
    }
    fputs("]}\n", t.out);
    char *json = text_take(&t), *path = folder_path_join(r->folder, "figures.json");
    rc = json && path ? folder_file_write(path, json, strlen(json), err) : -ENOMEM;
    free(json);
    free(path);
    return rc;
}

static int report_move(const struct report *r, struct error *err)
{
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < sizeof parts / sizeof *parts; i++)
        for (const char *const *name = figure_names(); rc == 0 && *name; name++) {
            char *file = part_file(&parts[i], *name);
            rc = file ? folder_publish(r->own, parts[i].folder, file, err) : -ENOMEM;
            free(file);
        }
    for (size_t i = 0; rc == 0 && i < sizeof pages / sizeof *pages; i++)
        rc = folder_publish(r->own, NULL, pages[i], err);
    return rc;
}

static int pdf_make(struct report *r, struct error *err)
{
    const int rc = figures_write(r, err);
    return rc == 0 ? typst_compile(r->folder, r->scripts, r->epoch, err) : rc;
}

static int report_make(struct report *r, struct error *err)
{
    const bool has_typst = typst_check(r->scripts, &r->without) == 0;
    int rc = figures_draw(&r->figures, r->folder, r->scripts, r->epoch, err);
    if (rc == 0)
        rc = page_write(r->page, &r->figures, r->folder, r->scripts, err);
    if (rc == 0 && has_typst)
        rc = pdf_make(r, err);
    return rc == 0 ? report_move(r, err) : rc;
}

int report_draw(struct report *report, struct error *err)
{
    const int rc = report_make(report, err);
    return rc < 0 ? error_set(err, rc, "can't make the report: %s", strerror(-rc)) : 0;
}

const char *report_without_pdf(const struct report *report)
{
    return report->without.text[0] ? report->without.text : NULL;
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
    folder_remove(report->own);
    figures_free(&report->figures);
    page_free(report->page);
    lineup_free(&report->lineup);
    verdict_free(report->verdict);
    free(report->scripts);
    sigprocmask(SIG_SETMASK, &report->before, NULL); /* a signal that came meanwhile ends the program here */
    free(report);
}
