/* A library whose unwind tables tell of all its code in one entry: 1.6 million instructions, which are run for each */
/* place that is asked about. */
#if defined(__x86_64__)
#define STACK_POINTER 7
#define RETURN_ADDRESS 16
#else
#define STACK_POINTER 31
#define RETURN_ADDRESS 30
#endif
    .text
    .globl first
    .hidden first
    .type first, %function
first:
    .skip 4096
    .size first, . - first
    .section .eh_frame,"a",%progbits
cie_begin:
    .4byte cie_end - cie_id
cie_id:
    .4byte 0
    .byte 1                     /* version */
    .asciz "zR"
    .uleb128 1                  /* factor of code addresses */
    .sleb128 -8                 /* and of data */
    .byte RETURN_ADDRESS
    .uleb128 1
    .byte 0x1b                  /* addresses are told by their distance, in 4 bytes */
    .byte 0x0c                  /* DW_CFA_def_cfa */
    .uleb128 STACK_POINTER
    .uleb128 16
    .byte 0x80 | RETURN_ADDRESS /* DW_CFA_offset */
    .uleb128 1
    .balign 8
cie_end:
    .4byte fde_end - fde_id
fde_id:
    .4byte fde_id - cie_begin
    .4byte first - .
    .4byte 4096
    .uleb128 0
    .fill 800000, 2, 0x0b0a    /* DW_CFA_remember_state, DW_CFA_restore_state */
    .balign 8
fde_end:
    .4byte 0
    .section .note.GNU-stack,"",%progbits
