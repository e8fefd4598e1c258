/* What kind of program a command would start: found in PATH as execvp() does, a script followed to its
 * interpreter; static or dynamic, of which machine; whether the kernel would raise its privileges (then the
 * dynamic linker ignores LD_PRELOAD).  Looks only; nothing is executed, and the file is anybody's. */
#ifndef HEAPWAIT_PROGRAM_H
#define HEAPWAIT_PROGRAM_H

#include "analysis/base/error.h"

#include <stdbool.h>
#include <stdint.h>

enum { PROGRAM_PATH = 4096 };

struct elf_kind {
    uint8_t class;    /* ELFCLASS32, ELFCLASS64 */
    uint16_t machine; /* EM_X86_64, EM_AARCH64... */
    bool dynamic;     /* has an interpreter (static-pie has none) */
    char loader[128]; /* the interpreter; "" when static */
};

struct program {
    char path[PROGRAM_PATH];   /* the ELF file that will run */
    char script[PROGRAM_PATH]; /* the script that names it; "": none */
    struct elf_kind elf;
    const char *privilege; /* "is setuid"... for a sentence; NULL: starts as heapwait's user is */
};

/* Finds what the command would start and fills *out.  0 or negative errno, with a sentence: -ENOENT and
 * -EACCES as execvp() would have it; -ENOEXEC: neither an ELF file nor a script. */
int program_find(const char *command, struct program *out, struct error *err);

/* Returns true if a program of that name, without a slash, is in PATH and may be executed. */
bool program_in_path(const char *name);

/* Reads the kind of one ELF file.  0 or negative errno; -ENOEXEC: it is not ELF, or damaged. */
int elf_kind_read(const char *path, struct elf_kind *out);

#endif
