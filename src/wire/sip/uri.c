/*
 * A URI is taken apart at its delimiters, then every part is looked at for octets that have no
 * place in it.
 */
#include "wire/packet.h"
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

/* True when the URI ends here. */
static bool marks_see(struct uri_marks *marks, char octet, unsigned place, enum sip_uri_place where)
{
    switch (octet) {
    case '@':
        if (marks->at == 0) {
            *marks = (struct uri_marks){.at = place, .password = marks->password};
        }
        return false;
    case ':':
        if ((marks->at | marks->password) == 0) {
            marks->password = place;
        }
        if ((marks->port | marks->semicolon | marks->question) == 0 && !marks->in_literal) {
            marks->port = place;
        }
        return false;
    case ';':
        if ((marks->semicolon | marks->question) == 0) {
            marks->semicolon = place;
        }
        return where == SIP_URI_BARE;
    case '?':
        if (marks->question == 0) {
            marks->question = place;
        }
        return where == SIP_URI_BARE;
    case '[':
        marks->in_literal = (marks->port | marks->semicolon | marks->question) == 0;
        return false;
    case ']':
        marks->in_literal = false;
        return false;
    case '>':
        return where != SIP_URI_ALONE;
    case ',':
    case '<':
    case '"':
    case ' ':
    case '\t':
    case '\r':
    case '\n':
        return where == SIP_URI_BARE;
    default:
        return false;
    }
}

static void marks_find(const struct sip_reader *reader, unsigned from, unsigned limit,
                       enum sip_uri_place where, struct uri_marks *marks)
{
    unsigned place = from;

    *marks = (struct uri_marks){0};
    while ((place = next_stop(reader, place, limit)) < limit &&
           !marks_see(marks, reader->at[place], place, where)) {
        place++;
    }
    marks->end = place;
    if (where == SIP_URI_BARE) {
        marks->semicolon = marks->question = 0;
    }
}

/* The escape at place; false when it is none. */
static bool escape_judge(const struct sip_reader *reader, unsigned place, unsigned to)
{
    const char *at = reader->at + place;
    int high = place + 2 < to ? char_hex(at[1]) : -1;
    int low = place + 2 < to ? char_hex(at[2]) : -1;
    int octet = high * 16 + low;

    if (high < 0 || low < 0) {
        sip_note(reader, SIP_ODD_BAD_ESCAPE, place, to - place < 3 ? to : place + 3);
        return false;
    }
    if (octet < 0x20 || octet == 0x7F) {
        sip_note(reader, SIP_ODD_ESCAPED_CONTROL, place, place + 3);
    } else if (octet == '%' && place + 4 < to && char_hex(at[3]) >= 0 && char_hex(at[4]) >= 0) {
        sip_note(reader, SIP_ODD_ESCAPED_CONTROL, place, place + 5);
    }
    return true;
}

/* An octet that has no place where it is. */
static void octet_bad(const struct sip_reader *reader, enum sip_oddity oddity, unsigned place)
{
    char octet = reader->at[place];

    if (octet == '\r' || octet == '\n') {
        sip_note(reader, SIP_ODD_FOLDED_PLACE, place, place + 1);
    }
    sip_note(reader, octet == '<' ? SIP_ODD_TWO_BRACKETS : oddity, place, place + 1);
    if (octet == '<') {
        sip_note(reader, oddity, place, place + 1);
    }
}

static void octets_judge(const struct sip_reader *reader, unsigned from, unsigned to,
                         unsigned kinds)
{
    while ((from = next_mark(reader, from, to)) < to) {
        if (reader->at[from] == '%') {
            escape_judge(reader, from, to);
        } else if (!char_is(reader->at[from], kinds)) {
            octet_bad(reader, SIP_ODD_BAD_URI, from);
        }
        from++;
    }
}

static bool is_transport(struct slice value)
{
    enum transport transport;

    return transport_read(value, &transport) || slice_equal_nocase(value, SLICE("sctp"));
}

