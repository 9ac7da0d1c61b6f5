/*
 * URIs that are not plain, and those of other schemes: all delimiters first, then every part octet
 * by octet.
 */
#include "wire/sip/host.h"
#include "wire/sip/uri_parts.h"

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
    while ((from = next_stop(reader, from)) < limit && !uri_is_end(reader->at[from], where)) {
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

/* Parameters of a part that may hold anything. */
static void params_judge(const struct sip_reader *reader, size_t from, size_t to)
{
    while ((from = uri_params_walk(reader, from, to)) < to) {
        sip_note(reader, SIP_ODD_BAD_URI, from, from + 1);
        from++;
    }
}

static void user_take(const struct sip_reader *reader, size_t from, const struct uri_marks *marks,
                      struct sip_uri *uri)
{
    size_t to = marks->password != 0 ? marks->password : marks->at;

    span_set(&uri->user, from, to);
    uri_user_judge(reader, from, to);
    if (marks->password != 0) {
        uri_octets_judge(reader, to + 1, marks->at, CHAR_USER);
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
        uri_octets_judge(reader, marks->question + 1, marks->end, CHAR_HEADER);
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

size_t uri_take_slowly(const struct sip_reader *reader, size_t from, size_t limit,
                       enum sip_uri_place where, struct sip_uri *uri)
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

size_t uri_tel_take(const struct sip_reader *reader, size_t from, size_t limit,
                    enum sip_uri_place where, struct sip_uri *uri)
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

size_t uri_other_take(const struct sip_reader *reader, size_t from, size_t limit,
                      enum sip_uri_place where, struct sip_uri *uri)
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
        uri_octets_judge(reader, colon + 1, marks.end, CHAR_URI);
        sip_note(reader, SIP_ODD_UNKNOWN_SCHEME, from, marks.end);
    }
    return marks.end;
}
