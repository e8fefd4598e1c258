/* Allocates and frees COUNT blocks of each of two sizes, and makes COUNT futex calls that wake nobody on a
 * word of its own.  Usage: own_malloc_user COUNT */
#include <stdint.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { WAKE_PRIVATE = 129 }; /* musl-gcc has no headers of the kernel's */

uint32_t users_words[2];

__attribute__((noinline)) static void *take(size_t size)
{
    char *block = malloc(size);
    if (block)
        *(volatile char *)block = 1;
    return block;
}

int main(int argc, char **argv)
{
    int count = argc > 1 ? atoi(argv[1]) : 0;
    for (int i = 0; i < count; i++) {
        free(take(32));
        free(take(4000));
        syscall(SYS_futex, &users_words[1], WAKE_PRIVATE, 1, NULL, NULL, 0);
    }
    return 0;
}
