/* heapwait top: processes by what malloc's locks cost them, once a second.  On a terminal a page that is
 * drawn anew, else a block of lines for each interval.  Follows and counts nothing itself: see
 * probes/run/live.h.
 */
#include "cli/terminal/arguments.h"
#include "cli/terminal/command.h"
#include "cli/terminal/output.h"
#include "cli/terminal/terminal.h"
#include "cli/top/top_screen.h"
#include "cli/top/top_table.h"
#include "probes/run/live.h"

#include <ctype.h>
#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/timerfd.h>
#include <unistd.h>

enum {
    MAX_PIDS = 64,
    MAX_POLLED = 1024,
    PLAIN_ROWS = 20,
    AROUND = 8, /* lines of a page that are no rows */
    ESCAPE = 27,
};

struct top_options {
    pid_t pids[MAX_PIDS];
    size_t pid_count;
    const char *cgroup; /* NULL: none */
    uint64_t delay_ns;
    uint64_t looks; /* 0: until told to stop */
};

/* Where among the bytes of one key we are. */
enum sequence { NONE, ESCAPED, CONTROL, SINGLE };

struct top {
    struct top_options options;
    struct target *target;
    struct live *live;
    struct screen *screen; /* NULL: plain lines */
    struct live_view view; /* the last look: drawn again when the window's size or the order changes */
    struct top_order order;
    enum sequence sequence;
    int timer, signals;
    uint64_t taken;
    bool seen, stop;
    bool gone; /* the terminal is: nothing more can be shown */
};

static const char usage[] =
    "usage: heapwait top [-p PID]... [--cgroup PATH] [-d SECONDS] [-n COUNT]\n"
    "\n"
    "Shows which processes pay for malloc's locks, each second: futex calls by\n"
    "outcome, time waited, share of CPU, the hottest lock.  All processes of the\n"
    "machine, those to come included.  Where stdout is no terminal a block of lines\n"
    "is printed for each interval.\n"
    "Keys: `q` quits, and leaves the last table; the letters of the last line sort by\n"
    "a column, and pressed again the other way round.\n"
    "\n"
    "  -p, --pid PID      this process and its descendants only; repeatable, and\n"
    "                     commas work.  Ends with them\n"
    "      --cgroup PATH  the processes of this cgroup and those below it only\n"
    "  -d, --delay S      seconds between two looks (1)\n"
    "  -n, --count N      end after N looks\n"
    "  -h, --help         this text\n"
    "\n"
    "Columns: slept, EAGAIN (waits that returned at once), empty (wakes that woke\n"
    "nobody), waking and other are calls for malloc's locks in the interval; waiting\n"
    "is their thread time, over all threads; CPU the process's own, 100 % being one\n"
    "core; of it: the part that went into these calls.  A window of fewer than 110\n"
    "columns has no room for: malloc of, waking, other.\n";

/* ---- options ---- */

static int pids_take(struct top_options *o, const char *list, struct error *err)
{
    for (const char *p = list; p;) {
        char *end;
        errno = 0;
        long pid = strtol(p, &end, 10);
        if (errno || end == p || *p < '0' || *p > '9' || (*end && *end != ',') || pid < 1 || pid > INT32_MAX)
            return error_set(err, -EINVAL, "-p takes numbers of processes, not '%s'", list);
        if (o->pid_count == MAX_PIDS)
            return error_set(err, -EINVAL, "-p: at most %d processes can be named; leave it out for all",
                             MAX_PIDS);
        o->pids[o->pid_count++] = (pid_t)pid;
        p = *end ? end + 1 : NULL;
    }
    return 0;
}

