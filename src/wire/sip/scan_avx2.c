/* Scanning 32 octets at a time. */
#include "wire/sip/scan_block.h"
#include "wire/sip/scan_nibbles.h"

#include <immintrin.h>

#define AVX2 __attribute__((target("avx2")))

/* What half a block has: bits for its octets, and what was not plain in it. */
struct half {
    uint32_t line, stop, mark;
};

AVX2 static inline __m256i half_scan(const char *at, struct half *half, __m256i odd)
{
    const __m256i low = _mm256_setr_epi8(NIBBLES_LOW, NIBBLES_LOW);
    const __m256i high = _mm256_setr_epi8(NIBBLES_HIGH, NIBBLES_HIGH);
    const __m256i zero = _mm256_setzero_si256();
    __m256i octets = _mm256_loadu_si256((const __m256i *)(const void *)at);
    __m256i upper = _mm256_and_si256(_mm256_srli_epi16(octets, 4), _mm256_set1_epi8(0x0F));
    __m256i kinds =
        _mm256_and_si256(_mm256_shuffle_epi8(low, octets), _mm256_shuffle_epi8(high, upper));
    __m256i no_word =
        _mm256_cmpeq_epi8(_mm256_and_si256(kinds, _mm256_set1_epi8(NIBBLES_WORD)), zero);
    __m256i no_token =
        _mm256_cmpeq_epi8(_mm256_and_si256(kinds, _mm256_set1_epi8(NIBBLES_TOKEN)), zero);
    __m256i control = _mm256_cmpeq_epi8(_mm256_min_epu8(octets, _mm256_set1_epi8(0x1F)), octets);
    __m256i above = _mm256_adds_epu8(octets, _mm256_set1_epi8(1)); /* DEL gets the top bit too */

    half->line = (uint32_t)_mm256_movemask_epi8(kinds);
    half->stop = (uint32_t)_mm256_movemask_epi8(no_token);
    half->mark = (uint32_t)_mm256_movemask_epi8(no_word);
    odd = _mm256_or_si256(odd, _mm256_xor_si256(control, kinds));
    return _mm256_or_si256(odd, above);
}

AVX2 static inline __m256i block_scan(struct sip_scan *scan, size_t word, const char *at,
                                      __m256i odd)
{
    struct half first, second;

    odd = half_scan(at, &first, odd);
    odd = half_scan(at + 32, &second, odd);
    scan->line[word] = first.line | (uint64_t)second.line << 32;
    scan->stop[word] = first.stop | (uint64_t)second.stop << 32;
    scan->mark[word] = first.mark | (uint64_t)second.mark << 32;
    return odd;
}

/* The top bit of an octet of odd tells that one at its place was not plain. */
AVX2 void scan_avx2(struct sip_scan *scan, struct slice bytes)
{
    __m256i odd = _mm256_setzero_si256();
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
    scan->is_plain = _mm256_movemask_epi8(odd) == 0;
    scan_close(scan, len);
}
