/* What the machine code and the messages of files without symbols tell: worked out once per file, when it is
 * first asked for.  Where there are symbols, they are the better evidence.  Code is read of static files
 * only: in others the C library has a file of its own. */
#ifndef HEAPWAIT_STRIPPED_H
#define HEAPWAIT_STRIPPED_H

#include "probes/elf/module.h"
#include "probes/names/libc_archive.h"
#include "probes/names/musl_code.h"

struct stripped;

struct stripped *stripped_new(void);
void stripped_free(struct stripped *s);

/* A reference to look into as well, which it borrows; to be given before anything is asked. */
void stripped_refer(struct stripped *s, const struct libc_archive *archive);

/* malloc's lock as the reference has it; NULL: no reference, or nothing of it is in the module. */
const struct libc_match *stripped_match(struct stripped *s, const struct module *m);

/* NULL: it has symbols, or is dynamic, or musl isn't in it. */
struct musl_code *stripped_musl(struct stripped *s, const struct module *m);

/* The allocator that says so itself, by the messages that its code would print; NULL: none does.  Of dynamic
 * programs as well. */
const char *stripped_guest(struct stripped *s, const struct module *m);

/* Whether what is loaded of the file holds the text; reads all of it. */
bool stripped_has_text(const struct module *m, const char *text);

#endif
