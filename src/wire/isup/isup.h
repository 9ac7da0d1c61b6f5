/*
 * A message of the telephone network within SIP (ISUP, ITU-T Q.763, in SIP-I, Q.1912.5).
 *
 * Read for what a border judges: whether it belongs to a call at all, whom it calls and who it says
 * calls.  A whole one whose parts point outside it is broken: switches have been stopped by less.
 */
#pragma once

#include "base/slice.h"

enum { ISUP_DIGITS_MAX = 32, ISUP_MAX = 512 }; /* Q.763: 255 octets of parameters and a head */

enum isup_kind {
    ISUP_SETUP,       /* IAM: begins a call */
    ISUP_OF_CALL,     /* of a call in progress */
    ISUP_MAINTENANCE, /* commands circuits: never has business in a call's signalling */
};

struct isup_number {
    bool is_there;
    bool is_withheld; /* of who calls: presentation restricted or not available */
    uint8_t len;
    char digits[ISUP_DIGITS_MAX]; /* "+..." when its nature is international */
};

struct isup {
    uint8_t type;
    enum isup_kind kind;
    struct isup_number called, calling; /* of a setup */
};

/* False: of no known type, or not whole. */
bool isup_read(struct isup *isup, struct slice octets);

static inline struct slice isup_number_slice(const struct isup_number *number)
{
    return slice_of(number->digits, number->len);
}
