/*
 * A URI, taken apart: sip, sips, tel, urn:service (RFC 3261 19, RFC 3966, RFC 5031).
 *
 * Spans count from the base the reader was given (the head of a message, or the text itself), so
 * that they stay small and survive a copy of the text.
 */
#pragma once

#include "base/address.h"

struct sip_span {
    uint16_t at, len;
};

static inline struct slice sip_span_of(const char *base, struct sip_span span)
{
    return (struct slice){base + span.at, span.len};
}

enum sip_scheme {
    SIP_SCHEME_NONE, /* could not be read */
    SIP_SCHEME_SIP,
    SIP_SCHEME_SIPS,
    SIP_SCHEME_TEL,
    SIP_SCHEME_URN_SERVICE, /* user holds what stands behind "urn:service:" */
    SIP_SCHEME_OTHER,       /* well formed, not ours */
};

enum sip_host_kind { SIP_HOST_NONE, SIP_HOST_NAME, SIP_HOST_V4, SIP_HOST_V6, SIP_HOST_BAD };

struct sip_uri {
    struct sip_span whole;   /* without brackets */
    struct sip_span user;    /* as spelled; the digits of a tel URI, parameters excluded */
    struct sip_span host;    /* IPv6 with its brackets */
    struct sip_span params;  /* behind the first ';', without it */
    struct sip_span headers; /* behind '?', without it */
    uint16_t port;           /* 0 when none */
    uint8_t scheme;          /* enum sip_scheme */
    uint8_t host_kind;       /* enum sip_host_kind */
};

/* A set of enum sip_oddity. */
struct sip_oddities {
    uint64_t bits[2];
};

/* Reads len octets at base + at.  Oddities are added, the URI is filled as far as it can be; false
 * when scheme is NONE.  What is above the hard limit (SIP_URI_MAX) or behind a LF is not read. */
bool sip_uri_read(const char *base, struct sip_span at, struct sip_uri *uri,
                  struct sip_oddities *oddities);

/* For a text of its own (policy, tests). */
bool sip_uri_read_text(struct slice text, struct sip_uri *uri, struct sip_oddities *oddities);

/* RFC 3261 19.1.4: scheme, user, host, port and the parameters that matter are compared canonical.
 */
bool sip_uri_equal(const char *base_a, const struct sip_uri *a, const char *base_b,
                   const struct sip_uri *b);

/* Finds a parameter in "name=value;name" text (no leading ';' needed), case-insensitively; a
 * quoted value keeps its quotes.  value is empty for a flag. */
bool sip_param_find(struct slice params, struct slice name, struct slice *value);

/* Takes the next parameter off the front of rest. */
bool sip_param_next(struct slice *rest, struct slice *name, struct slice *value);

/* The literal address of the host; false for a name. */
bool sip_uri_host_address(const char *base, const struct sip_uri *uri, struct address *address);

/* The telephone number of a tel URI, or of a sip URI whose user part looks like one (HYG-T02):
 * decoded once, visual separators and parameters removed, '+' kept.  At most max octets. False
 * when there is none. */
bool sip_uri_number(const char *base, const struct sip_uri *uri, char *digits, size_t max,
                    size_t *len);
