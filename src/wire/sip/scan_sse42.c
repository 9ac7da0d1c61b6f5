/* Scanning 16 octets at a time, on every 64-bit x86 since 2009. */
#include "wire/sip/scan_block.h"
#include "wire/sip/scan_nibbles.h"

#include <immintrin.h>

#define SSE42 __attribute__((target("sse4.2")))

/* What a quarter of a block has, a bit for each octet. */
struct quarter {
    uint32_t line, token, host, pair;
};

/* Keeps the top bit of each octet of plain while all octets at its place were plain. */
SSE42 static inline __m128i quarter_scan(const char *at, struct quarter *quarter, __m128i plain)
{
    const __m128i low = _mm_setr_epi8(NIBBLES_LOW);
    const __m128i high = _mm_setr_epi8(NIBBLES_HIGH);
    __m128i octets = _mm_loadu_si128((const __m128i *)(const void *)at);
    __m128i upper = _mm_and_si128(_mm_srli_epi16(octets, 4), _mm_set1_epi8(0x0F));
    __m128i kinds = _mm_and_si128(_mm_shuffle_epi8(low, octets), _mm_shuffle_epi8(high, upper));
    __m128i tokens = _mm_cmpgt_epi8(kinds, _mm_set1_epi8(NIBBLES_TOKEN - 1));
    __m128i hosts = _mm_cmpgt_epi8(kinds, _mm_set1_epi8(NIBBLES_HOST - 1));
    /* Signed and one up, printable ASCII is what is greater than a blank. */
    __m128i printable = _mm_cmpgt_epi8(_mm_add_epi8(octets, _mm_set1_epi8(1)), _mm_set1_epi8(' '));

    quarter->line = (uint32_t)_mm_movemask_epi8(kinds);
    quarter->token = (uint32_t)_mm_movemask_epi8(tokens);
    quarter->host = (uint32_t)_mm_movemask_epi8(hosts);
    quarter->pair = (uint32_t)_mm_movemask_epi8(_mm_slli_epi16(kinds, NIBBLES_PAIR_UP));
    return _mm_and_si128(plain, _mm_or_si128(printable, kinds));
}

SSE42 static inline __attribute__((always_inline)) __m128i
block_scan(const char *at, struct scan_bits *bits, __m128i plain)
{
    struct quarter quarter;

    *bits = (struct scan_bits){0};
    for (unsigned place = 0; place < SCAN_BLOCK; place += 16) {
        plain = quarter_scan(at + place, &quarter, plain);
        bits->line |= (uint64_t)quarter.line << place;
        bits->stop |= (uint64_t)quarter.token << place;
        bits->mark |= (uint64_t)quarter.host << place;
        bits->pair |= (uint64_t)quarter.pair << place;
    }
    bits->stop = ~bits->stop;
    bits->mark = ~bits->mark;
    return plain;
}

SSE42 void scan_sse42(struct sip_scan *scan, struct slice bytes)
{
    __m128i plain = _mm_set1_epi8(-1);
    struct scan_past past = {0};
    struct scan_bits bits;
    size_t block = 0, blocks = bytes.len / SCAN_BLOCK;

    for (; block < blocks; block++) {
        const char *at = bytes.at + block * SCAN_BLOCK;

        plain = block_scan(at, &bits, plain);
        if (scan_keep(scan, block, at, &bits, &past)) {
            bytes.len = (block + 1) * SCAN_BLOCK;
            break;
        }
    }
    if (block == blocks && bytes.len % SCAN_BLOCK != 0) {
        char last[SCAN_BLOCK];

        scan_fill(&past, last, slice_skip(bytes, block * SCAN_BLOCK));
        plain = block_scan(last, &bits, plain);
        scan_keep(scan, block, last, &bits, &past);
    }
    scan->is_plain = _mm_movemask_epi8(plain) == 0xFFFF;
    scan_close(scan, bytes.len, &past);
}
