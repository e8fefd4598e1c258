/* See typeset.h. */
#include "plots/typeset.h"

#include "analysis/base/text.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int text_open(struct text *t)
{
    *t = (struct text){0};
    t->out = open_memstream(&t->bytes, &t->size);
    return t->out ? 0 : -1;
}

char *text_take(struct text *t)
{
    if (!t->out)
        return NULL;
    const bool failed = ferror(t->out) != 0;
    if (fclose(t->out) != 0 || failed) {
        free(t->bytes);
        t->bytes = NULL;
    }
    char *bytes = t->bytes;
    *t = (struct text){0};
    return bytes;
}

void text_drop(struct text *t)
{
    free(text_take(t));
}

/* Returns the next character (UINT32_MAX: a stray byte), where it starts and how many bytes it has. */
static uint32_t character_next(const char **text, const char **start, size_t *length)
{
    *start = *text;
    const uint32_t c = text_next(text);
    *length = (size_t)(*text - *start);
    return c;
}

static bool is_control(uint32_t c)
{
    return c < 0x20 || c == 0x7f;
}

void text_tsv(FILE *out, const char *field)
{
    const char *start;
    size_t length;
    for (uint32_t c; (c = character_next(&field, &start, &length)) != 0;) {
        if (c == '\t')
            fputs("\\t", out);
        else if (c == '\n')
            fputs("\\n", out);
        else if (c == UINT32_MAX || is_control(c) || c == '"' || c == '\\')
            fprintf(out, "\\x%02x", (unsigned char)*start);
        else
            fwrite(start, 1, length, out);
    }
}

/* Writes bytes as gnuplot's octal escapes, except ASCII's letters.  Digits are escaped, too: gnuplot 5.4
 * takes a fourth one behind an escape for its own. */
static void octal_write(FILE *out, const char *bytes, size_t length)
{
    static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
    for (size_t i = 0; i < length; i++)
        fprintf(out, strchr(plain, bytes[i]) ? "%c" : "\\%03o", (unsigned char)bytes[i]);
}

void text_gnuplot(FILE *out, const char *value)
{
    static const char unknown[] = "\ufffd";
    const char *start;
    size_t length;
    fputc('"', out);
    for (uint32_t c; (c = character_next(&value, &start, &length)) != 0;) {
        if (c == UINT32_MAX)
            octal_write(out, unknown, sizeof(unknown) - 1);
        else if (is_control(c))
            octal_write(out, " ", 1);
        else
            octal_write(out, start, length);
    }
    fputc('"', out);
}

void text_json(FILE *out, const char *value)
{
    const char *start;
    size_t length;
    if (!value) {
        fputs("null", out);
        return;
    }
    fputc('"', out);
    for (uint32_t c; (c = character_next(&value, &start, &length)) != 0;) {
        if (c == UINT32_MAX)
            fputs("\\ufffd", out);
        else if (c == '"' || c == '\\')
            fprintf(out, "\\%c", (char)c);
        else if (is_control(c))
            fprintf(out, "\\u%04x", (unsigned)c);
        else
            fwrite(start, 1, length, out);
    }
    fputc('"', out);
}

void text_base64(FILE *out, const char *bytes, size_t size)
{
    static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    const unsigned char *in = (const unsigned char *)bytes;
    for (size_t i = 0; i < size; i += 3) {
        const size_t left = size - i;
        const uint32_t group =
            (uint32_t)in[i] << 16 | (left > 1 ? (uint32_t)in[i + 1] << 8 : 0) | (left > 2 ? in[i + 2] : 0);
        fputc(letters[group >> 18], out);
        fputc(letters[group >> 12 & 63], out);
        fputc(left > 1 ? letters[group >> 6 & 63] : '=', out);
        fputc(left > 2 ? letters[group & 63] : '=', out);
    }
}

/* Returns Inter's advance width in units of the font's size, by classes of similar letters: exact to a few
 * per cent over a word, which is what a margin needs. */
static double glyph_width(uint32_t c)
{
    static const char *const narrow = "iljI.,:;'|!`";
    static const char *const slim = "frt()[]{}-/\\\" ";
    static const char *const wide = "mwMW@%";
    if (c >= 0x1100 && c < 0x20000 && !(c >= 0x2000 && c < 0x2e80))
        return 1.0; /* CJK */
    if (c >= 0x20000)
        return 1.0; /* more of it, and bytes that aren't UTF-8 */
    if (c >= 0x300 && c < 0x370)
        return 0; /* combining marks */
    if (c >= 0x80)
        return c == 0x202f ? 0.2 : 0.66;
    if (strchr(narrow, (int)c))
        return 0.29;
    if (strchr(slim, (int)c))
        return 0.38;
    if (strchr(wide, (int)c))
        return 0.9;
    return c >= 'A' && c <= 'Z' ? 0.7 : 0.62;
}

/* Returns the width of the first `bytes` bytes. */
static double width_of(const char *utf8, size_t bytes)
{
    double width = 0;
    for (const char *at = utf8; *at && (size_t)(at - utf8) < bytes;)
        width += glyph_width(text_next(&at));
    return width;
}

double text_width(const char *utf8)
{
    return width_of(utf8, SIZE_MAX);
}

static bool starts_character(const char *s)
{
    return ((unsigned char)*s & 0xc0) != 0x80;
}

char *text_fit(const char *utf8, double width)
{
    static const char ellipsis[] = "…";
    if (text_width(utf8) <= width)
        return strdup(utf8);
    const size_t length = strlen(utf8);
    const double half = (width - text_width(ellipsis)) / 2;
    size_t head = 0, tail = length;
    for (size_t i = 0; i <= length; i++)
        if (starts_character(utf8 + i) && width_of(utf8, i) <= half)
            head = i;
    for (size_t i = length; i > head; i--)
        if (starts_character(utf8 + i) && text_width(utf8 + i) <= half)
            tail = i;
    char *fitted = NULL;
    if (asprintf(&fitted, "%.*s%s%s", (int)head, utf8, ellipsis, utf8 + tail) < 0)
        return NULL;
    return fitted;
}
