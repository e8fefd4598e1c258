/* What a writer of plots/ writes of a text. */
#ifndef HEAPWAIT_TEST_WRITES_H
#define HEAPWAIT_TEST_WRITES_H

#include "plots/typeset.h"

#include <stdlib.h>

/* To be included behind <cmocka.h>. */
static inline void assert_writes(void (*write)(FILE *, const char *), const char *in, const char *expected)
{
    struct text t;
    assert_int_equal(text_open(&t), 0);
    write(t.out, in);
    char *out = text_take(&t);
    assert_string_equal(out, expected);
    free(out);
}

#endif
