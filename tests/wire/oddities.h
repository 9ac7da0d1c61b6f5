/*
 * Messages for the tests of the reader, and what it noted in words: "BAD_URI MISSING_FROM".
 */
#pragma once

#include "../expect.h"

#include "wire/sip/message.h"

enum { WORDS_MAX = 4096, LINES_MAX = 1 << 17 };

/* Names of what was noted, in the order of oddities.def, divided by blanks. */
static inline const char *oddities_words(const struct sip_oddities *oddities)
{
    static char words[WORDS_MAX];
    size_t len = 0;

    words[0] = '\0';
    for (unsigned i = 0; i < SIP_ODDITY_COUNT; i++) {
        if ((oddities->bits[i / 64] >> i % 64 & 1) != 0) {
            len += (size_t)snprintf(words + len, WORDS_MAX - len, "%s%s", len > 0 ? " " : "",
                                    sip_oddity_name((enum sip_oddity)i));
        }
    }
    return words;
}

/* A message is big; the tests read one at a time. */
static struct sip_message message;

static inline struct slice text_of(struct sip_span span)
{
    return sip_slice(&message, span);
}

/* front, count times piece, back. */
static inline const char *repeated(const char *front, const char *piece, size_t count,
                                   const char *back)
{
    static char room[SIP_MESSAGE_MAX];
    struct text text;

    text_init(&text, room, sizeof(room) - 1);
    text_put_string(&text, front);
    for (; count > 0; count--) {
        text_put_string(&text, piece);
    }
    text_put_string(&text, back);
    assert_false(text.is_full);
    room[text.len] = '\0';
    return room;
}

/* A request that is odd in nothing, with lines of the test's own where they replace ours of the
 * same name.  lines: each with its CRLF. */
#define REQUEST_LINE "OPTIONS sip:bob@example.com SIP/2.0\r\n"

static inline struct slice request_of(const char *lines)
{
    static const char *const ours[] = {
        "Via: SIP/2.0/UDP a.example.com;branch=z9hG4bK1",
        "From: <sip:alice@example.com>;tag=1",
        "To: <sip:bob@example.com>",
        "Call-ID: 1@example.com",
        "CSeq: 1 OPTIONS",
        "Max-Forwards: 70",
        "Content-Length: 0",
    };
    static char text[LINES_MAX];
    size_t len = (size_t)snprintf(text, sizeof(text), "%s", REQUEST_LINE);

    for (size_t i = 0; i < ARRAY_COUNT(ours); i++) {
        size_t name = strcspn(ours[i], ":") + 1;
        bool is_replaced = strncmp(lines, ours[i], name) == 0;

        for (const char *at = lines; !is_replaced && (at = strstr(at, "\r\n")) != NULL; at += 2) {
            is_replaced = strncmp(at + 2, ours[i], name) == 0;
        }
        if (!is_replaced) {
            len += (size_t)snprintf(text + len, sizeof(text) - len, "%s\r\n", ours[i]);
        }
    }
    len += (size_t)snprintf(text + len, sizeof(text) - len, "%s\r\n", lines);
    assert_true(len < sizeof(text));
    return slice_of(text, len);
}

#define expect_noted(bytes, words) expect_noted_at((bytes), (words), __FILE__, __LINE__)
static inline void expect_noted_at(struct slice bytes, const char *words, const char *file,
                                   int line)
{
    enum sip_reading reading = sip_read(&message, bytes, false);

    if (reading != SIP_READ || strcmp(oddities_words(&message.oddities), words) != 0) {
        print_error("%s:%d: noted \"%s\"%s, not \"%s\"\n", file, line,
                    oddities_words(&message.oddities), reading == SIP_READ ? "" : " (not read)",
                    words);
        _fail(file, line);
    }
}

/* Exactly these oddities, in a request with these lines. */
#define expect_odd(lines, words)                                                                   \
    expect_noted_at(request_of(lines "\r\n"), (words), __FILE__, __LINE__)
