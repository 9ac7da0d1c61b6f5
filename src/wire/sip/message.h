/*
 * A SIP message, read.
 *
 * The reader is a witness: it takes the message apart in one pass without copying or allocating,
 * notes oddities and never refuses; the controls judge.  Everything is spans into the packet, so a
 * message lives as long as its packet.  Header names are compared whole, never by hash alone.
 */
#pragma once

#include "wire/sip/uri.h"

/* What the reader keeps; the policy's limits are lower.  Rules 1.1, column "Hard". */
enum {
    SIP_HEAD_MAX = 65535,      /* spans have 16 bits */
    SIP_MESSAGE_MAX = 262144,  /* HYG-L02 */
    SIP_START_LINE_MAX = 4096, /* HYG-L04 */
    SIP_URI_MAX = 2048,        /* HYG-L05, L06 */
    SIP_LINE_MAX = 16384,      /* HYG-L07 */
    SIP_NAME_MAX = 64,         /* HYG-L08 */
    SIP_HEADERS_MAX = 256,     /* HYG-L09 */
    SIP_VALUES_MAX = 512,      /* HYG-L10 */
    SIP_FOLDS_MAX = 64,        /* HYG-L11 */
    SIP_PARAMS_MAX = 64,       /* HYG-L12 */
};

enum sip_method {
#define METHOD(name, token, opens, refreshes) SIP_##name,
#include "wire/sip/methods.def"
#undef METHOD
    SIP_METHOD_COUNT,
    SIP_METHOD_UNKNOWN = SIP_METHOD_COUNT,
};

enum sip_header_name {
    SIP_HEADER_UNKNOWN,
#define HEADER(name, spelling, compact, shape, flags) SIP_HEADER_##name,
#include "wire/sip/headers.def"
#undef HEADER
    SIP_HEADER_COUNT,
};

enum sip_shape {
    SIP_SHAPE_VIA,
    SIP_SHAPE_ADDRESS,
    SIP_SHAPE_LIST,
    SIP_SHAPE_ONE,
    SIP_SHAPE_NUMBER,
    SIP_SHAPE_TEXT,
    SIP_SHAPE_CREDENTIALS,
    SIP_SHAPE_OPAQUE,
};

enum sip_oddity {
#define ODDITY(name, seen) SIP_ODD_##name,
#include "wire/sip/oddities.def"
#undef ODDITY
    SIP_ODDITY_COUNT,
};

enum sip_reading {
    SIP_READ,    /* a message, perhaps an odd one */
    SIP_PARTIAL, /* the head ends beyond the bytes given: read more */
    SIP_FOREIGN, /* not SIP at all */
};

/* One header line. */
struct sip_header {
    struct sip_span name;  /* as spelled, without blanks before the colon */
    struct sip_span value; /* trimmed; still folded when is_folded */
    uint16_t next;         /* index + 1 of the next line of this name, 0 at the last */
    uint8_t id;            /* enum sip_header_name */
    bool is_folded;
    bool is_compact;
    uint8_t unused[3]; /* 16 octets in all: cheap to find by index */
};

/* One value of a VIA or ADDRESS header, commas split. */
struct sip_value {
    struct sip_span text;   /* the whole value */
    struct sip_span params; /* header parameters behind the first ';' */
    struct sip_span tag;    /* ADDRESS: tag; VIA: branch.  Empty when absent */
    uint16_t header;        /* index of its line */
    uint16_t next;          /* index + 1 of the next value of the same name, 0 at the last */
    bool is_star;           /* Contact: * */
    bool is_bracketed;      /* ADDRESS: <...> */
    uint8_t unused[2];      /* 48 octets in all: cheap to clear and to find by index */
    union {
        struct {
            struct sip_span display; /* as spelled, quotes kept */
            struct sip_uri uri;
        };
        struct {
            struct sip_span transport;
            struct sip_span host;
            uint16_t port; /* 0 when none */
            bool has_rport;
            uint8_t host_kind; /* enum sip_host_kind */
        } via;
    };
};

_Static_assert(sizeof(struct sip_header) == 16, "see unused");
_Static_assert(sizeof(struct sip_value) == 48, "see unused");

struct sip_message {
    const char *head;   /* the first octet of the start line */
    uint32_t head_len;  /* through the empty line */
    struct slice bytes; /* head and body, without what trails */
    struct slice body;
    struct slice trailing; /* behind the body, UDP only */

    bool is_request;
    uint8_t method;  /* enum sip_method; of a response: the CSeq's */
    uint16_t status; /* responses */
    struct sip_span method_text;
    struct sip_span reason;
    struct sip_uri uri; /* Request-URI */

    struct sip_oddities oddities;

    uint32_t cseq;
    uint8_t cseq_method; /* enum sip_method */
    struct sip_span cseq_method_text;
    uint8_t max_forwards; /* 70 when missing or odd */
    uint32_t content_length;
    bool has_content_length;
    struct sip_span call_id;

