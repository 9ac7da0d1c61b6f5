/*
 * URIs.
 *
 * Nearly all are [user@]host[:port][;parameters] and are taken apart from left to right.  What is
 * otherwise is read a second time, slowly: all delimiters first, because what stands before an '@'
 * may look like a host or parameters (RFC 4475 3.1.1.9), then every part octet by octet.
 */
#include "wire/packet.h"
#include "wire/sip/host.h"
#include "wire/sip/params.h"

enum { URI_PARAMS_MAX = 32 }; /* HYG-L12 */

/* Places of delimiters, 0 for none: a scheme stands before all of them. */
struct uri_marks {
    unsigned at;        /* '@' */
    unsigned password;  /* first ':' before it */
    unsigned port;      /* ':' behind the host */
    unsigned semicolon; /* first one behind the host */
    unsigned question;  /* first one behind the host */
    unsigned end;
    bool in_literal; /* between [ and ] */
};

static bool is_bare_end(char octet)
{
    return octet == ';' || octet == ',' || octet == '?' || octet == '<' || octet == '>' ||
           octet == '"' || char_is_blank(octet);
}

static bool is_end(char octet, enum sip_uri_place where)
{
    switch (where) {
    case SIP_URI_BRACKETS:
        return octet == '>';
    case SIP_URI_BARE:
        return is_bare_end(octet);
    case SIP_URI_ALONE:
        break;
    }
    return false;
}

static void marks_see(struct uri_marks *marks, char octet, unsigned place)
{
    bool is_authority = (marks->port | marks->semicolon | marks->question) == 0;

    switch (octet) {
    case '@':
        if (marks->at == 0) {
            *marks = (struct uri_marks){.at = place, .password = marks->password};
        }
        break;
    case ':':
        if ((marks->at | marks->password) == 0) {
            marks->password = place;
        }
        if (is_authority && !marks->in_literal) {
            marks->port = place;
        }
        break;
    case ';':
        if ((marks->semicolon | marks->question) == 0) {
            marks->semicolon = place;
        }
        break;
    case '?':
        if (marks->question == 0) {
            marks->question = place;
        }
        break;
    case '[':
        marks->in_literal = is_authority;
        break;
    case ']':
        marks->in_literal = false;
        break;
    default:
        break;
    }
}

static void marks_find(const struct sip_reader *reader, unsigned from, unsigned limit,
                       enum sip_uri_place where, struct uri_marks *marks)
{
    *marks = (struct uri_marks){0};
    while ((from = next_stop(reader, from, limit)) < limit && !is_end(reader->at[from], where)) {
        marks_see(marks, reader->at[from], from);
        from++;
    }
    marks->end = from;
}

/* The escape at place. */
static void escape_judge(const struct sip_reader *reader, unsigned place, unsigned to)
{
    const char *at = reader->at + place;
    int high = place + 2 < to ? char_hex(at[1]) : -1;
    int low = place + 2 < to ? char_hex(at[2]) : -1;
    int octet = high * 16 + low;

    if (high < 0 || low < 0) {
        sip_note(reader, SIP_ODD_BAD_ESCAPE, place, to - place < 3 ? to : place + 3);
    } else if (octet < 0x20 || octet == 0x7F) {
        sip_note(reader, SIP_ODD_ESCAPED_CONTROL, place, place + 3);
    } else if (octet == '%' && place + 4 < to && char_hex(at[3]) >= 0 && char_hex(at[4]) >= 0) {
        sip_note(reader, SIP_ODD_ESCAPED_CONTROL, place, place + 5);
    }
}

/* An octet that has no place where it is. */
static void octet_bad(const struct sip_reader *reader, unsigned place)
{
    char octet = reader->at[place];

    if (octet == '\r' || octet == '\n') {
        sip_note(reader, SIP_ODD_FOLDED_PLACE, place, place + 1);
    } else if (octet == '<') {
        sip_note(reader, SIP_ODD_TWO_BRACKETS, place, place + 1);
    }
    sip_note(reader, SIP_ODD_BAD_URI, place, place + 1);
}

/* What octets of the kinds, and escapes, make of [from, to). */
static void octets_judge(const struct sip_reader *reader, unsigned from, unsigned to,
                         unsigned kinds)
{
    for (; (from = next_mark(reader, from, to)) < to; from++) {
        if (reader->at[from] == '%') {
            escape_judge(reader, from, to);
        } else if (!char_is(reader->at[from], kinds)) {
            octet_bad(reader, from);
        }
    }
}

