/* Where copies of a session's files are found, and which are taken: only those of the same build.  What
 * stands for the file is the test's own program; debuginfod-find is a script. */
#include "probes/mappings/mapped_file.h"
#include "probes/perf/perf_copies.h"
#include "probes/perf/perf_files.h"
#include "tests/probes/cmocka_test.h"

#include <elfutils/libdwelf.h>
#include <fcntl.h>
#include <gelf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char own[4096], id[41], other[41], folder[] = "/tmp/test_perf_copies-XXXXXX";

/* Makes the folders of FOLDER/NAME, and it as a link to the test's own program. */
static void copy_make(const char *name)
{
    char path[8192];
    snprintf(path, sizeof(path), "%s/%s", folder, name);
    for (char *at = path + strlen(folder) + 1; (at = strchr(at, '/')); at++) {
        *at = '\0';
        mkdir(path, 0700);
        *at = '/';
    }
    assert_int_equal(symlink(own, path), 0);
}

static void copy_remove(const char *name)
{
    char path[8192];
    snprintf(path, sizeof(path), "%s/%s", folder, name);
    assert_int_equal(unlink(path), 0);
}

/* Whether a copy of /gone/app is found.  NULL: the session tells no build-id. */
static bool found(struct perf_copies *c, const char *build_id)
{
    struct stat is, want;
    const int fd = perf_copies_open(c, "/gone/app", build_id);
    if (fd < 0)
        return false;
    assert_int_equal(fstat(fd, &is), 0);
    assert_int_equal(stat(own, &want), 0);
    assert_int_equal(is.st_ino, want.st_ino);
    close(fd);
    return true;
}

/* A copy lies there: it is found by its build-id, and by no other. */
static void place_check(struct perf_copies *c, const char *name)
{
    assert_false(found(c, id));
    copy_make(name);
    assert_true(found(c, id));
    assert_false(found(c, other));
    copy_remove(name);
}

static void in_caches(void **state)
{
    struct perf_copies c = {.symfs = NULL};
    char name[256];
    (void)state;
    snprintf(name, sizeof(name), ".debug/.build-id/%.2s/%s/elf", id, id + 2);
    place_check(&c, name);
    copy_make(name);
    assert_false(found(&c, NULL));
    assert_false(found(&c, "../../../../etc/x")); /* an id becomes part of a path, so it must be one */
    assert_false(found(&c, ""));
    char longer[64];
    snprintf(longer, sizeof(longer), "%.40s0", id);
    assert_false(found(&c, longer));
    copy_remove(name);
    snprintf(name, sizeof(name), ".cache/debuginfod_client/%s/executable", id);
    place_check(&c, name);
}

static void in_a_folder(void **state)
{
    char root[64];
    struct perf_copies c = {.symfs = root};
    (void)state;
    snprintf(root, sizeof(root), "%s/root", folder);
    assert_false(found(&c, id));
    copy_make("root/gone/app");
    assert_true(found(&c, id));
    assert_true(found(&c, NULL)); /* the user's own word */
    assert_false(found(&c, other));
    copy_remove("root/gone/app");
    mkdir("root/gone/app", 0700);
    assert_false(found(&c, NULL));
}

static void given(void **state)
{
    struct error err = {""};
    struct perf_copies c = {.given = debug_files_new()};
    (void)state;
    assert_non_null(c.given);
    assert_int_equal(debug_files_add(c.given, own, &err), 0);
    assert_true(found(&c, id));
    assert_false(found(&c, other));
    assert_false(found(&c, NULL)); /* neither its build-id nor its name fits */
    debug_files_free(c.given);
}

