/* See caller.h.  By which way a capability came, the kernel tells in two places.  AT_SECURE (getauxval(3)):
 * the exec brought more rights than the ambient ones.  The inheritable set: an exec keeps it, and nobody can
 * add to it what he doesn't have (capabilities(7)). */
#include "probes/host/caller.h"

#include "analysis/base/output.h"

#include <errno.h>
#include <linux/capability.h>
#include <pthread.h>
#include <stdint.h>
#include <sys/auxv.h>
#include <sys/syscall.h>
#include <unistd.h>

/* Newer than the C library's headers may be: Linux 5.8. */
enum { CAPABILITY_PERFMON = 38 };

uid_t caller_user(void)
{
    uid_t user;
    gid_t group;
    return output_owner(&user, &group) ? user : getuid();
}

int caller_check(struct error *err)
{
    if (getuid() == geteuid() && getgid() == getegid())
        return 0;
    return error_set(err, -EPERM,
                     "heapwait's file has the set-%s-ID bit, with which it would read and write files for "
                     "whoever calls it: take it off (chmod %s FILE); `heapwait doctor` tells how a group of "
                     "users may trace",
                     getuid() != geteuid() ? "user" : "group", getuid() != geteuid() ? "u-s" : "g-s");
}

/* Returns true if the caller himself has CAP_PERFMON to pass on. */
static bool perfmon_is_inherited(void)
{
    struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
    struct __user_cap_data_struct data[2] = {{0}};
    if (syscall(SYS_capget, &header, data))
        return false;
    uint64_t inheritable = (uint64_t)data[1].inheritable << 32 | data[0].inheritable;
    return inheritable >> CAPABILITY_PERFMON & 1;
}

bool caller_is_lent(void)
{
    return getuid() != 0 && getauxval(AT_SECURE) && !perfmon_is_inherited();
}

void caller_rights_drop(void)
{
    struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
    const struct __user_cap_data_struct none[2] = {{0}};
    syscall(SYS_capset, &header, none);
}

/* Asks the kernel without the rights that were lent; they are each thread's own.  get_robust_list() asks for
 * leave to read the process's state (PTRACE_MODE_READ_REALCREDS, ptrace(2)) and for nothing else. */
static void *leave_ask(void *argument)
{
    const pid_t *pid = argument;
    void *head = NULL;
    size_t size = 0;
    caller_rights_drop();
    return syscall(SYS_get_robust_list, *pid, &head, &size) ? NULL : argument;
}

bool caller_may_trace(pid_t pid)
{
    pthread_t thread;
    void *leave = NULL;
    if (!caller_is_lent())
        return true;
    return !pthread_create(&thread, NULL, leave_ask, &pid) && !pthread_join(thread, &leave) && leave;
}

bool caller_trusts(const struct stat *file)
{
    uid_t user;
    gid_t group;
    if (file->st_uid != 0 && file->st_uid != geteuid() && file->st_uid != caller_user())
        return false;
    bool own_group = file->st_gid == getegid() || (output_owner(&user, &group) && file->st_gid == group);
    return !(file->st_mode & S_IWOTH) && (own_group || !(file->st_mode & S_IWGRP));
}