/* What a parameter of a sip URI means to us. */
static void param_judge(const struct sip_reader *reader, struct slice name, unsigned value,
                        unsigned end)
{
    unsigned from = (unsigned)(name.at - reader->at);

    switch (name.len) {
    case 3:
        if (slice_equal_nocase(name, SLICE("ttl"))) {
            sip_note(reader, SIP_ODD_URI_MADDR, from, end);
        }
        break;
    case 5:
        if (slice_equal_nocase(name, SLICE("maddr"))) {
            sip_note(reader, SIP_ODD_URI_MADDR, from, end);
        }
        break;
    case 6:
        if (slice_equal_nocase(name, SLICE("method"))) {
            sip_note(reader, SIP_ODD_URI_MADDR, from, end);
        }
        break;
    case 9:
        if (slice_equal_nocase(name, SLICE("transport")) &&
            !is_transport(reader_slice(reader, value, end))) {
            sip_note(reader, SIP_ODD_BAD_TRANSPORT, from, end);
        }
        break;
    default:
        break;
    }
}

/* name=value or name, from name to end; equals is end when there is no value. */
static void param_take(const struct sip_reader *reader, struct params_seen *seen, unsigned name,
                       unsigned equals, unsigned end)
{
    unsigned value = equals < end ? equals + 1 : end;

    if (name == equals || (equals < end && value == end)) {
        sip_note(reader, SIP_ODD_BAD_PARAMETER, name, end);
    }
    if (params_see(reader, seen, name, equals)) {
        sip_note(reader, SIP_ODD_URI_REPEATED_PARAMETER, name, end);
    }
    param_judge(reader, reader_slice(reader, name, equals), value, end);
}

static void params_judge(const struct sip_reader *reader, unsigned from, unsigned to)
{
    struct params_seen seen;
    unsigned name = from, equals = to;

    seen.kinds = 0;
    seen.count = 0;
    seen.limit = URI_PARAMS_MAX;
    seen.has_escapes = false;
    while ((from = next_mark(reader, from, to)) < to) {
        char octet = reader->at[from];

        if (octet == ';') {
            param_take(reader, &seen, name, equals < from ? equals : from, from);
            name = from + 1;
            equals = to;
        } else if (octet == '=' && equals == to) {
            equals = from;
        } else if (octet == '%') {
            escape_judge(reader, from, to);
            seen.has_escapes |= equals == to;
        } else if (!char_is(octet, CHAR_PARAM)) {
            octet_bad(reader, SIP_ODD_BAD_URI, from);
        }
        from++;
    }
    param_take(reader, &seen, name, equals, to);
}

/* Parameters and headers, the same for all our schemes. */
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

static void user_take(const struct sip_reader *reader, unsigned from, const struct uri_marks *marks,
                      struct sip_uri *uri)
{
    unsigned to = marks->password != 0 ? marks->password : marks->at;

    uri->user = span_between(from, to);
    octets_judge(reader, from, to, CHAR_USER);
    if (from == to) {
        sip_note(reader, SIP_ODD_BAD_URI, from, marks->at + 1);
    }
    if (marks->password != 0) {
        octets_judge(reader, to + 1, marks->at, CHAR_USER);
        sip_note(reader, SIP_ODD_URI_PASSWORD, to, marks->at);
    }
}

/* What stands behind "sip:" or "sips:". */
static unsigned sip_take(const struct sip_reader *reader, unsigned from, unsigned limit,
                         enum sip_uri_place where, struct sip_uri *uri)
{
    struct uri_marks marks;
    unsigned authority_end, host_end;

    marks_find(reader, from, limit, where, &marks);
    if (marks.at != 0) {
        user_take(reader, from, &marks, uri);
        from = marks.at + 1;
    }
    authority_end = marks.semicolon != 0  ? marks.semicolon
                    : marks.question != 0 ? marks.question
                                          : marks.end;
    host_end = marks.port != 0 ? marks.port : authority_end;
    uri->host = span_between(from, host_end);
    uri->host_kind = (uint8_t)sip_host_judge(reader, from, host_end);
    if (marks.port != 0) {
        uri->port = sip_port_read(reader, marks.port + 1, authority_end);
    }
    tail_take(reader, &marks, uri);
    return marks.end;
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
    end = marks.semicolon != 0 ? marks.semicolon : marks.question != 0 ? marks.question : marks.end;
    uri->user = span_between(from, end);
    if (!is_telephone(reader_slice(reader, from, end))) {
        sip_note(reader, SIP_ODD_BAD_URI, from, end);
    }
    tail_take(reader, &marks, uri);
    return marks.end;
}

