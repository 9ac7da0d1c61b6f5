/* The start line (RFC 3261 7.1, 7.2; rules 1.4). */
#include "wire/sip/reader.h"

static bool is_version(struct slice text)
{
    return slice_equal_nocase(text, SLICE("SIP/2.0"));
}

/* The first blank at or behind from, at most to. */
static size_t word_end(const struct sip_reader *reader, size_t from, size_t to)
{
    while ((from = next_stop(reader, from)) < to && !char_is_blank(reader->at[from])) {
        from++;
    }
    return from < to ? from : to;
}

/* Behind the blanks at from; anything but one SP is odd. */
static size_t gap_take(const struct sip_reader *reader, size_t from, size_t to)
{
    size_t end = skip_blanks(reader, from, to);

    if (end != from + 1 || reader->at[from] != ' ') {
        sip_note(reader, SIP_ODD_START_LINE_BLANKS, from, end);
    }
    return end;
}

static void method_take(const struct sip_reader *reader, size_t from, size_t to)
{
    struct sip_message *message = reader->message;

    span_set(&message->method_text, from, to);
    message->method = (uint8_t)sip_method_find(reader_slice(reader, from, to));
    if (message->method == SIP_METHOD_UNKNOWN) {
        bool is_token = from < to && next_stop(reader, from) >= to;

        sip_note(reader, is_token ? SIP_ODD_UNKNOWN_METHOD : SIP_ODD_BAD_METHOD, from, to);
    }
}

static void request_uri_take(const struct sip_reader *reader, size_t from, size_t to)
{
    struct sip_uri *uri = &reader->message->uri;
    uint64_t bad = UINT64_C(1) << SIP_ODD_BAD_URI % 64;

    sip_uri_take(reader, from, to, SIP_URI_ALONE, uri);
    /* No other URI was read yet. */
    if ((reader->oddities->bits[SIP_ODD_BAD_URI / 64] & bad) != 0 || uri->headers.len != 0) {
        sip_note(reader, SIP_ODD_BAD_REQUEST_URI, from, to);
    }
    /* A blank in it is always odd in some other way too. */
    if ((reader->oddities->bits[0] | reader->oddities->bits[1]) != 0 &&
        word_end(reader, from, to) < to) {
        sip_note(reader, SIP_ODD_START_LINE_BLANKS, from, to);
    }
}

/* Where the last word begins. */
static size_t last_word(const struct sip_reader *reader, size_t from, size_t to)
{
    while (to > from && !char_is_blank(reader->at[to - 1])) {
        to--;
    }
    return to;
}

static void request_line_take(const struct sip_reader *reader, size_t from, size_t to)
{
    size_t method_end = word_end(reader, from, to);
    size_t uri = gap_take(reader, method_end, to);
    size_t version = last_word(reader, uri, to);
    size_t uri_end = trim_blanks(reader, uri, version);

    reader->message->is_request = true;
    method_take(reader, from, method_end);
    if (!is_version(reader_slice(reader, version, to))) {
        sip_note(reader, SIP_ODD_BAD_VERSION, version, to);
        if (version == uri) {
            uri_end = to; /* there is no third part */
        }
    }
    if (uri_end < version) {
        gap_take(reader, uri_end, version);
    }
    request_uri_take(reader, uri, uri_end);
}

static void status_take(const struct sip_reader *reader, size_t from, size_t to)
{
    uint64_t status = 0;

    if (to - from != 3 || !slice_number(reader_slice(reader, from, to), 699, &status) ||
        status < 100) {
        sip_note(reader, SIP_ODD_BAD_STATUS, from, to);
        status = 0;
    }
    reader->message->status = (uint16_t)status;
}

static void status_line_take(const struct sip_reader *reader, size_t from, size_t to)
{
    size_t version_end = word_end(reader, from, to);
    size_t status = gap_take(reader, version_end, to);
    size_t status_end = word_end(reader, status, to);

    if (!is_version(reader_slice(reader, from, version_end))) {
        sip_note(reader, SIP_ODD_BAD_VERSION, from, version_end);
    }
    status_take(reader, status, status_end);
    if (status_end == to || reader->at[status_end] != ' ') {
        sip_note(reader, SIP_ODD_START_LINE_BLANKS, status, to);
    }
    if (status_end < to) {
        span_set(&reader->message->reason, status_end + 1, to);
    }
}

/* Octets above 0x7F have a place in the phrase only. */
static void high_judge(const struct sip_reader *reader, size_t to)
{
    struct sip_span reason = reader->message->reason;
    size_t phrase = reason.len != 0 ? reason.at : to;

    for (size_t i = 0; i < phrase; i++) {
        if ((unsigned char)reader->at[i] >= 0x80) {
            sip_note(reader, SIP_ODD_HIGH_OCTET, i, i + 1);
            break;
        }
    }
    if (!sip_is_utf8(reader_slice(reader, phrase, to))) {
        sip_note(reader, SIP_ODD_BAD_UTF8, phrase, to);
    }
}

/* Whether a line is one of SIP: it begins or ends with a version of it, or it asks for one of our
 * URIs. */
static bool is_sip(struct slice line)
{
    struct slice version = slice_skip(line, slice_find_last(line, ' ') + 1), method;

    if (slice_starts_nocase(line, SLICE("SIP/")) || slice_starts_nocase(version, SLICE("SIP/"))) {
        return true;
    }
    slice_cut(&line, ' ', &method);
    line = slice_trim(line);
    return slice_starts_nocase(line, SLICE("sip:")) || slice_starts_nocase(line, SLICE("sips:")) ||
           slice_starts_nocase(line, SLICE("tel:"));
}

/* A status line, a line with something odd about its blanks or version, or none of ours. */
static bool start_line_take_slowly(const struct sip_reader *reader, size_t to)
{
    size_t first = skip_blanks(reader, 0, to);
    size_t last = trim_blanks(reader, first, to);

    if (!is_sip(reader_slice(reader, first, last))) {
        return false;
    }
    if (slice_starts_nocase(reader_slice(reader, first, to), SLICE("SIP/"))) {
        last = to; /* the phrase may end in blanks, or be empty */
        status_line_take(reader, first, to);
    } else {
        request_line_take(reader, first, last);
    }
    if (first != 0 || last != to) {
        sip_note(reader, SIP_ODD_START_LINE_BLANKS, 0, to);
    }
    return true;
}

bool sip_start_line_take(const struct sip_reader *reader, size_t to)
{
    size_t method_end = next_stop(reader, 0);
    const char *end = reader->at + to;

    if (to > SIP_START_LINE_MAX) {
        sip_note(reader, SIP_ODD_LONG_START_LINE, 0, to);
    }
    if (method_end != 0 && method_end + 9 < to && reader->at[method_end] == ' ' &&
        memcmp(end - 8, " SIP/2.0", 8) == 0 && !char_is_blank(reader->at[method_end + 1]) &&
        !char_is_blank(end[-9])) {
        reader->message->is_request = true;
        method_take(reader, 0, method_end);
        if (!sip_plain_uri_take(reader, method_end + 1, to - 8, &reader->message->uri)) {
            reader->message->uri = (struct sip_uri){0};
            request_uri_take(reader, method_end + 1, to - 8);
        }
    } else if (!start_line_take_slowly(reader, to)) {
        return false;
    }
    if (!reader->scan.is_plain) {
        high_judge(reader, to);
    }
    return true;
}
