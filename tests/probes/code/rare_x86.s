# Instructions that C libraries have seldom or never, for the comparison with objdump.
        .intel_syntax noprefix
        .text
        .macro each operation, registers:vararg
        .irp r, \registers
        \operation \r
        .endr
        .endm
rare:
# Registers that the opcode implies.
        rdsspd  r9d
        rdsspq  rcx
        incsspq rcx
        loop    rare
        loope   rare
        loopne  rare
        jrcxz   rare
        jecxz   rare
        enter   16, 0
        leave
        cpuid
        rdtsc
        rdtscp
        rdpmc
        rdmsr
        wrmsr
        xgetbv
        rdpkru
        wrpkru
        lahf
        sahf
        xlatb
        cbw
        cwde
        cdqe
        cwd
        cdq
        cqo
        int     0x80
        int3
        syscall
        xbegin  rare
        xabort  1
        each    mul, bl, sil, bx, ebx, rbx, r9, r9b, "qword ptr [rbx+4*rcx]", "byte ptr [rip]"
        each    div, bl, sil, bx, ebx, rbx, r9, r9b, "qword ptr [rbx+4*rcx]", "byte ptr [rip]"
        each    imul, bl, ebx, r9, "dword ptr [rbx]"
        each    idiv, bl, ebx, r9, "dword ptr [rbx]"
        imul    r9, r10
        imul    r9, [rbx], 1000
        imul    si, di, 10
# Strings.
        movsb
        movsw
        rep movsq
        cmpsb
        repne cmpsd
        stosb
        rep stosd
        lodsb
        rep lodsq
        scasb
        repne scasb
        insb
        rep insd
        outsb
        rep outsd
        in      al, 7
        in      eax, dx
        out     7, al
        out     dx, eax
# The stack.
        each    push, rbx, rsp, r12, bx, r12w, fs, gs, 1, 1000, "qword ptr [rbx]", "word ptr [r12]"
        each    pop, rbx, rsp, r12, bx, r12w, fs, gs, "qword ptr [rbx]", "word ptr [r12]"
        push    7
        pop     r11
        push    7
        nop
        pushfq
        popfq
        pushfw
        popfw
        .byte   0x8f, 0xc1               # pop rcx, as no assembler writes it
        .byte   0xff, 0xf1               # push rcx
        ret     16
# Bytes, among them the second ones of registers.
        mov     ah, 1
        mov     bh, al
        mov     dil, al
        mov     ch, [rbx]
        mov     [rbx], ch
        mov     sil, [rbx]
        add     dh, al
        adc     al, dh
        sbb     ah, 3
        or      bpl, 3
        xchg    ah, bl
        xchg    spl, bl
        xadd    ah, bl
        xadd    spl, bl
        cmpxchg ah, bl
        setne   ah
        setne   sil
        setne   byte ptr [rbx]
        inc     ah
        dec     r9b
        inc     sil
        not     bh
        neg     bpl
        shl     ch, 1
        shr     ch, cl
        rol     sil, 3
        rcl     dh, 1
        rcr     dh, 3
        movzx   esi, bh
        movsx   rsi, bpl
        movsxd  rsi, ebp
        xchg    rax, r8
        xchg    eax, eax
        xchg    ebx, eax
        xchg    [rbx], rax
        xchg    r9w, ax
# Compare and exchange.
        lock cmpxchg [rbx], rcx
        cmpxchg rbx, rcx
        cmpxchg r9d, ecx
        cmpxchg8b [rbx]
        lock cmpxchg16b [rbx]
        lock xadd [rbx], r9
        xadd    rbx, r9
        lock bts qword ptr [rbx], 3
        lock btr [rbx], rcx
        btc     rbx, rcx
        bt      rbx, 3
        bts     r9, 3
        btr     rbx, 3
        btc     rbx, 3
        lock neg dword ptr [rbx]
        lock not qword ptr [rbx]
