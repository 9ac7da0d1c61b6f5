/* What stands behind the head: the body and what trails it (rules 1.3). */
#include "wire/sip/reader.h"

/* Whether text begins like a message: "SIP/2.0 ", or a word, a word and "SIP/2.0" on one line.
 * Then somebody hides a second message behind the first (HYG-F02). */
static bool is_message(struct slice text)
{
    struct slice line, word, version = SLICE("SIP/2.0");
    unsigned words = 0;

    while (text.len > 0 && char_is(text.at[0], CHAR_BLANK)) {
        text = slice_skip(text, 1);
    }
    if (!slice_cut(&text, '\n', &line)) {
        return false;
    }
    line = slice_trim(line);
    if (slice_starts_nocase(line, SLICE("SIP/2.0 "))) {
        return true;
    }
    while (slice_cut(&line, ' ', &word)) {
        if (words >= 2 && slice_starts_nocase(word, version)) {
            return true;
        }
        words += word.len > 0;
    }
    return false;
}

static void trailing_take(const struct sip_reader *reader, struct slice trailing)
{
    reader->message->trailing = trailing;
    if (trailing.len == 0) {
        return;
    }
    sip_note(reader, SIP_ODD_TRAILING_OCTETS, 0, 0);
    if (is_message(trailing)) {
        sip_note(reader, SIP_ODD_TRAILING_MESSAGE, 0, 0);
    }
}

/* rest is all that came behind the head.  Without a usable Content-Length a datagram's body is all
 * of it; in a stream nobody knows where it ends, so there is none. */
void sip_body_take(const struct sip_reader *reader, struct slice rest, bool is_stream)
{
    struct sip_message *message = reader->message;
    size_t len = is_stream ? 0 : rest.len;

    if (message->has_content_length) {
        len = message->content_length;
        if (len > rest.len) {
            sip_note(reader, SIP_ODD_SHORT_BODY, 0, 0);
            len = rest.len;
        }
    }
    message->body = slice_head(rest, len);
    message->bytes = slice_of(message->head, message->head_len + len);
    if (!is_stream) {
        trailing_take(reader, slice_skip(rest, len));
    }
    if (len > 0 && !sip_has(message, SIP_HEADER_CONTENT_TYPE)) {
        sip_note(reader, SIP_ODD_MISSING_CONTENT_TYPE, 0, 0);
    }
}