/* 0 or negative errno, with a sentence; 1: help was asked for. */
static int options_parse(int argc, char **argv, struct top_options *o, struct error *err)
{
    static const struct option longs[] = {
        {"pid", required_argument, NULL, 'p'},   {"cgroup", required_argument, NULL, 'g'},
        {"delay", required_argument, NULL, 'd'}, {"count", required_argument, NULL, 'n'},
        {"help", no_argument, NULL, 'h'},        {NULL, 0, NULL, 0}};
    char unknown[ARGUMENT_TEXT];
    *o = (struct top_options){.delay_ns = 1000000000};
    optind = 0;
    opterr = 0;
    int rc = 0;
    for (int c; !rc && (c = getopt_long(argc, argv, ":p:d:n:h", longs, NULL)) != -1;) {
        if (c == 'p')
            rc = pids_take(o, optarg, err);
        else if (c == 'g')
            o->cgroup = optarg;
        else if (c == 'd' && !argument_seconds(optarg, 0.1, 3600, &o->delay_ns))
            rc = error_set(err, -EINVAL, "-d takes seconds from 0.1 to 3600, not '%s'", optarg);
        else if (c == 'n' && !argument_number(optarg, 1, UINT64_MAX, &o->looks))
            rc = error_set(err, -EINVAL, "-n takes a number from 1 on, not '%s'", optarg);
        else if (c == 'h')
            return 1;
        else if (c == '?')
            rc = error_set(err, -EINVAL, "%s", argument_unknown(unknown, argv, longs));
        else if (c == ':')
            rc = error_set(err, -EINVAL, "%s needs a value", argv[optind - 1]);
    }
    if (!rc && o->cgroup && o->pid_count)
        rc = error_set(err, -EINVAL, "-p and --cgroup exclude each other");
    if (!rc && optind < argc)
        rc = error_set(err, -EINVAL, "top takes options only, not '%s'", argv[optind]);
    return rc;
}

/* ---- a look ---- */

/* How large a page is, and whether its head stands out. */
struct shape {
    unsigned width, rows;
    bool bold;
};

/* Returns the shape of the page as the terminal is now, or of a block of lines. */
static struct shape shape_find(const struct top *t)
{
    if (t->screen) {
        const unsigned height = screen_height(t->screen);
        return (struct shape){screen_width(t->screen), height > AROUND ? height - AROUND : 1,
                              terminal_has_colour(stdout)};
    }
    /* blocks of lines are read by programs as well: all columns are there unless a width was asked for */
    const bool narrow = isatty(STDOUT_FILENO) || getenv("COLUMNS");
    return (struct shape){narrow ? terminal_width(stdout) : TERMINAL_WIDTH_MOST, PLAIN_ROWS, false};
}

/* Returns the last look as text, malloc'd. */
static char *page_make(const struct top *t, const struct shape *shape)
{
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);
    if (!out)
        return NULL;
    if (t->seen)
        top_table_print(&t->view, &t->order, out, shape->width, shape->rows, shape->bold);
    else
        fputs("counting\n", out);
    return fclose(out) ? NULL : text;
}

/* Draws the page, with the keys below it. */
static int page_draw(struct top *t, struct error *err)
{
    const struct shape shape = shape_find(t);
    char *text = page_make(t, &shape), *keys = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&keys, &size);
    if (out)
        top_table_keys_print(out, shape.width);
    int rc = text && out && !fclose(out) ? 0 : error_set(err, -ENOMEM, "out of memory");
    if (!rc)
        t->gone |= screen_draw(t->screen, text, keys) < 0;
    t->stop |= t->gone;
    free(keys);
    free(text);
    return rc;
}

/* Prints the last look as plain lines. */
static int page_print(struct top *t, const struct shape *shape, struct error *err)
{
    char *text = page_make(t, shape);
    if (!text)
        return error_set(err, -ENOMEM, "out of memory");
    fputs(text, stdout);
    t->stop |= fflush(stdout) || ferror(stdout); /* output_end() tells */
    free(text);
    return 0;
}

static int page_show(struct top *t, struct error *err)
{
    if (t->screen)
        return page_draw(t, err);
    const struct shape shape = shape_find(t);
    fputs(t->taken > 1 ? "\n" : "", stdout);
    return page_print(t, &shape, err);
}

