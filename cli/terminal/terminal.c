/* See terminal.h. */
#include "cli/terminal/terminal.h"

#include "cli/terminal/arguments.h"

#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

enum { WIDTH_LEAST = 20, WIDTH_BELIEVED = 10000 };

/* Bold magenta: of the eight colours the one that can be read on black and on white. */
#define EMPHASIS "\033[1;35m"
#define PLAIN    "\033[0m"

static bool is_terminal(FILE *out)
{
    const int fd = fileno(out);
    return fd >= 0 && isatty(fd);
}

/* Returns the width that there is; 0: it is not known. */
static unsigned width_find(FILE *out)
{
    const char *columns = getenv("COLUMNS");
    struct winsize size;
    uint64_t number = 0;
    if (columns && argument_number(columns, WIDTH_LEAST, WIDTH_BELIEVED, &number))
        return (unsigned)number;
    return is_terminal(out) && !ioctl(fileno(out), TIOCGWINSZ, &size) ? size.ws_col : 0;
}

unsigned terminal_width(FILE *out)
{
    const unsigned width = width_find(out);
    return !width ? TERMINAL_WIDTH : width > TERMINAL_WIDTH_MOST ? TERMINAL_WIDTH_MOST : width;
}

bool terminal_obeys(FILE *out)
{
    const char *term = getenv("TERM");
    return is_terminal(out) && term && *term && strcmp(term, "dumb") != 0;
}

bool terminal_has_colour(FILE *out)
{
    const char *no_color = getenv("NO_COLOR");
    return terminal_obeys(out) && !(no_color && *no_color);
}

void terminal_emphasis_begin(FILE *out)
{
    if (terminal_has_colour(out))
        fputs(EMPHASIS, out);
}

void terminal_emphasis_end(FILE *out)
{
    if (terminal_has_colour(out))
        fputs(PLAIN, out);
}
