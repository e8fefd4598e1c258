/* Standard base64 with padding (RFC 4648, section 4).  Encodes only: the program never reads passwords back.
 */
#ifndef PASSWORDS_BASE64_H
#define PASSWORDS_BASE64_H

#include <stddef.h>

/* Characters that `size` bytes become. */
size_t base64_length(size_t size);

/* Writes base64_length(size) characters to `text`, and no terminating NUL. */
void base64_encode(char *text, const unsigned char *bytes, size_t size);

#endif
