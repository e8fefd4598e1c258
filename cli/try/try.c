/* heapwait try: one program under each allocator library that is installed, interleaved, side by side.  It is
 * a study whose variants are the same command with another LD_PRELOAD; see study_work.h.  This file takes the
 * options, refuses programs that LD_PRELOAD doesn't reach, and talks. */
#include "analysis/answer/comparison.h"
#include "cli/study/study_work.h"
#include "cli/terminal/arguments.h"
#include "cli/terminal/command.h"
#include "cli/terminal/output.h"
#include "cli/terminal/random.h"
#include "cli/terminal/suggestion.h"
#include "cli/try/try_libraries.h"
#include "cli/try/try_table.h"

#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { LEAST_ROUNDS = 5, /* that are run unless --rounds tells */ EXIT_STOPPED = 128 + SIGINT };

struct try_options {
    const char *output; /* NULL: the recording isn't kept */
    const char *libraries;
    unsigned rounds; /* 0: not given */
    uint64_t timeout_ns, seed;
    bool seed_given, no_probes, help;
    char *const *command;
};

struct
try {
    struct try_options options;
    struct try_libraries libraries;
    struct program program;
    const char *before; /* the environment's LD_PRELOAD; NULL: none */
    struct study_work work;
    char folder[256], file[300]; /* of a recording that isn't kept; "": it is kept */
};

static void usage_print(void)
{
    fputs("usage: heapwait try [OPTION...] -- COMMAND [ARG...]\n"
          "\n"
          "Runs a dynamic program as it is and under each allocator library that is\n"
          "installed (by LD_PRELOAD), in random order, and prints time, waits for malloc's\n"
          "locks and memory side by side.  COMMAND is run many times: with empty stdin, its\n"
          "output is dropped.  It must end by itself, with status 0.\n"
          "\n"
          "      --rounds N            untraced runs of each (5; from 6 on the interval\n"
          "                            of one library reaches 95 %; of several libraries\n"
          "                            as many as judge all at once: 7 of 2, 8 of 4)\n"
          "      --library NAME=FILE   one more library, repeatable\n"
          "      --libraries LIST      only these, with commas between; `none`: only those\n"
          "                            given by --library\n"
          "      --no-probes           no traced runs: waits are not measured\n"
          "  -o, --output FILE         keep the recording, for `explain` and `report`; an\n"
          "                            older one becomes FILE.old\n"
          "      --timeout S           a run that takes longer is killed and counts as\n"
          "                            failed (no limit)\n"
          "      --seed N              of the random order\n"
          "  -h, --help                this text\n"
          "\n"
          "Known libraries:",
          stdout);
    for (const struct allocator *a = allocator_table(); a->name; a++)
        if (a->preload)
            printf(" %s", a->name);
    puts("\n"
         "Exit status: 0; 1 nothing could be compared; 2 wrong usage; 125 heapwait's own\n"
         "failure, or a program that LD_PRELOAD doesn't reach; 126 COMMAND can't be\n"
         "executed; 127 it isn't found; 130 interrupted.");
}

static int number_take(const char *option, const char *text, uint64_t least, uint64_t most, uint64_t *number,
                       struct error *err)
{
    if (argument_number(text, least, most, number))
        return 0;
    return error_set(err, -EINVAL, "%s takes a number from %" PRIu64 " to %" PRIu64 ", not '%s'", option,
                     least, most, text);
}

static int timeout_take(const char *text, uint64_t *ns, struct error *err)
{
    if (argument_seconds(text, 0.001, STUDY_MAX_TIMEOUT_S, ns))
        return 0;
    return error_set(err, -EINVAL, "--timeout takes seconds, up to %d, not '%s'", STUDY_MAX_TIMEOUT_S, text);
}

static const struct option longs[] = {
    {"output", required_argument, NULL, 'o'},
    {"rounds", required_argument, NULL, 'r'},
    {"library", required_argument, NULL, 'l'},
    {"libraries", required_argument, NULL, 'L'},
    {"no-probes", no_argument, NULL, 'n'},
    {"timeout", required_argument, NULL, 't'},
    {"seed", required_argument, NULL, 's'},
    {"help", no_argument, NULL, 'h'},
    {NULL, 0, NULL, 0},
};

