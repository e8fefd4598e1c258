/* See cpu_pinning.h.  Two threads share one CPU.  One makes a call in which the program holds the CPU; the
 * other, with a real-time priority, sleeps until then.  The program sees it woken, holds on for a while, and
 * the thread looks whether the program still runs.  So nothing depends on how punctual the machine is.  The
 * question is worth it: to disable preemption costs a program more than all else that it does for most system
 * calls, and kernels up to 6.18 have done so already. */
#include "probes/session/cpu_pinning.h"

#include "probes/session/hooks.h"

#include "probes/bpf/abi.h"
#include "probes/bpf/cpu_pinning.skel.h" /* after abi.h, whose types it uses */
#include "probes/host/clock.h"

#include <pthread.h>
#include <sched.h>
#include <stdlib.h>
#include <sys/random.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

enum { LEAD_NS = 2000000, TRIES = 12, AGREEING = 2 };

struct trial {
    struct cpu_pinning_bpf *skeleton;
    uint64_t wake_ns;
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
    sleep_until(t->wake_ns);
    t->interrupted = __atomic_load_n(&t->skeleton->bss->holding, __ATOMIC_SEQ_CST);
    return NULL;
}

static void *caller_run(void *context)
{
    struct trial *t = context;
    sleep_until(t->wake_ns - LEAD_NS / 4);
    syscall(SYS_getpgid, t->skeleton->rodata->call_secret);
    return NULL;
}

/* Returns true if the urgent thread was woken while the program held the CPU, and got it only afterwards. */
static bool trial_run(struct trial *t, int cpu)
{
    pthread_t urgent, caller;
    pthread_attr_t attributes;
    cpu_set_t one;
    CPU_ZERO(&one);
    CPU_SET((unsigned)cpu, &one);
    t->wake_ns = clock_monotonic_ns() + LEAD_NS;
    t->skeleton->bss->from_ns = 0;
    t->skeleton->bss->woken_ns = 0;
    pthread_attr_init(&attributes);
    int rc = pthread_attr_setaffinity_np(&attributes, sizeof(one), &one);
    if (!rc)
        rc = pthread_create(&urgent, &attributes, urgent_run, t);
    if (!rc) {
        if (!(rc = pthread_create(&caller, &attributes, caller_run, t)))
            pthread_join(caller, NULL);
        pthread_join(urgent, NULL);
    }
    pthread_attr_destroy(&attributes);
    return !rc && t->able && !t->interrupted && t->skeleton->bss->woken_ns;
}

/* Asks by one of the two programs.  `function`: the function that the call is made of; NULL: the raw
 * tracepoint of all calls. */
static bool pinning_try(const char *function)
{
    struct trial t = {.skeleton = cpu_pinning_bpf__open()};
    int cpu = sched_getcpu();
    int agreeing = 0;
    uint64_t secret;
    if (!t.skeleton)
        return false;
    bpf_program__set_autoload(t.skeleton->progs.hold_call, !function);
    bpf_program__set_autoload(t.skeleton->progs.hold_function, function != NULL);
    if (function && bpf_program__set_attach_target(t.skeleton->progs.hold_function, 0, function))
        cpu = -1;
    if (cpu >= 0 && cpu < CPU_SETSIZE && getrandom(&secret, sizeof(secret), 0) == sizeof(secret)) {
        t.skeleton->rodata->call_number = SYS_getpgid;
        t.skeleton->rodata->call_secret = secret;
        if (!cpu_pinning_bpf__load(t.skeleton) && !cpu_pinning_bpf__attach(t.skeleton))
            for (int i = 0; i < TRIES && agreeing < AGREEING && !t.interrupted; i++)
                agreeing += trial_run(&t, cpu); /* again, where the two missed each other */
    }
    cpu_pinning_bpf__destroy(t.skeleton);
    return agreeing == AGREEING && !t.interrupted;
}

bool cpu_pinning_of_syscalls(void)
{
    return pinning_try(NULL);
}

bool cpu_pinning_of_functions(void)
{
    return pinning_try(FUNCTION_OF_SYSCALL "getpgid");
}
