/* `heapwait top` on a terminal: a page is drawn, follows the window's size, is sorted by keys that it shows,
 * `q`, signals and the terminal's end end it, Ctrl-Z pauses it, and the terminal is always as it was before,
 * with the last table on it. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

/* clang-format off */
#include <cmocka.h>
/* clang-format on */

#define ENTER "\033[?1049h"
#define LEAVE "\033[?1049l"
#define HOME  "\033[H"

enum { ROOM = 1 << 20, PATIENCE_MS = 60000, SKIPPED = 77 };

/* A heapwait in a terminal of its own. */
struct place {
    int master, slave;
    pid_t pid;
    struct termios before;
    char *text; /* all that it has written */
    size_t length, seen;
};

static void child_run(const struct place *p, char **argv)
{
    setsid();
    ioctl(p->slave, TIOCSCTTY, 0);
    for (int fd = 0; fd < 3; fd++)
        dup2(p->slave, fd);
    setenv("TERM", "xterm", 1);
    unsetenv("NO_COLOR");
    execv(HEAPWAIT, argv);
    _exit(99);
}

static void size_set(const struct place *p, unsigned short rows, unsigned short columns)
{
    const struct winsize size = {.ws_row = rows, .ws_col = columns};
    assert_int_equal(ioctl(p->master, TIOCSWINSZ, &size), 0);
}

/* Begins to look each `delay` seconds. */
static void place_open(struct place *p, const char *delay)
{
    char pid[16], seconds[8];
    snprintf(seconds, sizeof(seconds), "%s", delay);
    snprintf(pid, sizeof(pid), "%d", (int)getpid());
    char *argv[] = {(char *)"heapwait", (char *)"top", (char *)"-d", seconds, (char *)"-p", pid, NULL};
    *p = (struct place){.master = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC), .text = calloc(1, ROOM)};
    assert_true(p->master >= 0 && p->text && !grantpt(p->master) && !unlockpt(p->master));
    p->slave = open(ptsname(p->master), O_RDWR | O_NOCTTY | O_CLOEXEC);
    assert_true(p->slave >= 0);
    size_set(p, 24, 80);
    assert_int_equal(tcgetattr(p->slave, &p->before), 0);
    p->pid = fork();
    assert_true(p->pid >= 0);
    if (!p->pid)
        child_run(p, argv);
}

static bool more_read(struct place *p)
{
    struct pollfd polled = {.fd = p->master, .events = POLLIN};
    if (poll(&polled, 1, PATIENCE_MS) <= 0 || p->length + 1 >= ROOM)
        return false;
    ssize_t n = read(p->master, p->text + p->length, ROOM - 1 - p->length);
    p->length += n > 0 ? (size_t)n : 0;
    p->text[p->length] = '\0';
    return n > 0;
}

/* Reads on until `text` has come, behind what was waited for before; returns where it begins. */
static const char *wait_for(struct place *p, const char *text)
{
    const char *found;
    while (!(found = strstr(p->text + p->seen, text)))
        if (!more_read(p))
            fail_msg("'%s' never came in:\n%s", text + (*text == '\033'), p->text + p->seen);
    p->seen = (size_t)(found - p->text) + strlen(text);
    return found;
}

static void first_look(struct place *p)
{
    wait_for(p, ENTER);
    wait_for(p, "futex calls for malloc's locks in");
}

static int status_wait(const struct place *p)
{
    int got;
    while (waitpid(p->pid, &got, 0) < 0)
        assert_int_equal(errno, EINTR);
    assert_true(WIFEXITED(got));
    return WEXITSTATUS(got);
}

/* It has ended, and the terminal is as it was; `table`: and the last table is on it. */
static void place_close(struct place *p, int status, bool table)
{
    struct termios after;
    wait_for(p, LEAVE);
    if (table)
        wait_for(p, "calls for other words");
    assert_non_null(strstr(p->text, "\033[?25l"));
    assert_int_equal(status_wait(p), status);
    assert_int_equal(tcgetattr(p->slave, &after), 0);
    assert_int_equal(after.c_lflag, p->before.c_lflag);
    assert_int_equal(after.c_iflag, p->before.c_iflag);
    assert_int_equal(after.c_oflag, p->before.c_oflag);
    assert_memory_equal(after.c_cc, p->before.c_cc, sizeof(after.c_cc));
    const char *last = strstr(p->text, LEAVE), *next;
    while ((next = strstr(last + 1, LEAVE)))
        last = next;
    assert_null(strstr(last, ENTER));
    assert_int_equal(strstr(last, "futex calls for malloc's locks in") != NULL, table);
    assert_null(strstr(last, "q)uit"));            /* no keys any more */
    assert_non_null(strstr(p->text, "\033[?25h")); /* the cursor is back */
    close(p->master);
    close(p->slave);
    free(p->text);
}

static void key_press(const struct place *p, char key)
{
    assert_int_equal(write(p->master, &key, 1), 1);
}

