/* See figure.h. */
#include "plots/figure.h"

#include "plots/figures.h"
#include "plots/folder.h"
#include "plots/tool.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static const struct kind {
    const char *name, *title;
    int (*prepare)(struct drawing *d, struct error *err);
    bool study_only, ledger_only;
    size_t flames; /* so many variants at least must have samples with call paths */
} kinds[] = {
    {"wall", "Wall time", figure_wall, true, false, 0},
    {"post", "The blog post’s figures beside ours", figure_post, true, false, 0},
    {"futex", "Futex calls on malloc’s locks, per password", figure_futex, true, false, 0},
    {"waits", "How long a wait for a malloc lock lasts", figure_waits, false, false, 0},
    {"throughput", "Throughput against threads", figure_throughput, true, false, 0},
    {"memory", "Speed and memory", figure_memory, true, false, 0},
    {"where", "Where every thread-second went", figure_where, false, true, 0},
    {"waterfall", "Where the extra time goes", figure_waterfall, true, true, 0},
    {"timeline", "A few milliseconds of all threads", figure_timeline, false, true, 0},
    {"handoff", "From the wake to running", figure_handoff, false, true, 0},
    {"flame", "Where the samples are", figure_flame, false, false, 1},
    {"flame-2", "Where the samples are", figure_flame_2, false, false, 3},
    {"flame-3", "Where the samples are", figure_flame_3, false, false, 5},
    {"flame-4", "Where the samples are", figure_flame_4, false, false, 7},
    {"flame-5", "Where the samples are", figure_flame_5, false, false, 9},
    {"flame-6", "Where the samples are", figure_flame_6, false, false, 11},
};
enum { KINDS = sizeof kinds / sizeof *kinds };

const char *const *figure_names(void)
{
    static const char *names[KINDS + 1];
    for (size_t i = 0; i < KINDS; i++)
        names[i] = kinds[i].name;
    return names;
}

static FILE *file_make(const char *folder, const char *name, const char *suffix, struct error *err)
{
    char *path = NULL;
    if (asprintf(&path, "%s/%s%s", folder, name, suffix) < 0)
        return NULL;
    FILE *file = fopen(path, "we");
    if (!file)
        error_set(err, -errno, "can't write '%s': %s", path, folder_write_failure(errno));
    free(path);
    return file;
}

static int file_finish(FILE *file, struct error *err)
{
    if (!file)
        return 0;
    const int failed = ferror(file);
    if (fclose(file) != 0 || failed)
        return error_set(err, -(errno ? errno : EIO), "can't write a figure's data: %s",
                         folder_write_failure(errno ? errno : EIO));
    return 0;
}

/* Ends the caption: tells what is not in the figure. */
static void caption_finish(struct drawing *d, const char *name)
{
    FILE *out = d->caption.out;
    if (!d->undrawable && d->rows > ROWS_DRAWN) {
        fprintf(out, "%sCut: the recording has more than the ", ftell(out) > 0 ? " " : "");
        drawing_say_count(out, ROWS_DRAWN);
        fputs(" rows that a figure shows.", out);
    }
    if (d->undrawable || d->missing_count == 0)
        return;
    fflush(d->missing.out);
    fprintf(out, "%sNot measured: %s", ftell(out) > 0 ? " " : "", d->missing.bytes);
    if (d->missing_count > MISSING_NAMED)
        fprintf(out, "; and %zu more, see data/%s.tsv", d->missing_count - MISSING_NAMED, name);
    fputc('.', out);
}

