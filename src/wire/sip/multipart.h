/*
 * Multipart bodies, taken apart (RFC 2046 5.1, RFC 5621).
 *
 * The reader is a witness here too: it follows the delimiters as RFC 2046 has them, notes what
 * another reader could take differently, and refuses nothing.  Parts are slices of the body.
 */
#pragma once

#include "wire/media_type.h"

/* Rules HYG-L30 and L31, column "Hard". */
enum {
    MULTIPART_DEPTH_MAX = 4,
    MULTIPART_PARTS_MAX = 32, /* of the whole body, those that are multiparts counted */
    MULTIPART_HEADERS_MAX = 16,
    MULTIPART_HEAD_MAX = 4096,
    MULTIPART_BOUNDARY_MAX = 70,
};

enum multipart_oddity {
#define ODDITY(name, seen) MULTIPART_ODD_##name,
#include "wire/sip/multipart_oddities.def"
#undef ODDITY
    MULTIPART_ODDITY_COUNT,
};

enum multipart_encoding {
    MULTIPART_IDENTITY, /* 7bit, 8bit, binary, or not said */
    MULTIPART_BASE64,
    MULTIPART_ENCODING_OTHER,
};

struct multipart_part {
    struct slice head;        /* its header lines, without the empty line */
    struct slice body;        /* without the CRLF that belongs to the delimiter */
    struct media_type type;   /* of Content-Type; text/plain when it has none, empty when odd */
    struct slice type_value;  /* the whole value; empty when it has none */
    struct slice disposition; /* the whole value; empty when it has none */
    struct slice encoding;    /* of Content-Transfer-Encoding, as spelled */
    struct slice content_id;
    struct slice boundary; /* of a multipart: that of its own parts */
    uint8_t encoding_kind; /* enum multipart_encoding */
    uint8_t depth;         /* 1: a part of the body itself */
    uint8_t parent;        /* index + 1 of the part it stands in; 0: the body itself */
    bool is_optional;      /* handling=optional (RFC 3204 4); else the part is required */
    bool is_multipart;     /* its own parts follow further behind in the list */
};

struct multipart {
    uint64_t oddities;                           /* bit per enum multipart_oddity */
    struct slice odd_at[MULTIPART_ODDITY_COUNT]; /* valid where the bit is set */
    struct slice boundary;                       /* of the body */
    uint16_t count;
    struct multipart_part parts[MULTIPART_PARTS_MAX]; /* the first count are valid */
};

/* content_type is the value of the message's header.  False when that is no multipart. */
bool multipart_read(struct multipart *multipart, struct slice content_type, struct slice body);

static inline bool multipart_is_odd(const struct multipart *multipart, enum multipart_oddity oddity)
{
    return (multipart->oddities >> oddity) & 1;
}

/* The next part of that type ("application/sdp") behind after (NULL: from the start), or NULL. */
const struct multipart_part *multipart_find(const struct multipart *multipart, struct slice type,
                                            const struct multipart_part *after);

const char *multipart_oddity_seen(enum multipart_oddity oddity);
const char *multipart_oddity_name(enum multipart_oddity oddity);
