/* See perf_files.h.  An inode number alone is weak: file systems give it to the next file once it is free. */
#include "probes/perf/perf_files.h"

#include <elfutils/libdwelf.h>
#include <fcntl.h>
#include <gelf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { MAX_FILES = 4096 };

struct known_file {
    char *path;
    uint64_t inode, trusted_inode;
    const char *doubt; /* static; NULL: trusted */
};

struct perf_files {
    const struct perf_session *session;
    bool same_machine;
    struct known_file files[MAX_FILES];
    size_t count;
    size_t no_room; /* questions about files that found none */
};

struct perf_files *perf_files_new(const struct perf_session *session)
{
    struct perf_files *f = calloc(1, sizeof(*f));
    char name[256] = "";
    if (!f)
        return NULL;
    f->session = session;
    f->same_machine = !gethostname(name, sizeof(name) - 1) && !strcmp(name, session->hostname);
    return f;
}

void perf_files_free(struct perf_files *f)
{
    if (!f)
        return;
    for (size_t i = 0; i < f->count; i++)
        free(f->files[i].path);
    free(f);
}

/* Writes the build-id in hexadecimal to hex[41]; an empty string: there is none. */
static void build_id_read(int fd, char *hex)
{
    const void *id = NULL;
    hex[0] = '\0';
    elf_version(EV_CURRENT);
    Elf *elf = elf_begin(fd, ELF_C_READ, NULL);
    ssize_t n = elf ? dwelf_elf_gnu_build_id(elf, &id) : 0;
    for (ssize_t i = 0; i < n && i < 20; i++)
        snprintf(hex + 2 * i, 3, "%02x", ((const unsigned char *)id)[i]);
    elf_end(elf);
}

/* Returns why the file is not to be trusted, static; NULL: it is. */
static const char *file_doubt(const struct perf_files *f, const char *path, uint64_t inode,
                              uint64_t *trusted_inode)
{
    const char *told = perf_session_build_id(f->session, path), *doubt = NULL;
    char here[41];
    struct stat st;
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0)
        return "it is not here";
    *trusted_inode = told ? 0 : inode;
    if (fstat(fd, &st) || !S_ISREG(st.st_mode)) {
        doubt = "it is not here";
    } else if (told) {
        build_id_read(fd, here);
        size_t length = strlen(here); /* perf may have cut or padded it */
        if (!length || strncmp(here, told, length < strlen(told) ? length : strlen(told)) != 0)
            doubt = "it is another build here";
    } else if (!f->session->hostname[0]) {
        doubt = "the session tells neither its machine nor a build-id of it";
    } else if (!f->same_machine) {
        doubt = "the session is another machine's and tells no build-id of it";
    } else if (!inode || st.st_ino != inode || st.st_mtime > f->session->recorded_at) {
        doubt = "it has changed since";
    }
    close(fd);
    return doubt;
}

bool perf_files_trust(struct perf_files *f, const char *path, uint64_t inode, uint64_t *trusted_inode)
{
    for (size_t i = 0; i < f->count; i++)
        if (f->files[i].inode == inode && !strcmp(f->files[i].path, path)) {
            *trusted_inode = f->files[i].trusted_inode;
            return !f->files[i].doubt;
        }
    if (f->count == MAX_FILES) {
        f->no_room++;
        return false;
    }
    struct known_file *k = &f->files[f->count];
    *k = (struct known_file){.path = strdup(path), .inode = inode};
    if (!k->path)
        return false;
    f->count++;
    k->doubt = file_doubt(f, path, inode, &k->trusted_inode);
    *trusted_inode = k->trusted_inode;
    return !k->doubt;
}

char *perf_files_missing(const struct perf_files *f)
{
    char *text = NULL;
    size_t size = 0, shown = 0;
    FILE *out = open_memstream(&text, &size);
    for (size_t i = 0; out && i < f->count; i++)
        if (f->files[i].doubt)
            fprintf(out, "%s%s: %s", shown++ ? "\n" : "", f->files[i].path, f->files[i].doubt);
    if (out && f->no_room)
        fprintf(out, "%s%zu mappings of further files: only %d files are looked at", shown++ ? "\n" : "",
                f->no_room, MAX_FILES);
    if (out)
        fclose(out);
    if (shown)
        return text;
    free(text);
    return NULL;
}
