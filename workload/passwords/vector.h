/* A growing vector of passwords that asks the allocator for the same blocks, in the same order, as Rust's
 * Vec<String> does: elements of 24 bytes, capacity 0, then 4, then doubled, grown by realloc, never shrunk.
 * Not thread-safe: each thread has its own. */
#ifndef PASSWORDS_VECTOR_H
#define PASSWORDS_VECTOR_H

#include <stddef.h>

/* Rust's String.  The text is not NUL-terminated. */
struct password {
    char *text;
    size_t capacity, length;
};

struct password_vector {
    struct password *items; /* NULL while capacity is 0 */
    size_t capacity, count;
};

/* Takes ownership of item.text.  -ENOMEM: the vector is as it was and the caller still owns the text. */
int vector_push(struct password_vector *v, struct password item);

/* Moves everything in `from` to the end of `to` and frees from's own block.  -ENOMEM: both are as they were.
 */
int vector_extend(struct password_vector *to, struct password_vector *from);

/* Frees each text, then the block. */
void vector_free(struct password_vector *v);

#endif
