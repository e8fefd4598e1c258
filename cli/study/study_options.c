/* See study_options.h. */
#include "cli/study/study_options.h"

#include "cli/study/variants.h"
#include "cli/terminal/arguments.h"

#include <errno.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>

static const char DEFAULT_FILE[] = "heapwait.db";

static int compare_threads(const void *a, const void *b)
{
    unsigned x = *(const unsigned *)a, y = *(const unsigned *)b;
    return (x > y) - (x < y);
}

size_t study_options_threads_tidy(unsigned *threads, size_t count)
{
    size_t kept = 0;
    qsort(threads, count, sizeof(*threads), compare_threads);
    for (size_t i = 0; i < count; i++)
        if (!kept || threads[i] != threads[kept - 1])
            threads[kept++] = threads[i];
    return kept;
}

int study_options_threads(const char *list, unsigned *threads, size_t *count)
{
    char item[16];
    uint64_t number;
    *count = 0;
    for (const char *p = list; p;) {
        size_t n = strcspn(p, ",");
        if (n >= sizeof(item) || *count == STUDY_MAX_THREAD_COUNTS)
            return -EINVAL;
        memcpy(item, p, n);
        item[n] = '\0';
        if (!argument_number(item, 1, STUDY_MAX_THREADS, &number))
            return -EINVAL;
        threads[(*count)++] = (unsigned)number;
        p = p[n] ? p + n + 1 : NULL;
    }
    *count = study_options_threads_tidy(threads, *count);
    return 0;
}

static int given_add(struct study_options *o, const char *text, struct error *err)
{
    const char *equals = strchr(text, '=');
    if (!equals)
        return error_set(err, -EINVAL, "--variant takes NAME=COMMAND, not '%s'", text);
    char *name = strndup(text, (size_t)(equals - text));
    struct given_variant *grown = realloc(o->given, (o->given_count + 1) * sizeof(*grown));
    if (grown)
        o->given = grown;
    if (!name || !grown) {
        free(name);
        return error_set(err, -ENOMEM, "out of memory");
    }
    grown[o->given_count] = (struct given_variant){.name = name, .command = equals + 1};
    for (size_t i = 0; i < o->given_count; i++)
        if (!strcmp(grown[i].name, name)) {
            error_set(err, -EINVAL, "--variant '%s' is given twice", name);
            free(name);
            return -EINVAL;
        }
    o->given_count++;
    if (!variant_name_valid(name))
        return error_set(
            err, -EINVAL,
            "'%s' can't be a variant's name: 1 to 40 printable characters without space , = / \\ ' \"", name);
    return 0;
}

static int reps_parse(const char *text, uint64_t min, int *reps)
{
    uint64_t number = 0;
    if (!argument_number(text, min, STUDY_MAX_REPS, &number))
        return -EINVAL;
    *reps = (int)number;
    return 0;
}

enum option_id {
    OPT_FILE = 'o',
    OPT_HELP = 'h',
    OPT_QUICK = 256,
    OPT_VARIANTS,
    OPT_THREADS,
    OPT_PASSWORDS,
    OPT_REPS,
    OPT_TRACED,
    OPT_LEDGER,
    OPT_VARIANT,
    OPT_TIMEOUT,
    OPT_SEED,
    OPT_RESUME,
    OPT_NO_PROBES,
    OPT_PERF,
};

static const struct option long_options[] = {
    {"output", required_argument, NULL, OPT_FILE},
    {"help", no_argument, NULL, OPT_HELP},
    {"quick", no_argument, NULL, OPT_QUICK},
    {"variants", required_argument, NULL, OPT_VARIANTS},
    {"threads", required_argument, NULL, OPT_THREADS},
    {"passwords", required_argument, NULL, OPT_PASSWORDS},
    {"reps", required_argument, NULL, OPT_REPS},
    {"traced-reps", required_argument, NULL, OPT_TRACED},
    {"variant", required_argument, NULL, OPT_VARIANT},
    {"timeout", required_argument, NULL, OPT_TIMEOUT},
    {"seed", required_argument, NULL, OPT_SEED},
    {"resume", no_argument, NULL, OPT_RESUME},
    {"no-probes", no_argument, NULL, OPT_NO_PROBES},
    {"perf", no_argument, NULL, OPT_PERF},
    {"ledger-reps", required_argument, NULL, OPT_LEDGER},
    {NULL, 0, NULL, 0},
};

