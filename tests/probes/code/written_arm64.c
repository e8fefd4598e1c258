/* See written.h.  Arm Architecture Reference Manual (DDI 0487), C6.2.  A mnemonic stands in one rule, or the
 * first operand is a vector or a predicate.  Register 31, zero or the stack pointer, is never followed. */
#include "tests/probes/code/written.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

enum { LINK = 1 << 30 };

enum operand_rule {
    WRITES_NONE,
    WRITES_FIRST,
    WRITES_SECOND,
    WRITES_PAIR,  /* the first two */
    WRITES_EIGHT, /* the first and the seven registers behind it */
    WRITES_ALL,   /* all that are registers, those that are marked with ! among them */
};

static const struct rule {
    const char *mnemonics;
    enum operand_rule operands;
    uint32_t implicit;
} rules[] = {
    {"abs adc adcs add addg adds adr adrp and ands asr autda autdb autdza autdzb autia autib autiza autizb "
     "bfc bfi "
     "bfxil bic bics cinc cinv cls clz cneg cnt crc32b crc32cb crc32ch crc32cw crc32cx crc32h crc32w crc32x "
     "csel cset "
     "csetm csinc csinv csneg ctz eon eor extr gmi irg lsl lsr madd mneg mov movk movn movz mrs msub mul mvn "
     "neg negs "
     "ngc ngcs orn orr pacda pacdb pacdza pacdzb pacga pacia pacib paciza pacizb rbit rev rev16 rev32 ror "
     "sbc sbcs "
     "sbfiz sbfx sdiv smaddl smax smin smnegl smsubl smulh smull sub subg subp subps subs sxtb sxth sxtw "
     "sysl ubfiz "
     "ubfx udiv umaddl umax umin umnegl umsubl umulh umull uxtb uxth xpacd xpaci chkfeat gcspopm gcsss2 movt",
     WRITES_FIRST, 0},
    {"cntb cntd cnth cntp cntw decb decd dech decw incb incd inch incp incw rdvl addvl addpl rdsvl addsvl "
     "addspl rdffr lasta "
     "lastb "
     "fcvtas fcvtau fcvtms fcvtmu fcvtns fcvtnu fcvtps fcvtpu fcvtzs fcvtzu fjcvtzs fmov smov umov",
     WRITES_FIRST, 0},
    {"ldapr ldaprb ldaprh ldapur ldapurb ldapurh ldapursb ldapursh ldapursw ldar ldarb ldarh ldaxr ldaxrb "
     "ldaxrh ldg "
     "ldgm ldlar ldr ldraa ldrab ldrb ldrh ldrsb ldrsh ldrsw ldtr ldtrb ldtrh ldtrsb ldtrsh ldtrsw ldur "
     "ldurb ldurh "
     "ldursb ldursh ldursw ldxr ldxrb ldxrh",
     WRITES_FIRST, 0},
    {"ldaxp ldnp ldp ldpsw ldxp", WRITES_PAIR, 0},
    {"ld64b", WRITES_EIGHT, 0},
    {"stlxp stlxr stlxrb stlxrh stxp stxr stxrb stxrh st64bv st64bv0", WRITES_FIRST, 0},
    {"cas casa casab casah casal casalb casalh casb cash casl caslb caslh", WRITES_FIRST, 0},
    {"casp caspa caspal caspl", WRITES_PAIR, 0},
    {"st2g st64b stg stgm stgp stllr stllrb stllrh stlr stlrb stlrh stlur stlurb stlurh stnp stp str strb "
     "strh sttr sttrb sttrh "
     "stur sturb sturh stz2g stzg stzgm",
     WRITES_NONE, 0},
    {"b bc br braa braaz brab brabz brk cbnz cbz ccmn ccmp cmn cmp cmpp ctermeq ctermne ret retaa retab tbnz "
     "tbz tst",
     WRITES_NONE, 0},
    {"at axflag bti cfinv clrex dc dmb dsb esb hint hlt hvc ic isb msr nop prfm prfum psb pssbb rmif sb "
     "setf16 setf8 "
     "sev sevl smc ssbb sys tlbi tsb udf wfe wfi xaflag yield dgh csdb gcsb gcspopcx gcspopx gcspushm "
     "gcspushx gcsss1 gcsstr gcssttr smstart smstop",
     WRITES_NONE, 0},
    {"bl blr blraa blraaz blrab blrabz", WRITES_NONE, LINK},
    {"autiasp autiaz autibsp autibz paciasp paciaz pacibsp pacibz xpaclri", WRITES_NONE, LINK},
    {"autia1716 autib1716 pacia1716 pacib1716", WRITES_NONE, 1 << 17},
    {"svc", WRITES_NONE, 1 << 0},
};

/* ldadd, ldsetal, swpb...: the operation, how it orders, what it works on.  What was in memory goes to the
 * second operand; the forms that keep nothing of it are called st and have none. */
static const char atomic_operations[] = "add clr eor set smax smin umax umin";
static const char atomic_suffixes[] = "a al alb alh ab ah l lb lh b h";

/* Vectors' first operands: v0.8b, q0, d0, {v0.4s}, z0.d, p0. */
static bool is_vector(const char *operand)
{
    return operand[0] == '{' || (strchr("vqdshbzp", operand[0]) && isdigit((unsigned char)operand[1]));
}

