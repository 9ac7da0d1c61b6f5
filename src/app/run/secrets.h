/*
 * The private keys, in the keeper alone: what they are asked for is a signature.
 */
#pragma once

#include "base/slice.h"
#include "io/ipc_types.h"

struct secrets;

/* From what the parent read; never NULL. */
struct secrets *secrets_new(struct slice book);
void secrets_free(struct secrets *secrets);

uint32_t secrets_count(const struct secrets *secrets);

/* False when there is no such key, or it is of another kind. */
bool secrets_sign(const struct secrets *secrets, const struct ipc_sign *wanted,
                  struct ipc_signed *made);
