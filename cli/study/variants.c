/* See variants.h.  The first line names the columns, and they are found by these names, so that the table may
 * grow.  A table may be anybody's file: sizes are bounded, control characters refused. */
#include "cli/study/variants.h"

#include "analysis/base/text.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { MAX_TABLE = 1 << 20, MAX_COLUMNS = 32, MAX_VARIANTS = 1000, MAX_NAME = 40, MAX_PATH = 4096 };

enum field { NAME, LIBC, LINKAGE, ALLOCATOR, PATH, ABSENT_REASON, FIELDS };
static const char *const field_names[FIELDS] = {"name",      "libc", "linkage",
                                                "allocator", "path", "absent_reason"};

/* A table's line, cut at its tabs. */
struct row {
    char *cells[MAX_COLUMNS];
    size_t count;
};

bool variant_name_valid(const char *name)
{
    size_t n = strlen(name);
    if (!n || n > MAX_NAME || *name == '-' || *name == '.')
        return false;
    for (const char *p = name; *p; p++)
        if (*p <= ' ' || *p > '~' || strchr(",=/\\'\"", *p))
            return false;
    return true;
}

const struct variant *variants_find(const struct variant_list *list, const char *name)
{
    for (size_t i = 0; i < list->count; i++)
        if (!strcmp(list->items[i].name, name))
            return &list->items[i];
    return NULL;
}

static void variant_free(struct variant *v)
{
    free(v->name);
    free(v->libc);
    free(v->linkage);
    free(v->allocator);
    free(v->path);
    free(v->absent_reason);
}

void variants_free(struct variant_list *list)
{
    for (size_t i = 0; i < list->count; i++)
        variant_free(&list->items[i]);
    free(list->items);
    *list = (struct variant_list){0};
}

/* Cuts the line in place.  Returns false if there are too many columns. */
static bool row_cut(char *line, struct row *row)
{
    row->count = 0;
    for (char *cell; (cell = strsep(&line, "\t"));) {
        if (row->count == MAX_COLUMNS)
            return false;
        row->cells[row->count++] = cell;
    }
    return true;
}

static int columns_find(const struct row *header, size_t *where, const char *origin, struct error *err)
{
    for (int f = 0; f < FIELDS; f++) {
        size_t i = 0;
        while (i < header->count && strcmp(header->cells[i], field_names[f]))
            i++;
        if (i == header->count)
            return error_set(err, -EINVAL, "%s is not a table of variants: it has no column '%s'", origin,
                             field_names[f]);
        where[f] = i;
    }
    return 0;
}

/* Sets *out to a cell's copy; NULL for an empty one. */
static int cell_copy(const struct row *row, size_t column, char **out)
{
    *out = *row->cells[column] ? strdup(row->cells[column]) : NULL;
    return *row->cells[column] && !*out ? -ENOMEM : 0;
}

/* Makes a relative path absolute: it is meant from the table's folder, so that an installed tree can be
 * moved. */
static int path_resolve(struct variant *v, const char *origin)
{
    const char *slash = strrchr(origin, '/');
    if (!v->path || *v->path == '/' || !slash)
        return 0;
    char *full;
    if (asprintf(&full, "%.*s/%s", (int)(slash - origin), origin, v->path) < 0)
        return -ENOMEM;
    free(v->path);
    v->path = full;
    return 0;
}

static int variant_read(const struct row *row, const size_t *where, const char *origin, struct variant *v)
{
    char **targets[FIELDS] = {&v->name, &v->libc, &v->linkage, &v->allocator, &v->path, &v->absent_reason};
    *v = (struct variant){0};
    for (int f = 0; f < FIELDS; f++)
        if (cell_copy(row, where[f], targets[f]))
            return -ENOMEM;
    return path_resolve(v, origin);
}

static int variant_check(const struct variant_list *list, const struct variant *v, size_t line,
                         const char *origin, struct error *err)
{
    if (!v->name || !variant_name_valid(v->name))
        return error_set(err, -EINVAL, "%s, line %zu: '%s' can't be a variant's name", origin, line,
                         v->name ? v->name : "");
    if (variants_find(list, v->name))
        return error_set(err, -EINVAL, "%s, line %zu: variant '%s' is there twice", origin, line, v->name);
    if (!v->path && !v->absent_reason)
        return error_set(err, -EINVAL,
                         "%s, line %zu: variant '%s' has neither a path nor a reason for its absence", origin,
                         line, v->name);
    return 0;
}

static int variant_add(struct variant_list *list, const struct variant *v)
{
    struct variant *grown = realloc(list->items, (list->count + 1) * sizeof(*grown));
    if (!grown)
        return -ENOMEM;
    list->items = grown;
    grown[list->count++] = *v;
    return 0;
}

