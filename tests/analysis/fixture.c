/* See fixture.h. */
#include "tests/analysis/fixture.h"

#include "tests/analysis/recording_build.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int folder_make(struct fixture *f)
{
    const char *tmp = getenv("TMPDIR");
    snprintf(f->folder, sizeof(f->folder), "%s/heapwait-test-XXXXXX", tmp && strlen(tmp) < 40 ? tmp : "/tmp");
    if (!mkdtemp(f->folder)) {
        perror(f->folder);
        return -1;
    }
    snprintf(f->path, sizeof(f->path), "%s/test.db", f->folder);
    return 0;
}

/* The bytes of each recording that this process has built, by its files' names: SQL is run once for it, and
 * written out for each that asks again.  They stay until the process ends. */
struct base {
    const struct base *next;
    char names[128];
    size_t size;
    char *bytes;
};

static const struct base *bases;

static int names_join(char *names, size_t size, const char *const *files)
{
    size_t n = 0;
    names[0] = '\0';
    for (; files && *files; files++) {
        n += (size_t)snprintf(names + n, size - n, "%s\n", *files);
        if (n >= size)
            return -1;
    }
    return 0;
}

static int recording_run(const char *path, const char *const *files)
{
    if (sql_run_file(path, TEST_SOURCE_DIR "/analysis/schema.sql"))
        return -1;
    for (; files && *files; files++) {
        char sql[512];
        snprintf(sql, sizeof(sql), "%s/tests/data/%s", TEST_SOURCE_DIR, *files);
        if (sql_run_file(path, sql))
            return -1;
    }
    return 0;
}

static int bytes_read(const char *path, char **bytes, size_t *size)
{
    FILE *file = fopen(path, "re");
    if (!file || fseek(file, 0, SEEK_END) || (*size = (size_t)ftell(file)) == 0)
        goto out;
    rewind(file);
    *bytes = malloc(*size);
    if (*bytes && fread(*bytes, 1, *size, file) != *size) {
        free(*bytes);
        *bytes = NULL;
    }
out:
    if (file)
        fclose(file);
    return *bytes ? 0 : -1;
}

static int bytes_write(const char *path, const void *bytes, size_t size)
{
    FILE *file = fopen(path, "we");
    if (!file)
        return -1;
    size_t n = size ? fwrite(bytes, 1, size, file) : 0;
    return fclose(file) || n != size ? -1 : 0;
}

/* Builds the recording at `path`, and keeps it. */
static const struct base *base_build(const char *path, const char *names, const char *const *files)
{
    struct base *base = calloc(1, sizeof(*base));
    if (!base || recording_run(path, files) || bytes_read(path, &base->bytes, &base->size)) {
        free(base);
        return NULL;
    }
    strcpy(base->names, names);
    base->next = bases;
    bases = base;
    return base;
}

int fixture_create(struct fixture *f, const char *const *files, const char *more)
{
    char names[sizeof(bases->names)];
    const struct base *base = bases;
    if (folder_make(f) || names_join(names, sizeof(names), files))
        return -1;
    while (base && strcmp(base->names, names))
        base = base->next;
    if (base ? bytes_write(f->path, base->bytes, base->size) : !base_build(f->path, names, files))
        return -1;
    return more ? sql_run_text(f->path, more) : 0;
}

int fixture_create_empty(struct fixture *f, const void *bytes, size_t size)
{
    return folder_make(f) ? -1 : bytes_write(f->path, bytes, size);
}

void fixture_remove(struct fixture *f)
{
    char journal[128];
    snprintf(journal, sizeof(journal), "%s-journal", f->path);
    unlink(journal);
    unlink(f->path);
    rmdir(f->folder);
}
