/*
 * A session description, read (RFC 8866).
 *
 * The reader is a witness: one pass, no copies, nothing refused; the controls judge.  Everything is
 * spans into the text it was given, so a description lives as long as its packet.  Every line is
 * kept in order; what a border must know of it is beside it in numbers.
 */
#pragma once

#include "wire/sip/uri.h"

/* What the reader keeps; the policy's limits are lower.  Rules HYG-L32 to L34, column "Hard". */
enum {
    SDP_MAX = 32768,
    SDP_LINES_MAX = 512,
    SDP_LINE_MAX = 2048,
    SDP_MEDIA_MAX = 16,
    SDP_FORMATS_MAX = 64,
    SDP_MEDIA_ATTRIBUTES_MAX = 256,
    SDP_SESSION_ATTRIBUTES_MAX = 128,
    SDP_CANDIDATES_MAX = 64,
    SDP_CRYPTO_MAX = 16,
    SDP_PORT_MIN = 1024,        /* HYG-D03 */
    SDP_PORT_DISCARD = 9,       /* RFC 4145 4.1 */
    SDP_PAYLOAD_TYPE_MAX = 127, /* RFC 3550 5.1 */
};

enum sdp_oddity {
#define ODDITY(name, seen) SDP_ODD_##name,
#include "wire/sdp/oddities.def"
#undef ODDITY
    SDP_ODDITY_COUNT,
};

enum sdp_attribute {
    SDP_ATTRIBUTE_UNKNOWN,
#define SDP_ATTRIBUTE(name, spelling, once, treatment) SDP_ATTRIBUTE_##name,
#include "wire/sdp/attributes.def"
#undef SDP_ATTRIBUTE
    SDP_ATTRIBUTE_COUNT,
};

enum sdp_media_type {
#define MEDIA(name, spelling) SDP_##name,
#include "wire/sdp/media.def"
#undef MEDIA
    SDP_MEDIA_OTHER,
};

enum sdp_protocol {
#define PROTOCOL(name, spelling, carries, flags) SDP_##name,
#include "wire/sdp/protocols.def"
#undef PROTOCOL
    SDP_PROTOCOL_OTHER,
};

enum sdp_carries {
    SDP_CARRIES_OTHER,
    SDP_CARRIES_RTP,
    SDP_CARRIES_UDPTL,
    SDP_CARRIES_MSRP,
    SDP_CARRIES_BFCP,
    SDP_CARRIES_SCTP,
};

enum sdp_direction {
    SDP_DIRECTION_NONE, /* not said on this level */
    SDP_SENDRECV,
    SDP_SENDONLY,
    SDP_RECVONLY,
    SDP_INACTIVE,
};

enum sdp_setup {
    SDP_SETUP_NONE,
    SDP_SETUP_ACTIVE,
    SDP_SETUP_PASSIVE,
    SDP_SETUP_ACTPASS,
    SDP_SETUP_HOLDCONN,
};

enum sdp_connection_kind {
    SDP_CONNECTION_NONE,
    SDP_CONNECTION_LITERAL,
    SDP_CONNECTION_NAME, /* a host name: well formed, nothing we send media to */
    SDP_CONNECTION_BAD,
};

enum sdp_reading {
    SDP_READ,    /* a description, perhaps an odd one */
    SDP_FOREIGN, /* its first line is not even "letter=" */
};

struct sdp_line {
    uint16_t at, len;  /* the whole line without its end */
    uint16_t value_at; /* behind the = or, of an attribute, behind the colon */
    uint8_t letter;
    uint8_t attribute; /* enum sdp_attribute when the letter is 'a' */
    bool is_odd;       /* malformed, repeated or with control octets: the writer leaves it out */
};

struct sdp_connection {
    struct sip_span text; /* the address word */
    uint8_t kind;         /* enum sdp_connection_kind */
    struct address address;
};

/* What may stand on the session and on each medium. */
struct sdp_level {
    struct sdp_connection connection;
    uint32_t letters;                /* bit (letter - 'a') of each letter that stands here */
    uint16_t first_line, line_count; /* in lines[]; of a medium its m= line is the first */
    uint16_t attribute_count;
    uint16_t candidate_count;
    uint16_t crypto_count;
    uint16_t fingerprint_count;
    uint16_t ptime, max_ptime;                      /* ms; 0 when absent or odd */
    uint8_t direction;                              /* enum sdp_direction */
    uint8_t setup;                                  /* enum sdp_setup */
    uint64_t seen[(SDP_ATTRIBUTE_COUNT + 63) / 64]; /* bit per attribute */
};

struct sdp_media {
    struct sip_span type_text, protocol_text;
    struct sip_span formats;   /* all of them, as spelled */
    uint64_t payload_types[2]; /* of RTP: bit per type on the m= line */
    uint64_t mapped[2];        /* those with a rtpmap */
    struct sdp_level level;
    struct address rtcp; /* a=rtcp: family NONE when it gave only a port, port 0: absent */
    uint16_t port;       /* 0: refused, or odd */
    uint16_t port_count; /* 1 when not said */
    uint16_t format_count;
    uint8_t type;     /* enum sdp_media_type */
    uint8_t protocol; /* enum sdp_protocol */
};

