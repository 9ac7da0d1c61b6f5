/*
 * A whole store without sockets: what it really sends on when a request comes.
 */
#pragma once

#include "base/slice.h"

/* Something the store sends at once, to whoever. */
typedef void store_sends(struct slice bytes);

bool store_open(const char *policy_path, store_sends *sends);

/* How often it sent what it should not (GEN-01); the first are printed. */
unsigned long store_complaints(void);

/* Delivers a request; then so much time goes by that nothing of it is left. */
void store_take(struct slice bytes);
