#include "io/capture/memory.h"

#include <sys/mman.h>

void *memory_new(size_t len)
{
    void *memory =
        mmap(NULL, len, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

    return memory == MAP_FAILED ? NULL : memory;
}

void memory_free(void *memory, size_t len)
{
    if (memory != NULL) {
        munmap(memory, len);
    }
}
