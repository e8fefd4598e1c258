/* cost_floor waits|ledger COMMAND...: runs a command while empty programs are attached on the hooks of that
 * mode, and ends as it does: what the hooks alone cost. */
#include "probes/session/empty_probes.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

int main(int argc, char **argv)
{
    struct floor *floor;
    struct error err = {0};
    int status = 0;
    if (argc < 3)
        return 2;
    if (floor_open(!strcmp(argv[1], "ledger"), &floor, &err)) {
        fprintf(stderr, "cost_floor: %s\n", err.text);
        return EXIT_FAILURE;
    }
    pid_t child = fork();
    if (!child) {
        execvp(argv[2], argv + 2);
        _exit(127);
    }
    waitpid(child, &status, 0);
    floor_close(floor);
    return WIFEXITED(status) ? WEXITSTATUS(status) : EXIT_FAILURE;
}
