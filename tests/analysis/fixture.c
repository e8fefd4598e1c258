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

int fixture_create(struct fixture *f, const char *const *files, const char *more)
{
    if (folder_make(f) || sql_run_file(f->path, TEST_SOURCE_DIR "/analysis/schema.sql"))
        return -1;
    for (; files && *files; files++) {
        char path[512];
        snprintf(path, sizeof(path), "%s/tests/data/%s", TEST_SOURCE_DIR, *files);
        if (sql_run_file(f->path, path))
            return -1;
    }
    return more ? sql_run_text(f->path, more) : 0;
}

int fixture_create_empty(struct fixture *f, const void *bytes, size_t size)
{
    if (folder_make(f))
        return -1;
    FILE *file = fopen(f->path, "we");
    if (!file)
        return -1;
    size_t n = size ? fwrite(bytes, 1, size, file) : 0;
    return fclose(file) || n != size ? -1 : 0;
}

void fixture_remove(struct fixture *f)
{
    char journal[128];
    snprintf(journal, sizeof(journal), "%s-journal", f->path);
    unlink(journal);
    unlink(f->path);
    rmdir(f->folder);
}
