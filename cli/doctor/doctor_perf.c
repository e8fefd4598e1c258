/* heapwait doctor --perf: the `perf record` line, alone on the first line so that it can be pasted, and what
 * each part of it is for. */
#include "cli/doctor/doctor_perf.h"
#include "cli/terminal/command.h"
#include "probes/host/program.h"
#include "probes/perf/perf_line.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void part_print(const char *option, const char *value, const char *purpose)
{
    printf("%s%s%s\n    %s\n", option, *value ? " " : "", value, purpose);
}

int doctor_perf(void)
{
    struct perf_line line;
    const char *argv[2 * MAX_LINE_PARTS + 1];
    bool good = program_in_path("perf"), grouped = false;
    perf_line_make(&line, true);
    perf_line_arguments(&line, argv, sizeof(argv) / sizeof(argv[0]));
    printf("perf record -o perf.data");
    for (size_t i = 0; argv[i]; i++) /* a shell would take braces for its own */
        printf(strchr(argv[i], '{') ? " '%s'" : " %s", argv[i]);
    printf(" -- COMMAND\n\nthen: heapwait import perf.data\n\n");
    for (size_t i = 0; i < line.count; i++) {
        const struct perf_line_part *p = &line.parts[i];
        if (p->grouped && !grouped)
            printf("-e '{...}'\n    one group of events, which perf switches on and off as one:\n");
        grouped |= p->grouped;
        part_print(p->grouped ? " " : p->option, p->value, p->purpose);
        if (*p->lack)
            printf("    MISSING: %s\n", p->lack);
        good &= !*p->lack;
    }
    part_print("-- COMMAND", "", "or -p PID, or -a for the whole machine");
    if (!program_in_path("perf"))
        printf("\nMISSING: perf is not installed (Debian: apt-get install linux-perf)\n");
    unsigned rivals = perf_line_rivals();
    if (rivals)
        printf("\nlimited: BPF programs of others (%u) sit on the futex tracepoints now and may hide calls "
               "from perf: "
               "bpftool prog list\n",
               rivals);
    printf("\n%s\n", good ? "This line works here."
                          : "This machine or this user can't record all of it: see MISSING above.");
    return good ? EXIT_OK : EXIT_DATA;
}
