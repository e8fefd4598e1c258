/* Recordings with a bit flipped, each in another place: what reads them ends by itself, with one of its own
 * exit statuses, and prints nothing but text. */
#include "tests/analysis/recording_build.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

enum { FLIPS = 12, OUTPUT_MOST = 64 << 20 };

static const char *const forms[][5] = {
    {"heapwait", "explain", NULL},
    {"heapwait", "explain", "--json", NULL},
    {"heapwait", "export", "--folded", NULL},
};
enum { FORMS = sizeof(forms) / sizeof(forms[0]) };

struct bytes {
    unsigned char *data;
    size_t size;
};

static struct bytes file_read(const char *path)
{
    struct bytes b = {NULL, 0};
    struct stat st;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0 || fstat(fd, &st) || !(b.data = malloc((size_t)st.st_size)) ||
        read(fd, b.data, (size_t)st.st_size) != st.st_size) {
        perror(path);
        exit(1);
    }
    b.size = (size_t)st.st_size;
    close(fd);
    return b;
}

/* Returns what the command says of the file at `path`, on both outputs; *status is set as by waitpid(). */
static struct bytes said(const char *const *form, const char *path, int *status)
{
    const char *argv[8] = {NULL};
    size_t n = 0;
    int out = memfd_create("out", MFD_CLOEXEC);
    for (; form[n]; n++)
        argv[n] = form[n];
    argv[n] = path;
    pid_t pid = fork();
    if (!pid) {
        alarm(60); /* a reader that hangs is found by its death */
        dup2(out, STDOUT_FILENO);
        dup2(out, STDERR_FILENO);
        execv(HEAPWAIT, (char *const *)argv);
        _exit(98);
    }
    if (pid < 0 || waitpid(pid, status, 0) != pid) {
        perror("fork");
        exit(1);
    }
    struct stat st;
    struct bytes b = {NULL, 0};
    if (!fstat(out, &st) && st.st_size <= OUTPUT_MOST && (b.data = malloc((size_t)st.st_size + 1)))
        b.size = (size_t)pread(out, b.data, (size_t)st.st_size, 0);
    close(out);
    return b;
}

/* Returns true if the bytes are text that a terminal only shows: no control bytes but line ends and tabs. */
static bool is_text(const struct bytes *b)
{
    for (size_t i = 0; i < b->size; i++)
        if ((b->data[i] < 0x20 && b->data[i] != '\n' && b->data[i] != '\t') || b->data[i] == 0x7f)
            return false;
    return b->data != NULL;
}

/* One of heapwait's own ends: good, bad input, bad usage, its own failure. */
static bool is_own_end(int status)
{
    int code = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
    return code == 0 || code == 1 || code == 2 || code == 125;
}

/* The same places at each run (a linear congruential generator with Knuth's constants for MMIX). */
static size_t place_next(uint64_t *state, size_t below)
{
    *state = *state * 6364136223846793005u + 1442695040888963407u;
    return (size_t)((*state >> 24) % below);
}

static int flips_try(const char *recording, const char *scratch, int *refused)
{
    struct bytes whole = file_read(recording);
    uint64_t state = whole.size;
    int failed = 0;
    for (int i = 0; i < FLIPS; i++) {
        size_t bit = place_next(&state, whole.size * 8);
        whole.data[bit / 8] ^= (unsigned char)(1 << bit % 8);
        int status = 0, fd = open(scratch, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
        if (fd < 0 || write(fd, whole.data, whole.size) != (ssize_t)whole.size) {
            perror(scratch);
            exit(1);
        }
        close(fd);
        whole.data[bit / 8] ^= (unsigned char)(1 << bit % 8);
        struct bytes out = said(forms[i % FORMS], scratch, &status);
        *refused += WIFEXITED(status) && WEXITSTATUS(status) != 0;
        if (!is_own_end(status) || !is_text(&out)) {
            printf("FAILED: %s %s of %s with bit %zu flipped: %s, status %#x\n", forms[i % FORMS][1],
                   forms[i % FORMS][2] ? forms[i % FORMS][2] : "", recording, bit,
                   is_text(&out) ? "text" : "control bytes", (unsigned)status);
            failed = 1;
        }
        free(out.data);
    }
    free(whole.data);
    return failed;
}

int main(void)
{
    static const char *const contents[] = {"study", "record", "ledger_record", "flame"};
    char folder[] = "/tmp/heapwait-flipped-XXXXXX", recording[64], scratch[64], data[512];
    int failed = 0, refused = 0, tried = 0;
    if (!mkdtemp(folder))
        return 1;
    snprintf(recording, sizeof(recording), "%s/whole.db", folder);
    snprintf(scratch, sizeof(scratch), "%s/flipped.db", folder);
    for (size_t i = 0; i < sizeof(contents) / sizeof(contents[0]) && !failed; i++) {
        snprintf(data, sizeof(data), SOURCE "/tests/data/%s.sql", contents[i]);
        failed = sql_run_file(recording, SOURCE "/analysis/schema.sql") || sql_run_file(recording, data) ||
                 flips_try(recording, scratch, &refused);
        tried += FLIPS;
        unlink(recording);
    }
    unlink(scratch);
    rmdir(folder);
    printf("%d recordings with a bit flipped, %d of them refused\n", tried, refused);
    return failed || !refused; /* if none is refused nothing was flipped */
}
