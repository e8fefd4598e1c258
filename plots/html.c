/* See html.h. */
#include "plots/html.h"

#include "analysis/base/text.h"

#include <ctype.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

static void byte_write(FILE *out, char c)
{
    static const struct {
        char byte;
        const char *as;
    } escapes[] = {{'&', "&amp;"}, {'<', "&lt;"}, {'>', "&gt;"}, {'"', "&quot;"}, {'\'', "&#39;"}};
    for (size_t i = 0; i < sizeof escapes / sizeof *escapes; i++)
        if (c == escapes[i].byte) {
            fputs(escapes[i].as, out);
            return;
        }
    fputc(c, out);
}

static void bytes_write(FILE *out, const char *bytes, size_t length)
{
    for (size_t i = 0; i < length; i++)
        byte_write(out, bytes[i]);
}

void html_text(FILE *out, const char *text)
{
    char *clean = text ? strdup(text) : NULL;
    if (clean)
        bytes_write(out, text_clean(clean), strlen(clean));
    free(clean);
}

void html_name(FILE *out, const char *name)
{
    static const char breaks[] = "_:./+-";
    enum { LONG = 24 };
    char *clean = name ? strdup(name) : NULL;
    size_t word = 0; /* the length of the word that we are in */
    for (const char *c = clean ? text_clean(clean) : ""; *c; c++) {
        if (c == clean || c[-1] == ' ')
            word = strcspn(c, " ");
        byte_write(out, *c);
        if (word > LONG && strchr(breaks, *c) && c[1] && !strchr(breaks, c[1]))
            fputs("<wbr>", out);
    }
    free(clean);
}

/* Returns whether a word is a name that someone gave in a program: it has what no English word has. */
static bool is_code(const char *word, size_t length)
{
    bool letters = false;
    for (size_t i = 0; i < length; i++)
        letters |= isalpha((unsigned char)word[i]) != 0;
    return letters &&
           (memchr(word, '_', length) || memmem(word, length, "0x", 2) || memmem(word, length, "::", 2) ||
            memmem(word, length, "()", 2) || memmem(word, length, ".so", 3) || *word == '/');
}

/* Writes a word, without the punctuation around it in code. */
static void word_write(FILE *out, const char *word, size_t length)
{
    static const char around[] = ".,;:()'\"`";
    size_t from = 0, until = length;
    while (from < until && strchr(around, word[from]))
        from++;
    while (until > from && strchr(around, word[until - 1]))
        until--;
    static const char *const owners[] = {"'s", "’s"}; /* "libc.so.6's" */
    for (size_t i = 0; i < sizeof owners / sizeof *owners; i++) {
        const size_t n = strlen(owners[i]);
        if (until - from > n && !memcmp(word + until - n, owners[i], n))
            until -= n;
    }
    if (until - from >= 2 && word[until] == '(' && until + 1 < length && word[until + 1] == ')')
        until += 2;
    const bool code = is_code(word + from, until - from);
    bytes_write(out, word, from);
    fputs(code ? "<code>" : "", out);
    bytes_write(out, word + from, until - from);
    fputs(code ? "</code>" : "", out);
    bytes_write(out, word + until, length - until);
}

void html_prose(FILE *out, const char *sentence)
{
    char *clean = sentence ? strdup(sentence) : NULL;
    for (const char *at = clean ? text_clean(clean) : ""; *at;) {
        const size_t length = strcspn(at, " ");
        word_write(out, at, length);
        at += length;
        for (; *at == ' '; at++)
            fputc(' ', out);
    }
    free(clean);
}
