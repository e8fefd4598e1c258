/* See page_summary.h. */
#include "plots/page_summary.h"

#include "analysis/answer/answer.h"
#include "analysis/answer/answer_words.h"
#include "analysis/base/number.h"
#include "plots/drawing.h"
#include "plots/html.h"
#include "plots/page_answer.h"
#include "plots/query.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static bool is_of(const char *topic, const char *const *topics)
{
    for (; *topics; topics++)
        if (!strcmp(topic, *topics))
            return true;
    return false;
}

static bool has_any(const struct verdict *v, const char *const *topics)
{
    for (size_t i = 0; i < v->count; i++)
        if (is_of(v->sentences[i].topic, topics))
            return true;
    return false;
}

void page_summary_topics(struct page_parts *parts, const struct verdict *verdict, const char *const *topics)
{
    FILE *out = has_any(verdict, topics) ? page_parts_begin(parts) : NULL;
    if (!out)
        return;
    fputs("<p>", out);
    for (size_t i = 0; i < verdict->count; i++)
        if (is_of(verdict->sentences[i].topic, topics)) {
            html_prose(out, verdict->sentences[i].text);
            fputc(' ', out);
        }
    fputs("</p>\n", out);
    page_parts_end(parts, NULL, NULL);
}

/* Writes a fact, whose number is grouped if it begins with one. */
static void fact_write(FILE *out, const char *fact)
{
    char buffer[32], *rest;
    const unsigned long long number = strtoull(fact, &rest, 10);
    const bool is_count = rest != fact && *rest == ' ' && rest - fact <= 15;
    html_text(out, is_count ? number_count(buffer, number) : "");
    html_text(out, is_count ? rest : fact);
}

/* Writes when, what and where, in one line. */
static int under_write(FILE *out, struct database *db, int64_t epoch, struct error *err)
{
    static const char *const facts[] = {
        "SELECT value || ' passwords' FROM study WHERE key = 'passwords'",
        "SELECT value || iif(value = '1', ' core', ' cores') FROM host WHERE key = 'cores' AND value <> ''",
        "SELECT value FROM host WHERE key = 'cpu_model' AND value <> ''",
        "SELECT 'Linux ' || replace(value, 'Linux ', '') FROM host WHERE key = 'kernel' AND value <> ''",
    };
    const time_t at = (time_t)epoch;
    struct tm tm;
    char date[64];
    size_t said = 0;
    int rc = 0;
    fputs("<p class=\"under\">", out);
    if (epoch > 0 && gmtime_r(&at, &tm) && strftime(date, sizeof date, "%-d %B %Y", &tm))
        said += fputs(date, out) >= 0;
    for (size_t i = 0; rc == 0 && i < sizeof facts / sizeof *facts; i++) {
        char *fact = NULL;
        rc = query_text(db, facts[i], NULL, -1, &fact, err);
        if (fact) {
            fputs(said++ ? " · " : "", out);
            fact_write(out, fact);
        }
        free(fact);
    }
    fputs("</p>\n", out);
    return rc;
}

static void sentences_write(FILE *out, const struct verdict *v, const char *label, const char *const *topics)
{
    if (!has_any(v, topics))
        return;
    fprintf(out, "<dt>%s</dt>\n", label);
    for (size_t i = 0; i < v->count; i++)
        if (is_of(v->sentences[i].topic, topics)) {
            fputs("<dd>", out);
            html_prose(out, v->sentences[i].text);
            fputs("</dd>\n", out);
        }
}

/* What the reader must know before believing the rest. */
static const char *const alarms[] = {"loss", "missing", "noise", NULL};

static void verdict_write(FILE *out, const struct verdict *v)
{
    static const struct {
        const char *label, *topics[3];
    } blocks[] = {
        {"The run", {"run", NULL}},
        {"How much", {"slowdown", NULL}},
        {"Which lock", {"lock", NULL}},
        {"Which calls", {"calls", NULL}},
        {"Where it goes", {"account", NULL}},
        {"What changes it", {"cure", NULL}},
        {"One thread", {"single_thread", NULL}},
    };
    fputs("<section aria-labelledby=\"verdict\"><h2 id=\"verdict\" class=\"unseen\">Verdict</h2>\n<dl "
          "class=\"verdict\">\n",
          out);
    for (size_t i = 0; i < sizeof blocks / sizeof *blocks; i++)
        sentences_write(out, v, blocks[i].label, blocks[i].topics);
    fputs("</dl>\n", out);
    if (has_any(v, alarms)) {
        fputs("<div class=\"warning\" role=\"note\">", out);
        for (size_t i = 0; i < v->count; i++)
            if (is_of(v->sentences[i].topic, alarms)) {
                html_prose(out, v->sentences[i].text);
                fputc(' ', out);
            }
        fputs("</div>\n", out);
    }
    fputs("</section>\n", out);
}

/* Says what the recording has more of than a page shows. */
static void cut_write(FILE *out, const struct lineup *l)
{
    char buffer[32];
    if (!l->variants_cut && !l->threads_cut)
        return;
    fputs("<div class=\"warning\" role=\"note\">Cut: the recording has ", out);
    if (l->variants_cut)
        fprintf(out, "%s more variants", number_count(buffer, l->variants_cut));
    if (l->threads_cut)
        fprintf(out, "%s%s more numbers of threads", l->variants_cut ? ", " : "",
                number_count(buffer, l->threads_cut));
    fputs(", which this report does not show; <code>heapwait explain --json</code> has them.</div>\n", out);
}

/* Writes all of it under the answer's title. */
static int summary_write(FILE *out, struct database *db, const struct answer *answer, const char *title,
                         int64_t epoch, struct error *err)
{
    fputs("<h1>", out);
    html_text(out, title);
    fputs("</h1>\n", out);
    const int rc = under_write(out, db, epoch, err);
    page_answer_write(out, answer);
    return rc;
}

int page_summary_add(struct page_parts *parts, struct database *db, const struct lineup *lineup,
                     const struct verdict *verdict, int64_t epoch, char **title, struct error *err)
{
    struct answer *answer = NULL;
    int rc = answer_make(db, &answer, err);
    if (rc < 0)
        return rc;
    *title = answer_words_title(answer);
    FILE *out = *title ? page_parts_begin(parts) : NULL;
    rc = out ? summary_write(out, db, answer, *title, epoch, err) : -ENOMEM;
    answer_free(answer);
    if (!out)
        return rc;
    verdict_write(out, verdict);
    cut_write(out, lineup);
    page_parts_end(parts, NULL, NULL);
    return rc == 0 && parts->failed ? -ENOMEM : rc;
}