static inline void user_judge(const struct sip_reader *reader, unsigned from, unsigned to)
{
    unsigned len = to - from;

    if (len == 0) {
        sip_note(reader, SIP_ODD_BAD_URI, from, to + 1);
    } else if (len > 63 || scan_bits(reader->mark, from, len) > (reader->at[from] == '+')) {
        octets_judge(reader, from, to, CHAR_USER);
    }
}

static bool is_transport(struct slice value)
{
    enum transport transport;

    return transport_read(value, &transport) || slice_equal_nocase(value, SLICE("sctp"));
}

/* What the parameters of a sip URI that we know mean. */
static inline void param_judge(const struct sip_reader *reader, unsigned name, unsigned name_end,
                               unsigned value, unsigned end)
{
    const char *at = reader->at + name;
    bool is_maddr = false;

    switch (name_end - name) {
    case 3:
        is_maddr = chars_equal(at, "ttl", 3);
        break;
    case 5:
        is_maddr = chars_equal(at, "maddr", 5);
        break;
    case 6:
        is_maddr = chars_equal(at, "method", 6);
        break;
    case 9:
        if (chars_equal(at, "transport", 9) && !is_transport(reader_slice(reader, value, end))) {
            sip_note(reader, SIP_ODD_BAD_TRANSPORT, name, end);
        }
        break;
    default:
        break;
    }
    if (is_maddr) {
        sip_note(reader, SIP_ODD_URI_MADDR, name, end);
    }
}

/* name=value or name, up to end; equals is end when there is no value. */
static inline void param_take(const struct sip_reader *reader, struct params_seen *seen,
                              unsigned name, unsigned equals, unsigned end)
{
    if (name == equals || equals + 1 == end) {
        sip_note(reader, SIP_ODD_BAD_PARAMETER, name, end);
    }
    if (name < equals) {
        if (params_see(reader, seen, name, equals, URI_PARAMS_MAX)) {
            sip_note(reader, SIP_ODD_URI_REPEATED_PARAMETER, name, end);
        }
        param_judge(reader, name, equals, equals < end ? equals + 1 : end, end);
    }
}

/* Parameters up to the first octet that has no place in them. */
static unsigned params_walk(const struct sip_reader *reader, unsigned from, unsigned limit)
{
    struct params_seen seen;
    unsigned name = from, equals = 0;

    params_seen_init(&seen);
    for (;; from++) {
        char octet;

        from = next_mark(reader, from, limit);
        octet = octet_at(reader, from, limit);
        if (octet == ';') {
            param_take(reader, &seen, name, equals != 0 ? equals : from, from);
            name = from + 1;
            equals = 0;
        } else if (octet == '=' && equals == 0) {
            equals = from;
        } else if (octet == '%') {
            escape_judge(reader, from, limit);
            seen.has_escapes |= equals == 0;
        } else if (!char_is(octet, CHAR_PARAM)) {
            break;
        }
    }
    param_take(reader, &seen, name, equals != 0 ? equals : from, from);
    return from;
}

/* [user@]host[:port][;parameters] and an end; false when it is anything else. */
static bool sip_take_plain(const struct sip_reader *reader, unsigned from, unsigned limit,
                           enum sip_uri_place where, struct sip_uri *uri, unsigned *end)
{
    unsigned stop = host_end(reader, from, limit);

    if (is_octet(reader, stop, limit, '@')) {
        uri->user = span_between(from, stop);
        user_judge(reader, from, stop);
        from = stop + 1;
        stop = host_end(reader, from, limit);
    }
    uri->host = span_between(from, stop);
    uri->host_kind = (uint8_t)host_judge(reader, from, stop);
    if (is_octet(reader, stop, limit, ':')) {
        from = stop + 1;
        stop = next_stop(reader, from, limit);
        uri->port = port_read(reader, from, stop);
    }
    if (where != SIP_URI_BARE && is_octet(reader, stop, limit, ';')) {
        from = stop + 1;
        stop = params_walk(reader, from, limit);
        uri->params = span_between(from, stop);
    }
    *end = stop;
    return stop == limit || is_end(reader->at[stop], where);
}

/* Parameters of a part that may hold anything. */
static void params_judge(const struct sip_reader *reader, unsigned from, unsigned to)
{
    while ((from = params_walk(reader, from, to)) < to) {
        octet_bad(reader, from);
        from++;
    }
}

