/* See answer_json.h.  Numbers have 15 digits: what is written back is the same number on every machine. */
#include "analysis/answer/answer_json.h"

#include "analysis/answer/answer_words.h"
#include "analysis/answer/comparison.h"
#include "analysis/base/text.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* An object or an array in the making. */
struct json {
    FILE *out;
    const char *comma;
};

/* Writes a line's text.  Text of a recording has no control characters after text_clean(). */
static void characters_write(FILE *out, char *line)
{
    for (const char *c = text_clean(line); *c; c++) {
        if (*c == '"' || *c == '\\')
            fputc('\\', out);
        fputc(*c, out);
    }
}

static void string_write(FILE *out, const char *text)
{
    char *copy = text ? strdup(text) : NULL;
    if (!copy) {
        fputs("null", out);
        return;
    }
    fputc('"', out);
    characters_write(out, copy);
    fputc('"', out);
    free(copy);
}

/* Writes text of several lines, parted by '\n', which it keeps. */
static void lines_write(FILE *out, const char *text)
{
    char *copy = text ? strdup(text) : NULL;
    if (!copy) {
        fputs("null", out);
        return;
    }
    fputc('"', out);
    for (char *line = copy, *end; line; line = end) {
        if ((end = strchr(line, '\n')))
            *end++ = '\0';
        characters_write(out, line);
        fputs(end ? "\\n" : "", out);
    }
    fputc('"', out);
    free(copy);
}

static void number_write(FILE *out, double value)
{
    if (isfinite(value))
        fprintf(out, "%.15g", value);
    else
        fputs("null", out);
}

/* Writes a member's name; its value comes behind it. */
static void key(struct json *j, const char *name)
{
    fprintf(j->out, "%s\"%s\": ", j->comma, name);
    j->comma = ", ";
}

static struct json begin(FILE *out, const char *bracket)
{
    fputs(bracket, out);
    return (struct json){out, ""};
}

static void text(struct json *j, const char *name, const char *value)
{
    key(j, name);
    string_write(j->out, value);
}

static void number(struct json *j, const char *name, double value)
{
    key(j, name);
    number_write(j->out, value);
}

/* Writes a count, of which one that is not known is negative. */
static void count(struct json *j, const char *name, long long value)
{
    key(j, name);
    if (value < 0)
        fputs("null", j->out);
    else
        fprintf(j->out, "%lld", value);
}

static void truth(struct json *j, const char *name, bool value)
{
    key(j, name);
    fputs(value ? "true" : "false", j->out);
}

/* Writes an estimate's three numbers; `value_name` is what the first is called. */
static struct json estimate_begin(struct json *j, const char *name, const char *value_name,
                                  const struct estimate *e)
{
    key(j, name);
    struct json o = begin(j->out, "{");
    number(&o, value_name, e->value);
    number(&o, "low", e->low);
    number(&o, "high", e->high);
    return o;
}

static void estimate(struct json *j, const char *name, const struct estimate *e)
{
    estimate_begin(j, name, "value", e);
    fputs("}", j->out);
}

static void texts(struct json *j, const char *name, char *const *list, size_t length)
{
    key(j, name);
    struct json array = begin(j->out, "[");
    for (size_t i = 0; i < length; i++) {
        fputs(array.comma, j->out);
        array.comma = ", ";
        string_write(j->out, list[i] ? list[i] : "");
    }
    fputs("]", j->out);
}

static void functions(struct json *j, const char *name, const struct answer_caller *list, size_t length)
{
    key(j, name);
    fputs("[", j->out);
    for (size_t i = 0; i < length; i++) {
        struct json o = begin(j->out, i ? ", {" : "{");
        text(&o, "function", list[i].function);
        number(&o, "share", list[i].share);
        fputs("}", j->out);
    }
    fputs("]", j->out);
}

static void cures(struct json *j, const struct answer_cause *c)
{
    key(j, "cures");
    fputs("[", j->out);
    for (size_t i = 0; i < c->cure_count; i++) {
        struct json o = begin(j->out, i ? ", {" : "{");
        text(&o, "what", c->cures[i].what);
        key(&o, "line");
        lines_write(o.out, c->cures[i].line);
        truth(&o, "measured", c->cures[i].measured);
        estimate(&o, "factor", &c->cures[i].factor);
        number(&o, "extra_bytes", c->cures[i].extra_bytes);
        text(&o, "outcome", c->cures[i].measured ? comparison_key(c->cures[i].outcome) : NULL);
        fputs("}", j->out);
    }
    fputs("]", j->out);
}

static void cause(FILE *out, const struct answer_cause *c)
{
    struct json j = begin(out, "{");
    text(&j, "kind", answer_conclusion_key(c->kind));
    text(&j, "lock", c->lock);
    text(&j, "module", c->module);
    text(&j, "allocator", c->allocator);
    truth(&j, "owner_known", c->owner_known);
    count(&j, "process", c->tgid);
    text(&j, "program", c->program);
    count(&j, "words", c->words);
    text(&j, "word", answer_word_key(c->word));
    number(&j, "calls", c->calls);
    number(&j, "slept", c->slept);
    number(&j, "eagain", c->eagain);
    number(&j, "empty_wakes", c->empty_wakes);
    number(&j, "waking_wakes", c->waking_wakes);
    number(&j, "in_vain", c->in_vain);
    number(&j, "calls_ns", c->calls_ns);
    number(&j, "kernel_lock_ns", c->kernel_lock_ns);
    estimate(&j, "core_ns", &c->cpu_ns);
    estimate(&j, "share_of_core_time", &c->cpu_share);
    number(&j, "thread_ns", c->thread_ns);
    number(&j, "share_of_thread_time", c->thread_share);
    number(&j, "blocked_ns", c->blocked_ns);
    number(&j, "runnable_ns", c->runnable_ns);
    struct json gain = estimate_begin(&j, "gain_at_most", "factor", &c->gain);
    truth(&gain, "misses_spinning", c->gain_misses_spinning);
    truth(&gain, "bound_alone", answer_words_gain_is_bound(c));
    fputs("}", out);
    text(&j, "mechanism", answer_mechanism_key(c->mechanism));
    text(&j, "mechanism_text", c->mechanism_text);
    functions(&j, "callers", c->callers, c->caller_count);
    functions(&j, "holders", c->holders, c->holder_count);
    cures(&j, c);
    fputs("}", out);
}