/* Servers are asked only where some are named, and what they give is checked. */
static void from_servers(void **state)
{
    char tool[128], answer[128];
    struct perf_copies c = {.symfs = NULL};
    (void)state;
    snprintf(tool, sizeof(tool), "%s/debuginfod-find", folder);
    snprintf(answer, sizeof(answer), "%s/answer", folder);
    FILE *f = fopen(tool, "w");
    assert_non_null(f);
    fprintf(f, "#!/bin/sh\n[ \"$1 $2\" = 'executable %s' ] || exit 1\necho '%s'\n", id, answer);
    fclose(f);
    chmod(tool, 0700);
    copy_make("answer");
    assert_false(found(&c, id));
    assert_int_equal(c.asked, 0);
    setenv("DEBUGINFOD_URLS", " ", 1);
    assert_false(found(&c, id));
    assert_int_equal(c.asked, 0);
    setenv("DEBUGINFOD_URLS", "http://127.0.0.1:9", 1);
    assert_true(found(&c, id));
    assert_int_equal(c.asked, 1);
    assert_false(found(&c, other));
    unlink(tool);
    unsetenv("DEBUGINFOD_URLS");
    copy_remove("answer");
}

/* A mapping whose file is not here is kept with a file all the same: a copy, or none at all. */
static void mappings(void **state)
{
    struct perf_copies c = {.symfs = NULL};
    struct perf_session session = {.recorded_at = 1};
    char name[256];
    uint64_t inode;
    (void)state;
    snprintf(name, sizeof(name), ".debug/.build-id/%.2s/%s/elf", id, id + 2);
    copy_make(name);
    struct perf_files *files = perf_files_new(&session, &c);
    assert_non_null(files);
    assert_false(perf_files_trust(files, "/gone/app", 1, id, &inode));
    assert_false(perf_files_trust(files, "/gone/other", 1, other, &inode));
    assert_true(perf_files_copy(files, "/gone/app", 1, id)->fd >= 0);
    assert_ptr_equal(perf_files_copy(files, "/gone/app", 1, id), perf_files_copy(files, "/gone/app", 1, id));
    const struct mapped_file *none = perf_files_copy(files, "/gone/other", 1, other);
    assert_int_equal(none->fd, -1);
    assert_true(mapped_file_open(0, 0, 0, own, &none->identity) < 0); /* nothing is taken for it */
    char *missing = perf_files_missing(files);
    assert_string_equal(missing, "/gone/other: it is not here");
    free(missing);
    perf_files_free(files);
    copy_remove(name);
}

static bool own_read(void)
{
    const void *bytes = NULL;
    const ssize_t n = readlink("/proc/self/exe", own, sizeof(own) - 1);
    const int fd = n < 0 ? -1 : open(own, O_RDONLY);
    elf_version(EV_CURRENT);
    Elf *elf = fd < 0 ? NULL : elf_begin(fd, ELF_C_READ, NULL);
    const ssize_t length = elf ? dwelf_elf_gnu_build_id(elf, &bytes) : 0;
    for (ssize_t i = 0; i < length && i < 20; i++)
        snprintf(id + 2 * i, 3, "%02x", ((const unsigned char *)bytes)[i]);
    elf_end(elf);
    close(fd);
    memcpy(other, id, sizeof(id));
    other[3] = other[3] == '0' ? '1' : '0';
    return length > 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(in_caches), cmocka_unit_test(in_a_folder),  cmocka_unit_test(given),
        cmocka_unit_test(mappings),  cmocka_unit_test(from_servers),
    };
    char path[8192], command[128];
    if (!own_read())
        return 77; /* the linker gives no build-ids */
    if (!mkdtemp(folder) || chdir(folder))
        return 1;
    setenv("HOME", folder, 1);
    unsetenv("XDG_CACHE_HOME");
    unsetenv("DEBUGINFOD_CACHE_PATH");
    unsetenv("DEBUGINFOD_URLS");
    snprintf(path, sizeof(path), "%s:%s", folder, getenv("PATH") ? getenv("PATH") : "/bin");
    setenv("PATH", path, 1);
    const int failed = cmocka_run_group_tests(tests, NULL, NULL);
    snprintf(command, sizeof(command), "rm -rf %s", folder);
    return system(command) ? 1 : failed;
}
