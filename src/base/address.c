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
    if (octet >= 'a' && octet <= 'f') {
        return octet - 'a' + 10;
    }
    return octet >= 'A' && octet <= 'F' ? octet - 'A' + 10 : -1;
}

static bool group_read(uint8_t bytes[2], struct slice digits)
{
    unsigned value = 0;

    if (digits.len == 0 || digits.len > GROUP_DIGITS_MAX) {
        return false;
    }
    for (size_t i = 0; i < digits.len; i++) {
        int one = hex_value(digits.at[i]);

        if (one < 0) {
            return false;
        }
        value = value << 4 | (unsigned)one;
    }
    bytes[0] = (uint8_t)(value >> 8);
    bytes[1] = (uint8_t)value;
    return true;
}

/* Groups parted by single colons, the last perhaps an IPv4 address, into at most room octets;
 * empty is no group at all. */
static bool groups_read(uint8_t *bytes, size_t room, struct slice groups, size_t *len)
{
    *len = 0;
    while (groups.len > 0) {
        size_t end = slice_find(groups, ':');
        bool is_last = end == groups.len;
        struct slice group = slice_head(groups, end);

        if (is_last && room - *len >= V4_LEN && v4_read(bytes + *len, group)) {
            *len += V4_LEN;
            return true;
        }
        if (room - *len < 2 || !group_read(bytes + *len, group)) {
            return false;
        }
        *len += 2;
        groups = slice_skip(groups, end + 1);
        if (!is_last && groups.len == 0) {
            return false;
        }
    }
    return true;
}

/* The place of the first "::", or the length. */
static size_t gap_find(struct slice literal)
{
    for (size_t i = 0; i + 1 < literal.len; i++) {
        if (literal.at[i] == ':' && literal.at[i + 1] == ':') {
            return i;
        }
    }
    return literal.len;
}

static bool v6_read(uint8_t bytes[V6_LEN], struct slice literal)
{
    size_t gap = gap_find(literal);
    uint8_t behind[V6_LEN];
    size_t ahead_len, behind_len;

    if (gap == literal.len) {
        return groups_read(bytes, V6_LEN, literal, &ahead_len) && ahead_len == V6_LEN;
    }
    struct slice ahead = slice_head(literal, gap);
    /* A dotted part belongs at the very end only. */
    if (slice_find(ahead, '.') != ahead.len || !groups_read(bytes, V6_LEN - 2, ahead, &ahead_len) ||
        !groups_read(behind, V6_LEN - 2 - ahead_len, slice_skip(literal, gap + 2), &behind_len)) {
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
