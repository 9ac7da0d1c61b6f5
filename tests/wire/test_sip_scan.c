/* Every way to scan gives the same bits, and they say what scan.h promises. */
#include "../expect.h"

#include "wire/sip/chars.h"
#include "wire/sip/scan_block.h"

static struct sip_scan scan, other;

static bool has_bit(const uint64_t *words, size_t place)
{
    return (words[place / 64] >> place % 64 & 1) != 0;
}

/* Where the looking may stop at the earliest: behind the empty line. */
static size_t end_of(struct slice bytes)
{
    for (size_t i = 1; i < bytes.len; i++) {
        if (bytes.at[i] == '\n' && (bytes.at[i - 1] == '\n' || (i > 1 && bytes.at[i - 1] == '\r' &&
                                                                bytes.at[i - 2] == '\n'))) {
            return i + 1;
        }
    }
    return bytes.len;
}

static bool is_pair(char octet)
{
    return octet == '.' || octet == '-';
}

static void expect_truth(struct slice bytes)
{
    bool is_plain = true, has_pairs = false;

    assert_true(scan.len <= bytes.len && scan.len >= end_of(bytes));
    for (size_t i = 0; i < scan.len; i++) {
        char octet = bytes.at[i];
        bool is_line = octet == '\r' || octet == '\n';

        assert_int_equal(has_bit(scan.line, i), is_line);
        assert_int_equal(has_bit(scan.stop, i), !char_is(octet, CHAR_TOKEN));
        assert_int_equal(has_bit(scan.mark, i),
                         !char_is_letter(octet) && !char_is_digit(octet) && !is_pair(octet));
        is_plain &= is_line || (octet >= ' ' && octet <= '~');
        has_pairs |= i > 0 && is_pair(octet) && is_pair(bytes.at[i - 1]);
    }
    for (size_t i = scan.len; i < scan.len + SCAN_BLOCK; i++) {
        assert_true(has_bit(scan.line, i) && has_bit(scan.stop, i) && has_bit(scan.mark, i));
    }
    assert_int_equal(scan.is_plain, is_plain);
    assert_int_equal(scan.has_pairs, has_pairs);
}

static void expect_alike(scan_function *function, struct slice bytes)
{
    size_t words = scan.len / 64 + 1;

    function(&other, bytes);
    assert_int_equal(other.len, scan.len);
    assert_int_equal(other.is_plain, scan.is_plain);
    assert_int_equal(other.has_pairs, scan.has_pairs);
    assert_memory_equal(other.line, scan.line, words * 8);
    assert_memory_equal(other.stop, scan.stop, words * 8);
    assert_memory_equal(other.mark, scan.mark, words * 8);
}

static void expect_all_alike(struct slice bytes)
{
    scan_plain(&scan, bytes);
    expect_truth(bytes);
    expect_alike(scan_choose(), bytes);
#if defined(__x86_64__)
    if (__builtin_cpu_supports("avx512bw")) {
        expect_alike(scan_avx512, bytes);
    }
    if (__builtin_cpu_supports("avx2")) {
        expect_alike(scan_avx2, bytes);
    }
    if (__builtin_cpu_supports("sse4.2")) {
        expect_alike(scan_sse42, bytes);
    }
#endif
}

static void every_octet_at_every_place_of_a_block(void **state)
{
    (void)state;
    char bytes[2 * SCAN_BLOCK];

    for (unsigned octet = 0; octet < 256; octet++) {
        for (size_t place = 0; place < sizeof(bytes); place++) {
            memset(bytes, 'a', sizeof(bytes));
            bytes[place] = (char)octet;
            expect_all_alike(slice_of(bytes, sizeof(bytes)));
        }
    }
}

/* Lengths around blocks, from every alignment, up to a page that must not be touched. */
static void every_length_at_every_alignment(void **state)
{
    (void)state;
    struct guarded guarded = guarded_open();
    uint64_t seed = 1;

    for (size_t len = 0; len <= 5 * SCAN_BLOCK; len++) {
        char *at = guarded.end - len;

        for (size_t i = 0; i < len; i++) {
            at[i] = (char)(chance(&seed) % 8 == 0 ? chance(&seed) : 'a' + i % 26);
        }
        expect_all_alike(slice_of(at, len));
    }
    guarded_close(&guarded);
}

/* All texts of CR, LF, letter and dot across the border of two blocks: where a head ends, and pairs
 * that lie in two words. */
static void line_ends_across_blocks(void **state)
{
    (void)state;
    enum { PIECE = 7 };
    char bytes[3 * SCAN_BLOCK];
    unsigned combinations = 1 << (2 * PIECE);

    for (unsigned code = 0; code < combinations; code++) {
        memset(bytes, 'a', sizeof(bytes));
        for (unsigned i = 0; i < PIECE; i++) {
            bytes[SCAN_BLOCK - 4 + i] = "\r\na."[code >> 2 * i & 3];
        }
        expect_all_alike(slice_of(bytes, sizeof(bytes)));
    }
}

static void whatever_comes(void **state)
{
    (void)state;
    static char bytes[SIP_HEAD_MAX + 1];
    static const char likely[] = "\r\n\r\n :;,<>\"@.--=ab01%\t\x7f\x80";
    uint64_t seed = 2;

    for (unsigned round = 0; round < 300; round++) {
        size_t len = chance_below(&seed, round % 50 == 0 ? SIP_HEAD_MAX : 600);
        unsigned rare = 1 + (unsigned)chance_below(&seed, 60);

        for (size_t i = 0; i < len; i++) {
            bytes[i] = chance_below(&seed, rare) == 0
                           ? likely[chance_below(&seed, sizeof(likely) - 1)]
                           : (char)('a' + chance_below(&seed, 26));
        }
        expect_all_alike(slice_of(bytes, len));
    }
}

static void no_more_than_a_head_is_looked_at(void **state)
{
    (void)state;
    static char bytes[SIP_HEAD_MAX + 100];

    memset(bytes, 'a', sizeof(bytes));
    sip_scan(&scan, slice_of(bytes, sizeof(bytes)));
    assert_int_equal(scan.len, SIP_HEAD_MAX);
    assert_int_equal(scan_next(scan.stop, 0), SIP_HEAD_MAX);
    assert_int_equal(scan_next(scan.line, SIP_HEAD_MAX), SIP_HEAD_MAX);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_octet_at_every_place_of_a_block),
        cmocka_unit_test(every_length_at_every_alignment),
        cmocka_unit_test(line_ends_across_blocks),
        cmocka_unit_test(whatever_comes),
        cmocka_unit_test(no_more_than_a_head_is_looked_at),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
