/* See record_answer.h. */
#include "cli/record/record_answer.h"

#include "analysis/answer/answer_number.h"
#include "analysis/answer/answer_words.h"
#include "analysis/base/text.h"
#include "cli/terminal/screen.h"
#include "cli/terminal/terminal.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define DEFAULT_FILE "heapwait.db"

enum {
    LINES_MOST = 12,
    ROWS_MOST = 6,
    COMMAND_LEAST = 24, /* columns */
    TOLD = 5,           /* percent of the machine that others used */
    BUSY = 25,
    PROGRAM_MOST = 20, /* columns */
    /* What is left out first where the page would be too long; a table's row has its table's rank and more.
     */
    RANK_GAIN = 2,
    RANK_TABLE = 3,
    RANK_LEGEND = 6,
    RANK_BLANK = 7,
};

/* Returns what was lost and how much others used of the machine, malloc'd.  A loss that touches no number is
 * none here. */
static char *circumstances(const struct answer *a)
{
    char *text = NULL, share[64];
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);
    if (!out)
        return NULL;
    const bool calls = a->missing_calls > 0, lost = calls || a->loss_count;
    fputs(lost ? "Lost: " : "lost: nothing", out);
    for (size_t i = 0; i < a->loss_count; i++)
        fprintf(out, "%s%s", i ? "; " : "", a->losses[i] ? a->losses[i] : "?");
    if (calls)
        fprintf(out, "%sat least %s futex call%s missing", a->loss_count ? "; " : "",
                answer_number_count(share, a->missing_calls), a->missing_calls == 1 ? " is" : "s are");
    fputs(lost || !a->note_count ? "." : " here.", out);
    if (100 * a->foreign_share >= TOLD)
        fprintf(out, "  Machine: %s (%s).", 100 * a->foreign_share >= BUSY ? "busy" : "shared",
                answer_number_percent(share, a->foreign_share));
    if (fclose(out)) {
        free(text);
        return NULL;
    }
    return text_clean(text);
}

/* Adds what was run.  The command gives way to the rest of the line, down to COMMAND_LEAST columns. */
static void header_add(struct screen *p, const struct answer *a, unsigned width)
{
    char *size = answer_words_run(a), *rest = circumstances(a), *tail = NULL, *line = NULL;
    char *command = strdup(a->command ? a->command : "?");
    if (asprintf(&tail, "%s%s.  %s", size ? ": " : "", size ? size : "", rest ? rest : "?") < 0)
        tail = NULL;
    const unsigned used = tail ? table_cells_width(tail) : width;
    char *shortened = command ? screen_shorten(text_clean(command),
                                               used + COMMAND_LEAST < width ? width - used : COMMAND_LEAST)
                              : NULL;
    if (tail && shortened && asprintf(&line, "%s%s", shortened, tail) >= 0)
        screen_add(p, 0, "", line, 3);
    free(line);
    free(shortened);
    free(command);
    free(tail);
    free(rest);
    free(size);
}

/* Adds what it would bring, or what malloc's locks cost where they are not the subject. */
static void cost_add(struct screen *p, const struct answer *a)
{
    char *malloc_line = answer_words_malloc(a);
    char *gain = answer_words_gains(a);
    screen_add(p, RANK_GAIN, "  ", gain, a->subject_count > 1 ? 4 : 2);
    screen_add(p, gain && a->cause_count > 1 ? RANK_LEGEND : RANK_GAIN, "  ", malloc_line, 2);
    free(gain);
    free(malloc_line);
}

/* Whether a row tells of something: of malloc, of time, or of calls in vain. */
static bool row_is_shown(const struct answer_row *r)
{
    return r->is_malloc == 1 || !(r->share < 0.005) || r->in_vain >= 1000;
}

/* Returns the functions that wait, and that they are idle where they wait for work; malloc'd. */
static char *by_words(const struct answer_row *r)
{
    const bool idle = r->word == WORD_CONDITION || r->word == WORD_JOIN || r->word == WORD_IDLE;
    char *text = NULL;
    if (!r->by && !idle)
        return NULL;
    return asprintf(&text, "%s%s", r->by ? r->by : "",
                    !idle   ? ""
                    : r->by ? " (idle)"
                            : "(idle)") < 0
               ? NULL
               : text;
}

