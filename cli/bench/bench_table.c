/* See bench_table.h. */
#include "cli/bench/bench_table.h"

#include "analysis/base/number.h"
#include "analysis/base/output.h"
#include "cli/terminal/table.h"
#include "probes/host/host.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

/* Returns the largest k (1-based) for which the k-th smallest and k-th largest of n hold the median with 95
 * %; 1 if none does.  Binomial distribution: H. A. David and H. N. Nagaraja, "Order Statistics", 3rd ed.,
 * 7.1. */
static unsigned interval_rank(unsigned n)
{
    double term = pow(0.5, n), below = 0;
    unsigned k = 0;
    while (k < n / 2 && 1 - 2 * (below + term) >= 0.95) {
        below += term;
        term = term * (n - k) / (k + 1);
        k++;
    }
    return k ? k : 1;
}

struct bench_ratio bench_ratio_of(const struct bench_case *c, unsigned method, unsigned rounds)
{
    double ratios[BENCH_ROUNDS];
    struct bench_ratio r = {0};
    for (unsigned i = 0; i < rounds; i++)
        if (c->ns[0][i] > 0 && c->ns[method][i] > 0)
            ratios[r.rounds++] = c->ns[method][i] / c->ns[0][i];
    if (!r.rounds)
        return r;
    unsigned k = interval_rank(r.rounds);
    r.median = number_median(ratios, r.rounds);
    r.low = ratios[k - 1];
    r.high = ratios[r.rounds - k];
    return r;
}

static void cell_format(const struct bench_results *b, unsigned c, unsigned method, char *buffer, size_t size)
{
    struct bench_ratio r = bench_ratio_of(&b->cases[c], method, b->rounds);
    if (r.rounds)
        snprintf(buffer, size, "%.2f (%.2f to %.2f)", r.median, r.low, r.high);
    else
        snprintf(buffer, size, "not measured");
}

void bench_table_pace(const struct pace_counts *p, char *text, size_t size)
{
    int n =
        snprintf(text, size,
                 "A run counts when the machine ran at its best pace just before and just after it: for %llu "
                 "runs that count,\n%llu were thrown away",
                 (unsigned long long)p->runs, (unsigned long long)p->repeated);
    if (p->disturbed && n > 0 && (size_t)n < size)
        snprintf(text + n, size - (size_t)n, "; %llu count although it was slower, for want of better ones",
                 (unsigned long long)p->disturbed);
}

void bench_table_print(const struct bench_results *b, FILE *out)
{
    struct table_column columns[1 + BENCH_CASES] = {{"what looks", false, true}};
    for (unsigned c = 0; c < BENCH_CASES; c++)
        columns[1 + c] = (struct table_column){b->cases[c].title, true, false};
    struct table *t = table_new(columns, 1 + BENCH_CASES);
    for (unsigned m = 0; t && m < BENCH_METHODS; m++) {
        char cells[BENCH_CASES][64];
        for (unsigned c = 0; c < BENCH_CASES; c++)
            cell_format(b, c, m, cells[c], sizeof(cells[c]));
        table_add(t, (const char *const[]){b->methods[m], cells[0], cells[1], cells[2]});
    }
    char pace[256];
    bench_table_pace(&b->pace, pace, sizeof(pace));
    fprintf(out,
            "Time as a ratio to untraced: median and interval of %u interleaved rounds, %u threads. Of each "
            "round the\nmedian of %llu runs (of tools: one, taken as it comes).\n%s.\n"
            "Beside it: what a null system call costs a process that nobody traces.\n\n",
            b->rounds, b->threads, (unsigned long long)b->runs, pace);
    if (t)
        table_print(t, out, 0);
    table_free(t);
}

