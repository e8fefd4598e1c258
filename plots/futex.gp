# Futex calls on malloc’s locks per password: the sum by outcome, linear; then each outcome, logarithmic.
eval rows_axis
array KIND[4] = ['slept', 'EAGAIN', 'empty wake', 'waking wake']
array WHAT[4] = ['wait that sleeps', 'wait, back at once', 'wakes nobody', 'wakes somebody']
array PAINT[5] = [SLEPT, EAGAIN, EMPTY, WAKING, OTHER]
array ORDER[5] = [3, 2, 1, 4, 5]          # largest first, usually
HOVER = hover('0', '$1 - BAR', 'upto(5)', '$1 + BAR', '1')
set multiplot

set lmargin at screen PL[1]; set rmargin at screen PR[1]; set bmargin at screen PB[1]; set tmargin at screen \
    PT[1]
do for [i = 1:N] { set label 10 + i NAME[i] at first 0, first i offset -0.9, 0 right tc rgb INK noenhanced }
do for [k = 1:NOTES] { set label 100 + k NOTE_TEXT[k] at first 0, first NOTE_ROW[k] offset 0.5, 0 left font \
    SMALL tc rgb MUTE noenhanced front boxed }
set label 1 'all together' at graph 0, graph 1 offset 0, 2.1 left font BOLD tc rgb INK
set label 2 'linear scale' at graph 0, graph 1 offset 0, 1.1 left font SMALL tc rgb MUTE
set label 3 'futex calls per password' at graph 0.5, graph 0 offset 0, -2.1 center tc rgb MUTE
set arrow 1 from first 0, graph 0 to first 0, graph 1 nohead lc rgb AXIS lw 0.75 front
set xrange [0:SUM_MAX]; set xtics 0, SUM_STEP; set format x '%g'
part(k) = k < 1 ? 0 : column(3 + ORDER[k])
upto(k) = k < 1 ? 0 : part(k) + upto(k - 1)
rate(x) = x == 0 ? '0' : x >= 0.0995 ? sprintf('%.2f', x) : x >= 0.00995 ? sprintf('%.3f', x) : x >= 0.00095 \
    ? sprintf('%.4f', x) : power(x)
digit(d) = substr('⁰¹²³⁴⁵⁶⁷⁸⁹', 1 + d, 1 + d)
tenth(x) = floor(log10(x) + 0.0223)      # the exponent after rounding to one digit: 9.5 is 10
power(x) = sprintf('%.0f·10⁻%s', x / 10 ** tenth(x), digit(int(-tenth(x))))
plot for [k = 1:5] DATA skip 1 using (upto(k)):1:(upto(k - 1)):(upto(k)):($1 - BAR):($1 + BAR) with \
    boxxyerror lc rgb PAINT[ORDER[k]], \
     DATA skip 1 using (upto(5)):1:(rate(upto(5))) with labels left offset 0.5, 0 font 'Inter:Bold,7' tc rgb INK @HOVER

unset label
set label 3 'each, logarithmic scale' at screen (PL[2] + PR[5]) / 2, graph 0 offset 0, -2.1 center tc rgb MUTE
NONE = LOW - 2.1                           # where zero stands, in decades
place(x) = x > 0 ? log10(x) : NONE
set xrange [NONE - 0.9 : HIGH + 0.5]
set format x ''
unset xtics
set grid nox
every = int(ceil(0.29 * (HIGH - NONE + 1.4)))    # decades between two numbers on the axis
tic(e) = e == 0 ? '1' : e > 0 ? '10'.digit(e) : '10⁻'.digit(-e)
LEAST = NONE + 1.0; MOST = HIGH + 0.5
half = 0.19 * (MOST - NONE + 0.9)          # half of a number's width, in decades
inside(x) = x < LEAST + half ? LEAST + half : x > MOST - half ? MOST - half : x
HOVER = hover('NONE - 0.5', '$1 - 0.45', 'HIGH + 0.4', '$1 + 0.45', '1')
do for [k = 1:4] {
  if (k == 2) { unset label 3 }
  set lmargin at screen PL[k + 1]; set rmargin at screen PR[k + 1]
  set label 1 KIND[k] at graph 0, graph 1 offset (PAGE ? 2.6 : 1.9), 2.1 left font BOLD tc rgb INK
  set label 4 '■' at graph 0, graph 1 offset 0, 2.1 left font BOLD tc rgb PAINT[k]
  set label 2 WHAT[k] at graph 0, graph 1 offset 0, 1.1 left font SMALL tc rgb MUTE
  set label 20 '0' at first NONE, graph 0 offset 0, -0.9 center tc rgb MUTE font SMALL
  n = 0
  do for [e = int(HIGH):int(LOW):-every] {
    n = n + 1
    set label 20 + n tic(e) at first e, graph 0 offset 0, -0.9 center tc rgb MUTE font SMALL
    set arrow 20 + n from first e, graph 0 to first e, graph 1 nohead lc rgb GRID lw 0.6 back
  }
  set arrow 1 from first NONE + 1.0, graph 0 to first NONE + 1.0, graph 1 nohead lc rgb AXIS lw 0.75 dt (2, \
      3) back
  MIDDLE = (HIGH + LOW) / 2.0
  plot DATA skip 1 using (column(3 + k) > 0 ? place(column(3 + k)) : NaN):1:(NONE + 1.0 - place(column(3 + \
      k))):(0) with vectors nohead lc rgb PAINT[k] lw 1.4, \
       DATA skip 1 using (column(3 + k) > 0 ? place(column(3 + k)) : NaN):1 with points pt 7 ps 0.5 lc rgb \
           PAINT[k], \
       DATA skip 1 using (column(3 + k) == 0 ? NONE : NaN):1 with points pt 6 ps 0.4 lc rgb AXIS lw 0.8, \
       DATA skip 1 using (column(3 + k) > 0 ? inside(place(column(3 + k))) : NaN):1:(rate(column(3 + k))) \
           with labels center offset 0, 0.62 font TINY tc rgb INK @HOVER
}
unset multiplot