static int drawing_open(struct drawing *d, struct database *db, const struct lineup *lineup,
                        const struct kind *kind, const char *folder, struct error *err)
{
    *d = (struct drawing){.db = db, .lineup = lineup};
    d->data = file_make(folder, kind->name, ".tsv", err);
    d->definitions = file_make(folder, kind->name, ".def", err);
    if (!d->data || !d->definitions)
        return err->text[0] ? -EIO : error_set(err, -ENOMEM, "out of memory");
    if (text_open(&d->caption) < 0 || text_open(&d->missing) < 0)
        return -ENOMEM;
    char *data = NULL;
    if (asprintf(&data, "%s.tsv", kind->name) < 0)
        return -ENOMEM;
    drawing_define_text(d, "OUT", kind->name);
    drawing_define_text(d, "DATA", data);
    free(data);
    return 0;
}

static int drawing_close(struct drawing *d, struct error *err)
{
    const int data = file_finish(d->data, err), definitions = file_finish(d->definitions, err);
    text_drop(&d->caption);
    text_drop(&d->missing);
    for (size_t i = 0; i < d->note_count; i++)
        free(d->notes[i].text);
    free(d->notes);
    free(d->undrawable);
    return data < 0 ? data : definitions;
}

static int figure_collect(struct database *db, const struct lineup *lineup, const struct kind *kind,
                          const char *folder, struct figure *out, struct error *err)
{
    struct drawing d;
    int rc = drawing_open(&d, db, lineup, kind, folder, err);
    if (rc == 0)
        rc = kind->prepare(&d, err);
    if (rc == 0) {
        caption_finish(&d, kind->name);
        *out = (struct figure){
            .name = kind->name, .title = kind->title, .undrawable = d.undrawable, .height = d.height};
        d.undrawable = NULL;
        out->caption = text_take(&d.caption);
        rc = out->caption ? 0 : -ENOMEM;
    }
    const int closed = drawing_close(&d, err);
    return rc < 0 ? rc : closed;
}

int figures_collect(struct database *db, const struct lineup *lineup, const char *folder, struct figures *out,
                    struct error *err)
{
    *out = (struct figures){calloc(KINDS, sizeof *out->items), 0};
    if (!out->items)
        return -ENOMEM;
    for (size_t i = 0; i < KINDS; i++) {
        if ((kinds[i].study_only && !lineup->study) || (kinds[i].ledger_only && !lineup->ledger) ||
            kinds[i].flames > lineup->flames)
            continue;
        const int rc = figure_collect(db, lineup, &kinds[i], folder, &out->items[out->count++], err);
        if (rc < 0)
            return rc;
    }
    return 0;
}

void figures_free(struct figures *figures)
{
    for (size_t i = 0; i < figures->count; i++) {
        free(figures->items[i].caption);
        free(figures->items[i].undrawable);
    }
    free(figures->items);
    *figures = (struct figures){0};
}

/* Replaces the date in the PDF.  Cairo writes the time of drawing; versions before 1.18 don't heed
 * SOURCE_DATE_EPOCH, but leave the date readable: the recording's takes its place, of the same length. */
static void creation_date_set(char *pdf, size_t size, int64_t epoch)
{
    static const char key[] = "/CreationDate (D:";
    const time_t at = (time_t)epoch;
    struct tm tm;
    char date[32];
    gmtime_r(&at, &tm);
    strftime(date, sizeof date, "%Y%m%d%H%M%S", &tm);
    char *found = memmem(pdf, size, key, strlen(key));
    for (char *to = found ? found + strlen(key) : NULL, *from = date;
         to && *from && isdigit((unsigned char)*to); to++)
        *to = *from++;
}

static int pdf_normalise(const char *path, int64_t epoch, struct error *err)
{
    char *bytes = NULL;
    size_t size = 0;
    int rc = folder_file_read(path, &bytes, &size, err);
    if (rc < 0)
        return rc;
    creation_date_set(bytes, size, epoch);
    rc = folder_file_write(path, bytes, size, err);
    free(bytes);
    return rc;
}

