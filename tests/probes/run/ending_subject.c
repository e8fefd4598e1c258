/* ending_subject THREADS CALLS: threads one after the other, each of which makes so many system calls that do
 * nothing, and ends. */
#include <pthread.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

static void *thread_run(void *arg)
{
    prctl(PR_SET_NAME, "ending");
    for (long i = *(long *)arg; i > 0; i--)
        syscall(SYS_getppid);
    return NULL;
}

int main(int argc, char **argv)
{
    long calls = argc > 2 ? strtol(argv[2], NULL, 10) : 0;
    for (long i = argc > 1 ? strtol(argv[1], NULL, 10) : 0; i > 0; i--) {
        pthread_t thread;
        if (pthread_create(&thread, NULL, thread_run, &calls))
            return 3;
        pthread_join(thread, NULL);
    }
    return 0;
}
