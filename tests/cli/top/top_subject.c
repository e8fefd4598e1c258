/* What the tests of `heapwait top` look at: a program that says it holds musl's old malloc (its marker, its
 * lock `mal`) and makes a known number of futex calls for that lock when it is told to.
 * top_subject: for each line on stdin 1009 waits that return EAGAIN and 211 wakes that wake nobody for `mal`,
 * and 17 wakes for another word; a line on stdout when they are made.  Ends at the end of stdin. */
#include <linux/futex.h>
#include <stddef.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { EAGAINS = 1009, EMPTY = 211, OTHERS = 17, ROOM = 1 << 20 };

int mal;
int other_word;
void __bin_chunk(void);
void *malloc(size_t size);
void free(void *block);
void *calloc(size_t count, size_t size);
void *realloc(void *block, size_t size);

void __bin_chunk(void)
{
}

/* Enough for a program that asks for hardly anything. */
static _Alignas(64) char room[ROOM];
static size_t used;

void *malloc(size_t size)
{
    size_t at = used;
    used = (used + size + 63) & ~(size_t)63;
    return used <= ROOM ? room + at : NULL;
}

void free(void *block)
{
    (void)block;
}

void *calloc(size_t count, size_t size)
{
    return malloc(count * size); /* fresh memory is zero */
}

void *realloc(void *block, size_t size)
{
    char *new = malloc(size);
    if (new &&block)
        memcpy(new, block,
               (size_t)(room + ROOM - (char *)block) < size ? (size_t)(room + ROOM - (char *)block) : size);
    return new;
}

static void calls_make(void)
{
    for (int i = 0; i < EAGAINS; i++)
        syscall(SYS_futex, &mal, FUTEX_WAIT, 1, NULL, NULL, 0);
    for (int i = 0; i < EMPTY; i++)
        syscall(SYS_futex, &mal, FUTEX_WAKE, 1, NULL, NULL, 0);
    for (int i = 0; i < OTHERS; i++)
        syscall(SYS_futex, &other_word, FUTEX_WAKE, 1, NULL, NULL, 0);
}

int main(void)
{
    char line[64];
    while (read(STDIN_FILENO, line, sizeof(line)) > 0) {
        calls_make();
        if (write(STDOUT_FILENO, "made\n", 5) != 5)
            return 1;
    }
    return 0;
}
