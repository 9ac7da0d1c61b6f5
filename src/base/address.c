#include "base/address.h"

enum {
    V4_LEN = 4,
    V6_LEN = 16,
    V6_GROUPS = 8,
    GROUP_DIGITS_MAX = 4,
    PORT_MAX = 65535,
};

/* One to max digits without a zero in front: one spelling for each number.  Others read 010 as
 * eight, and what we judged must be what they connect to. */
static bool plain_number(struct slice digits, uint64_t max, uint64_t *number)
{
    if (digits.len > 1 && digits.at[0] == '0') {
        return false;
    }
    return slice_number(digits, max, number);
}

/* One part of an IPv4 address at *at, which goes behind it; a plain number, as above. */
static bool part_read(const char **at, const char *end, uint8_t *part)
{
    const char *from = *at;
    unsigned value = 0;

    while (*at < end && **at >= '0' && **at <= '9' && value <= UINT8_MAX) {
        value = value * 10 + (unsigned)(**at - '0');
        (*at)++;
    }
    *part = (uint8_t)value;
    return *at > from && value <= UINT8_MAX && (*from != '0' || *at == from + 1);
}

static bool v4_read(uint8_t bytes[V4_LEN], struct slice literal)
{
    if (literal.len < sizeof("0.0.0.0") - 1) {
        return false;
    }
    const char *at = literal.at, *end = literal.at + literal.len;

    for (unsigned i = 0; i < V4_LEN; i++) {
        if ((i > 0 && (at == end || *at++ != '.')) || !part_read(&at, end, &bytes[i])) {
            return false;
        }
    }
    return at == end;
}

static int hex_value(char octet)
{
    if (octet >= '0' && octet <= '9') {
        return octet - '0';
    }
    octet = (char)(octet | 0x20);
    return octet >= 'a' && octet <= 'f' ? octet - 'a' + 10 : -1;
}

/* One to four hexadecimal digits at *at, which goes behind them. */
static bool group_read(const char **at, const char *end, uint8_t bytes[2])
{
    const char *from = *at;
    unsigned value = 0;
    int one;

    while (*at < end && *at - from < GROUP_DIGITS_MAX && (one = hex_value(**at)) >= 0) {
        value = value << 4 | (unsigned)one;
        (*at)++;
    }
    bytes[0] = (uint8_t)(value >> 8);
    bytes[1] = (uint8_t)value;
    return *at > from;
}

/* Groups parted by single colons, the last of the literal perhaps an IPv4 address, from *at up to
 * the end or a double colon, into at most room octets; len of them.  No group at all is none. */
static bool groups_read(const char **at, const char *end, uint8_t *bytes, size_t room, size_t *len)
{
    *len = 0;
    if (*at == end || **at == ':') {
        return true;
    }
    for (;;) {
        const char *group = *at;

        if (*len + 2 > room || !group_read(at, end, bytes + *len)) {
            return false;
        }
        if (*at < end && **at == '.') {
            *at = end;
            *len += V4_LEN;
            return *len <= room && v4_read(bytes + *len - V4_LEN, slice_between(group, end));
        }
        *len += 2;
        if (*at == end) {
            return true;
        }
        if (*(*at)++ != ':' || *at == end) {
            return false;
        }
        if (**at == ':') {
            (*at)--; /* the first of two */
            return true;
        }
    }
}

static bool v6_read(uint8_t bytes[V6_LEN], struct slice literal)
{
    const char *at = literal.at, *end = literal.at + literal.len;
    uint8_t behind[V6_LEN];
    size_t ahead_len, behind_len;

    if (literal.len < sizeof("::") - 1 || !groups_read(&at, end, bytes, V6_LEN, &ahead_len)) {
        return false;
    }
    if (at == end) {
        return ahead_len == V6_LEN;
    }
    /* At least one group stands behind the colons. */
    if (end - at < 2 || at[1] != ':' || ahead_len > V6_LEN - 2) {
        return false;
    }
    at += 2;
    if (!groups_read(&at, end, behind, V6_LEN - 2 - ahead_len, &behind_len) || at != end) {
        return false;
    }
    memset(bytes + ahead_len, 0, V6_LEN - ahead_len - behind_len);
    memcpy(bytes + V6_LEN - behind_len, behind, behind_len);
    return true;
}

static bool is_bracketed(struct slice literal)
{
    return literal.len >= 2 && literal.at[0] == '[' && literal.at[literal.len - 1] == ']';
}

