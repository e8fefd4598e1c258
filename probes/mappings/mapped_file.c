/* See mapped_file.h.  On btrfs and overlayfs stat() shows another device than the kernel's records of
 * mappings do.  Then the file is mapped here, and what the kernel shows of that is compared. */
#include "probes/mappings/mapped_file.h"

#include "probes/mappings/spaces.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

enum {
    MAX_HELD = 256, /* how many files are kept open; further ones are found by their path later */
    MAX_TRIES = 8,  /* how often a file that can't be reached is tried */
};

struct mapped_files {
    struct mapped_file **files;
    size_t count, capacity, held;
};

/* Returns true if this is what /proc/self/maps says of a page of the file, which is mapped for the purpose.
 */
static bool identity_as_mapped(int fd, const struct file_identity *identity)
{
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    void *at = mmap(NULL, page, PROT_READ, MAP_PRIVATE, fd, 0); /* not read: a shorter file does no harm */
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

/* ---- those of a session ---- */

struct mapped_files *mapped_files_new(void)
{
    return calloc(1, sizeof(struct mapped_files));
}

void mapped_files_free(struct mapped_files *t)
{
    for (size_t i = 0; t && i < t->count; i++) {
        if (t->files[i]->fd >= 0)
            close(t->files[i]->fd);
        free(t->files[i]);
    }
    if (t)
        free(t->files);
    free(t);
}

static struct mapped_file *file_add(struct mapped_files *t, const struct mapping *m)
{
    if (t->count == t->capacity) {
        size_t larger = t->capacity ? t->capacity * 2 : 64;
        struct mapped_file **grown = reallocarray(t->files, larger, sizeof(*grown));
        if (!grown)
            return NULL;
        t->files = grown;
        t->capacity = larger;
    }
    struct mapped_file *f = calloc(1, sizeof(*f));
    if (!f)
        return NULL;
    *f = (struct mapped_file){.path = m->path, .identity = {m->inode, m->major, m->minor}, .fd = -1};
    return t->files[t->count++] = f;
}

static bool file_matches(const struct mapped_file *f, const struct mapping *m)
{
    const struct file_identity *i = &f->identity;
    return f->path == m->path && i->inode == m->inode && i->major == m->major && i->minor == m->minor;
}

const struct mapped_file *mapped_files_keep(struct mapped_files *t, pid_t pid, const struct mapping *m)
{
    struct mapped_file *f = NULL;
    for (size_t i = t->count; i-- > 0 && !f;)
        if (file_matches(t->files[i], m))
            f = t->files[i];
    if (!f && !(f = file_add(t, m)))
        return NULL;
    if (!pid || f->fd >= 0 || f->tries >= MAX_TRIES || t->held >= MAX_HELD)
        return f;
    f->fd = mapped_file_open(pid, m->start, m->length, m->path, &f->identity);
    if (f->fd < 0)
        f->tries++;
    else
        t->held++;
    return f;
}

void mapped_files_release(struct mapped_files *t, bool (*is_used)(void *context, const struct mapped_file *f),
                          void *context)
{
    for (size_t i = 0; i < t->count; i++) {
        struct mapped_file *f = t->files[i];
        if (f->fd < 0 || is_used(context, f))
            continue;
        close(f->fd);
        f->fd = -1;
        f->tries = 0;
        t->held--;
    }
}
