/* Telephone numbers out of URIs (rules 1.9, RFC 3966 5.1.1). */
#include "wire/sip/chars.h"
#include "wire/sip/uri.h"

/* An octet off the front of text, decoded once; '\0' for what stays no character of a number. */
static char octet_take(struct slice *text)
{
    char octet = text->at[0];
    int high, low;

    if (octet != '%' || text->len < 3) {
        *text = slice_skip(*text, 1);
        return octet;
    }
    high = char_hex(text->at[1]);
    low = char_hex(text->at[2]);
    *text = slice_skip(*text, 3);
    return high < 0 || low < 0 ? '\0' : (char)(high * 16 + low);
}

static bool is_separator(char octet)
{
    return octet == '-' || octet == '.' || octet == '(' || octet == ')';
}

/* Local numbers of a declared telephone number have more digits than ten. */
static bool is_digit(char octet, bool is_local)
{
    return char_is_digit(octet) ||
           (is_local && (octet == '*' || octet == '#' || char_hex(octet) >= 0));
}

/* The trunk zero that people write behind a country code, "+44 (0)20", is not dialled. */
static bool is_trunk_zero(struct slice text, bool is_global)
{
    return is_global && text.len >= 3 && memcmp(text.at, "(0)", 3) == 0;
}

/* Nearly every number is digits alone, perhaps behind a '+': no need to look at each twice. */
static bool is_plain(struct slice text)
{
    size_t at = text.len > 0 && text.at[0] == '+' ? 1 : 0;

    if (at == text.len) {
        return false;
    }
    while (at < text.len && char_is_digit(text.at[at])) {
        at++;
    }
    return at == text.len;
}

static bool digits_write(struct slice text, bool is_declared, struct text *digits)
{
    bool is_global = false;

    while (text.len > 0) {
        char octet;

        if (is_trunk_zero(text, is_global)) {
            text = slice_skip(text, 3);
            continue;
        }
        octet = octet_take(&text);
        if (octet == '+' && digits->len == 0) {
            is_global = true;
        } else if (is_separator(octet)) {
            continue;
        } else if (!is_digit(octet, is_declared && !is_global)) {
            return false;
        }
        text_put_octet(digits, octet);
    }
    return !digits->is_full && digits->len > (is_global ? 1u : 0u);
}

/* Whether the user is said to be a telephone number, not only taken for one. */
static bool is_telephone(const char *base, const struct sip_uri *uri)
{
    struct slice kind;

    return uri->scheme == SIP_SCHEME_TEL ||
           (sip_param_find(sip_span_of(base, uri->params), SLICE("user"), &kind) &&
            slice_equal_nocase(kind, SLICE("phone")));
}

bool sip_uri_number(const char *base, const struct sip_uri *uri, char *digits, size_t max,
                    size_t *len)
{
    struct slice user = sip_span_of(base, uri->user);
    struct text text;

    *len = 0;
    if (uri->scheme != SIP_SCHEME_SIP && uri->scheme != SIP_SCHEME_SIPS &&
        uri->scheme != SIP_SCHEME_TEL) {
        return false;
    }
    text_init(&text, digits, max);
    user = slice_head(user, slice_find(user, ';'));
    if (is_plain(user)) {
        text_put(&text, user);
    } else if (!digits_write(user, is_telephone(base, uri), &text)) {
        return false;
    }
    *len = text.len;
    return !text.is_full;
}
