/*
 * URIs.
 *
 * Nearly all are [user@]host[:port][;parameters] and are taken apart from left to right.  What is
 * otherwise is read a second time, slowly: all delimiters first, because what stands before an '@'
 * may look like a host or parameters (RFC 4475 3.1.1.9), then every part octet by octet.
 */
#include "wire/sip/host.h"
#include "wire/sip/params.h"

enum { URI_PARAMS_MAX = 32 }; /* HYG-L12 */

/* Places of delimiters, 0 for none: a scheme stands before all of them. */
struct uri_marks {
    size_t at;        /* '@' */
    size_t password;  /* first ':' before it */
    size_t port;      /* ':' behind the host */
    size_t semicolon; /* first one behind the host */
    size_t question;  /* first one behind the host */
    size_t end;
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

static void marks_see(struct uri_marks *marks, char octet, size_t place)
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

static void marks_find(const struct sip_reader *reader, size_t from, size_t limit,
                       enum sip_uri_place where, struct uri_marks *marks)
{
    *marks = (struct uri_marks){0};
    while ((from = next_stop(reader, from)) < limit && !is_end(reader->at[from], where)) {
        marks_see(marks, reader->at[from], from);
        if (reader->at[from] == '\n') {
            sip_note(reader, SIP_ODD_FOLDED_PLACE, from, from + 1);
        } else if (reader->at[from] == '<' && where == SIP_URI_BRACKETS) {
            sip_note(reader, SIP_ODD_TWO_BRACKETS, from, from + 1);
        }
        from++;
    }
    marks->end = from;
}

/* The escape at place. */
static void escape_judge(const struct sip_reader *reader, size_t place, size_t to)
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

/* What octets of the kinds, and escapes, make of [from, to). */
static void octets_judge(const struct sip_reader *reader, size_t from, size_t to, unsigned kinds)
{
    for (; (from = next_mark(reader, from)) < to; from++) {
        if (reader->at[from] == '%') {
            escape_judge(reader, from, to);
        } else if (!char_is(reader->at[from], kinds)) {
            sip_note(reader, SIP_ODD_BAD_URI, from, from + 1);
        }
    }
}

/* Digits, letters and a '+' in front are never odd. */
static inline void user_judge(const struct sip_reader *reader, size_t from, size_t to)
{
    if (from == to) {
        sip_note(reader, SIP_ODD_BAD_URI, from, to + 1);
    } else if (next_mark(reader, from + (reader->at[from] == '+')) != to) {
        octets_judge(reader, from, to, CHAR_USER);
    }
}

/* The transports of rules HYG-U10. */
static inline bool is_transport(const char *at, size_t len)
{
    switch (len) {
    case 2:
        return chars_equal(at, "ws", 2);
    case 3:
        return chars_equal(at, "udp", 3) || chars_equal(at, "tcp", 3) ||
               chars_equal(at, "tls", 3) || chars_equal(at, "wss", 3);
    case 4:
        return chars_equal(at, "sctp", 4);
    default:
        return false;
    }
}

/* What the parameters of a sip URI that we know mean. */
static inline void param_judge(const struct sip_reader *reader, size_t name, size_t name_end,
                               size_t end)
{
    const char *at = reader->at + name;
    size_t value = name_end < end ? name_end + 1 : end;
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
        if (chars_equal(at, "transport", 9) && !is_transport(reader->at + value, end - value)) {
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

/* The next octet that is none of a parameter's name or value; escapes are. */
static inline size_t part_end(const struct sip_reader *reader, size_t from, size_t limit,
                              bool *is_escaped)
{
    for (;; from++) {
        from = next_mark(reader, from);
        if (reader->at[from] == '%') {
            escape_judge(reader, from, limit);
            *is_escaped = true;
        } else if (!char_is(reader->at[from], CHAR_PARAM)) {
            return from;
        }
    }
}

/* Parameters up to the first octet that has no place in them. */
static __attribute__((noinline)) size_t params_walk(const struct sip_reader *reader, size_t from,
                                                    size_t limit)
{
    struct params_seen seen;
    bool is_escaped = false;

    seen.kinds = 0;
    seen.count = 0;
    seen.has_escapes = false;
    for (;; from++) {
        size_t name = from, name_end = part_end(reader, from, limit, &seen.has_escapes);

        from = name_end;
        if (reader->at[from] == '=') {
            from = part_end(reader, from + 1, limit, &is_escaped);
        }
        if (name == name_end || name_end + 1 == from) {
            sip_note(reader, SIP_ODD_BAD_PARAMETER, name, from);
        }
        if (seen.has_escapes) {
            seen.kinds = UINT32_MAX;
        }
        if (name != name_end) {
            param_judge(reader, name, name_end, from);
            if (params_see(reader, &seen, name, name_end, URI_PARAMS_MAX)) {
                sip_note(reader, SIP_ODD_URI_REPEATED_PARAMETER, name, from);
            }
        }
        if (reader->at[from] != ';') {
            return from;
        }
    }
}

/* Often there is one parameter, without anything odd about it. */
static inline size_t uri_params_take(const struct sip_reader *reader, size_t from, size_t limit)
{
    size_t name_end = next_mark(reader, from), end = name_end;

    if (reader->at[end] == '=') {
        end = next_mark(reader, end + 1);
    }
    if (name_end == from || name_end + 1 == end || reader->at[end] == ';' ||
        reader->at[end] == '%' || char_is(reader->at[end], CHAR_PARAM)) {
        return params_walk(reader, from, limit);
    }
    param_judge(reader, from, name_end, end);
    return end;
}

static inline bool is_plain_end(const struct sip_reader *reader, size_t place, size_t limit,
                                enum sip_uri_place where)
{
    return place == limit || is_end(reader->at[place], where);
}

/* [user@]host[:port][;parameters] and an end; any other end says that it is something else. */
static inline size_t sip_take_plain(const struct sip_reader *reader, size_t from, size_t limit,
                                    enum sip_uri_place where, struct sip_uri *uri)
{
    size_t stop = next_stop(reader, from);

    if (reader->at[stop] == '@') {
        span_set(&uri->user, from, stop);
        user_judge(reader, from, stop);
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
        stop = uri_params_take(reader, from, limit);
        span_set(&uri->params, from, stop);
    }
    return stop;
}

/* Parameters of a part that may hold anything. */
static void params_judge(const struct sip_reader *reader, size_t from, size_t to)
{
    while ((from = params_walk(reader, from, to)) < to) {
        sip_note(reader, SIP_ODD_BAD_URI, from, from + 1);
        from++;
    }
}

static void user_take(const struct sip_reader *reader, size_t from, const struct uri_marks *marks,
                      struct sip_uri *uri)
{
    size_t to = marks->password != 0 ? marks->password : marks->at;

    span_set(&uri->user, from, to);
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
    size_t params_end = marks->question != 0 ? marks->question : marks->end;

    if (marks->semicolon != 0) {
        span_set(&uri->params, marks->semicolon + 1, params_end);
        params_judge(reader, marks->semicolon + 1, params_end);
    }
    if (marks->question != 0) {
        span_set(&uri->headers, marks->question + 1, marks->end);
        octets_judge(reader, marks->question + 1, marks->end, CHAR_HEADER);
        sip_note(reader, SIP_ODD_URI_HEADERS, marks->question, marks->end);
    }
}

/* Where user or host end. */
static size_t front_end(const struct uri_marks *marks)
{
    if (marks->semicolon != 0) {
        return marks->semicolon;
    }
    return marks->question != 0 ? marks->question : marks->end;
}

static __attribute__((noinline)) size_t sip_take_slowly(const struct sip_reader *reader,
                                                        size_t from, size_t limit,
                                                        enum sip_uri_place where,
                                                        struct sip_uri *uri)
{
    struct uri_marks marks;
    size_t port_end, host_to;

    marks_find(reader, from, limit, where, &marks);
    if (marks.at != 0) {
        user_take(reader, from, &marks, uri);
        from = marks.at + 1;
    }
    port_end = front_end(&marks);
    host_to = marks.port != 0 ? marks.port : port_end;
    span_set(&uri->host, from, host_to);
    uri->host_kind = (uint8_t)sip_host_judge(reader, from, host_to);
    if (marks.port != 0) {
        uri->port = port_read(reader, marks.port + 1, port_end);
    }
    tail_take(reader, &marks, uri);
    return marks.end;
}

/* What stands behind "sip:" or "sips:".  The second reading begins with what the first one found.
 */
static inline size_t sip_take(const struct sip_reader *reader, size_t from, size_t limit,
                              enum sip_uri_place where, struct sip_uri *uri)
{
    uint64_t before = reader->oddities->bits[0], before_too = reader->oddities->bits[1];
    size_t end = sip_take_plain(reader, from, limit, where, uri);

    if (is_plain_end(reader, end, limit, where)) {
        return end;
    }
    reader->oddities->bits[0] = before;
    reader->oddities->bits[1] = before_too;
    *uri = (struct sip_uri){0};
    return sip_take_slowly(reader, from, limit, where, uri);
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

static __attribute__((noinline)) size_t tel_take(const struct sip_reader *reader, size_t from,
                                                 size_t limit, enum sip_uri_place where,
                                                 struct sip_uri *uri)
{
    struct uri_marks marks;
    size_t end;

    marks_find(reader, from, limit, where, &marks);
    end = front_end(&marks);
    span_set(&uri->user, from, end);
    if (!is_telephone(reader_slice(reader, from, end))) {
        sip_note(reader, SIP_ODD_BAD_URI, from, end);
    }
    tail_take(reader, &marks, uri);
    return marks.end;
}

/* "urn:service:" and a name in labels (RFC 5031 3); other URNs are another scheme. */
static bool urn_take(const struct sip_reader *reader, size_t from, size_t to, struct sip_uri *uri)
{
    struct slice rest = reader_slice(reader, from, to);
    struct slice space = SLICE("service:");

    if (!slice_starts_nocase(rest, space)) {
        return false;
    }
    from += space.len;
    span_set(&uri->user, from, to);
    if (from == to) {
        sip_note(reader, SIP_ODD_BAD_URI, from, to);
    }
    for (; (from = next_mark(reader, from)) < to; from++) {
        sip_note(reader, SIP_ODD_BAD_URI, from, from + 1);
    }
    return true;
}

static bool is_scheme(const struct sip_reader *reader, size_t from, size_t to)
{
    if (from == to || !char_is_letter(reader->at[from])) {
        return false;
    }
    for (; (from = next_mark(reader, from)) < to; from++) {
        if (reader->at[from] != '+') {
            return false;
        }
    }
    return true;
}

/* Every other scheme, or none. */
static __attribute__((noinline)) size_t other_take(const struct sip_reader *reader, size_t from,
                                                   size_t limit, enum sip_uri_place where,
                                                   struct sip_uri *uri)
{
    size_t colon = next_stop(reader, from);
    struct uri_marks marks;

    marks_find(reader, from, limit, where, &marks);
    if (reader->at[colon] != ':' || !is_scheme(reader, from, colon) || colon + 1 >= marks.end) {
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
static enum sip_scheme scheme_of(const char *at, size_t len)
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
        end = tel_take(reader, end, limit, place, uri);
        uri->scheme = (uint8_t)scheme;
        break;
    case SIP_SCHEME_NONE:
    case SIP_SCHEME_URN_SERVICE:
    case SIP_SCHEME_OTHER:
        end = other_take(reader, from, limit, place, uri);
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
