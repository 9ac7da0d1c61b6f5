/*
 * How good a stream probably sounded (ITU-T G.107, with the figures of G.113 for G.711 with
 * concealment): an estimate from what the gate counted, not a measurement of sound.
 */
#pragma once

#include "wire/media_order.h"

/* Mean opinion score times 100, 100 to 441; 0 when nothing was heard. */
unsigned media_mos(const struct media_side_counts *counts);
