/* See perf_input.h.  A program unpacks, as tar does it: gzip and the like, by argument list, its output in
 * the copy.  The kernel bounds that file (RLIMIT_FSIZE), whatever a bomb contains. */
#include "probes/perf/perf_input.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

enum { CHUNK = 1 << 16, FIRST_BYTES = 512 };

static const off_t max_copy = (off_t)16 << 30; /* bytes; there are sessions of some GB */

/* How packed files begin, and who unpacks them. */
static const struct packing {
    const char *begins;
    size_t length;
    const char *argv[4];
    const char *package;
} packings[] = {
    {"\x1f\x8b", 2, {"gzip", "-dc"}, "gzip"},
    {"\xfd"
     "7zXZ",
     5,
     {"xz", "-dc"},
     "xz-utils"},
    {"\x28\xb5\x2f\xfd", 4, {"zstd", "-dcq"}, "zstd"},
    {"BZh", 3, {"bzip2", "-dc"}, "bzip2"},
};

static const char *folder(void)
{
    const char *told = getenv("TMPDIR");
    return told && *told ? told : "/tmp";
}

static int copy_make(struct perf_input *in, struct error *err)
{
    char *path = NULL;
    if (asprintf(&path, "%s/heapwait-XXXXXX", folder()) < 0)
        return error_set(err, -ENOMEM, "out of memory");
    in->copy = mkostemp(path, 0); /* children inherit it: perf opens /dev/fd/N */
    int rc = in->copy < 0 ? -errno : 0;
    if (rc)
        error_set(err, rc, "can't make a copy of %s at '%s': %s; set TMPDIR to another place", in->name, path,
                  strerror(-rc));
    else
        unlink(path);
    free(path);
    return rc;
}

/* From now on this descriptor's file is what is read. */
static int path_set(struct perf_input *in, int fd, struct error *err)
{
    char path[32];
    snprintf(path, sizeof(path), "/dev/fd/%d", fd);
    free(in->path);
    in->path = strdup(path);
    return in->path ? 0 : error_set(err, -ENOMEM, "out of memory");
}

static int write_all(int fd, const char *bytes, size_t size)
{
    for (ssize_t n; size; bytes += n, size -= (size_t)n)
        if ((n = write(fd, bytes, size)) < 0)
            return errno == EINTR ? -ECANCELED : -errno;
    return 0;
}

/* Reads the pipe to its end into the copy.  0 or negative errno; -ECANCELED: a signal came. */
static int pipe_drain(const struct perf_input *in, int fd)
{
    char *buffer = malloc(CHUNK);
    int rc = buffer ? 0 : -ENOMEM;
    off_t size = 0;
    for (ssize_t n = 1; !rc && n;) {
        struct pollfd ready = {.fd = fd, .events = POLLIN};
        if (poll(&ready, 1, -1) < 0 || (n = read(fd, buffer, CHUNK)) < 0) {
            rc = errno == EAGAIN ? 0 : errno == EINTR ? -ECANCELED : -errno;
            n = 1;
            continue;
        }
        size += n;
        rc = size > max_copy ? -EFBIG : write_all(in->copy, buffer, (size_t)n);
    }
    free(buffer);
    return rc;
}

/* Copies a pipe, however long its writer takes, or to begin with. */
static int pipe_copy(struct perf_input *in, int fd, struct error *err)
{
    int rc = copy_make(in, err);
    if (rc)
        return rc;
    rc = pipe_drain(in, fd);
    if (rc == -ECANCELED)
        return error_set(err, rc, "interrupted");
    if (rc)
        return error_set(err, rc, "can't copy %s to '%s': %s; save the session to a file and import that",
                         in->name, folder(), strerror(-rc));
    return path_set(in, in->copy, err);
}

static _Noreturn void unpacker_run(const struct packing *p, int from, int to)
{
    const struct rlimit limit = {.rlim_cur = (rlim_t)max_copy, .rlim_max = (rlim_t)max_copy};
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    signal(SIGXFSZ, SIG_DFL);
    int nothing = open("/dev/null", O_WRONLY | O_CLOEXEC);
    if (!setrlimit(RLIMIT_FSIZE, &limit) && dup2(from, 0) == 0 && dup2(to, 1) == 1 && dup2(nothing, 2) == 2)
        execvp(p->argv[0], (char *const *)p->argv);
    _exit(errno == ENOENT ? 127 : 126);
}

static int unpacker_await(pid_t pid, const struct packing *p, const char *name, struct error *err)
{
    int status = 0;
    while (waitpid(pid, &status, 0) < 0)
        if (errno == EINTR) {
            kill(pid, SIGKILL);
            while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
                ;
            return error_set(err, -ECANCELED, "interrupted");
        }
    if (WIFEXITED(status) && !WEXITSTATUS(status))
        return 0;
    if (WIFEXITED(status) && WEXITSTATUS(status) == 127)
        return error_set(err, -ENOPKG,
                         "%s is packed by %s, which is not installed (Debian: apt-get install %s)", name,
                         p->argv[0], p->package);
    if (WIFSIGNALED(status) && WTERMSIG(status) != SIGXFSZ)
        return error_set(err, -ECANCELED, "interrupted: %s was ended by signal %d", p->argv[0],
                         WTERMSIG(status));
    if (WIFSIGNALED(status))
        return error_set(err, -EFBIG, "%s has more than %lld GB once unpacked: unpack it yourself (%s -d)",
                         name, (long long)(max_copy >> 30), p->argv[0]);
    return error_set(err, -EINVAL, "%s can't unpack %s: it is cut off or damaged, or %s is full", p->argv[0],
                     name, folder());
}