static void row(FILE *out, const struct answer_row *r)
{
    struct json j = begin(out, "{");
    text(&j, "name", r->name);
    key(&j, "is_malloc");
    fputs(r->is_malloc < 0 ? "null" : r->is_malloc ? "true" : "false", out);
    text(&j, "allocator", r->allocator);
    count(&j, "process", r->tgid);
    text(&j, "program", r->program);
    count(&j, "words", r->words);
    text(&j, "word", answer_word_key(r->word));
    number(&j, "thread_ns", r->thread_ns);
    number(&j, "share", r->share);
    number(&j, "calls", r->calls);
    number(&j, "slept", r->slept);
    number(&j, "in_vain", r->in_vain);
    text(&j, "by", r->by);
    fputs("}", out);
}

static void part(FILE *out, const struct answer_part *p)
{
    struct json j = begin(out, "{");
    text(&j, "what", p->what);
    text(&j, "label", p->label);
    estimate(&j, "core_ns", &p->ns);
    number(&j, "share", p->share);
    fputs("}", out);
}

static void run(struct json *j, const struct answer *a)
{
    key(j, "run");
    struct json o = begin(j->out, "{");
    text(&o, "command", a->command);
    text(&o, "collector", a->collector);
    text(&o, "mode", a->mode);
    truth(&o, "attached", a->attached);
    number(&o, "wall_ns", a->wall_ns);
    number(&o, "cores", a->cores);
    number(&o, "threads", a->threads);
    number(&o, "core_ns", a->cpu_ns);
    number(&o, "threads_ns", a->threads_ns);
    number(&o, "on_core_share", a->oncpu_share);
    number(&o, "runnable_share", a->runnable_share);
    number(&o, "blocked_share", a->blocked_share);
    number(&o, "futex_share", a->futex_share);
    number(&o, "mmap_lock_share", a->mmap_lock_share);
    number(&o, "probes_ns", a->probes_ns);
    fputs("}", j->out);
}

static void sure(struct json *j, const struct answer *a)
{
    key(j, "sure");
    struct json o = begin(j->out, "{");
    number(&o, "samples", a->samples);
    number(&o, "rounds", a->rounds);
    number(&o, "foreign_share", a->foreign_share);
    number(&o, "missing_calls", a->missing_calls);
    texts(&o, "losses", a->losses, a->loss_count);
    texts(&o, "notes", a->notes, a->note_count);
    fputs("}", j->out);
}

static void study(struct json *j, const struct answer_study *s)
{
    key(j, "study");
    if (!s) {
        fputs("null", j->out);
        return;
    }
    struct json o = begin(j->out, "{");
    text(&o, "variant", s->variant);
    text(&o, "baseline", s->baseline);
    count(&o, "threads", s->threads);
    count(&o, "passwords", s->passwords);
    estimate(&o, "factor", &s->factor);
    number(&o, "variant_ns", s->variant_ns);
    number(&o, "baseline_ns", s->baseline_ns);
    number(&o, "coverage", s->coverage);
    estimate(&o, "alone", &s->alone);
    text(&o, "outcome", comparison_key(s->outcome));
    text(&o, "alone_outcome", comparison_key(s->alone_outcome));
    number(&o, "comparisons", s->comparisons);
    number(&o, "rounds_least", comparison_rounds_least(s->comparisons));
    fputs("}", j->out);
}

void answer_json_write(const struct answer *a, FILE *out)
{
    struct json j = begin(out, "{");
    char *headline = answer_words_headline(a);
    text(&j, "headline", headline);
    free(headline);
    char *title = answer_words_title(a);
    text(&j, "title", title);
    free(title);
    text(&j, "conclusion", answer_conclusion_key(a->conclusion));
    const char *instead = a->instead == INSTEAD_NOTHING ? NULL : answer_instead_key(a->instead);
    text(&j, "instead", instead);
    text(&j, "reason", a->reason);
    text(&j, "settle", a->settle);
    text(&j, "changed", a->changed);
    count(&j, "subjects", (long long)a->subject_count);
    fputs(",\n\"causes\": [", out);
    for (size_t i = 0; i < a->cause_count; i++, fputs(i < a->cause_count ? ",\n" : "", out))
        cause(out, &a->causes[i]);
    fputs("],\n\"rows\": [", out);
    for (size_t i = 0; i < a->row_count; i++, fputs(i < a->row_count ? ",\n" : "", out))
        row(out, &a->rows[i]);
    fputs("],\n\"parts\": [", out);
    for (size_t i = 0; i < a->part_count; i++, fputs(i < a->part_count ? ",\n" : "", out))
        part(out, &a->parts[i]);
    fputs("]", out);
    run(&j, a);
    sure(&j, a);
    texts(&j, "not_seen", a->not_seen, a->not_seen_count);
    study(&j, a->study);
    fputs("}", out);
}
