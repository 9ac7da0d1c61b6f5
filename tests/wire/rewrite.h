/*
 * A message that was read, written anew line by line: for the tests of reader and writer together.
 */
#pragma once

#include "wire/sip/write.h"

/* Whether the writer has a form for this line: Content-Length is its own, and what is no token has
 * none. */
static inline bool rewrite_has(const struct sip_message *message, const struct sip_header *header)
{
    char room[SIP_HEAD_MAX];
    struct text text;

    text_init(&text, room, sizeof(room));
    sip_write_line(&text, message, header);
    return header->id != SIP_HEADER_CONTENT_LENGTH && text.len > 0;
}

static inline void rewrite(struct text *text, const struct sip_message *message)
{
    if (message->is_request) {
        sip_write_request_line(text, sip_slice(message, message->method_text),
                               sip_slice(message, message->uri.whole));
    } else {
        sip_write_status_line(text, message->status);
    }
    for (unsigned i = 0; i < message->header_count; i++) {
        if (message->headers[i].id != SIP_HEADER_CONTENT_LENGTH) {
            sip_write_line(text, message, &message->headers[i]);
        }
    }
    sip_write_body(text, message->body);
}

/* The writer's form of a value. */
static inline struct slice rewrite_value(const struct sip_message *message,
                                         const struct sip_header *header, char *room, size_t max)
{
    struct slice line;
    struct text text;

    text_init(&text, room, max);
    sip_write_line(&text, message, header);
    line = text_slice(&text);
    return slice_trim(slice_skip(line, slice_find(line, ':') + 1));
}

/* NULL when again says what message said, line by line; else what differs. */
static inline const char *rewrite_differs(const struct sip_message *message,
                                          const struct sip_message *again)
{
    static char room[SIP_HEAD_MAX];
    unsigned at = 0;

    for (unsigned i = 0; i < message->header_count; i++) {
        const struct sip_header *header = &message->headers[i];

        if (!rewrite_has(message, header)) {
            continue;
        }
        if (at == again->header_count || again->headers[at].id != header->id) {
            return "a header's name";
        }
        if (!slice_equal(sip_slice(again, again->headers[at].value),
                         rewrite_value(message, header, room, sizeof(room)))) {
            return "a header's value";
        }
        at++;
    }
    if (at + 1U != again->header_count || again->headers[at].id != SIP_HEADER_CONTENT_LENGTH) {
        return "the number of headers";
    }
    if (message->is_request != again->is_request || message->status != again->status) {
        return "the start line";
    }
    return slice_equal(message->body, again->body) ? NULL : "the body";
}
