/* See live_words.h.  A word may be met before its process's mappings are known (the kernel's records of them
 * become usable a second late), or before the library that holds it.  So it may have to wait for its name,
 * and a name without evidence is looked for again, a few times. */
#include "probes/run/live_words.h"

#include "probes/host/clock.h"
#include "probes/names/locks.h"
#include "probes/names/naming.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

uint64_t live_calls_all(const struct live_calls *c)
{
    return c->slept + c->eagain + c->empty + c->waking + c->other;
}

enum { STACKS_PER_WORD = 16, TRIES = 5 };
static const uint64_t HOLD_NS = 3000000000;

struct known {
    uint64_t address;
    uint32_t space;
    unsigned tries;
    struct word_name name; /* name.name NULL: not named yet */
    uint64_t offered_ns;   /* when a name was first asked for; 0: never */
};

struct live_words {
    struct naming *naming;
    struct known *items; /* in the order of the table */
    size_t count;
};

struct live_words *live_words_new(void)
{
    struct live_words *w = calloc(1, sizeof(*w));
    if (w && !(w->naming = naming_new())) {
        free(w);
        return NULL;
    }
    return w;
}

void live_words_free(struct live_words *w)
{
    if (!w)
        return;
    for (size_t i = 0; i < w->count; i++)
        word_name_free(&w->items[i].name);
    free(w->items);
    naming_free(w->naming);
    free(w);
}

int live_words_forget_files(struct live_words *w)
{
    return naming_forget_files(w->naming);
}

static int known_compare(const struct known *k, const struct word_key *key)
{
    if (k->space != key->space)
        return k->space < key->space ? -1 : 1;
    return k->address < key->address ? -1 : k->address > key->address;
}

int live_words_keep(struct live_words *w, const struct word_row *rows, size_t count)
{
    struct known *items = calloc(count + 1, sizeof(*items));
    size_t kept = 0, old = 0;
    if (!items)
        return -ENOMEM;
    for (size_t i = 0; i < count; i++) {
        if (kept && !known_compare(&items[kept - 1], &rows[i].key))
            continue;
        while (old < w->count && known_compare(&w->items[old], &rows[i].key) < 0)
            word_name_free(&w->items[old++].name);
        if (old < w->count && !known_compare(&w->items[old], &rows[i].key))
            items[kept++] = w->items[old++];
        else
            items[kept++] = (struct known){.address = rows[i].key.address, .space = rows[i].key.space};
    }
    for (; old < w->count; old++)
        word_name_free(&w->items[old].name);
    free(w->items);
    w->items = items;
    w->count = kept;
    return 0;
}

/* Returns the process's mappings, read from /proc if the kernel's records don't have them yet; NULL: not
 * known. */
static const struct address_space *space_find(struct sideband *sideband, const struct space_info *info)
{
    const struct address_space *space = sideband_space(sideband, info->tgid, info->born_ns);
    if (space && space->mapping_count)
        return space;
    sideband_present(sideband, info->tgid);
    sideband_update(sideband);
    return sideband_space(sideband, info->tgid, info->born_ns);
}

static int word_name(struct live_words *w, struct known *k, const struct address_space *space,
                     const struct session *session, const struct moved_word *moved)
{
    struct stack_value *stacks[STACKS_PER_WORD];
    struct word_facts facts = {
        .address = k->address, .stacks = (const struct stack_value *const *)stacks, .space = space};
    facts.evidence = locks_word_evidence(moved->rows, moved->count, &facts.waited);
    for (size_t i = 0; i < moved->count && facts.stack_count < STACKS_PER_WORD; i++) {
        struct stack_value *stack = session_stack(session, &moved->rows[i].key);
        if (stack)
            stacks[facts.stack_count++] = stack;
    }
    word_name_free(&k->name);
    int rc = naming_word(w->naming, &facts, &k->name);
    for (size_t i = 0; i < facts.stack_count; i++)
        free(stacks[i]);
    k->tries++;
    return rc;
}

/* A word to be named, with what it is named from. */
struct job {
    struct known *known;
    struct moved_word *moved;
    uint64_t calls;
};

static int job_compare(const void *a, const void *b)
{
    uint64_t x = ((const struct job *)a)->calls, y = ((const struct job *)b)->calls;
    return (x < y) - (x > y);
}

/* Returns true if the word has the name that it keeps. */
static bool settled(const struct known *k)
{
    return k->tries == TRIES ||
           (k->name.name && (k->name.whose == WHOSE_MALLOC || strncmp(k->name.evidence, "none", 4)));
}

/* Makes the list of words to be named.  Both lists are in the same order, and each word moved is known; else
 * -EINVAL. */
static int jobs_make(struct live_words *w, struct moved_word *words, size_t count, struct job *jobs)
{
    size_t at = 0;
    for (size_t i = 0; i < count; i++) {
        const struct word_key *key = &words[i].rows[0].key;
        while (at < w->count && known_compare(&w->items[at], key) < 0)
            at++;
        if (at == w->count || known_compare(&w->items[at], key))
            return -EINVAL;
        jobs[i] = (struct job){&w->items[at], &words[i], live_calls_all(&words[i].word.calls)};
    }
    return 0;
}

/* Names the word if it can be named by now; `late`: in any case. */
static int job_do(struct live_words *w, const struct job *j, const struct session *session,
                  struct sideband *sideband, bool late)
{
    const struct address_space *space = j->moved->info.tgid ? space_find(sideband, &j->moved->info) : NULL;
    return space || late ? word_name(w, j->known, space, session, j->moved) : 0;
}

int live_words_name(struct live_words *w, struct session *session, struct sideband *sideband,
                    struct moved_word *words, size_t count, uint64_t budget_ns)
{
    struct job *jobs = calloc(count + 1, sizeof(*jobs));
    int rc = jobs ? jobs_make(w, words, count, jobs) : -ENOMEM;
    if (!rc && count)
        qsort(jobs, count, sizeof(*jobs), job_compare);
    uint64_t now = clock_monotonic_ns();
    for (size_t i = 0; i < count && !rc; i++) {
        struct known *k = jobs[i].known;
        struct live_word *word = &jobs[i].moved->word;
        k->offered_ns = k->offered_ns ? k->offered_ns : now;
        bool late = now - k->offered_ns > HOLD_NS;
        if (!settled(k) && (late || !budget_ns || clock_monotonic_ns() - now < budget_ns))
            rc = job_do(w, &jobs[i], session, sideband, late);
        word->name = k->name.name;
        word->evidence = k->name.evidence;
        word->allocator = k->name.whose == WHOSE_MALLOC ? k->name.allocator : NULL;
    }
    free(jobs);
    return rc;
}