static int option_take(struct try *t, int id, char **argv, struct error *err)
{
    struct try_options *o = &t->options;
    char unknown[ARGUMENT_TEXT];
    uint64_t number = 0;
    int rc = 0;
    switch (id) {
    case 'o':
        o->output = optarg;
        return *optarg ? 0 : error_set(err, -EINVAL, "-o takes the name of a file");
    case 'r':
        rc = number_take("--rounds", optarg, 1, STUDY_MAX_REPS, &number, err);
        o->rounds = (unsigned)number;
        return rc;
    case 'l':
        return try_library_given(&t->libraries, optarg, err);
    case 'L':
        o->libraries = optarg;
        return 0;
    case 'n':
        o->no_probes = true;
        return 0;
    case 't':
        return timeout_take(optarg, &o->timeout_ns, err);
    case 's':
        o->seed_given = true;
        return number_take("--seed", optarg, 0, UINT64_MAX, &o->seed, err);
    case 'h':
        o->help = true;
        return 0;
    case ':':
        return error_set(err, -EINVAL, "%s needs a value", argv[optind - 1]);
    default:
        return error_set(err, -EINVAL, "%s", argument_unknown(unknown, argv, longs));
    }
}

static int options_parse(int argc, char **argv, struct try *t, struct error *err)
{
    t->options = (struct try_options){.rounds = 0};
    optind = 0; /* glibc: start afresh */
    opterr = 0;
    int rc = 0, id;
    while (!rc && (id = getopt_long(argc, argv, "+:o:h", longs, NULL)) != -1)
        rc = option_take(t, id, argv, err);
    t->options.command = argv + optind;
    if (!rc && !t->options.help && optind >= argc)
        rc = error_set(err, -EINVAL, "there is no command to run; `heapwait try --help` tells the options");
    if (!rc && optind < argc)
        argument_behind_tell("try", argv, optind, longs);
    return rc;
}

/* Refuses programs that LD_PRELOAD doesn't reach: they would run on without a word, and the comparison would
 * be of noise. */
static int program_refuse(const struct program *p, struct error *err)
{
    if (!p->elf.dynamic)
        return error_set(
            err, -ENOTSUP,
            "'%s' is linked statically: nothing reads LD_PRELOAD in it, so no library can be put under it. "
            "Link another allocator into it instead (in Rust a #[global_allocator], as of the crates "
            "mimalloc "
            "or tikv-jemallocator; in C or C++ the allocator's archive before libc, as `cc ... "
            "libmimalloc.a`) "
            "and compare the builds: heapwait study --variants none --variant own='%s' --variant new=...",
            p->path, p->path);
    if (p->privilege)
        return error_set(
            err, -ENOTSUP,
            "'%s' %s: the dynamic linker ignores LD_PRELOAD in it; try a copy without (`cp '%s' /tmp`)",
            p->path, p->privilege, p->path);
    return 0;
}

/* Looks at the command and finds what can be put under it.  Returns 0 or the exit code. */
static int subject_find(struct try *t, struct error *err)
{
    int rc = program_find(t->options.command[0], &t->program, err);
    if (rc)
        return rc == -ENOENT                     ? EXIT_NOT_FOUND
               : rc == -EACCES || rc == -ENOEXEC ? EXIT_NOT_EXECUTABLE
                                                 : EXIT_HEAPWAIT;
    if (program_refuse(&t->program, err))
        return EXIT_HEAPWAIT;
    rc = try_libraries_find(&t->libraries, t->options.libraries, &t->program.elf, err);
    if (rc)
        return rc == -EINVAL ? EXIT_USAGE : EXIT_HEAPWAIT;
    try_libraries_missing_print(&t->libraries, stderr);
    if (!try_libraries_present(&t->libraries)) {
        error_set(err, -ENOENT,
                  "there is no allocator library to try: install one (on Debian as in `apt-get install %s`), "
                  "or give one by --library NAME=FILE",
                  try_libraries_package());
        return EXIT_HEAPWAIT;
    }
    if (*t->program.script)
        fprintf(stderr, "heapwait: '%s' is a script: '%s' and what it starts run under the libraries\n",
                t->program.script, t->program.path);
    return try_libraries_prove(&t->libraries, &t->program, t->before, err) ? EXIT_HEAPWAIT : EXIT_OK;
}

