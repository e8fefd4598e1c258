/* What a recording's answer says, for tests that are shell scripts.
 * answer_show FILE: a line "conclusion KEY INSTEAD", a line "run NS", how long it took, a line
 * "others SHARE", what others had of the CPUs, a line "subject KIND"
 * for each cause that is the conclusion, a line "cause KIND LOCK WORD GAIN LOW HIGH" for each cause, the
 * subjects first, and a line "reason TEXT". */
#include "analysis/answer/answer.h"

#include <stdio.h>

static const char *one_word(char *text)
{
    for (char *c = text; c && *c; c++)
        if (*c == ' ')
            *c = '_';
    return text && *text ? text : "-";
}

int main(int argc, char **argv)
{
    struct database *db = NULL;
    struct answer *a = NULL;
    struct error err = {0};
    if (argc != 2 || database_open(argv[1], &db, &err) || answer_make(db, &a, &err)) {
        fprintf(stderr, "answer_show: %s\n", argc != 2 ? "wants a FILE" : err.text);
        database_close(db);
        return 1;
    }
    printf("conclusion %s %s\n", answer_conclusion_key(a->conclusion), answer_instead_key(a->instead));
    printf("run %.0f\nothers %.3f\n", a->wall_ns, a->foreign_share);
    for (size_t i = 0; i < a->subject_count; i++)
        printf("subject %s\n", answer_conclusion_key(a->causes[i].kind));
    for (size_t i = 0; i < a->cause_count; i++) {
        const struct answer_cause *c = &a->causes[i];
        printf("cause %s %s %s %.4f %.4f %.4f\n", answer_conclusion_key(c->kind), one_word(c->lock),
               answer_word_key(c->word), c->gain.value, c->gain.low, c->gain.high);
    }
    printf("reason %s\n", a->reason ? a->reason : "-");
    answer_free(a);
    database_close(db);
    return 0;
}
