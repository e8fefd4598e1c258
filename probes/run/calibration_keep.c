/* See calibration_keep.h.  The file is text: its first line is the stamp, which says what the rest was
 * measured on; then come the hooks, the date, the load average, and a line of three numbers for each kind of
 * call.  It is written under
 * another name and renamed, so that a reader finds a whole one. */
#include "probes/run/calibration_keep.h"

#include "probes/host/host.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <unistd.h>

enum { FILE_MOST = 4096, STAMP_MOST = 1024 };
#define NS_MOST 1e6 /* no call of an empty loop takes a millisecond */

static const char file_name[] = "calibration", draft_name[] = "calibration.new";

bool calibration_keep_folder(char *path, size_t size)
{
    const char *own = geteuid() ? secure_getenv("XDG_RUNTIME_DIR") : "/run";
    if (!own || own[0] != '/')
        return false;
    return (size_t)snprintf(path, size, "%s/heapwait", own) < size;
}

/* Returns the open folder, which nobody else can write to; negative: there is none. */
static int folder_open(const char *folder)
{
    struct stat st;
    int fd = open(folder, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (fd >= 0 && (fstat(fd, &st) || st.st_uid != geteuid() || st.st_mode & 022)) {
        close(fd);
        return -1;
    }
    return fd;
}

static void line_take(char *line, size_t size, const char *path)
{
    FILE *file = fopen(path, "re");
    line[0] = '\0';
    if (file && !fgets(line, (int)size, file))
        line[0] = '\0';
    if (file)
        fclose(file);
    line[strcspn(line, "\n")] = '\0';
}

/* Writes what a calibration depends on as one line: the boot, the kernel, the processor, how many CPUs there
 * are, and the file that heapwait was run from.  Returns false if any of it is not known. */
static bool stamp_make(char *stamp, size_t size)
{
    static struct host_facts facts;
    char boot[64];
    struct utsname kernel;
    struct stat own;
    line_take(boot, sizeof(boot), "/proc/sys/kernel/random/boot_id");
    host_facts_read(&facts, "");
    const char *model = host_fact_find(&facts, "cpu_model");
    if (!boot[0] || uname(&kernel) || stat("/proc/self/exe", &own))
        return false;
    int length = snprintf(
        stamp, size, "heapwait 1; boot %s; kernel %s %s; cpu %s; cpus %ld; program %ju:%ju %jd %jd.%09ld",
        boot, kernel.release, kernel.version, model ? model : "?", sysconf(_SC_NPROCESSORS_ONLN),
        (uintmax_t)own.st_dev, (uintmax_t)own.st_ino, (intmax_t)own.st_size, (intmax_t)own.st_mtim.tv_sec,
        own.st_mtim.tv_nsec);
    return length > 0 && (size_t)length < size && !strpbrk(stamp, "\n");
}

/* Reads all of the file into text[FILE_MOST], if it is this user's own and nobody else's. */
static bool file_take(int folder, char *text)
{
    struct stat st;
    int fd = openat(folder, file_name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    bool good = fd >= 0 && !fstat(fd, &st) && S_ISREG(st.st_mode) && st.st_uid == geteuid() &&
                !(st.st_mode & 077) && st.st_nlink == 1 && st.st_size < FILE_MOST;
    ssize_t n = good ? read(fd, text, FILE_MOST - 1) : -1;
    if (fd >= 0)
        close(fd);
    if (n <= 0 || memchr(text, '\0', (size_t)n))
        return false;
    text[n] = '\0';
    return true;
}

/* Cuts the next line off *rest and returns it; NULL: there is none. */
static char *line_next(char **rest)
{
    char *line = *rest, *end = line ? strchr(line, '\n') : NULL;
    if (!end)
        return NULL;
    *end = '\0';
    *rest = end + 1;
    return line;
}

static bool number_take(char **at, double least, double *value)
{
    char *end;
    *value = strtod(*at, &end);
    const bool good = end != *at && isfinite(*value) && *value >= least && *value <= NS_MOST;
    *at = end;
    return good;
}

/* Takes a line of text that is not empty and fits. */
static bool text_take(const char *line, char *to, size_t size)
{
    return line && *line && (size_t)snprintf(to, size, "%s", line) < size;
}

static bool content_take(char *rest, const char *stamp, struct calibration *c)
{
    const char *found = line_next(&rest);
    if (!found || strcmp(found, stamp) || !text_take(line_next(&rest), c->hooks, sizeof(c->hooks)) ||
        !text_take(line_next(&rest), c->taken_at, sizeof(c->taken_at)))
        return false;
    char *line = line_next(&rest);
    if (!line || !number_take(&line, -1, &c->load_average))
        return false;
    for (int kind = 0; kind < CALL_KINDS; kind++) {
        struct call_cost *cost = &c->calls[kind];
        line = line_next(&rest);
        if (!line || !number_take(&line, 0, &cost->untraced) || !number_take(&line, 0, &cost->traced) ||
            !number_take(&line, -NS_MOST, &cost->seen) || *line)
            return false;
    }
    return !*rest;
}

bool calibration_keep_read(const char *folder, struct calibration *c)
{
    char text[FILE_MOST], stamp[STAMP_MOST];
    struct calibration found = {.load_average = -1};
    int fd = folder_open(folder);
    bool good = fd >= 0 && file_take(fd, text) && stamp_make(stamp, sizeof(stamp)) &&
                content_take(text, stamp, &found);
    if (fd >= 0)
        close(fd);
    if (good)
        *c = found;
    return good;
}

static bool content_put(int fd, const char *stamp, const struct calibration *c)
{
    FILE *file = fdopen(fd, "w");
    if (!file) {
        close(fd);
        return false;
    }
    fprintf(file, "%s\n%s\n%s\n%.2f\n", stamp, c->hooks, c->taken_at, c->load_average);
    for (int kind = 0; kind < CALL_KINDS; kind++)
        fprintf(file, "%.3f %.3f %.3f\n", c->calls[kind].untraced, c->calls[kind].traced,
                c->calls[kind].seen);
    const bool good = !ferror(file);
    return !fclose(file) && good;
}

bool calibration_keep_write(const char *folder, const struct calibration *c)
{
    char stamp[STAMP_MOST];
    if (!c->hooks[0] || !c->taken_at[0] || !stamp_make(stamp, sizeof(stamp)))
        return false;
    if (mkdir(folder, 0700) && errno != EEXIST)
        return false;
    int at = folder_open(folder);
    if (at < 0)
        return false;
    unlinkat(at, draft_name, 0); /* left by a heapwait that was killed */
    int fd = openat(at, draft_name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    bool good = fd >= 0 && content_put(fd, stamp, c) && !renameat(at, draft_name, at, file_name);
    close(at);
    return good;
}
