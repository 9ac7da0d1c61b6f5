#include "../expect.h"

#include "base/text.h"
#include "wire/sip/multipart.h"

static struct multipart multipart;

static void read_text(const char *type, const char *body)
{
    assert_true(multipart_read(&multipart, slice_string(type), slice_string(body)));
}

#define MIXED "multipart/mixed;boundary=\"unique-1\""

static void parts_with_their_headers(void **state)
{
    const struct multipart_part *part = multipart.parts;

    (void)state;
    read_text("Multipart/Mixed ; charset=x; Boundary=unique-1",
              "--unique-1\r\n"
              "Content-Type: application/sdp; charset=utf-8\r\n"
              "Content-Disposition: session;handling=required\r\n\r\n"
              "v=0\r\no=x\r\n\r\n"
              "--unique-1 \t\r\n"
              "content-type :\r\n application/pidf+xml\r\n"
              "Content-ID: <a@example.com>\r\n"
              "Content-Transfer-Encoding: base64\r\n"
              "Content-Disposition: by-reference; handling = \r\n OPTIONAL\r\n"
              "X-Other: 1\r\n"
              "\r\n"
              "PD94bWw+\r\n"
              "--unique-1\r\n\r\nplain\r\n"
              "--unique-1--\r\n");
    assert_int_equal(multipart.oddities, 0);
    assert_int_equal(multipart.count, 3);
    expect_slice(multipart.boundary, "unique-1");
    assert_true(media_type_is(&part[0].type, SLICE("application/sdp")));
    expect_slice(part[0].body, "v=0\r\no=x\r\n");
    expect_slice(part[0].type_value, "application/sdp; charset=utf-8");
    assert_false(part[0].is_optional);
    assert_int_equal(part[0].encoding_kind, MULTIPART_IDENTITY);
    assert_true(media_type_is(&part[1].type, SLICE("APPLICATION/pidf+xml")));
    expect_slice(part[1].content_id, "<a@example.com>");
    expect_slice(part[1].body, "PD94bWw+");
    assert_true(part[1].is_optional);
    assert_int_equal(part[1].encoding_kind, MULTIPART_BASE64);
    assert_true(media_type_is(&part[2].type, SLICE("text/plain")));
    assert_int_equal(part[2].type_value.len, 0);
    expect_slice(part[2].body, "plain");
    assert_ptr_equal(multipart_find(&multipart, SLICE("application/SDP"), NULL), &part[0]);
    assert_null(multipart_find(&multipart, SLICE("application/sdp"), &part[0]));
}

static void parts_within_parts(void **state)
{
    const struct multipart_part *part = multipart.parts;

    (void)state;
    read_text(MIXED, "--unique-1\r\n"
                     "Content-Type: multipart/related; boundary=inner\r\n\r\n"
                     "--inner\r\nContent-Type: application/sdp\r\n\r\nv=0\r\n--inner\r\n"
                     "Content-Type: multipart/alternative; boundary=third\r\n\r\n"
                     "--third\r\nContent-Type: text/html\r\n\r\n\r\n--third--\r\n"
                     "--inner--\r\n"
                     "\r\n--unique-1\r\n\r\nlast\r\n--unique-1--");
    assert_int_equal(multipart.oddities, 0);
    assert_int_equal(multipart.count, 5);
    assert_true(part[0].is_multipart && part[0].depth == 1 && part[0].parent == 0);
    expect_slice(part[1].body, "last");
    assert_true(part[2].depth == 2 && part[2].parent == 1);
    expect_slice(part[2].body, "v=0");
    assert_true(part[3].depth == 2 && part[3].is_multipart);
    assert_true(part[4].depth == 3 && part[4].parent == 4);
    assert_int_equal(part[4].body.len, 0);
    expect_slice(part[4].head, "Content-Type: text/html\r\n");
}

