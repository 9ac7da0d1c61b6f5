#include "io/tls_names.h"

#include <openssl/x509v3.h>

struct slice tls_name_of_uri(struct slice uri)
{
    struct slice rest = uri;

    if (!slice_starts_nocase(uri, SLICE("sip:"))) {
        return SLICE_NONE;
    }
    rest = slice_skip(rest, 4);
    for (size_t i = 0; i < rest.len; i++) {
        char octet = rest.at[i];
        bool is_plain = (octet >= 'a' && octet <= 'z') || (octet >= 'A' && octet <= 'Z') ||
                        (octet >= '0' && octet <= '9') || octet == '.' || octet == '-';

        if (!is_plain) {
            return SLICE_NONE;
        }
    }
    return rest.len <= TLS_NAME_MAX ? rest : SLICE_NONE;
}

/* The name of one entry, or empty: of a URI when those count, else of a DNS name.  An octet zero or
 * a star in it makes it no name. */
static struct slice name_of(const GENERAL_NAME *general, bool is_by_uri)
{
    int kind = 0;
    const ASN1_STRING *value = GENERAL_NAME_get0_value(general, &kind);
    struct slice text = SLICE_NONE;

    if (kind != (is_by_uri ? GEN_URI : GEN_DNS)) {
        return SLICE_NONE;
    }
    text = slice_of((const char *)ASN1_STRING_get0_data(value), (size_t)ASN1_STRING_length(value));
    if (is_by_uri) {
        return tls_name_of_uri(text);
    }
    bool is_name = text.len > 0 && text.len <= TLS_NAME_MAX && slice_find(text, '*') == text.len &&
                   slice_find(text, '\0') == text.len;
    return is_name ? text : SLICE_NONE;
}

static bool has_uri(const GENERAL_NAMES *names, int count)
{
    for (int i = 0; i < count; i++) {
        if (!slice_is_empty(name_of(sk_GENERAL_NAME_value(names, i), true))) {
            return true;
        }
    }
    return false;
}

typedef bool names_visit(void *owner, struct slice name);

/* Until visit says that it was the one. */
static bool names_walk(const X509 *certificate, names_visit *visit, void *owner)
{
    GENERAL_NAMES *names = X509_get_ext_d2i(certificate, NID_subject_alt_name, NULL, NULL);
    int count = names == NULL ? 0 : sk_GENERAL_NAME_num(names);
    bool is_found = false;

    if (count > TLS_NAMES_MAX) {
        count = TLS_NAMES_MAX;
    }
    bool is_by_uri = has_uri(names, count);
    for (int i = 0; i < count && !is_found; i++) {
        struct slice name = name_of(sk_GENERAL_NAME_value(names, i), is_by_uri);

        is_found = !slice_is_empty(name) && visit(owner, name);
    }
    GENERAL_NAMES_free(names);
    return is_found;
}

static void name_copy(char copy[TLS_NAME_MAX + 1], struct slice name)
{
    memcpy(copy, name.at, name.len);
    copy[name.len] = '\0';
}

struct wanted {
    const struct slice *expected;
    unsigned count; /* of expected, or still to be passed by */
    char *found;
};

static bool is_expected(void *owner, struct slice name)
{
    const struct wanted *wanted = owner;

    for (unsigned i = 0; i < wanted->count; i++) {
        if (slice_equal_nocase(wanted->expected[i], name)) {
            name_copy(wanted->found, name);
            return true;
        }
    }
    return false;
}

bool tls_names_match(const X509 *certificate, const struct slice *expected, unsigned count,
                     char found[TLS_NAME_MAX + 1])
{
    struct wanted wanted = {expected, count, found};

    found[0] = '\0';
    return names_walk(certificate, is_expected, &wanted);
}

static bool is_the_next(void *owner, struct slice name)
{
    struct wanted *wanted = owner;

    if (wanted->count-- > 0) {
        return false;
    }
    name_copy(wanted->found, name);
    return true;
}

bool tls_names_at(const X509 *certificate, unsigned index, char name[TLS_NAME_MAX + 1])
{
    struct wanted wanted = {NULL, index, name};

    name[0] = '\0';
    return names_walk(certificate, is_the_next, &wanted);
}
