# One look for every figure.  Run as `gnuplot -d NAME.def style.gp NAME.gp`; the definitions say OUT, DATA, H.
# font ':Bold' alone would silently turn into another face: always write 'Inter:Bold'.
if (!exists("W")) W = 16.0
set encoding utf8
set minussign
set terminal pdfcairo enhanced color size W cm, H cm font 'Inter,8' fontscale 0.75 linewidth 2 rounded
set output OUT
set datafile separator tab
set datafile commentschars ''
set datafile missing NaN

INK = 0x1F2933; MUTE = 0x5F6C7B; AXIS = 0x8A96A3; GRID = 0xE3E8EE; PAPER = 0xFFFFFF
# what happens at a lock: warm; a wake that does its job: cool
SLEPT = 0xAD2422; EAGAIN = 0xF2B822; EMPTY = 0xE07B39; WAKING = 0x30888A; OTHER = 0xABB1B6
# groups of the ledger's states, in the order of states.h
array LEDGER[11] = [0xA9B8C6, 0x66788A, EAGAIN, EMPTY, WAKING, 0x5B7DB1, 0x2B2F36, 0x6B51AD, SLEPT, 0xE4E8ED, \
    OTHER]
# classes of functions in a flame graph: the ledger's colours, as far as it has them
array FLAME[8] = [0xA9B8C6, 0x66788A, EAGAIN, EMPTY, 0x7A9A4E, 0x5B7DB1, 0xD2C6A8, 0xE4E8ED]
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

fill(i) = SOLID[i] ? COLOUR[i] : tint(COLOUR[i])

# rows: one variant each, the first on top
rows_axis = 'set yrange [N + 0.5 : 0.5]; unset ytics; set border 1; set grid x noy back'
BAR = 0.31
# a text that stands where data would: on top of everything, its ground hides the grid
set style textbox opaque fillcolor rgb PAPER noborder margins 0.3, 0.1
