/* See program.h.  Two facts behind it: a script of `env` runs what `env` finds, so its first word is looked
 * up too; and a setuid bit does nothing where the file's owner is who heapwait runs as already. */
#include "probes/host/program.h"

#include <errno.h>
#include <fcntl.h>
#include <gelf.h>
#include <libelf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/xattr.h>
#include <unistd.h>

enum {
    MAX_HEADERS = 256,
    MAX_SCRIPTS = 5,   /* the kernel's own limit of nested interpreters (fs/exec.c: exec_binprm) */
    SCRIPT_LINE = 256, /* what the kernel reads of a first line (BINPRM_BUF_SIZE) */
};

/* Returns 0, or the negative errno that execve() would give for the file. */
static int file_executable(const char *path)
{
    struct stat st;
    if (stat(path, &st))
        return -errno;
    if (!S_ISREG(st.st_mode))
        return -EACCES;
    return eaccess(path, X_OK) ? -errno : 0;
}

/* Searches PATH as execvp() does, for the first file that can be executed; -EACCES: one is there that can't.
 */
static int path_search(const char *name, char *path)
{
    const char *list = getenv("PATH");
    int found = -ENOENT;
    for (const char *p = list ? list : "/bin:/usr/bin"; p;) {
        size_t n = strcspn(p, ":");
        if (snprintf(path, PROGRAM_PATH, "%.*s%s%s", (int)n, p, n ? "/" : "", name) < PROGRAM_PATH) {
            int rc = file_executable(path);
            if (!rc)
                return 0;
            found = rc == -EACCES ? rc : found;
        }
        p = p[n] ? p + n + 1 : NULL;
    }
    return found;
}

bool program_in_path(const char *name)
{
    char path[PROGRAM_PATH];
    return !path_search(name, path);
}

static int command_find(const char *command, char *path)
{
    if (!*command)
        return -ENOENT;
    if (!strchr(command, '/'))
        return path_search(command, path);
    if (snprintf(path, PROGRAM_PATH, "%s", command) >= PROGRAM_PATH)
        return -ENAMETOOLONG;
    return file_executable(path);
}

/* Reads the text of PT_INTERP.  Returns false if it is none. */
static bool loader_read(int fd, const GElf_Phdr *header, char *loader, size_t size)
{
    if (!header->p_filesz || header->p_filesz > size)
        return false;
    ssize_t n = pread(fd, loader, header->p_filesz, (off_t)header->p_offset);
    return n == (ssize_t)header->p_filesz && memchr(loader, '\0', (size_t)n);
}

static int headers_read(Elf *elf, int fd, struct elf_kind *out)
{
    GElf_Ehdr head;
    size_t count = 0;
    if (elf_kind(elf) != ELF_K_ELF || !gelf_getehdr(elf, &head) || elf_getphdrnum(elf, &count))
        return -ENOEXEC;
    if (head.e_type != ET_EXEC && head.e_type != ET_DYN)
        return -ENOEXEC;
    if (!count || count != head.e_phnum) /* cut off: no program that runs has 65535 headers */
        return -ENOEXEC;
    *out = (struct elf_kind){.class = head.e_ident[EI_CLASS], .machine = head.e_machine};
    for (size_t i = 0; i < count && i < MAX_HEADERS; i++) {
        GElf_Phdr header;
        if (!gelf_getphdr(elf, (int)i, &header))
            return -ENOEXEC;
        if (header.p_type != PT_INTERP)
            continue;
        out->dynamic = true;
        if (!loader_read(fd, &header, out->loader, sizeof(out->loader)))
            return -ENOEXEC;
    }
    return 0;
}

int elf_kind_read(const char *path, struct elf_kind *out)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0)
        return -errno;
    elf_version(EV_CURRENT);
    Elf *elf = elf_begin(fd, ELF_C_READ, NULL);
    int rc = elf ? headers_read(elf, fd, out) : -ENOEXEC;
    elf_end(elf);
    close(fd);
    return rc;
}

/* Reads the first line of a script, "#!" included.  0 or negative errno; -ENOEXEC: it is no script. */
static int script_line(const char *path, char line[SCRIPT_LINE])
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    ssize_t n = fd < 0 ? -1 : pread(fd, line, SCRIPT_LINE - 1, 0);
    int rc = n < 0 ? -errno : 0;
    if (fd >= 0)
        close(fd);
    if (rc)
        return rc;
    line[n] = '\0';
    line[strcspn(line, "\n")] = '\0';
    return strncmp(line, "#!", 2) ? -ENOEXEC : 0;
}

/* Finds the program that runs a script: the interpreter, or what `env` would find. */
static int interpreter_find(char line[SCRIPT_LINE], char *path)
{
    char *rest = line + 2 + strspn(line + 2, " \t");
    const char *program = strsep(&rest, " \t");
    const char *slash = strrchr(program, '/');
    if (!slash || strcmp(slash, "/env") || !rest)
        return command_find(program, path);
    for (char *word; (word = strsep(&rest, " \t"));)
        if (*word && *word != '-' && !strchr(word, '='))
            return command_find(word, path);
    return command_find(program, path);
}

/* Returns what makes the kernel set AT_SECURE (security/commoncap.c: cap_bprm_creds_from_file), static; NULL:
 * nothing does. */
static const char *privilege_of(const char *path)
{
    struct stat st;
    struct statvfs fs;
    if (stat(path, &st) || (!statvfs(path, &fs) && fs.f_flag & ST_NOSUID))
        return NULL;
    if (st.st_mode & S_ISUID && st.st_uid != getuid())
        return "is setuid";
    if (st.st_mode & S_ISGID && st.st_mode & S_IXGRP && st.st_gid != getgid())
        return "is setgid";
    return getuid() && getxattr(path, "security.capability", NULL, 0) > 0 ? "has file capabilities" : NULL;
}

static int failure_tell(const char *command, const char *path, int rc, struct error *err)
{
    switch (rc) {
    case -ENOENT:
        return error_set(err, rc, "can't execute '%s': there is no such command", command);
    case -EACCES:
        return error_set(err, rc, "can't execute '%s': it is not executable (`chmod +x` makes it so)",
                         command);
    case -ENOEXEC:
        return error_set(err, rc,
                         "can't execute '%s': '%s' is neither a program for Linux nor a script that begins "
                         "with #!",
                         command, path);
    default:
        return error_set(err, rc, "can't look at '%s': %s", command, strerror(-rc));
    }
}

int program_find(const char *command, struct program *out, struct error *err)
{
    char line[SCRIPT_LINE];
    *out = (struct program){0};
    int rc = command_find(command, out->path);
    for (int i = 0; !rc && i < MAX_SCRIPTS && !script_line(out->path, line); i++) {
        if (!*out->script)
            memcpy(out->script, out->path, sizeof(out->script));
        rc = interpreter_find(line, out->path);
        if (rc == -ENOENT)
            return error_set(err, rc, "can't execute '%s': its interpreter '%s' isn't there", command,
                             line + 2 + strspn(line + 2, " \t"));
    }
    if (rc)
        return failure_tell(command, out->path, rc, err);
    rc = elf_kind_read(out->path, &out->elf);
    if (rc && rc != -ENOEXEC)
        return error_set(err, rc, "can't read '%s' to see what kind of program it is: %s", out->path,
                         strerror(-rc));
    if (rc)
        return failure_tell(command, out->path, rc, err);
    out->privilege = privilege_of(out->path);
    return 0;
}
