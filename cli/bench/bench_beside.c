/* See bench_beside.h.  The loop runs in a thread of heapwait's own, on its CPU clock, so that neither the
 * idle command nor anybody else on the machine is in the time. */
#include "cli/bench/bench_beside.h"

#include "probes/run/calibrate.h"
#include "probes/run/measure.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { CALLS = 200000 };

struct bystander {
    int pipe; /* the command's stdout */
    double ns;
};

/* Reads the command's line.  Returns its process id; 0: it ends without such a line.  A tool may print more
 * before. */
static pid_t idle_pid(FILE *in)
{
    char line[512];
    long pid = 0;
    while (!pid && fgets(line, sizeof(line), in))
        if (!strncmp(line, "idle ", 5))
            pid = strtol(line + 5, NULL, 10);
    return pid > 1 ? (pid_t)pid : 0;
}

static void *bystander_run(void *context)
{
    struct bystander *b = context;
    FILE *in = fdopen(b->pipe, "r");
    if (!in) {
        close(b->pipe);
        return NULL;
    }
    pid_t pid = idle_pid(in);
    if (pid) {
        b->ns = calibrate_cost(CALL_NULL, CALLS);
        kill(pid, SIGTERM);
    }
    char rest[512];
    while (fread(rest, 1, sizeof(rest), in) > 0)
        ; /* or the tool would wait for room in the pipe */
    fclose(in);
    return NULL;
}

double bench_beside_time(const struct measure_options *options, struct error *err)
{
    struct measure_options with_pipe = *options;
    struct measurement *m = NULL;
    struct bystander b = {.ns = -1};
    pthread_t thread;
    int ends[2], null = open("/dev/null", O_WRONLY | O_CLOEXEC);
    bool exec_failed;
    if (null < 0 || pipe2(ends, O_CLOEXEC)) {
        error_set(err, -errno, "can't time a process beside the traced one: %s", strerror(errno));
        close(null);
        return -1;
    }
    b.pipe = ends[0];
    with_pipe.stdout_fd = ends[1];
    with_pipe.stderr_fd = null;
    int rc = -pthread_create(&thread, NULL, bystander_run, &b);
    if (!rc)
        measure_run(&with_pipe, &m, &exec_failed, err);
    else
        error_set(err, rc, "can't start a thread: %s", strerror(-rc));
    measurement_free(m);
    close(ends[1]);
    if (rc)
        close(ends[0]);
    else
        pthread_join(thread, NULL);
    close(null);
    return rc ? -1 : b.ns;
}
