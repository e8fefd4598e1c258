/* See symbols.h.  The index is made at the first question for an address; symbols that were found are kept.
 */
#include "probes/elf/symbols.h"

#include "probes/elf/symbol_names.h"

#include <elf.h>
#include <stdlib.h>
#include <string.h>

enum {
    CHUNK = 4096,          /* symbols read at a time: 96 KiB */
    MAX_SYMBOLS = 8 << 20, /* further ones are not looked at: 128 MiB of index are enough */
    MAX_NAME = 4096,       /* a symbol with a longer name has none */
    NESTING = 64, /* how many symbols that end earlier may stand behind the beginning of one that contains the
                     address */
    ALIASES = 32, /* how many names of one place are compared */
    FOUND_BUCKETS = 1 << 10, /* of the symbols that were asked for */
};

struct entry {
    uint64_t address;
    uint32_t size;        /* UINT32_MAX: that or larger, the file has it */
    uint32_t number : 31; /* in the table */
    uint32_t function : 1;
};

/* A symbol that was asked for, by its number. */
struct found {
    struct symbol symbol;
    struct found *next;
    uint32_t number;
    char name[];
};

/* A name that was asked for. */
struct answer {
    char *name;
    const struct symbol *symbol; /* NULL: there is none */
};

struct symbol_table {
    const struct elf_file *file;
    const struct elf_section *symbols, *strings;
    enum symbol_source source;
    uint32_t count;
    struct entry *entries;
    size_t entry_count, entry_room;
    bool indexed;
    struct found *found[FOUND_BUCKETS];
    struct answer *answers;
    size_t answer_count, answer_capacity;
};

struct symbol_table *symbol_table_new(const struct elf_file *f, const struct elf_section *section,
                                      enum symbol_source source)
{
    if (!section || section->link >= f->section_count || !elf_section_lies_in(f, section) ||
        !elf_section_lies_in(f, &f->sections[section->link]))
        return NULL;
    struct symbol_table *t = calloc(1, sizeof(*t));
    if (!t)
        return NULL;
    t->file = f;
    t->symbols = section;
    t->strings = &f->sections[section->link];
    t->source = source;
    uint64_t count = section->size / sizeof(Elf64_Sym);
    t->count = count < MAX_SYMBOLS ? (uint32_t)count : MAX_SYMBOLS;
    return t;
}

void symbol_table_free(struct symbol_table *t)
{
    if (!t)
        return;
    for (size_t i = 0; i < FOUND_BUCKETS; i++)
        for (struct found *f = t->found[i], *next; f; f = next) {
            next = f->next;
            free(f);
        }
    for (size_t i = 0; i < t->answer_count; i++)
        free(t->answers[i].name);
    free(t->answers);
    free(t->entries);
    free(t);
}

static bool is_function(const Elf64_Sym *s)
{
    int type = ELF64_ST_TYPE(s->st_info);
    return type == STT_FUNC || type == STT_GNU_IFUNC;
}

/* Returns true if the symbol has an address.  Thread-local ones have offsets instead, absolute ones any
 * number. */
static bool is_wanted(const Elf64_Sym *s)
{
    int type = ELF64_ST_TYPE(s->st_info);
    return s->st_name && s->st_shndx != SHN_UNDEF && s->st_shndx != SHN_ABS &&
           (is_function(s) || type == STT_OBJECT || type == STT_NOTYPE);
}

static bool symbol_read(const struct symbol_table *t, uint32_t number, Elf64_Sym *s)
{
    return elf_file_read(t->file, t->symbols->file_offset + (uint64_t)number * sizeof(*s), s, sizeof(*s));
}

/* Calls `visit` for each symbol of the table, in its order. */
static bool symbols_visit(const struct symbol_table *t,
                          void (*visit)(void *context, uint32_t number, const Elf64_Sym *s), void *context)
{
    Elf64_Sym *chunk = malloc(CHUNK * sizeof(*chunk));
    bool whole = chunk != NULL;
    for (uint32_t first = 1; whole && first < t->count; first += CHUNK) {
        uint32_t n = t->count - first < CHUNK ? t->count - first : CHUNK;
        whole = elf_file_read(t->file, t->symbols->file_offset + (uint64_t)first * sizeof(*chunk), chunk,
                              n * sizeof(*chunk));
        for (uint32_t i = 0; whole && i < n; i++)
            if (is_wanted(&chunk[i]))
                visit(context, first + i, &chunk[i]);
    }
    free(chunk);
    return whole;
}

