/* Scanning without any help of the machine. */
#include "wire/sip/chars.h"
#include "wire/sip/scan_block.h"

/* Adds one octet; false when it is not plain. */
static inline bool octet_scan(struct scan_bits *bits, unsigned place, char octet)
{
    bool is_line = octet == '\r' || octet == '\n';
    bool is_pair = octet == '.' || octet == '-';
    bool is_host = char_is_digit(octet) || char_is_letter(octet) || is_pair;

    bits->line |= (uint64_t)is_line << place;
    bits->stop |= (uint64_t)!char_is(octet, CHAR_TOKEN) << place;
    bits->mark |= (uint64_t)!is_host << place;
    bits->pair |= (uint64_t)is_pair << place;
    return is_line || (octet >= 0x20 && octet < 0x7F);
}

void scan_plain(struct sip_scan *scan, struct slice bytes)
{
    struct scan_past past = {0};
    bool is_plain = true, is_end = false;
    size_t len = 0;

    while (len < bytes.len && !is_end) {
        const char *at = bytes.at + len;
        size_t count = bytes.len - len < SCAN_BLOCK ? bytes.len - len : SCAN_BLOCK;
        struct scan_bits bits = {0};

        for (unsigned i = 0; i < count; i++) {
            is_plain &= octet_scan(&bits, i, at[i]);
        }
        is_end = scan_keep(scan, len / SCAN_BLOCK, at, &bits, &past);
        len += count;
    }
    scan->is_plain = is_plain;
    scan_close(scan, len, &past);
}