struct sdp_origin {
    struct sip_span username;
    struct sdp_connection connection;
    uint64_t session_id, session_version; /* 0 when odd */
};

struct sdp {
    const char *base;   /* spans count from here */
    struct slice bytes; /* what was read: at most SDP_MAX octets */
    uint64_t oddities;  /* bit per enum sdp_oddity */
    struct sdp_origin origin;
    struct sdp_level session;
    uint16_t line_count;
    uint16_t longest_line; /* index, for limits below the reader's */
    uint16_t media_count;
    bool speaks_of_keys; /* a crypto line, a fingerprint, or a m= line that is sealed */
    struct sip_span odd_at[SDP_ODDITY_COUNT]; /* valid where the bit is set */
    struct sdp_media media[SDP_MEDIA_MAX];    /* the first media_count are valid */
    struct sdp_line lines[SDP_LINES_MAX];     /* the first line_count */
};

enum sdp_reading sdp_read(struct sdp *sdp, struct slice bytes);

static inline struct slice sdp_slice(const struct sdp *sdp, struct sip_span span)
{
    return (struct slice){sdp->base + span.at, span.len};
}

static inline bool sdp_is_odd(const struct sdp *sdp, enum sdp_oddity oddity)
{
    return (sdp->oddities >> oddity) & 1;
}

/* The octets of an oddity. */
static inline struct slice sdp_odd_slice(const struct sdp *sdp, enum sdp_oddity oddity)
{
    return sdp_slice(sdp, sdp->odd_at[oddity]);
}

static inline bool sdp_has(const struct sdp_level *level, enum sdp_attribute attribute)
{
    return (level->seen[attribute / 64] >> (attribute % 64)) & 1;
}

static inline struct slice sdp_line_text(const struct sdp *sdp, const struct sdp_line *line)
{
    return (struct slice){sdp->base + line->at, line->len};
}

/* Behind the = or, of an attribute, behind the colon; empty for a flag. */
static inline struct slice sdp_line_value(const struct sdp *sdp, const struct sdp_line *line)
{
    return (struct slice){sdp->base + line->value_at,
                          (size_t)(line->at + line->len - line->value_at)};
}

/* The name of an attribute line as it was spelled. */
struct slice sdp_line_name(const struct sdp *sdp, const struct sdp_line *line);

/* The first line of that attribute on the level behind after (NULL: from the start), or NULL. */
const struct sdp_line *sdp_attribute_next(const struct sdp *sdp, const struct sdp_level *level,
                                          enum sdp_attribute attribute,
                                          const struct sdp_line *after);

/* Its first value on the level; empty when absent. */
struct slice sdp_attribute_value(const struct sdp *sdp, const struct sdp_level *level,
                                 enum sdp_attribute attribute);

/* Where this medium is to be sent: its own c= or the session's, with its port.  False when there is
 * no literal address. */
bool sdp_media_address(const struct sdp *sdp, const struct sdp_media *media,
                       struct address *address);

/* Where its RTCP is to be sent: a=rtcp, the same port with rtcp-mux, else the next port. */
bool sdp_media_rtcp_address(const struct sdp *sdp, const struct sdp_media *media,
                            struct address *address);

/* Its own direction, the session's, else SENDRECV. */
enum sdp_direction sdp_media_direction(const struct sdp *sdp, const struct sdp_media *media);

/* On hold for the far side: sendonly, inactive, or sent to 0.0.0.0 or ::. */
bool sdp_media_is_held(const struct sdp *sdp, const struct sdp_media *media);

static inline bool sdp_media_is_refused(const struct sdp_media *media)
{
    return media->port == 0;
}

static inline bool sdp_media_has_payload_type(const struct sdp_media *media, unsigned type)
{
    return type < 128 && ((media->payload_types[type / 64] >> (type % 64)) & 1);
}

/* Takes the next format off the front of rest (start with the formats' slice). */
bool sdp_format_next(struct slice *rest, struct slice *format);

/* Facts of the tables. */
struct slice sdp_attribute_spelling(enum sdp_attribute attribute);
enum sdp_attribute sdp_attribute_find(struct slice name, bool *is_exact);
struct slice sdp_media_type_spelling(enum sdp_media_type type);
struct slice sdp_protocol_spelling(enum sdp_protocol protocol);
enum sdp_carries sdp_protocol_carries(enum sdp_protocol protocol);
bool sdp_protocol_is_tcp(enum sdp_protocol protocol);
bool sdp_protocol_is_secure(enum sdp_protocol protocol);
struct slice sdp_direction_spelling(enum sdp_direction direction);
const char *sdp_oddity_seen(enum sdp_oddity oddity);
const char *sdp_oddity_name(enum sdp_oddity oddity);
