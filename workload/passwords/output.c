/* Printing.  The timing line's wording is that of the Rust original, and other programs read it: keep it. */
#include "workload/passwords/output.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>

static void passwords_print(FILE *out, const struct password_vector *passwords)
{
    for (size_t i = 0; i < passwords->count && !ferror(out); i++) {
        fwrite(passwords->items[i].text, 1, passwords->items[i].length, out);
        putc('\n', out);
    }
}

static void timing_print(FILE *out, const struct options *o, const struct generation *g)
{
    if (o->json)
        fprintf(out,
                "{\"passwords\":%" PRIu64 ",\"threads\":%" PRIu64 ",\"length\":%" PRIu64
                ",\"source\":\"%s\",\"free\":\"%s\",\"elapsed_ns\":%" PRIu64 "}\n",
                g->count, o->threads, o->length, source_name(o->source), free_name(o->free), g->elapsed_ns);
    else
        fprintf(out, "Generating %" PRIu64 " passwords with %" PRIu64 " threads took %" PRIu64 " ms\n",
                g->count, o->threads, g->elapsed_ns / 1000000);
}

int output_write(const struct options *options, const struct generation *generation)
{
    errno = 0;
    if (options->print)
        passwords_print(stdout, &generation->passwords);
    else
        timing_print(stdout, options, generation);
    if (fflush(stdout) || ferror(stdout))
        return errno ? -errno : -EIO;
    if (options->print)
        timing_print(stderr, options, generation);
    return 0;
}
