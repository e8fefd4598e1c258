/* See perf_files.h.  An inode number alone is weak: file systems give it to the next file once it is free. */
#include "probes/perf/perf_files.h"

#include "probes/mappings/mapped_file.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { MAX_FILES = 4096 };

struct known_file {
    char *path;
    uint64_t inode, trusted_inode;
    char *build_id;          /* NULL: not told */
    const char *doubt;       /* static; NULL: trusted */
    bool sought;             /* a copy was looked for */
    struct mapped_file copy; /* found elsewhere; without a descriptor: no file at all */
};

struct perf_files {
    const struct perf_session *session;
    struct perf_copies *copies; /* NULL: none are looked for */
    bool same_machine;
    struct known_file files[MAX_FILES];
    size_t count;
    size_t no_room; /* questions about files that found none */
};

struct perf_files *perf_files_new(const struct perf_session *session, struct perf_copies *copies)
{
    struct perf_files *f = calloc(1, sizeof(*f));
    char name[256] = "";
    if (!f)
        return NULL;
    f->session = session;
    f->copies = copies;
    f->same_machine = !gethostname(name, sizeof(name) - 1) && !strcmp(name, session->hostname);
    return f;
}

void perf_files_free(struct perf_files *f)
{
    if (!f)
        return;
    for (size_t i = 0; i < f->count; i++) {
        struct known_file *k = &f->files[i];
        if (k->sought && k->copy.fd >= 0)
            close(k->copy.fd);
        free(k->path);
        free(k->build_id);
    }
    free(f);
}

/* Returns why the file is not to be trusted, static; NULL: it is. */
static const char *file_doubt(const struct perf_files *f, const char *path, const char *told, uint64_t inode,
                              uint64_t *trusted_inode)
{
    const char *doubt = NULL;
    struct stat st;
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0)
        return "it is not here";
    *trusted_inode = told ? 0 : inode;
    if (fstat(fd, &st) || !S_ISREG(st.st_mode)) {
        doubt = "it is not here";
    } else if (told) {
        if (!perf_copies_is_build(fd, told))
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

static struct known_file *file_find(struct perf_files *f, const char *path, uint64_t inode,
                                    const char *build_id)
{
    for (size_t i = 0; i < f->count; i++) {
        struct known_file *k = &f->files[i];
        if (k->inode == inode && !strcmp(k->path, path) &&
            (!build_id || (k->build_id && !strcmp(k->build_id, build_id))))
            return k;
    }
    return NULL;
}

/* Returns the build-id that was told of the file, by the mapping itself, by the first that told one, or by
 * the session's list; NULL: none was. */
static const char *build_id_told(const struct perf_files *f, const char *path, const char *build_id)
{
    for (size_t i = 0; !build_id && i < f->count; i++)
        if (f->files[i].build_id && !strcmp(f->files[i].path, path))
            build_id = f->files[i].build_id;
    return build_id ? build_id : perf_session_build_id(f->session, path);
}

bool perf_files_trust(struct perf_files *f, const char *path, uint64_t inode, const char *build_id,
                      uint64_t *trusted_inode)
{
    struct known_file *k = file_find(f, path, inode, build_id);
    if (k) {
        *trusted_inode = k->trusted_inode;
        return !k->doubt;
    }
    if (f->count == MAX_FILES) {
        f->no_room++;
        return false;
    }
    const char *told = build_id_told(f, path, build_id);
    k = &f->files[f->count];
    *k = (struct known_file){.path = strdup(path), .inode = inode, .build_id = told ? strdup(told) : NULL};
    if (!k->path || (told && !k->build_id)) {
        free(k->path);
        free(k->build_id);
        return false;
    }
    f->count++;
    k->doubt = file_doubt(f, path, told, inode, &k->trusted_inode);
    *trusted_inode = k->trusted_inode;
    return !k->doubt;
}

const struct mapped_file *perf_files_copy(struct perf_files *f, const char *path, uint64_t inode,
                                          const char *build_id)
{
    /* a file that no other is taken for: none has this inode */
    static const struct mapped_file nowhere = {.path = "", .identity = {.inode = UINT64_MAX}, .fd = -1};
    struct known_file *k = file_find(f, path, inode, build_id);
    if (!k)
        return &nowhere;
    if (!k->sought)
        k->copy = (struct mapped_file){.path = k->path,
                                       .identity = {.inode = UINT64_MAX},
                                       .fd = f->copies ? perf_copies_open(f->copies, path, k->build_id) : -1};
    k->sought = true;
    return &k->copy;
}

/* Returns why nothing of the file is known; NULL: it, or a copy of it, is here. */
static const char *file_lack(const struct known_file *k)
{
    return k->sought && k->copy.fd >= 0 ? NULL : k->doubt;
}

char *perf_files_missing(const struct perf_files *f)
{
    char *text = NULL;
    size_t size = 0, shown = 0;
    FILE *out = open_memstream(&text, &size);
    for (size_t i = 0; out && i < f->count; i++)
        if (file_lack(&f->files[i]))
            fprintf(out, "%s%s: %s", shown++ ? "\n" : "", f->files[i].path, file_lack(&f->files[i]));
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
