/* Makes ELF files as large as the reader must stand, and small ones with exactly the tables that a test
 * wants: a program (ET_EXEC) with code at 0x400000, data behind it, .symtab with its names, and, if asked
 * for, a build-id and a hole in the middle, so that a file of 500 MB takes the room of its symbols only. */
#ifndef TESTS_PROBES_ELF_ELF_MAKE_H
#define TESTS_PROBES_ELF_ELF_MAKE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct elf_plan {
    uint32_t symbols;        /* how many, half functions and half objects */
    uint64_t hole;           /* bytes of nothing between the code and the symbols */
    uint64_t code;           /* bytes of code that the file claims; 0: a page */
    const char *last_name;   /* of the last object */
    const char *first_name;  /* of the first function; NULL: a long one, as for last_name */
    const uint8_t *build_id; /* 20 bytes; NULL: none */
    bool interpreter;        /* asks for a dynamic linker */
};

enum { ELF_MAKE_CODE = 0x400000, ELF_MAKE_STEP = 16 };

/* Function n ("function number N of a long name") covers [code + 16 n, + 16), object n ("object_N") as much
 * of the data, which begins where the functions end.  Fails the test when the file can't be written. */
void elf_make(const char *path, const struct elf_plan *plan);
uint64_t elf_make_data(const struct elf_plan *plan);

#endif
