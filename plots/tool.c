/* Running other programs; see tool.h. */
#include "plots/tool.h"

#include "analysis/base/child.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/signalfd.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

enum {
    OUTPUT_MAX = 1 << 20,
    DISK_LEAST = 64 << 10,
    PATIENCE_MS = 3600000, /* for one that doesn't work, but waits */
};

/* A program takes seconds and some 200 MB for a study of ten variants. */
static const struct child_bounds bounds = {
    .cpu_seconds = 300, .data_bytes = UINT64_C(2) << 30, .file_bytes = UINT64_C(1) << 30};

static const struct {
    const char *program, *remedy;
} remedies[] = {
    {"gnuplot", "install it (Debian, Ubuntu: apt-get install gnuplot-nox)"},
    {"pdftocairo", "install it (Debian, Ubuntu: apt-get install poppler-utils)"},
    {"pdffonts", "install it (Debian, Ubuntu: apt-get install poppler-utils)"},
    {"node", "install it (Debian, Ubuntu: apt-get install nodejs), or typst 0.13 or newer"},
};

static const char *remedy_find(const char *program)
{
    for (size_t i = 0; i < sizeof remedies / sizeof *remedies; i++)
        if (!strcmp(program, remedies[i].program))
            return remedies[i].remedy;
    return "install it";
}

/* Returns 1 for a variable that would change what the programs draw, or where they look for themselves. */
static int is_unwanted(const char *variable)
{
    static const char *const prefixes[] = {
        "LC_",         "LANG",  "TZ=",    "GNUPLOT_",           "GNUTERM=",
        "GDFONTPATH=", "NODE_", "TYPST_", "SOURCE_DATE_EPOCH=", "GNUHELP="};
    for (size_t i = 0; i < sizeof prefixes / sizeof *prefixes; i++)
        if (!strncmp(variable, prefixes[i], strlen(prefixes[i])))
            return 1;
    return 0;
}

/* Returns the environment.  The array is malloc'd, its strings are not; `date` is the caller's.  NULL: out of
 * memory. */
static char **environment_make(char *date)
{
    static char locale[] = "LC_ALL=C.UTF-8", zone[] = "TZ=UTC0";
    size_t n = 0, kept = 0;
    while (environ[n])
        n++;
    char **made = calloc(n + 4, sizeof *made);
    if (!made)
        return NULL;
    for (size_t i = 0; i < n; i++)
        if (!is_unwanted(environ[i]))
            made[kept++] = environ[i];
    made[kept++] = locale;
    made[kept++] = zone;
    made[kept++] = date;
    return made;
}

/* In the child: becomes the program.  If it can't, errno is written to `report`, which a successful exec
 * closes. */
static _Noreturn void child_run(const char *folder, char *const *argv, char **environment, const int fds[2],
                                pid_t parent, int report)
{
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    child_bind(parent, SIGKILL);
    child_bound(&bounds);
    const int nothing = open("/dev/null", O_RDONLY);
    if (nothing >= 0 && dup2(nothing, STDIN_FILENO) >= 0 && dup2(fds[0], STDOUT_FILENO) >= 0 &&
        dup2(fds[1], STDERR_FILENO) >= 0 && chdir(folder) == 0) {
        environ = environment;
        execvp(argv[0], argv);
    }
    const int code = errno;
    _exit(write(report, &code, sizeof code) == sizeof code ? 127 : 126);
}

static int child_start(const char *folder, char *const *argv, char **environment, const int fds[2],
                       pid_t *pid)
{
    int report[2], code = 0;
    const pid_t parent = getpid();
    if (pipe2(report, O_CLOEXEC) < 0)
        return -errno;
    *pid = fork();
    if (*pid == 0)
        child_run(folder, argv, environment, fds, parent, report[1]);
    const int rc = *pid < 0 ? -errno : 0;
    close(report[1]);
    ssize_t n;
    do
        n = read(report[0], &code, sizeof code);
    while (n < 0 && errno == EINTR);
    close(report[0]);
    if (rc == 0 && n == sizeof code)
        waitpid(*pid, NULL, 0);
    return n == sizeof code ? -code : rc;
}

static char *file_text(int fd)
{
    char *text = calloc(1, OUTPUT_MAX + 1);
    const ssize_t n = text ? pread(fd, text, OUTPUT_MAX, 0) : -1;
    if (n < 0) {
        free(text);
        return NULL;
    }
    return text;
}

/* Waits until the program has ended or has to: report_collect() holds back the signals by which the user
 * stops, so that the private folder can be removed first.  Returns 0: it ended by itself; EINTR: the user
 * wants to stop; ETIME: it took too long. */
