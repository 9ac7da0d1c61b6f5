/*
 * The framer: lines are walked as they complete, and of them only Content-Length is understood.
 */
#include "wire/sip/stream.h"

#include "base/must.h"
#include "wire/sip/chars.h"

/* Leading zeros count (HYG-S05). */
enum { LENGTH_DIGITS_MAX = 10 };

static const char *const fault_names[] = {
#define FAULT(name, seen) #name,
#include "wire/sip/stream_faults.def"
#undef FAULT
};

static const char *const faults_seen[] = {
#define FAULT(name, seen) seen,
#include "wire/sip/stream_faults.def"
#undef FAULT
};

const char *sip_stream_fault_name(enum sip_stream_fault fault)
{
    must(fault < SIP_STREAM_FAULT_COUNT);
    return fault_names[fault];
}

const char *sip_stream_fault_seen(enum sip_stream_fault fault)
{
    must(fault < SIP_STREAM_FAULT_COUNT);
    return faults_seen[fault];
}

static bool is_blank(char octet)
{
    return octet == ' ' || octet == '\t';
}

static struct slice trim_blanks(struct slice text)
{
    while (text.len > 0 && is_blank(text.at[0])) {
        text = slice_skip(text, 1);
    }
    while (text.len > 0 && is_blank(text.at[text.len - 1])) {
        text.len--;
    }
    return text;
}

static void note(struct sip_stream *stream, enum sip_stream_fault fault)
{
    if (stream->fault == SIP_STREAM_NONE) {
        stream->fault = (uint8_t)fault;
    }
}

static enum sip_frame broken(struct sip_stream *stream, enum sip_stream_fault fault)
{
    note(stream, fault);
    stream->is_broken = true;
    return SIP_FRAME_BROKEN;
}

/* It begins or ends with a version; one that we do not speak is still SIP and gets its answer. */
static bool is_start_line(struct slice line)
{
    struct slice last = trim_blanks(line);
    size_t blank = slice_find_last(last, ' ');

    last = slice_skip(last, blank + 1);
    return slice_starts_nocase(line, SLICE("SIP/")) ||
           (slice_starts_nocase(last, SLICE("SIP/")) && slice_find(last, '\t') == last.len);
}

static void read_content_length(struct sip_stream *stream, struct slice value)
{
    uint64_t number;

    value = trim_blanks(value);
    if (value.len > LENGTH_DIGITS_MAX || !slice_number(value, UINT32_MAX, &number)) {
        note(stream, SIP_STREAM_BAD_LENGTH);
        return;
    }
    stream->content_length = (uint32_t)number;
}

static void read_header(struct sip_stream *stream, struct slice line)
{
    size_t colon = slice_find(line, ':');
    struct slice name = trim_blanks(slice_head(line, colon));

    stream->bars_continuation = false;
    if (colon == line.len || !(slice_equal_nocase(name, SLICE("Content-Length")) ||
                               slice_equal_nocase(name, SLICE("l")))) {
        return;
    }
    if (stream->has_length) {
        note(stream, SIP_STREAM_TWO_LENGTHS);
    }
    stream->has_length = true;
    stream->bars_continuation = true;
    read_content_length(stream, slice_skip(line, colon + 1));
}

static void read_continuation(struct sip_stream *stream, struct slice line)
{
    if (trim_blanks(line).len == 0) {
        note(stream, SIP_STREAM_BLANK_LINE);
    }
    if (stream->bars_continuation) {
        note(stream, SIP_STREAM_FOLDED);
    }
}

/* One line without its LF; false when the stream is not worth another octet. */
static bool read_line(struct sip_stream *stream, struct slice line, bool *ends_head)
{
    if (line.len > 0 && line.at[line.len - 1] == '\r') {
        line.len--;
    } else {
        note(stream, SIP_STREAM_BARE_LF);
    }
    if (slice_find(line, '\r') < line.len) {
        note(stream, SIP_STREAM_BARE_CR);
    }
    *ends_head = line.len == 0;
    if (stream->line == 0) {
        stream->bars_continuation = true;
        return is_start_line(line);
    }
    if (*ends_head) {
        return true;
    }
    if (is_blank(line.at[0])) {
        read_continuation(stream, line);
    } else {
        read_header(stream, line);
    }
    return true;
}

