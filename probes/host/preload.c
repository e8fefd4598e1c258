/* See preload.h.  Two facts behind it: a library of the wrong class, or one that can't be loaded, is ignored
 * with a line on stderr and the program runs on with its own malloc; and a program that defines malloc itself
 * comes before every preloaded library.  So nothing is taken for granted: the dynamic linker is asked. */
#include "probes/host/preload.h"

#include "analysis/base/child.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <glob.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static bool fits(const char *path, const struct elf_kind *program)
{
    struct elf_kind library;
    return !elf_kind_read(path, &library) && library.class == program->class &&
           library.machine == program->machine;
}

/* Returns the first file of this pattern that fits the program, malloc'd; NULL: there is none. */
static char *pattern_find(const char *pattern, const struct elf_kind *program)
{
    glob_t files = {0};
    char *found = NULL;
    if (!glob(pattern, 0, NULL, &files))
        for (size_t i = 0; i < files.gl_pathc && !found; i++)
            if (fits(files.gl_pathv[i], program))
                found = strdup(files.gl_pathv[i]);
    globfree(&files);
    return found;
}

static char *folder_find(const char *folder, int length, const char *name, const struct elf_kind *program)
{
    char *pattern = NULL, *found = NULL;
    if (asprintf(&pattern, "%.*s/%s", length, folder, name) >= 0)
        found = pattern_find(pattern, program);
    free(pattern);
    return found;
}

/* Looks in LD_LIBRARY_PATH, which the dynamic linker ignores when secure_getenv() does. */
static char *environment_find(const struct allocator *allocator, const struct elf_kind *program)
{
    const char *list = secure_getenv("LD_LIBRARY_PATH");
    char *found = NULL;
    for (const char *p = list; p && !found;) {
        size_t n = strcspn(p, ":;");
        if (n)
            found = folder_find(p, (int)n, allocator->preload, program);
        p = p[n] ? p + n + 1 : NULL;
    }
    return found;
}

enum { NOT_STARTED = 126 }; /* the dynamic linker exits with others */

/* What the dynamic linker and its tool need by far is less. */
static const struct child_bounds bounds = {
    .cpu_seconds = 60, .data_bytes = UINT64_C(2) << 30, .file_bytes = UINT64_C(1) << 20};

/* In the child: becomes the program, with nothing but `to` as its descriptor `output`. */
static _Noreturn void program_run(const char *path, char *const *argv, char *const *environment, int output,
                                  int to, pid_t parent)
{
    const int nothing = open("/dev/null", O_RDWR | O_CLOEXEC);
    child_bind(parent, SIGKILL);
    child_bound(&bounds);
    for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
        if (dup2(fd == output ? to : nothing, fd) < 0)
            _exit(NOT_STARTED);
    execve(path, argv, environment);
    _exit(NOT_STARTED);
}

/* Starts a program with its descriptor `output` in *out, which program_end() closes.  No shell is involved.
 * Returns its pid; -1: it can't be started. */
static pid_t program_start(const char *path, char *const *argv, char *const *environment, int output,
                           FILE **out)
{
    int fds[2];
    const pid_t parent = getpid();
    if (pipe2(fds, O_CLOEXEC))
        return -1;
    const pid_t pid = fork();
    if (!pid)
        program_run(path, argv, environment, output, fds[1], parent);
    close(fds[1]);
    *out = pid < 0 ? NULL : fdopen(fds[0], "r");
    if (*out)
        return pid;
    close(fds[0]);
    if (pid > 0)
        waitpid(pid, NULL, 0);
    return -1;
}

/* Returns false if it could not be executed. */
static bool program_end(pid_t pid, FILE *out)
{
    int status = 0;
    fclose(out); /* before waiting: a program that writes on gets SIGPIPE */
    while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
        ;
    return !WIFEXITED(status) || WEXITSTATUS(status) != NOT_STARTED;
}

/* Returns the path of a library of this kind that fits, malloc'd, from a line of `ldconfig -p`:
 * "\tlibjemalloc.so.2 (libc6,x86-64) => /lib/x86_64-linux-gnu/libjemalloc.so.2".  NULL: it tells of none. */
static char *cache_line_find(char *line, const struct allocator *allocator, const struct elf_kind *program)
{
    char *name = line + strspn(line, " \t"), *path = strstr(line, " => ");
    line[strcspn(line, "\n")] = '\0';
    name[strcspn(name, " ")] = '\0';
    if (!path || fnmatch(allocator->preload, name, 0) || !fits(path + 4, program))
        return NULL;
    return strdup(path + 4);
}

/* Looks in the dynamic linker's cache.  It is read by its own tool: its format is nobody else's business. */
static char *cache_find(const struct allocator *allocator, const struct elf_kind *program)
{
    static const char *const places[] = {"/sbin/ldconfig", "/usr/sbin/ldconfig"};
    char *argv[] = {(char *)"ldconfig", (char *)"-p", NULL}, *environment[] = {NULL};
    char *line = NULL, *found = NULL;
    size_t size = 0;
    FILE *out = NULL;
    pid_t pid = -1;
    for (size_t i = 0; i < 2 && pid < 0; i++)
        if (!access(places[i], X_OK))
            pid = program_start(places[i], argv, environment, STDOUT_FILENO, &out);
    if (pid < 0)
        return NULL;
    while (!found && getline(&line, &size, out) > 0)
        found = cache_line_find(line, allocator, program);
    free(line);
    program_end(pid, out);
    return found;
}

