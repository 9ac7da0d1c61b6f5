/*
 * Who a certificate says it is: RFC 5922 7.1 and 7.2.
 */
#include "../expect.h"

#include "tls_kit.h"

static X509 *with_names(const char *names)
{
    struct kit_certificate made =
        kit_make("cn.example", NULL, (struct kit_wish){.names = names, .to_days = 1});

    EVP_PKEY_free(made.key);
    return made.certificate;
}

static bool matches(const char *names, const char *expected)
{
    struct slice wanted = slice_string(expected);
    char found[TLS_NAME_MAX + 1];
    X509 *certificate = with_names(names);
    bool is_match = tls_names_match(certificate, &wanted, 1, found);

    assert_true(!is_match || strlen(found) == strlen(expected));
    X509_free(certificate);
    return is_match;
}

static void uris_come_first(void **state)
{
    (void)state;
    assert_true(matches("URI:sip:sbc.example", "sbc.example"));
    assert_true(matches("URI:SIP:SBC.example", "sbc.EXAMPLE"));
    assert_true(matches("DNS:sbc.example", "sbc.example"));
    /* With a URI the DNS names say nothing. */
    assert_false(matches("URI:sip:other.example,DNS:sbc.example", "sbc.example"));
    /* URIs that are no SIP domain are as if they were not there. */
    assert_true(matches("URI:https://sbc.example,DNS:sbc.example", "sbc.example"));
    assert_true(matches("URI:sip:alice@sbc.example,DNS:sbc.example", "sbc.example"));
    assert_false(matches("URI:sip:alice@sbc.example", "sbc.example"));
    assert_false(matches("URI:sips:sbc.example", "sbc.example"));
    assert_false(matches("URI:sip:sbc.example:5061", "sbc.example"));
    assert_false(matches("URI:sip:sbc.example;transport=tls", "sbc.example"));
}

static void never_a_part(void **state)
{
    (void)state;
    assert_false(matches("DNS:*.example", "sbc.example"));
    assert_false(matches("DNS:*.example", "*.example"));
    assert_false(matches("DNS:example", "sbc.example"));
    assert_false(matches("DNS:a.sbc.example", "sbc.example"));
    assert_false(matches("DNS:sbc.example.", "sbc.example"));
    assert_false(matches("URI:sip:*.example", "sbc.example"));
    /* Neither the common name nor an address of a host or of a mail is a name. */
    assert_false(matches(NULL, "cn.example"));
    assert_false(matches("email:sbc.example@sbc.example,IP:192.0.2.1", "sbc.example"));
    assert_false(matches("IP:192.0.2.1", "192.0.2.1"));
}

/* An octet zero ends a name for C, not for a certificate. */
static void zero_is_no_end(void **state)
{
    X509 *certificate = with_names("DNS:x.example");
    GENERAL_NAMES *names = X509_get_ext_d2i(certificate, NID_subject_alt_name, NULL, NULL);
    GENERAL_NAME *name = sk_GENERAL_NAME_value(names, 0);
    const struct slice wanted = SLICE("sbc.example");
    char found[TLS_NAME_MAX + 1];

    (void)state;
    assert_int_equal(ASN1_STRING_set(name->d.dNSName, "sbc.example\0.evil.example", 25), 1);
    int at = X509_get_ext_by_NID(certificate, NID_subject_alt_name, -1);
    X509_EXTENSION_free(X509_delete_ext(certificate, at));
    assert_int_equal(X509_add1_ext_i2d(certificate, NID_subject_alt_name, names, 0, 0), 1);
    assert_false(tls_names_match(certificate, &wanted, 1, found));
    assert_false(tls_names_at(certificate, 0, found));
    GENERAL_NAMES_free(names);
    X509_free(certificate);
}

static void several(void **state)
{
    X509 *certificate = with_names("URI:sip:a.example,DNS:z.example,URI:sip:b.example");
    const struct slice wanted[] = {SLICE_INIT("c.example"), SLICE_INIT("b.example")};
    char found[TLS_NAME_MAX + 1];

    (void)state;
    assert_true(tls_names_match(certificate, wanted, 2, found));
    assert_string_equal(found, "b.example");
    assert_false(tls_names_match(certificate, wanted, 1, found));
    assert_string_equal(found, "");
    assert_true(tls_names_at(certificate, 0, found));
    assert_string_equal(found, "a.example");
    assert_true(tls_names_at(certificate, 1, found));
    assert_string_equal(found, "b.example");
    assert_false(tls_names_at(certificate, 2, found));
    X509_free(certificate);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(uris_come_first),
        cmocka_unit_test(never_a_part),
        cmocka_unit_test(zero_is_no_end),
        cmocka_unit_test(several),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
