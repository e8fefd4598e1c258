/* cmocka with the headers that it expects to come first. */
#ifndef TESTS_WORKLOAD_CMOCKA_TEST_H
#define TESTS_WORKLOAD_CMOCKA_TEST_H

/* clang-format off */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
/* clang-format on */

#endif
