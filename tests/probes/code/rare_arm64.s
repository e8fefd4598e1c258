// Instructions that C libraries have seldom or never, for the comparison with objdump.
        .arch   armv8.7-a+sve+memtag+ls64+mops+crc+pauth+predres+fp16
        .text
rare:
// Compare and swap.
        cas     w1, w2, [x3]
        casa    w1, w2, [x3]
        casl    x1, x2, [x3]
        casal   x1, x2, [sp]
        casb    w1, w2, [x3]
        casab   w1, w2, [x3]
        casalh  w1, w2, [x3]
        caslh   w1, w2, [x3]
        casp    w4, w5, w6, w7, [x8]
        caspa   w4, w5, w6, w7, [x8]
        caspl   x4, x5, x6, x7, [x8]
        caspal  x28, x29, x6, x7, [x8]
        swp     x1, x2, [x3]
        swpal   w1, w2, [x3]
        swpab   w1, w2, [x3]
        swplh   w1, w2, [x3]
        .irp    operation, add, clr, eor, set, smax, smin, umax, umin
        ld\operation    x1, x2, [x3]
        ld\operation\()a        w1, w2, [x3]
        ld\operation\()al       w1, w2, [sp]
        ld\operation\()alb      w1, w2, [x3]
        ld\operation\()lh       w1, w2, [x3]
        st\operation    x1, [x3]
        st\operation\()lb       w1, [x3]
        .endr
        ldxr    w1, [x2]
        ldaxrb  w1, [x2]
        ldxp    x1, x3, [x2]
        ldaxp   w1, w3, [x2]
        stxr    w1, w2, [x3]
        stlxrb  w1, w2, [x3]
        stxp    w1, x2, x3, [x4]
        stlxp   w1, w2, w3, [x4]
        ldar    x1, [x2]
        ldlar   x1, [x2]
        stlr    x1, [x2]
        stllrb  w1, [x2]
        ldapr   x1, [x2]
        ldaprb  w1, [x2]
        ldapur  x1, [x2, #8]
        ldapursw x1, [x2, #8]
        stlur   x1, [x2, #8]
        ld64b   x2, [x1]
        st64b   x2, [x1]
        st64bv  x3, x4, [x1]
        st64bv0 x3, x4, [x1]
// Addresses that move, and those that don't.
        ldr     x1, [x2], #8
        ldr     x1, [x2, #8]!
        ldr     x1, [x2, x3]
        ldr     x1, [x2, w3, sxtw #3]
        ldr     x1, rare
        ldr     s1, rare
        ldrsw   x1, rare
        ldrsb   w1, [x2], #1
        ldrsw   x1, [x2, #4]!
        ldtr    x1, [x2, #8]
        ldtrsb  w1, [x2, #8]
        sttr    x1, [x2, #8]
        ldur    x1, [x2, #-8]
        stur    x1, [x2, #-8]
        str     x1, [x2], #8
        str     x1, [x2, #8]!
        strb    w1, [x2, x3]
        str     xzr, [x2]
        ldp     x1, x2, [x3], #16
        ldp     w1, w2, [x3, #16]!
        ldp     x1, x2, [sp, #16]
        ldp     q1, q2, [x3], #32
        ldnp    x1, x2, [x3]
        ldpsw   x1, x2, [x3], #8
        stp     x1, x2, [x3, #-16]!
        stp     x1, x2, [x3], #16
        stp     d1, d2, [x3, #-16]!
        stnp    x1, x2, [x3]
        ldr     q1, [x2], #16
        ldr     q1, [x2, x3]
        str     d1, [x2, #8]!
        stur    q1, [x2, #-8]
        ld1     {v1.16b}, [x2], #16
        ld1     {v1.16b}, [x2], x3
        ld4     {v1.4s-v4.4s}, [x2]
        ld1     {v1.b}[3], [x2], #1
        st1     {v1.16b, v2.16b}, [x2], #32
        prfm    pldl1keep, [x0, x1]
        prfm    pldl1keep, [x0, #8]
        prfm    pldl1keep, rare
        prfum   pldl1keep, [x0, #-8]
        ldraa   x1, [x2, #8]
        ldrab   x1, [x2, #8]!
// Tags and copies.
        irg     x1, x2
        gmi     x1, x2, x3
        addg    x1, x2, #16, #3
        subp    x1, x2, x3
        subps   x1, x2, x3
        ldg     x1, [x2]
        stg     x1, [x2], #16
        st2g    x1, [x2, #16]!
        stzg    x1, [x2]
        stgp    x1, x2, [x3], #16
        cpyfp   [x1]!, [x2]!, x3!
        cpyfm   [x1]!, [x2]!, x3!
        cpyfe   [x1]!, [x2]!, x3!
        cpyp    [x1]!, [x2]!, x3!
        cpym    [x1]!, [x2]!, x3!
        cpye    [x1]!, [x2]!, x3!
        setp    [x1]!, x2!, x3
        setm    [x1]!, x2!, x3
        sete    [x1]!, x2!, x3
// Signed addresses.
        paciasp
        autibsp
        paciaz
        autiza  x1
        pacia1716
        autib1716
        xpaclri
        xpaci   x1
        pacia   x1, x2
        autdb   x1, x2
        pacga   x1, x2, x3
        braa    x1, x2
        braaz   x1
        blraa   x1, x2
        blrabz  x1
        retaa
        retab
        bti     j
        esb
        csdb
        hint    #40                      // chkfeat x16
// Shadow stacks and matrices, which older assemblers don't know by name.
        .inst   0xd52b7723               // gcspopm x3
        .inst   0xd52b7764               // gcsss2 x4
        .inst   0xd50b7744               // gcsss1 x4
        .inst   0xe1206200               // str za[w15, 0], [x16]
        .inst   0xe1006200               // ldr za[w15, 0], [x16]
        .inst   0xc04c03e1               // movt x1, zt0[0]
        .inst   0x04225821               // addsvl x1, x2, #1
        .inst   0x04bf5821               // rdsvl x1, #1
        .inst   0xd503477f               // smstart
        .inst   0xd503447f               // smstop za
// System registers and the like.
        mrs     x1, tpidr_el0
        msr     tpidr_el0, x1
        sysl    x1, #3, c7, c5, #1
        sys     #3, c7, c5, #1, x1
        dc      zva, x1
        ic      ivau, x1
        isb
        dsb     sy
        clrex
        cfinv
        rmif    x1, #3, #4
        svc     #0
        hlt     #1
        brk     #1
        udf     #1
// Sums, bits, conditions.
        adc     x1, x2, x3
        sbcs    x1, x2, x3
        ngc     x1, x2
        adds    x1, x2, w3, uxtw #2
        cmn     x1, x2
        madd    x1, x2, x3, x4
        smnegl  x1, w2, w3
        umulh   x1, x2, x3
        udiv    x1, x2, x3
        rorv    x1, x2, x3
        bfc     x1, #3, #4
        bfxil   x1, x2, #3, #4
        extr    x1, x2, x3, #4
        crc32x  w1, w2, x3
        crc32cb w1, w2, w3
        csel    x1, x2, x3, eq
        cinv    x1, x2, eq
        ccmp    x1, x2, #3, eq
        mov     sp, x1
        and     sp, x1, #0xff0
        tst     x1, x2
        mvn     x1, x2
        eon     x1, x2, x3
        movn    x1, #3, lsl #16
// Vectors to and from general registers.
        fmov    x1, d2
        fmov    x1, v2.d[1]
        fmov    d1, x2
        umov    w1, v2.s[1]
        smov    x1, v2.h[1]
        fcvtzs  x1, d2
        fcvtau  w1, s2
        fcvtmu  x1, d2
        scvtf   d1, x2
        fjcvtzs w1, d2
        cntb    x1
        cntp    x1, p1, p2.b
        incd    x1
        incp    x1, p1.s
        decw    x1
        rdvl    x1, #2
        addvl   x1, x2, #3
        addpl   sp, sp, #-1
        lasta   w1, p1, z2.b
        lastb   d1, p1, z2.d
        whilelt p1.b, x2, x3
        ld1d    {z1.d}, p1/z, [x2, x3, lsl #3]
        st1w    {z1.s}, p1, [x2, #1, mul vl]
        ldr     z1, [x2]
        ctermeq x1, x2
