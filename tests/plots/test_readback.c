/* Anyone's text on its way through gnuplot, and back from a data file: a thousand random strings, of the
 * characters above all that mean something to one of the formats.  Nothing may be lost, shifted or executed.
 */
#include "analysis/base/text.h"
#include "plots/folder.h"
#include "plots/tool.h"
#include "plots/typeset.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

enum { STRINGS = 1000, LONGEST = 40 };

struct strings {
    struct folder *own;
    char folder[64];
    char text[STRINGS][LONGEST * 4 + 1];
};

static uint32_t seed = 20260101;

static uint32_t next_random(uint32_t below)
{
    seed = seed * 1664525u + 1013904223u;
    return (seed >> 8) % below;
}

/* Half of the pieces are those that some format takes for its own, the others any byte but NUL. */
static void string_make(char *to)
{
    static const char *const pieces[] = {"'",
                                         "''",
                                         "''''",
                                         "\"",
                                         "\\",
                                         "\\\\",
                                         "`",
                                         "@",
                                         "{",
                                         "}",
                                         "^",
                                         "_",
                                         "%",
                                         "%s",
                                         "$",
                                         "#",
                                         "\t",
                                         "\n",
                                         "\r",
                                         "\x1b[31m",
                                         "~",
                                         "&",
                                         "\\n",
                                         "\\101",
                                         "\\x22",
                                         " ",
                                         "ä",
                                         "日",
                                         "𝄞",
                                         "\xff",
                                         "\xc3",
                                         "\xed\xa0\x80",
                                         "`touch pwned`",
                                         "$(touch pwned)",
                                         "@DATA",
                                         "{/Bold x}",
                                         "\xe2\x80\xa8"};
    const uint32_t count = next_random(LONGEST / 4) + (next_random(20) != 0);
    *to = '\0';
    for (uint32_t i = 0; i < count; i++) {
        const char byte[2] = {(char)(1 + next_random(255)), '\0'};
        strcat(to, next_random(2) ? byte : pieces[next_random(sizeof(pieces) / sizeof(*pieces))]);
    }
}

static int strings_make(void **state)
{
    struct strings *s = calloc(1, sizeof(*s));
    struct error err = {""};
    assert_int_equal(folder_new("/tmp", &s->own, &err), 0);
    snprintf(s->folder, sizeof(s->folder), "%s", folder_path(s->own));
    for (size_t i = 0; i < STRINGS; i++)
        string_make(s->text[i]);
    strcpy(s->text[0], "prog ''");
    strcpy(s->text[1], "prog 'it'\\''s'");
    strcpy(s->text[2], "");
    *state = s;
    return 0;
}

static int strings_free(void **state)
{
    struct strings *s = *state;
    folder_remove(s->own);
    free(s);
    return 0;
}

static FILE *file_open(const struct strings *s, const char *name)
{
    char *path = folder_path_join(s->folder, name);
    FILE *out = fopen(path, "we");
    assert_non_null(out);
    free(path);
    return out;
}

static char *file_bytes(const struct strings *s, const char *name)
{
    char *path = folder_path_join(s->folder, name), *bytes = NULL;
    size_t size = 0;
    assert_int_equal(folder_file_read(path, &bytes, &size, NULL), 0);
    assert_int_equal(strlen(bytes), size);
    free(path);
    return bytes;
}

static void gnuplot(const struct strings *s, const char *script)
{
    struct error err = {""};
    if (tool_must(s->folder, 0, (const char *const[]){"gnuplot", "-d", "text.def", script, NULL}, &err) < 0)
        fail_msg("%s", err.text);
}

/* As typeset.h says that a text comes into a figure. */
static void append_shown(FILE *out, const char *text)
{
    for (const char *start = text; *text; start = text) {
        const uint32_t c = text_next(&text);
        if (c == UINT32_MAX)
            fputs("\ufffd", out);
        else if (c < 0x20 || c == 0x7f)
            fputc(' ', out);
        else
            fwrite(start, 1, (size_t)(text - start), out);
    }
    fputc('\n', out);
}

