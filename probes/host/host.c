/* See host.h.  There is a small reader for each fact; it leaves its fact out if the machine doesn't tell. */
#include "probes/host/host.h"

#include "probes/host/clock.h"

#include <bpf/libbpf.h>
#include <errno.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <unistd.h>
#ifdef __GLIBC__
#include <gnu/libc-version.h>
#endif
#if defined(__x86_64__) || defined(__i386__)
#include <cpuid.h>
#endif

enum { MAX_LINE = 512 };

static void fact_add(struct host_facts *facts, const char *key, const char *value)
{
    size_t room = sizeof(facts->rows) / sizeof(facts->rows[0]);
    if (!value || !*value || facts->count == room)
        return;
    struct host_fact *row = &facts->rows[facts->count++];
    snprintf(row->key, sizeof(row->key), "%s", key);
    snprintf(row->value, sizeof(row->value), "%s", value);
    for (char *p = row->value; *p; p++)
        if ((unsigned char)*p < ' ' || *p == 0x7f)
            *p = ' '; /* these texts end up in terminals and reports */
}

const char *host_fact_find(const struct host_facts *facts, const char *key)
{
    for (size_t i = 0; i < facts->count; i++)
        if (!strcmp(facts->rows[i].key, key))
            return facts->rows[i].value;
    return NULL;
}

static FILE *file_open(const char *root, const char *path)
{
    char full[4096];
    if (snprintf(full, sizeof(full), "%s%s", root, path) >= (int)sizeof(full))
        return NULL;
    return fopen(full, "re");
}

/* Returns the first line of a small file without its newline, in line[MAX_LINE]; "" if there is none. */
static const char *line_read(const char *root, const char *path, char *line)
{
    FILE *f = file_open(root, path);
    if (!f || !fgets(line, MAX_LINE, f))
        *line = '\0';
    if (f)
        fclose(f);
    line[strcspn(line, "\n")] = '\0';
    return line;
}

/* Returns what follows `key` and any of " \t:=" in the first line of `path` that begins with it, in
 * line[MAX_LINE]; "" if none does. */
static const char *value_read(const char *root, const char *path, const char *key, char *line)
{
    FILE *f = file_open(root, path);
    const char *value = "";
    while (f && !*value && fgets(line, MAX_LINE, f))
        if (!strncmp(line, key, strlen(key)) && strchr(" \t:=", line[strlen(key)])) {
            line[strcspn(line, "\n")] = '\0';
            value = line + strlen(key);
            value += strspn(value, " \t:=");
        }
    if (f)
        fclose(f);
    return value;
}

static void kernel_read(struct host_facts *facts)
{
    struct utsname u;
    if (uname(&u))
        return;
    fact_add(facts, "kernel", u.release);
    fact_add(facts, "machine", u.machine);
}

static void software_read(struct host_facts *facts, const char *root)
{
    char line[MAX_LINE];
    char *name = (char *)value_read(root, "/etc/os-release", "PRETTY_NAME", line);
    if (*name == '"' || *name == '\'') {
        name[strcspn(name + 1, "\"'") + 1] = '\0';
        name++;
    }
    fact_add(facts, "distribution", name);
#ifdef __GLIBC__
    fact_add(facts, "glibc_version", gnu_get_libc_version());
#endif
    fact_add(facts, "libbpf_version", libbpf_version_string());
}

cpu_set_t *host_cpus_allowed(size_t *size)
{
    /* The kernel refuses a set that is smaller than its own, and there are machines with more than 1024 CPUs.
     */
    for (int cpus = 1024; cpus <= 1 << 20; cpus *= 2) {
        cpu_set_t *set = CPU_ALLOC((size_t)cpus);
        *size = CPU_ALLOC_SIZE((size_t)cpus);
        int rc = set ? sched_getaffinity(0, *size, set) : -1;
        if (!rc && CPU_COUNT_S(*size, set) > 0)
            return set;
        bool small = set && rc && errno == EINVAL;
        CPU_FREE(set);
        if (!small)
            break;
    }
    return NULL;
}

unsigned host_cores_allowed(void)
{
    size_t size;
    cpu_set_t *set = host_cpus_allowed(&size);
    const int count = set ? CPU_COUNT_S(size, set) : 0;
    CPU_FREE(set);
    if (count > 0)
        return (unsigned)count;
    long online = sysconf(_SC_NPROCESSORS_ONLN);
    return online > 0 ? (unsigned)online : 1;
}

