/* See perf_record.h.  The protocol is perf's own (perf-record(1), --control, since 5.9): a command and a
 * newline on one descriptor, "ack\n" on another when it is done.  perf is in a process group of its own:
 * Ctrl-C is for the command, and must not end the sampling before it. */
#include "probes/perf/perf_record.h"

#include "analysis/base/child.h"
#include "probes/perf/perf_child.h"
#include "probes/perf/perf_place.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/perf_event.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

enum { READY_MS = 30000 }; /* to open events on every CPU takes perf milliseconds */

struct perf_record_child {
    pid_t pid; /* 0: reaped */
    int control, ack, talk;
    bool samples; /* perf has begun to sample: what lies in its place is its own now */
    struct perf_place place;
};

const char *perf_record_event(void)
{
    struct perf_event_attr attr = {
        .type = PERF_TYPE_HARDWARE, .size = sizeof(attr), .config = PERF_COUNT_HW_CPU_CYCLES, .disabled = 1};
    const int fd = (int)syscall(SYS_perf_event_open, &attr, 0, -1, -1, PERF_FLAG_FD_CLOEXEC);
    if (fd < 0)
        return "cpu-clock";
    close(fd);
    return "cycles";
}

enum { MAX_ARGUMENTS = 64 };

/* Returns only if it failed, with errno. */
static void arguments_exec(const char *processes, const char *file, const char *const *arguments, int control,
                           int ack)
{
    char fds[48];
    snprintf(fds, sizeof(fds), "fd:%d,%d", control, ack);
    const char *argv[MAX_ARGUMENTS] = {"perf",      "record", "-o", file,     "--delay=-1",
                                       "--control", fds,      "-p", processes};
    size_t n = 9;
    while (*arguments && n < MAX_ARGUMENTS - 1)
        argv[n++] = *arguments++;
    argv[n] = NULL;
    if (*arguments)
        errno = E2BIG;
    else
        execvp(argv[0], (char *const *)argv);
}

/* In the child: becomes perf.  If exec fails its errno is written to `report`; if it succeeds exec closes
 * that. */
static _Noreturn void child_run(const char *processes, const char *file, const char *const *arguments,
                                pid_t parent, const int *fds, int talk, int report)
{
    const int null = open("/dev/null", O_RDWR);
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    signal(SIGPIPE, SIG_DFL);
    signal(SIGINT, SIG_DFL);
    setpgid(0, 0);
    child_bind(parent, SIGINT); /* by which perf ends its file */
    if (null >= 0 && dup2(null, 0) == 0 && dup2(null, 1) == 1 && dup2(talk, 2) == 2 &&
        fcntl(fds[0], F_SETFD, 0) == 0 && fcntl(fds[1], F_SETFD, 0) == 0) {
        setenv("LC_ALL", "C", 1);
        setenv("PERF_CONFIG", "/dev/null", 1);
        arguments_exec(processes, file, arguments, fds[0], fds[1]);
    }
    const int rc = errno;
    _exit(write(report, &rc, sizeof(rc)) < 0 ? 126 : 127);
}

static int child_start(struct perf_record_child *p, const char *processes, const char *file,
                       const char *const *arguments)
{
    int control[2] = {-1, -1}, ack[2] = {-1, -1}, report[2] = {-1, -1}, rc = 0;
    const pid_t parent = getpid();
    p->talk = memfd_create("perf", MFD_CLOEXEC);
    if (p->talk < 0 || pipe2(control, O_CLOEXEC) || pipe2(ack, O_CLOEXEC) || pipe2(report, O_CLOEXEC))
        rc = -errno;
    if (!rc && (p->pid = fork()) < 0) {
        rc = -errno;
        p->pid = 0;
    } else if (!rc && !p->pid) {
        child_run(processes, file, arguments, parent, (const int[]){control[0], ack[1]}, p->talk, report[1]);
    }
    const int theirs[] = {control[0], ack[1], report[1]};
    for (size_t i = 0; i < sizeof(theirs) / sizeof(theirs[0]); i++)
        if (theirs[i] >= 0)
            close(theirs[i]);
    p->control = control[1];
    p->ack = ack[0];
    if (!rc)
        rc = perf_child_exec_await(report[0]);
    if (report[0] >= 0)
        close(report[0]);
    return rc;
}

/* Sets line[] to the last line that perf said, without control characters; its progress ("[ perf record:
 * ...") doesn't count. */
static void talk_last(int fd, char *line, size_t size)
{
    char text[4096];
    const off_t end = lseek(fd, 0, SEEK_END);
    const off_t start = end >= (off_t)sizeof(text) ? end - (off_t)sizeof(text) + 1 : 0;
    const ssize_t n = pread(fd, text, sizeof(text) - 1, start);
    text[n > 0 ? n : 0] = '\0';
    line[0] = '\0';
    for (char *rest = text, *next; (next = strsep(&rest, "\n"));)
        if (*next && *next != '[')
            snprintf(line, size, "%s", next);
    for (char *c = line; *c; c++)
        *c = (unsigned char)*c < ' ' || *c == 127 ? '?' : *c;
}

static int perf_failed(const struct perf_record_child *p, int code, struct error *err)
{
    char line[256];
    talk_last(p->talk, line, sizeof(line));
    return error_set(err, code, "perf record failed: %s (`heapwait doctor` tells what this user may do)",
                     *line ? line : "it didn't say why");
}

