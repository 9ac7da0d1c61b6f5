/*
 * A former worker's records, for state_init alone.
 */
#pragma once

#include "state/state.h"

void state_take_over(struct state *state, uint64_t now_ms);
