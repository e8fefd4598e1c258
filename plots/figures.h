/* The figures of the report, in their order.  Each has a file: its query, its data file, its caption; the
 * script of the same name draws it.  Each function fills the drawing from the recording.  0 or negative
 * errno; the sentence is in `err`, but for -ENOMEM. */
#ifndef HEAPWAIT_FIGURES_H
#define HEAPWAIT_FIGURES_H

#include "plots/drawing.h"

int figure_wall(struct drawing *d, struct error *err);
int figure_post(struct drawing *d, struct error *err);
int figure_futex(struct drawing *d, struct error *err);
int figure_waits(struct drawing *d, struct error *err);
int figure_where(struct drawing *d, struct error *err);
int figure_waterfall(struct drawing *d, struct error *err);
int figure_timeline(struct drawing *d, struct error *err);
int figure_handoff(struct drawing *d, struct error *err);
int figure_flame(struct drawing *d, struct error *err); /* the first two variants that have samples... */
int figure_flame_2(struct drawing *d, struct error *err);
int figure_flame_3(struct drawing *d, struct error *err);
int figure_flame_4(struct drawing *d, struct error *err);
int figure_flame_5(struct drawing *d, struct error *err);
int figure_flame_6(struct drawing *d, struct error *err);
int figure_throughput(struct drawing *d, struct error *err);
int figure_memory(struct drawing *d, struct error *err);

#endif
