/* See maps.h.  The format is proc_pid_maps(5)'s: ADDRESSES PERMISSIONS OFFSET DEVICE INODE PATH. */
#include "probes/mappings/maps.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Reads a number and the character behind it, which must be `end`.  Returns false if something else is there.
 */
static bool number_take(char **at, int base, char end, uint64_t *out)
{
    char *stop;
    errno = 0;
    *out = strtoull(*at, &stop, base);
    if (errno || stop == *at || **at == '-' || *stop != end)
        return false;
    *at = stop + 1;
    return true;
}

bool maps_parse(char *line, struct mapping *m)
{
    uint64_t end, major, minor;
    *m = (struct mapping){0};
    if (!number_take(&line, 16, '-', &m->start) || !number_take(&line, 16, ' ', &end) || end <= m->start)
        return false;
    if (strnlen(line, 5) < 5 || line[4] != ' ' || line[2] != 'x')
        return false;
    line += 5;
    if (!number_take(&line, 16, ' ', &m->file_offset) || !number_take(&line, 16, ':', &major) ||
        !number_take(&line, 16, ' ', &minor) || !number_take(&line, 10, ' ', &m->inode))
        return false;
    line += strspn(line, " ");
    m->length = end - m->start;
    m->major = (uint32_t)major;
    m->minor = (uint32_t)minor;
    m->path = line;
    return *line == '/' && strncmp(line, "//anon", 6) != 0;
}

int maps_read(uint32_t pid, void (*take)(void *context, const struct mapping *m), void *context)
{
    char path[32], *line = NULL;
    size_t room = 0;
    snprintf(path, sizeof(path), "/proc/%u/maps", pid);
    FILE *f = fopen(path, "re");
    if (!f)
        return -errno;
    errno = 0;
    for (ssize_t n; (n = getline(&line, &room, f)) > 0;) {
        struct mapping m;
        line[n - (line[n - 1] == '\n')] = 0;
        if (maps_parse(line, &m))
            take(context, &m);
    }
    int rc = ferror(f) ? -errno : 0;
    free(line);
    fclose(f);
    return rc;
}
