/*
 * Which octet is what, by its two halves.
 *
 * An octet has a bit here when both tables have it: the one at its low half, the one at its high
 * half.  Octets above 0x7F have none.
 *
 *     0x01  ! % ' * + - .     0x10  _
 *     0x02  0 to 9            0x20  `
 *     0x04  A to O, a to o    0x40  ~
 *     0x08  P to Z, p to z    0x80  CR LF
 */
#pragma once

enum {
    NIBBLES_WORD = 0x0E,  /* letters and digits */
    NIBBLES_TOKEN = 0x7F, /* octets of tokens */
    NIBBLES_LINE = 0x80,
};

#define NIBBLES_LOW                                                                                \
    0x2A, 0x0F, 0x0E, 0x0E, 0x0E, 0x0F, 0x0E, 0x0F, 0x0E, 0x0E, (char)0x8D, 0x05, 0x04,            \
        (char)0x85, 0x45, 0x14
#define NIBBLES_HIGH                                                                               \
    (char)0x80, 0x00, 0x01, 0x02, 0x04, 0x18, 0x24, 0x48, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,      \
        0x00, 0x00
