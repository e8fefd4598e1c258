/* What the machine code and the messages of files without symbols tell.  It is worked out once for each file,
 * when it is first asked for.  Of files with symbols nothing is told, since symbols are the better evidence.
 * Code is read of static files only: in others the C library has a file of its own. */
#ifndef HEAPWAIT_STRIPPED_H
#define HEAPWAIT_STRIPPED_H

#include "probes/elf/module.h"
#include "probes/names/libc_archive.h"
#include "probes/names/musl_code.h"

struct allocator;
struct stripped;

/* Returns one that has looked at no file; NULL: out of memory. */
struct stripped *stripped_new(void);

/* Frees it, with all that it has returned; NULL is fine. */
void stripped_free(struct stripped *s);

/* Gives it a reference to look into as well, before anything is asked.  `archive` stays the caller's, and
 * must live as long; NULL: none. */
void stripped_refer(struct stripped *s, const struct libc_archive *archive);

/* Returns malloc's lock in `m` as the reference tells it; NULL: there is no reference, or nothing of it is in
 * `m`. */
const struct libc_match *stripped_match(struct stripped *s, const struct module *m);

/* Returns what the code of `m` tells of musl's malloc; NULL: `m` has symbols, or is dynamic, or musl isn't in
 * it. */
struct musl_code *stripped_musl(struct stripped *s, const struct module *m);

/* Returns the name of the allocator in `m` that a message of its code tells, a static string; NULL: none
 * does.  `m` may be dynamic. */
const char *stripped_guest(struct stripped *s, const struct module *m);

/* Returns the allocator that stands in place of its own in the C library's file `m`, by a message of its
 * code; NULL: none. */
const struct allocator *stripped_in_libc(struct stripped *s, const struct module *m);

/* Returns why code of `m` was not read that may tell whose words are, as the end of a sentence, a static
 * string; "": it was read, or would tell nothing. */
const char *stripped_unread(const struct module *m);

/* Returns whether `text` is in what is loaded of the file `m`.  Reads all of that. */
bool stripped_has_text(const struct module *m, const char *text);

#endif
