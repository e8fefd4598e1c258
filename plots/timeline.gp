# A few milliseconds of all threads: a row each, coloured by what the thread does.
set multiplot
# On the page its x axis is the page's own, since it can be zoomed: the corners of each panel tell where.
set border 1
if (PAGE) { set grid nox noy; set tics scale 0 } else { set grid x noy back }
set xrange [0:UNTIL]; unset ytics
x = 0.05
do for [i = 1:ITEMS] {
  set object i rectangle from screen x / W, screen 1 - 0.36 / H to screen (x + 0.22) / W, screen 1 - 0.14 / H \
      fc rgb LEDGER[int(ITEM_PAINT[i])] fs solid 1 noborder
  set label 200 + i ITEM[i] at screen (x + 0.32) / W, screen 1 - 0.25 / H left font SMALL tc rgb INK
  x = x + 0.7 + 0.128 * strlen(ITEM[i])
}
do for [p = 1:PANELS] {
  set lmargin at screen PL[p]; set rmargin at screen PR[p]; set bmargin at screen PB[p]; set tmargin at \
      screen PT[p]
  set yrange [ROWS[p] + 0.5:0.5]
  set label 1 NAME[p] at graph 0, graph 1 offset 0, 0.6 left font BOLD tc rgb COLOUR[p] noenhanced
  every = ROWS[p] > 16 ? 5 : 1
  unset ytics
  set ytics ('1' 1) scale 0 font TINY textcolor rgb MUTE
  do for [r = 1:int(ROWS[p])] { if (every == 1 || r % every == 0) { set ytics add (sprintf('%d', r) r) } }
  set label 2 'thread' at screen 0.3 / W, graph 0.5 center rotate font SMALL tc rgb MUTE
  if (p == PANELS) { set format x '%g'; set xlabel 'time, ms' tc rgb MUTE offset 0, 0.4 } else { set format x ''; unset xlabel }
  if (PAGE) {
    set label 3 sprintf('panel %d a', p) at graph 0, graph 1 hypertext point pt 6 ps 0
    set label 4 sprintf('panel %d b', p) at graph 1, graph 0 hypertext point pt 6 ps 0
  }
  plot for [g = 1:|LEDGER|] DATA skip 1 using ($1 == p && $7 == g - 1 ? $8 : NaN):4:8:9:($4 - 0.4):($4 + 0.4) \
      with boxxyerror lc rgb LEDGER[g] lw 0.01
  do for [i = 1:ITEMS] { unset object i; unset label 200 + i }
}
unset multiplot