/* Of x5 and w5, 5; -1: it is none that is followed. */
static int register_number(const char *operand)
{
    char *end;
    if (operand[0] != 'x' && operand[0] != 'w')
        return -1;
    long number = strtol(operand + 1, &end, 10);
    return end != operand + 1 && (!*end || !strcmp(end, "!")) && number < 31 ? (int)number : -1;
}

static uint32_t register_bit(const char *operand)
{
    int number = register_number(operand);
    return number >= 0 ? 1u << number : 0;
}

static bool is_suffix(const char *rest)
{
    return !*rest || word_in(atomic_suffixes, rest);
}

static const struct rule *rule_of_atomic(const char *mnemonic)
{
    static const struct rule kept = {"", WRITES_SECOND, 0}, dropped = {"", WRITES_NONE, 0};
    if (!strncmp(mnemonic, "swp", 3) && is_suffix(mnemonic + 3))
        return &kept;
    if (strncmp(mnemonic, "ld", 2) != 0 && strncmp(mnemonic, "st", 2) != 0)
        return NULL;
    for (size_t size = 3; size <= 4; size++) {
        char operation[8] = "";
        if (strlen(mnemonic) < 2 + size)
            continue;
        memcpy(operation, mnemonic + 2, size);
        if (word_in(atomic_operations, operation) && is_suffix(mnemonic + 2 + size))
            return mnemonic[0] == 'l' ? &kept : &dropped;
    }
    return NULL;
}

/* The instructions that copy and fill memory (cpyfp, setm, ...) move on the registers that they are given. */
static bool moves_memory(const char *mnemonic)
{
    return (!strncmp(mnemonic, "cpy", 3) || !strncmp(mnemonic, "setp", 4) || !strncmp(mnemonic, "setm", 4) ||
            !strncmp(mnemonic, "sete", 4) || !strncmp(mnemonic, "setgp", 5));
}

static const struct rule *rule_of(const struct listed *l)
{
    static const struct rule none = {"", WRITES_NONE, 0}, all = {"", WRITES_ALL, 0};
    if (moves_memory(l->mnemonic))
        return &all;
    if (!strncmp(l->mnemonic, "b.", 2) || !strncmp(l->mnemonic, "bc.", 3))
        return &none;
    if (l->operand_count && is_vector(l->operands[0]))
        return &none;
    for (size_t i = 0; i < sizeof(rules) / sizeof(rules[0]); i++)
        if (word_in(rules[i].mnemonics, l->mnemonic))
            return &rules[i];
    return rule_of_atomic(l->mnemonic);
}

static uint32_t operands_written(const struct listed *l, enum operand_rule rule)
{
    const char *first = l->operand_count > 0 ? l->operands[0] : "",
               *second = l->operand_count > 1 ? l->operands[1] : "";
    uint32_t written = 0;
    switch (rule) {
    case WRITES_FIRST:
        return register_bit(first);
    case WRITES_SECOND:
        return register_bit(second);
    case WRITES_PAIR:
        return register_bit(first) | register_bit(second);
    case WRITES_EIGHT:
        return register_bit(first) * 0xff;
    case WRITES_ALL:
        for (size_t i = 0; i < l->operand_count; i++) {
            char name[8] = "";
            const char *from = l->operands[i] + (l->operands[i][0] == '[');
            memcpy(name, from, strcspn(from, "]!") < sizeof(name) ? strcspn(from, "]!") : 0);
            written |= register_bit(name);
        }
        return written;
    default:
        return 0;
    }
}

/* The base that moves: [x0, #16]!, or [x0] with another operand behind it. */
static uint32_t base_written(const struct listed *l)
{
    for (size_t i = 0; i < l->operand_count; i++) {
        const char *o = l->operands[i];
        char name[8] = "";
        size_t size = strcspn(o + 1, ",]");
        if (o[0] != '[' || size >= sizeof(name))
            continue;
        memcpy(name, o + 1, size);
        return o[strlen(o) - 1] == '!' || i + 1 < l->operand_count ? register_bit(name) : 0;
    }
    return 0;
}

static void control_expect(const struct listed *l, struct expected *out)
{
    const char *m = l->mnemonic;
    if (!strncmp(m, "b.", 2) || word_in("cbz cbnz tbz tbnz", m))
        out->kind = INSN_BRANCH;
    else if (word_in("b bl", m))
        out->kind = m[1] ? INSN_CALL : INSN_JUMP;
    else if (word_in("br braa braaz brab brabz", m))
        out->kind = INSN_JUMP_INDIRECT;
    else if (!strncmp(m, "blr", 3))
        out->kind = INSN_CALL_INDIRECT;
    else if (word_in("ret retaa retab", m))
        out->kind = INSN_RETURN;
    else if (!strcmp(m, "svc"))
        out->kind = INSN_SYSCALL;
    else if (word_in("brk hlt udf", m))
        out->kind = INSN_STOP;
    if (out->kind == INSN_BRANCH || out->kind == INSN_CALL || out->kind == INSN_JUMP)
        out->has_target =
            l->operand_count && operand_address(l->operands[l->operand_count - 1], &out->target);
}

bool written_arm64(const struct listed *l, struct expected *out)
{
    const struct rule *rule = rule_of(l);
    if (!rule)
        return false;
    *out = (struct expected){.kind = INSN_OTHER};
    out->writes = rule->implicit | operands_written(l, rule->operands) | base_written(l);
    control_expect(l, out);
    return true;
}
