/* Which files' symbols may be used for a perf session: those that are surely the same. */
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

static struct perf_session session;
static char own[4096], own_id[41];
static struct stat own_stat;

/* A session of this machine that ended when the file was already there. */
static void session_make(void)
{
    session = (struct perf_session){.recorded_at = own_stat.st_mtime};
    gethostname(session.hostname, sizeof(session.hostname) - 1);
}

static void session_knows(const char *id)
{
    session.build_ids = calloc(1, sizeof(*session.build_ids));
    assert_non_null(session.build_ids);
    snprintf(session.build_ids[0].hex, sizeof(session.build_ids[0].hex), "%s", id);
    session.build_ids[0].path = strdup(own);
    session.build_id_count = 1;
}

/* 1: trusted; *reason is of the last file that is not. */
static bool trusted(const char *path, uint64_t inode, const char *reason)
{
    uint64_t taken = 99;
    struct perf_files *f = perf_files_new(&session, NULL);
    assert_non_null(f);
    bool trust = perf_files_trust(f, path, inode, NULL, &taken);
    assert_int_equal(perf_files_trust(f, path, inode, NULL, &taken), trust); /* asked again, the same */
    char *missing = perf_files_missing(f);
    if (trust)
        assert_null(missing);
    else if (!missing || !strstr(missing, reason))
        fail_msg("'%s' and not '%s'", missing ? missing : "nothing", reason);
    if (trust)
        assert_int_equal(taken, session.build_id_count ? 0 : inode);
    free(missing);
    perf_files_free(f);
    return trust;
}

static void by_inode(void **state)
{
    (void)state;
    session_make();
    assert_true(trusted(own, own_stat.st_ino, ""));
    assert_false(trusted(own, own_stat.st_ino + 1, "changed since"));
    assert_false(trusted(own, 0, "changed since"));
    assert_false(trusted("/nonexistent/file", 1, "it is not here"));
    assert_false(trusted("/dev/null", 1, "it is not here"));
    session.recorded_at = own_stat.st_mtime - 1; /* the file is younger than the session */
    assert_false(trusted(own, own_stat.st_ino, "changed since"));
}

static void by_build_id(void **state)
{
    char other[41];
    (void)state;
    if (!own_id[0])
        skip();
    session_make();
    snprintf(session.hostname, sizeof(session.hostname), "elsewhere");
    assert_false(trusted(own, own_stat.st_ino, "another machine's"));
    session_knows(own_id);
    assert_true(trusted(own, own_stat.st_ino + 1, "")); /* a copy of the same build */
    perf_session_free(&session);
    snprintf(other, sizeof(other), "%s", own_id);
    other[3] = other[3] == '0' ? '1' : '0';
    session_make();
    session_knows(other);
    assert_false(trusted(own, own_stat.st_ino, "another build"));
    perf_session_free(&session);
    session_make();
    session.hostname[0] = '\0';
    assert_false(trusted(own, own_stat.st_ino, "neither its machine"));
}

/* A mapping that tells its build-id itself, in a session that knows of none. */
static void by_mapping(void **state)
{
    uint64_t taken = 99;
    (void)state;
    if (!own_id[0])
        skip();
    session = (struct perf_session){.hostname = "elsewhere"};
    struct perf_files *f = perf_files_new(&session, NULL);
    assert_non_null(f);
    assert_true(perf_files_trust(f, own, 0, own_id, &taken));
    assert_int_equal(taken, 0);
    assert_false(perf_files_trust(f, own, 0, "0123456789", &taken)); /* another build, mapped later */
    assert_true(perf_files_trust(f, own, 77, NULL, &taken)); /* what was told first serves where nothing is */
    assert_int_equal(taken, 0);
    perf_files_free(f);
    f = perf_files_new(&session, NULL);
    assert_non_null(f);
    assert_false(perf_files_trust(f, own, 0, "0123456789", &taken));
    assert_false(perf_files_trust(f, own, 77, NULL, &taken));
    perf_files_free(f);
}

static int own_read(void)
{
    const void *id = NULL;
    ssize_t n = readlink("/proc/self/exe", own, sizeof(own) - 1);
    if (n < 0 || stat(own, &own_stat))
        return -1;
    int fd = open(own, O_RDONLY);
    elf_version(EV_CURRENT);
    Elf *elf = elf_begin(fd, ELF_C_READ, NULL);
    ssize_t size = elf ? dwelf_elf_gnu_build_id(elf, &id) : 0;
    for (ssize_t i = 0; i < size && i < 20; i++)
        snprintf(own_id + 2 * i, 3, "%02x", ((const unsigned char *)id)[i]);
    elf_end(elf);
    close(fd);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(by_inode),
        cmocka_unit_test(by_build_id),
        cmocka_unit_test(by_mapping),
    };
    if (own_read())
        return 1;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
