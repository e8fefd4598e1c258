/* The readers of perf.data, given any bytes for a file: every field of every sample that it hands over is
 * touched, and every word of the command line. */
#include "probes/perf/perf_data.h"
#include "probes/perf/perf_head.h"
#include "tests/fuzz/fuzz.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

static volatile uint64_t sum;

static void sample_touch(void *context, const struct perf_data_sample *s)
{
    (void)context;
    sum += s->time_ns + s->pid + s->tid + s->ip;
    for (size_t i = 0; i < s->chain_length; i++) {
        uint64_t ip;
        memcpy(&ip, s->chain + i, sizeof(ip));
        sum += ip;
    }
    for (size_t i = 0; i < s->stack_size; i++)
        sum += ((const unsigned char *)s->stack)[i];
    for (unsigned i = 0; i < PERF_REGISTERS; i++)
        sum += s->known >> i & 1 ? s->registers[i] : 0;
    if (s->stack_size > 1 << 16 || s->chain_length > 1 << 13)
        abort(); /* no record has so much */
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct perf_data_counts counts;
    struct error err = {""};
    char path[64];
    const int fd = memfd_create("perf.data", MFD_CLOEXEC);
    if (fd < 0 || (size && write(fd, data, size) != (ssize_t)size))
        abort();
    snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
    if (perf_data_read(path, sample_touch, NULL, &counts, &err) && !err.text[0])
        abort(); /* a failure without a sentence */
    struct perf_head head;
    if (!perf_head_read(path, &head)) {
        for (size_t i = 0; i < head.word_count; i++)
            sum += strlen(head.words[i]);
        if (head.word_count > MAX_PERF_WORDS)
            abort();
        perf_head_free(&head);
    }
    close(fd);
    return 0;
}
