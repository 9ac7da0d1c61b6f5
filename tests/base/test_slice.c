#include "../expect.h"

static void equal_and_empty(void **state)
{
    (void)state;
    assert_true(slice_is_empty(SLICE_NONE));
    assert_true(slice_equal(SLICE_NONE, SLICE("")));
    assert_true(slice_equal_nocase(SLICE_NONE, SLICE("")));
    assert_true(slice_equal(SLICE("a\0b"), SLICE("a\0b")));
    assert_false(slice_equal(SLICE("a\0b"), SLICE("a\0c")));
    assert_false(slice_equal(SLICE("a"), SLICE("ab")));
}

static void case_is_for_ascii_letters_only(void **state)
{
    (void)state;
    assert_true(slice_equal_nocase(SLICE("Via: aZ09"), SLICE("vIA: Az09")));
    assert_false(slice_equal_nocase(SLICE("@"), SLICE("`")));
    assert_false(slice_equal_nocase(SLICE("["), SLICE("{")));
    assert_false(slice_equal_nocase(SLICE("\xc4"), SLICE("\xe4")));
    for (unsigned a = 0; a < 256; a++) {
        for (unsigned b = 0; b < 256; b++) {
            char first = (char)a, second = (char)b;
            bool is_letter = (a | 32) >= 'a' && (a | 32) <= 'z';
            bool expected = a == b || (is_letter && (a ^ b) == 32);

            assert_int_equal(slice_equal_nocase(slice_of(&first, 1), slice_of(&second, 1)),
                             expected);
        }
    }
}

static void starts_and_ends(void **state)
{
    (void)state;
    assert_true(slice_starts(SLICE("sip:bob"), SLICE("sip:")));
    assert_true(slice_starts(SLICE("sip:"), SLICE("sip:")));
    assert_true(slice_starts(SLICE_NONE, SLICE_NONE));
    assert_false(slice_starts(SLICE("si"), SLICE("sip:")));
    assert_false(slice_starts(SLICE("SIP:bob"), SLICE("sip:")));
    assert_true(slice_starts_nocase(SLICE("SIP:bob"), SLICE("sip:")));
    assert_false(slice_starts_nocase(SLICE("SI"), SLICE("sip")));
    assert_true(slice_ends(SLICE("a.example"), SLICE(".example")));
    assert_false(slice_ends(SLICE("example"), SLICE(".example")));
    assert_true(slice_ends_nocase(SLICE("a.EXAMPLE"), SLICE(".example")));
    assert_false(slice_ends_nocase(SLICE("le"), SLICE("ple")));
    assert_true(slice_ends(SLICE("x"), SLICE_NONE));
}

static void finds_first_and_last(void **state)
{
    (void)state;
    assert_int_equal(slice_find(SLICE("a,b,c"), ','), 1);
    assert_int_equal(slice_find_last(SLICE("a,b,c"), ','), 3);
    assert_int_equal(slice_find(SLICE("abc"), ','), 3);
    assert_int_equal(slice_find_last(SLICE("abc"), ','), 3);
    assert_int_equal(slice_find(SLICE_NONE, ','), 0);
    assert_int_equal(slice_find_last(SLICE_NONE, ','), 0);
    assert_int_equal(slice_find(SLICE("a\xff"), '\xff'), 1);
    assert_int_equal(slice_find_last(SLICE(","), ','), 0);
}

static void has_a_part(void **state)
{
    (void)state;
    assert_true(slice_has(SLICE("aaab"), SLICE("aab")));
    assert_true(slice_has(SLICE("abc"), SLICE("abc")));
    assert_true(slice_has(SLICE("abc"), SLICE_NONE));
    assert_true(slice_has(SLICE_NONE, SLICE_NONE));
    assert_true(slice_has(SLICE("xxc"), SLICE("c")));
    assert_false(slice_has(SLICE("abc"), SLICE("abcd")));
    assert_false(slice_has(SLICE("abcabd"), SLICE("abe")));
    assert_false(slice_has(SLICE_NONE, SLICE("a")));
}

static void has_never_looks_behind(void **state)
{
    struct guarded guarded = guarded_open();
    struct slice hay = guarded_copy(&guarded, SLICE("aaaaaaab"));

    (void)state;
    assert_false(slice_has(hay, SLICE("bb")));
    assert_true(slice_has(hay, SLICE("ab")));
    assert_false(slice_has(hay, SLICE("abb")));
    guarded_close(&guarded);
}

