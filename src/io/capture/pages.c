#include "io/capture/pages.h"

#include <sys/mman.h>

void *pages_new(size_t len)
{
    void *memory =
        mmap(NULL, len, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

    return memory == MAP_FAILED ? NULL : memory;
}

void pages_free(void *memory, size_t len)
{
    if (memory != NULL) {
        munmap(memory, len);
    }
}