char *preload_find(const struct allocator *allocator, const struct elf_kind *program)
{
    static const char *const folders[] = {
        "/usr/local/lib",
        "/usr/lib/*-linux-gnu",
        "/lib/*-linux-gnu",
        "/usr/lib64",
        "/lib64",
        "/usr/lib",
        "/lib",
        /* where clang keeps its runtime libraries, which are in no cache */
        "/usr/lib/llvm-*/lib/clang/*/lib/linux",
        "/usr/lib/clang/*/lib/linux",
        "/usr/lib64/clang/*/lib/linux",
    };
    char *found = environment_find(allocator, program);
    if (!found)
        found = cache_find(allocator, program);
    for (size_t i = 0; i < sizeof(folders) / sizeof(folders[0]) && !found; i++)
        found = folder_find(folders[i], (int)strlen(folders[i]), allocator->preload, program);
    return found;
}

/* ---- what malloc is bound to ---- */

struct bindings {
    char by_program[PATH_MAX]; /* the file whose malloc the program itself calls; "": it calls none */
    char by_others[PATH_MAX];  /* the file whose malloc libraries call */
    char complaint[256];       /* of the dynamic linker, about the library */
    bool told;                 /* the dynamic linker understands LD_DEBUG */
};

static bool same_file(const char *a, const char *b)
{
    char real_a[PATH_MAX], real_b[PATH_MAX];
    return realpath(a, real_a) && realpath(b, real_b) && !strcmp(real_a, real_b);
}

/* Returns the text between `start` and `end`, cut out of *line, which then begins behind it; NULL: it is not
 * there. */
static char *part_cut(char **line, const char *start, const char *end)
{
    char *from = strstr(*line, start);
    char *until = from ? strstr(from + strlen(start), end) : NULL;
    if (!until)
        return NULL;
    *until = '\0';
    *line = until + strlen(end);
    return from + strlen(start);
}

/* Takes note of a line such as "binding file FROM [0] to TO [0]: normal symbol `malloc' [GLIBC_2.2.5]"
 * (glibc, elf/dl-lookup.c). */
static void binding_line(struct bindings *b, char *line, const char *program, const char *library)
{
    char *rest = line;
    if (strstr(line, "LD_PRELOAD cannot be preloaded")) {
        line[strcspn(line, "\n")] = '\0';
        snprintf(b->complaint, sizeof(b->complaint), "%s", line);
        return;
    }
    char *from = part_cut(&rest, "binding file ", " ["), *to = from ? part_cut(&rest, "] to ", " [") : NULL;
    if (!to)
        return;
    b->told = true;
    if (!strstr(rest, "symbol `malloc'"))
        return;
    if (same_file(from, program))
        snprintf(b->by_program, sizeof(b->by_program), "%s", to);
    else if (!same_file(from, library) && (!*b->by_others || same_file(to, library)))
        snprintf(b->by_others, sizeof(b->by_others), "%s", to);
}

/* Returns the environment with what makes the dynamic linker bind all symbols, tell and stop; NULL: out of
 * memory.  The array and its first item are to be freed. */
static char **environment_make(const char *preload)
{
    static const char *const fixed[] = {"LD_TRACE_LOADED_OBJECTS=1", "LD_WARN=yes", "LD_BIND_NOW=1",
                                        "LD_DEBUG=bindings"};
    size_t count = 0, n = 0;
    while (environ[count])
        count++;
    char **list = calloc(count + 6, sizeof(*list)), *text = NULL;
    if (!list || asprintf(&text, "LD_PRELOAD=%s", preload) < 0) {
        free(list);
        return NULL;
    }
    list[n++] = text;
    for (size_t i = 0; i < 4; i++)
        list[n++] = (char *)fixed[i];
    for (size_t i = 0; i < count; i++)
        if (strncmp(environ[i], "LD_PRELOAD=", 11) && strncmp(environ[i], "LD_DEBUG", 8))
            list[n++] = environ[i];
    return list;
}

static int bindings_read(const struct program *program, const char *preload, const char *library,
                         struct bindings *b)
{
    char *argv[] = {(char *)program->path, NULL}, *line = NULL, **environment = environment_make(preload);
    size_t size = 0;
    FILE *out = NULL;
    pid_t pid = environment ? program_start(program->path, argv, environment, STDERR_FILENO, &out) : -1;
    while (pid >= 0 && getline(&line, &size, out) > 0)
        binding_line(b, line, program->path, library);
    free(line);
    const bool started = pid >= 0 && program_end(pid, out);
    if (environment)
        free(environment[0]);
    free(environment);
    return started ? 0 : -EIO;
}

int preload_look(const struct program *program, const char *preload, const char *library,
                 enum preload_effect *effect, char *why, size_t size)
{
    struct bindings b = {.told = false};
    *effect = PRELOAD_UNKNOWN;
    snprintf(why, size, "%s", "");
    /* Another dynamic linker might run the program instead of tracing it. */
    if (!strstr(program->elf.loader, "/ld-linux"))
        return 0;
    int rc = bindings_read(program, preload, library, &b);
    if (rc || !b.told)
        return rc;
    const char *bound = *b.by_program ? b.by_program : b.by_others;
    *effect = *bound && same_file(bound, library) ? PRELOAD_TAKES : PRELOAD_NOT;
    if (*effect == PRELOAD_TAKES)
        return 0;
    if (*b.complaint)
        snprintf(why, size, "%s", b.complaint);
    else if (*bound && same_file(bound, program->path))
        snprintf(why, size, "the program has a malloc of its own, which comes first");
    else if (*bound)
        snprintf(why, size, "malloc is that of %s", bound);
    else
        snprintf(why, size, "nothing in the program calls malloc of a library");
    return 0;
}
