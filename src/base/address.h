/*
 * Internet addresses as values: literal in, literal out, nothing is ever resolved here.
 */
#pragma once

#include "base/text.h"

enum address_family { ADDRESS_NONE, ADDRESS_V4, ADDRESS_V6 };

enum { ADDRESS_TEXT_MAX = 54 }; /* "[" 45 octets "]:" 65535 */

struct address {
    uint8_t family; /* enum address_family */
    uint8_t unused;
    uint16_t port;     /* host order; 0 when none */
    uint8_t bytes[16]; /* network order; IPv4 uses the first four */
};

struct prefix {
    struct address address;
    uint8_t bits;
};

/* "192.0.2.1" (four decimal parts, no leading zeros), "2001:db8::1" or "[2001:db8::1]"; nothing
 * else.  A v4-mapped IPv6 address stays IPv6 (address_is_mapped). */
bool address_read(struct address *address, struct slice literal);

/* As address_read, with ":port" behind (1 to 65535); without one the port is 0.  An IPv6 address
 * with a port stands in brackets. */
bool address_read_port(struct address *address, struct slice literal);

/* The host alone; IPv6 in brackets when is_bracketed. */
void address_write_host(struct text *text, const struct address *address, bool is_bracketed);

/* host:port, IPv6 in brackets; the port is left out when 0. */
void address_write(struct text *text, const struct address *address);

bool address_equal(const struct address *a, const struct address *b);
bool address_same_host(const struct address *a, const struct address *b);

/* What an address is for, RFC 6890: used by the open relay and media rules.  A mapped address is
 * for what its IPv4 part is for. */
bool address_is_loopback(const struct address *address);
bool address_is_unspecified(const struct address *address); /* 0.0.0.0/8, :: */
bool address_is_link_local(const struct address *address);
bool address_is_multicast(const struct address *address); /* and IPv4 broadcast */
bool address_is_private(const struct address *address);   /* RFC 1918, RFC 4193 */
bool address_is_mapped(const struct address *address);

/* "192.0.2.0/24", or a plain address: all bits.  Bits behind the prefix must be zero: 192.0.2.7/24
 * is more likely a mistake than a wish. */
bool prefix_read(struct prefix *prefix, struct slice literal);
bool prefix_has(const struct prefix *prefix, const struct address *address);

/*
 * Longest prefix match, built once at load, then read only.  Values are the caller's.
 */
struct prefixes;

/* NULL when memory ends. */
struct prefixes *prefixes_new(void);
void prefixes_free(struct prefixes *prefixes);
/* False when memory ends or the same prefix already has another value. */
bool prefixes_add(struct prefixes *prefixes, const struct prefix *prefix, uint32_t value);

/* The value of the longest prefix that has address; false when none has. */
bool prefixes_find(const struct prefixes *prefixes, const struct address *address, uint32_t *value);
