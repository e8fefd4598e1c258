/* How wide text may be, and where it may stand out: on terminals of any width, without one, and as the
 * environment says. */
#include "cli/terminal/terminal.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

/* clang-format off */
#include <cmocka.h>
/* clang-format on */

static void environment_set(const char *term, const char *columns, const char *no_color)
{
    const char *const names[] = {"TERM", "COLUMNS", "NO_COLOR"}, *const values[] = {term, columns, no_color};
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        assert_int_equal(values[i] ? setenv(names[i], values[i], 1) : unsetenv(names[i]), 0);
}

/* Returns a terminal of so many columns; *master is its other end. */
static FILE *terminal_open(int *master, unsigned short columns)
{
    const struct winsize size = {.ws_row = 24, .ws_col = columns};
    *master = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
    assert_true(*master >= 0 && !grantpt(*master) && !unlockpt(*master));
    FILE *out = fopen(ptsname(*master), "r+e");
    assert_non_null(out);
    assert_int_equal(ioctl(*master, TIOCSWINSZ, &size), 0);
    return out;
}

static void test_width(void **state)
{
    static const struct {
        unsigned short terminal; /* 0: it doesn't tell */
        const char *columns;
        unsigned expected;
    } cases[] = {{80, NULL, 80},   {100, NULL, 100}, {120, NULL, 120}, {300, NULL, 120},  {40, NULL, 40},
                 {0, NULL, 80},    {200, "80", 80},  {80, "100", 100}, {80, "4000", 120}, {90, "", 90},
                 {90, "wide", 90}, {90, "0", 90},    {90, "-3", 90},   {0, "60", 60}};
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        int master;
        environment_set("xterm", cases[i].columns, NULL);
        FILE *out = terminal_open(&master, cases[i].terminal);
        assert_int_equal(terminal_width(out), cases[i].expected);
        fclose(out);
        close(master);
    }
}

static void test_no_terminal(void **state)
{
    (void)state;
    char *text = NULL;
    size_t size = 0;
    FILE *streams[] = {fopen("/dev/null", "we"), open_memstream(&text, &size)};
    for (size_t i = 0; i < 2; i++) {
        assert_non_null(streams[i]);
        environment_set("xterm", NULL, NULL);
        assert_int_equal(terminal_width(streams[i]), 80);
        assert_false(terminal_has_colour(streams[i]));
        environment_set("xterm", "100", NULL);
        assert_int_equal(terminal_width(streams[i]), 100);
        terminal_emphasis_begin(streams[i]);
        terminal_emphasis_end(streams[i]);
        assert_int_equal(fclose(streams[i]), 0);
    }
    assert_string_equal(text, "");
    free(text);
}

static void test_emphasis(void **state)
{
    static const struct {
        const char *term, *no_color;
        bool obeys, colour;
    } cases[] = {{"xterm", NULL, true, true},  {"xterm", "", true, true}, {"xterm", "1", true, false},
                 {"dumb", NULL, false, false}, {"", NULL, false, false},  {NULL, NULL, false, false}};
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        int master;
        char got[64];
        environment_set(cases[i].term, NULL, cases[i].no_color);
        FILE *out = terminal_open(&master, 80);
        assert_int_equal(terminal_obeys(out), cases[i].obeys);
        assert_int_equal(terminal_has_colour(out), cases[i].colour);
        terminal_emphasis_begin(out);
        fputs("first", out);
        terminal_emphasis_end(out);
        fputs("|", out);
        assert_int_equal(fflush(out), 0);
        const char *expected = cases[i].colour ? "\033[1;35mfirst\033[0m|" : "first|";
        size_t n = 0;
        while (n < strlen(expected)) {
            ssize_t more = read(master, got + n, sizeof(got) - 1 - n);
            assert_true(more > 0);
            n += (size_t)more;
        }
        got[n] = '\0';
        assert_string_equal(got, expected);
        fclose(out);
        close(master);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_width),
        cmocka_unit_test(test_no_terminal),
        cmocka_unit_test(test_emphasis),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