bool address_read(struct address *address, struct slice literal)
{
    struct slice inside = literal;

    *address = (struct address){.family = ADDRESS_NONE};
    if (is_bracketed(literal)) {
        inside = slice_of(literal.at + 1, literal.len - 2);
    } else if (v4_read(address->bytes, literal)) {
        address->family = ADDRESS_V4;
        return true;
    }
    if (v6_read(address->bytes, inside)) {
        address->family = ADDRESS_V6;
        return true;
    }
    *address = (struct address){.family = ADDRESS_NONE};
    return false;
}

/* Where the host ends: behind the bracket, or at the only colon. */
static size_t host_end(struct slice literal)
{
    if (literal.len > 0 && literal.at[0] == '[') {
        size_t bracket = slice_find(literal, ']');
        return bracket == literal.len ? bracket : bracket + 1;
    }
    size_t colon = slice_find(literal, ':');
    /* More than one colon: an IPv6 address without brackets has no room for a port. */
    return colon == slice_find_last(literal, ':') ? colon : literal.len;
}

bool address_read_port(struct address *address, struct slice literal)
{
    size_t end = host_end(literal);
    struct slice behind = slice_skip(literal, end);
    uint64_t port = 0;

    if (!address_read(address, slice_head(literal, end))) {
        return false;
    }
    if (behind.len > 0 && (behind.at[0] != ':' ||
                           !plain_number(slice_skip(behind, 1), PORT_MAX, &port) || port == 0)) {
        *address = (struct address){.family = ADDRESS_NONE};
        return false;
    }
    address->port = (uint16_t)port;
    return true;
}

static void v4_write(struct text *text, const uint8_t bytes[V4_LEN])
{
    for (unsigned i = 0; i < V4_LEN; i++) {
        if (i > 0) {
            text_put_octet(text, '.');
        }
        text_put_number(text, bytes[i]);
    }
}

static unsigned group_at(const uint8_t bytes[V6_LEN], size_t group)
{
    return (unsigned)bytes[2 * group] << 8 | bytes[2 * group + 1];
}

static void group_write(struct text *text, unsigned value)
{
    static const char digits[] = "0123456789abcdef";
    unsigned shift = 12;

    while (shift > 0 && value >> shift == 0) {
        shift -= 4;
    }
    for (;; shift -= 4) {
        text_put_octet(text, digits[value >> shift & 15]);
        if (shift == 0) {
            return;
        }
    }
}

/* The longest run of at least two groups that are zero, the first of equals (RFC 5952 4.2). */
static unsigned zeros_find(const uint8_t bytes[V6_LEN], unsigned groups, unsigned *longest)
{
    unsigned at = groups, run = 0;

    *longest = 1;
    for (unsigned group = 0; group < groups; group++) {
        run = group_at(bytes, group) == 0 ? run + 1 : 0;
        if (run > *longest) {
            *longest = run;
            at = group + 1 - run;
        }
    }
    return at;
}

/* RFC 5952, the mapped addresses with their dotted part. */
static void v6_write(struct text *text, const struct address *address)
{
    unsigned groups = address_is_mapped(address) ? V6_GROUPS - 2 : V6_GROUPS;
    unsigned longest;
    unsigned zeros = zeros_find(address->bytes, groups, &longest);

    for (unsigned group = 0; group < groups; group++) {
        if (group == zeros) {
            text_put(text, SLICE("::"));
            group += longest - 1;
            continue;
        }
        if (group > 0 && group != zeros + longest) {
            text_put_octet(text, ':');
        }
        group_write(text, group_at(address->bytes, group));
    }
    if (groups < V6_GROUPS) {
        text_put_octet(text, ':');
        v4_write(text, address->bytes + V6_LEN - V4_LEN);
    }
}

void address_write_host(struct text *text, const struct address *address, bool is_bracketed)
{
    switch ((enum address_family)address->family) {
    case ADDRESS_NONE:
        break;
    case ADDRESS_V4:
        v4_write(text, address->bytes);
        break;
    case ADDRESS_V6:
        text_put(text, is_bracketed ? SLICE("[") : SLICE_NONE);
        v6_write(text, address);
        text_put(text, is_bracketed ? SLICE("]") : SLICE_NONE);
        break;
    }
}

void address_write(struct text *text, const struct address *address)
{
    address_write_host(text, address, true);
    if (address->port != 0) {
        text_put_octet(text, ':');
        text_put_number(text, address->port);
    }
}

static size_t address_len(const struct address *address)
{
    return address->family == ADDRESS_V4 ? V4_LEN : address->family == ADDRESS_V6 ? V6_LEN : 0;
}

bool address_same_host(const struct address *a, const struct address *b)
{
    return a->family == b->family && memcmp(a->bytes, b->bytes, address_len(a)) == 0;
}

bool address_equal(const struct address *a, const struct address *b)
{
    return a->port == b->port && address_same_host(a, b);
}