/* Gives the terminal back, with the last look on it. */
static int page_leave(struct top *t, struct error *err)
{
    if (!t->screen)
        return 0;
    struct shape shape = shape_find(t);
    shape.bold = false;
    screen_close(t->screen);
    t->screen = NULL;
    return t->seen && !t->gone ? page_print(t, &shape, err) : 0;
}

static int look(struct top *t, struct error *err)
{
    live_view_free(&t->view);
    int rc = live_renew(t->live, err);
    if (!rc)
        rc = live_take(t->live, &t->view, err);
    if (rc)
        return rc;
    t->seen = true;
    t->taken++;
    t->stop |= t->view.ended || t->taken == t->options.looks;
    return page_show(t, err);
}

/* ---- what happens meanwhile ---- */

/* Stops, as any program does on Ctrl-Z, with the terminal given back for as long as that lasts. */
static int pause_take(struct top *t, struct error *err)
{
    if (t->screen)
        screen_leave(t->screen);
    raise(SIGSTOP);
    if (t->screen)
        screen_enter(t->screen);
    return page_show(t, err);
}

static int signals_take(struct top *t, struct error *err)
{
    struct signalfd_siginfo info;
    int rc = 0;
    while (!rc && read(t->signals, &info, sizeof(info)) == sizeof(info)) {
        if (info.ssi_signo == SIGWINCH)
            rc = t->screen ? page_show(t, err) : 0;
        else if (info.ssi_signo == SIGTSTP)
            rc = pause_take(t, err);
        else
            t->stop = true;
        t->gone |= info.ssi_signo == SIGHUP;
    }
    return rc;
}

/* Returns true if this byte is a key by itself, and not of the sequence of another key, as of an arrow: ESC [
 * up to a byte from 0x40 on (CSI), or ESC O and one byte (SS3; ECMA-48).  A sequence may come in pieces. */
static bool key_is_plain(struct top *t, unsigned char key)
{
    const enum sequence before = t->sequence;
    t->sequence = NONE;
    if (key == ESCAPE)
        t->sequence = ESCAPED;
    else if (before == ESCAPED && (key == '[' || key == 'O'))
        t->sequence = key == '[' ? CONTROL : SINGLE;
    else if (before == CONTROL && key >= ' ' && key < '@')
        t->sequence = CONTROL;
    else if (key < ' ')
        return true; /* Ctrl-C, wherever it comes */
    else
        return before == NONE || before == ESCAPED;
    return false;
}

static int keys_take(struct top *t, short events, struct error *err)
{
    char keys[64];
    bool sorted = false;
    t->gone |= (events & (POLLHUP | POLLERR | POLLNVAL)) != 0;
    ssize_t n = read(screen_keys(t->screen), keys, sizeof(keys));
    for (ssize_t i = 0; i < n; i++) {
        if (!key_is_plain(t, (unsigned char)keys[i]))
            continue;
        const char key = (char)tolower((unsigned char)keys[i]);
        t->stop |= key == 'q' || key == 3 || key == 4; /* Ctrl-C, Ctrl-D */
        sorted |= top_order_take(&t->order, key, screen_width(t->screen));
    }
    t->gone |= n < 0 && errno != EINTR && errno != EAGAIN;
    t->stop |= t->gone;
    return sorted && !t->stop ? page_show(t, err) : 0;
}

static unsigned polled_fill(const struct top *t, struct pollfd *polled)
{
    unsigned n = 0, count;
    polled[n++] = (struct pollfd){.fd = t->timer, .events = POLLIN};
    polled[n++] = (struct pollfd){.fd = t->signals, .events = POLLIN};
    polled[n++] = (struct pollfd){.fd = t->screen ? screen_keys(t->screen) : -1, .events = POLLIN};
    const int *fds = live_fds(t->live, &count); /* they are others after a renewal */
    for (unsigned i = 0; i < count && n < MAX_POLLED; i++)
        polled[n++] = (struct pollfd){.fd = fds[i], .events = POLLIN};
    return n;
}