static void trims_blanks_of_sip(void **state)
{
    (void)state;
    expect_slice(slice_trim(SLICE(" \t\r\n a b \r\n")), "a b");
    expect_slice(slice_trim(SLICE(" \t")), "");
    expect_slice(slice_trim(SLICE_NONE), "");
    expect_slice(slice_trim(SLICE("\v a")), "\v a");
}

static void skip_and_head_stay_inside(void **state)
{
    (void)state;
    expect_slice(slice_skip(SLICE("abc"), 1), "bc");
    expect_slice(slice_skip(SLICE("abc"), 3), "");
    expect_slice(slice_skip(SLICE("abc"), SIZE_MAX), "");
    expect_slice(slice_skip(SLICE_NONE, 5), "");
    expect_slice(slice_head(SLICE("abc"), 2), "ab");
    expect_slice(slice_head(SLICE("abc"), SIZE_MAX), "abc");
    expect_slice(slice_head(SLICE_NONE, 1), "");
}

static void cut_takes_part_by_part(void **state)
{
    struct slice rest = SLICE("a,,b,");
    struct slice part;

    (void)state;
    assert_true(slice_cut(&rest, ',', &part));
    expect_slice(part, "a");
    assert_true(slice_cut(&rest, ',', &part));
    expect_slice(part, "");
    assert_true(slice_cut(&rest, ',', &part));
    expect_slice(part, "b");
    assert_false(slice_cut(&rest, ',', &part));
    assert_true(slice_is_empty(part));

    rest = SLICE("whole");
    assert_true(slice_cut(&rest, ',', &part));
    expect_slice(part, "whole");
    assert_true(slice_is_empty(rest));
}

static void numbers_are_digits_alone(void **state)
{
    static const char *const refused[] = {"",    " 1",   "1 ", "+1", "-1", "0x1", "1.0",
                                          "1e3", "\xb2", "١",  "/",  ":",  "a"};
    uint64_t number = 7;

    (void)state;
    for (size_t i = 0; i < ARRAY_COUNT(refused); i++) {
        assert_false(slice_number(slice_string(refused[i]), UINT64_MAX, &number));
    }
    assert_false(slice_number(SLICE_NONE, 10, &number));
    assert_int_equal(number, 7);
    assert_true(slice_number(SLICE("0"), 0, &number));
    assert_int_equal(number, 0);
    assert_true(slice_number(SLICE("00065535"), 65535, &number));
    assert_int_equal(number, 65535);
}

static void numbers_have_a_most(void **state)
{
    uint64_t number = 0;

    (void)state;
    assert_false(slice_number(SLICE("65536"), 65535, &number));
    assert_false(slice_number(SLICE("1"), 0, &number));
    assert_false(slice_number(SLICE("9"), 5, &number));
    assert_true(slice_number(SLICE("5"), 5, &number));
    assert_true(slice_number(SLICE("18446744073709551615"), UINT64_MAX, &number));
    assert_true(number == UINT64_MAX);
    assert_false(slice_number(SLICE("18446744073709551616"), UINT64_MAX, &number));
    assert_false(slice_number(SLICE("28446744073709551615"), UINT64_MAX, &number));
    assert_false(slice_number(SLICE("184467440737095516150"), UINT64_MAX, &number));
    for (uint64_t max = 0; max < 120; max++) {
        for (unsigned value = 0; value < 130; value++) {
            char digits[8];

            snprintf(digits, sizeof(digits), "%u", value);
            assert_int_equal(slice_number(slice_string(digits), max, &number), value <= max);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(equal_and_empty),
        cmocka_unit_test(case_is_for_ascii_letters_only),
        cmocka_unit_test(starts_and_ends),
        cmocka_unit_test(finds_first_and_last),
        cmocka_unit_test(has_a_part),
        cmocka_unit_test(has_never_looks_behind),
        cmocka_unit_test(trims_blanks_of_sip),
        cmocka_unit_test(skip_and_head_stay_inside),
        cmocka_unit_test(cut_takes_part_by_part),
        cmocka_unit_test(numbers_are_digits_alone),
        cmocka_unit_test(numbers_have_a_most),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
