/* A build without vectorscan. */
#include "io/patterns.h"

bool patterns_compile(const struct pattern_expression *expressions, uint32_t count,
                      struct slice *database, struct fault *fault)
{
    (void)expressions;
    (void)count;
    *database = SLICE_NONE;
    return fault_set(fault, "patterns need vectorscan, which this build does not have");
}
