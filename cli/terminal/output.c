/* See output.h. */
#include "cli/terminal/output.h"

#include "cli/terminal/command.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

int output_end(int code)
{
    errno = 0;
    if (!fflush(stdout) && !ferror(stdout))
        return code;
    fprintf(stderr, "heapwait: can't write to standard output: %s\n", strerror(errno ? errno : EIO));
    return EXIT_HEAPWAIT;
}