static int end_await(pid_t pid)
{
    sigset_t stops;
    sigemptyset(&stops);
    sigaddset(&stops, SIGINT);
    sigaddset(&stops, SIGTERM);
    sigaddset(&stops, SIGHUP);
    struct pollfd polled[2] = {{.fd = signalfd(-1, &stops, SFD_CLOEXEC), .events = POLLIN},
                               {.fd = (int)syscall(SYS_pidfd_open, pid, 0), .events = POLLIN}};
    int n = 1;
    if (polled[1].fd >= 0)
        do
            n = poll(polled, 2, PATIENCE_MS);
        while (n < 0 && errno == EINTR);
    for (int i = 0; i < 2; i++)
        if (polled[i].fd >= 0)
            close(polled[i].fd);
    return n == 0 ? ETIME : polled[0].revents ? EINTR : 0;
}

static int child_wait(pid_t pid, const char *program, int *status, struct error *err)
{
    int raw;
    const int stopped = end_await(pid);
    if (stopped)
        kill(pid, SIGKILL);
    while (waitpid(pid, &raw, 0) < 0)
        if (errno != EINTR)
            return error_set(err, -errno, "can't wait for %s: %s", program, strerror(errno));
    *status = WIFEXITED(raw) ? WEXITSTATUS(raw) : 128 + WTERMSIG(raw);
    if (stopped == ETIME)
        return error_set(err, -ETIME, "%s was ended: it did not come to an end in %d minutes", program,
                         PATIENCE_MS / 60000);
    return stopped ? error_set(err, -EINTR, "interrupted; nothing was written") : 0;
}

int tool_run(const char *folder, int64_t epoch, const char *const *argv, struct tool_output *out,
             struct error *err)
{
    char date[64];
    pid_t pid = -1;
    int fds[2] = {memfd_create("stdout", MFD_CLOEXEC), memfd_create("stderr", MFD_CLOEXEC)};
    int rc;
    *out = (struct tool_output){0};
    snprintf(date, sizeof date, "SOURCE_DATE_EPOCH=%" PRId64, epoch);
    char **environment = environment_make(date);
    if (fds[0] < 0 || fds[1] < 0 || !environment)
        rc = error_set(err, -ENOMEM, "can't run %s: out of memory", argv[0]);
    else if ((rc = child_start(folder, (char *const *)argv, environment, fds, &pid)) == -ENOENT)
        error_set(err, rc, "the report needs %s, which is not in PATH: %s", argv[0], remedy_find(argv[0]));
    else if (rc < 0)
        error_set(err, rc, "can't run %s: %s", argv[0], strerror(-rc));
    else
        rc = child_wait(pid, argv[0], &out->status, err);
    if (rc == 0 && (!(out->text = file_text(fds[0])) || !(out->complaint = file_text(fds[1]))))
        rc = -ENOMEM;
    if (fds[0] >= 0)
        close(fds[0]);
    if (fds[1] >= 0)
        close(fds[1]);
    free(environment);
    if (rc < 0)
        tool_output_free(out);
    return rc;
}

void tool_output_free(struct tool_output *out)
{
    free(out->text);
    free(out->complaint);
    *out = (struct tool_output){0};
}

/* Returns the last line, and cuts off what is blank behind it.  A program may quote and point before it names
 * the error. */
static const char *last_line(char *text)
{
    size_t n = strlen(text);
    while (n > 0 && (text[n - 1] == '\n' || text[n - 1] == ' '))
        text[--n] = '\0';
    const char *newline = strrchr(text, '\n');
    return newline ? newline + 1 : text;
}

int tool_failed(const char *folder, const char *name, const char *complaint, int length, int status,
                struct error *err)
{
    struct statvfs fs;
    if (statvfs(folder, &fs) == 0 && fs.f_bavail * fs.f_frsize < DISK_LEAST)
        return error_set(err, -ENOSPC,
                         "%s failed because the disk is full; make room or choose another folder with -o",
                         name);
    if (status == 128 + SIGXCPU)
        return error_set(err, -EPROTO,
                         "%s was ended after %d s of CPU time, which is all that it gets: the recording has "
                         "more than a report can show",
                         name, (int)bounds.cpu_seconds);
    if (length > 0)
        return error_set(err, -EPROTO, "%s failed: %.*s", name, length, complaint);
    return error_set(err, -EPROTO, "%s failed with status %d", name, status);
}

int tool_must(const char *folder, int64_t epoch, const char *const *argv, struct error *err)
{
    struct tool_output out;
    int rc = tool_run(folder, epoch, argv, &out, err);
    if (rc == 0 && (out.status != 0 || *out.complaint)) {
        const char *line = last_line(out.complaint);
        rc = tool_failed(folder, argv[0], line, (int)strlen(line), out.status, err);
    }
    tool_output_free(&out);
    return rc;
}

int tool_exists(const char *name)
{
    const char *path = getenv("PATH");
    while (path && *path) {
        const size_t length = strcspn(path, ":");
        char *candidate = NULL;
        if (asprintf(&candidate, "%.*s/%s", (int)length, path, name) < 0)
            return 0;
        const int found = access(candidate, X_OK) == 0;
        free(candidate);
        if (found)
            return 1;
        path += length + (path[length] == ':');
    }
    return 0;
}
