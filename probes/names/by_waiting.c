/* See naming_private.h.  What the wait for a word tells that has no symbol, no layout and no function:
 * - No allocator of the table waits by FUTEX_WAIT_BITSET, as Rust's std and condition variables do.
 * - The locks of some are pthread mutexes, whose waits name one value.
 * - jemalloc keeps statistics before each of its mutexes, in which a waiter is counted while it waits.
 * - The C library's own malloc has its locks where no other words are.
 * Sources: musl src/thread/__lock.c, pthread_mutex_timedlock.c; glibc nptl/lowlevellock.c, malloc/arena.c;
 * jemalloc 5.0 to 5.3 mutex.h, mutex_prof.h, mutex.c; gperftools spinlock_linux-inl.h; scudo linux.cpp; Rust
 * library/std/src/sys/pal/unix/futex.rs. */
#include "probes/names/naming_private.h"

#include <string.h>
#include <sys/syscall.h>

enum {
    COMMAND_MASK = 0x7f,
    WAIT = 0,
    WAIT_BITSET = 9,
    GLIBC_CONTENDED = 2,
    MOST_THREADS = 1 << 22, /* the kernel's PID_MAX_LIMIT */
};
static const uint32_t musl_waiters = 0x80000000; /* the bit in a mutex that somebody waits for */

/* Values as in musl's src/thread/__lock.c; in the futex mutex and parker of Rust's library/std; in glibc's
 * nptl/lowlevellock.h and pthread_mutex_lock.c. */
const char *naming_value_class(const struct word_facts *facts)
{
    uint32_t value = facts->evidence.expected;
    if (!facts->waited)
        return "";
    if (value > 0x80000000 && value < 0x80000200)
        return "; its value is usual for musl's own locks (0x80000000 and the number of threads)";
    if (value == 0xffffffff)
        return "; its value is usual for a parked thread of Rust's";
    return value == 2 ? "; its value is usual for mutexes of glibc and Rust" : "";
}

/* jemalloc's mutex_prof_data_t, which stands 64 bytes before the mutex.  The times are of its type nstime_t.
 */
struct mutex_statistics {
    uint64_t total_wait_ns, longest_wait_ns, waits, spun;
    uint32_t most_waiting, waiting;
    uint64_t owner_switches, owner, locked;
};
_Static_assert(sizeof(struct mutex_statistics) == sizeof(((struct word_evidence *)0)->before),
               "mutex_prof_data_t");

/* Whether these can be the statistics of a mutex that a thread waits for.  The mutex is held, so that it has
 * been locked and has an owner.  The times that it was locked after a wait or by spinning are among all
 * times, but for one that is being added just now.  Its clock may be a coarse one, so that times say little.
 * Whoever waits is counted, unless the C library takes the mutex again after a wait for a condition
 * (jemalloc's background threads). */
static bool statistics_fit(const struct mutex_statistics *s)
{
    return s->locked && s->owner && !(s->owner & 7) && s->owner < 1ull << 56 && s->owner_switches &&
           s->owner_switches <= s->locked && s->waits <= s->locked && s->spun <= s->locked &&
           s->waits + s->spun <= s->locked + 1 && s->waiting <= MOST_THREADS &&
           s->longest_wait_ns <= s->total_wait_ns;
}

static bool is_blank(const struct mutex_statistics *s)
{
    static const struct mutex_statistics blank;
    return !memcmp(s, &blank, sizeof(blank));
}

/* Whether the word's first call is a wait by this command. */
static bool is_first(const struct word_facts *f, uint32_t command)
{
    return f->waited && f->evidence.call == SYS_futex && (f->evidence.command & COMMAND_MASK) == command;
}

/* Whether the wait is one for a pthread mutex.  In musl it names the owner or, for a mutex of the plain kind,
 * EBUSY. */
static bool is_mutex_wait(const struct mapped_program *p, const struct word_evidence *e)
{
    return !strcmp(p->libc, "musl") ? e->expected > musl_waiters && e->expected - musl_waiters <= MOST_THREADS
                                    : e->expected == GLIBC_CONTENDED;
}

/* Answers that the word is none of the allocator's, whose name stands between the two texts that tell why. */
static bool put_reason(struct inquiry *q, const char *before, const char *allocator, const char *after)
{
    inquiry_place(q);
    inquiry_put(q, &q->out->evidence, "%s%s%s", before, allocator, after);
    inquiry_other(q);
    return true;
}

/* Answers for an allocator whose locks are all pthread mutexes. */
static bool by_mutex(struct inquiry *q, const struct known_program *p, const struct allocator *a)
{
    const struct word_evidence *e = &q->facts->evidence;
    if (!p->program.libc || (q->module && q->module != p->program.file))
        return false; /* the word may be a lock of a library's own, or of a malloc there */
    if (!is_mutex_wait(&p->program, e))
        return put_reason(q, "value: its first wait is not one for a pthread mutex, as all locks of ",
                          a->name, "'s are");
    struct mutex_statistics s;
    memcpy(&s, e->before, sizeof(s));
    if (!p->mutex_statistics || is_blank(&s))
        return false;
    if (!statistics_fit(&s))
        return put_reason(q, "layout: it is no mutex of ", a->name,
                          "'s, whose statistics would stand before it");
    if (!s.waiting)
        return false; /* it may be a mutex of the allocator's, and may be chance */
    inquiry_put(q, &q->out->name, "lock of %s", a->name);
    inquiry_put(
        q, &q->out->evidence,
        "layout: the statistics of a mutex of %s's stand before it (locked %llu times, by another thread "
        "than before "
        "%llu times; %u waiting)",
        a->name, (unsigned long long)s.locked, (unsigned long long)s.owner_switches, s.waiting);
    inquiry_malloc(q, a);
    return true;
}

/* Whether the lock of musl's malloc was found in the program's code. */
static bool lock_is_found(struct inquiry *q, const struct mapped_program *p)
{
    struct musl_code *code = stripped_musl(q->naming->stripped, p->file);
    return code && musl_code_malloc(code);
}

/* Whether what lies around the word was looked at, which matters to glibc's malloc alone.  In a perf session
 * it wasn't.
 */
static bool is_looked_at(const struct inquiry *q, const struct allocator *a)
{
    return q->facts->evidence.first_seen_ns || strcmp(a->libc, "glibc") != 0;
}

/* Answers for a C library's own malloc, by where its locks can be.  glibc's are in its data, or at the head
 * of a heap that points to it, which by_heap() has looked for; musl's are in its data. */
static bool by_absence(struct inquiry *q, const struct mapped_program *p, const struct allocator *a)
{
    if (p->malloc_from && p->malloc_from != q->module && (q->module || is_looked_at(q, a)))
        return put_reason(q, "place: all locks of ", a->name,
                          "'s lie elsewhere: in its file's data or, glibc's, at the head of a heap");
    if (p->code && lock_is_found(q, p))
        return put_reason(q, "code: the lock of ", a->name, " was found in the code, and is another word");
    return false;
}

bool naming_by_waiting(struct inquiry *q)
{
    const bool bitset = is_first(q->facts, WAIT_BITSET);
    const struct known_program *p = bitset || is_first(q->facts, WAIT) ? naming_program_of(q) : NULL;
    const struct allocator *a = p && p->program.allocator ? allocator_named(p->program.allocator) : NULL;
    if (!a)
        return false;
    if (bitset)
        return put_reason(q, "call: its first wait is a FUTEX_WAIT_BITSET, and no lock of ", a->name,
                          "'s is waited for so");
    return a->mutexes ? by_mutex(q, p, a) : a->libc ? by_absence(q, &p->program, a) : false;
}