/* Writes the first line that a tool prints of its version, as Markdown; nothing if it isn't there. */
static void tool_version_write(FILE *f, const char *tool)
{
    char line[128] = "";
    int out[2];
    if (pipe2(out, O_CLOEXEC))
        return;
    pid_t pid = fork();
    if (!pid) {
        dup2(out[1], STDOUT_FILENO);
        execlp(tool, tool, "--version", (char *)NULL);
        _exit(127);
    }
    close(out[1]);
    FILE *in = pid > 0 ? fdopen(out[0], "r") : NULL;
    if (in && fgets(line, sizeof(line), in) && strcspn(line, "|\n"))
        fprintf(f, "| %s | %.*s |\n", tool, (int)strcspn(line, "|\n"), line);
    if (in)
        fclose(in);
    else
        close(out[0]);
    if (pid > 0)
        waitpid(pid, NULL, 0);
}

static void host_write(FILE *f)
{
    static const char *const keys[] = {"started_at",     "kernel",      "machine",      "cpu_model",
                                       "cores",          "hypervisor",  "distribution", "glibc_version",
                                       "libbpf_version", "clocksource", "load_averages"};
    static struct host_facts facts;
    host_facts_read(&facts, "");
    fputs("\n| host | |\n| --- | --- |\n", f);
    for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
        if (host_fact_find(&facts, keys[i]))
            fprintf(f, "| %s | %s |\n", keys[i], host_fact_find(&facts, keys[i]));
    for (size_t i = 0; i < 3; i++)
        tool_version_write(f, (const char *const[]){"perf", "bpftrace", "strace"}[i]);
    fprintf(f, "| null system call, untraced | %llu ns |\n", (unsigned long long)host_null_syscall_ns());
}

int bench_table_writable(const char *path, struct error *err)
{
    char *copy = strdup(path);
    if (!copy)
        return error_set(err, -ENOMEM, "out of memory");
    int rc = access(path, F_OK) ? access(dirname(copy), W_OK | X_OK) : access(path, W_OK);
    struct stat st;
    if (!rc && !stat(path, &st) && S_ISDIR(st.st_mode)) {
        errno = EISDIR;
        rc = -1;
    }
    if (rc)
        rc = error_set(err, -errno, "can't write '%s': %s; name another file", path, strerror(errno));
    free(copy);
    return rc;
}

int bench_table_write(const struct bench_results *b, const char *path, struct error *err)
{
    if (output_refuse_link(AT_FDCWD, path, path, "file", err))
        return -EEXIST;
    const int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0666);
    FILE *f = fd < 0 ? NULL : fdopen(fd, "w");
    if (!f)
        return error_set(err, -errno, "can't write '%s': %s", path, strerror(errno));
    output_give_owner(fd);
    char pace[256];
    bench_table_pace(&b->pace, pace, sizeof(pace));
    fprintf(
        f,
        "# What looking costs\n\n"
        "Written by `./run bench`. The password program with %u threads and %llu "
        "passwords, its own\n"
        "elapsed time, as a ratio to the untraced one of the same round: median and distribution-free "
        "interval of\n"
        "%u interleaved rounds. In a round each method has one turn, in random order: the median of %llu "
        "runs "
        "(of tools:\n"
        "one run). Attaching, detaching and a tool's start are not in the time. The empty programs are the "
        "floor: no probe on the same hooks can cost less.\n"
        "%s; a tool's run is taken as it comes.\n"
        "The last column is what others pay: CPU time of a null system call in a process that nobody traces, "
        "while\n"
        "an idle program is traced beside it. The same in instructions, free of noise: "
        "[instructions.md](instructions.md).\n\n"
        "| what looks |",
        b->threads, (unsigned long long)b->passwords, b->rounds, (unsigned long long)b->runs, pace);
    for (unsigned c = 0; c < BENCH_CASES; c++)
        fprintf(f, " %s |", b->cases[c].title);
    fputs("\n| --- | --- | --- | --- |\n", f);
    for (unsigned m = 0; m < BENCH_METHODS; m++) {
        char cells[BENCH_CASES][64];
        for (unsigned c = 0; c < BENCH_CASES; c++)
            cell_format(b, c, m, cells[c], sizeof(cells[c]));
        fprintf(f, "| %s | %s | %s | %s |\n", b->methods[m], cells[0], cells[1], cells[2]);
    }
    host_write(f);
    int bad = ferror(f) | fclose(f);
    return bad ? error_set(err, -EIO, "can't write '%s': the disk may be full", path) : 0;
}