/* Checks that the PDF has the font Inter: gnuplot takes another face in silence if it is missing. */
static int fonts_check(const char *folder, const char *pdf, int64_t epoch, struct error *err)
{
    struct tool_output out;
    int rc = tool_run(folder, epoch, (const char *const[]){"pdffonts", pdf, NULL}, &out, err);
    if (rc < 0)
        return rc;
    if (out.status != 0 || *out.complaint)
        rc = tool_failed(folder, "pdffonts", out.complaint, (int)strcspn(out.complaint, "\n"), out.status,
                         err);
    else if (!strstr(out.text, "Inter"))
        rc = error_set(err, -ENOENT,
                       "the font Inter is missing: install it (Debian, Ubuntu: apt-get install fonts-inter)");
    tool_output_free(&out);
    return rc;
}

/* Returns true for a line that is no complaint: gnuplot warns of a series without a point.  A variant that
 * wasn't measured is one, and the data file says so. */
static bool is_harmless(const char *line, size_t length)
{
    static const char warning[] = "warning: Skipping data file with no valid points";
    return length == 0 || memmem(line, length, warning, strlen(warning)) != NULL;
}

/* Runs gnuplot.  It exits with 0 after most errors, so anything else that it says is a failure. */
static int gnuplot_run(const char *folder, int64_t epoch, const char *const *argv, struct error *err)
{
    struct tool_output out;
    int rc = tool_run(folder, epoch, argv, &out, err);
    if (rc < 0)
        return rc;
    const char *complaint = NULL; /* the last line; those before it quote the command */
    size_t complaint_length = 0;
    for (const char *line = out.complaint; *line;) {
        const size_t length = strcspn(line, "\n");
        if (!is_harmless(line, length)) {
            complaint = line;
            complaint_length = length;
        }
        line += length + (line[length] == '\n');
    }
    if (complaint || out.status != 0)
        rc = tool_failed(folder, "gnuplot", complaint, (int)complaint_length, out.status, err);
    tool_output_free(&out);
    return rc;
}

static int figure_draw(const struct figure *f, const char *folder, const char *scripts, int64_t epoch,
                       struct error *err)
{
    char *paths[6] = {NULL}; /* def, pdf, svg, style, script, pdf with its folder */
    int rc = -ENOMEM;
    const int script = (int)strcspn(f->name, "-"); /* "flame-2" is another of the same kind */
    if (asprintf(&paths[0], "%s.def", f->name) < 0 || asprintf(&paths[1], "%s.pdf", f->name) < 0 ||
        asprintf(&paths[2], "%s.svg", f->name) < 0 || asprintf(&paths[3], "%s/style.gp", scripts) < 0 ||
        asprintf(&paths[4], "%s/%.*s.gp", scripts, script, f->name) < 0 ||
        !(paths[5] = folder_path_join(folder, paths[1])))
        goto out;
    rc = gnuplot_run(folder, epoch,
                     (const char *const[]){"gnuplot", "-d", paths[0], paths[3], paths[4], NULL}, err);
    if (rc == 0) /* the same for the HTML page: NAME.page.svg */
        rc = gnuplot_run(
            folder, epoch,
            (const char *const[]){"gnuplot", "-d", "-e", "PAGE = 1", paths[0], paths[3], paths[4], NULL},
            err);
    if (rc == 0)
        rc = fonts_check(folder, paths[1], epoch, err);
    if (rc == 0)
        rc = pdf_normalise(paths[5], epoch, err);
    if (rc == 0)
        rc = tool_must(folder, epoch, (const char *const[]){"pdftocairo", "-svg", paths[1], paths[2], NULL},
                       err);
out:
    for (size_t i = 0; i < sizeof paths / sizeof *paths; i++)
        free(paths[i]);
    return rc;
}

int figures_draw(const struct figures *figures, const char *folder, const char *scripts, int64_t epoch,
                 struct error *err)
{
    for (size_t i = 0; i < figures->count; i++) {
        if (figures->items[i].undrawable)
            continue;
        const int rc = figure_draw(&figures->items[i], folder, scripts, epoch, err);
        if (rc < 0)
            return rc;
    }
    return 0;
}
