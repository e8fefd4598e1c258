/* See signals.h. */
#include "probes/host/signals.h"

#include <errno.h>
#include <sys/signalfd.h>
#include <unistd.h>

int signals_take(struct signals *s)
{
    sigset_t mask;
    sigemptyset(&mask);
    sigaddset(&mask, SIGINT);
    sigaddset(&mask, SIGTERM);
    sigaddset(&mask, SIGHUP);
    sigprocmask(SIG_BLOCK, &mask, &s->before);
    s->fd = signalfd(-1, &mask, SFD_CLOEXEC | SFD_NONBLOCK);
    return s->fd < 0 ? -errno : 0;
}

bool signals_next(struct signals *s, int *number, bool *from_terminal)
{
    struct signalfd_siginfo info;
    if (read(s->fd, &info, sizeof(info)) != sizeof(info))
        return false;
    *number = (int)info.ssi_signo;
    *from_terminal = info.ssi_code == SI_KERNEL;
    return true;
}

void signals_give_back(struct signals *s)
{
    int number;
    bool from_terminal;
    if (s->fd >= 0) {
        while (signals_next(s, &number, &from_terminal))
            ;
        close(s->fd);
    }
    s->fd = -1;
    sigprocmask(SIG_SETMASK, &s->before, NULL);
}
