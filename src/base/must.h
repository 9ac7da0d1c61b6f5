/*
 * Promises we make to ourselves.
 *
 * A broken promise is our mistake, never the network's: the process stops, the parent starts it
 * again.  Never compiled out.
 */
#pragma once

#define must(promise)                                                                              \
    do {                                                                                           \
        if (__builtin_expect(!(promise), 0)) {                                                     \
            must_failed(#promise, __FILE__, __LINE__);                                             \
        }                                                                                          \
    } while (0)

_Noreturn void must_failed(const char *promise, const char *file, int line);

#define ARRAY_COUNT(array) (sizeof(array) / sizeof((array)[0]))