/* ---- by address ---- */

static void entry_add(void *context, uint32_t number, const Elf64_Sym *s)
{
    struct symbol_table *t = context;
    if (s->st_size && t->entry_count < t->entry_room) /* without a size it covers nothing */
        t->entries[t->entry_count++] =
            (struct entry){.address = s->st_value,
                           .size = s->st_size < UINT32_MAX ? (uint32_t)s->st_size : UINT32_MAX,
                           .number = number & 0x7fffffff,
                           .function = is_function(s)};
}

/* Orders objects before functions, and by address; of those at one address the smaller one comes last, so
 * that a search from the right meets it first. */
static int entry_compare(const void *a, const void *b)
{
    const struct entry *x = a, *y = b;
    if (x->function != y->function)
        return x->function < y->function ? -1 : 1;
    if (x->address != y->address)
        return x->address < y->address ? -1 : 1;
    return x->size == y->size  ? (x->number > y->number) - (x->number < y->number)
           : x->size > y->size ? -1
                               : 1;
}

/* Makes the index.  There is room for all symbols; what is not filled is never touched and so takes no
 * memory. */
static void index_make(struct symbol_table *t)
{
    t->indexed = true;
    t->entry_room = t->count;
    if (!t->count || !(t->entries = malloc(t->entry_room * sizeof(*t->entries))))
        return;
    if (!symbols_visit(t, entry_add, t))
        t->entry_count = 0;
    qsort(t->entries, t->entry_count, sizeof(*t->entries), entry_compare);
    struct entry *smaller =
        t->entry_count ? reallocarray(t->entries, t->entry_count, sizeof(*smaller)) : NULL;
    if (smaller)
        t->entries = smaller;
}