static void gnuplot_gets_each_string(void **state)
{
    const struct strings *s = *state;
    struct text expected;
    FILE *out = file_open(s, "text.def");
    assert_int_equal(text_open(&expected), 0);
    fprintf(out, "array TEXT[%d]\n", STRINGS);
    for (size_t i = 0; i < STRINGS; i++) {
        fprintf(out, "TEXT[%zu] = ", i + 1);
        text_gnuplot(out, s->text[i]);
        fputc('\n', out);
        append_shown(expected.out, s->text[i]);
    }
    fclose(out);
    out = file_open(s, "print.gp");
    fprintf(out, "set print 'printed'\ndo for [i = 1:%d] { print TEXT[i] }\n", STRINGS);
    fclose(out);
    gnuplot(s, "print.gp");
    char *printed = file_bytes(s, "printed"), *wanted = text_take(&expected);
    assert_string_equal(printed, wanted);
    free(printed);
    free(wanted);
}

/* The unescaping that docs/report.md describes. */
static char *cell_read(const char *cell, size_t length)
{
    char *text = calloc(1, length + 1), *to = text;
    for (size_t i = 0; i < length; i++) {
        unsigned byte = (unsigned char)cell[i];
        if (cell[i] == '\\' && cell[i + 1] == 'x') {
            assert_int_equal(sscanf(cell + i, "\\x%2x", &byte), 1);
            i += 3;
        } else if (cell[i] == '\\')
            byte = cell[++i] == 't' ? '\t' : '\n';
        *to++ = (char)byte;
    }
    return text;
}

static void data_file_write(const struct strings *s)
{
    FILE *out = file_open(s, "text.tsv");
    fputs("row\ttext\ttwice\n", out);
    for (size_t i = 0; i < STRINGS; i++) {
        fprintf(out, "%zu\t", i + 1);
        text_tsv(out, s->text[i]);
        fprintf(out, "\t%zu\n", 2 * i);
    }
    fclose(out);
}

static void a_data_file_gives_each_string_back(void **state)
{
    const struct strings *s = *state;
    size_t row = 0;
    data_file_write(s);
    char *bytes = file_bytes(s, "text.tsv"), *rest = bytes;
    strsep(&rest, "\n"); /* the header */
    for (char *line; (line = strsep(&rest, "\n")) && *line; row++) {
        const char *cell = strchr(line, '\t') + 1;
        const size_t length = strcspn(cell, "\t");
        char *text = cell_read(cell, length);
        assert_string_equal(text, s->text[row]);
        assert_int_equal(strtoul(cell + length, NULL, 10), 2 * row);
        free(text);
    }
    assert_int_equal(row, STRINGS);
    free(bytes);
}

/* With the settings of style.gp: the numbers behind the texts stay where they are. */
static void gnuplot_finds_the_numbers_behind_them(void **state)
{
    const struct strings *s = *state;
    data_file_write(s);
    FILE *out = file_open(s, "text.def");
    fclose(out);
    out = file_open(s, "table.gp");
    fputs("set datafile separator tab\nset datafile commentschars ''\nset datafile missing NaN\n"
          "set table 'table' separator tab\nplot 'text.tsv' skip 1 using 1:3 with table\n",
          out);
    fclose(out);
    gnuplot(s, "table.gp");
    char *table = file_bytes(s, "table"), *rest = table;
    size_t row = 0, number, twice;
    for (char *line; (line = strsep(&rest, "\n"));)
        if (sscanf(line, "%zu %zu", &number, &twice) == 2) {
            assert_int_equal(number, ++row);
            assert_int_equal(twice, 2 * (row - 1));
        }
    assert_int_equal(row, STRINGS);
    free(table);
}

static void nothing_is_executed(void **state)
{
    const struct strings *s = *state;
    char *path = folder_path_join(s->folder, "pwned");
    assert_int_equal(access(path, F_OK), -1);
    free(path);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(gnuplot_gets_each_string),
        cmocka_unit_test(a_data_file_gives_each_string_back),
        cmocka_unit_test(gnuplot_finds_the_numbers_behind_them),
        cmocka_unit_test(nothing_is_executed),
    };
    if (!tool_exists("gnuplot")) {
        puts("skipped: no gnuplot");
        return 77;
    }
    return cmocka_run_group_tests(tests, strings_make, strings_free);
}
