/* SHA-256: FIPS 180-4, section 6.2.  The page names its script by it, so that no other runs. */
#ifndef HEAPWAIT_SHA256_H
#define HEAPWAIT_SHA256_H

#include <stddef.h>

enum { SHA256_SIZE = 32 };

void sha256(const void *bytes, size_t size, unsigned char digest[SHA256_SIZE]);

#endif