#define PART "Content-Type: a/b\r\n\r\nx\r\n"
static const struct {
    enum multipart_oddity oddity;
    const char *type, *body, *octets;
} odd[] = {
    {MULTIPART_ODD_NO_BOUNDARY, "multipart/mixed", "--b\r\n", NULL},
    {MULTIPART_ODD_NO_BOUNDARY, "multipart/mixed;boundary=\"\"", "--b\r\n", NULL},
    {MULTIPART_ODD_NO_BOUNDARY, "multipart/mixed;boundary=\"a\\b\"", "--ab\r\n", NULL},
    {MULTIPART_ODD_BAD_BOUNDARY, "multipart/mixed;boundary=\"a@b\"", "", "a@b"},
    {MULTIPART_ODD_BAD_BOUNDARY, "multipart/mixed;boundary=\"a \"", "", "a "},
    {MULTIPART_ODD_BAD_BOUNDARY,
     "multipart/mixed;boundary="
     "01234567890123456789012345678901234567890123456789012345678901234567890",
     "", NULL},
    {MULTIPART_ODD_REUSED_BOUNDARY, MIXED,
     "--unique-1\r\nContent-Type: multipart/mixed; boundary=unique-1\r\n\r\n--unique-1--\r\n",
     "unique-1"},
    {MULTIPART_ODD_REUSED_BOUNDARY, MIXED,
     "--unique-1\r\nContent-Type: multipart/mixed; boundary=unique\r\n\r\n--unique--\r\n",
     "unique"},
    {MULTIPART_ODD_REUSED_BOUNDARY, MIXED,
     "--unique-1\r\nContent-Type: multipart/mixed; boundary=i\r\n\r\n--i\r\n"
     "Content-Type: multipart/mixed; boundary=ii\r\n\r\n--ii--\r\n--i--\r\n--unique-1--",
     "ii"},
    {MULTIPART_ODD_NO_DELIMITER, MIXED, "nothing\r\n", "unique-1"},
    {MULTIPART_ODD_NO_DELIMITER, MIXED, "", "unique-1"},
    {MULTIPART_ODD_NO_CLOSE, MIXED, "--unique-1\r\n" PART, "unique-1"},
    {MULTIPART_ODD_NO_CLOSE, MIXED, "--unique-1", "unique-1"},
    {MULTIPART_ODD_LOOSE_DELIMITER, MIXED, "--unique-1\r\n" PART "--unique-12\r\n",
     "--unique-12\r"},
    {MULTIPART_ODD_LOOSE_DELIMITER, MIXED, "--unique-1\r\n" PART "--unique-1--x\r\n", NULL},
    {MULTIPART_ODD_BARE_LF, MIXED, "--unique-1\n" PART "--unique-1--\r\n", "--unique-1"},
    {MULTIPART_ODD_BARE_LF, MIXED, "--unique-1\r\nA: b\n\r\nx\r\n--unique-1--\r\n", "A: b"},
    {MULTIPART_ODD_BARE_LF, MIXED, "--unique-1\r\n\r\nx\n--unique-1--\r\n", "\r\nx"},
    {MULTIPART_ODD_PREAMBLE, MIXED, "hidden\r\n--unique-1\r\n" PART "--unique-1--", "hidden\r\n"},
    {MULTIPART_ODD_EPILOGUE, MIXED, "--unique-1\r\n" PART "--unique-1--\r\n--unique-1\r\n" PART,
     "--unique-1\r\n" PART},
    {MULTIPART_ODD_DEEP, "multipart/mixed;boundary=a",
     "--a\r\nContent-Type: multipart/x;boundary=b\r\n\r\n--b\r\nContent-Type: "
     "multipart/x;boundary=c\r\n\r\n--c\r\nContent-Type: multipart/x;boundary=d\r\n\r\n--d\r\n"
     "Content-Type: multipart/x;boundary=e\r\n\r\n--e--\r\n--d--\r\n--c--\r\n--b--\r\n--a--",
     "multipart/x;boundary=e"},
    {MULTIPART_ODD_NO_HEADER_END, MIXED, "--unique-1\r\nContent-Type: a/b\r\n--unique-1--\r\n",
     "Content-Type: a/b"},
    {MULTIPART_ODD_NO_HEADER_END, MIXED, "--unique-1\r\n--unique-1--\r\n", ""},
    {MULTIPART_ODD_BAD_HEADER, MIXED, "--unique-1\r\nno colon\r\n\r\n--unique-1--\r\n", "no colon"},
    {MULTIPART_ODD_BAD_HEADER, MIXED, "--unique-1\r\na b: c\r\n\r\n--unique-1--\r\n", "a b: c"},
    {MULTIPART_ODD_REPEATED_HEADER, MIXED,
     "--unique-1\r\nContent-Type: a/b\r\nCONTENT-TYPE: application/sdp\r\n\r\n--unique-1--",
     "CONTENT-TYPE: application/sdp"},
    {MULTIPART_ODD_REPEATED_HEADER, MIXED,
     "--unique-1\r\nContent-Type:\r\nContent-Type: application/sdp\r\n\r\n--unique-1--",
     "Content-Type: application/sdp"},
    {MULTIPART_ODD_BAD_TYPE, MIXED, "--unique-1\r\nContent-Type: text\r\n\r\n--unique-1--", "text"},
    {MULTIPART_ODD_CONTROL_OCTET, MIXED, "--unique-1\r\nA: \x01\r\n\r\n--unique-1--", "\x01"},
};