static int line_parse(struct variant_list *list, char *line, const struct row *header, const size_t *where,
                      size_t number, const char *origin, struct error *err)
{
    struct row row;
    struct variant v;
    if (text_has_control(line) || !row_cut(line, &row) || row.count != header->count)
        return error_set(err, -EINVAL, "%s, line %zu: not a row of %zu columns of plain text", origin, number,
                         header->count);
    int rc = variant_read(&row, where, origin, &v);
    if (!rc)
        rc = variant_check(list, &v, number, origin, err);
    if (!rc && list->count == MAX_VARIANTS)
        rc = error_set(err, -E2BIG, "%s has more than %d variants", origin, MAX_VARIANTS);
    if (!rc)
        rc = variant_add(list, &v);
    if (rc)
        variant_free(&v);
    return rc;
}

/* Cuts `text` (writable) into lines and reads them. */
static int table_parse(struct variant_list *list, char *text, const char *origin, struct error *err)
{
    struct row header = {0};
    size_t where[FIELDS], number = 0;
    int rc = 0;
    for (char *line; !rc && (line = strsep(&text, "\n"));) {
        if (number++ == 0) {
            if (!row_cut(line, &header))
                return error_set(err, -EINVAL, "%s is not a table of variants: too many columns", origin);
            rc = columns_find(&header, where, origin, err);
        } else if (*line) {
            rc = line_parse(list, line, &header, where, number, origin, err);
        }
    }
    return rc;
}

int variants_parse(struct variant_list *list, const char *text, size_t size, const char *origin,
                   struct error *err)
{
    *list = (struct variant_list){0};
    if (memchr(text, '\0', size))
        return error_set(err, -EINVAL, "%s is not a table of variants: it is binary", origin);
    char *copy = strndup(text, size);
    int rc = copy ? table_parse(list, copy, origin, err) : -ENOMEM;
    free(copy);
    if (rc == -ENOMEM)
        error_set(err, rc, "out of memory while reading %s", origin);
    if (!rc && !list->count)
        rc = error_set(err, -EINVAL, "%s holds no variant", origin);
    if (rc)
        variants_free(list);
    return rc;
}

/* Returns the text of the file, malloc'd; NULL: it can't be read, or has MAX_TABLE bytes or more, and *error
 * says why. */
static char *file_read(const char *path, size_t *size, int *error)
{
    FILE *f = fopen(path, "re");
    char *text = f ? malloc(MAX_TABLE) : NULL;
    if (text)
        *size = fread(text, 1, MAX_TABLE, f);
    *error = text && !ferror(f) ? 0 : -errno;
    if (!*error && *size == MAX_TABLE)
        *error = -E2BIG;
    if (f)
        fclose(f);
    if (*error) {
        free(text);
        text = NULL;
    }
    return text;
}

/* Finds where the table lies: at $HEAPWAIT_VARIANTS, else beside the executable.  Returns false if it is in
 * none of the places; `path` is the last one then.  secure_getenv: a heapwait that got capabilities by setcap
 * must not run another user's programs. */
static bool table_find(char *path, size_t size)
{
    static const char *const places[] = {"workload/variants.tsv", "../share/heapwait/variants.tsv"};
    const char *named = secure_getenv("HEAPWAIT_VARIANTS");
    char self[MAX_PATH];
    ssize_t n = readlink("/proc/self/exe", self, sizeof(self) - 1);
    self[n > 0 ? n : 0] = '\0';
    char *slash = strrchr(self, '/');
    if (slash)
        slash[1] = '\0';
    if (named && *named) {
        snprintf(path, size, "%s", named);
        return true;
    }
    for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
        snprintf(path, size, "%s%s", self, places[i]);
        if (!access(path, F_OK))
            return true;
    }
    return false;
}

int variants_load(struct variant_list *list, struct error *err)
{
    char path[2 * MAX_PATH];
    size_t size = 0;
    int rc = 0;
    *list = (struct variant_list){0};
    if (!table_find(path, sizeof(path)))
        return error_set(
            err, -ENOENT,
            "there is no table of variants beside heapwait (workload/variants.tsv in a build, %s when "
            "installed): build heapwait whole, or name programs by --variants none --variant NAME=COMMAND",
            path);
    char *text = file_read(path, &size, &rc);
    if (!text)
        return error_set(err, rc, "can't read the table of variants %s: %s; build or install heapwait anew",
                         path, strerror(-rc));
    rc = variants_parse(list, text, size, path, err);
    free(text);
    return rc;
}
