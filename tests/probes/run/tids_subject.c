/* The program whose threads tell their numbers: as many as the argument says, all alive at once, and a child
 * process with one more.  Each is named by its place and prints "NAME=NUMBER", the kernel's own number. */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static pthread_barrier_t all_there;

static void number_tell(const char *name)
{
    prctl(PR_SET_NAME, name);
    printf("%s=%ld\n", name, syscall(SYS_gettid));
    fflush(stdout);
}

static void *thread_run(void *context)
{
    number_tell(context);
    pthread_barrier_wait(&all_there);
    return NULL;
}

static void threads_run(const char *prefix, unsigned count)
{
    pthread_t *threads = calloc(count, sizeof(*threads));
    char(*names)[16] = calloc(count, sizeof(*names));
    pthread_barrier_init(&all_there, NULL, count);
    for (unsigned i = 0; i < count; i++) {
        snprintf(names[i], sizeof(names[i]), "%s-%u", prefix, i);
        if (pthread_create(&threads[i], NULL, thread_run, names[i]))
            abort();
    }
    for (unsigned i = 0; i < count; i++)
        pthread_join(threads[i], NULL);
    free(names);
    free(threads);
}

int main(int argc, char **argv)
{
    number_tell("first");
    threads_run("thread", argc > 1 ? (unsigned)atoi(argv[1]) : 1);
    pid_t child = fork();
    if (!child) {
        number_tell("child");
        threads_run("childs", 1);
        return 0;
    }
    return waitpid(child, NULL, 0) != child;
}
