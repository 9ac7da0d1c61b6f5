/* Whether two URIs name the same thing (RFC 3261 19.1.4, RFC 3966 4), and their parameters. */
#include "wire/sip/chars.h"
#include "wire/sip/uri.h"

enum {
    COMPARED_MAX = 64
}; /* parameters or headers of one URI; beyond, only the same spelling is equal */

/* The end of a parameter: the next ';' outside quotes. */
static size_t param_end(struct slice text)
{
    size_t end = slice_find(text, ';');
    bool is_quoted = false;

    if (slice_find(slice_head(text, end), '"') == end) {
        return end; /* hardly any has quotes */
    }
    for (size_t i = 0; i < text.len; i++) {
        if (text.at[i] == '"') {
            is_quoted = !is_quoted;
        } else if (is_quoted) {
            i += text.at[i] == '\\';
        } else if (text.at[i] == ';') {
            return i;
        }
    }
    return text.len;
}

bool sip_param_next(struct slice *rest, struct slice *name, struct slice *value)
{
    struct slice param;
    size_t end, equals;

    do {
        if (rest->len == 0) {
            return false;
        }
        end = param_end(*rest);
        param = slice_trim(slice_head(*rest, end));
        *rest = slice_skip(*rest, end + 1);
    } while (param.len == 0);
    equals = slice_find(param, '=');
    *name = slice_trim(slice_head(param, equals));
    *value = slice_trim(slice_skip(param, equals + 1));
    return true;
}

bool sip_param_find(struct slice params, struct slice name, struct slice *value)
{
    struct slice found;

    while (sip_param_next(&params, &found, value)) {
        if (slice_equal_nocase(found, name)) {
            return true;
        }
    }
    *value = SLICE_NONE;
    return false;
}

/* An octet of a URI component. An escaped octet is the octet itself only where that means the same:
 * an escaped delimiter is not the delimiter. */
struct uri_octet {
    int value; /* -1: the end */
    bool is_escaped;
};

static struct uri_octet octet_take(struct slice *text)
{
    struct uri_octet octet = {-1, false};
    int high, low;

    if (text->len == 0) {
        return octet;
    }
    octet.value = (unsigned char)text->at[0];
    if (octet.value != '%' || text->len < 3) {
        *text = slice_skip(*text, 1);
        return octet;
    }
    high = char_hex(text->at[1]);
    low = char_hex(text->at[2]);
    if (high < 0 || low < 0) {
        *text = slice_skip(*text, 1);
        return octet;
    }
    octet.value = high * 16 + low;
    octet.is_escaped = octet.value == '%' || memchr(";/?:@&=+$,", octet.value, 10) != NULL;
    *text = slice_skip(*text, 3);
    return octet;
}

static int lower(int octet)
{
    return octet >= 'A' && octet <= 'Z' ? octet | 0x20 : octet;
}

static bool component_equal(struct slice a, struct slice b, bool any_case)
{
    struct uri_octet x, y;

    do {
        x = octet_take(&a);
        y = octet_take(&b);
        if (any_case) {
            x.value = lower(x.value);
            y.value = lower(y.value);
        }
        if (x.value != y.value || x.is_escaped != y.is_escaped) {
            return false;
        }
    } while (x.value >= 0);
    return true;
}

static size_t octets_count(struct slice text, char octet)
{
    size_t count = 0;

    for (size_t i = 0; i < text.len; i++) {
        count += text.at[i] == octet;
    }
    return count;
}

/* The parameter of that name, its name compared with escapes decoded. */
static bool param_find(struct slice params, struct slice name, struct slice *value)
{
    struct slice found;

    while (sip_param_next(&params, &found, value)) {
        if (component_equal(found, name, true)) {
            return true;
        }
    }
    return false;
}

/* Parameters that may not stand in one of the URIs alone. */
static bool param_matters(struct slice name)
{
    static const struct slice names[] = {SLICE_INIT("user"), SLICE_INIT("ttl"),
                                         SLICE_INIT("method"), SLICE_INIT("maddr"),
                                         SLICE_INIT("transport")};

    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        if (component_equal(name, names[i], true)) {
            return true;
        }
    }
    return false;
}

/* Whether b has nothing against the parameters of a. */
static bool params_agree(struct slice a, struct slice b, bool all_matter)
{
    struct slice name, value, other;

    while (sip_param_next(&a, &name, &value)) {
        if (!param_find(b, name, &other)) {
            if (all_matter || param_matters(name)) {
                return false;
            }
        } else if (!component_equal(value, other, true)) {
            return false;
        }
    }
    return true;
}

