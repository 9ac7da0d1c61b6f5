/*
 * Which octet is what, by its two halves.
 *
 * An octet has a bit here when both tables have it: the one at its low half, the one at its high
 * half.  Octets above 0x7F have none.
 *
 *     0x01  ! % ' * +      0x10  0 to 9
 *     0x02  _ `            0x20  A to O, a to o
 *     0x04  ~              0x40  P to Z, p to z
 *     0x08  - .            0x80  CR LF
 *
 * As a signed number it is below NIBBLES_TOKEN for what no token has, and below NIBBLES_HOST for
 * what no host name has.  (P and o have 0x02 too; nothing comes of it.)
 */
#pragma once

enum {
    NIBBLES_TOKEN = 0x01,
    NIBBLES_HOST = 0x08,
    NIBBLES_PAIR_UP = 4, /* brings the bit of dots and hyphens to the top of its octet */
};

// clang-format off
#define NIBBLES_LOW                                                                                \
    0x52, 0x71, 0x70, 0x70, 0x70, 0x71, 0x70, 0x71, 0x70, 0x70, (char)0xE1, 0x21, 0x20,            \
    (char)0xA8, 0x2C, 0x22
#define NIBBLES_HIGH                                                                               \
    (char)0x80, 0x00, 0x09, 0x10, 0x20, 0x42, 0x22, 0x44, 0, 0, 0, 0, 0, 0, 0, 0
// clang-format on
