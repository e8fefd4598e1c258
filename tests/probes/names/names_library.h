/* What both builds of names_library.c define. */
#ifndef TESTS_PROBES_NAMES_NAMES_LIBRARY_H
#define TESTS_PROBES_NAMES_NAMES_LIBRARY_H

int *library_word(void);

#endif