    uint16_t header_count, value_count;
    uint32_t item_count;                     /* values of all headers, commas split (HYG-L10) */
    uint16_t first_header[SIP_HEADER_COUNT]; /* index + 1; 0: absent */
    uint16_t last_header[SIP_HEADER_COUNT];
    uint16_t header_counts[SIP_HEADER_COUNT]; /* lines of this name */
    uint16_t first_value[SIP_HEADER_COUNT];   /* of VIA and ADDRESS headers, index + 1 */
    uint16_t last_value[SIP_HEADER_COUNT];

    /* What stands above is cleared for each message, what stands below is not. */
    struct sip_span odd_at[SIP_ODDITY_COUNT];   /* valid where the bit is set */
    struct sip_header headers[SIP_HEADERS_MAX]; /* in order of appearance */
    struct sip_value values[SIP_VALUES_MAX];
};

/* A whole datagram or framed message.  is_stream: SIP_PARTIAL is possible and Content-Length is
 * needed; without a usable one there is no body.  What is behind the body is trailing (UDP) or left
 * to the framer (stream).  A last header line without its end is kept as a line, its value is not
 * read; bytes without even one line end are FOREIGN.  The message is fully initialised also for
 * FOREIGN and PARTIAL. */
enum sip_reading sip_read(struct sip_message *message, struct slice bytes, bool is_stream);

static inline struct slice sip_slice(const struct sip_message *message, struct sip_span span)
{
    return (struct slice){message->head + span.at, span.len};
}

static inline bool sip_is_odd(const struct sip_message *message, enum sip_oddity oddity)
{
    return (message->oddities.bits[oddity / 64] >> (oddity % 64)) & 1;
}

/* The octets of an oddity. */
struct slice sip_odd_slice(const struct sip_message *message, enum sip_oddity oddity);

static inline bool sip_has(const struct sip_message *message, enum sip_header_name name)
{
    return message->first_header[name] != 0;
}

/* The first line of that name, or NULL. */
static inline const struct sip_header *sip_header(const struct sip_message *message,
                                                  enum sip_header_name name)
{
    uint16_t first = message->first_header[name];

    return first == 0 ? NULL : &message->headers[first - 1];
}

static inline const struct sip_header *sip_header_next(const struct sip_message *message,
                                                       const struct sip_header *header)
{
    return header->next == 0 ? NULL : &message->headers[header->next - 1];
}

/* The first line's value, empty when absent.  May be folded. */
struct slice sip_header_value(const struct sip_message *message, enum sip_header_name name);

/* The first value of a VIA or ADDRESS header, or NULL. */
static inline const struct sip_value *sip_value(const struct sip_message *message,
                                                enum sip_header_name name)
{
    uint16_t first = message->first_value[name];

    return first == 0 ? NULL : &message->values[first - 1];
}

static inline const struct sip_value *sip_value_next(const struct sip_message *message,
                                                     const struct sip_value *value)
{
    return value->next == 0 ? NULL : &message->values[value->next - 1];
}

/* Items of a LIST header over all its lines, commas outside quotes and brackets split, trimmed. */
struct sip_list {
    const struct sip_header *header;
    struct slice rest;
};
void sip_list_init(struct sip_list *list, const struct sip_message *message,
                   enum sip_header_name name);
bool sip_list_next(struct sip_list *list, const struct sip_message *message, struct slice *item);

/* Whether a LIST header (Require, Supported, Allow) names token, in any case. */
bool sip_list_has(const struct sip_message *message, enum sip_header_name name, struct slice token);

/* A NUMBER header; false when absent or odd. */
bool sip_number(const struct sip_message *message, enum sip_header_name name, uint32_t *number);

static inline struct slice sip_call_id(const struct sip_message *message)
{
    return sip_slice(message, message->call_id);
}

/* Tags of From and To, branch of the topmost Via; empty when absent. */
struct slice sip_from_tag(const struct sip_message *message);
struct slice sip_to_tag(const struct sip_message *message);
struct slice sip_branch(const struct sip_message *message);

/* Whether octets above 0x7F are well-formed UTF-8 (RFC 3629). */
bool sip_is_utf8(struct slice text);

/* Facts of the tables. */
struct slice sip_method_token(enum sip_method method);
enum sip_method sip_method_find(struct slice token);
struct slice sip_header_spelling(enum sip_header_name name);
enum sip_header_name sip_header_find(struct slice spelled); /* long or compact, any case */
enum sip_shape sip_header_shape(enum sip_header_name name);
bool sip_header_is_single(enum sip_header_name name);
bool sip_header_is_verbatim(enum sip_header_name name);
bool sip_header_is_hop(enum sip_header_name name);
struct slice sip_reason(unsigned status); /* the standard phrase, RFC 3261 21 and extensions */
bool sip_status_is_registered(unsigned status);
const char *sip_oddity_seen(enum sip_oddity oddity);
const char *sip_oddity_name(enum sip_oddity oddity);
