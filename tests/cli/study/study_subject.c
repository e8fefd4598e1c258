/* Stands in for a variant: behaves as its first argument says.  No mode depends on time; those that hang do
 * so until they are killed. */
#include <fcntl.h>
#include <linux/futex.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

static int line_print(const char *threads, const char *passwords)
{
    printf("Generating %s passwords with %s threads took 7 ms\n", passwords, threads);
    return 0;
}

/* Adds a byte to the file and returns its new size: how many runs there were. */
static off_t run_count(const char *path)
{
    struct stat st;
    int fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
    if (fd < 0 || write(fd, "x", 1) != 1 || fstat(fd, &st))
        exit(99);
    close(fd);
    return st.st_size;
}

static void wait_forever(void)
{
    for (;;)
        pause();
}

/* Hangs together with a child that holds a lock on the file: who gets the lock knows that the child is dead.
 */
static int hang(const char *path)
{
    int ready[2];
    char byte;
    if (pipe(ready))
        return 99;
    if (!fork()) {
        int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0666);
        if (flock(fd, LOCK_EX) || write(ready[1], "x", 1) != 1)
            _exit(99);
        wait_forever();
    }
    if (read(ready[0], &byte, 1) != 1)
        return 99;
    wait_forever();
    return 0;
}

/* subject interrupt FILE NTH THREADS PASSWORDS: the NTH run sends a signal to heapwait, as a terminal would.
 */
static int interrupt(char **argv)
{
    if (run_count(argv[2]) == atol(argv[3])) {
        kill(getppid(), SIGINT);
        wait_forever();
    }
    return line_print(argv[4], argv[5]);
}

/* Ends, but leaves a child that holds the pipes open. */
static int leave(char **argv)
{
    if (!fork()) {
        alarm(60);
        wait_forever();
    }
    return line_print(argv[2], argv[3]);
}

static int flood(char **argv)
{
    for (int i = 0; i < 100000; i++)
        puts("a line that nobody reads, and many of them: more than any buffer or pipe holds");
    return line_print(argv[2], argv[3]);
}

/* 11 wakes that wake nobody and 7 waits for another value than the word has, on a word of its own. */
static int futex_calls(char **argv)
{
    static int study_word;
    for (int i = 0; i < 11; i++)
        syscall(SYS_futex, &study_word, FUTEX_WAKE_PRIVATE, 1, NULL, NULL, 0);
    for (int i = 0; i < 7; i++)
        syscall(SYS_futex, &study_word, FUTEX_WAIT_PRIVATE, 1, NULL, NULL, 0);
    return line_print(argv[2], argv[3]);
}

int main(int argc, char **argv)
{
    const char *mode = argc > 1 ? argv[1] : "";
    if (!strcmp(mode, "ok") && argc == 4)
        return line_print(argv[2], argv[3]);
    if (!strcmp(mode, "count") && argc == 5)
        return run_count(argv[2]), line_print(argv[3], argv[4]);
    if (!strcmp(mode, "futex") && argc == 4)
        return futex_calls(argv);
    if (!strcmp(mode, "flood") && argc == 4)
        return flood(argv);
    if (!strcmp(mode, "leave") && argc == 4)
        return leave(argv);
    if (!strcmp(mode, "interrupt") && argc == 6)
        return interrupt(argv);
    if (!strcmp(mode, "hang") && argc == 3)
        return hang(argv[2]);
    if (!strcmp(mode, "stdin")) {
        char byte;
        return read(STDIN_FILENO, &byte, 1) == 0 ? line_print("1", "1") : 98;
    }
    if (!strcmp(mode, "die"))
        return raise(SIGKILL);
    fprintf(stderr, "first line\nno luck \033[31mtoday\n");
    return 3;
}
