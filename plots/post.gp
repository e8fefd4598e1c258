# The blog post's times beside ours, as ratios to glibc: a pair of bars per variant, theirs grey above ours.
eval rows_axis
set lmargin at screen PL[1]; set rmargin at screen PR[1]; set bmargin at screen PB[1]; set tmargin at screen \
    PT[1]
set xrange [0:XMAX]
set xtics 0, STEP
set format x '%g'
set xlabel 'time as a multiple of glibc’s: shorter is better'
do for [i = 1:N] { set label 10 + i NAME[i] at first 0, first i offset -0.9, 0 right tc rgb INK noenhanced }
do for [k = 1:NOTES] { set label 100 + k 'here: '.NOTE_TEXT[k] at first 1, first NOTE_ROW[k] + 0.2 offset \
    0.5, 0 left font SMALL tc rgb MUTE noenhanced front boxed }
set arrow 1 from first 1, graph 0 to first 1, graph 1 nohead lc rgb INK lw 0.75 dt (4, 3) front
HALF = 0.16
HOVER = hover('0', '$1 - 0.36', '$4 > $7 ? $4 : $7', '$1 + 0.36', '1')
ms(x) = sprintf('(%s ms)', x < 99.5 ? sprintf('%.3g', x) : group(x))
plot DATA skip 1 using 4:1:(0):4:($1 - 0.2 - HALF):($1 - 0.2 + HALF) with boxxyerror lc rgb OTHER, \
     for [i = 1:N] DATA skip 1 using ($1 == i ? $7 : NaN):1:(0):7:($1 + 0.2 - HALF):($1 + 0.2 + HALF) with \
         boxxyerror fc rgb fill(i) lw 0.8 fs solid 1 border lc rgb COLOUR[i], \
     DATA skip 1 using 7:($1 + 0.2):8:9 with xerrorbars pt 7 ps 0 lc rgb INK lw 0.8, \
     DATA skip 1 using 4:($1 - 0.2):(sprintf('the post  %.2f  %s', $4, ms($3))) with labels left offset 0.5, \
         0 font SMALL tc rgb MUTE, \
     DATA skip 1 using ($9 > $7 ? $9 : $7):($1 + 0.2):(sprintf('here  %.2f  %s', $7, ms($6))) with labels \
         left offset 0.5, 0 font 'Inter:Bold,7' tc rgb INK @HOVER
