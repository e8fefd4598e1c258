/* See checks.h.  Every check tries the thing itself; kernel versions are never compared. */
#include "probes/host/checks.h"

#include "probes/host/caller.h"
#include "probes/host/process.h"
#include "probes/host/tracefs.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <linux/perf_event.h>
#include <sched.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <unistd.h>

/* Numbers of capabilities that are there since Linux 5.8; headers may be older. */
enum { CAPABILITY_ADMIN = 21, CAPABILITY_PERFMON = 38, CAPABILITY_BPF = 39 };

__attribute__((format(printf, 3, 4))) static void found(struct check_result *r, enum check_state state,
                                                        const char *format, ...)
{
    va_list args;
    va_start(args, format);
    vsnprintf(r->detail, sizeof(r->detail), format, args);
    va_end(args);
    r->state = state;
}

__attribute__((format(printf, 2, 3))) static void mend(struct check_result *r, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    vsnprintf(r->remedy, sizeof(r->remedy), format, args);
    va_end(args);
}

static uint64_t capabilities(void)
{
    struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
    struct __user_cap_data_struct data[2] = {{0}};
    if (syscall(SYS_capget, &header, data))
        return 0;
    return (uint64_t)data[1].effective << 32 | data[0].effective;
}

/* Whether the process is in the user namespace that the machine began with, whose number is the kernel's
 * PROC_USER_INIT_INO.  What has CAP_SYS_ADMIN in another one may not trace: the kernel asks for the privilege
 * in the first.  True as well where /proc doesn't tell. */
static bool in_first_user_namespace(void)
{
    struct stat own;
    return stat("/proc/self/ns/user", &own) || own.st_ino == 0xEFFFFFFDu;
}

static bool capable(int capability)
{
    return in_first_user_namespace() && capabilities() >> capability & 1;
}

static bool is_privileged(void)
{
    return capable(CAPABILITY_ADMIN) || (capable(CAPABILITY_BPF) && capable(CAPABILITY_PERFMON));
}

/* Writes the commands that let a group trace, in the order in which they must be given: whoever changes a
 * file's group takes its capabilities off. */
static void group_mend(struct check_result *r, const char *before)
{
    char path[256];
    ssize_t n = readlink("/proc/self/exe", path, sizeof(path) - 1);
    char *const words[] = {path, NULL};
    path[n < 0 ? 0 : n] = 0;
    char *quoted = n < 0 ? NULL : process_command_line(words);
    mend(r,
         "%sF=%s; sudo groupadd -f perf; sudo chgrp perf \"$F\" && sudo chmod 0750 \"$F\" && "
         "sudo setcap cap_bpf,cap_perfmon+ep \"$F\"",
         before, quoted ? quoted : "$(command -v heapwait)");
    free(quoted);
}

static void check_privilege(struct check_result *r)
{
    bool admin = capable(CAPABILITY_ADMIN);
    bool bpf = admin || capable(CAPABILITY_BPF), perfmon = admin || capable(CAPABILITY_PERFMON);
    if (bpf && perfmon) {
        found(r, CHECK_OK, admin ? "CAP_SYS_ADMIN" : "CAP_BPF and CAP_PERFMON");
        return;
    }
    if (!in_first_user_namespace()) {
        found(r, CHECK_MISSING, "this is a user namespace, whose root may not trace");
        mend(r,
             "run as root (sudo) outside of it: rootless containers and `unshare -U` make such namespaces");
        return;
    }
    found(r, CHECK_MISSING, "%s missing",
          bpf       ? "CAP_PERFMON is"
          : perfmon ? "CAP_BPF is"
                    : "CAP_BPF and CAP_PERFMON are");
    group_mend(r, "run as root (sudo), or let the users of a group trace: ");
}

/* Tells whose processes can be traced, and who may have heapwait do it. */
static void check_reach(struct check_result *r)
{
    struct stat own;
    if (!capable(CAPABILITY_ADMIN) && !capable(CAPABILITY_PERFMON)) {
        found(r, CHECK_LIMITED, "no process");
        return;
    }
    if (!caller_is_lent()) {
        found(r, CHECK_OK, "every process");
        return;
    }
    if (!stat("/proc/self/exe", &own) && own.st_mode & S_IXOTH) {
        found(r, CHECK_LIMITED,
              "processes that you could trace yourself: the rights are those of heapwait's file, which every "
              "user may run");
        group_mend(r, "leave them to a group: ");
        return;
    }
    found(r, CHECK_OK,
          "processes that you could trace yourself: the rights are those of heapwait's file, which its group "
          "may run");
}

static void check_btf(struct check_result *r)
{
    if (!access("/sys/kernel/btf/vmlinux", R_OK)) {
        found(r, CHECK_OK, "/sys/kernel/btf/vmlinux");
        return;
    }
    found(r, CHECK_MISSING, "the kernel has no type information (/sys/kernel/btf/vmlinux: %s)",
          strerror(errno));
    mend(r, "a kernel built with CONFIG_DEBUG_INFO_BTF=y (all distributions' are), with /sys mounted");
}

