/* See written.h.  Intel SDM vol. 2: "Operation" of each instruction.  A mnemonic stands in one rule, or has a
 * vector register among its operands. */
#include "tests/probes/code/written.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

enum {
    AX = 1 << 0,
    CX = 1 << 1,
    DX = 1 << 2,
    BX = 1 << 3,
    SP = 1 << 4,
    BP = 1 << 5,
    SI = 1 << 6,
    DI = 1 << 7,
    R8_TO_R11 = 0xf00,
};

enum operand_rule { WRITES_NONE, WRITES_FIRST, WRITES_TWO };

static const struct rule {
    const char *mnemonics;
    enum operand_rule operands;
    uint32_t implicit;
} rules[] = {
    {"adc adcx add adox and andn bextr blcfill blci blcic blcs blsfill blsi blsmsk blsr bsf bsr bswap btc "
     "btr bts bzhi "
     "crc32 dec in inc kmovb kmovd kmovq kmovw lar lea lfs lgs lsl lss lzcnt mov movabs movbe movsx movsxd "
     "movzx neg not "
     "or "
     "pdep pext popcnt rcl rcr rdfsbase rdgsbase rdpid rdrand rdseed rdsspd rdsspq rol ror rorx sal sar sarx "
     "sbb "
     "shl shld shlx shr shrd shrx sldt smsw str sub tzcnt xor fnstsw fstsw "
     "cvtsd2si cvtss2si cvttsd2si cvttss2si vcvtsd2si vcvtsd2usi vcvtss2si vcvtss2usi vcvttsd2si vcvttsd2usi "
     "vcvttss2si vcvttss2usi",
     WRITES_FIRST, 0},
    {"cmova cmovae cmovb cmovbe cmove cmovg cmovge cmovl cmovle cmovne cmovno cmovnp cmovns cmovo cmovp "
     "cmovs "
     "seta setae setb setbe sete setg setge setl setle setne setno setnp setns seto setp sets",
     WRITES_FIRST, 0},
    {"xadd xchg mulx", WRITES_TWO, 0},
    {"bt cmp cli clc emms sgdt cld clflush clflushopt clts clwb cmc endbr64 hlt incsspd incsspq int1 int3 "
     "jrcxz jecxz "
     "ldmxcsr lfence mfence monitor mwait movnti nop out pause prefetcht0 prefetcht1 prefetcht2 prefetchnta "
     "prefetchw ptwrite rstorssp sahf saveprevssp setssbsy sfence stc std sti stmxcsr test tpause ud0 ud1 "
     "ud2 "
     "umonitor umwait verr verw wbinvd wrfsbase wrgsbase wrmsr wrpkru wrssd wrssq xabort xend xrstor xrstors "
     "xsave "
     "xsavec xsaveopt xsaves xtest vzeroall vzeroupper vldmxcsr vstmxcsr serialize movdir64b movdiri",
     WRITES_NONE, 0},
    {"div idiv mul", WRITES_NONE, AX | DX},
    {"rdmsr rdpkru rdpmc rdtsc xgetbv cmpxchg8b cmpxchg16b", WRITES_NONE, AX | DX},
    {"rdtscp", WRITES_NONE, AX | CX | DX},
    {"cpuid", WRITES_NONE, AX | BX | CX | DX},
    {"cdqe cwde cbw lahf xlat xbegin", WRITES_NONE, AX},
    {"cdq cqo cwd", WRITES_NONE, DX},
    {"cmpxchg", WRITES_FIRST, AX},
    {"cmps movs", WRITES_NONE, SI | DI},
    {"ins scas stos", WRITES_NONE, DI},
    {"lods", WRITES_NONE, AX | SI},
    {"outs", WRITES_NONE, SI},
    {"loop loope loopne", WRITES_NONE, CX},
    {"pcmpestri pcmpistri vpcmpestri vpcmpistri", WRITES_NONE, CX},
    {"push pushf pushfw pushw popf popfw ret retf retfq retfw retw iret iretw iretq", WRITES_NONE, SP},
    {"pop", WRITES_FIRST, SP},
    {"enter leave leavew", WRITES_NONE, SP | BP},
    {"syscall", WRITES_NONE, AX | CX | 1 << 11},
    {"int", WRITES_NONE, AX | R8_TO_R11}, /* 0x80: the kernel clears the four that it has no use for */
    {"call jmp ja jae jb jbe je jg jge jl jle jne jno jnp jns jo jp js", WRITES_NONE, 0},
};

