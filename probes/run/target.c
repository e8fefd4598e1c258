/* See target.h. */
#include "probes/run/target.h"

#include "probes/host/caller.h"
#include "probes/host/process.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <unistd.h>

enum {
    CGROUP2_MAGIC = 0x63677270, /* CGROUP2_SUPER_MAGIC of linux/magic.h */
    LISTED = 8,                 /* of processes with the same innermost number */
};

static struct target *target_new(enum follow_scope scope, struct error *err)
{
    struct target *t = calloc(1, sizeof(*t));
    if (!t) {
        error_set(err, -ENOMEM, "out of memory");
        return NULL;
    }
    *t = (struct target){.scope = scope, .events = -1};
    return t;
}

void target_free(struct target *t)
{
    if (!t)
        return;
    for (size_t i = 0; i < t->count; i++)
        close(t->pidfds[i]);
    if (t->events >= 0)
        close(t->events);
    free(t->pids);
    free(t->pidfds);
    free(t->text);
    free(t->note);
    free(t);
}

bool target_ended(const struct target *t, size_t i)
{
    struct pollfd polled = {.fd = t->pidfds[i], .events = POLLIN};
    return poll(&polled, 1, 0) == 1;
}

/* ---- processes ---- */

/* Adds to a text that is malloc'd, or NULL.  Returns false if there is no memory, and then the text is as it
 * was. */
__attribute__((format(printf, 2, 3))) static bool text_add(char **text, const char *format, ...)
{
    va_list args;
    char *part = NULL, *whole = NULL;
    va_start(args, format);
    int n = vasprintf(&part, format, args);
    va_end(args);
    if (n < 0 || asprintf(&whole, "%s%s", *text ? *text : "", part) < 0) {
        free(n < 0 ? NULL : part);
        return false;
    }
    free(part);
    free(*text);
    *text = whole;
    return true;
}

static int several_error(pid_t number, const pid_t *found, int count, struct error *err)
{
    char *list = NULL;
    for (int i = 0; i < count && i < LISTED; i++) {
        char *command = process_command(found[i]);
        text_add(&list, "%s%d (%.60s)", i ? ", " : "", (int)found[i], command ? command : "ended");
        free(command);
    }
    int rc = error_set(err, -EEXIST,
                       "there is no process %d here, and %d processes of other pid namespaces have that "
                       "number there: %s%s; give one of these",
                       (int)number, count, list ? list : "", count > LISTED ? ", ..." : "");
    free(list);
    return rc;
}

/* Looks for a number that heapwait's pid namespace doesn't have among the innermost numbers; *number is set
 * to the one that the process has here. */
static int number_elsewhere(struct target *t, pid_t *number, struct error *err)
{
    pid_t found[LISTED] = {0}, given = *number;
    int count = process_find_innermost(given, found, LISTED);
    if (count > 1)
        return several_error(given, found, count, err);
    if (count < 1)
        return error_set(err, -ESRCH,
                         "there is no process %d: it may have ended; `ps -e` and `pgrep -l NAME` list those "
                         "there are",
                         (int)given);
    *number = found[0];
    if (!text_add(&t->note, "%sprocess %d of another pid namespace is %d here", t->note ? "; " : "",
                  (int)given, (int)found[0]))
        return error_set(err, -ENOMEM, "out of memory");
    return 0;
}

static int pidfd_error(int error, pid_t number, struct error *err)
{
    struct process_numbers n;
    if (!process_numbers_read(number, &n) && n.process != number)
        return error_set(err, -EINVAL,
                         "%d is a thread of process %d: `-p %d` follows all threads of that process",
                         (int)number, (int)n.process, (int)n.process);
    return error_set(err, -error, "can't hold on to process %d: %s", (int)number, strerror(error));
}

/* Refuses what heapwait could look at, and whoever calls it could not. */
static int lent_refuse(const char *what, struct error *err)
{
    return error_set(
        err, -EPERM,
        "%s: heapwait has its rights from its file (setcap), and with these it shows nobody what "
        "he couldn't trace himself; attach to a process of yours with -p, or run it as root "
        "(sudo)",
        what);
}

int target_permitted(const struct target *t, size_t i, struct error *err)
{
    char what[96];
    if (caller_may_trace(t->pids[i]) || target_ended(t, i))
        return 0;
    snprintf(what, sizeof(what), "process %d runs with other rights than yours", (int)t->pids[i]);
    return lent_refuse(what, err);
}

static bool number_known(const struct target *t, pid_t number)
{
    for (size_t i = 0; i < t->count; i++)
        if (t->pids[i] == number)
            return true;
    return false;
}