static void user_take(const struct sip_reader *reader, unsigned from, const struct uri_marks *marks,
                      struct sip_uri *uri)
{
    unsigned to = marks->password != 0 ? marks->password : marks->at;

    uri->user = span_between(from, to);
    user_judge(reader, from, to);
    if (marks->password != 0) {
        octets_judge(reader, to + 1, marks->at, CHAR_USER);
        sip_note(reader, SIP_ODD_URI_PASSWORD, to, marks->at);
    }
}

/* Parameters and headers. */
static void tail_take(const struct sip_reader *reader, const struct uri_marks *marks,
                      struct sip_uri *uri)
{
    unsigned params_end = marks->question != 0 ? marks->question : marks->end;

    if (marks->semicolon != 0) {
        uri->params = span_between(marks->semicolon + 1, params_end);
        params_judge(reader, marks->semicolon + 1, params_end);
    }
    if (marks->question != 0) {
        uri->headers = span_between(marks->question + 1, marks->end);
        octets_judge(reader, marks->question + 1, marks->end, CHAR_HEADER);
        sip_note(reader, SIP_ODD_URI_HEADERS, marks->question, marks->end);
    }
}

/* Where user or host end. */
static unsigned front_end(const struct uri_marks *marks)
{
    if (marks->semicolon != 0) {
        return marks->semicolon;
    }
    return marks->question != 0 ? marks->question : marks->end;
}

static unsigned sip_take_slowly(const struct sip_reader *reader, unsigned from, unsigned limit,
                                enum sip_uri_place where, struct sip_uri *uri)
{
    struct uri_marks marks;
    unsigned port_end, host_to;

    marks_find(reader, from, limit, where, &marks);
    if (marks.at != 0) {
        user_take(reader, from, &marks, uri);
        from = marks.at + 1;
    }
    port_end = front_end(&marks);
    host_to = marks.port != 0 ? marks.port : port_end;
    uri->host = span_between(from, host_to);
    uri->host_kind = (uint8_t)host_judge(reader, from, host_to);
    if (marks.port != 0) {
        uri->port = port_read(reader, marks.port + 1, port_end);
    }
    tail_take(reader, &marks, uri);
    return marks.end;
}

/* What stands behind "sip:" or "sips:".  The second reading begins with what the first one found.
 */
static unsigned sip_take(const struct sip_reader *reader, unsigned from, unsigned limit,
                         enum sip_uri_place where, struct sip_uri *uri)
{
    struct sip_oddities before = *reader->oddities;
    unsigned end;

    if (!sip_take_plain(reader, from, limit, where, uri, &end)) {
        *reader->oddities = before;
        *uri = (struct sip_uri){0};
        end = sip_take_slowly(reader, from, limit, where, uri);
    }
    return end;
}

/* Digits and separators of a telephone number (RFC 3966 3). */
static bool is_telephone(struct slice digits)
{
    bool is_global = digits.len > 0 && digits.at[0] == '+';
    bool has_digit = false;

    for (size_t i = is_global ? 1 : 0; i < digits.len; i++) {
        char octet = digits.at[i];

        if (char_is_digit(octet) ||
            (!is_global && (char_hex(octet) >= 0 || octet == '*' || octet == '#'))) {
            has_digit = true;
        } else if (octet != '-' && octet != '.' && octet != '(' && octet != ')') {
            return false;
        }
    }
    return has_digit;
}

static unsigned tel_take(const struct sip_reader *reader, unsigned from, unsigned limit,
                         enum sip_uri_place where, struct sip_uri *uri)
{
    struct uri_marks marks;
    unsigned end;

    marks_find(reader, from, limit, where, &marks);
    end = front_end(&marks);
    uri->user = span_between(from, end);
    if (!is_telephone(reader_slice(reader, from, end))) {
        sip_note(reader, SIP_ODD_BAD_URI, from, end);
    }
    tail_take(reader, &marks, uri);
    return marks.end;
}

/* "urn:service:" and a name in labels (RFC 5031 3); other URNs are another scheme. */
static bool urn_take(const struct sip_reader *reader, unsigned from, unsigned to,
                     struct sip_uri *uri)
{
    struct slice rest = reader_slice(reader, from, to);
    struct slice space = SLICE("service:");

