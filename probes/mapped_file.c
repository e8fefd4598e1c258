/* See mapped_file.h.  The surprising fact: on btrfs and overlayfs stat() shows another device than the
 * kernel's records of mappings do.  Then the file is mapped here, and what the kernel shows of that is
 * compared. */
#include "probes/mapped_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

/* What /proc/self/maps says of a page of the file, mapped for the purpose. */
static bool identity_as_mapped(int fd, const struct file_identity *identity)
{
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    void *at = mmap(NULL, page, PROT_READ, MAP_PRIVATE, fd, 0); /* never read: a shorter file does no harm */
    FILE *maps = at == MAP_FAILED ? NULL : fopen("/proc/self/maps", "re");
    char line[4096 + 128];
    bool same = false;
    while (maps && fgets(line, sizeof(line), maps)) {
        unsigned long long start, inode;
        unsigned major, minor;
        if (sscanf(line, "%llx-%*x %*s %*x %x:%x %llu", &start, &major, &minor, &inode) == 4 &&
            start == (uintptr_t)at) {
            same = inode == identity->inode && major == identity->major && minor == identity->minor;
            break;
        }
    }
    if (maps)
        fclose(maps);
    if (at != MAP_FAILED)
        munmap(at, page);
    return same;
}

bool mapped_file_is(int fd, const struct file_identity *identity)
{
    struct stat st;
    if (fstat(fd, &st) || !S_ISREG(st.st_mode))
        return false;
    if (!identity->inode)
        return true;
    if (!identity->major && !identity->minor)
        return st.st_ino == identity->inode;
    return (st.st_ino == identity->inode && major(st.st_dev) == identity->major &&
            minor(st.st_dev) == identity->minor) ||
           identity_as_mapped(fd, identity);
}

static int file_try(const char *path, const struct file_identity *identity)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    if (fd >= 0 && !mapped_file_is(fd, identity)) {
        close(fd);
        return -ESTALE;
    }
    return fd < 0 ? -errno : fd;
}

int mapped_file_open(pid_t pid, uint64_t start, uint64_t length, const char *path,
                     const struct file_identity *identity)
{
    char name[4096 + 64];
    int fd = file_try(path, identity);
    if (fd >= 0 || !pid)
        return fd;
    snprintf(name, sizeof(name), "/proc/%d/root%s", (int)pid, path);
    if ((fd = file_try(name, identity)) >= 0)
        return fd;
    snprintf(name, sizeof(name), "/proc/%d/map_files/%llx-%llx", (int)pid, (unsigned long long)start,
             (unsigned long long)(start + length));
    if ((fd = file_try(name, identity)) >= 0)
        return fd;
    snprintf(name, sizeof(name), "/proc/%d/exe", (int)pid);
    return file_try(name, identity);
}
