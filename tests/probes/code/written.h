/* Which registers an instruction writes, by objdump's words for it.  Never: looks at its bytes, which is what
 * the decoder does. */
#ifndef TESTS_PROBES_CODE_WRITTEN_H
#define TESTS_PROBES_CODE_WRITTEN_H

#include "probes/code/insn.h"
#include "tests/probes/code/listing.h"

/* What is expected of the decoder. */
struct expected {
    uint32_t writes;     /* bit n: register n is written */
    enum insn_kind kind; /* of what changes control; INSN_OTHER for all else */
    bool has_target;     /* of a direct call, jump or branch ... */
    uint64_t target;     /* ... this one */
};

/* Each returns false where the mnemonic is in no rule: then *out is not set. */
bool written_x86(const struct listed *l, struct expected *out);
bool written_arm64(const struct listed *l, struct expected *out);

/* Whether `word` is one of the words of `list`, which blanks part. */
bool word_in(const char *list, const char *word);

/* The address that an operand is, in objdump's digits.  Returns false where it is none. */
bool operand_address(const char *operand, uint64_t *address);

#endif
