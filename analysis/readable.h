/* Names of functions as people write them.  The recording keeps what the symbol table says, where names of
 * C++ and Rust are mangled. */
#ifndef HEAPWAIT_READABLE_H
#define HEAPWAIT_READABLE_H

#include <sqlite3.h>

/* Returns the text with every mangled name made readable, without parameters and hashes, malloc'd; what is no
 * mangled name stays as it is.  NULL: out of memory. */
char *readable_text(const char *text);

/* Puts tables with readable names before those of the file, for all later statements of the connection.
 * Returns SQLite's code. */
int readable_tables(sqlite3 *connection);

#endif