static void row_add(struct table *t, const struct answer_row *r, bool processes)
{
    char process[160], time[64], share[64], slept[64], vain[64];
    char *name = answer_words_row(r), *by = by_words(r);
    char *program = answer_words_name(r->program),
         *shown = program ? screen_shorten(program, PROGRAM_MOST) : NULL;
    snprintf(process, sizeof(process), "%lld %s", r->tgid, r->program && shown ? shown : "");
    free(shown);
    free(program);
    const bool malloc_row = r->is_malloc == 1;
    const char *kind = malloc_row                ? "malloc's lock"
                       : r->is_malloc < 0        ? "whose?"
                       : r->word == WORD_IDLE    ? "idle"
                       : r->word == WORD_UNKNOWN ? "?"
                                                 : answer_words_role(r->word);
    const char *cells[] = {
        r->tgid >= 0 ? process : "several",
        name ? name : "?",
        kind,
        answer_number_ns(time, r->thread_ns),
        answer_number_percent(share, r->share),
        answer_number_count(slept, r->slept),
        answer_number_count(vain, r->in_vain),
        by ? by : NULL,
    };
    table_add(t, processes ? cells : cells + 1);
    free(by);
    free(name);
}

static void rows_add(struct screen *p, const struct answer *a)
{
    const bool processes = answer_words_processes(a);
    const unsigned aside = processes ? TABLE_WIDE : 0; /* the process takes its room */
    const struct table_column columns[] = {
        {"process", false, 0}, {"what", false, TABLE_SHRINK},
        {"for", false, aside}, {"waited", true, 0},
        {"share", true, 0},    {"slept", true, 0},
        {"in vain", true, 0},  {"by", false, TABLE_SHRINK | aside},
    };
    const size_t count = sizeof(columns) / sizeof(columns[0]);
    struct table *t = table_new(columns + !processes, count - !processes);
    size_t shown = 0;
    for (size_t i = 0; i < a->row_count && shown < ROWS_MOST; i++)
        if (row_is_shown(&a->rows[i])) {
            row_add(t, &a->rows[i], processes);
            shown++;
        }
    if (shown) {
        screen_add_blank(p, RANK_BLANK);
        screen_add_table(p, RANK_TABLE, "  ", t);
        screen_add(p, RANK_LEGEND, "  ",
                   isfinite(a->threads_ns)
                       ? "share: of threads' time; in vain: calls that neither sleep nor wake anybody"
                       : "share: of all waits; in vain: calls that neither sleep nor wake anybody",
                   1);
    }
    table_free(t);
}

/* Adds how to go on.  A recording under its usual name needs none. */
static void next_add(struct screen *p, const struct answer *a, const char *file)
{
    char *saved = NULL, *report = NULL, *name = strdup(file), *command = answer_words_settle(a);
    const bool usual = !strcmp(file, DEFAULT_FILE);
    const char *shown = name ? text_clean(name) : "?", *space = usual ? "" : " ",
               *argument = usual ? "" : shown;
    screen_add(p, 0, a->conclusion == ANSWER_CANNOT_TELL ? "  settles it: " : "  next: ", command, 2);
    if (asprintf(&saved, "saved in %s.  why and how much: heapwait explain%s%s", shown, space, argument) < 0)
        saved = NULL;
    if (asprintf(&report, "as PDF and HTML: heapwait report%s%s", space, argument) < 0)
        report = NULL;
    screen_add(p, 0, "  ", saved, 2);
    screen_add(p, RANK_LEGEND, "  ", report, 2);
    free(report);
    free(command);
    free(name);
    free(saved);
}

void record_answer_write(const struct answer *a, const char *file, FILE *out, unsigned width)
{
    struct screen *p = screen_new(width);
    char *headline = answer_words_headline(a);
    header_add(p, a, width);
    screen_add_blank(p, RANK_BLANK);
    screen_add_strong(p, 0, "  ", headline, 3);
    cost_add(p, a);
    rows_add(p, a);
    next_add(p, a, file);
    screen_print(p, out, LINES_MOST);
    screen_free(p);
    free(headline);
}

void record_answer_print(int fd, const char *file, FILE *out)
{
    struct error err = {""};
    struct database *db = NULL;
    struct answer *answer = NULL;
    int rc = database_open_descriptor(fd, file, &db, &err);
    if (!rc)
        rc = answer_make(db, &answer, &err);
    database_close(db);
    if (rc)
        fprintf(out, "heapwait: %s\nsaved in %s\n", err.text, file);
    else
        record_answer_write(answer, file, out, terminal_width(out));
    answer_free(answer);
}