/* "urn:service:" and a name in labels (RFC 5031 3); other URNs are other schemes. */
static bool urn_take(const struct sip_reader *reader, unsigned from, unsigned to,
                     struct sip_uri *uri)
{
    struct slice rest = reader_slice(reader, from, to);
    struct slice space = SLICE("service:");

    if (!slice_starts_nocase(rest, space)) {
        return false;
    }
    uri->user = span_between(from + (unsigned)space.len, to);
    for (size_t i = space.len; i < rest.len; i++) {
        if (!char_is_letter(rest.at[i]) && !char_is_digit(rest.at[i]) && rest.at[i] != '-' &&
            rest.at[i] != '.') {
            octet_bad(reader, SIP_ODD_BAD_URI, from + (unsigned)i);
        }
    }
    if (rest.len == space.len) {
        sip_note(reader, SIP_ODD_BAD_URI, from, to);
    }
    return true;
}

/* Every other scheme; scheme is where its colon stands, or end when there is none. */
static enum sip_scheme other_take(const struct sip_reader *reader, unsigned from, unsigned colon,
                                  unsigned end, struct sip_uri *uri)
{
    bool is_scheme = colon < end && char_is_letter(reader->at[from]) && colon + 1 < end;

    for (unsigned i = from; is_scheme && i < colon; i++) {
        char octet = reader->at[i];

        is_scheme = char_is_letter(octet) || char_is_digit(octet) || octet == '+' || octet == '-' ||
                    octet == '.';
    }
    if (!is_scheme) {
        sip_note(reader, SIP_ODD_BAD_URI, from, end);
        return SIP_SCHEME_NONE;
    }
    if (slice_equal_nocase(reader_slice(reader, from, colon), SLICE("urn")) &&
        urn_take(reader, colon + 1, end, uri)) {
        return SIP_SCHEME_URN_SERVICE;
    }
    octets_judge(reader, colon + 1, end, CHAR_URI);
    sip_note(reader, SIP_ODD_UNKNOWN_SCHEME, from, end);
    return SIP_SCHEME_OTHER;
}

static enum sip_scheme scheme_of(struct slice name)
{
    if (name.len == 3 && slice_equal_nocase(name, SLICE("sip"))) {
        return SIP_SCHEME_SIP;
    }
    if (name.len == 3 && slice_equal_nocase(name, SLICE("tel"))) {
        return SIP_SCHEME_TEL;
    }
    if (name.len == 4 && slice_equal_nocase(name, SLICE("sips"))) {
        return SIP_SCHEME_SIPS;
    }
    return SIP_SCHEME_OTHER;
}

unsigned sip_uri_take(const struct sip_reader *reader, unsigned from, unsigned limit,
                      enum sip_uri_place place, struct sip_uri *uri)
{
    unsigned colon = next_stop(reader, from, limit);
    enum sip_scheme scheme = SIP_SCHEME_OTHER;
    struct uri_marks marks;
    unsigned end;

    *uri = (struct sip_uri){0};
    if (is_octet(reader, colon, limit, ':')) {
        scheme = scheme_of(reader_slice(reader, from, colon));
    }
    if (scheme == SIP_SCHEME_SIP || scheme == SIP_SCHEME_SIPS) {
        end = sip_take(reader, colon + 1, limit, place, uri);
    } else if (scheme == SIP_SCHEME_TEL) {
        end = tel_take(reader, colon + 1, limit, place, uri);
    } else {
        marks_find(reader, from, limit, place, &marks);
        end = marks.end;
        colon = is_octet(reader, colon, end, ':') ? colon : end;
        scheme = other_take(reader, from, colon, end, uri);
    }
    uri->scheme = (uint8_t)scheme;
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
    struct sip_reader reader = {.at = base + at.at, .scan = &scan, .oddities = oddities};

    sip_scan(&scan, sip_span_of(base, at));
    sip_uri_take(&reader, 0, scan.len, SIP_URI_ALONE, uri);
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
