# Speed and memory: time grows to the left, the peak resident set to the right, names between.
eval rows_axis
array MAX[2] = [TIME_MAX, SIZE_MAX]
array STEPS[2] = [TIME_STEP, SIZE_STEP]
HOVER = hover('0', '$1 - BAR', 'column(c)', '$1 + BAR', '1')
array HEAD[2] = ['wall time, ms', 'peak resident set, MiB']
set multiplot
set format x ''
do for [p = 1:2] {
  unset label
  set lmargin at screen PL[p]; set rmargin at screen PR[p]; set bmargin at screen PB[p]; set tmargin at \
      screen PT[p]
  if (p == 1) { set xrange [MAX[p]:0] } else { set xrange [0:MAX[p]] }
  set xtics 0, STEPS[p]
  do for [t = 0:int(0.97 * MAX[p] / STEPS[p])] {
    set label 1000 + t group(t * STEPS[p]) at first t * STEPS[p], graph 0 offset 0, -0.9 center tc rgb MUTE \
        font SMALL
  }
  if (p == 1) {
    set label 1 HEAD[p] at graph 1, graph 1 offset 0, 0.7 right font BOLD tc rgb INK
    do for [i = 1:N] { set label 10 + i NAME[i] at screen (PR[1] + PL[2]) / 2, first i center tc rgb INK \
        noenhanced }
    set label 2 'shorter is better on both sides' at screen 0.5, graph 0 offset 0, -2.0 center tc rgb MUTE
  } else {
    set label 1 HEAD[p] at graph 0, graph 1 offset 0, 0.7 left font BOLD tc rgb INK
  }
  do for [k = 1:NOTES] {
    if (NOTE_PANEL[k] == p) { set label 100 + k NOTE_TEXT[k] at first 0, first NOTE_ROW[k] offset 0.5, 0 \
        left font SMALL tc rgb MUTE noenhanced front boxed }
  }
  set arrow 1 from first 0, graph 0 to first 0, graph 1 nohead lc rgb AXIS lw 0.75 front
  c = 1 + 3 * p
  if (p == 1) {
    plot for [i = 1:N] DATA skip 1 using ($1 == i ? column(c) : NaN):1:(0):c:($1 - BAR):($1 + BAR) with \
        boxxyerror fc rgb fill(i) lw 0.8 fs solid 1 border lc rgb COLOUR[i], \
         DATA skip 1 using c:1:c + 1:c + 2 with xerrorbars pt 7 ps 0 lc rgb INK lw 0.8, \
         DATA skip 1 using (column(c + 2) > column(c) ? column(c + 2) : column(c)):1:(amount(column(c))) \
             with labels right offset -0.5, 0 font SMALL tc rgb INK @HOVER
  } else {
    plot for [i = 1:N] DATA skip 1 using ($1 == i ? column(c) : NaN):1:(0):c:($1 - BAR):($1 + BAR) with \
        boxxyerror fc rgb fill(i) lw 0.8 fs solid 1 border lc rgb COLOUR[i], \
         DATA skip 1 using c:1:c + 1:c + 2 with xerrorbars pt 7 ps 0 lc rgb INK lw 0.8, \
         DATA skip 1 using (column(c + 2) > column(c) ? column(c + 2) : column(c)):1:(amount(column(c))) \
             with labels left offset 0.5, 0 font SMALL tc rgb INK @HOVER
  }
}
unset multiplot
