/* See answer_markdown.h.  CommonMark, sections 2.4 (backslash escapes) and 6.1 (code spans); mentions,
 * numbers of issues and bare links are GitHub's and GitLab's additions, which a character of no width takes
 * apart. */
#include "analysis/answer/answer_markdown.h"

#include "analysis/answer/answer_number.h"
#include "analysis/answer/answer_words.h"
#include "analysis/base/text.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#define NO_WIDTH "&#8203;"

static bool is_from(char c, const char *set)
{
    return c && strchr(set, c);
}

/* Whether a link would begin behind this character: "www." or "http://". */
static bool begins_link(const char *text, const char *c)
{
    return (*c == ':' && c[1] == '/') || (*c == '.' && c - text >= 3 && !strncmp(c - 3, "www", 3));
}

static void text_write(FILE *out, const char *text)
{
    for (const char *c = text; *c; c++) {
        if (is_from(*c, "\\`*_{}[]<>#|~&!"))
            fputc('\\', out);
        fputc(*c, out);
        if (is_from(*c, "@#") || begins_link(text, c))
            fputs(NO_WIDTH, out);
    }
}

/* Returns the longest row of backticks. */
static size_t ticks_most(const char *text)
{
    size_t most = 0;
    for (size_t n; *text; text += n + (n == 0)) {
        n = strspn(text, "`");
        most = n > most ? n : most;
    }
    return most;
}

/* Writes text as code: its fence is longer than any row of backticks in it. */
static void code_write(FILE *out, const char *text)
{
    const size_t fence = ticks_most(text) + 1;
    const char *space = fence > 1 ? " " : "";
    for (size_t i = 0; i < fence; i++)
        fputc('`', out);
    fprintf(out, "%s%s%s", space, text, space);
    for (size_t i = 0; i < fence; i++)
        fputc('`', out);
}

static void sure_write(FILE *out, const struct answer *a)
{
    char *text = answer_words_sure(a);
    fputs("- **How sure:** ", out);
    text_write(out, text ? text : "not known");
    fputc('\n', out);
    free(text);
}

/* Writes the first line: the conclusion bold, up to its first mark. */
static void headline_write(FILE *out, const struct answer *a)
{
    char *line = answer_words_headline(a), *rest = line ? line + strcspn(line, ".:") : NULL;
    const char mark[] = {rest ? *rest : '.', '\0'};
    if (rest && *rest)
        *rest++ = '\0';
    fputs("**", out);
    text_write(out, line ? line : "?");
    fprintf(out, "%s** ", mark);
    text_write(out, rest ? rest + strspn(rest, " ") : "");
    fputc('\n', out);
    free(line);
}

static void run_write(FILE *out, const struct answer *a)
{
    char number[64], *command = answer_words_name(a->command);
    fputs("- **Run:** ", out);
    code_write(out, command ? command : "?");
    if (answer_number_ns(number, a->wall_ns))
        fprintf(out, ", %s", number);
    if (answer_number_count(number, a->threads))
        fprintf(out, ", %s thread%s", number, a->threads == 1 ? "" : "s");
    if (answer_number_cores(number, a->cores))
        fprintf(out, " on %s core%s", number, a->cores == 1 ? "" : "s");
    if (a->cpu_ns > 0 && answer_number_ns(number, a->cpu_ns))
        fprintf(out, ", %s of CPU time", number);
    fputc('\n', out);
    free(command);
}

/* Writes the cause's name before what is told of it, where several causes are the subject. */
static void name_write(FILE *out, const struct answer *a, const struct answer_cause *c)
{
    char *name = a->subject_count > 1 ? answer_words_cause_name(c) : NULL;
    if (c != a->causes)
        fputs("; ", out);
    if (name) {
        text_write(out, name);
        fputs(": ", out);
    }
    free(name);
}

/* Writes what the subjects cost; where there is none, what malloc's locks do. */
static void cost_write(FILE *out, const struct answer *a)
{
    char *malloc_cost = a->subject_count ? NULL : answer_words_malloc(a), *gain = answer_words_gains(a);
    fputs("- **Cost:** ", out);
    if (!a->subject_count)
        text_write(out, malloc_cost ? malloc_cost : "not known");
    for (size_t i = 0; i < a->subject_count; i++) {
        char *cost = answer_words_cost(a, &a->causes[i]);
        name_write(out, a, &a->causes[i]);
        text_write(out, cost ? cost : "not known");
        free(cost);
    }
    free(malloc_cost);
    if (gain) {
        fputs(". ", out);
        text_write(out, gain);
    }
    fputc('\n', out);
    free(gain);
}

