/* See suggestion.h.  The distance is that of optimal string alignment (Damerau, 1964; restricted to one edit
 * of each place), since swapped letters are what a hand does wrong most. */
#include "cli/terminal/suggestion.h"

#include "analysis/base/text.h"
#include "probes/host/process.h"
#include "probes/host/program.h"

#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { LONGEST = 32, SHORT = 4 };

static unsigned least(unsigned a, unsigned b)
{
    return a < b ? a : b;
}

unsigned suggestion_distance(const char *a, const char *b)
{
    const size_t n = strlen(a), m = strlen(b);
    unsigned d[LONGEST + 1][LONGEST + 1]; /* [i][j]: from the first i letters of a to the first j of b */
    if (n > LONGEST || m > LONGEST)
        return UINT_MAX;
    for (unsigned i = 0; i <= n; i++)
        d[i][0] = i;
    for (unsigned j = 0; j <= m; j++)
        d[0][j] = j;
    for (size_t i = 1; i <= n; i++)
        for (size_t j = 1; j <= m; j++) {
            d[i][j] = least(least(d[i - 1][j], d[i][j - 1]) + 1, d[i - 1][j - 1] + (a[i - 1] != b[j - 1]));
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
                d[i][j] = least(d[i][j], d[i - 2][j - 2] + 1);
        }
    return d[n][m];
}

struct suggestion suggestion_begin(const char *meant)
{
    return (struct suggestion){.meant = meant, .distance = UINT_MAX};
}

/* Returns how many edits of a word as long as this are still a slip. */
static unsigned slip_most(const char *meant)
{
    const size_t n = strlen(meant);
    return n <= SHORT ? 1 : n <= (size_t)2 * SHORT ? 2 : 3;
}

void suggestion_offer(struct suggestion *s, const char *word)
{
    const size_t n = strlen(s->meant);
    if (!n)
        return;
    const bool begun = !strncmp(word, s->meant, n);
    const unsigned distance = begun ? 0 : suggestion_distance(s->meant, word);
    /* a word of which no letter would be left was not meant */
    if (distance > slip_most(s->meant) || distance >= n || distance > s->distance)
        return;
    if (distance < s->distance)
        s->count = 0;
    s->distance = distance;
    if (s->count < SUGGESTION_WORDS)
        s->words[s->count++] = word;
}

const char *suggestion_write(const struct suggestion *s, const char *before, char *buffer)
{
    size_t n = 0;
    *buffer = '\0';
    for (size_t i = 0; i < s->count && n < SUGGESTION_TEXT; i++)
        n += (size_t)snprintf(buffer + n, SUGGESTION_TEXT - n, "%s`%s%s`%s",
                              i == 0             ? " (did you mean "
                              : i + 1 < s->count ? ", "
                                                 : " or ",
                              before, s->words[i], i + 1 == s->count ? "?)" : "");
    return buffer;
}

/* Returns true if `path` is a file that this user may execute. */
static bool is_executable(const char *path)
{
    struct stat st;
    return !stat(path, &st) && S_ISREG(st.st_mode) && !access(path, X_OK);
}

void suggestion_here_tell(const char *command, const char *program)
{
    char *path = NULL;
    if (!*program || strchr(program, '/') || program_in_path(program) || asprintf(&path, "./%s", program) < 0)
        return;
    char heapwait[] = "heapwait", end[] = "--", *subcommand = strdup(command);
    char *words[] = {heapwait, subcommand, end, path, NULL};
    char *line = is_executable(path) && subcommand ? process_command_line(words) : NULL;
    if (line)
        fprintf(stderr, "heapwait: there is %s here: `%s`\n", text_clean(path), text_clean(line));
    free(line);
    free(subcommand);
    free(path);
}
