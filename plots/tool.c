/* Running other programs; see tool.h. */
#include "plots/tool.h"

#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/statvfs.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

enum { OUTPUT_MAX = 1 << 20, DISK_LEAST = 64 << 10 };

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

static int child_start(const char *folder, char *const *argv, char *const *environment, const int fds[2],
                       pid_t *pid)
{
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    sigset_t none;
    sigemptyset(&none);
    if (posix_spawn_file_actions_init(&actions))
        return -ENOMEM;
    if (posix_spawnattr_init(&attributes)) {
        posix_spawn_file_actions_destroy(&actions);
        return -ENOMEM;
    }
    posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", 0, 0);
    posix_spawn_file_actions_adddup2(&actions, fds[0], STDOUT_FILENO);
    posix_spawn_file_actions_adddup2(&actions, fds[1], STDERR_FILENO);
    posix_spawn_file_actions_addchdir_np(&actions, folder);
    posix_spawnattr_setsigmask(&attributes, &none);
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK);
    const int rc = posix_spawnp(pid, argv[0], &actions, &attributes, argv, environment);
    posix_spawnattr_destroy(&attributes);
    posix_spawn_file_actions_destroy(&actions);
    return -rc;
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

/* Returns 1 if the user wants to stop: report_collect() holds these signals back, so that the private folder
 * can be removed first. */
static int interrupt_waits(void)
{
    sigset_t pending;
    sigpending(&pending);
    return sigismember(&pending, SIGINT) || sigismember(&pending, SIGTERM) || sigismember(&pending, SIGHUP);
}

static int child_wait(pid_t pid, const char *program, int *status, struct error *err)
{
    int raw;
    while (waitpid(pid, &raw, 0) < 0)
        if (errno != EINTR)
            return error_set(err, -errno, "can't wait for %s: %s", program, strerror(errno));
    *status = WIFEXITED(raw) ? WEXITSTATUS(raw) : 128 + WTERMSIG(raw);
    return interrupt_waits() ? error_set(err, -EINTR, "interrupted; nothing was written") : 0;
}

int tool_run(const char *folder, int64_t epoch, const char *const *argv, struct tool_output *out,
             struct error *err)
{
    char date[64];
    pid_t pid;
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
