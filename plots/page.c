/* See page.h. */
#include "plots/page.h"

#include "plots/folder.h"
#include "plots/html.h"
#include "plots/page_figure.h"
#include "plots/page_method.h"
#include "plots/page_parts.h"
#include "plots/page_summary.h"
#include "plots/page_tables.h"
#include "plots/sha256.h"
#include "plots/svg.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct page {
    char *title;
    struct page_parts parts;
};

static void figures_add(struct page_parts *parts, const char *const *names)
{
    for (; *names; names++)
        page_parts_figure(parts, *names);
}

/* A table, or the figures, where it stands. */
static int study_add(struct page_parts *parts, struct database *db, const struct lineup *l,
                     const struct verdict *verdict, struct error *err)
{
    page_parts_section(parts, "time", "How long it takes");
    page_parts_figure(parts, "wall");
    page_summary_topics(parts, verdict, (const char *const[]){"linkage", "other", NULL});
    int rc = page_table_add(parts, db, l, &page_tables_variants, err);
    figures_add(parts, (const char *const[]){"throughput", "memory", "post", NULL});
    page_summary_topics(parts, verdict, (const char *const[]){"published", NULL});
    page_parts_section(parts, "lock", "What happens at the lock");
    figures_add(parts, (const char *const[]){"futex", "waits", NULL});
    if (rc == 0)
        rc = page_table_add(parts, db, l, &page_tables_busiest, err);
    return rc == 0 ? page_table_add(parts, db, l, &page_tables_callers, err) : rc;
}

static int record_add(struct page_parts *parts, struct database *db, const struct lineup *l,
                      struct error *err)
{
    page_parts_section(parts, "lock", "What happens at the locks");
    int rc = page_table_add(parts, db, l, &page_tables_processes, err);
    if (rc == 0)
        rc = page_table_add(parts, db, l, &page_tables_words, err);
    if (rc == 0)
        rc = page_table_add(parts, db, l, &page_tables_waiters, err);
    page_parts_figure(parts, "waits");
    return rc;
}

static int parts_add(struct page *page, struct database *db, const struct lineup *l,
                     const struct verdict *verdict, int64_t epoch, struct error *err)
{
    struct page_parts *parts = &page->parts;
    int rc = page_summary_add(parts, db, l, verdict, epoch, &page->title, err);
    if (rc == 0)
        rc = l->study ? study_add(parts, db, l, verdict, err) : record_add(parts, db, l, err);
    if (rc == 0 && l->ledger) {
        page_parts_section(parts, "account", "Where the time goes");
        figures_add(parts, (const char *const[]){"where", "waterfall", "timeline", "handoff", NULL});
    }
    if (rc == 0 && l->flames) {
        page_parts_section(parts, "samples", "Where the samples are");
        for (const char *const *name = figure_names(); *name; name++)
            if (!strncmp(*name, "flame", strlen("flame")))
                page_parts_figure(parts, *name);
    }
    if (rc == 0)
        rc = page_method_add(parts, db, l, verdict, err);
    return rc == 0 && parts->failed ? -ENOMEM : rc;
}

int page_collect(struct database *db, const struct lineup *lineup, const struct verdict *verdict,
                 int64_t epoch, struct page **out, struct error *err)
{
    *out = calloc(1, sizeof **out);
    const int rc = *out ? parts_add(*out, db, lineup, verdict, epoch, err) : -ENOMEM;
    if (rc < 0) {
        error_set(err, rc, "out of memory");
        page_free(*out);
        *out = NULL;
    }
    return rc;
}

void page_free(struct page *page)
{
    if (!page)
        return;
    page_parts_free(&page->parts);
    free(page->title);
    free(page);
}

static const struct figure *figure_find(const struct figures *figures, const char *name)
{
    for (size_t i = 0; i < figures->count; i++)
        if (!strcmp(figures->items[i].name, name))
            return &figures->items[i];
    return NULL;
}

/* Returns what a part is called in the contents; NULL: it isn't there. */
static const char *title_of(const struct page_part *part, const struct figures *figures)
{
    const struct figure *f = part->is_figure ? figure_find(figures, part->id) : NULL;
    return !part->is_figure ? part->title : f ? f->title : NULL;
}

