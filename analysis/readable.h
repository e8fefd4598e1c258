/* Names of functions as people write them: the recording keeps what the symbol table says, C++'s and Rust's
 * are mangled there. */
#ifndef HEAPWAIT_READABLE_H
#define HEAPWAIT_READABLE_H

#include <sqlite3.h>

/* Every mangled name in the text, without parameters and hashes; malloc'd, NULL when out of memory.  What is
 * no mangled name stays as it is. */
char *readable_text(const char *text);

/* Puts tables with readable names before those of the file, for all statements of the connection that come
 * later. An SQLite result code. */
int readable_tables(sqlite3 *connection);

#endif
