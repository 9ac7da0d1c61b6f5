/* Scanning without any help of the machine. */
#include "wire/sip/chars.h"
#include "wire/sip/scan_block.h"

/* Adds the bits of one octet at their place; false for what is not plain. */
static inline bool scan_octet(struct sip_scan *scan, size_t word, unsigned place, char octet)
{
    bool is_line = octet == '\r' || octet == '\n';
    bool is_word = char_is_digit(octet) || char_is_letter(octet);

    scan->line[word] |= (uint64_t)is_line << place;
    scan->stop[word] |= (uint64_t)!char_is(octet, CHAR_TOKEN) << place;
    scan->mark[word] |= (uint64_t)!is_word << place;
    return is_line || (octet >= 0x20 && octet < 0x7F);
}

void scan_plain(struct sip_scan *scan, struct slice bytes)
{
    uint64_t before = 0;
    size_t at = 0;

    scan->is_plain = true;
    while (at < bytes.len) {
        size_t word = at / SCAN_BLOCK;
        size_t count = bytes.len - at < SCAN_BLOCK ? bytes.len - at : SCAN_BLOCK;

        scan->line[word] = scan->stop[word] = scan->mark[word] = 0;
        for (unsigned i = 0; i < count; i++) {
            scan->is_plain &= scan_octet(scan, word, i, bytes.at[at + i]);
        }
        at += count;
        if (scan_is_end(bytes.at + word * SCAN_BLOCK, scan->line[word], before)) {
            break;
        }
        before = scan->line[word];
    }
    scan_close(scan, at);
}
