/* Prints the version of the allocator library that is preloaded, by that library's own function: what the
 * labels of the variants are compared with.  Ends with 1 when it knows none. */
#include <dlfcn.h>
#include <stddef.h>
#include <stdio.h>

/* Sets *function, of any type, to that of this name; NULL: no library has it. */
static void look_up(void *function, const char *name)
{
    *(void **)function = dlsym(RTLD_DEFAULT, name);
}

int main(void)
{
    int (*mallctl)(const char *, void *, size_t *, void *, size_t);
    const char *(*tc_version)(int *, int *, const char **);
    int (*mi_version)(void);
    const char *text = NULL;
    size_t size = sizeof(text);

    look_up(&mallctl, "mallctl");
    look_up(&tc_version, "tc_version");
    look_up(&mi_version, "mi_version");
    if (mallctl && !mallctl("version", &text, &size, NULL, 0)) {
        printf("jemalloc %s\n", text); /* 5.3.0-0-g54eaed1d… */
    } else if (tc_version) {
        printf("tcmalloc %s\n", tc_version(NULL, NULL, NULL)); /* its text is "gperftools 2.10" */
    } else if (mi_version) {
        int v = mi_version(); /* 209 is 2.0.9, 30600 is 3.6.0 */
        int unit = v < 10000 ? 10 : 100;

        printf("mimalloc %d.%d.%d\n", v / unit / unit, v / unit % unit, v % unit);
    } else {
        return 1;
    }
    return 0;
}