    if (!slice_starts_nocase(rest, space)) {
        return false;
    }
    from += (unsigned)space.len;
    uri->user = span_between(from, to);
    if (from == to) {
        sip_note(reader, SIP_ODD_BAD_URI, from, to);
    }
    for (; (from = next_mark(reader, from, to)) < to; from++) {
        if (reader->at[from] != '-' && reader->at[from] != '.') {
            octet_bad(reader, from);
        }
    }
    return true;
}

static bool is_scheme(const struct sip_reader *reader, unsigned from, unsigned to)
{
    if (from == to || !char_is_letter(reader->at[from])) {
        return false;
    }
    for (; (from = next_mark(reader, from, to)) < to; from++) {
        char octet = reader->at[from];

        if (octet != '+' && octet != '-' && octet != '.') {
            return false;
        }
    }
    return true;
}

/* Every other scheme, or none. */
static unsigned other_take(const struct sip_reader *reader, unsigned from, unsigned limit,
                           enum sip_uri_place where, struct sip_uri *uri)
{
    unsigned colon = next_stop(reader, from, limit);
    struct uri_marks marks;

    marks_find(reader, from, limit, where, &marks);
    if (!is_octet(reader, colon, marks.end, ':') || !is_scheme(reader, from, colon) ||
        colon + 1 == marks.end) {
        sip_note(reader, SIP_ODD_BAD_URI, from, marks.end);
    } else if (slice_equal_nocase(reader_slice(reader, from, colon), SLICE("urn")) &&
               urn_take(reader, colon + 1, marks.end, uri)) {
        uri->scheme = SIP_SCHEME_URN_SERVICE;
    } else {
        uri->scheme = SIP_SCHEME_OTHER;
        octets_judge(reader, colon + 1, marks.end, CHAR_URI);
        sip_note(reader, SIP_ODD_UNKNOWN_SCHEME, from, marks.end);
    }
    return marks.end;
}

/* A name of three or four letters and its colon. */
static enum sip_scheme scheme_of(const char *at, unsigned len)
{
    if (len > 4 && chars_equal(at, "sips", 4) && at[4] == ':') {
        return SIP_SCHEME_SIPS;
    }
    if (len < 4 || at[3] != ':') {
        return SIP_SCHEME_OTHER;
    }
    if (chars_equal(at, "sip", 3)) {
        return SIP_SCHEME_SIP;
    }
    return chars_equal(at, "tel", 3) ? SIP_SCHEME_TEL : SIP_SCHEME_OTHER;
}

unsigned sip_uri_take(const struct sip_reader *reader, unsigned from, unsigned limit,
                      enum sip_uri_place place, struct sip_uri *uri)
{
    enum sip_scheme scheme = scheme_of(reader->at + from, limit - from);
    unsigned end = from + (scheme == SIP_SCHEME_SIPS ? 5 : 4);

    switch (scheme) {
    case SIP_SCHEME_SIP:
    case SIP_SCHEME_SIPS:
        end = sip_take(reader, end, limit, place, uri);
        uri->scheme = (uint8_t)scheme;
        break;
    case SIP_SCHEME_TEL:
        end = tel_take(reader, end, limit, place, uri);
        uri->scheme = (uint8_t)scheme;
        break;
    case SIP_SCHEME_NONE:
    case SIP_SCHEME_URN_SERVICE:
    case SIP_SCHEME_OTHER:
        end = other_take(reader, from, limit, place, uri);
        break;
    }
    uri->whole = span_between(from, end);
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

bool sip_uri_read(const char *base, struct sip_span at, struct sip_uri *uri,
                  struct sip_oddities *oddities)
{
    struct sip_scan scan;
    struct sip_reader reader = {.oddities = oddities};

    sip_reader_init(&reader, &scan, sip_span_of(base, at));
    *uri = (struct sip_uri){0};
    sip_uri_take(&reader, 0, reader.len, SIP_URI_ALONE, uri);
    span_shift(&uri->whole, at.at);
    span_shift(&uri->user, at.at);
    span_shift(&uri->host, at.at);
    span_shift(&uri->params, at.at);
    span_shift(&uri->headers, at.at);
    return uri->scheme != SIP_SCHEME_NONE;
}

bool sip_uri_read_text(struct slice text, struct sip_uri *uri, struct sip_oddities *oddities)
{
    uint16_t len = (uint16_t)(text.len < UINT16_MAX ? text.len : UINT16_MAX);

    return sip_uri_read(text.at, (struct sip_span){0, len}, uri, oddities);
}
