#include "base/must.h"

#include <stdio.h>
#include <stdlib.h>

_Noreturn void must_failed(const char *promise, const char *file, int line)
{
    fprintf(stderr, "broken promise: %s (%s:%d)\n", promise, file, line);
    abort();
}
