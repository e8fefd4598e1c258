/* The reader of ELF files and their symbols, given any bytes for a file: everything that is ever asked of a
 * module is asked of it. */
#include "probes/elf/module.h"
#include "probes/names/allocators.h"
#include "probes/stacks/frames.h"
#include "tests/fuzz/fuzz.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

static void address_ask(const struct module *m, uint64_t address)
{
    uint64_t offset, bias;
    char bytes[64];
    module_contains(m, address);
    module_is_code(m, address);
    const struct symbol *function = module_symbol_at(m, address, true);
    const struct symbol *object = module_symbol_at(m, address, false);
    if ((function && (address - function->address >= function->size || !function->name)) ||
        (object && (address - object->address >= object->size || !object->name)))
        abort(); /* what was promised */
    module_section_at(m, address, &offset);
    module_bytes(m, address, bytes, sizeof(bytes));
    frame_code_refers(m, "malloc", address);
    module_bias(m, &(struct mapping){.start = address, .file_offset = address}, &bias);
}

/* Addresses that mean something in the file: any 8 bytes of it may be one. */
static void module_ask(const struct module *m, const uint8_t *data, size_t size)
{
    static const uint64_t fixed[] = {0, 1, 0x1000, 0x401000, 1ull << 32, UINT64_MAX - 7, UINT64_MAX};
    for (size_t i = 0; i < sizeof(fixed) / sizeof(fixed[0]); i++)
        address_ask(m, fixed[i]);
    for (size_t i = 0; i + 8 <= size && i < 512; i += 8) {
        uint64_t address;
        memcpy(&address, data + i, sizeof(address));
        address_ask(m, address);
    }
    module_symbol_named(m, "malloc");
    module_symbol_named(m, "");
    allocator_of_module(m);
    allocator_of_lock(m, "mal");
    allocator_libc_of_module(m);
    allocator_has_function(m, "arena_slab_alloc");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char path[64];
    int fd = memfd_create("fuzz", MFD_CLOEXEC);
    if (fd < 0 || write(fd, data, size) != (ssize_t)size)
        abort();
    snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
    struct module_table *t = module_table_new();
    const struct module *m =
        t ? module_get(t, &(struct mapping){.start = 0x400000, .length = 0x100000, .path = path}) : NULL;
    if (m)
        module_ask(m, data, size);
    module_table_free(t);
    close(fd);
    return 0;
}
