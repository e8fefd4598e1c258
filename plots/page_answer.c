/* See page_answer.h. */
#include "plots/page_answer.h"

#include "analysis/answer/answer_number.h"
#include "analysis/answer/answer_words.h"
#include "analysis/answer/comparison.h"
#include "plots/drawing.h"
#include "plots/html.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { CURES = 3, CALLERS = 3 }; /* at a glance */

static bool has_interval(const struct estimate *e)
{
    return isfinite(e->low) && isfinite(e->high) && e->low < e->high;
}

/* Writes "2.4 × (2.1–2.7)". */
static void factor_write(FILE *out, const struct estimate *e)
{
    char value[64], low[64], high[64];
    fprintf(out, "%s\u00a0×", answer_number_factor(value, e) ? value : "?");
    if (has_interval(e))
        fprintf(out, " <small>(%s–%s)</small>", answer_number_low(low, e), answer_number_high(high, e));
}

static void line_write(FILE *out, const char *before, const char *text)
{
    fputs("<p>", out);
    fputs(before, out);
    html_prose(out, text);
    fputs(".</p>\n", out);
}

/* Different, the same, or not to be told: what the joint interval says of two times. */
static void outcome_write(FILE *out, const struct answer_study *s)
{
    switch (s->outcome) {
    case COMPARISON_ONE_ROUND:
        fputs("<p>one round: without an interval</p>\n", out);
        break;
    case COMPARISON_FEW_ROUNDS:
        fprintf(out, "<p>can’t be told: %.0f comparisons at once need %u rounds</p>\n", s->comparisons,
                comparison_rounds_least(s->comparisons));
        break;
    case COMPARISON_SAME:
        fputs("<p>the same within 5 %</p>\n", out);
        break;
    case COMPARISON_UNSURE:
        fputs(s->comparisons > 1
                  ? "<p>can’t be told: for all comparisons at once the interval has 1 in it</p>\n"
                  : "<p>can’t be told: the interval has 1 in it</p>\n",
              out);
        break;
    default:
        break;
    }
}

static void study_write(FILE *out, const struct answer_study *s)
{
    fputs("<p class=\"big\">", out);
    factor_write(out, &s->factor);
    fputs("</p>\n<p>", out);
    html_text(out, s->variant);
    fputs(" ", out);
    drawing_say_ns(out, s->variant_ns);
    fputs(", ", out);
    html_text(out, s->baseline);
    fputs(" ", out);
    drawing_say_ns(out, s->baseline_ns);
    fputs(", with ", out);
    drawing_caption_threads(out, s->threads);
    fputs("</p>\n", out);
    outcome_write(out, s);
    if (isfinite(s->alone.value)) {
        fputs("<p>with one thread ", out);
        factor_write(out, &s->alone);
        fputs("</p>\n", out);
    }
}

/* Writes the share of core time of a subject; `name`: which one, where there are several, else NULL. */
static void share_write(FILE *out, const struct answer_cause *c, const char *name)
{
    if (!isfinite(c->cpu_share.value))
        return;
    fputs("<p class=\"big\">", out);
    drawing_say_share(out, c->cpu_share.value);
    if (has_interval(&c->cpu_share)) {
        fputs(" <small>(", out);
        drawing_say_share(out, c->cpu_share.low);
        fputs("–", out);
        drawing_say_share(out, fmin(c->cpu_share.high, 1));
        fputs(")</small>", out);
    }
    fputs("</p>\n<p>of its core time", out);
    if (name) {
        fputs(": <code>", out);
        html_name(out, name);
        fputs("</code>", out);
    }
    fputs("</p>\n", out);
}

static void cost_write(FILE *out, const struct answer *a)
{
    if (!a->subject_count)
        fprintf(out, "<p class=\"big\">%s</p>\n",
                a->conclusion == ANSWER_NOT_A_LOCK ? "no lock’s doing" : "can’t be told");
    for (size_t i = 0; i < a->subject_count; i++) {
        char *name = a->subject_count > 1 ? answer_words_cause_name(&a->causes[i]) : NULL;
        share_write(out, &a->causes[i], name);
        free(name);
    }
    if (a->wall_ns > 0) {
        fputs("<p>it took ", out);
        drawing_say_ns(out, a->wall_ns);
        if (a->threads > 0)
            fprintf(out, ", %.0f thread%s", a->threads, a->threads > 1 ? "s" : "");
        fputs("</p>\n", out);
    }
}

static void much_write(FILE *out, const struct answer *a)
{
    if (a->study)
        study_write(out, a->study);
    else
        cost_write(out, a);
    if (a->subject_count && isfinite(a->causes[0].gain.value)) {
        char *gain = answer_words_gains(a);
        fputs("<p>", out);
        html_prose(out, gain);
        fputs("</p>\n", out);
        free(gain);
    }
}

static void callers_write(FILE *out, const struct answer_cause *c)
{
    if (c->caller_count == 0)
        return;
    fputs("<p>called by ", out);
    for (size_t i = 0; i < c->caller_count && i < CALLERS; i++) {
        fputs(i ? ", <code>" : "<code>", out);
        html_name(out, c->callers[i].function);
        fputs("</code>", out);
    }
    fputs("</p>\n", out);
}

