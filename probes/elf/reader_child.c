/* See reader_child.h. */
#include "probes/elf/reader_child.h"

#include "analysis/base/child.h"
#include "probes/host/caller.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { MEMORY = 2047 << 20, SECOND_NS = 1000000000 };

static void limit_set(int resource, rlim_t value)
{
    const struct rlimit limit = {value, value};
    setrlimit(resource, &limit);
}

void reader_child_confine(pid_t parent, unsigned cpu_seconds)
{
    child_bind(parent, SIGKILL);
    int nothing = open("/dev/null", O_RDWR | O_CLOEXEC);
    for (int i = 0; nothing >= 0 && i < 3; i++)
        dup2(nothing, i); /* what a sanitizer would say of its crash is nobody's business */
    caller_rights_drop();
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    limit_set(RLIMIT_CPU, cpu_seconds);
    limit_set(RLIMIT_CORE, 0);
    limit_set(RLIMIT_FSIZE, 0);
#if !defined(__SANITIZE_ADDRESS__) /* the sanitizer reserves terabytes of addresses: a limit would end the   \
                                      child at once */
    limit_set(RLIMIT_AS, MEMORY);
#endif
}

uint64_t reader_child_used_ns(pid_t pid)
{
    clockid_t clock;
    struct timespec used;
    if (clock_getcpuclockid(pid, &clock) || clock_gettime(clock, &used))
        return 0;
    return (uint64_t)used.tv_sec * SECOND_NS + (uint64_t)used.tv_nsec;
}

static uint64_t timeval_ns(const struct timeval *t)
{
    return (uint64_t)t->tv_sec * SECOND_NS + (uint64_t)t->tv_usec * 1000;
}

uint64_t reader_child_rusage_ns(const struct rusage *used)
{
    return timeval_ns(&used->ru_utime) + timeval_ns(&used->ru_stime);
}

struct reader_time reader_time_of(unsigned seconds)
{
    return (struct reader_time){(uint64_t)seconds * SECOND_NS};
}

unsigned reader_time_limit(const struct reader_time *t, uint64_t most_ns)
{
    const uint64_t ns = most_ns < t->left_ns ? most_ns : t->left_ns;
    return (unsigned)((ns + SECOND_NS - 1) / SECOND_NS);
}

void reader_time_spend(struct reader_time *t, uint64_t used_ns)
{
    t->left_ns -= used_ns < t->left_ns ? used_ns : t->left_ns;
}

bool reader_child_send(int socket, const void *bytes, size_t size)
{
    for (size_t done = 0; done < size;) {
        ssize_t n = send(socket, (const char *)bytes + done, size - done, MSG_NOSIGNAL);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return false;
        done += (size_t)n;
    }
    return true;
}

size_t reader_child_receive(int socket, void *bytes, size_t size)
{
    size_t done = 0;
    while (done < size) {
        ssize_t n = recv(socket, (char *)bytes + done, size - done, 0);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            break;
        done += (size_t)n;
    }
    return done;
}