static int looks_make(struct top *t, struct error *err)
{
    static struct pollfd polled[MAX_POLLED];
    uint64_t ticks;
    int rc = t->screen ? page_show(t, err) : 0;
    while (!rc && !t->stop) {
        unsigned n = polled_fill(t, polled);
        if (poll(polled, n, -1) < 0) {
            if (errno != EINTR)
                return error_set(err, -errno, "can't wait: %s", strerror(errno));
            continue;
        }
        live_read(t->live);
        if (polled[1].revents)
            rc = signals_take(t, err);
        if (!rc && polled[2].revents)
            rc = keys_take(t, polled[2].revents, err);
        if (!rc && !t->stop && polled[0].revents && read(t->timer, &ticks, sizeof(ticks)) == sizeof(ticks))
            rc = look(t, err);
    }
    return rc;
}

/* ---- around it ---- */

static int signals_open(struct top *t)
{
    static const int numbers[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGWINCH, SIGTSTP};
    sigset_t mask;
    sigemptyset(&mask);
    for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++)
        sigaddset(&mask, numbers[i]);
    sigprocmask(SIG_BLOCK, &mask, NULL);
    t->signals = signalfd(-1, &mask, SFD_CLOEXEC | SFD_NONBLOCK);
    return t->signals < 0 ? -errno : 0;
}

static int timer_open(struct top *t)
{
    const uint64_t ns = t->options.delay_ns;
    const struct timespec step = {(time_t)(ns / 1000000000), (long)(ns % 1000000000)};
    const struct itimerspec every = {step, step};
    t->timer = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
    return t->timer < 0 || timerfd_settime(t->timer, 0, &every, NULL) ? -errno : 0;
}

static int top_run(struct top *t, struct error *err)
{
    const struct top_options *o = &t->options;
    char *note = NULL;
    int rc = o->pid_count ? target_processes(o->pids, o->pid_count, &t->target, err)
             : o->cgroup  ? target_cgroup(o->cgroup, false, &t->target, err)
                          : target_machine(&t->target, err);
    if (!rc)
        rc = live_open(t->target, &t->live, &note, err);
    if (!rc && (note || t->target->note))
        fprintf(stderr, "heapwait: %s\n", note ? note : t->target->note);
    free(note);
    if (rc)
        return rc;
    if ((rc = signals_open(t)) || (rc = timer_open(t)))
        return error_set(err, rc, "can't set up signals and a clock: %s", strerror(-rc));
    if (screen_possible()) {
        signal(SIGPIPE, SIG_IGN); /* the terminal must be given back first */
        rc = screen_open(&t->screen, err);
    }
    if (!rc)
        rc = looks_make(t, err);
    /* before anything is said, and before the probes are taken off, which takes long */
    struct error ignored = {""};
    const int left = page_leave(t, rc ? &ignored : err);
    return rc ? rc : left;
}

int top_main(int argc, char **argv)
{
    struct top t = {.timer = -1, .signals = -1};
    struct error err = {""};
    int rc = options_parse(argc, argv, &t.options, &err);
    if (rc > 0) {
        fputs(usage, stdout);
        return EXIT_OK;
    }
    if (rc)
        return output_failed(&err, EXIT_USAGE);
    rc = top_run(&t, &err);
    int code = rc ? output_failed(&err, EXIT_HEAPWAIT) : output_end(EXIT_OK);
    if (!rc && t.view.ended)
        fputs("heapwait: the processes have ended\n", stderr);
    live_view_free(&t.view);
    live_close(t.live);
    target_free(t.target);
    if (t.timer >= 0)
        close(t.timer);
    if (t.signals >= 0)
        close(t.signals);
    return code;
}
