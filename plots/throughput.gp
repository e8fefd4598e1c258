# Throughput against threads: a line per variant, named at its end.
set lmargin at screen PL[1]; set rmargin at screen PR[1]; set bmargin at screen PB[1]; set tmargin at screen \
    PT[1]
set logscale x 2
LEFT = FIRST / 1.12; RIGHT = LAST * 1.08
set xrange [LEFT:RIGHT]
set yrange [0:YMAX]
set xtics nomirror ('' -1)
do for [i = 1:THREADS] { set xtics add (sprintf('%.0f', THREAD[i]) THREAD[i]) }
set ytics 0, STEP
set format y '%.0f'
set xlabel 'threads (logarithmic)'
set label 1 'thousand passwords per second: higher is better' at screen 0, screen 1 offset 0.2, -0.75 left \
    tc rgb MUTE
if (CORES > FIRST && CORES <= LAST) {
  set arrow 1 from CORES, graph 0 to CORES, graph 1 nohead lc rgb AXIS lw 0.75 dt (3, 3) back
  set label 2 sprintf('%.0f cores', CORES) at CORES, graph 0 offset 0.6, 0.7 left font SMALL tc rgb MUTE
}
aside(i, x) = x * (1 + (N > 10 ? 0.08 / N : 0.008) * (i - (N + 1) / 2.0))   \
    # so that equal values don't hide each other
HOVER = hover('aside(int($1), $3)', '$5', 'aside(int($1), $3)', '$5', '1')
# names: from a line's end to its name, each at its own height
do for [i = 1:LABELS] {
  r = LABEL_ROW[i]
  set arrow 100 + i from aside(r, LABEL_AT[i]), LABEL_END[i] to screen PR[1] + LEADER * 0.85, first \
      LABEL_Y[i] nohead lc rgb COLOUR[r] lw 0.5 dt 3 - 2 * (LABEL_AT[i] == LAST) front
  set label 100 + i NAME[r] at screen PR[1] + LEADER, first LABEL_Y[i] left font 'Inter:Bold' tc rgb \
      WORDS[r] noenhanced
}
plot for [i = 1:N] DATA skip 1 using ($1 == i ? aside(i, $3) : NaN):5 with lines lc rgb COLOUR[i] lw 1.5 dt \
    2 - SOLID[i], \
     for [i = 1:N] DATA skip 1 using ($1 == i ? aside(i, $3) : NaN):5:6:7 with yerrorbars pt 7 ps 0 lc rgb \
         0x90000000 + COLOUR[i] lw 0.7, \
     for [i = 1:N] DATA skip 1 using ($1 == i ? aside(i, $3) : NaN):5 with points pt MARK[i] + 1 - SOLID[i] \
         ps 0.75 lc rgb PAPER lw 1.5, \
     for [i = 1:N] DATA skip 1 using ($1 == i ? aside(i, $3) : NaN):5 with points pt MARK[i] ps 0.6 lc rgb \
         COLOUR[i] lw 1 @HOVER
