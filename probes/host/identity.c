/* See identity.h.  Databases of users and groups are asked before the fork: what is left for the child are
 * system calls and its environment. */
#include "probes/host/identity.h"

#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct identity {
    uid_t uid;
    gid_t gid;
    gid_t *groups;
    int group_count;
    char *name, *home, *shell;
};

void identity_free(struct identity *i)
{
    if (!i)
        return;
    free(i->groups);
    free(i->name);
    free(i->home);
    free(i->shell);
    free(i);
}

static const struct passwd *user_find(const char *user)
{
    char *end;
    const struct passwd *found = getpwnam(user);
    errno = 0;
    unsigned long number = strtoul(user, &end, 10);
    if (found || errno || end == user || *end || *user == '-' || number >= (uid_t)-1)
        return found;
    return getpwuid((uid_t)number);
}

/* Finds all groups of the user; getgrouplist() says how many there are if they don't fit. */
static int groups_find(struct identity *i)
{
    for (i->group_count = 16;;) {
        int room = i->group_count;
        gid_t *grown = reallocarray(i->groups, (size_t)room, sizeof(*grown));
        if (!grown)
            return -ENOMEM;
        i->groups = grown;
        if (getgrouplist(i->name, i->gid, i->groups, &i->group_count) >= 0)
            return 0;
        if (i->group_count <= room)
            i->group_count = room * 2;
    }
}

int identity_find(const char *user, struct identity **out, struct error *err)
{
    const struct passwd *p = user_find(user);
    if (!p)
        return error_set(err, -ENOENT, "there is no user '%s'; `getent passwd` lists those there are", user);
    struct identity *i = calloc(1, sizeof(*i));
    if (!i)
        return error_set(err, -ENOMEM, "out of memory");
    *i = (struct identity){.uid = p->pw_uid,
                           .gid = p->pw_gid,
                           .name = strdup(p->pw_name),
                           .home = strdup(p->pw_dir),
                           .shell = strdup(p->pw_shell && *p->pw_shell ? p->pw_shell : "/bin/sh")};
    if (!i->name || !i->home || !i->shell || groups_find(i)) {
        identity_free(i);
        return error_set(err, -ENOMEM, "out of memory");
    }
    *out = i;
    return 0;
}

const char *identity_name(const struct identity *i)
{
    return i->name;
}

/* Returns true for a variable (NAME=VALUE) that is of use to its owner alone: sudo's, and what names his
 * folders, sockets and keys. */
static bool is_private(const char *variable)
{
    static const char *const prefixes[] = {"SUDO_", "XDG_", "DBUS_", "SSH_", "GPG_"};
    static const char *const names[] = {"MAIL",         "MAILPATH",   "XAUTHORITY",
                                        "ICEAUTHORITY", "KRB5CCNAME", "HISTFILE"};
    const size_t length = strcspn(variable, "=");
    for (size_t i = 0; i < sizeof(prefixes) / sizeof(*prefixes); i++)
        if (!strncmp(variable, prefixes[i], strlen(prefixes[i])))
            return true;
    for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
        if (strlen(names[i]) == length && !strncmp(variable, names[i], length))
            return true;
    return false;
}

char *identity_dropped(void)
{
    char *list = NULL;
    size_t size = 0, count = 0;
    FILE *out = open_memstream(&list, &size);
    for (char **e = environ; out && *e; e++)
        if (is_private(*e))
            fprintf(out, "%s%.*s", count++ ? ", " : "", (int)strcspn(*e, "="), *e);
    if (!out || fclose(out) || !count) {
        free(list);
        return NULL;
    }
    return list;
}

static void private_drop(void)
{
    size_t kept = 0;
    for (char **e = environ; *e; e++)
        if (!is_private(*e))
            environ[kept++] = *e;
    environ[kept] = NULL;
}

int identity_take(const struct identity *i)
{
    if (setgroups((size_t)i->group_count, i->groups) || setresgid(i->gid, i->gid, i->gid) ||
        setresuid(i->uid, i->uid, i->uid))
        return errno;
    private_drop();
    if (setenv("HOME", i->home, 1) || setenv("SHELL", i->shell, 1) || setenv("USER", i->name, 1) ||
        setenv("LOGNAME", i->name, 1))
        return errno;
    return 0;
}
