/*
 * URIs: parts lie inside, a URI equals itself, and the two ways to take one apart agree.
 */
#include <stdint.h>

#include "base/must.h"
#include "wire/sip/message.h"

int LLVMFuzzerTestOneInput(const uint8_t *octets, size_t len);

static void must_lie_inside(struct sip_span span, size_t len)
{
    must((size_t)span.at + span.len <= len);
}

static bool span_equal(struct sip_span a, struct sip_span b)
{
    return a.len == b.len && (a.len == 0 || a.at == b.at);
}

/* Headers behind a URI are not read from left to right. */
static void must_agree_with_headers(struct slice text, const struct sip_uri *plain,
                                    const struct sip_oddities *noted)
{
    static const char headers[] = "?x=y";
    char copy[SIP_URI_MAX + sizeof(headers)];
    struct sip_oddities others = {0};
    struct sip_uri uri;

    memcpy(copy, text.at, text.len);
    memcpy(copy + text.len, headers, sizeof(headers));
    sip_uri_read_text(slice_of(copy, text.len + 4), &uri, &others);
    others.bits[SIP_ODD_URI_HEADERS / 64] &= ~(UINT64_C(1) << SIP_ODD_URI_HEADERS % 64);
    must(memcmp(&others, noted, sizeof(others)) == 0);
    must(uri.host_kind == plain->host_kind && uri.port == plain->port);
    must(span_equal(uri.user, plain->user) && span_equal(uri.host, plain->host) &&
         span_equal(uri.params, plain->params));
}

int LLVMFuzzerTestOneInput(const uint8_t *octets, size_t len)
{
    struct slice text = slice_of((const char *)octets, len), name, value, rest;
    struct sip_oddities noted = {0};
    struct sip_uri uri;
    char digits[32];

    sip_uri_read_text(text, &uri, &noted);
    must_lie_inside(uri.user, len);
    must_lie_inside(uri.host, len);
    must_lie_inside(uri.params, len);
    must_lie_inside(uri.headers, len);
    must(sip_uri_equal(text.at, &uri, text.at, &uri));
    sip_uri_number(text.at, &uri, digits, sizeof(digits), &len);
    must(len <= sizeof(digits));
    for (rest = text; sip_param_next(&rest, &name, &value);) {
        must(name.len + value.len <= text.len);
    }
    if ((uri.scheme == SIP_SCHEME_SIP || uri.scheme == SIP_SCHEME_SIPS) &&
        slice_find(text, '?') == text.len && slice_find(text, '\n') == text.len &&
        text.len + 4 <= SIP_URI_MAX) {
        must_agree_with_headers(text, &uri, &noted);
    }
    return 0;
}
