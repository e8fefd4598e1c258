/* See launch.h.  The child waits on a pipe (the gate) before its exec; exec's errno comes back on a second
 * pipe, which a successful exec closes.  A signal for heapwait must not end it before the maps are read: so
 * SIGINT and SIGTERM are blocked and read from a signalfd while the command runs. */
#include "probes/run/launch.h"

#include "probes/host/clock.h"
#include "probes/host/identity.h"
#include "probes/host/signals.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum {
    MAX_WATCHED = 1024,
    TICK_MS = 250,
    FIRST_LOOK_MS = 4,
};
static const uint64_t GRACE_NS = 2000000000, HELD_NS = 1000000000;

struct launch {
    const struct measure_options *options;
    pid_t pid;
    int pidfd;
    int gate;       /* write end: closing or writing lets the child go */
    int exec_error; /* read end: a struct start_failure, or EOF after a good exec */
    struct signals signals;
    bool reaped;
    uint64_t start_ns, start_cpu_ns;
    char started_at[32];
    bool interrupted, timed_out, exec_failed;
    enum { RUNNING, ASKED, TOLD, LEFT_BEHIND } ending;
    uint64_t patience_until_ns;
};

/* What a child that could not become the command sends back. */
struct start_failure {
    int error;
    bool by_exec; /* else it could not become the user */
};

static void child_run(const struct measure_options *o, const sigset_t *mask, int gate, int error_fd)
{
    char go;
    if (o->own_group)
        setpgid(0, 0);
    if (o->stdout_fd >= 0)
        dup2(o->stdout_fd, STDOUT_FILENO);
    if (o->stderr_fd >= 0)
        dup2(o->stderr_fd, STDERR_FILENO);
    sigprocmask(SIG_SETMASK, mask, NULL);
    if (read(gate, &go, 1) != 1)
        _exit(125); /* heapwait gave up: nothing is run */
    struct start_failure failure = {.error = o->user ? identity_take(o->user) : 0};
    for (char *const *e = o->environment; e && *e; e++)
        putenv(*e);
    if (!failure.error) {
        execvp(o->argv[0], o->argv);
        failure = (struct start_failure){.error = errno, .by_exec = true};
    }
    if (write(error_fd, &failure, sizeof(failure)) != sizeof(failure))
        _exit(125);
    _exit(127);
}

static int child_fork(struct launch *l)
{
    int gate[2] = {-1, -1}, exec_error[2] = {-1, -1};
    int err = -1;
    if (pipe2(gate, O_CLOEXEC) || pipe2(exec_error, O_CLOEXEC)) {
        err = -errno;
        goto out;
    }
    l->pid = fork();
    if (l->pid < 0) {
        err = -errno;
        goto out;
    }
    if (!l->pid) {
        close(gate[1]); /* or heapwait's death would not be seen at the gate */
        child_run(l->options, &l->signals.before, gate[0], exec_error[1]);
    }
    if (l->options->own_group)
        setpgid(l->pid, l->pid); /* both sides do it: whoever comes first */
    l->gate = gate[1];
    l->exec_error = exec_error[0];
    gate[1] = exec_error[0] = -1;
    l->pidfd = (int)syscall(SYS_pidfd_open, l->pid, 0);
    err = l->pidfd < 0 ? -errno : 0;
out:
    for (int i = 0; i < 2; i++) {
        if (gate[i] >= 0)
            close(gate[i]);
        if (exec_error[i] >= 0)
            close(exec_error[i]);
    }
    return err;
}

/* Returns true if the process sleeps: its state is the first letter behind its name in /proc/PID/stat. */
static bool process_sleeps(pid_t pid)
{
    char path[64], text[512];
    snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t n = fd >= 0 ? read(fd, text, sizeof(text) - 1) : -1;
    if (fd >= 0)
        close(fd);
    text[n > 0 ? n : 0] = 0;
    const char *name_end = strrchr(text, ')');
    return name_end && !strncmp(name_end, ") S", 3);
}

/* Waits until the child sleeps at the gate.  If it were marked while it still runs, the probes would notice
 * it only in the middle of its exec.  If /proc doesn't tell, the child gets HELD_NS, many times what it
 * needs. */
