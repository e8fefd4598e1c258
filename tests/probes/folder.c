/* See folder.h. */
#include "tests/probes/folder.h"

#include "tests/probes/cmocka_test.h"

#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static char folder[128];

const char *folder_make(void)
{
    snprintf(folder, sizeof(folder), "/tmp/heapwait-test-XXXXXX");
    assert_non_null(mkdtemp(folder));
    return folder;
}

static int entry_remove(const char *path, const struct stat *st, int type, struct FTW *walk)
{
    (void)st;
    (void)type;
    (void)walk;
    return remove(path);
}

void folder_remove(void)
{
    nftw(folder, entry_remove, 8, FTW_DEPTH | FTW_PHYS);
}

const char *folder_path(const char *name)
{
    static char paths[2][256];
    static int next;
    next = !next;
    snprintf(paths[next], sizeof(paths[next]), "%s/%s", folder, name);
    return paths[next];
}

void folder_file_write(const char *path, const void *bytes, size_t size)
{
    FILE *f = fopen(path, "wbe");
    assert_non_null(f);
    assert_int_equal(fwrite(bytes, 1, size, f), size);
    assert_int_equal(fclose(f), 0);
}

char *file_slurp(const char *path, size_t *size)
{
    FILE *f = fopen(path, "rbe");
    assert_non_null(f);
    fseek(f, 0, SEEK_END);
    *size = (size_t)ftell(f);
    rewind(f);
    char *bytes = malloc(*size + 1);
    assert_non_null(bytes);
    assert_int_equal(fread(bytes, 1, *size, f), *size);
    bytes[*size] = 0;
    fclose(f);
    return bytes;
}
