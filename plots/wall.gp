# Wall time: a panel per thread count on one scale, a row per variant.
eval rows_axis
set xrange [0:XMAX]
set xtics 0, STEP
set format x ''
# in screen coordinates, since the last panel, which lies on top, draws the notes of all
NUDGE = 0.012
NOTE_Y(k) = PT[NOTE_PANEL[k]] - (PT[NOTE_PANEL[k]] - PB[NOTE_PANEL[k]]) * (NOTE_ROW[k] - 0.5) / N
HOVER = hover('0', '$1 - BAR', '$6', '$1 + BAR', '$3 == p')
set multiplot
do for [p = 1:PANELS] {
  unset label
  set lmargin at screen PL[p]; set rmargin at screen PR[p]; set bmargin at screen PB[p]; set tmargin at \
      screen PT[p]
  set label 1 PANEL_NAME[p] at graph 0, graph 1 offset 0, 0.7 left font BOLD tc rgb INK noenhanced
  if (PANEL_FIRST[p]) {
    do for [i = 1:N] { set label 10 + i NAME[i] at first 0, first i offset -0.9, 0 right tc rgb INK noenhanced }
  }
  if (p == PANELS) {
    do for [k = 1:NOTES] { set label 100 + k NOTE_TEXT[k] at screen PL[NOTE_PANEL[k]] + NUDGE, screen \
        NOTE_Y(k) left font SMALL tc rgb MUTE noenhanced front boxed }
  }
  do for [t = 0:int(0.85 * XMAX / STEP)] {
    set label 1000 + t group(t * STEP) at first t * STEP, graph 0 offset 0, -0.9 center tc rgb MUTE font SMALL
  }
  set arrow 1 from first 0, graph 0 to first 0, graph 1 nohead lc rgb AXIS lw 0.75 front
  if (p == PANELS) { set label 2 'wall time, ms: shorter is better' at screen (PL[1] + PR[PANELS]) / 2, \
      screen 0.4 / H / 2.2 center tc rgb MUTE }
  plot for [i = 1:N] DATA skip 1 using ($3 == p && $1 == i ? $6 : NaN):1:(0):6:($1 - BAR):($1 + BAR) with \
      boxxyerror fc rgb fill(i) lw 0.8 fs solid 1 border lc rgb COLOUR[i], \
       DATA skip 1 using ($3 == p ? $6 : NaN):1:7:8 with xerrorbars pt 7 ps 0 lc rgb INK lw 0.8, \
       DATA skip 1 using ($3 == p ? ($8 > $6 ? $8 : $6) : NaN):1:(amount($6)) with labels left offset 0.5, 0 \
           font SMALL tc rgb INK @HOVER
}
unset multiplot
