/*
 * URIs.
 *
 * Nearly all are [user@]host[:port][;parameters] and are taken apart from left to right.  What is
 * otherwise is read a second time, slowly, because what stands before an '@' may look like a host
 * or parameters (RFC 4475 3.1.1.9).
 */
#include "wire/sip/host.h"
#include "wire/sip/uri_parts.h"

/* Often there is one parameter, without anything odd about it. */
static inline size_t params_take(const struct sip_reader *reader, size_t from, size_t limit)
{
    size_t name_end = next_mark(reader, from), end = name_end;

    if (reader->at[end] == '=') {
        end = next_mark(reader, end + 1);
    }
    if (name_end == from || name_end + 1 == end || reader->at[end] == ';' ||
        reader->at[end] == '%' || char_is(reader->at[end], CHAR_PARAM)) {
        return uri_params_walk(reader, from, limit);
    }
    uri_param_judge(reader, from, name_end, end);
    return end;
}

/* [user@]host[:port][;parameters] and an end; any other end says that it is something else. */
static inline size_t plain_take(const struct sip_reader *reader, size_t from, size_t limit,
                                enum sip_uri_place where, struct sip_uri *uri)
{
    size_t stop = next_stop(reader, from);

    if (reader->at[stop] == '@') {
        span_set(&uri->user, from, stop);
        uri_user_judge(reader, from, stop);
        from = stop + 1;
    }
    stop = host_take(reader, from, &uri->host, &uri->host_kind);
    if (reader->at[stop] == ':') {
        from = stop + 1;
        stop = next_stop(reader, from);
        uri->port = port_read(reader, from, stop);
    }
    if (where != SIP_URI_BARE && reader->at[stop] == ';') {
        from = stop + 1;
        stop = params_take(reader, from, limit);
        span_set(&uri->params, from, stop);
    }
    return stop;
}

/* What stands behind "sip:" or "sips:".  The second reading begins with what the first one found.
 */
static inline size_t sip_take(const struct sip_reader *reader, size_t from, size_t limit,
                              enum sip_uri_place where, struct sip_uri *uri)
{
    uint64_t before = reader->oddities->bits[0], before_too = reader->oddities->bits[1];
    size_t end = plain_take(reader, from, limit, where, uri);

    if (end == limit || uri_is_end(reader->at[end], where)) {
        return end;
    }
    reader->oddities->bits[0] = before;
    reader->oddities->bits[1] = before_too;
    *uri = (struct sip_uri){0};
    return uri_take_slowly(reader, from, limit, where, uri);
}

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
        end = sip_take(reader, end, limit, place, uri);
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
    struct sip_reader reader = {.oddities = oddities};
    char text[SIP_URI_MAX + 1];
    struct sip_scan scan;

    if (len > 0) {
        memcpy(text, front.at, len);
    }
    text[len] = '\r';
    sip_reader_init(&reader, &scan, slice_of(text, len + 1));
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