static int unpack(struct perf_input *in, const struct packing *p, struct error *err)
{
    int from = open(in->path, O_RDONLY | O_CLOEXEC | O_NONBLOCK), before = in->copy;
    int rc = from < 0 ? error_set(err, -errno, "can't read %s: %s", in->name, strerror(errno))
                      : copy_make(in, err);
    pid_t pid = rc ? -1 : fork();
    if (!pid)
        unpacker_run(p, from, in->copy);
    if (!rc && pid < 0)
        rc = error_set(err, -errno, "can't run %s: %s", p->argv[0], strerror(errno));
    if (!rc)
        rc = unpacker_await(pid, p, in->name, err);
    if (!rc)
        rc = path_set(in, in->copy, err);
    if (from >= 0)
        close(from);
    if (before >= 0)
        close(before);
    return rc;
}

/* Returns true if the bytes are text, as perf script prints it.  Names in other languages are in UTF-8. */
static bool is_text(const unsigned char *bytes, ssize_t n)
{
    for (ssize_t i = 0; i < n; i++)
        if (bytes[i] == 127 || (bytes[i] < ' ' && bytes[i] != '\n' && bytes[i] != '\t' && bytes[i] != '\r'))
            return false;
    return n > 0;
}

static const struct packing *packing_of(const unsigned char *bytes, ssize_t n)
{
    for (size_t i = 0; i < sizeof(packings) / sizeof(packings[0]); i++)
        if (n >= (ssize_t)packings[i].length && !memcmp(bytes, packings[i].begins, packings[i].length))
            return &packings[i];
    return NULL;
}

/* Reads the beginning of a plain file.  Returns how many bytes, or negative errno. */
static ssize_t first_read(const char *path, unsigned char *bytes, size_t size)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    ssize_t n = fd < 0 ? -1 : read(fd, bytes, size);
    if (n < 0)
        n = -errno;
    if (fd >= 0)
        close(fd);
    return n;
}

static int unreadable(const struct perf_input *in, int rc, struct error *err)
{
    return error_set(err, rc, "can't read %s: %s%s", in->name, strerror(-rc),
                     rc == -EACCES ? "; perf record makes files for their owner alone: chmod, or sudo" : "");
}

static int file_look(struct perf_input *in, struct error *err)
{
    unsigned char bytes[FIRST_BYTES] = {0};
    ssize_t n = first_read(in->path, bytes, sizeof(bytes));
    const struct packing *p = packing_of(bytes, n);
    if (p) {
        int rc = unpack(in, p, err);
        if (rc)
            return rc;
        n = first_read(in->path, bytes, sizeof(bytes));
        if (packing_of(bytes, n))
            return error_set(err, -EINVAL, "%s is packed more than once: unpack it first", in->name);
    }
    if (n < 0)
        return unreadable(in, (int)n, err);
    if (n > 262 && !memcmp(bytes + 257, "ustar", 5))
        return error_set(err, -EINVAL, "%s is an archive: unpack it (tar -xf) and import what is in it",
                         in->name);
    bool data = n >= 8 && (!memcmp(bytes, "PERFILE2", 8) || !memcmp(bytes, "PERFFILE", 8));
    in->text = !data && is_text(bytes, n);
    return 0;
}

static int folder_look(struct perf_input *in, struct error *err)
{
    struct stat st;
    char *data = NULL;
    if (asprintf(&data, "%s/data", in->path) < 0)
        return error_set(err, -ENOMEM, "out of memory");
    in->head = data;
    if (stat(data, &st) || !S_ISREG(st.st_mode))
        return error_set(err, -EINVAL,
                         "%s is a folder that no perf record made: there is no file 'data' in it; name a "
                         "perf.data",
                         in->name);
    return 0;
}

static int descriptor_look(struct perf_input *in, int fd, struct error *err)
{
    struct stat st;
    if (fstat(fd, &st))
        return unreadable(in, -errno, err);
    if (S_ISFIFO(st.st_mode) || S_ISSOCK(st.st_mode)) {
        int rc = pipe_copy(in, fd, err);
        return rc ? rc : file_look(in, err);
    }
    if (S_ISDIR(st.st_mode))
        return folder_look(in, err);
    if (!S_ISREG(st.st_mode))
        return error_set(err, -EINVAL, "%s is no file, folder or pipe; save the session to a file first",
                         in->name);
    return file_look(in, err);
}

static char *name_make(const char *name, bool standard)
{
    char *text = NULL;
    if (standard)
        return strdup("standard input");
    return asprintf(&text, "'%s'", name) < 0 ? NULL : text;
}

int perf_input_open(const char *name, struct perf_input *in, struct error *err)
{
    const bool standard = !strcmp(name, "-");
    *in = (struct perf_input){.path = strdup(name), .copy = -1};
    int fd = standard ? dup(STDIN_FILENO) : open(name, O_RDONLY | O_CLOEXEC | O_NONBLOCK), rc = -errno;
    if (!in->path || !(in->name = name_make(name, standard)))
        rc = error_set(err, -ENOMEM, "out of memory");
    else if (fd < 0)
        rc = unreadable(in, rc, err);
    else
        rc = standard ? path_set(in, fd, err) : 0;
    if (!rc)
        rc = descriptor_look(in, fd, err);
    if (!rc && !in->head && !(in->head = strdup(in->path)))
        rc = error_set(err, -ENOMEM, "out of memory");
    if (fd >= 0 && standard && !rc && in->copy < 0)
        in->copy = fd; /* a file, or a folder: perf reads it by way of this descriptor */
    else if (fd >= 0)
        close(fd);
    if (rc)
        perf_input_close(in);
    return rc;
}

void perf_input_close(struct perf_input *in)
{
    if (in->copy >= 0)
        close(in->copy);
    free(in->name);
    free(in->path);
    free(in->head);
    *in = (struct perf_input){.copy = -1};
}
