/*
 * What an address is for, RFC 6890.
 */
#include "base/address.h"

enum { V4_LEN = 4, V6_LEN = 16, MAPPED_LEN = V6_LEN - V4_LEN };

bool address_is_mapped(const struct address *address)
{
    static const uint8_t mapped[MAPPED_LEN] = {[10] = 0xff, [11] = 0xff};

    return address->family == ADDRESS_V6 && memcmp(address->bytes, mapped, sizeof(mapped)) == 0;
}

/* The four octets an address stands for, or NULL: whoever spells 127.0.0.1 as ::ffff:127.0.0.1
 * means the same place. */
static const uint8_t *v4_meant(const struct address *address)
{
    if (address->family == ADDRESS_V4) {
        return address->bytes;
    }
    return address_is_mapped(address) ? address->bytes + MAPPED_LEN : NULL;
}

static bool bytes_are_zero(const uint8_t *bytes, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        if (bytes[i] != 0) {
            return false;
        }
    }
    return true;
}

bool address_is_loopback(const struct address *address)
{
    const uint8_t *v4 = v4_meant(address);

    if (v4 != NULL) {
        return v4[0] == 127;
    }
    return address->family == ADDRESS_V6 && bytes_are_zero(address->bytes, V6_LEN - 1) &&
           address->bytes[V6_LEN - 1] == 1;
}

bool address_is_unspecified(const struct address *address)
{
    const uint8_t *v4 = v4_meant(address);

    if (v4 != NULL) {
        return v4[0] == 0;
    }
    return address->family == ADDRESS_V6 && bytes_are_zero(address->bytes, V6_LEN);
}

bool address_is_link_local(const struct address *address)
{
    const uint8_t *v4 = v4_meant(address);

    if (v4 != NULL) {
        return v4[0] == 169 && v4[1] == 254;
    }
    return address->family == ADDRESS_V6 && address->bytes[0] == 0xfe &&
           (address->bytes[1] & 0xc0) == 0x80;
}

bool address_is_multicast(const struct address *address)
{
    static const uint8_t broadcast[V4_LEN] = {255, 255, 255, 255};
    const uint8_t *v4 = v4_meant(address);

    if (v4 != NULL) {
        return (v4[0] & 0xf0) == 224 || memcmp(v4, broadcast, V4_LEN) == 0;
    }
    return address->family == ADDRESS_V6 && address->bytes[0] == 0xff;
}

bool address_is_private(const struct address *address)
{
    const uint8_t *v4 = v4_meant(address);

    if (v4 != NULL) {
        return v4[0] == 10 || (v4[0] == 172 && (v4[1] & 0xf0) == 16) ||
               (v4[0] == 192 && v4[1] == 168);
    }
    return address->family == ADDRESS_V6 && (address->bytes[0] & 0xfe) == 0xfc;
}