/* Returns the number of a general register, whatever part of it is named; -1: it is none. */
static int register_number(const char *name)
{
    static const char *const names[] = {"rax eax ax al ah", "rcx ecx cx cl ch", "rdx edx dx dl dh",
                                        "rbx ebx bx bl bh", "rsp esp sp spl",   "rbp ebp bp bpl",
                                        "rsi esi si sil",   "rdi edi di dil"};
    char *end;
    for (int i = 0; i < 8; i++)
        if (word_in(names[i], name))
            return i;
    if (name[0] != 'r' || !isdigit((unsigned char)name[1]))
        return -1;
    long number = strtol(name + 1, &end, 10);
    return number >= 8 && number < 16 && (!*end || word_in("b w d", end)) ? (int)number : -1;
}

static bool is_vector(const char *operand)
{
    bool numbered = isdigit((unsigned char)operand[strcspn(operand, "0123456789")]);
    return (numbered &&
            (!strncmp(operand, "xmm", 3) || !strncmp(operand, "ymm", 3) || !strncmp(operand, "zmm", 3) ||
             !strncmp(operand, "mm", 2) || !strncmp(operand, "bnd", 3))) ||
           (operand[0] == 'k' && isdigit((unsigned char)operand[1]));
}

/* What has a vector among its operands writes its first one, where it writes any: that may be a general
 * register. */
static const struct rule *rule_by_kind(const struct listed *l)
{
    static const struct rule first = {"", WRITES_FIRST, 0}, none = {"", WRITES_NONE, 0};
    for (size_t i = 0; i < l->operand_count; i++)
        if (is_vector(l->operands[i]))
            return &first;
    return l->mnemonic[0] == 'f' ? &none : NULL; /* x87: but for fnstsw, on its own stack and in memory */
}

static const struct rule *rule_of(const struct listed *l)
{
    static const struct rule multiply = {"imul", WRITES_NONE, AX | DX}, product = {"imul", WRITES_FIRST, 0};
    static const struct rule padding = {"xchg", WRITES_NONE, 0};
    if (!strcmp(l->mnemonic, "xchg") && !strcmp(l->operands[0], "ax") && !strcmp(l->operands[1], "ax"))
        return &padding; /* 66 90, a nop of two bytes */
    if (!strcmp(l->mnemonic, "imul"))
        return l->operand_count == 1 ? &multiply : &product;
    for (size_t i = 0; i < sizeof(rules) / sizeof(rules[0]); i++)
        if (word_in(rules[i].mnemonics, l->mnemonic))
            return &rules[i];
    return rule_by_kind(l);
}

static void control_expect(const struct listed *l, struct expected *out)
{
    const char *m = l->mnemonic;
    bool jumps = m[0] == 'j' || !strncmp(m, "loop", 4), always = !strcmp(m, "jmp"),
         calls = !strcmp(m, "call");
    if (jumps || calls) {
        out->has_target = l->operand_count == 1 && operand_address(l->operands[0], &out->target);
        out->kind = calls    ? out->has_target ? INSN_CALL : INSN_CALL_INDIRECT
                    : always ? out->has_target ? INSN_JUMP : INSN_JUMP_INDIRECT
                             : INSN_BRANCH;
    } else if (!strncmp(m, "ret", 3) || !strncmp(m, "iret", 4)) {
        out->kind = INSN_RETURN;
    } else if (!strcmp(m, "syscall")) {
        out->kind = INSN_SYSCALL;
    } else if (word_in("int1 int3 ud0 ud1 ud2", m)) {
        out->kind = INSN_STOP;
    }
}

/* Multiplying and dividing bytes leaves rdx alone. */
static bool is_byte(const char *operand)
{
    size_t size = strlen(operand);
    return !strncmp(operand, "BYTE", 4) ||
           (size && strchr("lhb", operand[size - 1]) && register_number(operand) >= 0);
}

bool written_x86(const struct listed *l, struct expected *out)
{
    const struct rule *rule = rule_of(l);
    if (!rule)
        return false;
    *out = (struct expected){.writes = rule->implicit, .kind = INSN_OTHER};
    if (rule->implicit == (AX | DX) && l->operand_count == 1 && is_byte(l->operands[0]))
        out->writes = AX;
    if (l->repeated && word_in("cmps ins lods movs outs scas stos", l->mnemonic))
        out->writes |= CX;
    size_t written = rule->operands == WRITES_NONE ? 0 : rule->operands == WRITES_FIRST ? 1 : 2;
    for (size_t i = 0; i < written && i < l->operand_count; i++) {
        int number = register_number(l->operands[i]);
        out->writes |= number >= 0 ? 1u << number : 0;
    }
    control_expect(l, out);
    return true;
}