static void each_oddity_is_seen_where_it_stands(void **state)
{
    uint64_t seen = UINT64_C(1) << MULTIPART_ODD_MANY_PARTS |
                    UINT64_C(1) << MULTIPART_ODD_MANY_HEADERS |
                    UINT64_C(1) << MULTIPART_ODD_LONG_HEADERS;

    (void)state;
    for (unsigned i = 0; i < ARRAY_COUNT(odd); i++) {
        read_text(odd[i].type, odd[i].body);
        if (!multipart_is_odd(&multipart, odd[i].oddity)) {
            fail_msg("%s not seen in %s", multipart_oddity_name(odd[i].oddity), odd[i].body);
        }
        if (odd[i].octets != NULL) {
            expect_slice(multipart.odd_at[odd[i].oddity], odd[i].octets);
        }
        seen |= UINT64_C(1) << odd[i].oddity;
    }
    assert_true(seen == (UINT64_C(1) << MULTIPART_ODDITY_COUNT) - 1);
    assert_true(strlen(multipart_oddity_seen(MULTIPART_ODD_DEEP)) > 0);
}

static void longest_match_and_no_tricks(void **state)
{
    (void)state;
    /* A line that goes on behind the boundary is content, whatever it looks like. */
    read_text("multipart/mixed;boundary=b", "--b\r\n\r\none\r\n--bX\r\n\r\ntwo\r\n--b--\r\n");
    assert_int_equal(multipart.count, 1);
    expect_slice(multipart.parts[0].body, "one\r\n--bX\r\n\r\ntwo");
    assert_true(multipart_is_odd(&multipart, MULTIPART_ODD_LOOSE_DELIMITER));
    /* Only at the beginning of a line. */
    read_text("multipart/mixed;boundary=b", "--b\r\n\r\none --b\r\n-\r\n--b--\r\n");
    assert_int_equal(multipart.oddities, 0);
    expect_slice(multipart.parts[0].body, "one --b\r\n-");
    /* Behind the closing delimiter nothing is a part. */
    read_text("multipart/mixed;boundary=b",
              "--b--\r\n--b\r\nContent-Type: application/sdp\r\n\r\nv=0\r\n--b--\r\n");
    assert_int_equal(multipart.count, 0);
}

static char big[1 << 17];

