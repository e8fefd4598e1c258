# Where the samples are: a flame graph per variant, boxes from DATA.
set multiplot
unset border; unset xtics; unset ytics; unset grid
set xrange [0:1]
do for [i = 1:ITEMS] {
  x = ITEM_AT[i]
  set object i rectangle from screen x / W, screen 1 - 0.36 / H to screen (x + 0.22) / W, screen 1 - 0.14 / H \
      fc rgb FLAME[int(ITEM_PAINT[i])] fs solid 1 noborder
  set label 200 + i ITEM[i] at screen (x + 0.32) / W, screen 1 - 0.25 / H left font SMALL tc rgb INK
}
HOVER = hover('$5', '$4 - 1', '$6', '$4', '$1 == p')
do for [p = 1:PANELS] {
  set lmargin at screen PL[p]; set rmargin at screen PR[p]; set bmargin at screen PB[p]; set tmargin at \
      screen PT[p]
  set yrange [0:LEVELS[p]]
  set label 1 NAME[p] at graph 0, graph 1 offset 0, 0.6 left font BOLD tc rgb COLOUR[p] noenhanced
  set label 2 group(COUNT[p]).' samples' at graph 1, graph 1 offset 0, 0.6 right font SMALL tc rgb MUTE
  # A label that is set is shown as it stands; out of the data file gnuplot would take escapes in it for its own.
  do for [i = 1:LABELS] {
    if (LABEL_PANEL[i] == p) { set label 1000 + i LABEL[i] at first LABEL_AT[i], first LABEL_LEVEL[i] - 0.5 center \
        font 'Inter,6' tc rgb FLAME_WORDS[int(LABEL_PAINT[i])] noenhanced front }
  }
  # by classes, the borders last: what has one paint becomes one path on the page
  plot for [k = 1:|FLAME|] DATA skip 1 using ($1 == p && $8 == k ? $5 : NaN):4:5:6:($4 - 1):4 with boxxyerror \
      fc rgb FLAME[k] fs solid 1 noborder, \
       DATA skip 1 using ($1 == p ? $5 : NaN):4:5:6:($4 - 1):4 with boxxyerror lc rgb PAPER lw 0.3 fs empty @HOVER
  unset label
  do for [i = 1:ITEMS] { unset object i }
}
unset multiplot
