/* See stop.h. */
#include "cli/terminal/stop.h"

#include <signal.h>
#include <stddef.h>

/* A handler can reach nothing but a global. */
static volatile sig_atomic_t asked;

static void signal_take(int number)
{
    (void)number;
    asked = 1;
}

void stop_catch(void)
{
    static const int signals[] = {SIGINT, SIGTERM, SIGHUP};
    struct sigaction before, ours = {.sa_handler = signal_take};
    asked = 0;
    for (size_t i = 0; i < sizeof(signals) / sizeof(signals[0]); i++)
        if (!sigaction(signals[i], NULL, &before) && before.sa_handler != SIG_IGN)
            sigaction(signals[i], &ours, NULL);
}

bool stop_asked(void)
{
    return asked;
}
