/*
 * What an inspection found, as the journal of a store would have it.
 */
#pragma once

#include "base/fault.h"
#include "guard/inspect.h"

struct store;

/* A new file, or one that goes on.  NULL at a fault. */
struct store *store_open(const char *path, struct fault *fault);

/* The message just judged. */
void store_add(struct store *store, const struct inspection *inspection);

/* False when not all of it is in the file.  NULL is closed already. */
bool store_close(struct store *store, struct fault *fault);
