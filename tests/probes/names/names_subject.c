/* A program whose locks are to be named where that is not easy: inside of structs, in libraries that take
 * each other's place, in processes that share addresses, in files that are gone.  Each makes a known number
 * of empty wakes on words of known names. */
#include <dirent.h>
#include <dlfcn.h>
#include <linux/futex.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

struct queue {
    long length;
    int lock;
};
static struct {
    char *name;
    struct queue queue[4];
    pthread_mutex_t mutex;
    union {
        double number;
        int words[2][3];
    };
} pool;
static int shared_word;

static void wakes(int *word, int count)
{
    for (int i = 0; i < count; i++)
        syscall(SYS_futex, word, FUTEX_WAKE_PRIVATE, 1, NULL, NULL, 0);
}

static int fail(const char *what)
{
    fprintf(stderr, "names_subject: %s\n", what);
    return 3;
}

static int structs_run(void)
{
    wakes(&pool.queue[2].lock, 3);
    wakes((int *)(void *)&pool.mutex + 1, 4); /* musl's word is the second; whichever, it is the mutex */
    wakes(&pool.words[1][2], 5);
    return 0;
}

/* Waits that return at once, since the word has another value. */
static void waits(int *word, int count)
{
    for (int i = 0; i < count; i++)
        syscall(SYS_futex, word, FUTEX_WAIT_PRIVATE, *word + 1, NULL, NULL, 0);
}

/* Allocates, and waits for its own locks only: one in .bss, one on the heap, one in a function that the
 * allocator calls nothing of. */
static int own_run(void)
{
    int *heap = malloc(sizeof(*heap));
    if (!heap)
        return fail("no memory");
    *heap = 0;
    for (size_t size = 1; size < 1 << 20; size += size / 2 + 1) {
        char *block = malloc(size);
        if (!block)
            return fail("no memory");
        memset(block, 1, size);
        waits(&pool.queue[1].lock, 1);
        waits(heap, 1);
        free(block);
    }
    free(heap);
    return 0;
}

/* Whether any descriptor of the parent's is this program's file. */
static int parent_holds(const struct stat *own)
{
    char path[64];
    struct stat st;
    int found = 0;
    snprintf(path, sizeof(path), "/proc/%d/fd", (int)getppid());
    DIR *folder = opendir(path);
    for (struct dirent *e; folder && (e = readdir(folder));)
        found |= !fstatat(dirfd(folder), e->d_name, &st, 0) && st.st_dev == own->st_dev &&
                 st.st_ino == own->st_ino;
    if (folder)
        closedir(folder);
    return found;
}

/* Lives until heapwait, its parent, holds its file open; not longer than any test would. */
static int held_await(void)
{
    struct stat own;
    time_t end = time(NULL) + 60;
    if (stat("/proc/self/exe", &own))
        return fail("can't find itself");
    while (!parent_holds(&own))
        if (time(NULL) > end)
            return fail("its file was never opened");
    return 0;
}

static int gone_run(const char *path)
{
    if (path && unlink(path))
        return fail("can't remove itself");
    wakes(&pool.queue[2].lock, 3);
    return held_await();
}

static int library_run(const char *path, int count, uintptr_t *base)
{
    void *library = dlopen(path, RTLD_NOW);
    int *(*word)(void) = NULL;
    Dl_info info;
    if (!library)
        return fail(dlerror());
    void *symbol = dlsym(library, "library_word");
    memcpy(&word, &symbol, sizeof(word));
    if (!word || !dladdr(symbol, &info))
        return fail("no library_word");
    *base = (uintptr_t)info.dli_fbase;
    wakes(word(), count);
    return dlclose(library);
}

/* The second takes the first one's place: 77 if the loader puts it elsewhere. */
static int reload_run(const char *first, const char *second)
{
    uintptr_t bases[2];
    if (library_run(first, 6, &bases[0]) || library_run(second, 7, &bases[1]))
        return 3;
    return bases[0] == bases[1] ? 0 : 77;
}

static int processes_run(void)
{
    pid_t child = fork();
    int status = 1;
    wakes(&shared_word, child ? 8 : 9);
    if (!child)
        _exit(0);
    waitpid(child, &status, 0);
    return status;
}

int main(int argc, char **argv)
{
    const char *mode = argc > 1 ? argv[1] : "";
    if (!strcmp(mode, "structs"))
        return structs_run();
    if (!strcmp(mode, "own"))
        return own_run();
    if (!strcmp(mode, "gone"))
        return gone_run(argc > 2 ? argv[2] : NULL);
    if (!strcmp(mode, "reload") && argc == 4)
        return reload_run(argv[2], argv[3]);
    if (!strcmp(mode, "processes"))
        return processes_run();
    return fail("structs | own | gone [OWN-PATH] | reload LIBRARY LIBRARY | processes");
}
