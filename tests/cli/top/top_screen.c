/* `heapwait top` on a terminal: a page is drawn, follows the window's size, `q` and signals end it, Ctrl-Z
 * pauses it, and the terminal is always as it was before. */
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

static void place_open(struct place *p)
{
    char pid[16];
    snprintf(pid, sizeof(pid), "%d", (int)getpid());
    char *argv[] = {(char *)"heapwait", (char *)"top", (char *)"-d", (char *)"0.2", (char *)"-p", pid, NULL};
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

/* It has ended, and the terminal is as it was. */
static void place_close(struct place *p, int status)
{
    int got;
    struct termios after;
    wait_for(p, LEAVE);
    assert_non_null(strstr(p->text, "\033[?25l"));
    while (waitpid(p->pid, &got, 0) < 0)
        assert_int_equal(errno, EINTR);
    assert_true(WIFEXITED(got));
    assert_int_equal(WEXITSTATUS(got), status);
    assert_int_equal(tcgetattr(p->slave, &after), 0);
    assert_int_equal(after.c_lflag, p->before.c_lflag);
    assert_int_equal(after.c_iflag, p->before.c_iflag);
    assert_int_equal(after.c_oflag, p->before.c_oflag);
    assert_memory_equal(after.c_cc, p->before.c_cc, sizeof(after.c_cc));
    const char *last = strstr(p->text, LEAVE), *next;
    while ((next = strstr(last + 1, LEAVE)))
        last = next;
    assert_null(strstr(last, ENTER));
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
    place_open(&p);
    first_look(&p);
    assert_int_equal(tcgetattr(p.slave, &now), 0);
    assert_int_equal(now.c_lflag & (ICANON | ECHO), 0);
    key_press(&p, 'x'); /* which means nothing */
    wait_for(&p, HOME);
    key_press(&p, 'q');
    place_close(&p, 0);
}

static void signals_end_it(void **state)
{
    static const int signals[] = {SIGTERM, SIGINT, SIGHUP, SIGQUIT};
    (void)state;
    for (size_t i = 0; i < sizeof(signals) / sizeof(signals[0]); i++) {
        struct place p;
        place_open(&p);
        first_look(&p);
        kill(p.pid, signals[i]);
        place_close(&p, 0);
    }
}

static void ctrl_c_is_a_key(void **state)
{
    struct place p;
    (void)state;
    place_open(&p);
    first_look(&p);
    key_press(&p, 3);
    place_close(&p, 0);
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
    place_open(&p);
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
    place_close(&p, 0);
}

static void ctrl_z_pauses(void **state)
{
    struct place p;
    int status;
    struct termios paused;
    (void)state;
    place_open(&p);
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
    place_close(&p, 0);
}

int main(void)
{
    if (system("\"" HEAPWAIT "\" doctor >/dev/null 2>&1")) {
        puts("SKIPPED: this user can't trace");
        return SKIPPED;
    }
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(q_quits),         cmocka_unit_test(signals_end_it),
        cmocka_unit_test(ctrl_c_is_a_key), cmocka_unit_test(the_window_changes),
        cmocka_unit_test(ctrl_z_pauses),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
