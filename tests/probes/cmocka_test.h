/* cmocka with the headers that it expects to come first. */
#ifndef TESTS_PROBES_CMOCKA_TEST_H
#define TESTS_PROBES_CMOCKA_TEST_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#endif
