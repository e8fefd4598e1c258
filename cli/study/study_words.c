/* See study_words.h.  The rules of quoting are those of POSIX sh (2.2 Quoting): nothing is special between
 * single quotes, between double quotes a backslash only takes the meaning from " \ $ and `. */
#include "cli/study/study_words.h"

#include "analysis/base/text.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int words_add(struct words *words, const char *word)
{
    char **grown = realloc(words->items, (words->count + 2) * sizeof(*grown));
    if (!grown)
        return -ENOMEM;
    words->items = grown;
    char *copy = strdup(word);
    if (!copy)
        return -ENOMEM;
    grown[words->count++] = copy;
    grown[words->count] = NULL;
    return 0;
}

void words_free(struct words *words)
{
    for (size_t i = 0; i < words->count; i++)
        free(words->items[i]);
    free(words->items);
    *words = (struct words){0};
}

/* Copies one word from *text to `word`, which is as large as the text, and moves *text behind it.  -EINVAL: a
 * quote is not closed. */
static int word_read(const char **text, char *word)
{
    const char *p = *text;
    char quote = 0;
    while (*p && (quote || (*p != ' ' && *p != '\t'))) {
        if (quote ? *p == quote : *p == '\'' || *p == '"') {
            quote = quote ? 0 : *p;
            p++;
        } else if (*p == '\\' && quote != '\'' && (!quote || (p[1] && strchr("\"\\$`", p[1])))) {
            if (!p[1])
                return -EINVAL;
            *word++ = p[1];
            p += 2;
        } else {
            *word++ = *p++;
        }
    }
    *word = '\0';
    *text = p;
    return quote ? -EINVAL : 0;
}

int words_split(const char *text, struct words *out, struct error *err)
{
    *out = (struct words){0};
    if (text_has_control(text))
        return error_set(err, -EINVAL, "a command must be one line without control characters");
    char *word = malloc(strlen(text) + 1);
    int rc = word ? 0 : -ENOMEM;
    const char *p = text;
    while (!rc) {
        p += strspn(p, " \t");
        if (!*p)
            break;
        rc = word_read(&p, word);
        if (rc)
            error_set(err, rc, "the command has a quote or a backslash with nothing after it: %s", text);
        else
            rc = words_add(out, word);
    }
    free(word);
    if (!rc && words_assignments(out) == out->count)
        rc = error_set(err, -EINVAL,
                       out->count ? "there is no command after the variables" : "the command is empty");
    if (rc == -ENOMEM)
        error_set(err, rc, "out of memory");
    if (rc)
        words_free(out);
    return rc;
}

/* Returns true for NAME=VALUE, with a name as POSIX has it (XBD 3.235), so that "./a=b" is a command. */
static bool word_assigns(const char *word)
{
    static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_0123456789";
    size_t n = strspn(word, letters);
    return n && word[n] == '=' && (*word < '0' || *word > '9');
}

size_t words_assignments(const struct words *words)
{
    size_t n = 0;
    while (n < words->count && word_assigns(words->items[n]))
        n++;
    return n;
}

/* Returns `word` with each `placeholder` replaced by `number`, malloc'd. */
static char *word_replace(const char *word, const char *placeholder, const char *number)
{
    size_t gap = strlen(placeholder), fill = strlen(number), hits = 0;
    for (const char *p = word; (p = strstr(p, placeholder)); p += gap)
        hits++;
    char *out = malloc(strlen(word) + hits * fill + 1), *end = out;
    const char *from = word, *hit;
    while (out && (hit = strstr(from, placeholder))) {
        end = mempcpy(end, from, (size_t)(hit - from));
        end = mempcpy(end, number, fill);
        from = hit + gap;
    }
    if (out)
        memcpy(end, from, strlen(from) + 1);
    return out;
}

static int word_fill(struct words *out, const char *word, const char *threads, const char *passwords)
{
    char *half = word_replace(word, PLACEHOLDER_THREADS, threads);
    char *full = half ? word_replace(half, PLACEHOLDER_PASSWORDS, passwords) : NULL;
    int rc = full ? words_add(out, full) : -ENOMEM;
    free(half);
    free(full);
    return rc;
}

int words_fill(const struct words *source, uint64_t threads, uint64_t passwords, struct words *out)
{
    char t[24], p[24];
    *out = (struct words){0};
    snprintf(t, sizeof(t), "%" PRIu64, threads);
    snprintf(p, sizeof(p), "%" PRIu64, passwords);
    for (size_t i = 0; i < source->count; i++)
        if (word_fill(out, source->items[i], t, p)) {
            words_free(out);
            return -ENOMEM;
        }
    return 0;
}

bool words_have(const struct words *words, const char *placeholder)
{
    for (size_t i = 0; i < words->count; i++)
        if (strstr(words->items[i], placeholder))
            return true;
    return false;
}

static bool word_is_plain(const char *word)
{
    static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789%+,-./:=@_{}";
    return *word && strspn(word, plain) == strlen(word);
}

static void word_print(FILE *out, const char *word)
{
    if (word_is_plain(word)) {
        fputs(word, out);
        return;
    }
    fputc('\'', out);
    for (; *word; word++) {
        if (*word == '\'')
            fputs("'\\''", out);
        else
            fputc(*word, out);
    }
    fputc('\'', out);
}

char *words_join(const struct words *words)
{
    char *line = NULL;
    size_t size;
    FILE *out = open_memstream(&line, &size);
    if (!out)
        return NULL;
    for (size_t i = 0; i < words->count; i++) {
        if (i)
            fputc(' ', out);
        word_print(out, words->items[i]);
    }
    return fclose(out) ? NULL : line;
}