/* Writes the locks by their names and calls: the subjects, else the one that costs most. */
static void lock_write(FILE *out, const struct answer *a)
{
    fputs("- **Lock:** ", out);
    if (!a->cause_count)
        fputs("none was seen", out);
    for (size_t i = 0; i < a->cause_count && (!i || i < a->subject_count); i++) {
        const struct answer_cause *c = &a->causes[i];
        char *what = answer_words_cause(a, c), *calls = answer_words_calls(c);
        fputs(i ? "; " : "", out);
        text_write(out, what ? what : "?");
        if (calls) {
            fputs(": ", out);
            text_write(out, calls);
        }
        free(calls);
        free(what);
    }
    fputc('\n', out);
}

/* Writes what makes the calls, and which functions of the program do. */
static void why_write(FILE *out, const struct answer *a)
{
    fputs("- **Why:** ", out);
    if (!a->subject_count)
        fputs("not known", out);
    for (size_t i = 0; i < a->subject_count; i++) {
        const struct answer_cause *c = &a->causes[i];
        char *callers = answer_words_callers(c->callers, c->caller_count, 3);
        name_write(out, a, c);
        text_write(out, c->mechanism_text ? c->mechanism_text : "not known");
        if (callers) {
            fputs("; called by ", out);
            text_write(out, callers);
        }
        free(callers);
    }
    fputc('\n', out);
}

/* Writes what the core time went to, where it is no lock that it went to. */
static void parts_write(FILE *out, const struct answer *a)
{
    char share[64];
    fputs("- **CPU time:** ", out);
    if (!a->part_count)
        fputs("what it went to is not known", out);
    for (size_t i = 0, written = 0; i < a->part_count; i++)
        if (a->parts[i].share >= 0.005 && answer_number_percent(share, a->parts[i].share)) {
            fputs(written++ ? "; " : "", out);
            fprintf(out, "%s ", share);
            text_write(out, a->parts[i].label ? a->parts[i].label : "?");
        }
    fputc('\n', out);
}

/* Writes those of the cures that were measured, or those that weren't.  Returns how many. */
static size_t cures_write(FILE *out, const struct answer *a, bool measured, size_t before)
{
    enum { CURES_MOST = 4 };
    size_t written = 0;
    const struct answer_cure *c;
    for (size_t i = 0; (c = answer_cure_at(a, i)) && before + written < CURES_MOST; i++) {
        if (c->measured != measured)
            continue;
        char *cure = measured ? answer_words_cure(c) : answer_words_name(c->what);
        fputs(written               ? "; "
              : !measured && before ? "; not measured here: "
              : !measured           ? "not measured here: "
                                    : "",
              out);
        text_write(out, cure ? cure : "?");
        free(cure);
        written++;
    }
    return written;
}

static void helps_write(FILE *out, const struct answer *a)
{
    fputs("- **Helps:** ", out);
    if (!answer_cure_at(a, 0))
        fputs("not known", out);
    else
        cures_write(out, a, false, cures_write(out, a, true, 0));
    fputc('\n', out);
}

/* Writes the command that would settle it, or goes on from here. */
static void next_write(FILE *out, const struct answer *a)
{
    char *settle = answer_words_settle(a);
    fputs("- **Next:** ", out);
    if (settle)
        code_write(out, settle);
    else
        fputs("`heapwait explain`", out);
    fputc('\n', out);
    free(settle);
}

/* Writes how to see it again.  A command that was attached to can't be run. */
static void repeat_write(FILE *out, const struct answer *a)
{
    const bool usual = !a->mode || !strcmp(a->mode, "profile");
    char *line = NULL;
    fputs("- **To repeat:** ", out);
    if (a->attached || a->study || !a->command ||
        asprintf(&line, "heapwait record%s%s -- %s && heapwait explain", usual ? "" : " -m ",
                 usual ? "" : a->mode, a->command) < 0) {
        line = NULL;
        code_write(out,
                   a->study ? "heapwait study && heapwait explain" : "heapwait record -p PID --duration 10");
    } else
        code_write(out, text_clean(line));
    fputc('\n', out);
    free(line);
}

void answer_markdown_write(const struct answer *a, FILE *out)
{
    headline_write(out, a);
    run_write(out, a);
    cost_write(out, a);
    lock_write(out, a);
    if (a->conclusion != ANSWER_NOT_A_LOCK && a->conclusion != ANSWER_CANNOT_TELL) {
        why_write(out, a);
        helps_write(out, a);
    } else {
        parts_write(out, a);
        next_write(out, a);
    }
    sure_write(out, a);
    repeat_write(out, a);
}
