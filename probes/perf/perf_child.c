/* See perf_child.h.  What perf says on stderr goes into a file without a name, so that a flood of warnings
 * blocks nobody; only its end is ever shown. */
#include "probes/perf/perf_child.h"

#include "analysis/base/child.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

/* A session of gigabytes takes perf minutes, and some hundred megabytes. */
static const struct child_bounds bounds = {
    .cpu_seconds = 3600, .data_bytes = UINT64_C(4) << 30, .file_bytes = UINT64_C(256) << 20};
enum { MAX_WARNINGS = 1000 };

struct perf_child {
    pid_t pid; /* 0: reaped */
    int output, talk;
};

/* In the child: becomes perf.  If exec fails its errno is written to `report`; if it succeeds exec closes
 * that. */
static _Noreturn void child_run(const char *const *argv, int output, int talk, int report, pid_t parent)
{
    sigset_t none;
    sigemptyset(&none);
    child_bind(parent, SIGKILL);
    sigprocmask(SIG_SETMASK, &none, NULL);
    signal(SIGPIPE, SIG_DFL);
    int input = open("/dev/null", O_RDONLY);
    if (input >= 0 && dup2(input, 0) == 0 && dup2(output, 1) == 1 && dup2(talk, 2) == 2) {
        setenv("LC_ALL", "C", 1);
        if (!strcmp(argv[0], "perf")) {
            setenv("PERF_CONFIG", "/dev/null", 1);
            setenv("DEBUGINFOD_URLS", "", 1);
            setenv("PERF_PAGER", "cat", 1);
        }
        child_bound(&bounds); /* last: what comes before may want memory */
        execvp(argv[0], (char *const *)argv);
    }
    int rc = errno;
    if (write(report, &rc, sizeof(rc)) < 0)
        _exit(126);
    _exit(127);
}

int perf_child_exec_await(int report)
{
    int rc = 0;
    ssize_t n;
    while ((n = read(report, &rc, sizeof(rc))) < 0 && errno == EINTR)
        ;
    return n == sizeof(rc) ? -rc : 0;
}

static int child_start(struct perf_child *c, const char *const *argv)
{
    int pipes[2][2] = {{-1, -1}, {-1, -1}}, rc = 0;
    const pid_t parent = getpid();
    c->talk = memfd_create("perf", MFD_CLOEXEC);
    if (c->talk < 0 || pipe2(pipes[0], O_CLOEXEC) || pipe2(pipes[1], O_CLOEXEC) || (c->pid = fork()) < 0)
        rc = -errno;
    if (!rc && !c->pid)
        child_run(argv, pipes[0][1], c->talk, pipes[1][1], parent);
    for (int i = 0; i < 2; i++)
        if (pipes[i][1] >= 0)
            close(pipes[i][1]);
    c->output = pipes[0][0];
    if (!rc)
        rc = perf_child_exec_await(pipes[1][0]);
    if (pipes[1][0] >= 0)
        close(pipes[1][0]);
    return rc;
}

int perf_child_start(const char *const *argv, struct perf_child **out, struct error *err)
{
    struct perf_child *c = calloc(1, sizeof(*c));
    if (!c)
        return error_set(err, -ENOMEM, "out of memory");
    c->output = c->talk = -1;
    int rc = child_start(c, argv);
    if (!rc) {
        *out = c;
        return 0;
    }
    c->pid = c->pid < 0 ? 0 : c->pid;
    perf_child_free(c);
    if (rc == -ENOENT)
        return error_set(err, -ENOPKG, "perf is not installed (Debian: apt-get install linux-perf)");
    return error_set(err, rc, "can't run perf: %s", strerror(-rc));
}

ssize_t perf_child_read(struct perf_child *c, char *buffer, size_t size)
{
    ssize_t n = read(c->output, buffer, size);
    return n < 0 ? -errno : n;
}

/* Sets line[] to the last line that perf said, without control characters; remarks on the fields that were
 * asked for ("not valid for") don't count. */