static int process_add(struct target *t, pid_t number, struct error *err)
{
    int fd = (int)syscall(SYS_pidfd_open, number, 0);
    if (fd < 0 && errno == ESRCH) {
        int rc = number_elsewhere(t, &number, err);
        if (rc)
            return rc;
        fd = (int)syscall(SYS_pidfd_open, number, 0);
    }
    if (fd < 0)
        return pidfd_error(errno, number, err);
    if (number == getpid() || number_known(t, number)) {
        close(fd);
        return number == getpid()
                   ? error_set(err, -EINVAL, "%d is heapwait itself, which is never followed", (int)number)
                   : 0;
    }
    t->pids[t->count] = number;
    t->pidfds[t->count++] = fd;
    if (target_ended(t, t->count - 1))
        return error_set(err, -ESRCH,
                         "process %d has ended already (its parent has not taken note of it yet)",
                         (int)number);
    int rc = target_permitted(t, t->count - 1, err);
    if (rc)
        return rc;
    char *command = process_command(number);
    bool good = text_add(&t->text, "%s%s", t->text ? "; " : "", command ? command : "?");
    free(command);
    return good ? 0 : error_set(err, -ENOMEM, "out of memory");
}

int target_processes(const pid_t *numbers, size_t count, struct target **out, struct error *err)
{
    struct target *t = target_new(FOLLOW_PROCESSES, err);
    if (!t)
        return -ENOMEM;
    t->pids = calloc(count, sizeof(*t->pids));
    t->pidfds = calloc(count, sizeof(*t->pidfds));
    int rc = t->pids && t->pidfds ? 0 : error_set(err, -ENOMEM, "out of memory");
    for (size_t i = 0; i < count && !rc; i++)
        rc = process_add(t, numbers[i], err);
    if (rc)
        target_free(t);
    else
        *out = t;
    return rc;
}

/* ---- a cgroup, the machine ---- */

/* cgroup.events says "populated 1" while there is a process in it or below; the root has no such file. */
bool target_cgroup_empty(const struct target *t)
{
    char text[256];
    ssize_t n = t->events < 0 ? 0 : pread(t->events, text, sizeof(text) - 1, 0);
    text[n > 0 ? n : 0] = 0;
    return n < 0 /* it has been removed */ || strstr(text, "populated 0");
}

static int folder_check(const char *path, int fd, struct target *t, struct error *err)
{
    struct statfs fs;
    struct stat st;
    if (fstatfs(fd, &fs) || fstat(fd, &st))
        return error_set(err, -errno, "can't look at '%s': %s", path, strerror(errno));
    if ((uint32_t)fs.f_type != CGROUP2_MAGIC)
        return error_set(err, -EINVAL,
                         "'%s' is not a folder of cgroup v2; `findmnt -t cgroup2` tells where they are, "
                         "/proc/PID/cgroup in which a process is (behind 0::)",
                         path);
    t->cgroup = st.st_ino; /* the inode's number is the cgroup's: kernfs, on 64-bit machines */
    t->events = openat(fd, "cgroup.events", O_RDONLY | O_CLOEXEC);
    return 0;
}

int target_cgroup(const char *path, bool empty_will_do, struct target **out, struct error *err)
{
    if (caller_is_lent())
        return lent_refuse("a cgroup holds processes of anybody's", err);
    struct target *t = target_new(FOLLOW_CGROUP, err);
    if (!t)
        return -ENOMEM;
    int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC), rc;
    if (fd < 0)
        rc = error_set(err, -errno,
                       "can't open the cgroup '%s': %s; it is a folder such as "
                       "/sys/fs/cgroup/system.slice",
                       path, strerror(errno));
    else
        rc = folder_check(path, fd, t, err);
    if (fd >= 0)
        close(fd);
    if (!rc && !empty_will_do && target_cgroup_empty(t))
        rc = error_set(err, -ESRCH,
                       "there is no process in the cgroup '%s': start one first, or let heapwait start it "
                       "(`heapwait record --cgroup %s -- COMMAND`)",
                       path, path);
    if (!rc && !text_add(&t->text, "cgroup %s", path))
        rc = error_set(err, -ENOMEM, "out of memory");
    if (rc)
        target_free(t);
    else
        *out = t;
    return rc;
}

int target_machine(struct target **out, struct error *err)
{
    if (caller_is_lent())
        return lent_refuse("not all processes are yours", err);
    struct target *t = target_new(FOLLOW_ALL, err);
    if (!t)
        return -ENOMEM;
    if (!text_add(&t->text, "all processes")) {
        target_free(t);
        return error_set(err, -ENOMEM, "out of memory");
    }
    *out = t;
    return 0;
}
