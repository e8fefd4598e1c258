/* Opens the skeleton, see session_private.h.  The object's bytes are heapwait's own. */
#include "probes/session/session_private.h"

#include <bpf/libbpf.h>
#include <elf.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* Hides the functions that all programs share.  libbpf tells the kernel that hidden functions are static. */
static void functions_hide(unsigned char *object)
{
    const Elf64_Ehdr *head = (const void *)object;
    const Elf64_Shdr *sections = (const void *)(object + head->e_shoff);
    const char *names = (const char *)object + sections[head->e_shstrndx].sh_offset;
    for (size_t i = 0; i < head->e_shnum; i++) {
        Elf64_Sym *symbols = (void *)(object + sections[i].sh_offset);
        const size_t count = sections[i].sh_type == SHT_SYMTAB ? sections[i].sh_size / sizeof(*symbols) : 0;
        for (size_t k = 0; k < count; k++)
            if (ELF64_ST_TYPE(symbols[k].st_info) == STT_FUNC && symbols[k].st_shndx < head->e_shnum &&
                !strcmp(names + sections[symbols[k].st_shndx].sh_name, ".text"))
                symbols[k].st_other = STV_HIDDEN;
    }
}

struct probes_bpf *session_skeleton_open(bool static_functions)
{
    struct probes_bpf *skeleton = calloc(1, sizeof(*skeleton));
    size_t size = 0;
    const void *bytes = probes_bpf__elf_bytes(&size);
    unsigned char *copy = static_functions ? malloc(size) : NULL;
    int rc = skeleton && (copy || !static_functions) ? probes_bpf__create_skeleton(skeleton) : -ENOMEM;
    if (!rc && copy) {
        memcpy(copy, bytes, size);
        functions_hide(copy);
        skeleton->skeleton->data = copy;
    }
    if (!rc)
        rc = bpf_object__open_skeleton(skeleton->skeleton, NULL);
    free(copy); /* libbpf keeps copies of what it needs */
    if (!rc)
        return skeleton;
    probes_bpf__destroy(skeleton);
    errno = -rc;
    return NULL;
}