static void talk_last(int fd, char *line, size_t size)
{
    char text[4096];
    off_t end = lseek(fd, 0, SEEK_END), start = end > (off_t)sizeof(text) ? end - (off_t)sizeof(text) : 0;
    ssize_t n = pread(fd, text, sizeof(text) - 1, start);
    text[n > 0 ? n : 0] = '\0';
    line[0] = '\0';
    for (char *rest = text, *next; (next = strsep(&rest, "\n"));)
        if (*next && !strstr(next, "not valid for"))
            snprintf(line, size, "%s", next);
    for (char *c = line; *c; c++)
        *c = (unsigned char)*c < ' ' || *c == 127 ? '?' : *c;
}

/* What perf says of its own doing, or of names that it can't find: heapwait looks for names itself. */
static bool is_chatter(const char *line)
{
    static const char *const words[] = {"not valid for", "symbol",        "kallsyms",
                                        "build id",      "build-id",      "debug",
                                        "addr2line",     "vmlinux",       "objdump",
                                        "srcline",       "kptr_restrict", "unwind",
                                        "dso",           "plugin",        "kcore",
                                        "Check /proc",   "Check IO/CPU",  "Processed ",
                                        "Samples in",    "Warning:",      "WARNING: No sample_id_all"};
    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
        if (strstr(line, words[i]))
            return true;
    return false;
}

char *perf_child_warnings(const struct perf_child *c, size_t *count)
{
    char line[1024], *text = NULL;
    size_t size = 0;
    *count = 0;
    const int fd = fcntl(c->talk, F_DUPFD_CLOEXEC, 3);
    FILE *talk = fd < 0 ? NULL : fdopen(fd, "r"), *out = open_memstream(&text, &size);
    if (talk)
        rewind(talk);
    while (talk && out && *count < MAX_WARNINGS && fgets(line, sizeof(line), talk)) {
        line[strcspn(line, "\n")] = '\0';
        if (!line[strspn(line, " \t")] || is_chatter(line))
            continue;
        for (char *at = line; *at; at++)
            *at = (unsigned char)*at < ' ' || *at == 127 ? '?' : *at;
        fprintf(out, "%s%s", (*count)++ ? "\n" : "", line);
    }
    if (talk)
        fclose(talk);
    else if (fd >= 0)
        close(fd);
    if (out)
        fclose(out);
    if (*count)
        return text;
    free(text);
    return NULL;
}

int perf_child_finish(struct perf_child *c, const char *what, struct error *err)
{
    int status = 0;
    char line[256];
    close(c->output);
    c->output = -1;
    while (c->pid && waitpid(c->pid, &status, 0) < 0 && errno == EINTR)
        ;
    c->pid = 0;
    if (WIFEXITED(status) && !WEXITSTATUS(status))
        return 0;
    talk_last(c->talk, line, sizeof(line));
    if (WIFSIGNALED(status) && WTERMSIG(status) == SIGXCPU)
        return error_set(
            err, -EIO,
            "perf can't %s: it was ended after %d s of CPU time, which is all that it gets; record "
            "for a shorter time, or at a lower frequency",
            what, (int)bounds.cpu_seconds);
    if (WIFSIGNALED(status))
        return error_set(err, -EIO, "perf can't %s: it was ended by signal %d (%s)%s%s", what,
                         WTERMSIG(status), strsignal(WTERMSIG(status)), *line ? "; it said: " : "", line);
    return error_set(err, -EIO, "perf can't %s: %s", what, *line ? line : "it didn't say why");
}

void perf_child_free(struct perf_child *c)
{
    if (!c)
        return;
    if (c->output >= 0)
        close(c->output);
    if (c->talk >= 0)
        close(c->talk);
    if (c->pid > 0) {
        kill(c->pid, SIGKILL);
        while (waitpid(c->pid, NULL, 0) < 0 && errno == EINTR)
            ;
    }
    free(c);
}
