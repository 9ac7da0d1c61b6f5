/* Names of headers and methods, phrases, and the classes of octets. */
#include "../expect.h"

#include "wire/sip/chars.h"
#include "wire/sip/message.h"

#include <ctype.h>

// clang-format off
static const struct {
    struct slice spelling;
    char letter;
    enum sip_shape shape;
    unsigned flags;
} rows[] = {
    {SLICE_INIT(""), 0, SIP_SHAPE_OPAQUE, 0},
#define NONE 0U
#define SINGLE 1U
#define VERBATIM 2U
#define HOP 4U
#define HEADER(name, spelling, compact, shape, flags) \
    {SLICE_INIT(spelling), compact, SIP_SHAPE_##shape, flags},
#include "wire/sip/headers.def"
#undef HEADER
};
// clang-format on

static void every_header_is_found_in_any_case(void **state)
{
    (void)state;
    for (unsigned i = 1; i < SIP_HEADER_COUNT; i++) {
        char name[64];

        for (unsigned way = 0; way < 3; way++) {
            for (size_t j = 0; j < rows[i].spelling.len; j++) {
                int octet = (unsigned char)rows[i].spelling.at[j];
                bool is_upper = way == 0 || (way == 1 && j % 2 == 0);

                name[j] = (char)(is_upper ? toupper(octet) : tolower(octet));
            }
            assert_int_equal(sip_header_find(slice_of(name, rows[i].spelling.len)), i);
        }
        assert_true(slice_equal(sip_header_spelling((enum sip_header_name)i), rows[i].spelling));
        assert_int_equal(sip_header_shape((enum sip_header_name)i), rows[i].shape);
        assert_int_equal(sip_header_is_single((enum sip_header_name)i),
                         (rows[i].flags & SINGLE) != 0);
        assert_int_equal(sip_header_is_verbatim((enum sip_header_name)i),
                         (rows[i].flags & VERBATIM) != 0);
        assert_int_equal(sip_header_is_hop((enum sip_header_name)i), (rows[i].flags & HOP) != 0);
    }
}

/* One octet off is another name, whatever the octet: a carriage return differs from '-' as the two
 * cases of a letter do. */
static void a_name_one_octet_off_is_unknown(void **state)
{
    (void)state;
    for (unsigned i = 1; i < SIP_HEADER_COUNT; i++) {
        char name[64];
        size_t len = rows[i].spelling.len;

        for (size_t j = 0; j < len; j++) {
            for (unsigned bit = 0; bit < 8; bit++) {
                memcpy(name, rows[i].spelling.at, len);
                name[j] = (char)(name[j] ^ 1 << bit);
                if (isalpha((unsigned char)rows[i].spelling.at[j]) && bit == 5) {
                    continue;
                }
                enum sip_header_name found = sip_header_find(slice_of(name, len));

                /* A few names really are one bit from another. */
                assert_true(found == SIP_HEADER_UNKNOWN ||
                            slice_equal_nocase(rows[found].spelling, slice_of(name, len)));
            }
        }
        memcpy(name, rows[i].spelling.at, len);
        name[len] = 'x';
        assert_true(sip_header_find(slice_of(name, len + 1)) != i);
        /* The first letter of To is its compact form. */
        assert_true(len == 2 || sip_header_find(slice_of(name, len - 1)) != i);
    }
}

/* Same length, same first and last four octets as a name, so the same place in the table. */
static void a_name_with_the_hash_of_another_is_unknown(void **state)
{
    (void)state;
    assert_int_equal(sip_header_find(SLICE("ContaXt")), SIP_HEADER_UNKNOWN);
    assert_int_equal(sip_header_find(SLICE("ContXXt-Length")), SIP_HEADER_UNKNOWN);
    for (unsigned i = 1; i < SIP_HEADER_COUNT; i++) {
        char name[64];
        size_t len = rows[i].spelling.len;

        for (size_t j = 4; j + 4 < len; j++) {
            memcpy(name, rows[i].spelling.at, len);
            name[j] = name[j] == '!' ? '~' : '!';
            assert_int_equal(sip_header_find(slice_of(name, len)), SIP_HEADER_UNKNOWN);
        }
    }
}

static void compact_forms_are_those_of_the_table(void **state)
{
    (void)state;
    for (int letter = 0; letter < 256; letter++) {
        enum sip_header_name wanted = SIP_HEADER_UNKNOWN;
        char name = (char)letter;

        for (unsigned i = 1; i < SIP_HEADER_COUNT; i++) {
            if (rows[i].letter != 0 && tolower(letter) == rows[i].letter) {
                wanted = (enum sip_header_name)i;
            }
        }
        assert_int_equal(sip_header_find(slice_of(&name, 1)), wanted);
    }
    assert_int_equal(sip_header_find(SLICE_NONE), SIP_HEADER_UNKNOWN);
}

static void long_names_are_unknown(void **state)
{
    (void)state;
    char name[300];

    memset(name, 'a', sizeof(name));
    for (size_t len = 1; len <= sizeof(name); len++) {
        enum sip_header_name found = sip_header_find(slice_of(name, len));

        assert_int_equal(found, len == 1 ? SIP_HEADER_ACCEPT_CONTACT : SIP_HEADER_UNKNOWN);
    }
}

static void methods_are_told_apart_by_case(void **state)
{
    (void)state;
    for (unsigned i = 0; i < SIP_METHOD_COUNT; i++) {
        assert_int_equal(sip_method_find(sip_method_token((enum sip_method)i)), i);
    }
    assert_int_equal(sip_method_find(SLICE("INVITE")), SIP_INVITE);
    assert_int_equal(sip_method_find(SLICE("invite")), SIP_METHOD_UNKNOWN);
    assert_int_equal(sip_method_find(SLICE("INVITEX")), SIP_METHOD_UNKNOWN);
    assert_int_equal(sip_method_find(SLICE("INVIT")), SIP_METHOD_UNKNOWN);
    assert_int_equal(sip_method_find(SLICE_NONE), SIP_METHOD_UNKNOWN);
    assert_true(slice_is_empty(sip_method_token(SIP_METHOD_UNKNOWN)));
}

static void every_status_has_a_phrase(void **state)
{
    (void)state;
    for (unsigned status = 0; status < 1000; status++) {
        assert_false(slice_is_empty(sip_reason(status)));
    }
    expect_slice(sip_reason(100), "Trying");
    expect_slice(sip_reason(200), "OK");
    expect_slice(sip_reason(487), "Request Terminated");
    expect_slice(sip_reason(608), "Rejected");
    expect_slice(sip_reason(299), "OK");
    expect_slice(sip_reason(499), "Bad Request");
}

static void every_oddity_has_a_name_and_a_sentence(void **state)
{
    (void)state;
    for (unsigned i = 0; i < SIP_ODDITY_COUNT; i++) {
        assert_true(strlen(sip_oddity_name((enum sip_oddity)i)) > 2);
        assert_true(strlen(sip_oddity_seen((enum sip_oddity)i)) > 4);
    }
}

/* RFC 3261 25.1, spelled out once more. */
static void octets_are_what_the_grammar_says(void **state)
{
    (void)state;
    static const struct {
        unsigned kind;
        const char *others; /* than letters and digits */
    } kinds[] = {
        {CHAR_TOKEN, "-.!%*_+`'~"},
        {CHAR_USER, "-_.!~*'()&=+$,;?/"},
        {CHAR_PARAM, "-_.!~*'()[]/:&+$"},
        {CHAR_HEADER, "-_.!~*'()[]/?:+$&="},
        {CHAR_WORD, "-.!%*_+`'~()<>:\\\"/[]?{}"},
        {CHAR_URI, "-_.!~*'();/?:@&=+$,%"},
    };

    for (int octet = 0; octet < 256; octet++) {
        for (unsigned i = 0; i < ARRAY_COUNT(kinds); i++) {
            bool wanted = octet < 128 && octet != 0 &&
                          (isalnum(octet) || strchr(kinds[i].others, octet) != NULL);

            assert_int_equal(char_is((char)octet, kinds[i].kind), wanted);
        }
        assert_int_equal(char_is_blank((char)octet),
                         octet == ' ' || octet == '\t' || octet == '\r' || octet == '\n');
        assert_int_equal(char_is_digit((char)octet), octet < 128 && isdigit(octet));
        assert_int_equal(char_is_letter((char)octet), octet < 128 && isalpha(octet));
        assert_int_equal(char_hex((char)octet) >= 0, octet < 128 && isxdigit(octet));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_header_is_found_in_any_case),
        cmocka_unit_test(a_name_one_octet_off_is_unknown),
        cmocka_unit_test(a_name_with_the_hash_of_another_is_unknown),
        cmocka_unit_test(compact_forms_are_those_of_the_table),
        cmocka_unit_test(long_names_are_unknown),
        cmocka_unit_test(methods_are_told_apart_by_case),
        cmocka_unit_test(every_status_has_a_phrase),
        cmocka_unit_test(every_oddity_has_a_name_and_a_sentence),
        cmocka_unit_test(octets_are_what_the_grammar_says),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
