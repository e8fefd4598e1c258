/* Errors that carry a sentence.  The code (negative errno) travels up as the return value; the sentence is
 * written once, by the level that knows what the user wanted: what failed, on what, why, and the remedy. */
#ifndef HEAPWAIT_ERROR_H
#define HEAPWAIT_ERROR_H

struct error {
    char text[1024];
};

/* Writes the sentence (no newline at its end) and returns `code`, so that `return error_set(err, -EPERM,
 * ...)` works.  `err` may be NULL.  If there is a sentence already it stays: an inner, more exact one is
 * never overwritten. */
int error_set(struct error *err, int code, const char *format, ...) __attribute__((format(printf, 3, 4)));

#ifdef __clang_analyzer__
/* The analyzer doesn't see into error.c: without this it takes every error for a possible success. */
#define error_set(err, code, ...) ((void)(error_set)(err, code, __VA_ARGS__), (code))
#endif

#endif