/* ---- as a study ---- */

/* Adds the variant "LD_PRELOAD=FILE COMMAND...": what a shell would be told, and what --resume reads back. */
static int variant_add(struct try *t, const struct try_library *library, struct error *err)
{
    struct study_variant *v = study_settings_variant_add(&t->work.settings);
    char *preload = library ? try_libraries_preload(library, t->before) : NULL, *assignment = NULL;
    int rc =
        v && (!library || (preload && asprintf(&assignment, "LD_PRELOAD=%s", preload) > 0)) ? 0 : -ENOMEM;
    if (!rc)
        rc = (v->name = strdup(library ? library->name : TRY_BASELINE)) ? 0 : -ENOMEM;
    if (!rc && assignment)
        rc = words_add(&v->words, assignment);
    for (size_t i = 0; t->options.command[i] && !rc; i++)
        rc = words_add(&v->words, t->options.command[i]);
    if (!rc)
        rc = (v->command = words_join(&v->words)) ? 0 : -ENOMEM;
    if (!rc && library && library->effect == PRELOAD_NOT)
        rc = (v->absent_reason = strdup(library->why)) ? 0 : -ENOMEM;
    if (!rc)
        v->given = v->own_threads = true;
    free(preload);
    free(assignment);
    return rc ? error_set(err, rc, "out of memory") : 0;
}

/* Returns how many libraries are compared with the program as it is: the first variant. */
static size_t libraries_of(const struct study_settings *s)
{
    return s->present_count ? s->present_count - 1 : 0;
}

/* Returns as many rounds as judge all libraries at once. */
static unsigned rounds_choose(size_t libraries)
{
    return libraries > 1 ? comparison_rounds_least((double)libraries) : LEAST_ROUNDS;
}

static int settings_fill(struct try *t, struct error *err)
{
    const struct try_options *o = &t->options;
    struct study_settings *s = &t->work.settings;
    uint64_t seed = o->seed;
    int rc = o->seed_given ? 0 : random_seed(&seed);
    if (rc)
        return error_set(err, rc, "can't get a random seed: %s; give one with --seed", strerror(-rc));
    *s = (struct study_settings){
        .seed = seed,
        .timeout_ns = o->timeout_ns,
        .traced_reps = !o->no_probes,
        .threads = {1},
        .thread_count = 1,
    };
    rc = variant_add(t, NULL, err);
    for (size_t i = 0; i < t->libraries.count && !rc; i++)
        if (t->libraries.items[i].path)
            rc = variant_add(t, &t->libraries.items[i], err);
    if (rc)
        return rc;
    if (words_have(&s->variants[0].words, PLACEHOLDER_THREADS) ||
        words_have(&s->variants[0].words, PLACEHOLDER_PASSWORDS))
        return error_set(err, -EINVAL, "{threads} and {passwords} in a command are for `heapwait study`");
    rc = study_settings_variants_part(s);
    s->reps = o->rounds ? o->rounds : rounds_choose(libraries_of(s));
    return rc;
}

/* Gives up the traced runs if there is no privilege for them: the times are still worth having. */
static void probes_give_up(struct try *t)
{
    struct error why = {""};
    if (!t->work.settings.traced_reps || !study_work_probes(&t->work, &why))
        return;
    fprintf(stderr, "heapwait: waits for malloc's locks are not measured: %s\n", why.text);
    t->work.settings.traced_reps = 0;
}

