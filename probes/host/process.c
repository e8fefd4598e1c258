/* See process.h. */
#include "probes/host/process.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { COMMAND_ROOM = 4096, MAX_WORDS = 512 };

/* Reads what /proc/PID/FILE holds, size - 1 bytes at most, as text.  Returns how many they are, or negative
 * errno. */
static ssize_t proc_read(pid_t pid, const char *file, char *text, size_t size)
{
    char path[64];
    snprintf(path, sizeof(path), "/proc/%d/%s", (int)pid, file);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return -errno;
    ssize_t n = read(fd, text, size - 1);
    int error = errno;
    close(fd);
    text[n > 0 ? n : 0] = 0;
    return n < 0 ? -error : n;
}

/* NSpid: a number for each namespace, from the reader's to the process's own (proc_pid_status(5)). */
int process_numbers_read(pid_t pid, struct process_numbers *out)
{
    char text[4096], *end;
    ssize_t n = proc_read(pid, "status", text, sizeof(text));
    const char *group = n > 0 ? strstr(text, "\nTgid:") : NULL,
               *all = n > 0 ? strstr(text, "\nNSpid:") : NULL;
    *out = (struct process_numbers){0};
    if (!group)
        return n < 0 ? (int)n : -ENOENT;
    out->process = out->innermost = (pid_t)strtol(group + sizeof("\nTgid:") - 1, NULL, 10);
    out->levels = all ? 0 : 1;
    for (const char *at = all ? all + sizeof("\nNSpid:") - 1 : NULL; at; at = end) {
        while (*at == '\t' || *at == ' ')
            at++;
        long number = strtol(at, &end, 10);
        if (end == at || *at == '\n')
            break;
        out->innermost = (pid_t)number;
        out->levels++;
    }
    return 0;
}

/* The flags are the seventh word behind the name (proc_pid_stat(5)); PF_KTHREAD is of include/linux/sched.h.
 */
bool process_is_kernel(pid_t pid)
{
    enum { KERNEL_THREAD = 0x00200000 };
    char text[1024];
    unsigned flags = 0;
    const char *behind = proc_read(pid, "stat", text, sizeof(text)) > 0 ? strrchr(text, ')') : NULL;
    return behind && sscanf(behind, ") %*c %*d %*d %*d %*d %*d %u", &flags) == 1 && flags & KERNEL_THREAD;
}

int process_find_innermost(pid_t number, pid_t *found, size_t room)
{
    DIR *proc = opendir("/proc");
    int count = 0;
    if (!proc)
        return -errno;
    for (const struct dirent *entry; (entry = readdir(proc));) {
        struct process_numbers n;
        if (!isdigit((unsigned char)entry->d_name[0]) || process_numbers_read(atoi(entry->d_name), &n) ||
            n.levels < 2 || n.innermost != number)
            continue;
        if ((size_t)count < room)
            found[count] = n.process;
        count++;
    }
    closedir(proc);
    return count;
}

static void word_print(FILE *out, const char *word)
{
    static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-+=./:,@%";
    if (*word && !word[strspn(word, plain)]) {
        fputs(word, out);
        return;
    }
    fputc('\'', out);
    for (; *word; word++)
        fputs(*word == '\'' ? "'\\''" : (char[]){*word, 0}, out);
    fputc('\'', out);
}

char *process_command_line(char *const *words)
{
    char *text = NULL;
    size_t size;
    FILE *out = open_memstream(&text, &size);
    for (size_t i = 0; out && words && words[i]; i++) {
        fputs(i ? " " : "", out);
        word_print(out, words[i]);
    }
    if (out)
        fclose(out);
    return text;
}

char *process_command(pid_t pid)
{
    char text[COMMAND_ROOM] = "", *words[MAX_WORDS + 1], *line = NULL;
    size_t count = 0;
    ssize_t n = proc_read(pid, "cmdline", text, sizeof(text));
    while (n > 0 && !text[n - 1]) /* NULs fill the room behind a title that the process gave itself */
        n--;
    for (ssize_t at = 0; at < n && count < MAX_WORDS; at += (ssize_t)strlen(text + at) + 1)
        words[count++] = text + at;
    words[count] = NULL;
    if (count)
        return process_command_line(words);
    n = proc_read(pid, "comm", text, sizeof(text));
    if (n < 0)
        return NULL;
    text[strcspn(text, "\n")] = 0;
    return asprintf(&line, "[%s]", text) < 0 ? NULL : line;
}
