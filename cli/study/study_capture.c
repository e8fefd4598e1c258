/* See study_capture.h.  The reading thread has all signals blocked: they are the main thread's, which waits
 * for them. */
#include "cli/study/study_capture.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

enum { STREAMS = 2 };
static const size_t ROOM = (size_t)2 * CAPTURE_KEPT; /* for one stream */

struct stream {
    int read_fd, write_fd;
    char *text; /* ROOM + 1 bytes */
    size_t length;
};

struct capture {
    struct stream streams[STREAMS];
    int stop_fd;
    pthread_t reader;
    bool running;
};

/* Makes room by dropping the older half. */
static void stream_trim(struct stream *s)
{
    if (s->length < ROOM)
        return;
    memmove(s->text, s->text + CAPTURE_KEPT, s->length - CAPTURE_KEPT);
    s->length -= CAPTURE_KEPT;
}

/* Reads what is there.  Returns false if the other side is closed. */
static bool stream_read(struct stream *s)
{
    for (;;) {
        stream_trim(s);
        ssize_t n = read(s->read_fd, s->text + s->length, ROOM - s->length);
        if (n > 0)
            s->length += (size_t)n;
        else if (n == 0)
            return false;
        else if (errno != EINTR)
            return errno == EAGAIN;
    }
}

static void *reader_run(void *context)
{
    struct capture *c = context;
    struct pollfd polled[STREAMS + 1] = {{.fd = c->stop_fd, .events = POLLIN}};
    for (int i = 0; i < STREAMS; i++)
        polled[i + 1] = (struct pollfd){.fd = c->streams[i].read_fd, .events = POLLIN};
    while (!polled[0].revents) {
        if (poll(polled, STREAMS + 1, -1) < 0 && errno != EINTR)
            break;
        for (int i = 0; i < STREAMS; i++)
            if (polled[i + 1].revents && !stream_read(&c->streams[i]))
                polled[i + 1].fd = -1;
    }
    return NULL;
}

/* Opens a stream's pipe.  The write end keeps blocking: O_NONBLOCK belongs to one end of a pipe, and the
 * command must not see it. */
static int stream_open(struct stream *s)
{
    int fds[2];
    s->text = malloc(ROOM + 1);
    if (!s->text)
        return -ENOMEM;
    if (pipe2(fds, O_CLOEXEC))
        return -errno;
    s->read_fd = fds[0];
    s->write_fd = fds[1];
    return fcntl(s->read_fd, F_SETFL, O_NONBLOCK) ? -errno : 0;
}

static int reader_start(struct capture *c)
{
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    int rc = -pthread_create(&c->reader, NULL, reader_run, c);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    c->running = !rc;
    return rc;
}

int capture_start(struct capture **out, struct error *err)
{
    int rc = 0;
    struct capture *c = calloc(1, sizeof(*c));
    if (!c)
        return error_set(err, -ENOMEM, "out of memory");
    for (int i = 0; i < STREAMS; i++)
        c->streams[i].read_fd = c->streams[i].write_fd = -1;
    c->stop_fd = eventfd(0, EFD_CLOEXEC);
    rc = c->stop_fd < 0 ? -errno : 0;
    for (int i = 0; i < STREAMS && !rc; i++)
        rc = stream_open(&c->streams[i]);
    if (!rc)
        rc = reader_start(c);
    if (rc) {
        error_set(err, rc, "can't catch a command's output: %s", strerror(-rc));
        capture_free(c);
        return rc;
    }
    *out = c;
    return 0;
}

int capture_stdout_fd(const struct capture *c)
{
    return c->streams[0].write_fd;
}

int capture_stderr_fd(const struct capture *c)
{
    return c->streams[1].write_fd;
}

static void fd_close(int *fd)
{
    if (*fd >= 0)
        close(*fd);
    *fd = -1;
}

void capture_finish(struct capture *c)
{
    if (c->running) {
        eventfd_write(c->stop_fd, 1);
        pthread_join(c->reader, NULL);
        c->running = false;
    }
    for (int i = 0; i < STREAMS; i++) {
        struct stream *s = &c->streams[i];
        fd_close(&s->write_fd);
        if (s->read_fd >= 0)
            stream_read(s);
        fd_close(&s->read_fd);
        if (!s->text)
            continue;
        s->text[s->length] = '\0';
        for (char *nul; (nul = memchr(s->text, '\0', s->length));)
            *nul = '?';
    }
}

const char *capture_stdout(const struct capture *c)
{
    return c->streams[0].text;
}

void study_capture_tame(const char *line, char *buffer, size_t size)
{
    size_t n = 0;
    for (; *line && *line != '\n' && n + 1 < size; line++)
        buffer[n++] = *line >= ' ' && *line <= '~' ? *line : '?';
    buffer[n] = '\0';
}

void capture_complaint(const struct capture *c, char *buffer, size_t size)
{
    const char *text = c->streams[1].text, *found = "";
    for (const char *line = text; line; line = strchr(line, '\n')) {
        line += *line == '\n';
        if (*line && *line != '\n')
            found = line;
    }
    study_capture_tame(found, buffer, size);
}

void capture_free(struct capture *c)
{
    if (!c)
        return;
    capture_finish(c);
    for (int i = 0; i < STREAMS; i++)
        free(c->streams[i].text);
    if (c->stop_fd >= 0)
        close(c->stop_fd);
    free(c);
}

int study_capture_detach_stdin(struct error *err)
{
    int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
    int rc = fd < 0 || dup2(fd, STDIN_FILENO) < 0 ? -errno : 0;
    if (fd > STDIN_FILENO)
        close(fd);
    return rc ? error_set(err, rc, "can't open /dev/null: %s", strerror(-rc)) : 0;
}