static void subject_write(FILE *out, const struct answer_cause *c)
{
    if (c->lock) {
        fputs("<p><code class=\"big\">", out);
        html_name(out, c->lock);
        fputs("</code></p>\n", out);
    } else if (c->kind == ANSWER_ALLOCATOR_MEMORY) {
        fputs("<p class=\"big\">malloc’s memory calls</p>\n", out);
    }
    if (c->kind != ANSWER_ALLOCATOR_MEMORY && c->calls > 0 && c->in_vain >= 0) {
        fputs("<p>", out);
        drawing_say_share(out, fmin(c->in_vain / c->calls, 1));
        fputs(" of its ", out);
        drawing_say_count(out, c->calls);
        fputs(" calls are in vain: they neither sleep nor wake anybody</p>\n", out);
    }
    if (c->mechanism_text)
        line_write(out, "", c->mechanism_text);
    callers_write(out, c);
}

static void why_write(FILE *out, const struct answer *a)
{
    if (!a->subject_count && a->reason)
        line_write(out, "", a->reason);
    for (size_t i = 0; i < a->subject_count; i++)
        subject_write(out, &a->causes[i]);
}

/* What is said of a measured cure that isn't sure to help. */
static const char *doubt_of(const struct answer_cure *cure)
{
    return cure->outcome == COMPARISON_SHORTER || cure->outcome == COMPARISON_LONGER ? ""
           : cure->outcome == COMPARISON_SAME                                        ? ", the same within 5 %"
                                              : ", can’t tell whether it helps";
}

static void cure_write(FILE *out, const struct answer_cure *cure)
{
    fputs("<li>", out);
    html_prose(out, cure->what);
    fputs(": ", out);
    if (cure->measured && isfinite(cure->factor.value)) {
        fputs("<b>", out);
        factor_write(out, &cure->factor);
        fputs("</b>", out);
        fputs(doubt_of(cure), out);
        if (isfinite(cure->extra_bytes)) {
            fputs(cure->extra_bytes < 0 ? ", −" : ", +", out);
            drawing_say_bytes(out, fabs(cure->extra_bytes));
        }
    } else {
        fputs("<small>not measured here</small>", out);
    }
    if (cure->line) {
        fputs("<details><summary>how</summary><code class=\"lines\">", out);
        for (const char *line = cure->line; *line;) {
            const size_t length = strcspn(line, "\n");
            char *copy = strndup(line, length);
            html_text(out, copy);
            free(copy);
            line += length;
            if (*line) {
                fputs("<br>", out);
                line++;
            }
        }
        fputs("</code></details>", out);
    }
    fputs("</li>\n", out);
}

static void helps_write(FILE *out, const struct answer *a)
{
    const struct answer_cure *cure = answer_cure_at(a, 0);
    if (cure) {
        fputs("<ul>\n", out);
        for (size_t i = 0; i < CURES && (cure = answer_cure_at(a, i)); i++)
            cure_write(out, cure);
        fputs("</ul>\n", out);
    } else if (!a->settle) {
        fputs("<p>nothing that heapwait knows of</p>\n", out);
    }
    if (a->settle) {
        fputs("<p>to find out: <code>", out);
        html_text(out, a->settle);
        fputs("</code></p>\n", out);
    }
}

static void sure_write(FILE *out, const struct answer *a)
{
    size_t said = 0;
    fputs("<p class=\"sure\"><b>How sure:</b> ", out);
    if (a->samples > 0) {
        drawing_say_count(out, a->samples);
        fputs(" samples", out);
        said++;
    }
    char *rounds = answer_words_rounds(a);
    if (rounds)
        fprintf(out, "%s%s", said++ ? "; " : "", rounds);
    free(rounds);
    if (isfinite(a->foreign_share)) {
        fputs(said++ ? "; others used " : "others used ", out);
        drawing_say_share(out, a->foreign_share);
        fputs(" of the CPUs", out);
    }
    for (size_t i = 0; i < a->loss_count; i++) {
        fputs(said++ ? "; " : "", out);
        html_prose(out, a->losses[i]);
    }
    fputs(said ? ". " : "", out);
    for (size_t i = 0; i < a->not_seen_count; i++) {
        fputs(i ? "; " : "Not seen: ", out);
        html_prose(out, a->not_seen[i]);
    }
    fputs(a->not_seen_count ? ".</p>\n" : "</p>\n", out);
}

void page_answer_write(FILE *out, const struct answer *answer)
{
    static const struct {
        const char *title;
        void (*write)(FILE *out, const struct answer *a);
    } boxes[] = {{"How much", much_write}, {"Why", why_write}, {"What helps", helps_write}};
    fputs("<div class=\"boxes\">\n", out);
    for (size_t i = 0; i < sizeof boxes / sizeof *boxes; i++) {
        fprintf(out, "<section><h2>%s</h2>\n", boxes[i].title);
        boxes[i].write(out, answer);
        fputs("</section>\n", out);
    }
    fputs("</div>\n", out);
    sure_write(out, answer);
}
