/* Scanning 16 octets at a time, on every 64-bit x86 since 2009. */
#include "wire/sip/scan_block.h"
#include "wire/sip/scan_nibbles.h"

#include <immintrin.h>

#define SSE42 __attribute__((target("sse4.2")))

enum { QUARTERS = 4 };

/* Adds the bits of a quarter of a block; returns what was not plain so far. */
SSE42 static inline __m128i quarter_scan(struct sip_scan *scan, size_t word, unsigned quarter,
                                         const char *at, __m128i odd)
{
    const __m128i low = _mm_setr_epi8(NIBBLES_LOW);
    const __m128i high = _mm_setr_epi8(NIBBLES_HIGH);
    const __m128i zero = _mm_setzero_si128();
    __m128i octets = _mm_loadu_si128((const __m128i *)(const void *)at);
    __m128i upper = _mm_and_si128(_mm_srli_epi16(octets, 4), _mm_set1_epi8(0x0F));
    __m128i kinds = _mm_and_si128(_mm_shuffle_epi8(low, octets), _mm_shuffle_epi8(high, upper));
    __m128i no_word = _mm_cmpeq_epi8(_mm_and_si128(kinds, _mm_set1_epi8(NIBBLES_WORD)), zero);
    __m128i no_token = _mm_cmpeq_epi8(_mm_and_si128(kinds, _mm_set1_epi8(NIBBLES_TOKEN)), zero);
    __m128i control = _mm_cmpeq_epi8(_mm_min_epu8(octets, _mm_set1_epi8(0x1F)), octets);
    __m128i above = _mm_adds_epu8(octets, _mm_set1_epi8(1)); /* DEL gets the top bit too */
    unsigned place = quarter * SCAN_BLOCK / QUARTERS;

    scan->line[word] |= (uint64_t)(uint32_t)_mm_movemask_epi8(kinds) << place;
    scan->stop[word] |= (uint64_t)(uint32_t)_mm_movemask_epi8(no_token) << place;
    scan->mark[word] |= (uint64_t)(uint32_t)_mm_movemask_epi8(no_word) << place;
    odd = _mm_or_si128(odd, _mm_xor_si128(control, kinds));
    return _mm_or_si128(odd, above);
}

SSE42 static inline __m128i block_scan(struct sip_scan *scan, size_t word, const char *at,
                                       __m128i odd)
{
    scan->line[word] = scan->stop[word] = scan->mark[word] = 0;
    for (unsigned quarter = 0; quarter < QUARTERS; quarter++) {
        odd = quarter_scan(scan, word, quarter, at + quarter * SCAN_BLOCK / QUARTERS, odd);
    }
    return odd;
}

/* The top bit of an octet of odd tells that one at its place was not plain. */
SSE42 void scan_sse42(struct sip_scan *scan, struct slice bytes)
{
    __m128i odd = _mm_setzero_si128();
    uint64_t before = 0;
    size_t word = 0, words = bytes.len / SCAN_BLOCK, len = bytes.len;
    bool is_end = false;

    for (; word < words && !is_end; word++) {
        const char *at = bytes.at + word * SCAN_BLOCK;

        odd = block_scan(scan, word, at, odd);
        is_end = scan_is_end(at, scan->line[word], before);
        before = scan->line[word];
    }
    if (is_end) {
        len = word * SCAN_BLOCK;
    } else if (bytes.len % SCAN_BLOCK != 0) {
        char block[SCAN_BLOCK];

        scan_fill(block, slice_skip(bytes, word * SCAN_BLOCK));
        odd = block_scan(scan, word, block, odd);
    }
    scan->is_plain = _mm_movemask_epi8(odd) == 0;
    scan_close(scan, len);
}