/* Returns how many entries lie before those that begin behind the address. */
static size_t entries_up_to(const struct symbol_table *t, uint64_t address, bool function)
{
    size_t low = 0, high = t->entry_count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        const struct entry *e = &t->entries[middle];
        if (e->function < function || (e->function == function && e->address <= address))
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

/* Reads the name at that place of the string table into name[].  Returns its length; 0: there is none. */
static size_t name_read(const struct symbol_table *t, uint32_t at, char name[MAX_NAME])
{
    for (size_t size = 128; size <= MAX_NAME; size *= 2) {
        uint64_t room = at < t->strings->size ? t->strings->size - at : 0;
        size_t n = room < size ? (size_t)room : size;
        if (!n || !elf_file_read(t->file, t->strings->file_offset + at, name, n))
            return 0;
        const char *end = memchr(name, 0, n);
        if (end)
            return (size_t)(end - name);
        if (n < size)
            return 0;
    }
    return 0;
}

static struct found **found_bucket(struct symbol_table *t, uint32_t number)
{
    return &t->found[(number * 2654435761u) >> 22]; /* Knuth's multiplicative hash, the upper 10 bits */
}

/* Returns the symbol of that number, with its name; NULL: it has none, or no memory. */
static const struct symbol *symbol_take(struct symbol_table *t, uint32_t number)
{
    struct found **bucket = found_bucket(t, number);
    for (struct found *f = *bucket; f; f = f->next)
        if (f->number == number)
            return &f->symbol;
    Elf64_Sym s;
    char name[MAX_NAME];
    size_t length = symbol_read(t, number, &s) && is_wanted(&s) ? name_read(t, s.st_name, name) : 0;
    struct found *f = length ? malloc(sizeof(*f) + length + 1) : NULL;
    if (!f)
        return NULL;
    memcpy(f->name, name, length + 1);
    f->number = number;
    f->symbol = (struct symbol){.address = s.st_value,
                                .size = s.st_size,
                                .name = f->name,
                                .function = is_function(&s),
                                .source = t->source};
    f->next = *bucket;
    *bucket = f;
    return &f->symbol;
}

/* Returns one of several names of one place, the last in the order of bytes: `malloc`, not `__libc_malloc`.
 */
static const struct symbol *alias_choose(struct symbol_table *t, size_t last)
{
    const struct entry *e = &t->entries[last];
    const struct symbol *best = NULL;
    for (size_t i = last + 1; i-- > 0 && last - i < ALIASES;) {
        const struct entry *other = &t->entries[i];
        if (other->address != e->address || other->size != e->size || other->function != e->function)
            break;
        const struct symbol *s = symbol_take(t, other->number);
        if (s && (!best || strcmp(s->name, best->name) > 0))
            best = s;
    }
    return best;
}

const struct symbol *symbol_table_at(struct symbol_table *t, uint64_t address, bool function)
{
    if (!t->indexed)
        index_make(t);
    size_t end = entries_up_to(t, address, function);
    for (size_t i = end; i-- > 0 && end - i <= NESTING && t->entries[i].function == function;) {
        const struct entry *e = &t->entries[i];
        if (address - e->address >= e->size && e->size != UINT32_MAX)
            continue;
        const struct symbol *s = alias_choose(t, i);
        if (s && address - s->address < s->size)
            return s;
    }
    return NULL;
}

/* ---- by name ---- */

static struct answer *answer_of(const struct symbol_table *t, const char *name)
{
    for (size_t i = 0; i < t->answer_count; i++)
        if (!strcmp(t->answers[i].name, name))
            return &t->answers[i];
    return NULL;
}

static bool answer_add(struct symbol_table *t, const char *name)
{
    if (t->answer_count == t->answer_capacity) {
        size_t larger = t->answer_capacity ? t->answer_capacity * 2 : 64;
        struct answer *grown = reallocarray(t->answers, larger, sizeof(*grown));
        if (!grown)
            return false;
        t->answers = grown;
        t->answer_capacity = larger;
    }
    char *copy = strdup(name);
    if (copy)
        t->answers[t->answer_count++] = (struct answer){.name = copy};
    return copy != NULL;
}

struct name_search {
    struct symbol_table *table;
    struct name_places *places;
    size_t first; /* answers before this one were there already */
};

static bool is_better(const struct symbol *now, const Elf64_Sym *s)
{
    if (!now || now->function != is_function(s))
        return !now || is_function(s);
    return s->st_value < now->address;
}

static void name_match(void *context, uint32_t number, const Elf64_Sym *s)
{
    struct name_search *search = context;
    size_t which;
    if (!name_places_find(search->places, s->st_name, &which))
        return;
    struct answer *a = &search->table->answers[search->first + which];
    if (!is_better(a->symbol, s))
        return;
    const struct symbol *symbol = symbol_take(search->table, number);
    if (symbol)
        a->symbol = symbol;
}

void symbol_table_expect(struct symbol_table *t, const char *const *names, size_t count)
{
    struct name_search search = {.table = t, .first = t->answer_count};
    for (size_t i = 0; i < count; i++)
        if (names[i][0] && strlen(names[i]) < NAME_ROOM && !answer_of(t, names[i]) &&
            !answer_add(t, names[i]))
            return;
    size_t fresh = t->answer_count - search.first;
    const char **wanted = fresh ? calloc(fresh, sizeof(*wanted)) : NULL;
    for (size_t i = 0; wanted && i < fresh; i++)
        wanted[i] = t->answers[search.first + i].name;
    search.places = wanted ? name_places_new(t->file, t->strings, wanted, fresh) : NULL;
    if (search.places)
        symbols_visit(t, name_match, &search);
    name_places_free(search.places);
    free(wanted);
}

const struct symbol *symbol_table_named(struct symbol_table *t, const char *name)
{
    if (!answer_of(t, name))
        symbol_table_expect(t, &name, 1);
    const struct answer *a = answer_of(t, name);
    return a ? a->symbol : NULL;
}
