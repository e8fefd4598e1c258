/* What a study is: its variants, thread counts, repetitions and seed.  Made from the options and the table of
 * variants, kept in the recording (tables `study` and `variant`), and read back from there by --resume.  The
 * plan (study_plan.h) follows from it alone.
 *
 * int results are 0 or negative errno, with a sentence unless another thing is said. */
#ifndef HEAPWAIT_STUDY_SETTINGS_H
#define HEAPWAIT_STUDY_SETTINGS_H

#include "cli/study/study_options.h"
#include "cli/study/study_plan.h"
#include "cli/study/study_words.h"
#include "cli/study/variants.h"
#include "probes/host/host.h"
#include "probes/recording/recording.h"

#define STUDY_QUICK_PASSWORDS UINT64_C(100000)

struct study_variant {
    char *name;
    int position;                     /* order of presentation, 1-based */
    char *libc, *linkage, *allocator; /* NULL: left to the measurement */
    char *command;                    /* one line, with the placeholders */
    struct words words;               /* the same, split */
    char *absent_reason;              /* NULL: present */
    bool given;                       /* by --variant; else our own program, which must say what it did */
    bool own_threads;                 /* no {threads} in its command */
};

struct study_settings {
    uint64_t seed, timeout_ns;
    uint64_t passwords; /* 0: it is not a study of passwords (`try`) */
    unsigned reps, traced_reps,
        ledger_reps; /* untraced, in mode waits, in mode ledger; the last two may be 0 */
    char *perf_file; /* where perf's samples of a run lie for a while; NULL: no such runs */
    unsigned threads[STUDY_MAX_THREAD_COUNTS];
    size_t thread_count;
    struct study_variant *variants; /* the present ones first: these are the plan's */
    size_t variant_count, present_count;
};

/* Makes *out, which is to be freed with study_settings_free(); after an error there is nothing to free.
 * `table` may be empty (--variants none).  -EINVAL: the user must change something. */
int study_settings_make(const struct study_options *o, const struct variant_list *table,
                        struct study_settings *out, struct error *err);

/* Returns true if the table of variants is needed at all. */
bool study_settings_need_table(const struct study_options *o);

/* Writes the settings into the recording, with `plan_length`, so that a reader can tell an unfinished study.
 */
int study_settings_store(const struct study_settings *s, size_t plan_length, struct recording *r,
                         struct error *err);

/* Reads the settings back from a recording's open file, as study_settings_make(); `path` is its name in the
 * sentences.  -ENODATA: it has no study in it. */
int study_settings_load(int fd, const char *path, struct study_settings *out, struct error *err);

/* Checks that no option which was given says other than the settings; else -EINVAL. */
int study_settings_agree(const struct study_settings *s, const struct study_options *o, struct error *err);

/* Writes what of the machine is not as in the facts of the recording's open file; "" if nothing is. */
void study_settings_host_differs(int fd, const char *path, const struct host_facts *now, char *difference,
                                 size_t size);

/* Returns the plan of the settings, malloc'd, as study_plan_make() and study_plan_kinds() have it; NULL, with
 * a sentence. */
struct plan_cell *study_settings_plan(const struct study_settings *s, size_t *count, size_t *kinds,
                                      struct error *err);

/* Returns how many comparisons the verdict will judge at once (view comparison_family), if every run counts;
 * of two families the larger one, and rather more than fewer: where no variant is called `musl`, any two are
 * compared.  0: there is nothing to compare. */
double study_settings_comparisons(const struct study_settings *s);

void study_settings_free(struct study_settings *s);

/* For study_keep.c and `try`, without a sentence: asks for runs that perf samples; adds a new variant at the
 * end (NULL: out of memory), valid until the next one; moves the present ones to the front. */
int study_settings_perf(struct study_settings *s, const char *recording);
struct study_variant *study_settings_variant_add(struct study_settings *s);
int study_settings_variants_part(struct study_settings *s);

/* Writes "1,2,22". */
void study_settings_threads(const unsigned *threads, size_t count, char *buffer, size_t size);

#endif
