/* See answer.h.  This file orders the parts of the answer, and frees it. */
#include "analysis/answer/answer.h"

#include "analysis/answer/answer_maker_private.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

int answer_make(struct database *db, struct answer **out, struct error *err)
{
    *out = NULL;
    struct answer_maker m = {.db = db, .err = err, .answer = calloc(1, sizeof(*m.answer))};
    if (!m.answer)
        return error_set(err, -ENOMEM, "out of memory");
    answer_maker_facts(&m);
    answer_maker_words(&m);
    answer_maker_memory(&m);
    answer_maker_spinning(&m);
    answer_maker_sure(&m);
    answer_maker_study(&m);
    answer_maker_conclude(&m);
    answer_facts_free(&m.facts);
    if (m.rc) {
        answer_free(m.answer);
        return m.rc;
    }
    *out = m.answer;
    return 0;
}

static void cause_free(struct answer_cause *c)
{
    free(c->lock);
    free(c->module);
    free(c->allocator);
    free(c->program);
    free(c->mechanism_text);
    for (size_t i = 0; i < c->caller_count; i++)
        free(c->callers[i].function);
    for (size_t i = 0; i < c->holder_count; i++)
        free(c->holders[i].function);
    for (size_t i = 0; i < c->cure_count; i++) {
        free(c->cures[i].what);
        free(c->cures[i].line);
    }
    free(c->callers);
    free(c->holders);
    free(c->cures);
}

static void row_free(struct answer_row *r)
{
    free(r->name);
    free(r->allocator);
    free(r->program);
    free(r->by);
}

static void texts_free(char **texts, size_t count)
{
    for (size_t i = 0; i < count; i++)
        free(texts[i]);
    free(texts);
}

void answer_free(struct answer *a)
{
    if (!a)
        return;
    for (size_t i = 0; i < a->cause_count; i++)
        cause_free(&a->causes[i]);
    for (size_t i = 0; i < a->row_count; i++)
        row_free(&a->rows[i]);
    free(a->causes);
    free(a->rows);
    free(a->reason);
    free(a->changed);
    free(a->settle);
    free(a->command);
    free(a->collector);
    free(a->mode);
    texts_free(a->losses, a->loss_count);
    texts_free(a->notes, a->note_count);
    texts_free(a->not_seen, a->not_seen_count);
    if (a->study) {
        free(a->study->variant);
        free(a->study->baseline);
    }
    free(a->study);
    free(a);
}

/* Whether an earlier subject has a cure of that name. */
static bool is_told(const struct answer *a, size_t subject, const char *what)
{
    for (size_t i = 0; i < subject && what; i++)
        for (size_t k = 0; k < a->causes[i].cure_count; k++)
            if (a->causes[i].cures[k].what && !strcmp(a->causes[i].cures[k].what, what))
                return true;
    return false;
}

const struct answer_cure *answer_cure_at(const struct answer *a, size_t at)
{
    for (size_t i = 0; i < a->subject_count; i++)
        for (size_t k = 0; k < a->causes[i].cure_count; k++)
            if (!is_told(a, i, a->causes[i].cures[k].what) && !at--)
                return &a->causes[i].cures[k];
    return NULL;
}

const char *answer_conclusion_key(enum answer_conclusion c)
{
    static const char *const keys[] = {
        [ANSWER_MALLOC_LOCK] = "malloc_lock", [ANSWER_ALLOCATOR_MEMORY] = "allocator_memory",
        [ANSWER_OWN_LOCK] = "own_lock",       [ANSWER_SPINNING] = "spinning",
        [ANSWER_NOT_A_LOCK] = "not_a_lock",   [ANSWER_CANNOT_TELL] = "cannot_tell",
    };
    return keys[c];
}

const char *answer_instead_key(enum answer_instead i)
{
    static const char *const keys[] = {
        [INSTEAD_NOTHING] = "nothing",
        [INSTEAD_OWN_CODE] = "own_code",
        [INSTEAD_ALLOCATOR_CODE] = "allocator_code",
        [INSTEAD_COPYING] = "copying",
        [INSTEAD_PAGE_FAULTS] = "page_faults",
        [INSTEAD_MEMORY_CALLS] = "memory_calls",
        [INSTEAD_KERNEL] = "kernel",
        [INSTEAD_ASLEEP] = "asleep",
    };
    return keys[i];
}

const char *answer_word_key(enum answer_word w)
{
    static const char *const keys[] = {
        [WORD_UNKNOWN] = "unknown", [WORD_MUTEX] = "mutex", [WORD_CONDITION] = "condition",
        [WORD_JOIN] = "join",       [WORD_IDLE] = "idle",
    };
    return keys[w];
}

const char *answer_mechanism_key(enum answer_mechanism m)
{
    static const char *const keys[] = {
        [MECHANISM_UNKNOWN] = "unknown",
        [MECHANISM_OVERSUBSCRIPTION] = "oversubscription",
        [MECHANISM_PARALLEL] = "parallel",
        [MECHANISM_LONG_HOLDS] = "long_holds",
    };
    return keys[m];
}
