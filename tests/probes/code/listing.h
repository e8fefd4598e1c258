/* What objdump says of a file's instructions, one at a time.  Never: judges them. */
#ifndef TESTS_PROBES_CODE_LISTING_H
#define TESTS_PROBES_CODE_LISTING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { MAX_BYTES = 15, MAX_OPERANDS = 6 };

/* One instruction.  x86-64 in Intel's syntax: what is written comes first, as it does in aarch64's. */
struct listed {
    uint64_t address;
    uint8_t bytes[MAX_BYTES];
    size_t size;       /* bytes */
    bool repeated;     /* a rep, repz or repnz stood before the mnemonic, which has no prefixes */
    char text[160];    /* the whole, as it is to be shown */
    char mnemonic[24]; /* "" where objdump knows no instruction */
    char operands[MAX_OPERANDS][80]; /* text, without what objdump adds to explain it */
    size_t operand_count;
    bool has_place; /* the operand's address, which objdump has worked out, is `place` */
    uint64_t place;
};

/* Calls `see` for each instruction of the file, in objdump's order.  `next` is the one that objdump lists
 * after it; NULL: there is none.  Both live until `see` returns.  Returns false where objdump could not be
 * started, ended with an error, or wrote a line that can't be read; it is told on stderr. */
typedef void (*listing_see_fn)(void *context, const struct listed *here, const struct listed *next);
bool listing_read(const char *objdump, const char *file, bool intel, listing_see_fn see, void *context);

#endif
