/* See kernel_symbols.h.  A line is "ffffffff81000130 T entry_SYSCALL_64_after_hwframe", and of a module's
 * function there follows a tab and "[module]".  Sizes are not told: a function ends where the next symbol
 * begins. */
#include "probes/host/kernel_symbols.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    MAX_SYMBOLS = 1 << 20,
    MAX_NAMES = 64 << 20,
    MAX_FUNCTION = 1 << 16, /* bytes; further behind the last symbol is no function that is told of */
};

struct kernel_symbol {
    uint64_t address;
    uint32_t name; /* where it begins in names */
};

struct kernel_symbols {
    struct kernel_symbol *symbols;
    size_t count, room;
    char *names;
    size_t names_size, names_room;
};

static bool name_keep(struct kernel_symbols *k, const char *name)
{
    const size_t size = strlen(name) + 1;
    if (k->names_size + size > k->names_room) {
        const size_t room = k->names_room ? 2 * k->names_room : 1 << 20;
        char *grown = room > MAX_NAMES || size > room - k->names_size ? NULL : realloc(k->names, room);
        if (!grown)
            return false;
        k->names = grown;
        k->names_room = room;
    }
    memcpy(k->names + k->names_size, name, size);
    k->names_size += size;
    return true;
}

static bool symbol_keep(struct kernel_symbols *k, uint64_t address, const char *name)
{
    if (k->count == k->room) {
        const size_t room = k->room ? 2 * k->room : 1 << 16;
        struct kernel_symbol *grown =
            room > MAX_SYMBOLS ? NULL : reallocarray(k->symbols, room, sizeof(*grown));
        if (!grown)
            return false;
        k->symbols = grown;
        k->room = room;
    }
    const uint32_t at = (uint32_t)k->names_size;
    if (!name_keep(k, name))
        return false;
    k->symbols[k->count++] = (struct kernel_symbol){address, at};
    return true;
}

static int symbol_compare(const void *a, const void *b)
{
    const struct kernel_symbol *x = a, *y = b;
    if (x->address != y->address)
        return x->address < y->address ? -1 : 1;
    return x->name < y->name ? -1 : x->name > y->name; /* of aliases the first in the file */
}

/* Sets *address and *name, which ends where the line does or a blank is, of a line that tells of a function.
 * By hand: there are some hundred thousand lines, and sscanf() takes most of the time that they take. */
static bool line_parse(char *line, uint64_t *address, char **name)
{
    char *end;
    *address = strtoull(line, &end, 16);
    if (end == line || !*address || end[0] != ' ' || !end[1] || !strchr("tTwW", end[1]) || end[2] != ' ')
        return false;
    *name = end + 3;
    (*name)[strcspn(*name, " \t\n")] = '\0';
    return **name;
}

struct kernel_symbols *kernel_symbols_read(const char *path)
{
    struct kernel_symbols *k = calloc(1, sizeof(*k));
    FILE *file = k ? fopen(path, "re") : NULL;
    char line[1024], *name;
    uint64_t address;
    bool good = true;
    while (good && file && fgets(line, sizeof(line), file))
        if (line_parse(line, &address, &name))
            good = symbol_keep(k, address, name);
    if (file)
        fclose(file);
    if (k && k->count)
        qsort(k->symbols, k->count, sizeof(*k->symbols), symbol_compare);
    return k;
}

const char *kernel_symbol_at(const struct kernel_symbols *k, uint64_t address)
{
    size_t low = 0, high = k->count; /* the last symbol at or below the address lies in [low, high) - 1 */
    while (low < high) {
        const size_t middle = low + (high - low) / 2;
        if (k->symbols[middle].address <= address)
            low = middle + 1;
        else
            high = middle;
    }
    while (low > 1 && k->symbols[low - 2].address == k->symbols[low - 1].address)
        low--;
    return low && address - k->symbols[low - 1].address < MAX_FUNCTION ? k->names + k->symbols[low - 1].name
                                                                       : NULL;
}

bool kernel_symbol_is_fault(const char *name)
{
    return name &&
           (!strcmp(name, "asm_exc_page_fault") || !strcmp(name, "el0_da") || !strcmp(name, "el0_ia"));
}

bool kernel_symbol_is_call(const char *name)
{
    return name && !strcmp(name, "el0_svc");
}

void kernel_symbols_free(struct kernel_symbols *k)
{
    if (!k)
        return;
    free(k->symbols);
    free(k->names);
    free(k);
}
