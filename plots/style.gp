# One look for every figure.  Run as `gnuplot -d NAME.def style.gp NAME.gp` for paper, with -e 'PAGE = 1' before for the
# HTML page (svg.h tells what becomes of it there); the definitions say OUT, DATA, H.
# font ':Bold' alone would silently turn into another face: always write 'Inter:Bold'.
if (!exists("W")) W = 16.0
if (!exists("PAGE")) PAGE = 0
set encoding utf8
set minussign
if (PAGE) {
  set terminal svg enhanced size 42.5 * W, 42.5 * H font 'Inter,8' fontscale 1.5 linewidth 1.4 rounded
  set output OUT.'.page.svg'
} else {
  set terminal pdfcairo enhanced color size W cm, H cm font 'Inter,8' fontscale 0.75 linewidth 2 rounded
  set output OUT.'.pdf'
}
set datafile separator tab
set datafile commentschars ''
set datafile missing NaN

INK = 0x1F2933; MUTE = 0x5F6C7B; AXIS = 0x8A96A3; GRID = 0xE3E8EE; PAPER = 0xFFFFFF
# words on a coloured ground, which is the same in the dark, or turns pale there (inks.c)
ON_PALE = 0x1F2934; ON_DARK = 0xFFFFFE; ON_TURNING = 0xFFFFFD
# what happens at a lock: warm; a wake that does its job: cool
SLEPT = 0xAD2422; EAGAIN = 0xF2B822; EMPTY = 0xE07B39; WAKING = 0x30888A; OTHER = 0xABB1B6
# groups of the ledger's states, in the order of states.h
array LEDGER[12] = [0xA9B8C6, 0x526A8C, EAGAIN, EMPTY, 0x2A9AA6, 0x8A70E8, 0x88E0A8, 0x5A1426, 0x843CC0, SLEPT, \
    0xE4E8ED, OTHER]
array LEDGER_WORDS[12] = [ON_PALE, ON_DARK, ON_PALE, ON_PALE, ON_DARK, ON_DARK, ON_PALE, ON_TURNING, ON_DARK, \
    ON_DARK, INK, ON_PALE]
# classes of functions in a flame graph: the ledger's colours, as far as it has them
array FLAME[8] = [0xA9B8C6, 0x526A8C, EAGAIN, EMPTY, 0x23402E, 0x8A70E8, 0x7C5A3A, 0xE4E8ED]
array FLAME_WORDS[8] = [ON_PALE, ON_DARK, ON_PALE, ON_PALE, ON_TURNING, ON_DARK, ON_DARK, INK]
BOLD = 'Inter:Bold'; SMALL = 'Inter,7'; TINY = 'Inter,6.5'

set border 3 lc rgb AXIS lw 0.75
set tics nomirror out scale 0.5,0.25 textcolor rgb MUTE
set grid back lc rgb GRID lw 0.6 lt 1, lc rgb GRID lw 0.3 lt 1
set key off
set xlabel tc rgb MUTE offset 0,0.4
set ylabel tc rgb MUTE
set style fill solid 1 noborder

# numbers for people
group(x) = x < 999.5 ? sprintf('%.0f', x) : sprintf('%d %03d', int(floor(x + 0.5)) / 1000, int(floor(x + \
    0.5)) % 1000)
amount(x) = x >= 99.5 ? group(x) : x >= 9.95 ? sprintf('%.1f', x) : sprintf('%.2f', x)
# a light tint of a colour, for what is hollow
tint(c) = 65536 * int(255 - (255 - c / 65536) * 0.22) + 256 * int(255 - (255 - (c / 256) % 256) * 0.22) + \
    int(255 - (255 - c % 256) * 0.22)

# of a hollow bar: on the page the ground shows through
fill(i) = SOLID[i] ? COLOUR[i] : PAGE ? 0xC7000000 + COLOUR[i] : tint(COLOUR[i])
# Where on the page the numbers of a row of DATA are shown to the pointer: from one corner to the other, for the rows
# for which `rows` is true.  All five are expressions in quotes; put `@HOVER` behind the last part of the plot.
corner(x, y, rows, name) = sprintf(', DATA skip 1 using ((%s) ? (%s) : NaN):(%s):(sprintf("row %%d %s", $0)) with labels hypertext point pt 6 ps 0', rows, x, y, name)
hover(x, y, to_x, to_y, rows) = PAGE ? corner(x, y, rows, 'a').corner(to_x, to_y, rows, 'b') : ''

# rows: one variant each, the first on top
rows_axis = 'set yrange [N + 0.5 : 0.5]; unset ytics; set border 1; set grid x noy back'
BAR = 0.31
# a text that stands where data would: on top of everything, its ground hides the grid
set style textbox opaque fillcolor rgb PAPER noborder margins 0.3, 0.1
