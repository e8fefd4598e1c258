/* An address space made of files, as the kernel would have reported it. */
#ifndef TESTS_PROBES_NAMES_PLACE_H
#define TESTS_PROBES_NAMES_PLACE_H

#include "probes/mappings/sideband.h"

#include <stdbool.h>

enum { MAX_MAPPINGS = 16 };

/* An address space put together from files: each one's code, where it would be mapped. */
struct place {
    struct address_space space;
    struct mapping mappings[MAX_MAPPINGS];
    char paths[MAX_MAPPINGS][512];
};

/* Maps the file's code; a position-independent one with that bias.  Its interpreter into *interpreter, which
 * may be NULL. */
void place_map(struct place *p, const char *path, uint64_t bias, char *interpreter, size_t size);

/* A library by the name that the loader would look for; false: it is not there. */
bool library_map(struct place *p, const char *name, uint64_t bias);

#endif
