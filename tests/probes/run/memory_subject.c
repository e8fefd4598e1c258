/* memory_subject CALLS [sleep]: makes CALLS system calls of each kind on memory in a thread that ends, in the
 * main thread, in a child that begins this program anew, and in that.  With `sleep` one more thread is kept
 * asleep in madvise() for a time that is known. */
#include "subject_parts.h"

#include <fcntl.h>
#include <inttypes.h>
#include <linux/userfaultfd.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

enum { PAGE = 4096, POPULATE_READ = 22, SLEEP_MS = 50 };

static void fail(const char *what)
{
    perror(what);
    exit(3);
}

static void calls_make(long count)
{
    for (long i = 0; i < count; i++) {
        char *p = mmap(NULL, 2 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        if (p == MAP_FAILED || mprotect(p, PAGE, PROT_READ) || madvise(p, PAGE, MADV_DONTNEED))
            fail("mmap");
        p = mremap(p + PAGE, PAGE, PAGE, 0);
        if (p == MAP_FAILED || munmap(p - PAGE, 2 * PAGE))
            fail("mremap");
        syscall(SYS_brk, 0); /* tells, and changes nothing */
    }
}

static void *thread_run(void *arg)
{
    calls_make(*(long *)arg);
    return NULL;
}

/* ---- asleep in a call ---- */

static char *page;
static _Atomic int sleeper_tid;
static uint64_t slept_ns;

static void *sleeper_run(void *arg)
{
    (void)arg;
    sleeper_tid = (int)syscall(SYS_gettid);
    const uint64_t begun_ns = clock_ns(CLOCK_MONOTONIC);
    if (madvise(page, PAGE, POPULATE_READ))
        fail("madvise");
    slept_ns = clock_ns(CLOCK_MONOTONIC) - begun_ns;
    return NULL;
}

/* A page that is filled by hand: whoever wants it sleeps until it is. */
static int page_make(void)
{
    struct uffdio_api api = {.api = UFFD_API};
    int fd = (int)syscall(SYS_userfaultfd, O_CLOEXEC);
    page = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    struct uffdio_register range = {.range = {.start = (uintptr_t)page, .len = PAGE},
                                    .mode = UFFDIO_REGISTER_MODE_MISSING};
    if (fd < 0 || page == MAP_FAILED || ioctl(fd, UFFDIO_API, &api) || ioctl(fd, UFFDIO_REGISTER, &range))
        fail("userfaultfd");
    return fd;
}

static void sleep_in_call(void)
{
    pthread_t thread;
    const int fd = page_make();
    struct uffdio_zeropage zero = {.range = {.start = (uintptr_t)page, .len = PAGE}};
    if (pthread_create(&thread, NULL, sleeper_run, NULL))
        fail("pthread_create");
    while (!sleeper_tid)
        ;
    asleep_await(getpid(), sleeper_tid, SYS_madvise);
    const uint64_t asleep_ns = clock_ns(CLOCK_MONOTONIC);
    sleep_ms(SLEEP_MS);
    const uint64_t awake_ns = clock_ns(CLOCK_MONOTONIC);
    if (ioctl(fd, UFFDIO_ZEROPAGE, &zero))
        fail("UFFDIO_ZEROPAGE");
    pthread_join(thread, NULL);
    printf("asleep_ns=%" PRIu64 "\nslept_ns=%" PRIu64 "\n", awake_ns - asleep_ns, slept_ns);
}

static void child_run(char *self, char *count)
{
    fflush(stdout);
    pid_t pid = fork();
    if (pid == 0) {
        calls_make(strtol(count, NULL, 10));
        execl(self, self, count, "child", (char *)NULL);
        _exit(4);
    }
    int status = -1;
    if (pid < 0 || waitpid(pid, &status, 0) != pid || status)
        fail("child");
    printf("child=%d\n", (int)pid);
}

int main(int argc, char **argv)
{
    long count = argc > 1 ? strtol(argv[1], NULL, 10) : 0;
    const char *what = argc > 2 ? argv[2] : "";
    pthread_t thread;
    calls_make(count);
    if (!strcmp(what, "child"))
        return 0;
    if (pthread_create(&thread, NULL, thread_run, &count))
        fail("pthread_create");
    pthread_join(thread, NULL);
    if (!strcmp(what, "sleep"))
        sleep_in_call();
    child_run(argv[0], argc > 1 ? argv[1] : "0");
    printf("self=%d\n", (int)getpid());
    return 0;
}
