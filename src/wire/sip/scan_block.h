/*
 * What the ways to scan share: where the head ends, and the octets behind the last whole block.
 */
#pragma once

#include "wire/sip/scan.h"

typedef void scan_function(struct sip_scan *scan, struct slice bytes);

scan_function scan_plain;
scan_function scan_sse42;
scan_function scan_avx2;
scan_function scan_avx512;

/* The best way this machine has. */
scan_function *scan_choose(void);

enum { SCAN_BLOCK = 64 };

/* Whether one of the octets in run, each the third CR or LF in a row, is at an empty line. */
bool scan_has_empty_line(const char *block, uint64_t run);

/* Whether an empty line ends in this block or begins at its last octets.  before is the word of the
 * block before.  An empty line made of two bare LF may be overlooked; the scan then goes on, which
 * costs time but changes nothing. */
static inline bool scan_is_end(const char *block, uint64_t line, uint64_t before)
{
    uint64_t run = line & (line << 1 | before >> 63) & (line << 2 | before >> 62);

    return __builtin_expect(run != 0, 0) && scan_has_empty_line(block, run);
}

/* The last octets of bytes, fewer than a block, in a block of their own filled up with letters. */
static inline void scan_fill(char *block, struct slice rest)
{
    memset(block, 'x', SCAN_BLOCK);
    memcpy(block, rest.at, rest.len);
}

/* Sets every bit from place on. */
static inline void scan_close(struct sip_scan *scan, size_t place)
{
    size_t word = place / SCAN_BLOCK;

    if (place % SCAN_BLOCK != 0) {
        uint64_t behind = ~UINT64_C(0) << place % SCAN_BLOCK;

        scan->line[word] |= behind;
        scan->stop[word] |= behind;
        scan->mark[word] |= behind;
        word++;
    }
    scan->line[word] = scan->stop[word] = scan->mark[word] = ~UINT64_C(0);
    scan->len = (uint32_t)place;
}
