/* Debug information of one unit with a hundred million entries, which packed takes a hundred kilobytes: nobody finds a */
/* variable there in a few seconds. */
    .section .debug_abbrev
    .byte 1, 0x11, 1, 0, 0      /* a compile unit with children */
    .byte 2, 0x0b, 0, 0, 0      /* a lexical block with nothing */
    .byte 3, 0x0b, 1, 0, 0      /* one with children */
    .byte 0
    .section .debug_info
    .4byte unit_end - unit_begin
unit_begin:
    .2byte 4                    /* DWARF 4 */
    .4byte 0
    .byte 8
    .byte 1
    .fill 8, 1, 3               /* each level is walked once more to find what is behind it */
    .fill 100000000, 1, 2
    .fill 9, 1, 0
unit_end:
