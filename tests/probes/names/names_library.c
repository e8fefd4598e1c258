/* A library with one word that is waited on; built twice, with the word elsewhere in it (PADDING bytes in).
 */
#include "tests/probes/names/names_library.h"

struct padded {
    char padding[PADDING];
    int word;
};
static struct padded LIBRARY_OBJECT;

int *library_word(void)
{
    return &LIBRARY_OBJECT.word;
}
