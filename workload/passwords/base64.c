/* The encoder: three bytes at a time, and one padded group at the end. */
#include "workload/passwords/base64.h"

#include <stdint.h>

static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

size_t base64_length(size_t size)
{
    return (size + 2) / 3 * 4;
}

static void encode_group(char *text, uint32_t bits)
{
    text[0] = alphabet[bits >> 18];
    text[1] = alphabet[bits >> 12 & 63];
    text[2] = alphabet[bits >> 6 & 63];
    text[3] = alphabet[bits & 63];
}

void base64_encode(char *text, const unsigned char *bytes, size_t size)
{
    for (; size >= 3; size -= 3, bytes += 3, text += 4)
        encode_group(text, (uint32_t)bytes[0] << 16 | (uint32_t)bytes[1] << 8 | bytes[2]);
    if (size == 0)
        return;
    encode_group(text, (uint32_t)bytes[0] << 16 | (size == 2 ? (uint32_t)bytes[1] << 8 : 0));
    text[3] = '=';
    if (size == 1)
        text[2] = '=';
}
