# How long waits last: a strip per variant, number of waits (log) over duration (log), by outcome.
set lmargin at screen PL[1]; set rmargin at screen PR[1]; set bmargin at screen PB[1]; set tmargin at screen \
    PT[1]
array PAINT[3] = [SLEPT, EAGAIN, OTHER]
array DARK[3] = [SLEPT, 0x8A6500, MUTE]   # yellow is too light for words
set border 1
set yrange [DEPTH:0]; unset ytics
set logscale x; set xrange [LOW:HIGH]
set xtics ("10 ns" 10, "100 ns" 100, "1 µs" 1e3, "10 µs" 1e4, "100 µs" 1e5, "1 ms" 1e6, "10 ms" 1e7, \
    "100 ms" 1e8, "1 s" 1e9, "10 s" 1e10)
set mxtics 10
set grid x noy back
set xlabel 'time in the futex call, one wait'
tall(n) = (STRIP - 0.3) * (log10(n) + 0.25) / (log10(MOST) + 0.25)
digit(d) = substr('⁰¹²³⁴⁵⁶⁷⁸⁹', 1 + d, 1 + d)
every = log10(MOST) > 5 ? 3 : 2
do for [i = 1:N] {
  set label 10 + i NAME[i] at screen (PL[1] * W - 0.85) / W, first LOUD[i] ? BASE[i] - (STRIP - 0.3) / 2 : \
      BASE[i] - 0.2 right tc rgb INK noenhanced
  set arrow 10 + i from graph 0, first BASE[i] to graph 1, first BASE[i] nohead lc rgb (LOUD[i] ? AXIS : \
      GRID) lw 0.6 back
  if (LOUD[i]) {
    lines = (strlen(EAGAIN_WORDS[i]) > 0) + (strlen(SLEPT_WORDS[i]) > 0) + (strlen(REST_WORDS[i]) > 0)
    y = BASE[i] - (STRIP - 0.3) / 2 - 0.145 * (lines - 1)
    do for [k = 1:3] {
      words = k == 1 ? EAGAIN_WORDS[i] : k == 2 ? SLEPT_WORDS[i] : REST_WORDS[i]
      if (strlen(words) > 0) {
        set label 1000 + 10 * i + k words at graph 1, first y offset 0.8, 0 left font 'Inter:Bold,6.5' tc \
            rgb DARK[k == 1 ? 2 : k == 2 ? 1 : 3] noenhanced
        y = y + 0.29
      }
    }
    do for [e = 0:int(log10(MOST)):every] {
      set label 2000 + 20 * i + e ''.(e == 0 ? '1' : '10'.digit(e)) at graph 0, first BASE[i] - tall(10 ** \
          e) offset -0.5, 0 right font TINY tc rgb MUTE
      set arrow 2000 + 20 * i + e from graph 0, first BASE[i] - tall(10 ** e) to graph 1, first BASE[i] - \
          tall(10 ** e) nohead lc rgb GRID lw 0.5 back
    }
  } else { set label 100 + i QUIET[i] at graph 0, first BASE[i] - 0.2 offset 0.8, 0 left font SMALL tc rgb \
      MUTE noenhanced }
}
set label 1 'waits, by how long they last' at graph 0, first 0.2 left font BOLD tc rgb INK
set label 2 (STUDY ? 'in all traced runs' : 'in the run') at graph 1, first 0.2 offset 0.8, 0 left font \
    SMALL tc rgb MUTE
HOVER = hover('$6', 'BASE[int($1)]', '$7', 'BASE[int($1)] - tall($8)', '$8 > 0')
set style fill transparent solid 0.55 noborder
plot for [k = 3:1:-1] DATA skip 1 using ($4 == k ? sqrt($6 * $7) : NaN):(BASE[$1]):6:7:(BASE[$1] - \
    tall($8)):(BASE[$1]) with boxxyerror fc rgb PAINT[k] lw 0.5 fs transparent solid 0.6 border lc rgb PAINT[k] @HOVER