static void check_bpf(struct check_result *r)
{
    int fd = bpf_map_create(BPF_MAP_TYPE_HASH, "heapwait_check", 4, 4, 1, NULL);
    if (fd >= 0) {
        close(fd);
        found(r, CHECK_OK, "a map can be made");
        return;
    }
    found(r, CHECK_MISSING, "bpf() refuses to make a map: %s", strerror(errno));
    mend(r,
         errno == ENOSYS ? "a kernel built with CONFIG_BPF_SYSCALL=y"
         : !is_privileged()
             ? "the privilege that is missing"
             : "allow the bpf() system call: a container's seccomp profile or a kernel lockdown forbids it");
}

static void check_sideband(struct check_result *r)
{
    struct perf_event_attr attr = {.type = PERF_TYPE_SOFTWARE,
                                   .size = sizeof(attr),
                                   .config = PERF_COUNT_SW_DUMMY,
                                   .mmap2 = 1,
                                   .mmap = 1,
                                   .task = 1,
                                   .exclude_kernel = 1};
    int fd = (int)syscall(SYS_perf_event_open, &attr, -1, sched_getcpu(), -1, PERF_FLAG_FD_CLOEXEC);
    if (fd >= 0) {
        close(fd);
        found(r, CHECK_OK, "mappings of processes can be followed");
        return;
    }
    found(r, CHECK_MISSING, "perf_event_open() is refused: %s", strerror(errno));
    mend(r, "CAP_PERFMON, or sysctl kernel.perf_event_paranoid=0; in a container, allow perf_event_open()");
}

static void check_tracefs(struct check_result *r)
{
    int fd = tracefs_open();
    if (fd >= 0 && tracefs_event(fd, "syscalls", "sys_enter_futex") > 0)
        found(r, CHECK_OK, "syscall tracepoints: programs run for futex calls only");
    else {
        found(r, CHECK_LIMITED,
              "tracefs can't be read (%s): raw tracepoints are used, which cost a little more",
              fd < 0 ? strerror(-fd) : "no event sys_enter_futex");
        mend(r, "run as root, or: sudo mount -o remount,mode=755 /sys/kernel/tracing");
    }
    if (fd >= 0)
        close(fd);
}

static void check_kernel(struct check_result *r)
{
    struct utsname u;
    uname(&u);
    found(r, CHECK_OK, "%s %s, %s", u.sysname, u.release, u.machine);
}

static void check_debug_symbols(struct check_result *r)
{
    if (!access("/usr/lib/debug/.build-id", R_OK)) {
        found(r, CHECK_OK, "separate debug files in /usr/lib/debug");
        return;
    }
    found(r, CHECK_LIMITED, "no separate debug files: glibc's locks are named by layout, not by symbol");
    mend(r, "apt-get install libc6-dbg");
}

static void check_sampling(struct check_result *r)
{
    static const struct {
        uint64_t type, config;
        const char *name;
    } events[] = {{PERF_TYPE_SOFTWARE, PERF_COUNT_SW_CPU_CLOCK, "cpu-clock"},
                  {PERF_TYPE_HARDWARE, PERF_COUNT_HW_CPU_CYCLES, "cycles"}};
    char list[64] = "";
    for (size_t i = 0; i < 2; i++) {
        struct perf_event_attr attr = {.type = (uint32_t)events[i].type,
                                       .size = sizeof(attr),
                                       .config = events[i].config,
                                       .sample_period = 1000000};
        int fd = (int)syscall(SYS_perf_event_open, &attr, 0, -1, -1, PERF_FLAG_FD_CLOEXEC);
        if (fd < 0)
            continue;
        close(fd);
        snprintf(list + strlen(list), sizeof(list) - strlen(list), "%s%s", *list ? ", " : "", events[i].name);
    }
    found(r, *list ? CHECK_OK : CHECK_LIMITED, "%s", *list ? list : "no clock to sample by");
}

static const struct check checks[] = {
    {"privilege", 1, check_privilege}, {"kernel types (BTF)", 1, check_btf},
    {"bpf()", 1, check_bpf},           {"perf events", 1, check_sideband},
    {"can be traced", 0, check_reach}, {"futex tracepoints", 0, check_tracefs},
    {"sampling", 0, check_sampling},   {"symbols of glibc", 0, check_debug_symbols},
    {"kernel", 0, check_kernel},       {NULL, 0, NULL},
};

const struct check *checks_all(void)
{
    return checks;
}

int checks_require(struct error *err)
{
    for (const struct check *c = checks; c->name; c++) {
        struct check_result r = {0};
        if (!c->required)
            continue;
        c->run(&r);
        if (r.state == CHECK_MISSING)
            return error_set(err, -EPERM, "can't trace: %s; remedy: %s", r.detail, r.remedy);
    }
    return 0;
}
