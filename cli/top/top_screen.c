/* See top_screen.h. */
#include "cli/top/top_screen.h"

#include "cli/terminal/terminal.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

/* Alternate screen, no cursor, no wrapping of lines; and back. */
#define ENTER "\033[?1049h\033[?25l\033[?7l\033[H\033[2J"
#define LEAVE "\033[?7h\033[?25h\033[?1049l"
#define HOME  "\033[H"
#define LAST  "\033[%u;1H" /* the line of that number */
#define EOL   "\033[K"
#define REST  "\033[J"

enum { HEIGHT = 24 };

struct screen {
    int out, keys;
    bool own_keys; /* /dev/tty, because stdin is something else */
    bool entered;
    struct termios before; /* of `keys` */
};

bool screen_possible(void)
{
    return terminal_obeys(stdout);
}

static int all_write(int fd, const char *text, size_t size)
{
    while (size) {
        ssize_t n = write(fd, text, size);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return -errno;
        text += n;
        size -= (size_t)n;
    }
    return 0;
}

void screen_enter(struct screen *s)
{
    if (s->keys >= 0) {
        struct termios raw = s->before;
        raw.c_lflag &= ~(tcflag_t)(ICANON | ECHO);
        raw.c_cc[VMIN] = 0; /* the reader has polled before */
        raw.c_cc[VTIME] = 0;
        tcsetattr(s->keys, TCSADRAIN, &raw);
    }
    all_write(s->out, ENTER, sizeof(ENTER) - 1);
    s->entered = true;
}

void screen_leave(struct screen *s)
{
    if (!s->entered)
        return;
    all_write(s->out, LEAVE, sizeof(LEAVE) - 1);
    if (s->keys >= 0)
        tcsetattr(s->keys, TCSAFLUSH, &s->before); /* keys that nobody took are not for the shell */
    s->entered = false;
}

int screen_open(struct screen **out, struct error *err)
{
    struct screen *s = calloc(1, sizeof(*s));
    if (!s)
        return error_set(err, -ENOMEM, "out of memory");
    *s = (struct screen){.out = STDOUT_FILENO, .keys = STDIN_FILENO};
    if (!isatty(STDIN_FILENO)) {
        s->keys = open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY);
        s->own_keys = s->keys >= 0;
    }
    if (s->keys >= 0 && tcgetattr(s->keys, &s->before)) {
        if (s->own_keys)
            close(s->keys);
        s->own_keys = false;
        s->keys = -1;
    }
    screen_enter(s);
    *out = s;
    return 0;
}

int screen_keys(const struct screen *s)
{
    return s->keys;
}

static unsigned size_get(const struct screen *s, bool width)
{
    struct winsize size = {0};
    if (ioctl(s->out, TIOCGWINSZ, &size))
        size = (struct winsize){0};
    unsigned found = width ? size.ws_col : size.ws_row;
    return found ? found : width ? TERMINAL_WIDTH : HEIGHT;
}

unsigned screen_width(const struct screen *s)
{
    return size_get(s, true);
}

unsigned screen_height(const struct screen *s)
{
    return size_get(s, false);
}

/* All is written at once, or a slow line would show half a page. */
int screen_draw(struct screen *s, const char *text, const char *footer)
{
    char *page = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&page, &size);
    if (!out)
        return -ENOMEM;
    fputs(HOME, out);
    const unsigned rows = screen_height(s);
    for (unsigned row = 0; row + 1 < rows && *text; row++) {
        size_t n = strcspn(text, "\n");
        fprintf(out, "%s%.*s" EOL, row ? "\r\n" : "", (int)n, text);
        text += n + (text[n] == '\n');
    }
    fprintf(out, REST LAST "%.*s" EOL, rows, (int)screen_width(s), footer);
    int rc = fclose(out) ? -ENOMEM : all_write(s->out, page, size);
    free(page);
    return rc;
}

void screen_close(struct screen *s)
{
    if (!s)
        return;
    screen_leave(s);
    if (s->own_keys)
        close(s->keys);
    free(s);
}
