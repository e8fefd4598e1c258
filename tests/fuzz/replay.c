/* Gives each file of a folder to a fuzz target, once: the seeds, and what was found before, as a plain test
 * that needs no libFuzzer. */
#include "tests/fuzz/fuzz.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int file_replay(const char *folder, const char *name)
{
    char path[1024];
    snprintf(path, sizeof(path), "%s/%s", folder, name);
    FILE *f = fopen(path, "rbe");
    char *bytes = NULL;
    size_t size = 0, n;
    FILE *memory = open_memstream(&bytes, &size);
    char buffer[4096];
    while (f && memory && (n = fread(buffer, 1, sizeof(buffer), f)) > 0)
        fwrite(buffer, 1, n, memory);
    if (memory)
        fclose(memory);
    if (!f || !bytes) {
        fprintf(stderr, "can't read %s\n", path);
        return 1;
    }
    fclose(f);
    /* exactly as long as the file, so that AddressSanitizer sees one byte too many */
    unsigned char *exact = malloc(size ? size : 1);
    if (!exact)
        return 1;
    memcpy(exact, bytes, size);
    LLVMFuzzerTestOneInput(exact, size);
    free(exact);
    free(bytes);
    return 0;
}

int main(int argc, char **argv)
{
    DIR *folder = argc == 2 ? opendir(argv[1]) : NULL;
    if (!folder) {
        fputs("usage: replay FOLDER\n", stderr);
        return 2;
    }
    int failed = 0, files = 0;
    for (struct dirent *e; (e = readdir(folder));) {
        if (e->d_name[0] == '.')
            continue;
        files++;
        failed |= file_replay(argv[1], e->d_name);
    }
    closedir(folder);
    printf("%d files\n", files);
    return failed || !files;
}
