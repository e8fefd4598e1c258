/* Threads are joined in the order they were started.  A thread keeps its vector to itself until it ends, as
 * the Rust original's does: nothing but the allocator is shared while passwords are made. */
#include "workload/passwords/generator.h"

#include "workload/passwords/base64.h"
#include "workload/passwords/marks.h"
#include "workload/passwords/random.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* Rust's default for a thread; the C libraries' own defaults differ (glibc 8 MiB, musl 128 KiB). */
enum { STACK_SIZE = 2 * 1024 * 1024 };

/* One thread's part.  The thread writes `passwords`, `made`, `error` and `opened`, as it ends. */
struct generator {
    const struct options *options;
    atomic_bool *stop; /* some thread has failed: the others needn't finish */
    pthread_t thread;
    uint64_t index, amount;
    struct password_vector passwords;
    uint64_t made;
    int error;
    bool opened;
};

static uint64_t clock_ns(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

/* Encodes one password into a block of its own and keeps or frees it. */
static int password_make(struct password_vector *keep, const unsigned char *bytes, size_t size)
{
    size_t length = base64_length(size);
    char *text = malloc(length);

    if (!text)
        return -ENOMEM;
    base64_encode(text, bytes, size);
    if (keep && !vector_push(keep, (struct password){text, length, length}))
        return 0;
    free(text);
    return keep ? -ENOMEM : 0;
}

static void passwords_make(struct generator *g, struct random_source *source)
{
    unsigned char bytes[LENGTH_MAX];
    size_t size = options_bytes(g->options);
    struct password_vector passwords = {0};
    struct password_vector *keep = g->options->free == FREE_AT_END ? &passwords : NULL;
    uint64_t made = 0;

    for (; made < g->amount && !atomic_load_explicit(g->stop, memory_order_relaxed); made++) {
        g->error = random_read(source, bytes, size);
        if (!g->error)
            g->error = password_make(keep, bytes, size);
        if (g->error)
            break;
        if ((made + 1) % MARK_EVERY == 0)
            mark_passwords(g->index + 1, made + 1);
    }
    g->passwords = passwords;
    g->made = made;
}

static void *generator_main(void *argument)
{
    struct generator *g = argument;
    struct random_source source;

    mark_thread_start(g->index + 1, g->amount);
    g->error = random_open(&source, g->options->source, g->index);
    g->opened = !g->error;
    if (g->opened) {
        passwords_make(g, &source);
        random_close(&source);
    }
    if (g->error)
        atomic_store(g->stop, true);
    mark_thread_end(g->index + 1, g->made);
    return NULL;
}

/* The last thread takes the remainder, as in the original. */
static uint64_t share_of(const struct options *o, uint64_t index)
{
    return o->passwords / o->threads + (index + 1 == o->threads ? o->passwords % o->threads : 0);
}

/* Starts the threads; *started tells how many run, all of them or those before the one that failed. */
static int generators_start(struct generator *generators, const struct options *o, atomic_bool *stop,
                            uint64_t *started)
{
    pthread_attr_t attributes;
    int err = pthread_attr_init(&attributes);

    *started = 0;
    if (err)
        return -err;
    err = pthread_attr_setstacksize(&attributes, STACK_SIZE);
    for (uint64_t i = 0; !err && i < o->threads; i++) {
        struct generator *g = &generators[i];
        *g = (struct generator){.options = o, .stop = stop, .index = i, .amount = share_of(o, i)};
        err = pthread_create(&g->thread, &attributes, generator_main, g);
        if (!err)
            *started = i + 1;
    }
    pthread_attr_destroy(&attributes);
    return -err;
}

static int thread_failure(const struct generator *g, char *message, size_t size)
{
    const char *source =
        g->options->source == SOURCE_URANDOM ? "/dev/urandom" : source_name(g->options->source);
    const char *why = g->error == -ENODATA ? "it ended early" : strerror(-g->error);

    if (g->error == -ENOMEM)
        snprintf(message, size, "out of memory in thread %llu after %llu passwords",
                 (unsigned long long)g->index + 1, (unsigned long long)g->made);
    else
        snprintf(message, size, "%s %s failed: %s", g->opened ? "reading" : "opening", source, why);
    return g->error;
}

/* Joins and gathers.  The first failure in thread order is the one that is told. */
static int generators_join(struct generator *generators, uint64_t started, struct generation *out,
                           char *message, size_t size)
{
    int err = 0;

    for (uint64_t i = 0; i < started; i++) {
        struct generator *g = &generators[i];
        pthread_join(g->thread, NULL);
        if (!err && g->error)
            err = thread_failure(g, message, size);
        if (!err && vector_extend(&out->passwords, &g->passwords)) {
            err = -ENOMEM;
            snprintf(message, size, "out of memory while gathering the passwords of thread %llu",
                     (unsigned long long)i + 1);
            atomic_store(g->stop, true);
        }
        out->count += g->made;
        vector_free(&g->passwords);
    }
    return err;
}

int generation_run(const struct options *options, struct generation *out, char *message, size_t size)
{
    atomic_bool stop = false;
    uint64_t start = clock_ns();
    uint64_t started;
    struct generator *generators = calloc(options->threads, sizeof(*generators));
    int err, join_err;

    *out = (struct generation){0};
    if (!generators) {
        snprintf(message, size, "out of memory for %llu threads", (unsigned long long)options->threads);
        return -ENOMEM;
    }
    err = generators_start(generators, options, &stop, &started);
    if (err) {
        atomic_store(&stop, true);
        snprintf(message, size, "starting thread %llu of %llu failed: %s", (unsigned long long)started + 1,
                 (unsigned long long)options->threads, strerror(-err));
    }
    join_err = generators_join(generators, started, out, message, size);
    if (join_err)
        err = join_err;
    out->elapsed_ns = clock_ns() - start;
    free(generators);
    if (err)
        generation_free(out);
    return err;
}

void generation_free(struct generation *generation)
{
    vector_free(&generation->passwords);
}
