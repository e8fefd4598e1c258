/* As a musl in whose place for malloc another allocator was put: the names of such a library, nothing behind
 * them but the allocator's message. */
#include <stddef.h>

void *malloc(size_t size);
void free(void *block);

static const char message[] = "mimalloc: error: this is no allocator";

void *malloc(size_t size)
{
    return (void *)(size_t)&message[size % sizeof(message)];
}

void free(void *block)
{
    (void)block;
}
