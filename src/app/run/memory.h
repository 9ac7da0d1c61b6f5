/*
 * Memory that has no name in the file system and outlives the process that uses it: the parent
 * makes it, hands it down, and hands it down again when a child had to be replaced.
 */
#pragma once

#include "base/fault.h"
#include "base/slice.h"

/* Each returns -1 and sets the fault. */
int memory_new(const char *name, size_t len, struct fault *fault); /* zeroed, of fixed size */
int memory_sealed(const char *name, struct slice octets,
                  struct fault *fault); /* nobody can change it */

/* NULL when the memory is not that long, or none is left. */
void *memory_map(int fd, size_t len);
/* What was sealed, to be read only; NULL when none is left.  len is what the parent said. */
const void *memory_map_sealed(int fd, size_t len);

void memory_unmap(void *at, size_t len);

/* A copy on the heap, terminated by a zero that does not count; at most max octets. */
bool memory_read(int fd, size_t max, struct slice *octets);