static void limits_hold(void **state)
{
    struct text text;

    (void)state;
    for (unsigned parts = MULTIPART_PARTS_MAX; parts <= MULTIPART_PARTS_MAX + 1; parts++) {
        text_init(&text, big, sizeof(big));
        for (unsigned i = 0; i < parts; i++) {
            text_put_string(&text, "--b\r\n\r\n\r\n");
        }
        text_put_string(&text, "--b--");
        assert_true(
            multipart_read(&multipart, SLICE("multipart/mixed;boundary=b"), text_slice(&text)));
        assert_int_equal(multipart.count, MULTIPART_PARTS_MAX);
        assert_int_equal(multipart_is_odd(&multipart, MULTIPART_ODD_MANY_PARTS),
                         parts > MULTIPART_PARTS_MAX);
    }
    for (unsigned headers = MULTIPART_HEADERS_MAX; headers <= MULTIPART_HEADERS_MAX + 1;
         headers++) {
        text_init(&text, big, sizeof(big));
        text_put_string(&text, "--b\r\n");
        for (unsigned i = 0; i < headers; i++) {
            text_put_string(&text, "A: b\r\n");
        }
        text_put_string(&text, "\r\n--b--");
        multipart_read(&multipart, SLICE("multipart/mixed;boundary=b"), text_slice(&text));
        assert_int_equal(multipart.oddities, headers > MULTIPART_HEADERS_MAX
                                                 ? UINT64_C(1) << MULTIPART_ODD_MANY_HEADERS
                                                 : 0);
    }
    text_init(&text, big, sizeof(big));
    text_put_string(&text, "--b\r\nA: ");
    while (text.len < 5 + MULTIPART_HEAD_MAX - 1) {
        text_put_octet(&text, 'x');
    }
    text_put_string(&text, "\r\n\r\n--b--");
    multipart_read(&multipart, SLICE("multipart/mixed;boundary=b"), text_slice(&text));
    assert_true(multipart_is_odd(&multipart, MULTIPART_ODD_LONG_HEADERS));
}

static void not_multipart(void **state)
{
    (void)state;
    assert_false(multipart_read(&multipart, SLICE("application/sdp"), SLICE("v=0\r\n")));
    assert_false(multipart_read(&multipart, SLICE(""), SLICE("")));
    assert_false(multipart_read(&multipart, SLICE("multipart"), SLICE("")));
    assert_int_equal(multipart.count, 0);
}

static void every_prefix_is_read_within_its_octets(void **state)
{
    struct guarded guarded = guarded_open();
    struct slice whole = SLICE("--unique-1\r\nContent-Type: multipart/mixed; boundary=in\r\n\r\n"
                               "--in\r\nContent-Type: a/b\r\n c\r\n\r\nx\r\n--in--\r\n"
                               "--unique-1\r\n\r\ny\r\n--unique-1--\r\n");

    (void)state;
    for (size_t len = 0; len <= whole.len; len++) {
        assert_true(multipart_read(&multipart, SLICE(MIXED),
                                   guarded_copy(&guarded, slice_head(whole, len))));
    }
    assert_int_equal(multipart.oddities & ~(UINT64_C(1) << MULTIPART_ODD_BAD_TYPE), 0);
    guarded_close(&guarded);
}

static void media_types(void **state)
{
    struct media_type type;
    struct slice value;

    (void)state;
    assert_true(media_type_read(SLICE(" text / plain ;charset=\"utf-8\"; x"), &type));
    assert_true(media_type_is(&type, SLICE("TEXT/plain")));
    assert_false(media_type_is(&type, SLICE("text/plain2")));
    assert_false(media_type_is_multipart(&type));
    assert_true(media_type_param(&type, SLICE("CHARSET"), &value));
    expect_slice(value, "utf-8");
    assert_false(media_type_param(&type, SLICE("x"), &value));
    assert_false(media_type_param(&type, SLICE("y"), &value));
    assert_false(media_type_read(SLICE("text"), &type));
    assert_false(media_type_read(SLICE("text/"), &type));
    assert_false(media_type_read(SLICE("/plain"), &type));
    assert_false(media_type_read(SLICE("te xt/plain"), &type));
    assert_false(media_type_read(SLICE("text/plain/x"), &type));
    assert_false(media_type_is(&type, SLICE("text/plain")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(parts_with_their_headers),
        cmocka_unit_test(parts_within_parts),
        cmocka_unit_test(each_oddity_is_seen_where_it_stands),
        cmocka_unit_test(longest_match_and_no_tricks),
        cmocka_unit_test(limits_hold),
        cmocka_unit_test(not_multipart),
        cmocka_unit_test(every_prefix_is_read_within_its_octets),
        cmocka_unit_test(media_types),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