static void q_quits(void **state)
{
    struct place p;
    struct termios now;
    (void)state;
    place_open(&p, "0.2");
    first_look(&p);
    assert_int_equal(tcgetattr(p.slave, &now), 0);
    assert_int_equal(now.c_lflag & (ICANON | ECHO), 0);
    key_press(&p, 'x'); /* which means nothing */
    wait_for(&p, HOME);
    key_press(&p, 'q');
    place_close(&p, 0, true);
}

static void signals_end_it(void **state)
{
    static const int signals[] = {SIGTERM, SIGINT, SIGHUP, SIGQUIT};
    (void)state;
    for (size_t i = 0; i < sizeof(signals) / sizeof(signals[0]); i++) {
        struct place p;
        place_open(&p, "0.2");
        first_look(&p);
        kill(p.pid, signals[i]);
        place_close(&p, 0, signals[i] != SIGHUP);
    }
}

static void ctrl_c_is_a_key(void **state)
{
    struct place p;
    (void)state;
    place_open(&p, "0.2");
    first_look(&p);
    key_press(&p, 3);
    place_close(&p, 0, true);
}

/* How many lines the page at `text` has. */
static unsigned lines_of(const char *text)
{
    const char *end = strstr(text, "\033[J");
    unsigned lines = 1;
    assert_non_null(end);
    for (; text < end; text++)
        lines += *text == '\n';
    return lines;
}

static void the_window_changes(void **state)
{
    struct place p;
    (void)state;
    place_open(&p, "0.2");
    first_look(&p);
    assert_null(strstr(p.text, "malloc of")); /* a column of wide terminals only */
    size_set(&p, 24, 140);
    wait_for(&p, "malloc of");
    size_set(&p, 4, 80);
    do {
        wait_for(&p, HOME);
        const char *page = p.text + p.seen;
        wait_for(&p, "\033[J");
        if (lines_of(page) <= 4)
            break;
    } while (p.length + 4096 < ROOM);
    wait_for(&p, HOME);
    const char *page = p.text + p.seen;
    wait_for(&p, "\033[J");
    assert_true(lines_of(page) <= 4);
    key_press(&p, 'q');
    place_close(&p, 0, true);
}

/* The keys stand in the last line; one sorts, and the next time the other way round; what is a letter within
 * the sequence of another key is none. */
static void keys_sort(void **state)
{
    struct place p;
    (void)state;
    place_open(&p, "0.2");
    first_look(&p);
    wait_for(&p, "\033[24;1Hq)uit  sort: p)id ");
    assert_null(strstr(p.text, "\u2193"));
    key_press(&p, 's');
    wait_for(&p, "slept\u2193");
    key_press(&p, 's');
    wait_for(&p, "slept\u2191");
    key_press(&p, 'E');
    wait_for(&p, "EAGAIN\u2193");
    key_press(&p, 'c');
    wait_for(&p, "command\u2191");
    for (const char *key = "\033[1;5C\033OPp"; *key; key++)
        key_press(&p, *key);
    wait_for(&p, "pid\u2193");
    assert_null(strstr(p.text, "command\u2193"));
    assert_null(strstr(p.text, "of it\u2193"));
    key_press(&p, 'q');
    place_close(&p, 0, true);
}

/* Before the first look there is no table to leave. */
static void nothing_is_left_before(void **state)
{
    struct place p;
    (void)state;
    place_open(&p, "3600");
    wait_for(&p, "counting");
    key_press(&p, 'q');
    place_close(&p, 0, false);
}

/* The terminal is closed, as by who closes its window: nobody is left behind. */
static void the_terminal_goes(void **state)
{
    struct place p;
    (void)state;
    place_open(&p, "0.2");
    first_look(&p);
    close(p.slave);
    close(p.master);
    assert_int_equal(status_wait(&p), 0);
    free(p.text);
}

static void ctrl_z_pauses(void **state)
{
    struct place p;
    int status;
    struct termios paused;
    (void)state;
    place_open(&p, "0.2");
    first_look(&p);
    kill(p.pid, SIGTSTP);
    wait_for(&p, LEAVE);
    while (waitpid(p.pid, &status, WUNTRACED) < 0)
        assert_int_equal(errno, EINTR);
    assert_true(WIFSTOPPED(status));
    assert_int_equal(tcgetattr(p.slave, &paused), 0);
    assert_int_equal(paused.c_lflag, p.before.c_lflag);
    kill(p.pid, SIGCONT);
    wait_for(&p, ENTER);
    wait_for(&p, "futex calls for malloc's locks in");
    key_press(&p, 'q');
    place_close(&p, 0, true);
}

int main(void)
{
    if (system("\"" HEAPWAIT "\" doctor >/dev/null 2>&1")) {
        puts("SKIPPED: this user can't trace");
        return SKIPPED;
    }
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(q_quits),           cmocka_unit_test(signals_end_it),
        cmocka_unit_test(ctrl_c_is_a_key),   cmocka_unit_test(the_window_changes),
        cmocka_unit_test(ctrl_z_pauses),     cmocka_unit_test(keys_sort),
        cmocka_unit_test(the_terminal_goes), cmocka_unit_test(nothing_is_left_before),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
