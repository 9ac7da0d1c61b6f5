#include "../expect.h"

#include "base/text.h"

#define WRITTEN(expected, call)                                                                    \
    do {                                                                                           \
        char room[256];                                                                            \
        struct text text;                                                                          \
                                                                                                   \
        text_init(&text, room, sizeof(room));                                                      \
        call;                                                                                      \
        assert_false(text.is_full);                                                                \
        expect_slice(text_slice(&text), expected);                                                 \
    } while (0)

static void numbers(void **state)
{
    (void)state;
    WRITTEN("0", text_put_number(&text, 0));
    WRITTEN("18446744073709551615", text_put_number(&text, UINT64_MAX));
    WRITTEN("007", text_put_padded(&text, 7, 3));
    WRITTEN("1234", text_put_padded(&text, 1234, 3));
    WRITTEN("0", text_put_padded(&text, 0, 0));
    WRITTEN("0000000000000000000000012", text_put_padded(&text, 12, 25));
    WRITTEN("00ff7f", text_put_hex(&text, SLICE("\x00\xff\x7f")));
    WRITTEN("", text_put_hex(&text, SLICE_NONE));
}

static void json_strings(void **state)
{
    (void)state;
    WRITTEN("\"\"", text_put_json(&text, SLICE_NONE));
    WRITTEN("\"a\\\"b\\\\c/\"", text_put_json(&text, SLICE("a\"b\\c/")));
    WRITTEN("\"\\u0000\\u000d\\u000a\\u001f\\u007f\"",
            text_put_json(&text, SLICE("\0\r\n\x1f\x7f")));
    WRITTEN("\"\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80\"",
            text_put_json(&text, SLICE("\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80")));
}

static void json_escapes_what_is_not_utf8(void **state)
{
    (void)state;
    WRITTEN("\"\\u0080\"", text_put_json(&text, SLICE("\x80")));
    WRITTEN("\"\\u00c0\\u00af\"", text_put_json(&text, SLICE("\xc0\xaf")));
    WRITTEN("\"\\u00e0\\u0080\\u00af\"", text_put_json(&text, SLICE("\xe0\x80\xaf")));
    WRITTEN("\"\\u00ed\\u00a0\\u0080\"", text_put_json(&text, SLICE("\xed\xa0\x80")));
    WRITTEN("\"\\u00f0\\u0080\\u0080\\u0080\"", text_put_json(&text, SLICE("\xf0\x80\x80\x80")));
    WRITTEN("\"\\u00f4\\u0090\\u0080\\u0080\"", text_put_json(&text, SLICE("\xf4\x90\x80\x80")));
    WRITTEN("\"\\u00f5\\u00ff\"", text_put_json(&text, SLICE("\xf5\xff")));
    WRITTEN("\"\\u00e2\\u0082x\"", text_put_json(&text, SLICE("\xe2\x82x")));
}

static void json_reads_no_further_than_the_slice(void **state)
{
    static const char *const cut[] = {"\xc3", "\xe2\x82", "\xf0\x9f\x98", "\xf0", "a\xe2"};
    struct guarded guarded = guarded_open();
    char room[64];

    (void)state;
    for (size_t i = 0; i < ARRAY_COUNT(cut); i++) {
        struct text text;

        text_init(&text, room, sizeof(room));
        text_put_json(&text, guarded_copy(&guarded, slice_string(cut[i])));
        assert_true(slice_has(text_slice(&text), SLICE("\\u00")));
    }
    guarded_close(&guarded);
}

static void shown_to_the_operator(void **state)
{
    (void)state;
    WRITTEN("a \"~\\x0d\\x0a\\xff\\x00", text_put_shown(&text, SLICE("a \"~\r\n\xff\0")));
    WRITTEN("\\x5cx00", text_put_shown(&text, SLICE("\\x00")));
}

static void formats(void **state)
{
    (void)state;
    WRITTEN("a-7", text_put_format(&text, "%s-%d", "a", 7));
    WRITTEN("ab", {
        text_put_string(&text, "a");
        text_put_format(&text, "%c", 'b');
    });
}

static void never_past_the_end(void **state)
{
    (void)state;
    for (size_t max = 0; max < 12; max++) {
        char room[16];
        struct text text;

        memset(room, '#', sizeof(room));
        text_init(&text, room, max);
        text_put_string(&text, "abc");
        text_put_number(&text, 42);
        text_put_hex(&text, SLICE("\x01"));
        text_put_octet(&text, ';');
        text_put_format(&text, "%d", 5);
        assert_true(text.len <= max);
        assert_int_equal(text.is_full, max < 10);
        for (size_t i = max; i < sizeof(room); i++) {
            assert_int_equal(room[i], '#');
        }
    }
}

static void full_is_noted_once_and_stays(void **state)
{
    char room[4];
    struct text text;

    (void)state;
    text_init(&text, room, sizeof(room));
    text_put(&text, SLICE("abcd"));
    assert_false(text.is_full);
    text_put(&text, SLICE_NONE);
    assert_false(text.is_full);
    text_put_octet(&text, 'e');
    assert_true(text.is_full);
    expect_slice(text_slice(&text), "abcd");
}

static void json_and_shown_when_full(void **state)
{
    (void)state;
    for (size_t max = 0; max < 14; max++) {
        char room[16] = {0};
        struct text text;

        text_init(&text, room, max);
        text_put_json(&text, SLICE("a\"\x01\xc3\xa4"));
        assert_int_equal(text.is_full, max < 13);
        text_init(&text, room, max);
        text_put_shown(&text, SLICE("ab\r\xff"));
        assert_int_equal(text.is_full, max < 10);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(numbers),
        cmocka_unit_test(json_strings),
        cmocka_unit_test(json_escapes_what_is_not_utf8),
        cmocka_unit_test(json_reads_no_further_than_the_slice),
        cmocka_unit_test(shown_to_the_operator),
        cmocka_unit_test(formats),
        cmocka_unit_test(never_past_the_end),
        cmocka_unit_test(full_is_noted_once_and_stays),
        cmocka_unit_test(json_and_shown_when_full),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
