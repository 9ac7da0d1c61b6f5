/* URIs of every scheme, in place and as texts of their own. */
#include "wire/sip/uri_parts.h"

/* A name of three or four letters and its colon. */
static inline enum sip_scheme scheme_of(const char *at, size_t len)
{
    if (len > 3 && at[3] == ':' && chars_equal(at, "sip", 3)) {
        return SIP_SCHEME_SIP;
    }
    if (len > 3 && at[3] == ':' && chars_equal(at, "tel", 3)) {
        return SIP_SCHEME_TEL;
    }
    return len > 4 && at[4] == ':' && chars_equal(at, "sips", 4) ? SIP_SCHEME_SIPS
                                                                 : SIP_SCHEME_OTHER;
}

size_t sip_uri_take(const struct sip_reader *reader, size_t from, size_t limit,
                    enum sip_uri_place place, struct sip_uri *uri)
{
    enum sip_scheme scheme = scheme_of(reader->at + from, limit - from);
    size_t end = from + (scheme == SIP_SCHEME_SIPS ? 5 : 4);

    switch (scheme) {
    case SIP_SCHEME_SIP:
    case SIP_SCHEME_SIPS:
        end = uri_take_slowly(reader, end, limit, place, uri);
        uri->scheme = (uint8_t)scheme;
        break;
    case SIP_SCHEME_TEL:
        end = uri_tel_take(reader, end, limit, place, uri);
        uri->scheme = (uint8_t)scheme;
        break;
    case SIP_SCHEME_NONE:
    case SIP_SCHEME_URN_SERVICE:
    case SIP_SCHEME_OTHER:
        end = uri_other_take(reader, from, limit, place, uri);
        break;
    }
    span_set(&uri->whole, from, end);
    if (end - from > SIP_URI_MAX) {
        sip_note(reader, SIP_ODD_LONG_URI, from, end);
    }
    return end;
}

/* Spans are counted from base; the reader counted from the text. */
static void span_shift(struct sip_span *span, unsigned at)
{
    span->at = span->len == 0 ? 0 : (uint16_t)(span->at + at);
}

/* The reader wants a line end behind the URI, so it gets a copy.  What is above the hard limit or
 * behind a line end of its own is not read. */
bool sip_uri_read(const char *base, struct sip_span at, struct sip_uri *uri,
                  struct sip_oddities *oddities)
{
    struct slice front = slice_head(sip_span_of(base, at), SIP_URI_MAX);
    size_t len = slice_find(front, '\n');
    char text[SIP_URI_MAX + 1];
    struct sip_reader reader;

    if (len > 0) {
        memcpy(text, front.at, len);
    }
    text[len] = '\r';
    sip_reader_init(&reader, slice_of(text, len + 1), oddities);
    *uri = (struct sip_uri){0};
    sip_uri_take(&reader, 0, len, SIP_URI_ALONE, uri);
    if (at.len > SIP_URI_MAX) {
        sip_note(&reader, SIP_ODD_LONG_URI, 0, len);
    }
    if (len < front.len) {
        sip_note(&reader, SIP_ODD_BAD_URI, len, len);
    }
    span_shift(&uri->user, at.at);
    span_shift(&uri->host, at.at);
    span_shift(&uri->params, at.at);
    span_shift(&uri->headers, at.at);
    uri->whole = at;
    return uri->scheme != SIP_SCHEME_NONE;
}

bool sip_uri_read_text(struct slice text, struct sip_uri *uri, struct sip_oddities *oddities)
{
    uint16_t len = (uint16_t)(text.len < UINT16_MAX ? text.len : UINT16_MAX);

    return sip_uri_read(text.at, (struct sip_span){0, len}, uri, oddities);
}
