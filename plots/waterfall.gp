# From the baseline to the subject in core time: a waterfall, and small ones at the other thread counts.
set multiplot
set border 1; set grid noxtics ytics back
set xrange [-0.5:BARS - 0.5]
unset xtics
w = 0.36
paint(k) = k == -1 ? BASELINE : k == -2 ? SUBJECT : LEDGER[int(k) + 1]
sign(x) = abs(x) < 0.005 ? '0' : (x < 0 ? '−' : '+').amount(abs(x))
figure(k, x) = k < 0 ? amount(x) : sign(x)
HOVER = hover('$3 - w', '$6', '$3 + w', '$7', '$1 == p')
do for [p = 1:PANELS] {
  set lmargin at screen PL[p]; set rmargin at screen PR[p]; set bmargin at screen PB[p]; set tmargin at \
      screen PT[p]
  set yrange [BOTTOM[p]:TOP[p]]; set ytics 0, STEP[p] scale 0; set format y '%g'
  unset label
  set label 1 TITLE[p] at graph 0, graph 1 offset 0.3, (p == 1 ? 0.1 : 0.35) left font BOLD tc rgb INK
  if (p == 1) {
    do for [b = 1:BARS] {
      do for [k = 1:LINES] { set label LINES * b + 10 + k LABEL[LINES * (b - 1) + k] at first b - 1, graph 0 offset 0, \
          -0.05 - 0.78 * k center font TINY tc rgb INK noenhanced }
    }
  }
  set label 2 (p == 1 ? 'core time, ms' : 'ms') at screen 0.35 / W, graph 0.5 center rotate font SMALL tc \
      rgb MUTE
  set arrow 1 from graph 0, first 0 to graph 1, first 0 nohead lc rgb AXIS lw 0.75 front
  plot DATA skip 1 using ($1 == p ? $3 : NaN):6:($3 - w):($3 + w):6:7:(paint($5)) with boxxyerror fc rgb \
      variable lw 0.01, \
       DATA skip 1 using ($1 == p && $5 != -2 ? $3 + w : NaN):7:(1 - 2 * w):(0) with vectors nohead lc rgb \
           AXIS lw 0.6, \
       DATA skip 1 using ($1 == p ? $3 : NaN):($6 > $7 ? $6 : $7):(figure($5, $8)) with labels center offset \
           0, 0.55 font (p == 1 ? SMALL : TINY) tc rgb INK @HOVER
}
unset multiplot
