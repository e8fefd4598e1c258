/* One figure in the making: its data (DIR/data/NAME.tsv, for people and for gnuplot), its definitions (what
 * gnuplot must know besides: sizes, names, colours) and its caption.  The files figure_*.c fill it in;
 * rendering is figure.c's.  Texts go to gnuplot as definitions only: never as a command, and never out of the
 * data file, in which gnuplot takes backslashes for escapes of its own.
 *
 * int results are 0 or negative errno, -ENOMEM without a sentence.  Texts that are passed in are copied.
 * Indices count from 0; gnuplot's own are one more. */
#ifndef HEAPWAIT_DRAWING_H
#define HEAPWAIT_DRAWING_H

#include "analysis/base/error.h"
#include "analysis/database.h"
#include "plots/lineup.h"
#include "plots/query.h"
#include "plots/typeset.h"

#include <stdio.h>

/* Sizes in cm, as on paper. */
#define FIGURE_WIDTH 16.0
#define POINT_CM     (2.54 / 72)
#define LABEL_CM     (8 * POINT_CM) /* the font's size: text_width() * LABEL_CM is a width */

struct note {
    size_t panel, row;
    char *text;
    double width;
};

struct drawing {
    struct database *db;
    const struct lineup *lineup;
    FILE *data, *definitions;
    struct text caption;
    struct text missing; /* "NAME (why); NAME (why)": what the figure could not show */
    size_t missing_count;
    struct note *notes; /* notes_add()'s: what stands where data would */
    size_t note_count;
    int64_t runs_least, runs_most; /* numbers of runs behind the medians that are shown */
    double coverage_least;
    size_t rows;      /* of the recording, read by drawing_row() */
    char *undrawable; /* why there is no figure at all, malloc'd; NULL: there is one */
    double height;    /* cm; drawing_panels_define() sets it */
};

/* Steps through the rows that a figure shows, as database_step() does; behind ROWS_DRAWN of them, in the
 * whole figure, there are no more: its caption tells. */
enum { ROWS_DRAWN = 100000 };
int drawing_row(struct drawing *d, sqlite3_stmt *row, struct error *err);

/* Write a gnuplot definition: of a number, a text, an array of `count` items, an item of one. */
void drawing_define_number(struct drawing *d, const char *name, double value);
void drawing_define_text(struct drawing *d, const char *name, const char *value);
void drawing_define_array(struct drawing *d, const char *name, size_t count);
void drawing_define_item(struct drawing *d, const char *name, size_t index, double value);
void drawing_define_item_text(struct drawing *d, const char *name, size_t index, const char *value);

/* Write a line of column names, or a cell: an empty one for NAN, NULL and negative threads.  A tab stands
 * behind a cell, or a newline if it is the `last` of its row. */
void drawing_data_header(struct drawing *d, const char *columns);
void drawing_data_text(struct drawing *d, const char *value, bool last);
void drawing_data_number(struct drawing *d, double value, bool last);
void drawing_data_variant(struct drawing *d, const struct variant *v); /* the whole name or command */
void drawing_data_threads(struct drawing *d, int64_t threads);

/* Notes that the figure has nothing to show; `why` continues "not drawn: ". */
int drawing_refuse(struct drawing *d, const char *why);
enum { MISSING_NAMED = 6 }; /* more are only counted: a caption is not a table */
/* Names, in the caption, a variant that the figure had to leave out, with its thread count unless that is -2.
 */
void drawing_miss(struct drawing *d, const struct variant *v, int64_t threads, const char *why);
/* Sets *why to the reason that this variant has no row of this kind at that thread count, malloc'd; `kind` is
 * "untraced" or "traced". */
int drawing_why(struct drawing *d, const struct variant *v, int64_t threads, const char *kind, char **why,
                struct error *err);

/* Defines the variants as rows of height ROW_CM: N, NAME[], COLOUR[], SOLID[].  Labels are cut to `limit` cm.
 * Returns the label column's width in cm. */
#define ROW_CM 0.44
double drawing_rows_define(struct drawing *d, double limit);

/* Define the panels: arrays PL, PR, PB, PT, their edges as parts of the figure, whose height is `height` cm.
 * Edges are given in cm from the left and the top. */
void drawing_panels_define(struct drawing *d, size_t count, double height);
void drawing_panel_define(struct drawing *d, size_t index, double left, double right, double top,
                          double bottom, double height);

/* Notes a text, "not measured: WHY", that stands where data would; it may take `width` cm.  notes_define()
 * defines all of them: NOTES, NOTE_PANEL[], NOTE_ROW[], NOTE_TEXT[]. */
int notes_add(struct drawing *d, size_t panel, size_t row, double width, const char *why);
void notes_define(struct drawing *d);

/* Writes "22 threads", "one thread" or "its own number of threads". */
void drawing_caption_threads(FILE *out, int64_t threads);
/* Takes note of a median that is shown; drawing_caption_interval() then says of all "medians of 7 runs with
 * their 98.4 % intervals". */
void drawing_caption_note(struct drawing *d, const struct median *m);
void drawing_caption_interval(struct drawing *d);

/* Write a number into a caption, as analysis/base/number.h has it. */
void drawing_say_count(FILE *out, double n);
void drawing_say_ratio(FILE *out, double ratio);
void drawing_say_share(FILE *out, double share);
void drawing_say_rate(FILE *out, double per_password);
void drawing_say_ns(FILE *out, double ns);
void drawing_say_bytes(FILE *out, double bytes);

#endif
