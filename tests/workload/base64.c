/* RFC 4648's vectors, and the bytes that tell the standard alphabet from the URL-safe one. */
#include "tests/workload/cmocka_test.h"

#include "workload/passwords/base64.h"

#include <string.h>

static const struct {
    const char *bytes, *text;
} vectors[] = {
    {"", ""},
    {"f", "Zg=="},
    {"fo", "Zm8="},
    {"foo", "Zm9v"},
    {"foob", "Zm9vYg=="},
    {"fooba", "Zm9vYmE="},
    {"foobar", "Zm9vYmFy"},
};

static void encodes_rfc_4648_vectors(void **state)
{
    char text[16];

    (void)state;
    for (size_t i = 0; i < sizeof(vectors) / sizeof(*vectors); i++) {
        size_t size = strlen(vectors[i].bytes);
        memset(text, '#', sizeof(text));
        base64_encode(text, (const unsigned char *)vectors[i].bytes, size);
        assert_int_equal(base64_length(size), strlen(vectors[i].text));
        assert_memory_equal(text, vectors[i].text, base64_length(size));
        assert_int_equal(text[base64_length(size)], '#'); /* not one byte more */
    }
}

static void encodes_every_sextet(void **state)
{
    static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    char text[4];

    (void)state;
    for (unsigned i = 0; i < 64; i++) {
        const unsigned char bytes[3] = {(unsigned char)(i << 2 | i >> 4), (unsigned char)(i << 4 | i >> 2),
                                        (unsigned char)(i << 6 | i)};
        base64_encode(text, bytes, 3);
        for (int j = 0; j < 4; j++)
            assert_int_equal(text[j], alphabet[i]);
    }
}

static void encodes_26_bytes_as_36_characters(void **state)
{
    unsigned char bytes[26];
    char text[36];

    (void)state;
    memset(bytes, 0xff, sizeof(bytes));
    assert_int_equal(base64_length(26), 36);
    base64_encode(text, bytes, sizeof(bytes));
    assert_memory_equal(text, "//////////////////////////////////8=", 36);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(encodes_rfc_4648_vectors),
        cmocka_unit_test(encodes_every_sextet),
        cmocka_unit_test(encodes_26_bytes_as_36_characters),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
