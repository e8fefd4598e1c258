# From the wake to running: a strip per variant, number of handoffs (log) over their latency (log).
set lmargin at screen PL[1]; set rmargin at screen PR[1]; set bmargin at screen PB[1]; set tmargin at screen \
    PT[1]
set border 1
set yrange [DEPTH:0]; unset ytics
set logscale x; set xrange [LOW:HIGH]
set xtics ("10 ns" 10, "100 ns" 100, "1 µs" 1e3, "10 µs" 1e4, "100 µs" 1e5, "1 ms" 1e6, "10 ms" 1e7, \
    "100 ms" 1e8, "1 s" 1e9, "10 s" 1e10)
set mxtics 10
set grid x noy back
set xlabel 'from wake to running, one handoff'
base(i) = HEADING + STRIP * i
tall(n) = (STRIP - 0.3) * (log10(n) + 0.25) / (log10(MOST) + 0.25)
digit(d) = substr('⁰¹²³⁴⁵⁶⁷⁸⁹', 1 + d, 1 + d)
every = log10(MOST) > 5 ? 3 : 2
do for [i = 1:N] {
  middle = base(i) - (STRIP - 0.3) / 2
  set label 10 + i NAME[i] at screen (PL[1] * W - 0.85) / W, first middle right tc rgb INK noenhanced
  set arrow 10 + i from graph 0, first base(i) to graph 1, first base(i) nohead lc rgb AXIS lw 0.6 back
  set label 1000 + i CALLS[i] at graph 1, first middle - 0.145 offset 0.8, 0 left font 'Inter:Bold,6.5' tc \
      rgb INK noenhanced
  set label 2000 + i QUANTILES[i] at graph 1, first middle + 0.145 offset 0.8, 0 left font TINY tc rgb MUTE \
      noenhanced
  do for [e = 0:int(log10(MOST)):every] {
    set label 3000 + 20 * i + e ''.(e == 0 ? '1' : '10'.digit(e)) at graph 0, first base(i) - tall(10 ** e) \
        offset -0.5, 0 right font TINY tc rgb MUTE
    set arrow 3000 + 20 * i + e from graph 0, first base(i) - tall(10 ** e) to graph 1, first base(i) - \
        tall(10 ** e) nohead lc rgb GRID lw 0.5 back
  }
}
HOVER = hover('$4 > 0 ? $4 : $5 / 2', 'base($1)', '$5', 'base($1) - tall($6)', '1')
set label 1 'handoffs, by how long they take' at graph 0, first 0.2 left font BOLD tc rgb INK
plot DATA skip 1 using (sqrt(($4 > 0 ? $4 : $5 / 2) * $5)):(base($1)):($4 > 0 ? $4 : $5 / 2):5:(base($1) - \
    tall($6)):(base($1)):(COLOUR[int($1)]) with boxxyerror fc rgb variable lw 0.5 fs transparent solid 0.6 @HOVER