# Bits.
        andn    rbx, rcx, rdx
        bextr   rbx, rcx, rdx
        blsi    rbx, rcx
        blsmsk  r9d, ecx
        blsr    r9, [rcx]
        bzhi    rbx, rcx, rdx
        mulx    rbx, rcx, rdx
        mulx    r9, r10, [rdx]
        pdep    rbx, rcx, rdx
        pext    r9, rcx, rdx
        rorx    rbx, rcx, 3
        rorx    r9d, [rcx], 3
        sarx    rbx, rcx, rdx
        shlx    r9, rcx, rdx
        shrx    ebx, ecx, edx
        adcx    rbx, rcx
        adox    r9, [rcx]
        crc32   ebx, cl
        crc32   r9, rcx
        popcnt  rbx, rcx
        lzcnt   r9w, cx
        tzcnt   ebx, [rcx]
        bsf     rbx, rcx
        bsr     r9, rcx
        bswap   r9
        bswap   ebx
        movbe   rbx, [rcx]
        movbe   [rcx], r9w
        movnti  [rbx], rcx
        shld    rbx, rcx, 3
        shrd    r9, rcx, cl
        blcfill rbx, rcx
        blsfill r9, [rcx]
        bextr   rbx, rcx, 7
        cmovo   rbx, rcx
        cmovno  r9, [rcx]
        lea     ebx, [rcx+4*rdx+5]
        lea     bx, [rcx]
        adc     rbx, 0x12345678
        adc     bx, 0x1234
        sbb     ax, 0x1234
        test    rax, 0x12345678
        test    bl, 1
        test    qword ptr [rbx], 1
        test    word ptr [rbx], 0x1234
        .byte   0x66, 0xe9, 1, 2 # jmpw, to some processors
        .byte   0x66, 0xe8, 1, 2
        .byte   0x66, 0x0f, 0x84, 1, 2
        .byte   0x66, 0xeb, 0xfe, 0x66, 0x74, 0xfe, 0x66, 0xe2, 0xfe
        .byte   0x66, 0x48, 0xe8, 1, 2, 3, 4 # REX.W makes nothing of 66
        .byte   0x66, 0xff, 0xe0, 0x66, 0xff, 0xd0, 0x66, 0xff, 0x10, 0x66, 0xc3
        .byte   0x66, 0x48, 0x81, 0xc0, 1, 2, 3, 4 # add rax, 0x4030201: REX.W makes nothing of 66
        movabs  al, [0x1122334455667788]
        movabs  rax, [0x1122334455667788]
        movabs  [0x1122334455667788], eax
        .byte   0x67, 0xa1, 1, 2, 3, 4   # mov eax, [0x4030201]
        mov     ebx, [ecx]
        mov     rbx, fs:[0]
        mov     rbx, gs:[rcx]
        mov     fs:[0x10], rbx
        mov     bx, ds
        mov     [rbx], ds
        mov     ds, ebx
        lar     ebx, ecx
        lsl     r9d, ecx
        str     rbx
        sldt    rbx
        smsw    rbx
        sgdt    [rbx]
        verr    bx
        rdfsbase rbx
        rdgsbase r9d
        wrfsbase rbx
        wrgsbase rbx
        rdrand  rbx
        rdrand  r9w
        rdseed  r9d
        rdpid   rbx
        xsavec  [rbx]
        xsaves  [rbx]
        xrstors [rbx]
        xsaveopt [rbx]
        clflush [rbx]
        clflushopt [rbx]
        clwb    [rbx]
        mfence
        lfence
        sfence
        monitor
        mwait
        umonitor rbx
        tpause  ebx
        umwait  ebx
        ptwrite rbx
        wrssq   [rbx], rcx
        movdiri [rbx], rcx
        movdir64b rbx, [rcx]
        serialize
        prefetchw [rbx]
        prefetchnta [rbx]
        femms
        pfadd   mm0, mm1
        ud0     ebx, ecx
        ud1     ebx, [rcx]