/* Switches perf on and waits for its answer.  A perf that can't record has ended, which closes its side. */
static int enable(struct perf_record_child *p, struct error *err)
{
    char answer[8] = "";
    struct pollfd polled = {.fd = p->ack, .events = POLLIN};
    int n;
    if (write(p->control, "enable\n", 7) != 7)
        return perf_failed(p, -EPERM, err);
    while ((n = poll(&polled, 1, READY_MS)) < 0 && errno == EINTR)
        ;
    if (n == 0)
        return error_set(err, -ETIMEDOUT, "perf record doesn't answer");
    if (n < 0 || read(p->ack, answer, sizeof(answer)) < 3 || memcmp(answer, "ack", 3) != 0)
        return perf_failed(p, -EPERM, err);
    return 0;
}

/* Returns the numbers with commas between ("17,18"), malloc'd; NULL: out of memory. */
static char *processes_list(const pid_t *pids, size_t count)
{
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);
    for (size_t i = 0; out && i < count; i++)
        fprintf(out, "%s%d", i ? "," : "", (int)pids[i]);
    return out && !fclose(out) ? text : NULL;
}

static int perf_start(const pid_t *pids, size_t count, const char *file, const char *const *arguments,
                      struct perf_record_child **out, struct error *err)
{
    struct perf_record_child *p = calloc(1, sizeof(*p));
    char *processes = p ? processes_list(pids, count) : NULL;
    if (!processes) {
        free(p);
        return error_set(err, -ENOMEM, "out of memory");
    }
    p->control = p->ack = p->talk = -1;
    int rc = perf_place_take(&p->place, file, err);
    if (rc) {
        perf_record_free(p);
        free(processes);
        return rc;
    }
    rc = child_start(p, processes, file, arguments);
    free(processes);
    if (rc == -ENOENT)
        error_set(err, rc,
                  "perf is not installed (Debian: apt-get install linux-perf; Ubuntu: linux-tools-generic)");
    else if (rc)
        error_set(err, rc, "can't run perf: %s", strerror(-rc));
    if (!rc) {
        void (*before)(int) = signal(SIGPIPE, SIG_IGN); /* perf may have ended already */
        rc = enable(p, err);
        signal(SIGPIPE, before);
    }
    p->samples = !rc;
    if (rc)
        perf_record_free(p);
    else
        *out = p;
    return rc;
}

int perf_record_start_as(pid_t pid, const char *file, const char *const *arguments,
                         struct perf_record_child **out, struct error *err)
{
    return perf_start(&pid, 1, file, arguments, out, err);
}

/* Left to itself perf asks for the length of SVE's vectors as well where there are any, of events that can't
 * tell it, and fails. */
#if defined(__aarch64__)
#define USER_REGISTERS                                                                                       \
    "--user-regs=x0,x1,x2,x3,x4,x5,x6,x7,x8,x9,x10,x11,x12,x13,x14,x15,x16,x17,x18,x19,x20,x21,x22,x23,x24," \
    "x25,x26,x27,x28,x29,lr,sp,pc",
#else
#define USER_REGISTERS
#endif

int perf_record_start(const pid_t *pids, size_t count, const char *file, struct perf_record_child **out,
                      struct error *err)
{
    char frequency[16], graph[32];
    snprintf(frequency, sizeof(frequency), "%d", PERF_FREQUENCY_HZ);
    snprintf(graph, sizeof(graph), "dwarf,%d", PERF_STACK_BYTES);
    const char *const arguments[] = {"-e",
                                     perf_record_event(),
                                     "-F",
                                     frequency,
                                     "-k",
                                     "CLOCK_MONOTONIC",
                                     "--call-graph",
                                     graph,
                                     "--no-buildid-cache",
                                     USER_REGISTERS NULL};
    return perf_start(pids, count, file, arguments, out, err);
}

int perf_record_finish(struct perf_record_child *p, struct error *err)
{
    int status = 0;
    kill(p->pid, SIGINT); /* what Ctrl-C does: it writes what it has and the file's head.  None the worse if
                             it has ended by itself, with the last of the sampled threads */
    while (waitpid(p->pid, &status, 0) < 0 && errno == EINTR)
        ;
    p->pid = 0;
    if ((WIFEXITED(status) && !WEXITSTATUS(status)) || (WIFSIGNALED(status) && WTERMSIG(status) == SIGINT))
        return perf_place_check(&p->place, err);
    return perf_failed(p, -EIO, err);
}

int perf_record_try(const char *file, struct error *err)
{
    struct perf_record_child *p = NULL;
    const pid_t self = getpid();
    int rc = perf_record_start(&self, 1, file, &p, err);
    if (rc)
        return rc; /* what was at FILE is there again */
    rc = perf_record_finish(p, err);
    perf_record_free(p);
    unlink(file);
    return rc;
}

int perf_record_store(struct recording *r, const char *file, struct error *err)
{
    char frequency[16], graph[32];
    snprintf(frequency, sizeof(frequency), "%d", PERF_FREQUENCY_HZ);
    snprintf(graph, sizeof(graph), "stack copies of %d bytes", PERF_STACK_BYTES);
    int rc = file ? recording_set_host(r, "perf_file", file, err) : 0;
    if (!rc)
        rc = recording_set_host(r, "perf_event", perf_record_event(), err);
    if (!rc)
        rc = recording_set_host(r, "perf_frequency_hz", frequency, err);
    return rc ? rc : recording_set_host(r, "perf_call_graph", graph, err);
}

void perf_record_free(struct perf_record_child *p)
{
    if (!p)
        return;
    const int fds[] = {p->control, p->ack, p->talk};
    for (size_t i = 0; i < sizeof(fds) / sizeof(fds[0]); i++)
        if (fds[i] >= 0)
            close(fds[i]);
    if (p->pid > 0) {
        kill(p->pid, SIGKILL);
        while (waitpid(p->pid, NULL, 0) < 0 && errno == EINTR)
            ;
    }
    if (!p->samples)
        perf_place_give_back(&p->place);
    perf_place_free(&p->place);
    free(p);
}
