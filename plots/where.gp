# Where every thread-second went: a stacked bar per variant.
eval rows_axis
G = 11
set lmargin at screen PL[1]; set rmargin at screen PR[1]; set bmargin at screen PB[1]; set tmargin at screen \
    PT[1]
do for [i = 1:G] {
  x = 0.05 + 2.6 * ((i - 1) % 6) + ((i - 1) % 6 > 3 ? 0.45 : 0); y = H - 0.25 - 0.42 * ((i - 1) / 6)
  set object i rectangle from screen x / W, screen (y - 0.11) / H to screen (x + 0.22) / W, screen (y + \
      0.11) / H fc rgb LEDGER[i] fs solid 1 noborder
  set label 200 + i GROUP[i] at screen (x + 0.32) / W, screen y / H left font SMALL tc rgb INK noenhanced
}
do for [i = 1:N] { set label 10 + i NAME[i] at first 0, first i offset -0.9, 0 right tc rgb INK noenhanced }
do for [k = 1:NOTES] { set label 100 + k NOTE_TEXT[k] at first 0, first NOTE_ROW[k] offset 0.5, 0 left font \
    SMALL tc rgb MUTE noenhanced front boxed }
set arrow 1 from first 0, graph 0 to first 0, graph 1 nohead lc rgb AXIS lw 0.75 front
set xrange [0:MAX]; set xtics 0, STEP; set format x '%g'
set xlabel 'thread time, '.(UNIT > 1 ? 's' : 'ms')
part(k) = k < 1 ? 0 : column(3 + k) / UNIT
upto(k) = k < 1 ? 0 : part(k) + upto(k - 1)
HOVER = hover('0', '$1 - BAR', 'upto(G)', '$1 + BAR', '$15 > 0')
fits(k) = part(k) / MAX * WIDE > 0.72
plot for [k = 1:G] DATA skip 1 using (upto(k)):1:(upto(k - 1)):(upto(k)):($1 - BAR):($1 + BAR) with \
    boxxyerror lc rgb LEDGER[k], \
     for [k = 1:G] DATA skip 1 using (upto(k) - part(k) / 2):1:(fits(k) ? amount(part(k)) : '') with labels \
         center font TINY tc rgb LEDGER_WORDS[k], \
     DATA skip 1 using (upto(G)):1:(column(15) > 0 ? amount(upto(G)) : '') with labels left offset 0.5, 0 \
         font 'Inter:Bold,7' tc rgb INK @HOVER