/* The head is whole: its octets are scanned.  A fault waited until here so that the message can
 * still be read and answered. */
static enum sip_frame measure(struct sip_stream *stream, const struct sip_stream_limits *limits)
{
    if (!stream->has_length) {
        note(stream, SIP_STREAM_NO_LENGTH);
    }
    if (stream->fault == SIP_STREAM_NONE &&
        (uint64_t)stream->scanned + stream->content_length > limits->message_max) {
        note(stream, SIP_STREAM_LONG_MESSAGE);
    }
    if (stream->fault != SIP_STREAM_NONE) {
        return broken(stream, stream->fault);
    }
    stream->total = stream->scanned + stream->content_length;
    return SIP_FRAME_MORE;
}

static enum sip_frame scan_head(struct sip_stream *stream, struct slice buffered,
                                const struct sip_stream_limits *limits)
{
    struct slice within = slice_head(buffered, limits->head_max);
    bool ends_head = false;

    while (!ends_head) {
        struct slice rest = slice_skip(within, stream->scanned);
        size_t at = stream->scanned + slice_find(rest, '\n');

        if (at == within.len) {
            stream->scanned = (uint32_t)at;
            return at < limits->head_max ? SIP_FRAME_MORE : broken(stream, SIP_STREAM_LONG_HEAD);
        }
        stream->scanned = (uint32_t)(at + 1);
        if (!read_line(stream, slice_of(within.at + stream->line, at - stream->line), &ends_head)) {
            return broken(stream, SIP_STREAM_NOT_SIP);
        }
        stream->line = stream->scanned;
    }
    return measure(stream, limits);
}

static enum sip_frame keep_alive(struct sip_stream *stream, enum sip_frame frame, size_t *len)
{
    *len = frame == SIP_FRAME_PING ? 4 : 2;
    stream->blanks += (uint32_t)*len;
    return frame;
}

/* What stands before a message.  MORE with is_message: nothing, a message begins. */
static enum sip_frame read_front(struct sip_stream *stream, struct slice buffered, size_t *len,
                                 bool *is_message)
{
    struct slice ping = SLICE("\r\n\r\n");
    size_t seen = 0;

    while (seen < buffered.len && seen < ping.len && buffered.at[seen] == ping.at[seen]) {
        seen++;
    }
    if (seen >= 2 && stream->awaits_pong) {
        stream->awaits_pong = false;
        return keep_alive(stream, SIP_FRAME_PONG, len);
    }
    if (seen == ping.len) {
        return keep_alive(stream, SIP_FRAME_PING, len);
    }
    if (seen == buffered.len) {
        return SIP_FRAME_MORE;
    }
    if (seen >= 2) {
        return keep_alive(stream, SIP_FRAME_PONG, len);
    }
    if (!char_is(buffered.at[0], CHAR_TOKEN)) {
        *len = buffered.len;
        return broken(stream, SIP_STREAM_NOT_SIP);
    }
    *is_message = true;
    return SIP_FRAME_MORE;
}

static void forget_message(struct sip_stream *stream)
{
    *stream = (struct sip_stream){.awaits_pong = stream->awaits_pong};
}

enum sip_frame sip_stream_frame(struct sip_stream *stream, struct slice buffered,
                                const struct sip_stream_limits *limits, size_t *len)
{
    bool is_message = stream->scanned > 0;

    *len = stream->is_broken ? buffered.len : 0;
    if (stream->is_broken) {
        return SIP_FRAME_BROKEN;
    }
    if (!is_message) {
        enum sip_frame front = read_front(stream, buffered, len, &is_message);

        if (!is_message) {
            return front;
        }
    }
    if (stream->total == 0 && scan_head(stream, buffered, limits) == SIP_FRAME_BROKEN) {
        *len = stream->scanned;
        return SIP_FRAME_BROKEN;
    }
    if (stream->total == 0 || buffered.len < stream->total) {
        return SIP_FRAME_MORE;
    }
    *len = stream->total;
    forget_message(stream);
    return SIP_FRAME_MESSAGE;
}
