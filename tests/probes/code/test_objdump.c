/* The decoders against objdump: each instruction of whole C libraries, and of a list of rare ones.  They have
 * to agree on its length, on where control goes, and on the registers that it writes, of which the decoder
 * may name more and never fewer.  An instruction that no rule knows fails the test, so that none is passed
 * over. */
#include "tests/probes/code/listing.h"
#include "tests/probes/code/written.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
    MOST_TOLD = 30,    /* mistakes that are shown in full */
    FEWEST = 50000,    /* instructions: a C library has more */
    FEWEST_EXACT = 98, /* in a hundred, whose written registers the decoder names and no others */
    MOST_UNKNOWN = 1,  /* in a thousand, which objdump can't read either: data among the code */
};

struct comparison {
    const struct machine *machine;
    bool (*written)(const struct listed *l, struct expected *out);
    uint8_t *exact; /* MAX_BYTES: what ends with it is not read past, or a sanitizer tells */
    size_t instructions, exactly, unreadable, mistakes;
};

bool word_in(const char *list, const char *word)
{
    size_t size = strlen(word);
    for (const char *at = list; size && (at = strstr(at, word)); at += size)
        if ((at == list || at[-1] == ' ') && (at[size] == ' ' || !at[size]))
            return true;
    return false;
}

bool operand_address(const char *operand, uint64_t *address)
{
    char *end;
    if (!isxdigit((unsigned char)operand[0]))
        return false;
    *address = strtoull(operand, &end, 16);
    return !*end;
}

static void mistake(struct comparison *c, const struct listed *l, const char *what, uint64_t got,
                    uint64_t wanted)
{
    if (c->mistakes++ < MOST_TOLD)
        fprintf(stderr, "%llx: %s: %s is 0x%llx, not 0x%llx\n", (unsigned long long)l->address, l->text, what,
                (unsigned long long)got, (unsigned long long)wanted);
}

/* Decodes `size` bytes and has no more of them. */
static void decode_exactly(struct comparison *c, const struct listed *l, size_t size, struct insn *out)
{
    uint8_t *from = c->exact + MAX_BYTES - size;
    memcpy(from, l->bytes, size);
    c->machine->decode(from, size, l->address, out);
}

static void length_compare(struct comparison *c, const struct listed *l, const struct listed *next)
{
    uint8_t both[2 * MAX_BYTES];
    size_t size = l->size, wanted = l->size;
    struct insn i;
    decode_exactly(c, l, l->size - 1, &i);
    if (i.size)
        mistake(c, l, "its length without the last byte", i.size, 0);
    memcpy(both, l->bytes, l->size);
    if (next && next->address == l->address + l->size) {
        memcpy(both + l->size, next->bytes, next->size);
        size += next->size;
    }
    c->machine->decode(both, size, l->address, &i);
    if (!strcmp(l->mnemonic, "push") && l->size == 2 && size > l->size && !strcmp(next->mnemonic, "pop") &&
        i.kind == INSN_SET)
        wanted += next->size; /* the constant that both put into a register is read as one */
    if (i.size != wanted)
        mistake(c, l, "its length before the next one", i.size, wanted);
}

static bool changes_control(unsigned kind)
{
    return kind >= INSN_CALL && kind <= INSN_STOP;
}

static void meaning_compare(struct comparison *c, const struct listed *l, const struct insn *i,
                            const struct expected *e)
{
    if (e->writes & ~i->writes)
        mistake(c, l, "what it writes", i->writes, e->writes);
    c->exactly += e->writes == i->writes;
    if (e->kind != INSN_OTHER ? i->kind != e->kind : changes_control(i->kind))
        mistake(c, l, "its kind", i->kind, e->kind);
    if (e->has_target && i->target != e->target)
        mistake(c, l, "its target", i->target, e->target);
    if (l->has_place && i->displacement != l->place)
        mistake(c, l, "its operand's place", i->displacement, l->place);
}

/* 66 before a jump or a call of an address in the instruction, which objdump reads as AMD's processors do, in
 * part. */
