/* A program for static musl, to be stripped: it links in nearly every object of musl that takes a lock, has
 * locks of its own in .bss, and keeps memory of its own, mapped under its own lock.  None of these is
 * malloc's. stripped_subject heap     4 threads that allocate and free until there was much to wait for
 *   stripped_subject own      4 threads that wait for the program's own locks, and allocate nothing
 *   stripped_subject all      calls everything once
 * Compiled also by a compiler of another libc: only what musl and POSIX have is used. */
#include <dlfcn.h>
#include <fcntl.h>
#include <libintl.h>
#include <locale.h>
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <syslog.h>
#include <time.h>
#include <unistd.h>

enum { THREADS = 4, ROUNDS = 60000, OWN_ROUNDS = 3000, WAIT = 0 | 128, WAKE = 1 | 128 };

/* As Rust's standard library parks a thread: EMPTY 0, PARKED -1, NOTIFIED 1. */
_Atomic int own_parker;

/* Drepper's three states (0 free, 1 taken, 2 taken and waited for), as in many programs. */
_Atomic int own_mutex;

/* musl's own protocol in the program's hands: 0x80000001 and a count, and memory is mapped under it. */
_Atomic int own_heap_lock;
static char *own_heap, *own_heap_end;

/* The system call stands in the function that makes it, as in musl's own code. */
static inline __attribute__((always_inline)) long futex(_Atomic int *word, int op, int value)
{
#if defined(__x86_64__)
    long result;
    register long timeout __asm__("r10") = 0;
    __asm__ volatile("syscall"
                     : "=a"(result)
                     : "a"(SYS_futex), "D"(word), "S"(op), "d"(value), "r"(timeout)
                     : "rcx", "r11", "memory");
    return result;
#else
    return syscall(SYS_futex, word, op, value, NULL);
#endif
}

static void mutex_lock(void)
{
    int seen = 0;
    if (atomic_compare_exchange_strong(&own_mutex, &seen, 1))
        return;
    while (atomic_exchange(&own_mutex, 2))
        futex(&own_mutex, WAIT, 2);
}

static void mutex_unlock(void)
{
    if (atomic_exchange(&own_mutex, 0) == 2)
        futex(&own_mutex, WAKE, 1);
}

__attribute__((noinline, noclone)) static void heap_lock(_Atomic int *lock)
{
    int seen = 0;
    if (atomic_compare_exchange_strong(lock, &seen, INT32_MIN + 1))
        return;
    seen = atomic_fetch_add(lock, 1) + 1;
    for (;;) {
        if (seen < 0) {
            futex(lock, WAIT, seen);
            seen -= INT32_MIN + 1;
        }
        int want = seen;
        if (atomic_compare_exchange_strong(lock, &want, INT32_MIN + seen))
            return;
        seen = want;
    }
}

__attribute__((noinline, noclone)) static void heap_unlock(_Atomic int *lock)
{
    if (atomic_load(lock) < 0 && atomic_fetch_add(lock, INT32_MAX) != INT32_MIN + 1)
        futex(lock, WAKE, 1);
}

