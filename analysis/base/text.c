/* See text.h.  The decoder is heapwait's own, not mbrtowc(): the result must not depend on the locale. */
#include "analysis/base/text.h"

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

/* Returns how many bytes a first byte announces, and sets *bits to those that it carries itself; 0: it is no
 * first byte. */
static unsigned first_byte(unsigned char byte, uint32_t *bits)
{
    if (byte < 0x80) {
        *bits = byte;
        return 1;
    }
    if (byte >= 0xc2 && byte < 0xe0) {
        *bits = byte & 0x1fu;
        return 2;
    }
    if (byte >= 0xe0 && byte < 0xf0) {
        *bits = byte & 0x0fu;
        return 3;
    }
    if (byte >= 0xf0 && byte < 0xf5) {
        *bits = byte & 0x07u;
        return 4;
    }
    return 0;
}

uint32_t text_next(const char **text)
{
    static const uint32_t smallest[] = {0, 0, 0x80, 0x800, 0x10000};
    const unsigned char *p = (const unsigned char *)*text;
    if (!*p)
        return 0;
    uint32_t value = 0;
    unsigned n = first_byte(*p, &value);
    unsigned i = 1;
    for (; i < n && (p[i] & 0xc0) == 0x80; i++)
        value = value << 6 | (p[i] & 0x3fu);
    bool good =
        n && i == n && value >= smallest[n] && value <= 0x10ffff && (value < 0xd800 || value > 0xdfff);
    *text += good ? n : 1;
    return good ? value : UINT32_MAX;
}

static bool is_showable(uint32_t c)
{
    bool control = c < 0x20 || (c >= 0x7f && c < 0xa0) || c == 0x2028 || c == 0x2029;
    bool direction =
        c == 0x200e || c == 0x200f || (c >= 0x202a && c <= 0x202e) || (c >= 0x2066 && c <= 0x2069);
    return c != UINT32_MAX && !control && !direction;
}

char *text_clean(char *text)
{
    char *to = text;
    for (const char *from = text; *from;) {
        const char *start = from;
        if (is_showable(text_next(&from))) {
            memmove(to, start, (size_t)(from - start));
            to += from - start;
        } else
            *to++ = '?';
    }
    *to = '\0';
    return text;
}

bool text_has_control(const char *text)
{
    for (; *text; text++)
        if (((unsigned char)*text < ' ' && *text != '\t') || *text == 0x7f)
            return true;
    return false;
}