static void plan_announce(const struct try *t)
{
    const struct study_settings *s = &t->work.settings;
    fprintf(stderr, "heapwait: '%s' with", t->options.command[0]);
    for (size_t i = 0; i < s->present_count; i++)
        fprintf(stderr, "%s %s", i ? "," : "", s->variants[i].name);
    fprintf(stderr, ": %u untraced run%s of each, %u traced: %zu runs, seed %" PRIu64 "\n", s->reps,
            s->reps == 1 ? "" : "s", s->traced_reps, t->work.count, s->seed);
    if (libraries_of(s) > 1 && s->reps < rounds_choose(libraries_of(s)))
        fprintf(stderr, "heapwait: %u round%s can't tell %zu comparisons at once; --rounds %u can\n", s->reps,
                s->reps == 1 ? "" : "s", libraries_of(s), rounds_choose(libraries_of(s)));
    for (size_t i = s->present_count; i < s->variant_count; i++)
        fprintf(stderr, "heapwait: warning: %s would not be in effect and is not run: %s\n",
                s->variants[i].name, s->variants[i].absent_reason);
}

/* Chooses where the runs are kept: in the user's file, or one that goes again. */
static int file_choose(struct try *t, struct error *err)
{
    const char *place = getenv("TMPDIR");
    t->work.file = t->options.output;
    if (t->options.output)
        return 0;
    snprintf(t->folder, sizeof(t->folder), "%s/heapwait-try-XXXXXX", place && *place ? place : "/tmp");
    if (!mkdtemp(t->folder)) {
        int rc = -errno;
        error_set(err, rc, "can't make a folder in '%s': %s; name another by TMPDIR, or a file with -o",
                  place && *place ? place : "/tmp", strerror(-rc));
        *t->folder = '\0';
        return rc;
    }
    snprintf(t->file, sizeof(t->file), "%s/try.db", t->folder);
    t->work.file = t->file;
    return 0;
}

static void file_remove(const struct try *t)
{
    if (!*t->folder)
        return;
    unlink(t->file);
    rmdir(t->folder);
}

static int result_print(struct try *t, struct error *err)
{
    bool measured = false;
    recording_close(t->work.recording);
    t->work.recording = NULL;
    int rc = try_table_print(t->work.file, &t->libraries, stdout, 0, &measured, err);
    if (rc)
        return output_failed(err, EXIT_HEAPWAIT);
    if (t->options.output)
        fprintf(stderr, "heapwait: recording: %s (`heapwait explain %s`)\n", t->work.file, t->work.file);
    if (study_loop_tally(t->work.loop)->interrupted)
        return output_end(EXIT_STOPPED);
    return output_end(measured ? EXIT_OK : EXIT_DATA);
}

/* Does all of it.  Returns the exit code. */
static int try_perform(struct try *t, struct error *err)
{
    int code = subject_find(t, err);
    if (code)
        output_failed(err, code);
    if (code == EXIT_NOT_FOUND)
        suggestion_here_tell("try", t->options.command[0]);
    if (code)
        return code;
    int rc = settings_fill(t, err);
    if (rc)
        return output_failed(err, rc == -EINVAL ? EXIT_USAGE : EXIT_HEAPWAIT);
    probes_give_up(t);
    host_facts_read(&t->work.facts, "");
    rc = study_work_prepare(&t->work, err);
    if (!rc)
        rc = file_choose(t, err);
    if (!rc)
        rc = recording_check(t->work.file, err);
    if (!rc)
        rc = study_work_detach(err);
    if (rc)
        return output_failed(err, EXIT_HEAPWAIT);
    plan_announce(t);
    rc = study_work_run(&t->work, err);
    return rc ? output_failed(err, EXIT_HEAPWAIT) : result_print(t, err);
}

int try_main(int argc, char **argv)
{
    struct error err = {""};
    struct try *t = calloc(1, sizeof(*t));
    if (!t)
        return EXIT_HEAPWAIT;
    t->before = getenv("LD_PRELOAD");
    int code = EXIT_OK;
    if (options_parse(argc, argv, t, &err))
        code = output_failed(&err, EXIT_USAGE);
    else if (t->options.help)
        usage_print();
    else
        code = try_perform(t, &err);
    study_work_free(&t->work);
    file_remove(t);
    try_libraries_free(&t->libraries);
    free(t);
    return code;
}
