/* passwords: generates random passwords with several threads and tells how long it took.
 * The C form of the program in "Performance of static Rust with MUSL" (2025).  One source is built once per
 * allocator (workload/variants.cmake); it does not know which one it got, nor that it may be traced. */
#include "workload/passwords/generator.h"
#include "workload/passwords/options.h"
#include "workload/passwords/output.h"
#include "workload/passwords/processors.h"

#include <stdio.h>
#include <string.h>

enum { EXIT_FAILED = 1, EXIT_WRONG_USAGE = 2 };

static int passwords_run(const struct options *options)
{
    struct generation generation;
    char message[256];
    int err = generation_run(options, &generation, message, sizeof(message));

    if (err) {
        fprintf(stderr, "passwords: %s\n", message);
        return EXIT_FAILED;
    }
    err = output_write(options, &generation);
    generation_free(&generation);
    if (err) {
        fprintf(stderr, "passwords: writing to standard output failed: %s\n", strerror(-err));
        return EXIT_FAILED;
    }
    return 0;
}

int main(int argc, char **argv)
{
    struct options options;
    char message[256];

    if (options_parse(argc, argv, &options, message, sizeof(message))) {
        fprintf(stderr, "passwords: %s\n", message);
        return EXIT_WRONG_USAGE;
    }
    if (options.help)
        return fputs(options_usage(), stdout) < 0 || fflush(stdout) ? EXIT_FAILED : 0;
    if (options.threads == 0)
        options.threads = processors_available();
    return passwords_run(&options);
}