/* Allocation by the program itself, never given back. */
__attribute__((noinline)) static void *own_allocate(size_t size)
{
    heap_lock(&own_heap_lock);
    if ((size_t)(own_heap_end - own_heap) < size) {
        own_heap = mmap(NULL, 1 << 16, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        own_heap_end = own_heap + (1 << 16);
    }
    void *block = own_heap;
    own_heap += size;
    heap_unlock(&own_heap_lock);
    return block;
}

__attribute__((noinline)) static void own_release(void)
{
    heap_lock(&own_heap_lock);
    if (own_heap && own_heap_end - own_heap < 1 << 16) {
        munmap(own_heap_end - (1 << 16), 1 << 16);
        own_heap = own_heap_end = NULL;
    }
    heap_unlock(&own_heap_lock);
}

static void *run_heap(void *context)
{
    enum { KEPT = 64 };
    void *kept[KEPT] = {NULL};
    (void)context;
    for (unsigned i = 0; i < ROUNDS; i++) {
        free(kept[i % KEPT]);
        kept[i % KEPT] = malloc(16 + i % 1900);
    }
    for (unsigned i = 0; i < KEPT; i++)
        free(kept[i]);
    return NULL;
}

static void *run_own(void *context)
{
    for (unsigned i = 0; i < OWN_ROUNDS; i++) {
        mutex_lock();
        mutex_unlock();
        memset(own_allocate(64), 1, 8);
    }
    return context;
}

static void parked(void)
{
    struct timespec soon = {0, 1000000};
    atomic_store(&own_parker, -1);
    syscall(SYS_futex, &own_parker, WAIT, -1, &soon);
    futex(&own_parker, WAKE, 1);
}

/* At least one wait and one wake on each of the program's words, whoever waits for whom. */
static void own_words(void)
{
    futex(&own_mutex, WAIT, 2);
    futex(&own_mutex, WAKE, 1);
    futex(&own_heap_lock, WAIT, INT32_MIN + 2);
    futex(&own_heap_lock, WAKE, 1);
    parked();
    printf("own_mutex=%lu\nown_heap_lock=%lu\nown_parker=%lu\n", (unsigned long)(uintptr_t)&own_mutex,
           (unsigned long)(uintptr_t)&own_heap_lock, (unsigned long)(uintptr_t)&own_parker);
}

static void threads(void *(*run)(void *))
{
    pthread_t thread[THREADS];
    for (int i = 0; i < THREADS; i++)
        if (pthread_create(&thread[i], NULL, run, NULL))
            exit(1);
    for (int i = 0; i < THREADS; i++)
        pthread_join(thread[i], NULL);
}

static void nothing(void)
{
}

static void handler(int signal)
{
    (void)signal;
}

static void *run_short(void *context)
{
    static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
    static pthread_rwlock_t lock = PTHREAD_RWLOCK_INITIALIZER;
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_key_t key;
    pthread_once(&once, nothing);
    pthread_mutex_lock(&mutex);
    pthread_rwlock_wrlock(&lock);
    pthread_key_create(&key, NULL);
    pthread_key_delete(key);
    pthread_rwlock_unlock(&lock);
    pthread_mutex_unlock(&mutex);
    return context;
}

/* Each of these takes a lock of the C library's. */
static void everything(void)
{
    char text[64];
    time_t now = 0;
    struct tm t;
    FILE *file = fopen("/dev/null", "w");
    atexit(nothing);
    at_quick_exit(nothing);
    pthread_atfork(nothing, nothing, nothing);
    signal(SIGUSR1, handler);
    signal(SIGABRT, SIG_DFL);
    setenv("TZ", "Europe/Vienna", 1);
    tzset();
    strftime(text, sizeof(text), "%Z", localtime_r(&now, &t));
    fprintf(file ? file : stderr, "%s %ld %s\n", text, random(), dlerror() ? "error" : "none");
    setlocale(LC_ALL, "C.UTF-8");
    locale_t l = newlocale(LC_ALL_MASK, "de_AT.UTF-8", (locale_t)0);
    bindtextdomain("stripped", "/nonexistent");
    textdomain("stripped");
    fprintf(file ? file : stderr, "%s\n", gettext("nothing"));
    sem_t *sem = sem_open("/heapwait-stripped-subject", O_CREAT, 0600, 1);
    if (sem != SEM_FAILED) {
        sem_close(sem);
        sem_unlink("/heapwait-stripped-subject");
    }
    openlog("stripped", LOG_NDELAY, LOG_USER);
    closelog();
    threads(run_short);
    free(realloc(malloc(3), 300000));
    pid_t child = fork();
    if (child == 0)
        _exit(0);
    waitpid(child, NULL, 0);
    if (l)
        freelocale(l);
    if (file)
        fclose(file);
    own_release();
}

int main(int argc, char **argv)
{
    const char *mode = argc > 1 ? argv[1] : "all";
    if (!strcmp(mode, "heap"))
        threads(run_heap);
    else if (!strcmp(mode, "own"))
        threads(run_own);
    else if (strcmp(mode, "abort"))
        everything();
    else
        abort();
    own_words();
    return 0;
}
