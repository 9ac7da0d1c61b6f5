/* Scanning a block of 64 octets at once. */
#include "wire/sip/scan_block.h"
#include "wire/sip/scan_nibbles.h"

#include <immintrin.h>

#define AVX512 __attribute__((target("avx512f,avx512bw")))

/* Returns the octets that are not plain. */
AVX512 static inline uint64_t block_scan(struct sip_scan *scan, size_t word, const char *at)
{
    const __m512i low = _mm512_broadcast_i32x4(_mm_setr_epi8(NIBBLES_LOW));
    const __m512i high = _mm512_broadcast_i32x4(_mm_setr_epi8(NIBBLES_HIGH));
    __m512i octets = _mm512_loadu_si512(at);
    __m512i upper = _mm512_and_si512(_mm512_srli_epi16(octets, 4), _mm512_set1_epi8(0x0F));
    __m512i kinds =
        _mm512_and_si512(_mm512_shuffle_epi8(low, octets), _mm512_shuffle_epi8(high, upper));
    uint64_t line = _mm512_movepi8_mask(kinds);
    uint64_t control = _mm512_cmple_epu8_mask(octets, _mm512_set1_epi8(0x1F));
    uint64_t above = _mm512_cmpge_epu8_mask(octets, _mm512_set1_epi8(0x7F));

    scan->line[word] = line;
    scan->stop[word] = _mm512_testn_epi8_mask(kinds, _mm512_set1_epi8(NIBBLES_TOKEN));
    scan->mark[word] = _mm512_testn_epi8_mask(kinds, _mm512_set1_epi8(NIBBLES_WORD));
    return (control ^ line) | above;
}

AVX512 void scan_avx512(struct sip_scan *scan, struct slice bytes)
{
    uint64_t before = 0, odd = 0;
    size_t word = 0, words = bytes.len / SCAN_BLOCK, len = bytes.len;
    bool is_end = false;

    for (; word < words && !is_end; word++) {
        const char *at = bytes.at + word * SCAN_BLOCK;

        odd |= block_scan(scan, word, at);
        is_end = scan_is_end(at, scan->line[word], before);
        before = scan->line[word];
    }
    if (is_end) {
        len = word * SCAN_BLOCK;
    } else if (bytes.len % SCAN_BLOCK != 0) {
        char block[SCAN_BLOCK];

        scan_fill(block, slice_skip(bytes, word * SCAN_BLOCK));
        odd |= block_scan(scan, word, block);
    }
    scan->is_plain = odd == 0;
    scan_close(scan, len);
}
