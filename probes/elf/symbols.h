/* One symbol table of an ELF file.  A file may have two million symbols, and what is asked for is a few.  So
 * only 16 bytes of each symbol are kept (address, size, number).  Names stay in the file until a symbol is
 * found; names are looked for by reading the string table through, many at a time.
 *
 * Symbols that functions return are the table's. */
#ifndef HEAPWAIT_SYMBOLS_H
#define HEAPWAIT_SYMBOLS_H

#include "probes/elf/elf_file.h"

/* Where a symbol comes from.  Tables are asked in this order. */
enum symbol_source {
    SYMBOLS_STATIC,    /* .symtab */
    SYMBOLS_DYNAMIC,   /* .dynsym */
    SYMBOLS_DEBUGDATA, /* .gnu_debugdata: a compressed table inside the file */
    SYMBOLS_SEPARATE,  /* a separate debug file, found by build-id */
    SYMBOLS_GIVEN,     /* --debug-file */
    SYMBOLS_SOURCES,
};

struct symbol {
    uint64_t address, size;
    const char *name; /* owned by the table */
    bool function;    /* else an object */
    enum symbol_source source;
};

struct symbol_table;

/* The file must outlive the table.  NULL: no memory, or the section or its names don't lie in the file. */
struct symbol_table *symbol_table_new(const struct elf_file *f, const struct elf_section *section,
                                      enum symbol_source source);
/* NULL is fine. */
void symbol_table_free(struct symbol_table *t);

/* Returns the symbol whose [address, address + size) holds the address, the innermost of those that do; NULL:
 * there is none.  `function`: a function, else an object. */
const struct symbol *symbol_table_at(struct symbol_table *t, uint64_t address, bool function);

/* Returns a defined symbol of that name; of several a function, and of these the one with the lowest address.
 * NULL: there is none. */
const struct symbol *symbol_table_named(struct symbol_table *t, const char *name);

/* Looks for many names at once, so that symbol_table_named() has the answers. */
void symbol_table_expect(struct symbol_table *t, const char *const *names, size_t count);

#endif