static void child_await(const struct launch *l)
{
    const struct timespec pause = {.tv_nsec = 50000};
    for (uint64_t until = clock_monotonic_ns() + HELD_NS;
         !process_sleeps(l->pid) && clock_monotonic_ns() < until;)
        nanosleep(&pause, NULL);
}

int launch_prepare(const struct measure_options *options, struct launch **out, struct error *err)
{
    struct launch *l = calloc(1, sizeof(*l));
    if (!l)
        return error_set(err, -ENOMEM, "out of memory");
    *l =
        (struct launch){.options = options, .pidfd = -1, .gate = -1, .exec_error = -1, .signals = {.fd = -1}};
    int rc = signals_take(&l->signals);
    if (!rc)
        rc = child_fork(l);
    if (rc) {
        error_set(err, rc, "can't start a process for '%s': %s", options->argv[0], strerror(-rc));
        launch_free(l);
        return rc;
    }
    child_await(l);
    *out = l;
    return 0;
}

pid_t launch_pid(const struct launch *l)
{
    return l->pid;
}

int launch_pidfd(const struct launch *l)
{
    return l->pidfd;
}

static const char *exec_failure(int error)
{
    switch (error) {
    case ENOENT:
        return "there is no such command (or its interpreter is missing: `readelf -l` names it)";
    case EACCES:
        return "it is not executable (`chmod +x` makes it so), or it lies on a file system mounted noexec";
    case ENOEXEC:
        return "its format is not one that this kernel can execute";
    default:
        return strerror(error);
    }
}

static int failure_tell(const struct launch *l, const struct start_failure *f, struct error *err)
{
    const char *command = l->options->argv[0];
    if (f->by_exec)
        return error_set(err, -f->error, "can't execute '%s': %s", command, exec_failure(f->error));
    return error_set(
        err, -f->error,
        "can't run '%s' as %s: %s; only root (or CAP_SETUID with CAP_SETGID) can become somebody "
        "else",
        command, identity_name(l->options->user), strerror(f->error));
}

int launch_release(struct launch *l, struct error *err)
{
    struct start_failure failure = {0};
    clock_date(l->started_at, sizeof(l->started_at));
    l->start_cpu_ns = clock_process_ns();
    l->start_ns = clock_monotonic_ns();
    if (write(l->gate, "g", 1) != 1)
        return error_set(err, -errno, "can't let '%s' start: %s", l->options->argv[0], strerror(errno));
    ssize_t n;
    do
        n = read(l->exec_error, &failure, sizeof(failure));
    while (n < 0 && errno == EINTR);
    if (n != sizeof(failure))
        return 0;
    waitpid(l->pid, NULL, 0);
    l->reaped = true;
    l->exec_failed = failure.by_exec;
    return failure_tell(l, &failure, err);
}

bool launch_exec_failed(const struct launch *l)
{
    return l->exec_failed;
}

/* Begins to end the command.  If it has a group of its own or has used up its time, it is killed at once.
 * Else it is asked, first by the signal that heapwait got; 0: a terminal has sent that to both.  SIGTERM
 * follows. */
static void end_begin(struct launch *l, int signal)
{
    if (l->ending != RUNNING)
        return;
    if (l->options->own_group)
        kill(-l->pid, SIGKILL);
    else
        kill(l->pid, l->timed_out ? SIGKILL : signal);
    l->ending = ASKED;
    l->patience_until_ns = clock_monotonic_ns() + GRACE_NS;
}

static void end_continue(struct launch *l)
{
    if (l->ending == RUNNING || clock_monotonic_ns() < l->patience_until_ns)
        return;
    if (l->ending == ASKED)
        kill(l->pid, SIGTERM);
    l->ending = l->ending == ASKED ? TOLD : LEFT_BEHIND;
    l->patience_until_ns = clock_monotonic_ns() + GRACE_NS;
}

static void signals_read(struct launch *l)
{
    int number;
    bool from_terminal; /* then the command has got the signal as well */
    while (signals_next(&l->signals, &number, &from_terminal)) {
        l->interrupted = true;
        end_begin(l, from_terminal ? 0 : number);
    }
}

static int wait_ms(const struct launch *l)
{
    uint64_t now = clock_monotonic_ns();
    uint64_t deadline = l->options->timeout_ns ? l->start_ns + l->options->timeout_ns : UINT64_MAX;
    if (l->timed_out || deadline > now + TICK_MS * 1000000ull)
        return TICK_MS;
    return deadline <= now ? 0 : (int)((deadline - now) / 1000000 + 1);
}

