/* See place.h. */
#include "tests/probes/names/place.h"

#include "tests/probes/cmocka_test.h"
#include "tests/probes/folder.h"

#include <elf.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

void place_map(struct place *p, const char *path, uint64_t bias, char *interpreter, size_t size)
{
    size_t n = p->space.mapping_count++, bytes = 0;
    struct stat st;
    assert_true(n < MAX_MAPPINGS);
    char *file = file_slurp(path, &bytes);
    const Elf64_Ehdr *h = (const void *)file;
    const Elf64_Phdr *segments = (const void *)(file + h->e_phoff);
    assert_non_null(realpath(path, p->paths[n]));
    assert_int_equal(stat(path, &st), 0);
    for (unsigned i = 0; i < h->e_phnum; i++) {
        const Elf64_Phdr *s = &segments[i];
        if (interpreter && s->p_type == PT_INTERP)
            snprintf(interpreter, size, "%s", file + s->p_offset);
        if (s->p_type == PT_LOAD && s->p_flags & PF_X)
            p->mappings[n] =
                (struct mapping){.start = (h->e_type == ET_DYN ? bias : 0) + (s->p_vaddr & ~4095ull),
                                 .length = s->p_filesz + (s->p_vaddr & 4095),
                                 .file_offset = s->p_offset & ~4095ull,
                                 .inode = st.st_ino,
                                 .path = p->paths[n]};
    }
    assert_non_null(p->mappings[n].path);
    free(file);
    p->space.pid = 1;
    p->space.mappings = p->mappings;
}

bool library_map(struct place *p, const char *name, uint64_t bias)
{
    static const char *const folders[] = {"/lib/x86_64-linux-gnu",
                                          "/usr/lib/x86_64-linux-gnu",
                                          "/lib/aarch64-linux-gnu",
                                          "/usr/lib/aarch64-linux-gnu",
                                          "/lib64",
                                          "/usr/lib64",
                                          "/usr/lib"};
    for (size_t i = 0; i < sizeof(folders) / sizeof(folders[0]); i++) {
        char path[256];
        snprintf(path, sizeof(path), "%s/%s", folders[i], name);
        if (!access(path, R_OK)) {
            place_map(p, path, bias, NULL, 0);
            return true;
        }
    }
    return false;
}
