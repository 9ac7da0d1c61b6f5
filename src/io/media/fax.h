/*
 * UDPTL, the datagrams of T.38 (MED-14): a number, the fax packet itself, and earlier ones again or
 * parity over them.
 */
#pragma once

#include "base/slice.h"

enum {
    FAX_REDUNDANCY_MAX = 3, /* MED-14: earlier packets sent again */
    FAX_PARITY_MAX = 64,    /* octet strings of parity; senders use up to 9 */
};

/* False unless every length holds and nothing is left over. */
bool fax_read(struct slice datagram, uint16_t *sequence);
