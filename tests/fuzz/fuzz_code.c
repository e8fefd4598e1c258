/* The reader of code without symbols, given any bytes: as x86-64, as aarch64, or as a reference archive,
 * whatever the first byte says. */
#include "probes/names/libc_archive.h"
#include "probes/names/musl_code.h"
#include "tests/fuzz/fuzz.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

static void code_ask(const uint8_t *data, size_t size, const struct machine *machine)
{
    uint8_t *bytes = malloc(size ? size : 1);
    if (!bytes)
        abort();
    memcpy(bytes, data, size);
    struct musl_code *c = musl_code_of_bytes(bytes, size, 0x10000, machine);
    if (!c)
        return;
    const struct musl_lock *l;
    for (size_t n = 0; (l = musl_code_next(c, n)); n++)
        if (l != musl_code_lock(c, l->address) || !l->evidence)
            abort(); /* what was promised */
    for (uint64_t address = 0xfff0; address < 0x10010 + size; address++)
        musl_code_class(c, address);
    musl_code_lock(c, UINT64_MAX);
    musl_code_free(c);
}

static void archive_ask(const uint8_t *data, size_t size)
{
    char path[64];
    struct libc_archive *a = NULL;
    struct error err = {""};
    int fd = memfd_create("fuzz", MFD_CLOEXEC);
    if (fd < 0 || write(fd, data, size) != (ssize_t)size)
        abort();
    snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
    if (libc_archive_open(path, &a, &err) && !err.text[0])
        abort(); /* a failure without a sentence */
    libc_archive_close(a);
    close(fd);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size && data[0] == '!')
        archive_ask(data, size);
    else if (size)
        code_ask(data + 1, size - 1, data[0] & 1 ? &machine_arm64 : &machine_x86);
    return 0;
}
