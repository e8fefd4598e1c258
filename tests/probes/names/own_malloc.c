/* An allocator that heapwait knows nothing of: blocks of two classes, each from the front of a piece of
 * memory, and a lock word for each class, on which every malloc and free makes one futex call that wakes
 * nobody.  That makes its calls countable.  It is a library, or linked into a program. */
#include <errno.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { CLASSES = 2, SMALL = 1 << 10, ROOM = 64 << 20, HEAD = 16, WAKE_PRIVATE = 129 };

/* The words have neighbours, so that none of them is all of its symbol. */
static struct {
    uint32_t word, pad[15];
    size_t used;
} class_locks[CLASSES];
static char rooms[CLASSES][ROOM] __attribute__((aligned(64)));

static size_t class_of(size_t size)
{
    return size > SMALL;
}

/* Between malloc and the lock stands a function of the allocator's own. */
__attribute__((noinline)) void own_class_touch(size_t class)
{
    int kept = errno;
    syscall(SYS_futex, &class_locks[class].word, WAKE_PRIVATE, 1, NULL, NULL, 0);
    errno = kept; /* which also keeps the call from being the last thing done here */
}

void *malloc(size_t size)
{
    size_t class = class_of(size), whole = (size + 2 * HEAD - 1) & ~(size_t)(HEAD - 1);
    size_t at = __atomic_fetch_add(&class_locks[class].used, whole, __ATOMIC_RELAXED);
    own_class_touch(class);
    if (at + whole > ROOM)
        return NULL;
    char *block = rooms[class] + at;
    memcpy(block, &size, sizeof(size));
    return block + HEAD;
}

static size_t size_of(const void *block)
{
    size_t size;
    memcpy(&size, (const char *)block - HEAD, sizeof(size));
    return size;
}

void free(void *block)
{
    if (block)
        own_class_touch(class_of(size_of(block)));
    __asm__ volatile(""); /* a call before, not a jump */
}

/* Memory is given out once, and is zero. */
void *calloc(size_t count, size_t size)
{
    size_t all;
    return __builtin_mul_overflow(count, size, &all) ? NULL : malloc(all);
}

void *realloc(void *block, size_t size)
{
    void *moved = malloc(size);
    if (block && moved)
        memcpy(moved, block, size_of(block) < size ? size_of(block) : size);
    free(block);
    return moved;
}
