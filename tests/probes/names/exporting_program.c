/* A program that gives its functions to others (-rdynamic), so that stripping leaves main among its names,
 * and that holds a message of an allocator's. */
#include <stdio.h>

int main(int argc, char **argv)
{
    (void)argv;
    return argc > 9 ? puts("mimalloc: error: nothing is wrong") : 0;
}