static bool params_equal(struct slice a, struct slice b, bool all_matter)
{
    if (slice_equal(a, b)) {
        return true;
    }
    if (octets_count(a, ';') >= COMPARED_MAX || octets_count(b, ';') >= COMPARED_MAX) {
        return false;
    }
    return params_agree(a, b, all_matter) && params_agree(b, a, all_matter);
}

/* Whether each header of a is one of b's: name in any case, value as it is. */
static bool headers_within(struct slice a, struct slice b)
{
    struct slice header;

    while (slice_cut(&a, '&', &header)) {
        struct slice rest = b, other;
        size_t equals = slice_find(header, '=');
        bool is_found = false;

        while (!is_found && slice_cut(&rest, '&', &other)) {
            size_t place = slice_find(other, '=');

            is_found =
                component_equal(slice_head(header, equals), slice_head(other, place), true) &&
                component_equal(slice_skip(header, equals), slice_skip(other, place), false);
        }
        if (!is_found) {
            return false;
        }
    }
    return true;
}

static bool headers_equal(struct slice a, struct slice b)
{
    size_t count = octets_count(a, '&');

    if (slice_equal(a, b)) {
        return true;
    }
    return count == octets_count(b, '&') && count < COMPARED_MAX && headers_within(a, b) &&
           headers_within(b, a);
}

/* What stands between user and host, of a URI that has a user: ":password" or nothing. */
static struct slice password_of(const char *base, const struct sip_uri *uri)
{
    unsigned from = uri->user.at + uri->user.len;

    if (uri->user.len == 0 || uri->host.at <= from + 1u) {
        return SLICE_NONE;
    }
    return slice_between(base + from, base + uri->host.at - 1);
}

static bool hosts_equal(const char *base_a, const struct sip_uri *a, const char *base_b,
                        const struct sip_uri *b)
{
    struct address x, y;

    if (sip_uri_host_address(base_a, a, &x)) {
        return sip_uri_host_address(base_b, b, &y) && address_same_host(&x, &y);
    }
    return slice_equal_nocase(sip_span_of(base_a, a->host), sip_span_of(base_b, b->host));
}

static bool sip_equal(const char *base_a, const struct sip_uri *a, const char *base_b,
                      const struct sip_uri *b)
{
    return a->port == b->port && hosts_equal(base_a, a, base_b, b) &&
           component_equal(sip_span_of(base_a, a->user), sip_span_of(base_b, b->user), false) &&
           component_equal(password_of(base_a, a), password_of(base_b, b), false) &&
           params_equal(sip_span_of(base_a, a->params), sip_span_of(base_b, b->params), false) &&
           headers_equal(sip_span_of(base_a, a->headers), sip_span_of(base_b, b->headers));
}

static struct slice separators_skip(struct slice digits)
{
    while (digits.len > 0 && memchr("-.()", digits.at[0], 4) != NULL) {
        digits = slice_skip(digits, 1);
    }
    return digits;
}

/* Digits without their visual separators. */
static bool digits_equal(struct slice a, struct slice b)
{
    for (;;) {
        a = separators_skip(a);
        b = separators_skip(b);
        if (a.len == 0 || b.len == 0) {
            return a.len == b.len;
        }
        if (lower((unsigned char)a.at[0]) != lower((unsigned char)b.at[0])) {
            return false;
        }
        a = slice_skip(a, 1);
        b = slice_skip(b, 1);
    }
}

bool sip_uri_equal(const char *base_a, const struct sip_uri *a, const char *base_b,
                   const struct sip_uri *b)
{
    struct slice user_a = sip_span_of(base_a, a->user), user_b = sip_span_of(base_b, b->user);

    if (a->scheme != b->scheme) {
        return false;
    }
    switch ((enum sip_scheme)a->scheme) {
    case SIP_SCHEME_SIP:
    case SIP_SCHEME_SIPS:
        return sip_equal(base_a, a, base_b, b);
    case SIP_SCHEME_TEL:
        return digits_equal(user_a, user_b) &&
               params_equal(sip_span_of(base_a, a->params), sip_span_of(base_b, b->params), true);
    case SIP_SCHEME_URN_SERVICE:
        return slice_equal_nocase(user_a, user_b);
    case SIP_SCHEME_NONE:
    case SIP_SCHEME_OTHER:
        break;
    }
    return slice_equal(sip_span_of(base_a, a->whole), sip_span_of(base_b, b->whole));
}

bool sip_uri_host_address(const char *base, const struct sip_uri *uri, struct address *address)
{
    if (uri->host_kind != SIP_HOST_V4 && uri->host_kind != SIP_HOST_V6) {
        return false;
    }
    return address_read(address, sip_span_of(base, uri->host));
}