static int reps_option(const char *name, bool at_least_one, const char *text, int *reps, struct error *err)
{
    if (!reps_parse(text, at_least_one, reps))
        return 0;
    return error_set(err, -EINVAL, "%s takes a number from %d to %d, not '%s'", name, at_least_one,
                     STUDY_MAX_REPS, text);
}

/* Takes an option with a number; if it is none that is allowed the sentence says what is. */
static int number_option(struct study_options *o, int id, const char *text, struct error *err)
{
    switch (id) {
    case OPT_THREADS:
        if (!study_options_threads(text, o->threads, &o->thread_count))
            return 0;
        return error_set(err, -EINVAL,
                         "--threads takes up to %d numbers from 1 to %d with commas between, not '%s'",
                         STUDY_MAX_THREAD_COUNTS, STUDY_MAX_THREADS, text);
    case OPT_PASSWORDS:
        if (argument_number(text, 1, STUDY_MAX_PASSWORDS, &o->passwords))
            return 0;
        return error_set(err, -EINVAL, "--passwords takes a number from 1 to 1000000000, not '%s'", text);
    case OPT_REPS:
        return reps_option("--reps", true, text, &o->reps, err);
    case OPT_TRACED:
        return reps_option("--traced-reps", false, text, &o->traced_reps, err);
    case OPT_LEDGER:
        return reps_option("--ledger-reps", false, text, &o->ledger_reps, err);
    case OPT_TIMEOUT:
        if (argument_seconds(text, 0.001, STUDY_MAX_TIMEOUT_S, &o->timeout_ns))
            return 0;
        return error_set(err, -EINVAL, "--timeout takes seconds, up to %d, not '%s'", STUDY_MAX_TIMEOUT_S,
                         text);
    default: /* OPT_SEED */
        o->seed_given = true;
        if (argument_number(text, 0, UINT64_MAX, &o->seed))
            return 0;
        return error_set(err, -EINVAL, "--seed takes a number from 0 to 2^64-1, not '%s'", text);
    }
}

static int option_take(struct study_options *o, int id, char **argv, struct error *err)
{
    char unknown[ARGUMENT_TEXT];
    switch (id) {
    case OPT_FILE:
        o->file = optarg;
        return *optarg ? 0 : error_set(err, -EINVAL, "-o takes the name of a file");
    case OPT_HELP:
        o->help = true;
        return 0;
    case OPT_QUICK:
        o->quick = true;
        return 0;
    case OPT_RESUME:
        o->resume = true;
        return 0;
    case OPT_NO_PROBES:
        o->no_probes = true;
        return 0;
    case OPT_PERF:
        o->perf = true;
        return 0;
    case OPT_VARIANTS:
        o->variants = optarg;
        return 0;
    case OPT_VARIANT:
        return given_add(o, optarg, err);
    case ':':
        return error_set(err, -EINVAL, "%s needs a value", argv[optind - 1]);
    case '?':
        return error_set(err, -EINVAL, "%s", argument_unknown(unknown, argv, long_options));
    default:
        return number_option(o, id, optarg, err);
    }
}

static int options_check(const struct study_options *o, struct error *err)
{
    if (o->no_probes && o->traced_reps > 0)
        return error_set(err, -EINVAL, "--no-probes and --traced-reps %d contradict each other",
                         o->traced_reps);
    if (o->no_probes && o->ledger_reps > 0)
        return error_set(err, -EINVAL, "--no-probes and --ledger-reps %d contradict each other",
                         o->ledger_reps);
    if (o->no_probes && o->perf)
        return error_set(err, -EINVAL, "--no-probes and --perf contradict each other");
    if (o->quick && o->passwords)
        return error_set(err, -EINVAL, "--quick chooses the number of passwords: leave one of the two out");
    return 0;
}

int study_options_parse(int argc, char **argv, struct study_options *o, struct error *err)
{
    *o = (struct study_options){.file = DEFAULT_FILE, .reps = -1, .traced_reps = -1, .ledger_reps = -1};
    optind = 0; /* glibc: start afresh */
    opterr = 0;
    int rc = 0, id;
    while (!rc && (id = getopt_long(argc, argv, ":o:h", long_options, NULL)) != -1)
        rc = option_take(o, id, argv, err);
    if (!rc && !o->help && optind < argc)
        rc = error_set(err, -EINVAL, "study takes options only, not '%s'", argv[optind]);
    if (!rc && !o->help)
        rc = options_check(o, err);
    return rc;
}

void study_options_free(struct study_options *o)
{
    for (size_t i = 0; i < o->given_count; i++)
        free(o->given[i].name);
    free(o->given);
    o->given = NULL;
    o->given_count = 0;
}