# Control.
        call    rbx
        call    r9
        call    [rbx]
        call    [r12]
        call    [rbx+4*rcx]
        call    [rip]
        call    fs:[0x10]
        jmp     r9
        jmp     [8*rbx+rare]
        notrack jmp rbx
        .byte   0xf2, 0xe9, 0, 0, 0, 0   # bnd jmp, which assemblers since binutils 2.44 refuse
        .byte   0x2e, 0x0f, 0x84, 0, 0, 0, 0 # je, with a hint
        .byte   0x67, 0xe8, 0, 0, 0, 0   # call, as the linker relaxes it
# Vectors to and from general registers.
        movd    ebx, xmm1
        movq    r9, xmm1
        movq    xmm1, r9
        movd    ebx, mm1
        movmskps ebx, xmm1
        movmskpd r9d, xmm1
        pmovmskb ebx, xmm9
        pmovmskb ebx, mm1
        pextrb  ebx, xmm1, 3
        pextrb  byte ptr [rbx], xmm1, 3
        pextrw  r9d, xmm1, 3
        pextrw  r9d, mm1, 3
        pextrd  ebx, xmm1, 3
        pextrq  r9, xmm1, 1
        extractps ebx, xmm1, 3
        pinsrq  xmm1, rbx, 1
        cvtss2si rbx, xmm1
        cvtsd2si r9d, xmm1
        cvttss2si ebx, [rcx]
        cvttsd2si rbx, xmm1
        cvtsi2sd xmm1, rbx
        cvttps2pi mm1, xmm1
        pcmpestri xmm1, xmm2, 3
        pcmpistri xmm1, xmm2, 3
        pcmpestrm xmm1, xmm2, 3
        ptest   xmm1, xmm2
        vpcmpistri xmm1, xmm2, 3
        vmovd   ebx, xmm1
        vmovq   r9, xmm1
        vmovmskps ebx, ymm1
        vpmovmskb r9d, ymm1
        vpextrb ebx, xmm1, 3
        vpextrw r9d, xmm1, 3
        vpextrd ebx, xmm1, 3
        vpextrq r9, xmm1, 1
        vextractps ebx, xmm1, 3
        vcvtsd2si rbx, xmm1
        vcvttss2si r9, xmm1
        vcvtss2usi rbx, xmm1
        vcvttsd2usi r9, xmm1
        vcvtsi2sd xmm1, xmm2, rbx
        vptest  ymm1, ymm2
        vgatherdps ymm1, [rbx+4*ymm2], ymm3
        vpternlogd zmm1, zmm2, [rbx+64], 7
        vaddpd  zmm31{k1}{z}, zmm30, [r15+8*r14+0x1000]
        vpcmpeqb k1, ymm2, ymm3
        vpbroadcastq zmm1, rbx
        vprotd  xmm1, xmm2, 3
        vprotd  xmm1, xmm2, xmm3
        vpcmov  xmm1, xmm2, xmm3, xmm4
        vfmaddsd xmm1, xmm2, xmm3, xmm4
        kmovb   ebx, k1
        kmovw   r9d, k1
        kmovd   ebx, k1
        kmovq   r9, k1
        kmovq   k1, r9
        kortestb k1, k2
        kshiftlq k1, k2, 3
        vaddph  zmm1, zmm2, zmm3
        vcvttsh2si rbx, xmm1
        vmovw   ebx, xmm1
        vgf2p8affineqb ymm1, ymm2, ymm3, 7
        sha1rnds4 xmm1, xmm2, 3
        aesenc  xmm1, xmm2
        aeskeygenassist xmm1, xmm2, 3
        pclmulqdq xmm1, xmm2, 3
        maskmovdqu xmm1, xmm2
        emms
        fnstsw  ax
        fnstsw  [rbx]
        fstcw   [rbx]
        fld     tbyte ptr [rbx]
        fcmovb  st, st(3)
        fcomip  st, st(3)
        fxsave64 [rbx]
