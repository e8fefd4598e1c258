/* See cpu_pinning.h.  Two threads share one CPU.  One, with a real-time priority, tells when it will wake up,
 * lets the other go, and sleeps until then.  The other makes a call in which the program holds the CPU.  The
 * program sees the first one woken, holds on for a while, and the first one looks whether the program still
 * runs.  A trial in which the program came too late is no answer; the next one leaves it twice the time.  So
 * nothing depends on how punctual or how fast the machine is.  The question is worth it: to disable
 * preemption costs a program more than all else that it does for most system calls, and kernels up to 6.18
 * have done so already. */
#include "probes/session/cpu_pinning.h"

#include "probes/session/hooks.h"

#include "probes/bpf/abi.h"
#include "probes/bpf/cpu_pinning.skel.h" /* after abi.h, whose types it uses */
#include "probes/host/clock.h"

#include <pthread.h>
#include <sched.h>
#include <semaphore.h>
#include <stdlib.h>
#include <sys/random.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

/* TICK_NS: more than the tick of any kernel, by which a timer may be late. */
enum { LEAD_NS = 2000000, MOST_LEAD_NS = 32000000, TICK_NS = 20000000, TRIES = 12, AGREEING = 2 };

/* What is asked: which programs may lose the CPU. */
enum place { AT_CALL, AT_BIRTH, AT_FUNCTION };

struct trial {
    struct cpu_pinning_bpf *skeleton;
    sem_t begun; /* the urgent thread has told its time */
    uint64_t lead_ns;
    bool able, interrupted; /* the urgent thread could have its priority; it came while the program ran */
};

static void sleep_until(uint64_t ns)
{
    struct timespec t = {.tv_sec = (time_t)(ns / 1000000000), .tv_nsec = (long)(ns % 1000000000)};
    while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &t, NULL))
        ;
}

static void *urgent_run(void *context)
{
    struct trial *t = context;
    struct sched_param priority = {.sched_priority = 1};
    t->able = !pthread_setschedparam(pthread_self(), SCHED_FIFO, &priority);
    syscall(SYS_getpgid, t->skeleton->rodata->call_secret + 1);
    uint64_t wake_ns = clock_monotonic_ns() + t->lead_ns;
    sem_post(&t->begun);
    sleep_until(wake_ns);
    t->interrupted = __atomic_load_n(&t->skeleton->bss->holding, __ATOMIC_SEQ_CST);
    return NULL;
}

static void *nothing(void *context)
{
    return context;
}

static void *caller_run(void *context)
{
    struct trial *t = context;
    pthread_t born;
    while (sem_wait(&t->begun))
        ;
    syscall(SYS_getpgid, t->skeleton->rodata->call_secret);
    if (t->skeleton->rodata->at_birth && !pthread_create(&born, NULL, nothing, NULL))
        pthread_join(born, NULL);
    return NULL;
}

static void trial_begin(struct trial *t)
{
    t->skeleton->bss->longest_ns = t->lead_ns + TICK_NS;
    t->skeleton->bss->urgent = 0;
    t->skeleton->bss->caller = 0;
    t->skeleton->bss->woken_ns = 0;
    t->skeleton->bss->from_ns = 0;
    sem_init(&t->begun, 0, 0);
}

/* Returns true if the urgent thread was woken while the program held the CPU, and got it only afterwards. */
static bool trial_run(struct trial *t, int cpu)
{
    pthread_t urgent, caller;
    pthread_attr_t attributes;
    cpu_set_t one;
    CPU_ZERO(&one);
    CPU_SET((unsigned)cpu, &one);
    trial_begin(t);
    pthread_attr_init(&attributes);
    int rc = pthread_attr_setaffinity_np(&attributes, sizeof(one), &one);
    if (!rc)
        rc = pthread_create(&caller, &attributes, caller_run, t);
    if (!rc) {
        rc = pthread_create(&urgent, &attributes, urgent_run, t);
        if (!rc)
            pthread_join(urgent, NULL);
        else
            sem_post(&t->begun);
        pthread_join(caller, NULL);
    }
    pthread_attr_destroy(&attributes);
    sem_destroy(&t->begun);
    return !rc && t->able && !t->interrupted && t->skeleton->bss->woken_ns;
}

/* Loads and attaches the programs that ask there.  Returns true if they are. */
static bool programs_attach(struct cpu_pinning_bpf *skeleton, enum place place)
{
    uint64_t secret;
    bpf_program__set_autoload(skeleton->progs.hold_call, place != AT_FUNCTION);
    bpf_program__set_autoload(skeleton->progs.hold_birth, place == AT_BIRTH);
    bpf_program__set_autoload(skeleton->progs.hold_function, place == AT_FUNCTION);
    if (place == AT_FUNCTION &&
        bpf_program__set_attach_target(skeleton->progs.hold_function, 0, FUNCTION_OF_SYSCALL "getpgid"))
        return false;
    if (getrandom(&secret, sizeof(secret), 0) != sizeof(secret))
        return false;
    skeleton->rodata->call_number = SYS_getpgid;
    skeleton->rodata->call_secret = secret;
    skeleton->rodata->at_birth = place == AT_BIRTH;
    return !cpu_pinning_bpf__load(skeleton) && !cpu_pinning_bpf__attach(skeleton);
}

static bool pinning_try(enum place place)
{
    struct trial t = {.skeleton = cpu_pinning_bpf__open(), .lead_ns = LEAD_NS};
    int cpu = sched_getcpu();
    int agreeing = 0;
    if (!t.skeleton)
        return false;
    if (cpu >= 0 && cpu < CPU_SETSIZE && programs_attach(t.skeleton, place))
        for (int i = 0; i < TRIES && agreeing < AGREEING && !t.interrupted; i++) {
            agreeing += trial_run(&t, cpu);
            if (!t.skeleton->bss->woken_ns && t.lead_ns < MOST_LEAD_NS)
                t.lead_ns *= 2; /* the two missed each other */
        }
    cpu_pinning_bpf__destroy(t.skeleton);
    return agreeing == AGREEING && !t.interrupted;
}

bool cpu_pinning_of_syscalls(void)
{
    return pinning_try(AT_CALL);
}

bool cpu_pinning_of_tracepoints(void)
{
    return pinning_try(AT_BIRTH);
}

bool cpu_pinning_of_functions(void)
{
    return pinning_try(AT_FUNCTION);
}
