/* Reading random bytes from the kernel, or computing them.  The computed ones (splitmix64, Steele, Lea and
 * Flood 2014) are for measuring the allocator without the kernel's cost; they are no secret. */
#include "workload/passwords/random.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

int random_open(struct random_source *source, enum source_kind kind, uint64_t stream)
{
    *source = (struct random_source){.kind = kind, .fd = -1, .state = stream << 32};
    if (kind != SOURCE_URANDOM)
        return 0;
    do
        source->fd = open("/dev/urandom", O_RDONLY | O_CLOEXEC);
    while (source->fd < 0 && errno == EINTR);
    return source->fd < 0 ? -errno : 0;
}

static uint64_t splitmix64(uint64_t *state)
{
    uint64_t z = *state += UINT64_C(0x9e3779b97f4a7c15);

    z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
    return z ^ z >> 31;
}

static void prng_read(uint64_t *state, unsigned char *bytes, size_t size)
{
    while (size > 0) {
        uint64_t word = splitmix64(state);
        size_t part = size < sizeof(word) ? size : sizeof(word);
        memcpy(bytes, &word, part);
        bytes += part;
        size -= part;
    }
}

static int kernel_read(const struct random_source *source, unsigned char *bytes, size_t size)
{
    while (size > 0) {
        ssize_t got =
            source->kind == SOURCE_URANDOM ? read(source->fd, bytes, size) : getrandom(bytes, size, 0);
        if (got == 0)
            return -ENODATA;
        if (got < 0 && errno != EINTR)
            return -errno;
        if (got > 0) {
            bytes += got;
            size -= (size_t)got;
        }
    }
    return 0;
}

int random_read(struct random_source *source, unsigned char *bytes, size_t size)
{
    if (source->kind != SOURCE_PRNG)
        return kernel_read(source, bytes, size);
    prng_read(&source->state, bytes, size);
    return 0;
}

void random_close(struct random_source *source)
{
    if (source->fd >= 0)
        close(source->fd);
    source->fd = -1;
}
