/* See tracefs.h. */
#include "probes/host/tracefs.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

/* Makes a mount of tracefs that is attached nowhere.  Returns its descriptor or negative errno.  fsopen() and
 * its kin are in glibc since 2.36; their numbers are the same on all machines. */
static int detached_mount(void)
{
    int context = (int)syscall(SYS_fsopen, "tracefs", 1 /* FSOPEN_CLOEXEC */);
    if (context < 0)
        return -errno;
    int mount = -1;
    if (!syscall(SYS_fsconfig, context, 6 /* FSCONFIG_CMD_CREATE */, NULL, NULL, 0))
        mount = (int)syscall(SYS_fsmount, context, 1 /* FSMOUNT_CLOEXEC */, 0);
    int rc = mount < 0 ? -errno : mount;
    close(context);
    return rc;
}

int tracefs_open(void)
{
    static const char *const places[] = {"/sys/kernel/tracing", "/sys/kernel/debug/tracing"};
    int rc = -ENOENT;
    for (unsigned i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
        int fd = open(places[i], O_PATH | O_DIRECTORY | O_CLOEXEC);
        if (fd < 0) {
            rc = errno == EACCES ? -EACCES : rc;
            continue;
        }
        if (!faccessat(fd, "events", R_OK | X_OK, AT_EACCESS))
            return fd;
        rc = errno == EACCES ? -EACCES : rc;
        close(fd);
    }
    int fd = detached_mount();
    return fd >= 0 ? fd : rc == -EACCES ? rc : fd;
}

int tracefs_event(int tracefs, const char *group, const char *name)
{
    char path[256], text[32] = "";
    int n = snprintf(path, sizeof(path), "events/%s/%s/id", group, name);
    if (n < 0 || (size_t)n >= sizeof(path))
        return -ENAMETOOLONG;
    int fd = openat(tracefs, path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return -errno;
    ssize_t got = read(fd, text, sizeof(text) - 1);
    close(fd);
    char *end = text;
    long id = got > 0 ? strtol(text, &end, 10) : 0;
    return end == text || id <= 0 || id > 1 << 30 ? -EIO : (int)id;
}
