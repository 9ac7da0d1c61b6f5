/* Scanning 32 octets at a time. */
#include "wire/sip/scan_block.h"
#include "wire/sip/scan_nibbles.h"

#include <immintrin.h>

#define AVX2 __attribute__((target("avx2")))

/* What half a block has, a bit for each octet. */
struct half {
    uint32_t line, token, host, pair;
};

/* The extremes of the octets at each place so far; line ends count as high ones among the lowest.
 */
struct past {
    __m256i lowest, highest;
};

AVX2 static inline __attribute__((always_inline)) void half_scan(const char *at, struct half *half,
                                                                 struct past *past)
{
    const __m256i low = _mm256_setr_epi8(NIBBLES_LOW, NIBBLES_LOW);
    const __m256i high = _mm256_setr_epi8(NIBBLES_HIGH, NIBBLES_HIGH);
    __m256i octets = _mm256_loadu_si256((const __m256i *)(const void *)at);
    __m256i upper = _mm256_and_si256(_mm256_srli_epi16(octets, 4), _mm256_set1_epi8(0x0F));
    __m256i kinds =
        _mm256_and_si256(_mm256_shuffle_epi8(low, octets), _mm256_shuffle_epi8(high, upper));
    __m256i tokens = _mm256_cmpgt_epi8(kinds, _mm256_set1_epi8(NIBBLES_TOKEN - 1));
    __m256i hosts = _mm256_cmpgt_epi8(kinds, _mm256_set1_epi8(NIBBLES_HOST - 1));

    half->line = (uint32_t)_mm256_movemask_epi8(kinds);
    half->token = (uint32_t)_mm256_movemask_epi8(tokens);
    half->host = (uint32_t)_mm256_movemask_epi8(hosts);
    half->pair = (uint32_t)_mm256_movemask_epi8(_mm256_slli_epi16(kinds, NIBBLES_PAIR_UP));
    past->lowest = _mm256_min_epu8(past->lowest, _mm256_or_si256(octets, kinds));
    past->highest = _mm256_max_epu8(past->highest, octets);
}

/* Whether all were printable ASCII or line ends. */
AVX2 static inline bool past_is_plain(const struct past *past)
{
    __m256i low = _mm256_min_epu8(past->lowest, _mm256_set1_epi8(' ' - 1));
    __m256i high = _mm256_max_epu8(past->highest, _mm256_set1_epi8(0x7F));
    __m256i odd = _mm256_or_si256(_mm256_cmpeq_epi8(low, past->lowest),
                                  _mm256_cmpeq_epi8(high, past->highest));

    return _mm256_testz_si256(odd, odd) != 0;
}

AVX2 static inline __attribute__((always_inline)) void
block_scan(const char *at, struct scan_bits *bits, struct past *past)
{
    struct half first, second;

    half_scan(at, &first, past);
    half_scan(at + 32, &second, past);
    bits->line = first.line | (uint64_t)second.line << 32;
    bits->stop = ~(first.token | (uint64_t)second.token << 32);
    bits->mark = ~(first.host | (uint64_t)second.host << 32);
    bits->pair = first.pair | (uint64_t)second.pair << 32;
}

AVX2 void scan_avx2(struct sip_scan *scan, struct slice bytes)
{
    struct past octets = {_mm256_set1_epi8(-1), _mm256_setzero_si256()};
    struct scan_past past = {0};
    struct scan_bits bits;
    size_t block = 0, blocks = bytes.len / SCAN_BLOCK;

    for (; block < blocks; block++) {
        const char *at = bytes.at + block * SCAN_BLOCK;

        block_scan(at, &bits, &octets);
        if (scan_keep(scan, block, at, &bits, &past)) {
            bytes.len = (block + 1) * SCAN_BLOCK;
            break;
        }
    }
    if (block == blocks && bytes.len % SCAN_BLOCK != 0) {
        char last[SCAN_BLOCK];

        scan_fill(&past, last, slice_skip(bytes, block * SCAN_BLOCK));
        block_scan(last, &bits, &octets);
        scan_keep(scan, block, last, &bits, &past);
    }
    scan->is_plain = past_is_plain(&octets);
    scan_close(scan, bytes.len, &past);
}