static void contents_write(FILE *out, const struct page_parts *parts, const struct figures *figures)
{
    bool nested = false, first = true;
    fputs("<nav aria-label=\"Contents\"><h2 id=\"contents\">Contents</h2><ul>\n", out);
    for (size_t i = 0; i < parts->count; i++) {
        const struct page_part *part = &parts->items[i];
        const char *title = title_of(part, figures);
        if (!part->id || !title)
            continue;
        if (part->is_section) {
            fputs(nested ? "</ul></li>\n" : first ? "" : "</li>\n", out);
            nested = false;
        } else if (!nested && !first) {
            fputs("<ul>\n", out);
            nested = true;
        }
        fprintf(out, "<li><a href=\"#%s\">", part->id);
        html_text(out, title);
        if (part->is_figure && strchr(part->id, '-')) /* another of the same kind: "flame-2" */
            fprintf(out, " (%s)", strchr(part->id, '-') + 1);
        fputs(part->is_section ? "</a>" : "</a></li>\n", out);
        first = false;
    }
    fputs(nested ? "</ul></li>\n</ul></nav>\n" : "</li>\n</ul></nav>\n", out);
}

/* Writes the parts behind the summary, which is the first of them. */
static int parts_write(FILE *out, struct page *page, const struct figures *figures, const char *folder,
                       struct error *err)
{
    size_t number = 0, room = PAGE_DATA_MOST;
    int rc = 0;
    for (size_t i = 1; rc == 0 && i < page->parts.count; i++) {
        const struct page_part *part = &page->parts.items[i];
        const struct figure *f = part->is_figure ? figure_find(figures, part->id) : NULL;
        if (part->html)
            fputs(part->html, out);
        else if (f)
            rc = page_figure_write(out, f, f->undrawable ? 0 : ++number, folder, &page->parts.inks, &room,
                                   err);
    }
    return rc;
}

static void head_write(FILE *out, const struct page *page, const char *css, const char *js)
{
    unsigned char digest[SHA256_SIZE];
    sha256(js, strlen(js), digest);
    fputs("<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
          "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src "
          "'unsafe-inline'; "
          "img-src data:; base-uri 'none'; form-action 'none'; script-src 'sha256-",
          out);
    text_base64(out, (const char *)digest, sizeof digest);
    fputs("'\">\n<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
          "<meta name=\"color-scheme\" content=\"light dark\">\n<meta name=\"generator\" "
          "content=\"heapwait\">\n<title>",
          out);
    html_text(out, page->title);
    fputs("</title>\n<style>\n", out);
    inks_style(out, &page->parts.inks);
    fputs(css, out);
    fputs("</style>\n</head>\n", out);
}

/* Writes the body first: the style before it has the colours that were met there. */
static int page_compose(FILE *out, struct page *page, const struct figures *figures, const char *folder,
                        const char *css, const char *js, struct error *err)
{
    struct text body;
    if (text_open(&body) < 0)
        return -ENOMEM;
    const int rc = parts_write(body.out, page, figures, folder, err);
    char *html = text_take(&body);
    if (rc == 0 && html) {
        head_write(out, page, css, js);
        fputs("<body>\n", out);
        svg_symbols(out);
        fputs("<header>\n", out);
        fputs(page->parts.items[0].html, out);
        fputs("</header>\n", out);
        contents_write(out, &page->parts, figures);
        fputs("<main>\n", out);
        fputs(html, out);
        fputs("</main>\n<script>", out);
        fputs(js, out);
        fputs("</script>\n</body>\n</html>\n", out);
    }
    const bool failed = rc == 0 && !html;
    free(html);
    return failed ? -ENOMEM : rc;
}

/* Reads one of the page's own files. */
static int own_read(const char *scripts, const char *name, char **text, struct error *err)
{
    size_t size;
    char *path = folder_path_join(scripts, name);
    const int rc = path ? folder_file_read(path, text, &size, err) : -ENOMEM;
    free(path);
    return rc;
}

int page_write(struct page *page, const struct figures *figures, const char *folder, const char *scripts,
               struct error *err)
{
    struct text whole = {0};
    char *css = NULL, *js = NULL, *path = folder_path_join(folder, "report.html");
    int rc = path && text_open(&whole) == 0 ? own_read(scripts, "page.css", &css, err) : -ENOMEM;
    if (rc == 0)
        rc = own_read(scripts, "page.js", &js, err);
    if (rc == 0)
        rc = page_compose(whole.out, page, figures, folder, css, js, err);
    char *html = text_take(&whole);
    if (rc == 0)
        rc = html ? folder_file_write(path, html, strlen(html), err) : -ENOMEM;
    free(html);
    free(css);
    free(js);
    free(path);
    return rc;
}
