/* What tests/cli/try/try.sh runs.  try_subject FILE [STATUS]: appends to FILE whose malloc it got ("f" the
 * test library's, "o" another), and ends with STATUS under the test's library, else with 0. */
#include <dlfcn.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

int main(int argc, char **argv)
{
    void *block = malloc(100); /* so that the program itself is bound to somebody's */
    int fake = block && dlsym(RTLD_DEFAULT, "fake_allocator") != NULL;
    int fd = argc > 1 ? open(argv[1], O_WRONLY | O_APPEND | O_CREAT, 0666) : -1;
    int written = fd >= 0 && write(fd, fake ? "f" : "o", 1) == 1;
    free(block);
    return written ? (fake && argc > 2 ? atoi(argv[2]) : 0) : 9;
}
