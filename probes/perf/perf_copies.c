/* See perf_copies.h. */
#include "probes/perf/perf_copies.h"

#include "probes/perf/perf_child.h"

#include <elfutils/libdwelf.h>
#include <errno.h>
#include <fcntl.h>
#include <gelf.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
    MAX_ASKED = 64, /* of debuginfod, whose answers may each take a minute */
    MAX_ID = 40,
    PATH_ROOM = 4096 + 256,
};

bool perf_copies_is_build(int fd, const char *build_id)
{
    const void *id = NULL;
    char hex[MAX_ID + 1] = "";
    elf_version(EV_CURRENT);
    Elf *elf = elf_begin(fd, ELF_C_READ, NULL);
    const ssize_t n = elf ? dwelf_elf_gnu_build_id(elf, &id) : 0;
    for (ssize_t i = 0; i < n && i < MAX_ID / 2; i++)
        snprintf(hex + 2 * i, 3, "%02x", ((const unsigned char *)id)[i]);
    elf_end(elf);
    const size_t length = strlen(hex), told = strlen(build_id);
    return length && !strncmp(hex, build_id, length < told ? length : told);
}

/* Opens a regular file that has the build-id, or, `build_id` being NULL, any.  -1: it is none. */
static int file_try(const char *path, const char *build_id)
{
    struct stat st;
    const int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    if (fd < 0)
        return -1;
    if (!fstat(fd, &st) && S_ISREG(st.st_mode) && (!build_id || perf_copies_is_build(fd, build_id)))
        return fd;
    close(fd);
    return -1;
}

__attribute__((format(printf, 2, 3))) static int place_try(const char *build_id, const char *format, ...)
{
    char path[PATH_ROOM];
    va_list args;
    va_start(args, format);
    const int n = vsnprintf(path, sizeof(path), format, args);
    va_end(args);
    return n < 0 || (size_t)n >= sizeof(path) ? -1 : file_try(path, build_id);
}

/* perf's cache: a folder for each build, with the file, and sometimes one of debug information. */
static int perf_cache_try(const char *id)
{
    static const char *const names[] = {"/elf", "", "/debug"};
    const char *home = getenv("HOME");
    int fd = -1;
    for (size_t i = 0; home && i < sizeof(names) / sizeof(names[0]) && fd < 0; i++)
        fd = place_try(id, "%s/.debug/.build-id/%.2s/%s%s", home, id, id + 2, names[i]);
    return fd;
}

static int given_try(struct debug_files *given, const char *path, const char *id)
{
    const char *slash = strrchr(path, '/');
    struct elf_file asked = {.fd = -1};
    for (size_t i = 0; id && id[2 * i] && id[2 * i + 1] && i < sizeof(asked.build_id); i++) {
        unsigned byte = 0;
        sscanf(id + 2 * i, "%2x", &byte);
        asked.build_id[asked.build_id_size++] = (uint8_t)byte;
    }
    const struct elf_file *found = debug_files_match(given, &asked, slash ? slash + 1 : path);
    return found && found->fd >= 0 ? fcntl(found->fd, F_DUPFD_CLOEXEC, 3) : -1;
}

/* What was fetched from debuginfod before lies in its cache. */
static int debuginfod_cache_try(const char *id)
{
    static const char *const names[] = {"executable", "debuginfo"};
    const char *cache = getenv("DEBUGINFOD_CACHE_PATH"), *user = getenv("XDG_CACHE_HOME"),
               *home = getenv("HOME");
    int fd = -1;
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]) && fd < 0; i++) {
        if (cache && *cache)
            fd = place_try(id, "%s/%s/%s", cache, id, names[i]);
        else if (user && *user)
            fd = place_try(id, "%s/debuginfod_client/%s/%s", user, id, names[i]);
        else if (home)
            fd = place_try(id, "%s/.cache/debuginfod_client/%s/%s", home, id, names[i]);
    }
    return fd;
}

/* debuginfod-find prints where it has put the file. */
static int debuginfod_ask(struct perf_copies *c, const char *id)
{
    const char *urls = getenv("DEBUGINFOD_URLS");
    const char *const argv[] = {"debuginfod-find", "executable", id, NULL};
    struct perf_child *child = NULL;
    struct error ignored = {""};
    char path[PATH_ROOM];
    size_t size = 0;
    if (!urls || !urls[strspn(urls, " ")] || c->asked == MAX_ASKED)
        return -1;
    c->asked++;
    if (perf_child_start(argv, &child, &ignored)) {
        c->asked = MAX_ASKED; /* it isn't installed */
        return -1;
    }
    for (ssize_t n; (n = perf_child_read(child, path + size, sizeof(path) - 1 - size)) > 0;)
        size += (size_t)n;
    path[size] = '\0';
    path[strcspn(path, "\n")] = '\0';
    const int rc = perf_child_finish(child, "", &ignored);
    perf_child_free(child);
    return rc || path[0] != '/' ? -1 : file_try(path, id);
}

/* An id becomes a part of paths. */
static bool is_id(const char *id)
{
    const size_t length = strlen(id);
    return length >= 8 && length <= MAX_ID && !id[strspn(id, "0123456789abcdef")];
}

int perf_copies_open(struct perf_copies *c, const char *path, const char *build_id)
{
    const char *id = build_id && is_id(build_id) ? build_id : NULL;
    int fd = c->symfs ? place_try(id, "%s%s", c->symfs, path) : -1;
    if (fd < 0 && id)
        fd = perf_cache_try(id);
    if (fd < 0 && c->given)
        fd = given_try(c->given, path, id);
    if (fd < 0 && id)
        fd = place_try(id, "/usr/lib/debug/.build-id/%.2s/%s.debug", id, id + 2);
    if (fd < 0 && id)
        fd = debuginfod_cache_try(id);
    if (fd < 0 && id)
        fd = debuginfod_ask(c, id);
    return fd;
}
