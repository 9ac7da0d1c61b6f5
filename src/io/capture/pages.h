/*
 * Large memory that costs nothing until it is used.
 *
 * Tables are sized for the worst capture; most captures touch a page or two of them.  So the memory
 * comes from the kernel, which fills in pages as they are touched, and not from an allocator that
 * may go through all of it.
 */
#pragma once

#include <stddef.h>

/* Zeroed; NULL when there is none. */
void *pages_new(size_t len);
void pages_free(void *memory, size_t len);
