/* See output.h. */
#include "cli/terminal/output.h"

#include "cli/terminal/command.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

int output_failed(const struct error *err, int code)
{
    fprintf(stderr, "heapwait: %s\n", err->text[0] ? err->text : "failed for an unknown reason");
    return code;
}

int output_end(int code)
{
    errno = 0;
    if (!fflush(stdout) && !ferror(stdout))
        return code;
    fprintf(stderr, "heapwait: can't write to standard output: %s\n", strerror(errno ? errno : EIO));
    return EXIT_HEAPWAIT;
}