static void outcome_begin(const struct launch *l, struct run_outcome *o)
{
    *o = (struct run_outcome){.exit_status = -1};
    o->started_ns = l->start_ns;
    o->wall_ns = clock_monotonic_ns() - l->start_ns;
    o->heapwait_cpu_ns = clock_process_ns() - l->start_cpu_ns;
    o->timed_out = l->timed_out;
    o->interrupted = l->interrupted;
    memcpy(o->started_at, l->started_at, sizeof(o->started_at));
}

/* What the kernel tells of a command that has ended. */
static void outcome_end(int status, const struct rusage *usage, struct run_outcome *o)
{
    o->exit_status = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
    o->term_signal = WIFSIGNALED(status) ? WTERMSIG(status) : 0;
    o->max_rss_bytes = (uint64_t)usage->ru_maxrss * 1024;
    o->user_ns = (uint64_t)usage->ru_utime.tv_sec * 1000000000 + (uint64_t)usage->ru_utime.tv_usec * 1000;
    o->system_ns = (uint64_t)usage->ru_stime.tv_sec * 1000000000 + (uint64_t)usage->ru_stime.tv_usec * 1000;
    o->voluntary_switches = (uint64_t)usage->ru_nvcsw;
    o->involuntary_switches = (uint64_t)usage->ru_nivcsw;
    o->minor_faults = (uint64_t)usage->ru_minflt;
}

static int command_reap(struct launch *l, struct run_outcome *o, struct error *err)
{
    int status = 0;
    struct rusage usage;
    const pid_t ended = wait4(l->pid, &status, l->ending == LEFT_BEHIND ? WNOHANG : 0, &usage);
    if (ended < 0)
        return error_set(err, -errno, "can't wait for '%s': %s", l->options->argv[0], strerror(errno));
    l->reaped = true;
    outcome_begin(l, o);
    if (ended)
        outcome_end(status, &usage, o);
    else
        o->left_behind = l->pid;
    o->attached = !ended;
    return 0;
}

static unsigned poll_prepare(const struct launch *l, const struct launch_watch *watch, struct pollfd *polled)
{
    unsigned n = 0;
    polled[n++] = (struct pollfd){.fd = l->pidfd, .events = POLLIN};
    polled[n++] = (struct pollfd){.fd = l->signals.fd, .events = POLLIN};
    for (unsigned i = 0; watch && i < watch->count && n < MAX_WATCHED; i++)
        polled[n++] = (struct pollfd){.fd = watch->fds[i], .events = POLLIN};
    return n;
}

int launch_wait(struct launch *l, const struct launch_watch *watch, struct run_outcome *outcome,
                struct error *err)
{
    struct pollfd polled[MAX_WATCHED];
    unsigned count = poll_prepare(l, watch, polled);
    int patience = FIRST_LOOK_MS; /* to see the mappings of a program that lives for milliseconds */
    while (l->ending != LEFT_BEHIND) {
        int ms = wait_ms(l);
        if (poll(polled, count, ms < patience ? ms : patience) < 0 && errno != EINTR)
            return error_set(err, -errno, "can't wait for '%s': %s", l->options->argv[0], strerror(errno));
        if (polled[0].revents)
            break;
        patience = patience < TICK_MS / 2 ? 2 * patience : TICK_MS;
        if (polled[1].revents)
            signals_read(l);
        if (watch)
            watch->ready(watch->context);
        if (l->options->timeout_ns && !l->timed_out &&
            clock_monotonic_ns() >= l->start_ns + l->options->timeout_ns) {
            l->timed_out = true;
            end_begin(l, SIGKILL);
        }
        end_continue(l);
    }
    return command_reap(l, outcome, err);
}

void launch_free(struct launch *l)
{
    if (!l)
        return;
    if (l->gate >= 0)
        close(l->gate);
    if (l->pid > 0 && !l->reaped) {
        kill(l->options->own_group ? -l->pid : l->pid, SIGKILL);
        waitpid(l->pid, NULL, 0);
    }
    int fds[] = {l->pidfd, l->exec_error};
    for (size_t i = 0; i < sizeof(fds) / sizeof(fds[0]); i++)
        if (fds[i] >= 0)
            close(fds[i]);
    signals_give_back(&l->signals);
    free(l);
}
