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

/* Whether an empty line ends or begins at one of the octets in run, each CR or LF like the one two
 * before it. */
bool scan_has_empty_line(const char *block, uint64_t run);

/* Whether the head ends in this block.  before is the word of the block before.  An empty line made
 * of two bare LF may be overlooked; the scan then goes on, which costs time but changes nothing. */
static inline bool scan_is_end(const char *block, uint64_t line, uint64_t before)
{
    uint64_t run = line & (line << 2 | before >> 62);

    return __builtin_expect(run != 0, 0) && scan_has_empty_line(block, run);
}

/* What a block has, a bit for each octet. */
struct scan_bits {
    uint64_t line, stop, mark;
    uint64_t pair; /* dots and hyphens */
};

/* What a scan knows of the blocks before. */
struct scan_past {
    uint64_t line;  /* of the block before */
    uint64_t pair;  /* of the block before */
    uint64_t pairs; /* not 0 when there were pairs of them */
    bool is_end;    /* the head ended */
};

/* The last octets of bytes, fewer than a block, in a block of their own filled up with letters.
 * What stands in front of it is not what stood in front of the octets, so no empty line may be
 * looked for there. */
static inline void scan_fill(struct scan_past *past, char *block, struct slice rest)
{
    memset(block, 'x', SCAN_BLOCK);
    memcpy(block, rest.at, rest.len);
    past->line = 0;
}

/* Keeps what a block has; true when the head ends in it. */
static inline bool scan_keep(struct sip_scan *scan, size_t block, const char *at,
                             const struct scan_bits *bits, struct scan_past *past)
{
    bool is_end = scan_is_end(at, bits->line, past->line);

    scan->line[block] = past->line = bits->line;
    scan->stop[block] = bits->stop;
    scan->mark[block] = bits->mark;
    past->pairs |= bits->pair & (bits->pair << 1 | past->pair >> 63);
    past->pair = bits->pair;
    past->is_end = is_end;
    return is_end;
}

/* Sets every bit from place on, through one whole block. */
static inline void scan_close(struct sip_scan *scan, size_t place, const struct scan_past *past)
{
    size_t block = place / SCAN_BLOCK;

    if (place % SCAN_BLOCK != 0) {
        uint64_t behind = ~UINT64_C(0) << place % SCAN_BLOCK;

        scan->line[block] |= behind;
        scan->stop[block] |= behind;
        scan->mark[block] |= behind;
        block++;
    }
    scan->line[block] = scan->stop[block] = scan->mark[block] = ~UINT64_C(0);
    scan->len = place;
    scan->has_pairs = past->pairs != 0;
    scan->has_end = past->is_end;
}