static bool makers_differ(const struct listed *l)
{
    static const uint8_t prefixes[] = {0x66, 0x67, 0x2e, 0x3e, 0x26, 0x36, 0x64, 0x65, 0xf2, 0xf3};
    bool narrow = false;
    size_t at = 0;
    for (; at + 1 < l->size && memchr(prefixes, l->bytes[at], sizeof(prefixes)); at++)
        narrow |= l->bytes[at] == 0x66;
    uint8_t opcode = l->bytes[at];
    if (opcode == 0x0f && at + 1 < l->size)
        return narrow && l->bytes[at + 1] >> 4 == 8;
    return narrow && (opcode >> 4 == 7 || (opcode >= 0xe0 && opcode <= 0xe3) || opcode == 0xe8 ||
                      opcode == 0xe9 || opcode == 0xeb);
}

static void compare(void *context, const struct listed *here, const struct listed *next)
{
    struct comparison *c = context;
    struct listed l = *here;
    struct expected e;
    struct insn i;
    if (!l.mnemonic[0]) {
        c->unreadable++;
        return;
    }
    if (c->machine == &machine_x86 && l.bytes[0] == 0x9b && l.size > 1) { /* fwait, which is one of its own */
        memmove(l.bytes, l.bytes + 1, --l.size);
        l.address++;
    }
    if (c->machine == &machine_x86 && makers_differ(&l)) {
        decode_exactly(c, &l, l.size, &i);
        if (i.size)
            mistake(c, &l, "its length, which depends on the processor", i.size, 0);
        return;
    }
    c->instructions++;
    length_compare(c, &l, next);
    decode_exactly(c, &l, l.size, &i);
    if (i.size != l.size)
        mistake(c, &l, "its length", i.size, l.size);
    else if (!c->written(&l, &e))
        mistake(c, &l, "no rule knows what it writes; the decoder's word", i.writes, 0);
    else
        meaning_compare(c, &l, &i, &e);
}

static bool sums_are_right(const struct comparison *c)
{
    printf("%zu instructions, of %zu the decoder names just what is written, %zu mistakes, %zu unknown to "
           "objdump\n",
           c->instructions, c->exactly, c->mistakes, c->unreadable);
    if (c->instructions < FEWEST)
        fprintf(stderr, "fewer than %d instructions: no C library was read\n", FEWEST);
    if (c->exactly * 100 < c->instructions * FEWEST_EXACT)
        fprintf(stderr, "the decoder names too many registers: the comparison would prove nothing\n");
    if (c->unreadable * 1000 > c->instructions * MOST_UNKNOWN)
        fprintf(stderr, "objdump can't read too much of it\n");
    return !c->mistakes && c->instructions >= FEWEST && c->exactly * 100 >= c->instructions * FEWEST_EXACT &&
           c->unreadable * 1000 <= c->instructions * MOST_UNKNOWN;
}

static int skip(const char *why)
{
    printf("SKIPPED: %s\n", why);
    return 77;
}

static bool one_is_here(char **files)
{
    for (; *files; files++)
        if (!access(*files, R_OK))
            return true;
    return false;
}

/* test_objdump x86|arm64 OBJDUMP RARE FILE...: OBJDUMP is empty where there is none for the machine, RARE is
 * the object of rare instructions, and a FILE that is not there is passed over. */
int main(int count, char **arguments)
{
    if (count < 5) {
        fprintf(stderr, "usage: %s x86|arm64 OBJDUMP RARE FILE...\n", arguments[0]);
        return 2;
    }
    bool x86 = !strcmp(arguments[1], "x86"), read = true;
    if (!arguments[2][0])
        return skip(x86 ? "there are no binutils for x86-64"
                        : "there are no binutils for arm64 (Debian: binutils-aarch64-linux-gnu)");
    if (!one_is_here(arguments + 4))
        return skip(x86 ? "no C library for x86-64 is here"
                        : "no C library for arm64 is here (Debian: libc6-dev-arm64-cross)");
    struct comparison c = {.machine = x86 ? &machine_x86 : &machine_arm64,
                           .written = x86 ? written_x86 : written_arm64,
                           .exact = malloc(MAX_BYTES)};
    for (int n = 3; n < count && read && c.exact; n++)
        if (n == 3 || !access(arguments[n], R_OK))
            read = listing_read(arguments[2], arguments[n], x86, compare, &c);
    bool right = c.exact && read && sums_are_right(&c);
    free(c.exact);
    return right ? 0 : 1;
}
