/* Scanning a block of 64 octets at once. */
#include "wire/sip/scan_block.h"
#include "wire/sip/scan_nibbles.h"

#include <immintrin.h>

#define AVX512 __attribute__((target("avx512f,avx512bw")))

AVX512 static inline __attribute__((always_inline)) uint64_t
block_scan(const char *at, struct scan_bits *bits, uint64_t plain)
{
    const __m512i low = _mm512_broadcast_i32x4(_mm_setr_epi8(NIBBLES_LOW));
    const __m512i high = _mm512_broadcast_i32x4(_mm_setr_epi8(NIBBLES_HIGH));
    __m512i octets = _mm512_loadu_si512(at);
    __m512i upper = _mm512_and_si512(_mm512_srli_epi16(octets, 4), _mm512_set1_epi8(0x0F));
    __m512i kinds =
        _mm512_and_si512(_mm512_shuffle_epi8(low, octets), _mm512_shuffle_epi8(high, upper));

    bits->line = _mm512_movepi8_mask(kinds);
    bits->stop = _mm512_cmplt_epi8_mask(kinds, _mm512_set1_epi8(NIBBLES_TOKEN));
    bits->mark = _mm512_cmplt_epi8_mask(kinds, _mm512_set1_epi8(NIBBLES_HOST));
    bits->pair = _mm512_cmpeq_epi8_mask(kinds, _mm512_set1_epi8(NIBBLES_HOST));
    /* Signed and one up, printable ASCII is what is greater than a blank. */
    return plain &
           (bits->line | _mm512_cmpgt_epi8_mask(_mm512_add_epi8(octets, _mm512_set1_epi8(1)),
                                                _mm512_set1_epi8(' ')));
}

AVX512 void scan_avx512(struct sip_scan *scan, struct slice bytes)
{
    uint64_t plain = ~UINT64_C(0);
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
    scan->is_plain = plain == ~UINT64_C(0);
    scan_close(scan, bytes.len, &past);
}
