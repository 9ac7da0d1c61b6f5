/*
 * Patterns compiled: by a process of its own that has so much time and memory and no more.
 *
 * An expression can be short and take for ever to compile.  So a child does it, with limits the
 * kernel holds; it has the library that compiles, which is loaded only there.
 */
#pragma once

#include "base/fault.h"
#include "base/pattern/pattern.h"

enum {
    PATTERNS_COMPILE_S = 6, /* of processor time; twice that by the clock */
    PATTERNS_COMPILE_MEMORY = 1 << 30,
    PATTERNS_DATABASE_MAX = 64 << 20, /* octets: ten thousand literals are about four million */
};

/* One database of all of them, on the heap; the caller frees database->at.  False: the fault says
 * why, with the number of the expression that is wrong, when one is. */
bool patterns_compile(const struct pattern_expression *expressions, uint32_t count,
                      struct slice *database, struct fault *fault);
