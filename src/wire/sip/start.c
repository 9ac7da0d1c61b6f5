/* The start line (RFC 3261 7.1, 7.2; rules 1.4). */
#include "wire/sip/reader.h"

enum { VERSION_LEN = sizeof("SIP/2.0") - 1 };

static bool is_version(struct slice text)
{
    return text.len == VERSION_LEN && slice_equal_nocase(text, SLICE("SIP/2.0"));
}

/* The first blank in [from, to), or to. */
static unsigned word_end(const struct sip_reader *reader, unsigned from, unsigned to)
{
    while ((from = next_stop(reader, from, to)) < to && !char_is(reader->at[from], CHAR_BLANK)) {
        from++;
    }
    return from;
}

/* Behind the blanks at from; anything but one SP is odd. */
static unsigned gap_take(const struct sip_reader *reader, unsigned from, unsigned to)
{
    unsigned end = skip_blanks(reader, from, to);

    if (end != from + 1 || reader->at[from] != ' ') {
        sip_note(reader, SIP_ODD_START_LINE_BLANKS, from, end);
    }
    return end;
}

static void method_take(const struct sip_reader *reader, unsigned from, unsigned to)
{
    struct sip_message *message = reader->message;

    message->method_text = span_between(from, to);
    message->method = (uint8_t)sip_method_find(reader_slice(reader, from, to));
    if (message->method != SIP_METHOD_UNKNOWN) {
        return;
    }
    if (from == to || next_stop(reader, from, to) < to) {
        sip_note(reader, SIP_ODD_BAD_METHOD, from, to);
    } else {
        sip_note(reader, SIP_ODD_UNKNOWN_METHOD, from, to);
    }
}

static void request_uri_take(const struct sip_reader *reader, unsigned from, unsigned to)
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

/* Where the version begins: behind the last blank. */
static unsigned version_find(const struct sip_reader *reader, unsigned from, unsigned to)
{
    unsigned place = to;

    while (place > from && !char_is(reader->at[place - 1], CHAR_BLANK)) {
        place--;
    }
    return place;
}

static void request_line_take(const struct sip_reader *reader, unsigned from, unsigned to)
{
    unsigned method_end = word_end(reader, from, to);
    unsigned uri = gap_take(reader, method_end, to);
    unsigned at = version_find(reader, uri, to);
    unsigned uri_end = trim_blanks(reader, uri, at);

    reader->message->is_request = true;
    method_take(reader, from, method_end);
    if (!is_version(reader_slice(reader, at, to))) {
        sip_note(reader, SIP_ODD_BAD_VERSION, at, to);
        if (at == uri) {
            uri_end = to; /* there is no third part */
        }
    }
    if (uri_end < at) {
        gap_take(reader, uri_end, at);
    }
    request_uri_take(reader, uri, uri_end);
}

static void status_take(const struct sip_reader *reader, unsigned from, unsigned to)
{
    uint64_t status = 0;

    if (to - from != 3 || !slice_number(reader_slice(reader, from, to), 699, &status) ||
        status < 100) {
        sip_note(reader, SIP_ODD_BAD_STATUS, from, to);
        status = 0;
    }
    reader->message->status = (uint16_t)status;
}

static void status_line_take(const struct sip_reader *reader, unsigned from, unsigned to)
{
    unsigned version_end = word_end(reader, from, to);
    unsigned status = gap_take(reader, version_end, to);
    unsigned status_end = word_end(reader, status, to);

    if (!is_version(reader_slice(reader, from, version_end))) {
        sip_note(reader, SIP_ODD_BAD_VERSION, from, version_end);
    }
    status_take(reader, status, status_end);
    if (status_end == to || reader->at[status_end] != ' ') {
        sip_note(reader, SIP_ODD_START_LINE_BLANKS, status, to);
    }
    if (status_end < to) {
        reader->message->reason = span_between(status_end + 1, to);
    }
}

static void high_judge(const struct sip_reader *reader, unsigned from, unsigned to)
{
    struct sip_span reason = reader->message->reason;
    unsigned end = reason.len != 0 ? reason.at : to;

    for (unsigned i = from; i < end; i++) {
        if ((unsigned char)reader->at[i] >= 0x80) {
            sip_note(reader, SIP_ODD_HIGH_OCTET, i, i + 1);
            break;
        }
    }
    if (!sip_is_utf8(reader_slice(reader, end, to))) {
        sip_note(reader, SIP_ODD_BAD_UTF8, end, to);
    }
}

/* Whether a line is one of SIP: it begins or ends with a version of it, or it asks for one of our
 * URIs. */
static bool is_sip(const struct sip_reader *reader, unsigned from, unsigned to)
{
    struct slice line = reader_slice(reader, from, to), method;
    unsigned version = version_find(reader, from, to);

    if (slice_starts_nocase(line, SLICE("SIP/")) ||
        slice_starts_nocase(reader_slice(reader, version, to), SLICE("SIP/"))) {
        return true;
    }
    slice_cut(&line, ' ', &method);
    line = slice_trim(line);
    return slice_starts_nocase(line, SLICE("sip:")) || slice_starts_nocase(line, SLICE("sips:")) ||
           slice_starts_nocase(line, SLICE("tel:"));
}

/* A line with something odd about its blanks or version, or none of ours. */
static bool start_line_take_slowly(const struct sip_reader *reader, unsigned from, unsigned to)
{
    unsigned first = skip_blanks(reader, from, to);
    unsigned last = trim_blanks(reader, first, to);

    if (!is_sip(reader, first, last)) {
        return false;
    }
    if (slice_starts_nocase(reader_slice(reader, first, to), SLICE("SIP/"))) {
        last = to; /* the phrase may end in blanks, or be empty */
        status_line_take(reader, first, last);
    } else {
        request_line_take(reader, first, last);
    }
    if (first != from || last != to) {
        sip_note(reader, SIP_ODD_START_LINE_BLANKS, from, to);
    }
    return true;
}

bool sip_start_line_take(const struct sip_reader *reader, unsigned from, unsigned to)
{
    const char *end = reader->at + to;
    unsigned method_end = next_stop(reader, from, to);

    if (to - from > SIP_START_LINE_MAX) {
        sip_note(reader, SIP_ODD_LONG_START_LINE, from, to);
    }
    if (method_end + 9 < to && reader->at[method_end] == ' ' && method_end != from &&
        memcmp(end - 8, " SIP/2.0", 8) == 0 && !char_is_blank(reader->at[method_end + 1]) &&
        !char_is_blank(end[-9])) {
        reader->message->is_request = true;
        method_take(reader, from, method_end);
        request_uri_take(reader, method_end + 1, to - 8);
    } else if (!start_line_take_slowly(reader, from, to)) {
        return false;
    }
    if (!reader->is_plain) {
        high_judge(reader, from, to);
    }
    return true;
}
