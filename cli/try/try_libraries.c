/* See try_libraries.h. */
#include "cli/try/try_libraries.h"

#include "cli/study/variants.h"
#include "cli/terminal/arguments.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static int library_add(struct try_libraries *l, const char *name, size_t length, struct try_library **out,
                       struct error *err)
{
    if (l->count == TRY_MAX_LIBRARIES)
        return error_set(err, -EINVAL, "no more than %d libraries can be tried at once", TRY_MAX_LIBRARIES);
    struct try_library *added = &l->items[l->count];
    *added = (struct try_library){.name = strndup(name, length)};
    if (!added->name)
        return error_set(err, -ENOMEM, "out of memory");
    l->count++;
    *out = added;
    return 0;
}

static const struct try_library *library_named(const struct try_libraries *l, const char *name)
{
    for (size_t i = 0; i < l->count; i++)
        if (!strcmp(l->items[i].name, name))
            return &l->items[i];
    return NULL;
}

int try_library_given(struct try_libraries *l, const char *text, struct error *err)
{
    const char *equals = strchr(text, '=');
    struct try_library *added = NULL;
    if (!equals || !equals[1])
        return error_set(err, -EINVAL, "--library takes NAME=FILE, not '%s'", text);
    int rc = library_add(l, text, (size_t)(equals - text), &added, err);
    if (rc)
        return rc;
    added->path = realpath(equals + 1, NULL); /* the command may go elsewhere, and LD_PRELOAD with it */
    if (!added->path)
        return error_set(err, -EINVAL, "--library: can't use '%s': %s", equals + 1, strerror(errno));
    /* LD_PRELOAD is cut at colons and spaces, and nothing quotes them. */
    if (strpbrk(added->path, ": "))
        return error_set(err, -EINVAL,
                         "--library: LD_PRELOAD can't name '%s': give it a path without colon and space",
                         added->path);
    if (!variant_name_valid(added->name) || !strcmp(added->name, TRY_BASELINE) ||
        library_named(l, added->name) != added)
        return error_set(err, -EINVAL, "--library: '%s' can't be a name, or stands for another already",
                         added->name);
    return 0;
}

static int list_check(const char *list, struct error *err)
{
    char name[64];
    for (const char *p = list; p;) {
        size_t n = strcspn(p, ",");
        snprintf(name, sizeof(name), "%.*s", (int)n, p);
        const struct allocator *known = allocator_named(name);
        if (!known || !known->preload)
            return error_set(err, -EINVAL,
                             "--libraries: '%s' is not known (`heapwait try --help` lists those that are); "
                             "give another's file by --library NAME=FILE",
                             name);
        p = p[n] ? p + n + 1 : NULL;
    }
    return 0;
}

int try_libraries_find(struct try_libraries *l, const char *list, const struct elf_kind *program,
                       struct error *err)
{
    bool none = list && !strcmp(list, "none");
    int rc = none ? 0 : list_check(list, err);
    for (const struct allocator *a = allocator_table(); a->name && !none && !rc; a++) {
        struct try_library *added = NULL;
        if (!a->preload || (list && !argument_lists(list, a->name)) || library_named(l, a->name))
            continue;
        rc = library_add(l, a->name, strlen(a->name), &added, err);
        if (rc)
            return rc;
        added->path = preload_find(a, program);
        added->allocator = a->name;
        added->package = a->package;
    }
    return rc;
}

char *try_libraries_preload(const struct try_library *library, const char *before)
{
    char *value = NULL;
    const char *rest = before && *before ? before : NULL;
    return asprintf(&value, "%s%s%s", library->path, rest ? ":" : "", rest ? rest : "") < 0 ? NULL : value;
}

int try_libraries_prove(struct try_libraries *l, const struct program *program, const char *before,
                        struct error *err)
{
    for (size_t i = 0; i < l->count; i++) {
        struct try_library *library = &l->items[i];
        if (!library->path)
            continue;
        char *value = try_libraries_preload(library, before);
        int rc = value ? preload_look(program, value, library->path, &library->effect, library->why,
                                      sizeof(library->why))
                       : -ENOMEM;
        free(value);
        if (rc)
            return error_set(err, rc, "can't ask the dynamic linker what '%s' loads: %s", program->path,
                             strerror(-rc));
    }
    return 0;
}

size_t try_libraries_present(const struct try_libraries *l)
{
    size_t present = 0;
    for (size_t i = 0; i < l->count; i++)
        present += l->items[i].path != NULL;
    return present;
}

void try_libraries_missing_print(const struct try_libraries *l, FILE *out)
{
    bool first = true;
    for (size_t i = 0; i < l->count; i++) {
        if (l->items[i].path)
            continue;
        fprintf(out, "%s%s", first ? "heapwait: not installed: " : ", ", l->items[i].name);
        if (l->items[i].package)
            fprintf(out, " (package %s)", l->items[i].package);
        first = false;
    }
    fputs(first ? "" : "\n", out);
}

const char *try_libraries_package(void)
{
    for (const struct allocator *a = allocator_table(); a->name; a++)
        if (a->package)
            return a->package;
    return "PACKAGE";
}

void try_libraries_free(struct try_libraries *l)
{
    for (size_t i = 0; i < l->count; i++) {
        free(l->items[i].name);
        free(l->items[i].path);
    }
    l->count = 0;
}