static void cpu_read(struct host_facts *facts, const char *root)
{
    char line[MAX_LINE], number[32];
    const char *model = value_read(root, "/proc/cpuinfo", "model name", line);
    if (!*model)
        model = line_read(root, "/proc/device-tree/model", line); /* ARM's cpuinfo has no name */
    fact_add(facts, "cpu_model", model);
    snprintf(number, sizeof(number), "%ld", sysconf(_SC_NPROCESSORS_ONLN));
    fact_add(facts, "cores", number);
    snprintf(number, sizeof(number), "%u", host_cores_allowed());
    fact_add(facts, "cores_allowed", number);
    const char *quota = line_read(root, "/sys/fs/cgroup/cpu.max", line);
    if (strncmp(quota, "max", 3))
        fact_add(facts, "cpu_quota", quota); /* "quota period", microseconds: cgroups(7) */
    fact_add(facts, "cpu_governor",
             line_read(root, "/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor", line));
    fact_add(facts, "clocksource",
             line_read(root, "/sys/devices/system/clocksource/clocksource0/current_clocksource", line));
}

/* Adds the word in brackets: "madvise" for "always [madvise] never". */
static void chosen_add(struct host_facts *facts, const char *key, const char *line)
{
    char value[64];
    if (sscanf(line, "%*[^[][%63[^]]", value) == 1 || sscanf(line, "[%63[^]]", value) == 1)
        fact_add(facts, key, value);
}

static void memory_read(struct host_facts *facts, const char *root)
{
    char line[MAX_LINE], number[32];
    unsigned long long kib = strtoull(value_read(root, "/proc/meminfo", "MemTotal", line), NULL, 10);
    snprintf(number, sizeof(number), "%llu", kib * 1024);
    if (kib)
        fact_add(facts, "mem_bytes", number);
    chosen_add(facts, "transparent_hugepages",
               line_read(root, "/sys/kernel/mm/transparent_hugepage/enabled", line));
    fact_add(facts, "aslr", line_read(root, "/proc/sys/kernel/randomize_va_space", line));
}

#if defined(__x86_64__) || defined(__i386__)
/* CPUID leaf 1, ECX bit 31: a hypervisor is there; leaf 0x40000000: its signature (Intel SDM and AMD APM
 * leave both to hypervisors; the signatures are those of Linux's arch/x86/kernel/cpu/hypervisor code). */
static void hypervisor_read(struct host_facts *facts)
{
    static const struct {
        const char *signature, *name;
    } known[] = {{"KVMKVMKVM", "KVM"},    {"Microsoft Hv", "Hyper-V"}, {"VMwareVMware", "VMware"},
                 {"XenVMMXenVMM", "Xen"}, {"TCGTCGTCGTCG", "QEMU"},    {"VBoxVBoxVBox", "VirtualBox"}};
    unsigned a, b = 0, c = 0, d = 0;
    if (!__get_cpuid(1, &a, &b, &c, &d))
        return;
    if (!(c & 1u << 31)) {
        fact_add(facts, "hypervisor", "none");
        return;
    }
    char signature[13] = {0};
    __cpuid(0x40000000, a, b, c, d);
    memcpy(signature, &b, 4);
    memcpy(signature + 4, &c, 4);
    memcpy(signature + 8, &d, 4);
    const char *name = *signature ? signature : "unknown";
    for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
        if (!strcmp(signature, known[i].signature))
            name = known[i].name;
    fact_add(facts, "hypervisor", name);
}
#else
static void hypervisor_read(struct host_facts *facts)
{
    (void)facts; /* there is no way that needs no privilege and is never wrong */
}
#endif

static void load_read(struct host_facts *facts, const char *root)
{
    char line[MAX_LINE], loads[3][16], all[64], date[32];
    if (sscanf(line_read(root, "/proc/loadavg", line), "%15s %15s %15s", loads[0], loads[1], loads[2]) == 3) {
        fact_add(facts, "load_average", loads[0]);
        snprintf(all, sizeof(all), "%s %s %s", loads[0], loads[1], loads[2]);
        fact_add(facts, "load_averages", all);
    }
    clock_date(date, sizeof(date));
    fact_add(facts, "started_at", date);
}

void host_facts_read(struct host_facts *facts, const char *root)
{
    facts->count = 0;
    kernel_read(facts);
    software_read(facts, root);
    cpu_read(facts, root);
    memory_read(facts, root);
    hypervisor_read(facts);
    load_read(facts, root);
}

double host_load_average(void)
{
    double load;
    return getloadavg(&load, 1) == 1 ? load : -1;
}

static int compare_ns(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return (x > y) - (x < y);
}

uint64_t host_null_syscall_ns(void)
{
    enum { BATCHES = 41, CALLS = 1000 };
    uint64_t batch[BATCHES];
    for (int i = 0; i < BATCHES; i++) {
        uint64_t start = clock_monotonic_ns();
        for (int k = 0; k < CALLS; k++)
            syscall(SYS_getppid);
        batch[i] = (clock_monotonic_ns() - start) / CALLS;
    }
    qsort(batch, BATCHES, sizeof(batch[0]), compare_ns);
    return batch[BATCHES / 2];
}
